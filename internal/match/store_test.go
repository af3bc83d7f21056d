package match

import (
	"hash/maphash"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// The register is a map from keys to slots, whatever its shelves and places left do.
func TestRegisterIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := register{seed: maphash.MakeSeed()}
		keys := make([]Key, 600)
		for i := range keys {
			keys[i] = key(i)
		}
		at := func(slot uint32) *Key { return &keys[slot] }
		live := map[Key]uint32{}
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			slot := uint32(rapid.IntRange(0, len(keys)-1).Draw(t, "slot"))
			if _, there := live[keys[slot]]; there {
				r.remove(keys[slot], at)
				delete(live, keys[slot])
			} else {
				r.put(keys[slot], slot, at)
				live[keys[slot]] = slot
			}
		}
		if r.n != len(live) {
			t.Fatalf("%d keys, want %d", r.n, len(live))
		}
		for i, k := range keys {
			slot, found := r.find(k, at)
			if _, there := live[k]; there != found || found && slot != uint32(i) {
				t.Fatalf("key %d: slot %d, found %v, want %v", i, slot, found, there)
			}
		}
	})
}

// No two rooms of the heap share a word, also when rooms were given back, and what was written stays.
func TestRoomsAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h heap
		type tenant struct {
			at    uint32
			class uint8
			words []uint32
		}
		var live []tenant
		stamp := uint32(1)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(live) > 0 && rapid.Bool().Draw(t, "leave") {
				i := rapid.IntRange(0, len(live)-1).Draw(t, "who")
				h.give(live[i].at, live[i].class)
				live = slices.Delete(live, i, i+1)
				continue
			}
			n := rapid.IntRange(0, mostNames+mostSeen).Draw(t, "words")
			class := room(n)
			if int(roomSize(class)) < n || class == 0 {
				t.Fatalf("a room of class %d for %d words", class, n)
			}
			one := tenant{h.take(class), class, make([]uint32, n)}
			for j := range one.words {
				one.words[j] = stamp
				stamp++
			}
			copy(h.words(one.at, n), one.words)
			live = append(live, one)
		}
		for _, one := range live {
			if !slices.Equal(h.words(one.at, len(one.words)), one.words) {
				t.Fatalf("a room of %d words was written over", len(one.words))
			}
		}
	})
}

// A full page is followed by another, and a room never lies across two.
func TestPagesOfTheHeap(t *testing.T) {
	var h heap
	for i := range 3 << pageBits / 60 {
		at := h.take(room(33 + i%20))
		if first, last := at>>pageBits, (at+63)>>pageBits; first != last {
			t.Fatalf("room %d lies across two pages", i)
		}
	}
	if len(h.pages) < 3 {
		t.Errorf("%d pages", len(h.pages))
	}
}

// A million people must fit: what each takes beside the words of the name.
func TestOnePersonIsSmall(t *testing.T) {
	if each := unsafe.Sizeof(block{}) / blockSize; each > 40 {
		t.Errorf("%d bytes each", each)
	}
}

// A card is found by any end of four digits or more, and by no other digits.
func TestCardEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{0,20}`).Draw(t, "card")
		tail := rapid.OneOf(rapid.StringMatching(`[0-9]{0,16}`), rapid.Custom(func(t *rapid.T) string {
			return digits[rapid.IntRange(0, len(digits)).Draw(t, "from"):]
		})).Draw(t, "tail")
		kept := digits[max(0, len(digits)-longest):]
		asked := tail[max(0, len(tail)-longest):]
		want := len(kept) >= 4 && len(asked) >= 4 && len(asked) <= len(kept) && kept[len(kept)-len(asked):] == asked
		if got := endsWith(packCard(Card{Digits: digits, Lost: rapid.Bool().Draw(t, "lost")}), packCard(Card{Digits: tail})); got != want {
			t.Fatalf("%q ends with %q: %v, want %v", digits, tail, got, want)
		}
	})
}
