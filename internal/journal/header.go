package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"amparo/internal/seal"
)

// Version is the format this package writes.
const Version = 1

// Limits of what a decoder accepts. They bound memory, not work: an import of a whole public file is one commit.
const (
	MaxParts    = 16
	MaxSeen     = 4096
	MaxPartSize = 16 << 20
	MaxSeq      = 1 << 62
)

// ErrFormat reports bytes that are not this format.
var ErrFormat = errors.New("not an Amparo journal record")

// ErrTooLarge reports what this format cannot carry: more than every reader accepts. It is refused when written.
var ErrTooLarge = errors.New("too large for one commit")

// ErrNewer reports a format that a later version of the program wrote.
var ErrNewer = errors.New("written by a newer version of Amparo")

// WorkspaceID names a workspace.
type WorkspaceID [16]byte

// MemberID names a member: the first 16 bytes of the hash of the member's public keys.
type MemberID [16]byte

// WriterID names a writer, a member on one device: the first 16 bytes of the hash of the writer's public key.
type WriterID [16]byte

// Hash names a commit: SHA-256 over its header.
type Hash [32]byte

func (w WorkspaceID) String() string { return hex.EncodeToString(w[:]) }
func (m MemberID) String() string    { return hex.EncodeToString(m[:]) }
func (w WriterID) String() string    { return hex.EncodeToString(w[:]) }
func (h Hash) String() string        { return hex.EncodeToString(h[:]) }

// WriterOf is the id of the writer with that key.
func WriterOf(key seal.VerifyKey) WriterID {
	sum := sha256.Sum256(append([]byte("amparo writer id v1\x00"), key[:]...))
	return WriterID(sum[:16])
}

// Seen says that the writer had seen another writer's chain up to there.
type Seen struct {
	Writer WriterID
	Seq    uint64
	Hash   [16]byte // the first half of that commit's hash
}

// PartHeader is what the header says of a part.
type PartHeader struct {
	Tag    uint8 // of the compartment; 0: an open part, which every copy may read
	Epoch  uint32
	Shelf  uint16
	Size   uint32
	Digest Hash // SHA-256 of the sealed bytes
}

// Header is the signed half of a commit.
type Header struct {
	Workspace WorkspaceID
	Writer    WriterID
	Seq       uint64 // 1, 2, 3 …
	Prev      Hash   // of the commit before by the same writer; zero at seq 1
	Time      Time
	Salt      [8]byte
	Seen      []Seen
	Parts     []PartHeader
}

// Commit is one user action, whole.
type Commit struct {
	Header
	Hash  Hash
	Parts [][]byte // sealed bytes by index; nil: not here (withheld, not yet fetched, or erased)
}

// Encode writes the bytes that are hashed and signed.
func (h *Header) Encode() []byte {
	b := make([]byte, 0, 128+len(h.Seen)*32+len(h.Parts)*44)
	b = append(b, Version)
	b = append(b, h.Workspace[:]...)
	b = append(b, h.Writer[:]...)
	b = binary.AppendUvarint(b, h.Seq)
	b = append(b, h.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Time))
	b = append(b, h.Salt[:]...)
	b = binary.AppendUvarint(b, uint64(len(h.Seen)))
	for _, s := range h.Seen {
		b = append(b, s.Writer[:]...)
		b = binary.AppendUvarint(b, s.Seq)
		b = append(b, s.Hash[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(h.Parts)))
	for _, p := range h.Parts {
		b = append(b, p.Tag)
		b = binary.AppendUvarint(b, uint64(p.Epoch))
		b = binary.BigEndian.AppendUint16(b, p.Shelf)
		b = binary.AppendUvarint(b, uint64(p.Size))
		b = append(b, p.Digest[:]...)
	}
	return b
}

// HashOf names an encoded header.
func HashOf(encoded []byte) Hash {
	d := sha256.New()
	d.Write([]byte("amparo commit v1\x00"))
	d.Write(encoded)
	return Hash(d.Sum(nil))
}

// DecodeHeader reads what Encode wrote, and only that: every accepted encoding is the one Encode gives.
func DecodeHeader(data []byte) (Header, error) {
	r := reader{data: data}
	var h Header
	if v := r.byte(); r.err == nil && v != Version {
		if v > Version {
			return h, fmt.Errorf("%w (format %d)", ErrNewer, v)
		}
		return h, fmt.Errorf("%w: format %d", ErrFormat, v)
	}
	r.copy(h.Workspace[:])
	r.copy(h.Writer[:])
	h.Seq = r.seq()
	r.copy(h.Prev[:])
	h.Time = Time(r.max(r.uint64(), uint64(MaxTime)))
	r.copy(h.Salt[:])
	h.Seen = r.seen()
	for range r.count(MaxParts) {
		var p PartHeader
		p.Tag = r.byte()
		p.Epoch = uint32(r.max(r.uvarint(), 1<<32-1))
		p.Shelf = r.uint16()
		p.Size = uint32(r.max(r.uvarint(), MaxPartSize))
		r.copy(p.Digest[:])
		h.Parts = append(h.Parts, p)
	}
	if err := r.done(); err != nil {
		return Header{}, fmt.Errorf("commit header: %w", err)
	}
	return h, nil
}

// Place is where part i of the commit stands, for sealing and opening.
func (h *Header) Place(i int) seal.Place {
	p := h.Parts[i]
	return seal.Place{Workspace: h.Workspace, Writer: h.Writer, Seq: h.Seq, Salt: h.Salt, Index: uint8(i), Tag: p.Tag, Epoch: p.Epoch, Shelf: p.Shelf}
}

// Parse reads what String gave.
func (m *MemberID) Parse(text string) error {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(m) {
		return fmt.Errorf("%w: a member id %q", ErrFormat, text)
	}
	copy(m[:], raw)
	return nil
}

// Parse reads what String gave.
func (w *WriterID) Parse(text string) error {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(w) {
		return fmt.Errorf("%w: a writer id %q", ErrFormat, text)
	}
	copy(w[:], raw)
	return nil
}
