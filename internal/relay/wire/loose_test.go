package wire

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/journal"
)

var somePlaces = rapid.Custom(func(r *rapid.T) []journal.PartPlace {
	list := make([]journal.PartPlace, rapid.IntRange(0, 60).Draw(r, "places"))
	for i := range list {
		list[i] = journal.PartPlace{Writer: journal.WriterID{byte(rapid.IntRange(0, 4).Draw(r, "writer"))}, Seq: rapid.Uint64Range(1, 300).Draw(r, "seq"), Index: uint8(rapid.IntRange(0, journal.MaxParts-1).Draw(r, "index"))}
	}
	slices.SortFunc(list, ComparePlaces)
	return slices.Compact(list)
})

func TestPlacesTravel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := somePlaces.Draw(r, "places")
		got, err := UnpackPlaces(PackPlaces(want))
		if err != nil || !slices.Equal(got, want) {
			r.Fatalf("%v came out as %v: %v", want, got, err)
		}
	})
}

func TestPartsTravel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var parts []journal.Loose
		for _, p := range somePlaces.Draw(r, "places") {
			parts = append(parts, journal.Loose{Place: p, Data: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "data")})
		}
		i := 0
		if err := EachSupply(PackSupply(parts), func(p journal.Loose) error {
			if p.Place != parts[i].Place || !bytes.Equal(p.Data, parts[i].Data) {
				r.Fatalf("part %d came out as %v", i, p)
			}
			i++
			return nil
		}); err != nil || i != len(parts) {
			r.Fatalf("%d of %d: %v", i, len(parts), err)
		}
	})
}

func FuzzPlaces(f *testing.F) {
	f.Add(PackPlaces([]journal.PartPlace{{Writer: journal.WriterID{1}, Seq: 3, Index: 1}, {Writer: journal.WriterID{1}, Seq: 300}, {Writer: journal.WriterID{2}, Seq: 1 << 40, Index: 15}}))
	f.Add(bytes.Repeat([]byte{1}, 18))
	f.Fuzz(func(t *testing.T, data []byte) {
		places, err := UnpackPlaces(data)
		if err != nil {
			return
		}
		if !bytes.Equal(PackPlaces(places), data) {
			t.Errorf("%x is another spelling of %v", data, places)
		}
	})
}

func FuzzSupply(f *testing.F) {
	f.Add(PackSupply([]journal.Loose{{Place: journal.PartPlace{Writer: journal.WriterID{1}, Seq: 3, Index: 1}, Data: []byte("sealed")}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		if err := EachSupply(data, func(p journal.Loose) error {
			if p.Place.Seq == 0 || p.Place.Index >= journal.MaxParts {
				t.Errorf("a place that no commit has: %v", p.Place)
			}
			total += len(p.Data)
			return nil
		}); err == nil && total > len(data) {
			t.Errorf("%d bytes out of %d", total, len(data))
		}
	})
}
