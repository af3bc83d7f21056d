package journal

import (
	"encoding/binary"
	"fmt"
	"io"
)

// reader takes bytes from the front and remembers the first thing that was wrong.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
}

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.data) {
		r.err = fmt.Errorf("%w: %w", ErrFormat, io.ErrUnexpectedEOF)
		return nil
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) copy(into []byte) { copy(into, r.take(len(into))) }

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// uvarint refuses spellings longer than needed: an encoding must have one form.
func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.err = fmt.Errorf("%w: %w", ErrFormat, io.ErrUnexpectedEOF)
		return 0
	}
	if n > 1 && r.data[n-1] == 0 {
		r.fail("a number spelled longer than needed")
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) max(v, limit uint64) uint64 {
	if v > limit {
		r.fail("%d is more than the %d allowed", v, limit)
		return 0
	}
	return v
}

func (r *reader) count(limit uint64) int { return int(r.max(r.uvarint(), limit)) }

// seq is a place in a chain: 1 to MaxSeq, so that any database and any sum of a few of them can hold it.
func (r *reader) seq() uint64 {
	v := r.max(r.uvarint(), MaxSeq)
	if v == 0 {
		r.fail("sequence number 0")
	}
	return v
}

func (r *reader) seen() []Seen {
	var out []Seen
	for range r.count(MaxSeen) {
		var s Seen
		r.copy(s.Writer[:])
		s.Seq = r.seq()
		r.copy(s.Hash[:])
		if r.err != nil {
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (r *reader) done() error {
	if r.err == nil && len(r.data) > 0 {
		r.fail("%d bytes too many", len(r.data))
	}
	return r.err
}
