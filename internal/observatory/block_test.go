package observatory

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawBlock makes up a block of any shape that a file could give.
func drawBlock(t *rapid.T) *Block {
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z_]{1,8}`), 1, 4, rapid.ID[string]).Draw(t, "keys")
	b := newBuilder(Month(rapid.IntRange(1900*12, 2200*12).Draw(t, "month")), keys)
	rows := rapid.SliceOfNDistinct(rapid.SliceOfN(rapid.StringMatching(`[A-Zñé]{1,3}`), len(keys), len(keys)), 1, 40,
		func(row []string) string { return fmt.Sprint(row) }).Draw(t, "rows")
	for i, row := range rows {
		b.add(i, row, rapid.Int64Range(0, 1<<40).Draw(t, "count"))
	}
	block, repeats := b.finish()
	if repeats != nil {
		t.Fatalf("repeats %v", repeats)
	}
	return block
}

func TestBlockRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBlock(t)
		enc, err := EncodeBlock(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeBlock(b.Month, enc)
		if err != nil {
			t.Fatal(err)
		}
		if d := Compare(b, back); d != (Difference{Unchanged: b.Rows()}) || back.Total() != b.Total() {
			t.Fatalf("%+v", d)
		}
		again, err := EncodeBlock(back)
		if err != nil || !bytes.Equal(enc, again) {
			t.Fatalf("other bytes (%v)", err)
		}
	})
}

func TestCompareCountsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := drawBlock(t), drawBlock(t)
		if rapid.Bool().Draw(t, "related") { // a revision: some rows gone, some new, some with another count
			b := newBuilder(old.Month, old.Keys)
			for i := range old.Rows() {
				if i > 0 && rapid.Bool().Draw(t, "drop") {
					continue
				}
				b.add(i, old.row(i), old.Counts[i]+int64(rapid.IntRange(0, 1).Draw(t, "more")))
			}
			new, _ = b.finish()
		}
		d, back := Compare(old, new), Compare(new, old)
		if d.Added+d.Changed+d.Unchanged != new.Rows() || d.Removed+d.Changed+d.Unchanged != old.Rows() {
			t.Fatalf("%+v of %d and %d rows", d, old.Rows(), new.Rows())
		}
		if back.Added != d.Removed || back.Removed != d.Added || back.Changed != d.Changed {
			t.Fatalf("%+v one way, %+v the other", d, back)
		}
		enc1, _ := EncodeBlock(old)
		enc2, _ := EncodeBlock(new)
		if d.Same() != bytes.Equal(enc1, enc2) {
			t.Fatalf("%+v, and the bytes say otherwise", d)
		}
	})
}

func TestManyWordsTakeTwoBytes(t *testing.T) {
	b := newBuilder(MonthOf(2023, 1), []string{"area"})
	for i := range 1000 {
		b.add(i, []string{fmt.Sprintf("area %d", i)}, int64(i))
	}
	block, _ := b.finish()
	enc, err := EncodeBlock(block)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeBlock(block.Month, enc)
	if err != nil || Compare(block, back) != (Difference{Unchanged: 1000}) {
		t.Fatal(err)
	}
}

func TestDecoderTakesOneFormOnly(t *testing.T) {
	_, p := shipped()
	some := newBuilder(p.Blocks[0].Month, p.Blocks[0].Keys)
	for i := range 40 {
		some.add(i, p.Blocks[0].row(i), p.Blocks[0].Counts[i])
	}
	block, _ := some.finish()
	enc, err := EncodeBlock(block)
	if err != nil {
		t.Fatal(err)
	}
	for i := range enc {
		for bit := range 8 {
			changed := slices.Clone(enc)
			changed[i] ^= 1 << bit
			if b, err := DecodeBlock(block.Month, changed); err == nil && Compare(block, b).Same() {
				t.Fatalf("byte %d, bit %d: other bytes for the same rows", i, bit)
			}
		}
		if _, err := DecodeBlock(block.Month, enc[:i]); err == nil {
			t.Fatalf("taken when cut at %d", i)
		}
	}
	if _, err := DecodeBlock(block.Month, append(slices.Clone(enc), 0)); err == nil {
		t.Error("taken with a byte too many")
	}
}

func TestEncoderRefusesWhatDecoderWould(t *testing.T) {
	good := func() *Block {
		return &Block{Month: 1, Keys: []string{"k"}, Words: [][]string{{"a", "b"}}, Codes: [][]uint16{{0, 1}}, Counts: []int64{1, 2}}
	}
	if _, err := EncodeBlock(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Block){
		"words not sorted":  func(b *Block) { b.Words[0] = []string{"b", "a"} },
		"word twice":        func(b *Block) { b.Words[0] = []string{"a", "a"} },
		"word unused":       func(b *Block) { b.Words[0] = []string{"a", "b", "c"} },
		"word empty":        func(b *Block) { b.Words[0] = []string{"", "b"} },
		"code out of range": func(b *Block) { b.Codes[0][1] = 7 },
		"row twice":         func(b *Block) { b.Words[0], b.Codes[0] = []string{"a"}, []uint16{0, 0} },
		"rows not in order": func(b *Block) { b.Codes[0] = []uint16{1, 0} },
		"negative":          func(b *Block) { b.Counts[0] = -1 },
		"sum overflows":     func(b *Block) { b.Counts = []int64{1 << 62, 1 << 62} },
		"no rows":           func(b *Block) { b.Counts, b.Codes[0] = nil, nil },
		"no keys":           func(b *Block) { b.Keys, b.Words, b.Codes = nil, nil, nil },
		"key twice": func(b *Block) {
			b.Keys = []string{"k", "k"}
			b.Words = append(b.Words, b.Words[0])
			b.Codes = append(b.Codes, b.Codes[0])
		},
		"column of one less": func(b *Block) { b.Codes[0] = b.Codes[0][:1] },
	} {
		b := good()
		spoil(b)
		if _, err := EncodeBlock(b); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzDecodeBlock(f *testing.F) {
	b := newBuilder(MonthOf(2022, 10), []string{"region", "nationality"})
	b.add(2, []string{"southwest", "VEN"}, 266071)
	b.add(3, []string{"southwest", "OTHER"}, 0)
	block, _ := b.finish()
	enc, _ := EncodeBlock(block)
	f.Add(enc)
	f.Add([]byte{0x84, 0x01, 0x00, 0x80, 0x40})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBlock(block.Month, data)
		if err != nil {
			return
		}
		again, err := EncodeBlock(b)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("decoded, and encodes to other bytes (%v)", err)
		}
	})
}

func BenchmarkDecodeBlocks(b *testing.B) {
	_, p := shipped()
	var all [][]byte
	size := 0
	for _, block := range p.Blocks {
		enc, err := EncodeBlock(block)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, enc)
		size += len(enc)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for i, enc := range all {
			if _, err := DecodeBlock(p.Blocks[i].Month, enc); err != nil {
				b.Fatal(err)
			}
		}
	}
}
