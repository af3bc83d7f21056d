package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"amparo/internal/journal"
)

// MaxWriters bounds a vector that comes from outside.
const MaxWriters = 100_000

// Digest names a vector, so that two copies that remember the same one need not spell it: nothing new costs the same
// bytes at a hundred writers as at one.
type Digest [16]byte

// DigestOf names a vector.
func DigestOf(v journal.Vector) Digest {
	d := sha256.New()
	d.Write([]byte("amparo vector v1\x00"))
	d.Write(PackVector(v, nil))
	return Digest(d.Sum(nil)[:16])
}

func writers(v journal.Vector) []journal.WriterID {
	return slices.SortedFunc(maps.Keys(v), func(a, b journal.WriterID) int { return bytes.Compare(a[:], b[:]) })
}

// PackVector writes what is different in v from base, in the order of writers; a writer that only base has stands there
// with 0.
func PackVector(v, base journal.Vector) []byte {
	changed := journal.Vector{}
	for w, seq := range v {
		if base[w] != seq {
			changed[w] = seq
		}
	}
	for w, seq := range base {
		if _, has := v[w]; !has && seq != 0 {
			changed[w] = 0
		}
	}
	out := make([]byte, 0, 18*len(changed))
	for _, w := range writers(changed) {
		out = append(out, w[:]...)
		out = binary.AppendUvarint(out, changed[w])
	}
	return out
}

// UnpackVector applies what PackVector wrote to a copy of base. It accepts only the spelling PackVector gives.
func UnpackVector(packed []byte, base journal.Vector) (journal.Vector, error) {
	v := maps.Clone(base)
	if v == nil {
		v = journal.Vector{}
	}
	var last []byte
	for len(packed) > 0 {
		const idLen = len(journal.WriterID{})
		if len(packed) <= idLen {
			return nil, fmt.Errorf("vector: %w: cut short", journal.ErrFormat)
		}
		id := packed[:idLen]
		if last != nil && bytes.Compare(last, id) >= 0 {
			return nil, fmt.Errorf("vector: %w: writers out of order", journal.ErrFormat)
		}
		seq, n := binary.Uvarint(packed[idLen:])
		if n <= 0 || n > 1 && packed[idLen+n-1] == 0 || seq > journal.MaxSeq {
			return nil, fmt.Errorf("vector: %w: a sequence number that is not well spelled", journal.ErrFormat)
		}
		w := journal.WriterID(id)
		if base[w] == seq {
			return nil, fmt.Errorf("vector: %w: a change that changes nothing", journal.ErrFormat)
		}
		if seq == 0 {
			delete(v, w)
		} else {
			v[w] = seq
		}
		last, packed = id, packed[idLen+n:]
		if len(v) > MaxWriters {
			return nil, fmt.Errorf("vector: %w: more than %d writers", journal.ErrFormat, MaxWriters)
		}
	}
	return v, nil
}

// Lacking counts the commits that a has and b lacks.
func Lacking(a, b journal.Vector) (n uint64) {
	for w, seq := range a {
		if seq > b[w] {
			n += seq - b[w]
		}
	}
	return n
}
