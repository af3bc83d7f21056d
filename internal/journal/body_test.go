package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"amparo/internal/journal"
)

func anyBody(t *rapid.T) journal.Body {
	some := func(n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes") }
	maybe := func() bool { return rapid.Bool().Draw(t, "there") }
	b := journal.Body{Ago: rapid.Int64Range(-1e9, 1e9).Draw(t, "ago"), Zone: rapid.Int16Range(-1080, 1080).Draw(t, "zone")}
	if maybe() {
		b.Site, b.Client = some(16), some(12)
	}
	n := uint32(0)
	for range rapid.IntRange(0, 5).Draw(t, "facts") {
		f := journal.Fact{N: n, Kind: rapid.Uint16().Draw(t, "kind"), Creates: maybe()}
		n += rapid.Uint32Range(1, 1000).Draw(t, "next")
		if maybe() {
			f.Entity, f.Corrects = some(16), some(16)
		}
		for range rapid.IntRange(0, 6).Draw(t, "values") {
			if f.Values == nil {
				f.Values = map[uint8]any{}
			}
			f.Values[rapid.Byte().Draw(t, "field")] = rapid.OneOf(
				rapid.Just[any](nil), rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "text") }),
				rapid.Custom(func(t *rapid.T) any { return rapid.Int64().Draw(t, "int") }), rapid.Custom(func(t *rapid.T) any { return rapid.Bool().Draw(t, "bool") }),
				rapid.Custom(func(t *rapid.T) any { return append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "blob")...) }),
				rapid.Custom(func(t *rapid.T) any { return append([]string{}, rapid.SliceOf(rapid.String()).Draw(t, "set")...) }),
			).Draw(t, "value")
		}
		if maybe() {
			f.Replaces = map[uint8][][]byte{rapid.Byte().Draw(t, "replaced"): {some(8), some(8)}}
		}
		b.Facts = append(b.Facts, f)
	}
	return b
}

func TestBodiesAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBody(t)
		packed, err := journal.EncodeBody(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := journal.DecodeBody(packed)
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Fatalf("%+v\nreads as %+v, %v", b, back, err)
		}
		at := rapid.IntRange(0, len(packed)-1).Draw(t, "at")
		packed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit") // a key holder's own mistake: refused or read, never a panic
		if _, err := journal.DecodeBody(packed); err != nil && !errors.Is(err, journal.ErrFormat) && !errors.Is(err, journal.ErrNewer) {
			t.Fatal(err)
		}
	})
}

func TestWhatCouldNotBeReadAgainIsRefusedBeforeItIsSigned(t *testing.T) {
	one := func(f journal.Fact) journal.Body { return journal.Body{Facts: []journal.Fact{f}} }
	value := func(v any) journal.Body { return one(journal.Fact{Values: map[uint8]any{1: v}}) }
	words := make([]string, 1<<17+1)
	for name, c := range map[string]struct {
		body journal.Body
		want error
	}{
		"too many facts":              {journal.Body{Facts: make([]journal.Fact, journal.MaxFacts+1)}, journal.ErrTooLarge},
		"a blob of 65 MB":             {value(make([]byte, 65<<20)), journal.ErrTooLarge},
		"too many words":              {value(words), journal.ErrFormat},
		"words in too many facts":     {manyWords(200, 20000), journal.ErrTooLarge},
		"text that is not UTF-8":      {value("\xff"), journal.ErrFormat},
		"a word that is not UTF-8":    {value([]string{"\xff"}), journal.ErrFormat},
		"a fraction":                  {value(1.5), journal.ErrFormat},
		"not a number":                {value(math.NaN()), journal.ErrFormat},
		"a number beyond int64":       {value(uint64(1 << 63)), journal.ErrFormat},
		"a map":                       {value(map[string]int{"a": 1}), journal.ErrFormat},
		"a list of numbers":           {value([]int{1}), journal.ErrFormat},
		"a fact of the same number":   {journal.Body{Facts: make([]journal.Fact, 2)}, journal.ErrFormat},
		"facts in another order":      {journal.Body{Facts: []journal.Fact{{N: 2}, {N: 1}}}, journal.ErrFormat},
		"an entity of five bytes":     {one(journal.Fact{Entity: make([]byte, 5)}), journal.ErrFormat},
		"a correction of five bytes":  {one(journal.Fact{Corrects: make([]byte, 5)}), journal.ErrFormat},
		"a fact name of nine bytes":   {one(journal.Fact{Replaces: map[uint8][][]byte{1: {make([]byte, 9)}}}), journal.ErrFormat},
		"a site of five bytes":        {journal.Body{Site: make([]byte, 5)}, journal.ErrFormat},
		"before the calendar":         {journal.Body{Ago: math.MaxInt64}, journal.ErrFormat},
		"after the calendar":          {journal.Body{Ago: math.MinInt64}, journal.ErrFormat},
		"a zone beyond the date line": {journal.Body{Zone: 1081}, journal.ErrFormat},
	} {
		if packed, err := journal.EncodeBody(c.body); !errors.Is(err, c.want) || packed != nil {
			t.Errorf("%s: %d bytes, %v", name, len(packed), err)
		}
	}
	// The largest that is allowed goes both ways: a public file is one commit.
	big := journal.Body{}
	for n := range uint32(journal.MaxFacts) {
		big.Facts = append(big.Facts, journal.Fact{N: n, Kind: 102, Values: map[uint8]any{1: "series", 2: int64(n), 3: "2026-11"}})
	}
	packed, err := journal.EncodeBody(big)
	must(t, err)
	if back, err := journal.DecodeBody(packed); err != nil || len(back.Facts) != journal.MaxFacts {
		t.Errorf("%d facts, %v", len(back.Facts), err)
	}
}

func manyWords(facts, words int) journal.Body {
	b := journal.Body{}
	for n := range facts {
		b.Facts = append(b.Facts, journal.Fact{N: uint32(n), Values: map[uint8]any{1: make([]string, words)}})
	}
	return b
}

func TestBodiesOfLaterVersionsAreKept(t *testing.T) {
	b, err := journal.DecodeBody([]byte{0, 0xa2, 0x01, 0x05, 0x18, 0x63, 0x82, 0x01, 0x02}) // key 99 of the body is not known yet
	if err != nil || b.Ago != 5 {
		t.Errorf("%+v, %v", b, err)
	}
	for packing := 2; packing < 256; packing++ {
		if _, err := journal.DecodeBody([]byte{byte(packing), 0xa0}); !errors.Is(err, journal.ErrNewer) {
			t.Errorf("packing %d: %v", packing, err)
		}
	}
}

// unpacked is a body that another program packed: legal zstd, whatever it says.
func unpacked(t testing.TB, raw []byte, options ...zstd.EOption) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil, options...)
	must(t, err)
	return append([]byte{1}, enc.EncodeAll(raw, nil)[4:]...)
}

// runLength is a frame made by hand: blocks of 128 kB, four bytes each, that say one byte over and over, with a window as
// large as the format can name and no word of how much comes.
func runLength(blocks int) []byte {
	out := []byte{1, 0x00, 0xff}
	for i := range blocks {
		last := byte(0)
		if i == blocks-1 {
			last = 1
		}
		size := uint32(128<<10)<<3 | 1<<1 | uint32(last)
		out = append(out, byte(size), byte(size>>8), byte(size>>16), 0)
	}
	return out
}

func TestABodyThatSwellsIsRefusedWithinBounds(t *testing.T) {
	// Emptiest first: what is short on the wire and long in memory.
	lists := func(of int) []byte { // facts whose values are sets of empty words, one byte each
		raw := []byte{0xa1, 0x05, 0x99, byte(of >> 8), byte(of)}
		for n := range of {
			raw = append(raw, 0x87, 0x19, byte(n>>8), byte(n), 0x00, 0xf6, 0xf4, 0xa1, 0x01, 0x9a, 0x00, 0x01, 0xff, 0xff)
			raw = append(raw, bytes.Repeat([]byte{0x60}, 0x1ffff)...)
			raw = append(raw, 0xf6, 0xf6)
		}
		return raw
	}
	for name, packed := range map[string][]byte{
		"65 MB of zeros":        unpacked(t, make([]byte, 65<<20)),
		"a window of 3.75 TB":   runLength(10),
		"run lengths":           append([]byte{1, 0x00, 0x58}, runLength(4000)[3:]...),
		"many frames":           append(unpacked(t, make([]byte, 40<<20)), append([]byte{0x28, 0xb5, 0x2f, 0xfd}, unpacked(t, make([]byte, 40<<20))[1:]...)...),
		"a size that is a lie":  {1, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0},
		"8 million words":       unpacked(t, lists(60)),
		"8 million, not packed": append([]byte{0}, lists(60)...),
		"lists in lists":        append([]byte{0}, bytes.Repeat([]byte{0x81}, 8<<20)...),
		"a list of a billion":   {0, 0xa1, 0x05, 0x9a, 0x3b, 0x9a, 0xca, 0x00},
		"a text of a billion":   {0, 0xa1, 0x03, 0x5a, 0x3b, 0x9a, 0xca, 0x00, 1},
		"a text of 2^64":        {0, 0xa1, 0x03, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		"nothing":               {},
		"nothing, not packed":   {0},
		"nothing, packed":       {1},
		"another dictionary":    unpacked(t, []byte{0xa0}, zstd.WithEncoderDictRaw(7, []byte("some other dictionary, long enough"))),
		"a tag":                 {0, 0xa1, 0x01, 0xc1, 0x00},
		"a list without end":    {0, 0xa1, 0x05, 0x9f, 0xff},
		"a key twice":           {0, 0xa2, 0x01, 0x05, 0x01, 0x06},
	} {
		var err error
		took := allocated(func() { _, err = journal.DecodeBody(packed) })
		if !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if took > 200<<20 {
			t.Errorf("%s: took %d MB", name, took>>20)
		}
	}
}

// The most that is allowed, in the shape that takes the most memory.
func TestTheLargestBodyFitsASmallMachine(t *testing.T) {
	raw := bodyCBOR(t, manyWords(15, 1<<17-1))
	took := allocated(func() {
		_, err := journal.DecodeBody(append([]byte{0}, raw...))
		must(t, err)
	})
	if took > 200<<20 {
		t.Errorf("took %d MB", took>>20)
	}
}

func TestPackingIsSafeForMany(t *testing.T) {
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 60 {
				text := strings.Repeat(fmt.Sprintf("worker %d, note %d. ", worker, i), i)
				b := journal.Body{Facts: []journal.Fact{{N: uint32(i), Kind: 10, Values: map[uint8]any{1: text}}}}
				packed, err := journal.EncodeBody(b)
				if err != nil {
					t.Error(err)
					return
				}
				kept := slices.Clone(packed)
				back, err := journal.DecodeBody(packed)
				if err != nil || !reflect.DeepEqual(back, b) || !bytes.Equal(kept, packed) {
					t.Errorf("worker %d, note %d: %v", worker, i, err)
				}
			}
		})
	}
	all.Wait()
}

func FuzzDecodeBody(f *testing.F) {
	packed, err := journal.EncodeBody(sampleBody())
	must(f, err)
	f.Add(packed)
	f.Add(append([]byte{0}, bodyCBOR(f, sampleBody())...))
	f.Add([]byte{0, 0xa0})
	f.Add(runLength(3))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := journal.DecodeBody(data)
		if err != nil {
			if !errors.Is(err, journal.ErrFormat) && !errors.Is(err, journal.ErrNewer) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		again, err := journal.EncodeBody(b)
		if err != nil {
			t.Fatalf("%x was read and cannot be written: %v", data, err)
		}
		if back, err := journal.DecodeBody(again); err != nil || !reflect.DeepEqual(back, b) {
			t.Errorf("%+v was read, written and read as %+v, %v", b, back, err)
		}
	})
}
