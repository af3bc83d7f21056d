package wire

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/journal"
)

// What a frame is; its first byte.
const (
	FrameAsk    = 1 // Ask, signed
	FrameRun    = 2 // journal.Run
	FrameEnd    = 3 // End, ChunkEnd or VolumeEnd, then the digest
	FrameHello  = 4 // Hello
	FrameNote   = 5 // Note
	FrameBundle = 6 // Volume
	FrameParts  = 7 // sealed parts that were asked for (AppendPart)
	FrameSupply = 8 // sealed parts that the relay lacks (PackSupply)
)

// MediaType of questions and answers.
const MediaType = "application/x-amparo"

// ErrCutShort reports frames that end without an end frame: the connection broke, or the file was not copied whole.
// Every frame before is good.
var ErrCutShort = errors.New("cut short")

// ErrChanged reports that not all bytes are the ones that were written.
var ErrChanged = errors.New("changed on the way")

const digestLen = 16

// FrameWriter writes frames and the digest over all of them.
type FrameWriter struct {
	w      io.Writer
	digest hash.Hash
	Bytes  int64
}

// NewFrameWriter writes frames to w.
func NewFrameWriter(w io.Writer) *FrameWriter { return &FrameWriter{w: w, digest: sha256.New()} }

// Write writes one frame.
func (f *FrameWriter) Write(kind byte, payload []byte) error {
	add(f.digest, kind, payload)
	return f.write(append([]byte{kind}, payload...))
}

// End writes the last frame: the message and the digest of everything, itself included.
func (f *FrameWriter) End(message any) error {
	raw, err := Marshal(message)
	if err != nil {
		return err
	}
	add(f.digest, FrameEnd, raw)
	return f.write(append(append([]byte{FrameEnd}, raw...), f.digest.Sum(nil)[:digestLen]...))
}

func (f *FrameWriter) write(frame []byte) error {
	if err := journal.WriteFrame(f.w, frame); err != nil {
		return err
	}
	f.Bytes += int64(4 + len(frame))
	return nil
}

func add(d hash.Hash, kind byte, payload []byte) {
	var head [5]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload)))
	d.Write(head[:])
	d.Write(payload)
}

// FrameReader reads frames.
type FrameReader struct {
	r      *bufio.Reader
	digest hash.Hash
	Bytes  int64
}

// readAhead is how much is read ahead of the frame asked for. What a batch makes durable together is what a fast
// network brought meanwhile; on a slow one each run is stored by itself.
const readAhead = 256 << 10

// NewFrameReader reads frames from r.
func NewFrameReader(r io.Reader) *FrameReader {
	return &FrameReader{r: bufio.NewReaderSize(r, readAhead), digest: sha256.New()}
}

// Waiting reports whether the next frame is not wholly here yet, so that reading it may take long.
func (f *FrameReader) Waiting() bool {
	head, err := f.r.Peek(min(4, f.r.Buffered()))
	return err != nil || len(head) < 4 || f.r.Buffered()-4 < int(binary.BigEndian.Uint32(head))
}

// Next gives the next frame. For an end frame it checks the digest and that nothing follows. It fails with ErrCutShort
// when the bytes end before that, with ErrChanged or journal.ErrFormat when they are not what was written, and
// otherwise as the reader below does.
func (f *FrameReader) Next() (kind byte, payload []byte, err error) {
	frame, err := journal.ReadFrame(f.r)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, nil, fmt.Errorf("%w after %d bytes: %w", ErrCutShort, f.Bytes, io.ErrUnexpectedEOF)
	case err != nil:
		return 0, nil, err
	case len(frame) == 0:
		return 0, nil, fmt.Errorf("%w: an empty frame", journal.ErrFormat)
	}
	f.Bytes += int64(4 + len(frame))
	kind, payload = frame[0], frame[1:]
	if kind != FrameEnd {
		add(f.digest, kind, payload)
		return kind, payload, nil
	}
	if len(payload) < digestLen {
		return 0, nil, fmt.Errorf("%w: an end frame of %d bytes", journal.ErrFormat, len(payload))
	}
	payload, sum := payload[:len(payload)-digestLen], payload[len(payload)-digestLen:]
	add(f.digest, FrameEnd, payload)
	if subtle.ConstantTimeCompare(sum, f.digest.Sum(nil)[:digestLen]) != 1 {
		return 0, nil, fmt.Errorf("%w: the digest over all frames differs", ErrChanged)
	}
	if _, err := f.r.ReadByte(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("%w: bytes after the end", ErrChanged)
		}
		return 0, nil, err
	}
	return kind, payload, nil
}

// One strict form of CBOR, as in the journal; unknown keys are skipped, so that later versions can say more.
var encMode, decMode = func() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // options are constants
	}
	dec, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxArrayElements: 1 << 16, MaxMapPairs: 64, MaxNestedLevels: 8}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}()

// Marshal writes a message.
func Marshal(message any) ([]byte, error) {
	raw, err := encMode.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	return raw, nil
}

// Unmarshal reads a message.
func Unmarshal(raw []byte, message any) error {
	if err := decMode.Unmarshal(raw, message); err != nil {
		return fmt.Errorf("read a message: %w: %w", journal.ErrFormat, err)
	}
	return nil
}
