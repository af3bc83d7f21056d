package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"amparo/internal/seal"
)

// RunLength is how many commits a run holds when nothing else decides.
const RunLength = 64

// MaxRun bounds a run: a writer that makes many commits durable at once signs the last of them only.
const MaxRun = 4096

// ErrChain reports a commit that does not follow the one before it, or a part that is not the one its header names.
var ErrChain = errors.New("the chain of commits does not hold")

// Run is consecutive commits of one writer with the signature of the last, which vouches for all.
type Run struct {
	Commits []Commit
	Sig     seal.Signature
}

// SignPurpose is what a writer's signature of a commit is for.
const SignPurpose = "amparo commit signature v1"

// First and Last are the run's ends.
func (r *Run) First() *Commit { return &r.Commits[0] }
func (r *Run) Last() *Commit  { return &r.Commits[len(r.Commits)-1] }

// Encode writes a run as it travels: what follows from the commit before is left out.
func (r *Run) Encode() []byte {
	first := r.First()
	b := make([]byte, 0, 1024)
	b = append(b, Version)
	b = append(b, first.Workspace[:]...)
	b = append(b, first.Writer[:]...)
	b = binary.AppendUvarint(b, first.Seq)
	b = append(b, first.Prev[:]...)
	b = binary.AppendUvarint(b, uint64(len(r.Commits)))
	last := Time(0)
	for i := range r.Commits {
		c := &r.Commits[i]
		b = binary.AppendVarint(b, int64(c.Time-last))
		last = c.Time
		b = append(b, c.Salt[:]...)
		b = binary.AppendUvarint(b, uint64(len(c.Seen)))
		for _, s := range c.Seen {
			b = append(b, s.Writer[:]...)
			b = binary.AppendUvarint(b, s.Seq)
			b = append(b, s.Hash[:]...)
		}
		b = binary.AppendUvarint(b, uint64(len(c.Header.Parts)))
		for j, p := range c.Header.Parts {
			b = append(b, p.Tag)
			b = binary.AppendUvarint(b, uint64(p.Epoch))
			b = binary.BigEndian.AppendUint16(b, p.Shelf)
			b = binary.AppendUvarint(b, uint64(p.Size))
			if data := c.Parts[j]; data != nil {
				b = append(b, 1)
				b = append(b, data...)
			} else {
				b = append(b, 0)
				b = append(b, p.Digest[:]...)
			}
		}
	}
	return append(b, r.Sig[:]...)
}

// DecodeRun reads a run and rebuilds its headers and hashes; the parts are slices of data. Sealed parts may be withheld,
// open ones may not. It checks nothing against a key: Verify does, of what DecodeRun gave.
func DecodeRun(data []byte) (Run, error) {
	r := reader{data: data}
	if v := r.byte(); r.err == nil && v != Version {
		if v > Version {
			return Run{}, fmt.Errorf("run: %w (format %d)", ErrNewer, v)
		}
		return Run{}, fmt.Errorf("run: %w: format %d", ErrFormat, v)
	}
	var workspace WorkspaceID
	var writer WriterID
	var prev Hash
	r.copy(workspace[:])
	r.copy(writer[:])
	seq := r.seq()
	r.copy(prev[:])
	n := r.count(MaxRun)
	if n == 0 {
		r.fail("an empty run")
	}
	if seq > MaxSeq-uint64(n) {
		r.fail("a sequence number out of range")
	}
	var run Run
	last := Time(0)
	for i := range n {
		h := Header{Workspace: workspace, Writer: writer, Seq: seq + uint64(i), Prev: prev}
		delta, used := binary.Varint(r.data)
		if r.err == nil && (used <= 0 || used > 1 && r.data[used-1] == 0) {
			r.fail("a time that is not well spelled")
		}
		r.take(max(used, 0))
		last = Time(r.max(uint64(last)+uint64(delta), uint64(MaxTime)))
		h.Time = last
		r.copy(h.Salt[:])
		h.Seen = r.seen()
		var parts [][]byte
		for range r.count(MaxParts) {
			p := PartHeader{Tag: r.byte(), Epoch: uint32(r.max(r.uvarint(), 1<<32-1)), Shelf: r.uint16(), Size: uint32(r.max(r.uvarint(), MaxPartSize))}
			var data []byte
			switch r.byte() {
			case 1:
				if data = r.take(int(p.Size)); data != nil {
					p.Digest = Hash(seal.Digest(data))
				}
			case 0:
				if p.Tag == 0 { // whoever hides who was admitted and who was granted what would hide it for good
					r.fail("an open part that was withheld")
				}
				r.copy(p.Digest[:])
			default:
				r.fail("a part neither here nor absent")
			}
			h.Parts, parts = append(h.Parts, p), append(parts, data)
		}
		if r.err != nil {
			break
		}
		prev = HashOf(h.Encode())
		run.Commits = append(run.Commits, Commit{Header: h, Hash: prev, Parts: parts})
	}
	r.copy(run.Sig[:])
	if err := r.done(); err != nil {
		return Run{}, fmt.Errorf("run: %w", err)
	}
	return run, nil
}

// Verify checks that the run follows head (the zero head for a writer not yet known) and was signed by key.
func (r *Run) Verify(head Head, key seal.VerifyKey) error {
	first := r.First()
	if WriterOf(key) != first.Writer {
		return fmt.Errorf("%w: the key is not this writer's", ErrChain)
	}
	if first.Seq != head.Seq+1 || first.Prev != head.Hash {
		return fmt.Errorf("%w: commit %d by %s does not follow commit %d", ErrChain, first.Seq, first.Writer, head.Seq)
	}
	last := r.Last()
	if err := key.Verify(SignPurpose, last.Hash[:], r.Sig); err != nil {
		return fmt.Errorf("commits %d to %d by %s: %w", first.Seq, last.Seq, first.Writer, err)
	}
	return nil
}

// Head is the end of a writer's chain.
type Head struct {
	Seq  uint64
	Hash Hash
	Time Time
}

// Vector says up to where a copy holds each writer's chain.
type Vector map[WriterID]uint64

// WriteFrame writes length and bytes; ReadFrame reads them. Runs travel so on every carrier. It fails with ErrTooLarge,
// and writes nothing, when no ReadFrame would accept the bytes.
func WriteFrame(w io.Writer, data []byte) error {
	if len(data) > MaxFrame {
		return fmt.Errorf("frame of %d bytes: %w", len(data), ErrTooLarge)
	}
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(data)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// MaxFrame bounds what ReadFrame accepts.
const MaxFrame = 64 << 20

// ReadFrame gives io.EOF at a clean end and io.ErrUnexpectedEOF in the middle of a frame.
func ReadFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes: %w", n, ErrFormat)
	}
	buf := make([]byte, 0, min(n, 64<<10)) // grown as bytes come: a lie about the length costs the liar
	for uint32(len(buf)) < n {
		chunk := min(int(n)-len(buf), 64<<10)
		start := len(buf)
		buf = append(buf, make([]byte, chunk)...)
		if _, err := io.ReadFull(r, buf[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return buf, nil
}
