package exchange

import (
	"bytes"
	"testing"

	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// nothingFiled is a ChunkCopy that has nothing and counts what it is given.
type nothingFiled struct{ took, there int }

func (*nothingFiled) Wanted(int) ([]Chunk, error)         { return nil, nil }
func (*nothingFiled) Unsent(int) ([]Chunk, error)         { return nil, nil }
func (*nothingFiled) Read([32]byte) ([]byte, bool, error) { return nil, false, nil }
func (c *nothingFiled) Take([]byte) error                 { c.took++; return nil }
func (c *nothingFiled) There(names [][32]byte) error      { c.there += len(names); return nil }

// Whatever answers about files, nothing is taken that was not asked for, and no more is believed to be there than was named.
func FuzzFilesAnswer(f *testing.F) {
	asked := []byte("a sealed chunk")
	get := []Chunk{{Digest: seal.Digest(asked), Size: len(asked)}}
	probe, brought := []Chunk{{Digest: [32]byte{1}}}, []Chunk{{Digest: [32]byte{2}, Size: 9}}
	write := func(frames func(*wire.FrameWriter) error) {
		var b bytes.Buffer
		if err := frames(wire.NewFrameWriter(&b)); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(b.Bytes()[:b.Len()-3])
	}
	write(func(out *wire.FrameWriter) error {
		raw, err := wire.Marshal(wire.Hello{Version: wire.Version, Time: 1})
		if err == nil {
			err = out.Write(wire.FrameHello, raw)
		}
		if err == nil {
			err = out.Write(wire.FrameChunk, asked)
		}
		if err == nil {
			err = out.End(wire.ChunkEnd{Have: []byte{1}, Took: []byte{0}, Missing: []byte{0}})
		}
		return err
	})
	write(func(out *wire.FrameWriter) error { return out.End(wire.ChunkEnd{Have: []byte{1}}) })
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &nothingFiled{}
		x := &chunkSession{copy: c, refused: map[[32]byte]bool{}, absent: map[[32]byte]bool{}}
		err := x.answer(bytes.NewReader(data), probe, brought, get)
		if c.took > 1 || c.there > 3 || x.sum.Received != c.took || err == nil && x.sum.Sent > 1 {
			t.Fatalf("%d chunks were taken, %d are believed to be there: %v", c.took, c.there, err)
		}
	})
}
