package wire

import (
	"encoding/binary"
	"fmt"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// Files travel after commits, by an address of their own, one sealed chunk at a time: what arrived is kept when the connection
// breaks. A question brings chunks, asks for some, and asks which of others are there; chunks are named by the SHA-256 of their
// bytes. A relay that does not know the address refuses with RefusedNotFound, and only files wait.

// ChunksPath is the address of files; as Path it is signed.
const ChunksPath = "/v1/chunks"

// ChunkPurpose is what the signature of a question about files is for.
const ChunkPurpose = "amparo chunk request v1"

// FrameChunk is a sealed chunk (Chunk.Pack in a question, PackGiven in an answer).
const FrameChunk = 9

const (
	// MaxChunkNames bounds the names in one question.
	MaxChunkNames = 4096
	// MaxPartChunks is how many chunks may belong to one part: those of a file.
	MaxPartChunks = 128
)

// ChunkAsk is the first frame of a question about files.
type ChunkAsk struct {
	Version   uint                `cbor:"1,keyasint"`
	Workspace journal.WorkspaceID `cbor:"2,keyasint"`
	Writer    journal.WriterID    `cbor:"3,keyasint"`
	Time      int64               `cbor:"4,keyasint"` // milliseconds since 1970
	Nonce     [12]byte            `cbor:"5,keyasint"`
	Have      []byte              `cbor:"6,keyasint,omitempty"` // names, 32 bytes each: which of them are there?
	Get       []byte              `cbor:"7,keyasint,omitempty"` // names of chunks to be given, the most wanted first
	Room      uint64              `cbor:"8,keyasint,omitempty"` // bytes of chunks wanted at most
}

// ChunkEnd ends an answer about files.
type ChunkEnd struct {
	Have    []byte `cbor:"1,keyasint,omitempty"` // a byte each: 1: it is there
	Took    []byte `cbor:"2,keyasint,omitempty"` // of each chunk that was brought what became of it: ChunkKept …
	Missing []byte `cbor:"3,keyasint,omitempty"` // of those asked for, a byte each: 1: it is not there
}

// What became of a chunk that was brought.
const (
	ChunkKept   = 0 // it is there now, or was
	ChunkErased = 1 // the part to which it belongs is erased
	ChunkEarly  = 2 // the commit to which it belongs is not there
	ChunkFull   = 3 // the workspace has brought as much as it may
	ChunkRefuse = 4 // the part to which it belongs has as many as a file can have
)

// SignedChunkAsk is one as it came.
type SignedChunkAsk struct {
	ChunkAsk
	raw []byte
	sig seal.Signature
}

func chunkMessage(raw []byte) []byte { return append([]byte(Method+" "+ChunksPath+"\n"), raw...) }

// Sign writes the frame's payload.
func (a *ChunkAsk) Sign(by seal.Signer) ([]byte, error) {
	raw, err := Marshal(a)
	if err != nil {
		return nil, err
	}
	sig := by.Sign(ChunkPurpose, chunkMessage(raw))
	return append(sig[:], raw...), nil
}

// ReadChunkAsk reads what Sign wrote. It believes nothing yet.
func ReadChunkAsk(payload []byte) (*SignedChunkAsk, error) {
	var a SignedChunkAsk
	if len(payload) < len(a.sig) {
		return nil, fmt.Errorf("question: %w: cut short", journal.ErrFormat)
	}
	copy(a.sig[:], payload)
	a.raw = payload[len(a.sig):]
	if err := Unmarshal(a.raw, &a.ChunkAsk); err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	for _, names := range [][]byte{a.Have, a.Get} {
		if len(names)%32 != 0 || len(names) > MaxChunkNames*32 {
			return nil, fmt.Errorf("question: %w: names of %d bytes", journal.ErrFormat, len(names))
		}
	}
	return &a, nil
}

// Verify checks the signature.
func (a *SignedChunkAsk) Verify(key seal.VerifyKey) error {
	if journal.WriterOf(key) != a.Writer {
		return fmt.Errorf("question: the key is not this writer's: %w", seal.ErrSignature)
	}
	if err := key.Verify(ChunkPurpose, chunkMessage(a.raw), a.sig); err != nil {
		return fmt.Errorf("question: %w", err)
	}
	return nil
}

// PackNames and Names are lists of chunks' names.
func PackNames(names [][32]byte) (packed []byte) {
	for _, n := range names {
		packed = append(packed, n[:]...)
	}
	return packed
}

// Names reads what PackNames wrote; of what is no whole name nothing is read.
func Names(packed []byte) (names [][32]byte) {
	for ; len(packed) >= 32; packed = packed[32:] {
		names = append(names, [32]byte(packed[:32]))
	}
	return names
}

// Chunk is a sealed chunk on its way to a relay, with the part of a commit in which its key is sealed.
type Chunk struct {
	Place journal.PartPlace
	Data  []byte
}

const chunkHead = 16 + 8 + 1

// Pack writes the payload of a FrameChunk in a question.
func (c *Chunk) Pack() []byte {
	b := append(make([]byte, 0, chunkHead+len(c.Data)), c.Place.Writer[:]...)
	b = append(binary.BigEndian.AppendUint64(b, c.Place.Seq), c.Place.Index)
	return append(b, c.Data...)
}

// ReadChunk reads what Pack wrote. The data is a slice of the payload.
func ReadChunk(payload []byte) (c Chunk, err error) {
	if len(payload) <= chunkHead || len(payload) > chunkHead+seal.MaxSealedChunk {
		return c, fmt.Errorf("chunk: %w: %d bytes", journal.ErrFormat, len(payload))
	}
	copy(c.Place.Writer[:], payload)
	c.Place.Seq, c.Place.Index, c.Data = binary.BigEndian.Uint64(payload[16:]), payload[24], payload[chunkHead:]
	if c.Place.Seq == 0 || c.Place.Seq > journal.MaxSeq || c.Place.Index >= journal.MaxParts {
		return Chunk{}, fmt.Errorf("chunk: %w: a place that no commit has", journal.ErrFormat)
	}
	return c, nil
}
