package wire

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/journal"
)

var vectors = rapid.Custom(func(r *rapid.T) journal.Vector {
	v := journal.Vector{}
	for range rapid.IntRange(0, 20).Draw(r, "writers") {
		v[journal.WriterID{byte(rapid.IntRange(0, 30).Draw(r, "writer"))}] = rapid.Uint64Range(1, journal.MaxSeq).Draw(r, "seq")
	}
	return v
})

func TestVectorsTravelAgainstABase(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		v, base := vectors.Draw(r, "vector"), vectors.Draw(r, "base")
		if rapid.Bool().Draw(r, "near") {
			maps.Copy(base, v)
		}
		before := maps.Clone(base)
		packed := PackVector(v, base)
		got, err := UnpackVector(packed, base)
		if err != nil || !maps.Equal(got, v) {
			r.Fatalf("%v came out as %v: %v", v, got, err)
		}
		if !maps.Equal(base, before) {
			r.Fatal("the base was changed")
		}
		if maps.Equal(v, base) != (len(packed) == 0) {
			r.Fatalf("%d bytes for nothing new", len(packed))
		}
		if DigestOf(v) == DigestOf(base) && !maps.Equal(v, base) {
			r.Fatal("one digest for two vectors")
		}
	})
}

func FuzzVector(f *testing.F) {
	base := journal.Vector{{1}: 5, {9}: 300}
	f.Add(PackVector(journal.Vector{{1}: 6, {2}: 1 << 40}, base))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := UnpackVector(data, base)
		if err == nil && !bytes.Equal(PackVector(v, base), data) {
			t.Errorf("%x is another spelling of %v", data, v)
		}
	})
}

func TestFramesEnd(t *testing.T) {
	var b bytes.Buffer
	out := NewFrameWriter(&b)
	if err := out.Write(FrameRun, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := out.End(Enough{Runs: 1}); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != out.Bytes {
		t.Errorf("%d bytes counted of %d", out.Bytes, b.Len())
	}
	read := func(raw []byte) error {
		in := NewFrameReader(bytes.NewReader(raw))
		for {
			kind, _, err := in.Next()
			if err != nil || kind == FrameEnd {
				return err
			}
		}
	}
	whole := b.Bytes()
	if err := read(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := read(whole[:n]); !errors.Is(err, ErrCutShort) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", n, err)
		}
		changed := bytes.Clone(whole)
		changed[n] ^= 4
		if err := read(changed); err == nil {
			t.Errorf("byte %d was changed and nobody noticed", n)
		}
	}
	if err := read(append(bytes.Clone(whole), 0)); !errors.Is(err, ErrChanged) {
		t.Errorf("with a byte more: %v", err)
	}
	if err := read(append(bytes.Clone(whole), whole...)); !errors.Is(err, ErrChanged) {
		t.Errorf("twice: %v", err)
	}
}
