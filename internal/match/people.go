package match

import (
	"hash/maphash"
	"math/bits"
)

// A million people must fit into a small laptop, and the collector must not walk them: they stand in blocks without pointers,
// names as numbers in a heap of words. Nothing moves when one is added, changed or taken out.

const (
	blockBits = 12
	blockSize = 1 << blockBits
)

// block is some people, one after the other.
type block struct {
	key   [blockSize]Key
	born  [blockSize]uint16 // days since 1879-12-31; 0: unknown
	trait [blockSize]uint32 // nationalities and languages: places in the lists of sets
	// surplus is how many parts of the name count when they are not typed: all but nicknames and other names.
	surplus [blockSize]uint8
	head    [blockSize]head
	card    [blockSize]uint64 // see packCard
}

// head says where in the heap a person's words stand.
type head struct {
	at    uint32 // place in the heap
	names uint8
	seen  uint8
	class uint8 // how much room the heap keeps; 0: nobody is here
}

// A name stands as word<<3 | field, a sighting as place<<16 | month.
const fieldBits = 3

// heap keeps runs of words, each in a room of a size that is a power of two: a room given back is used again.
type heap struct {
	pages [][]uint32
	free  [16][]uint32 // rooms given back, by class
	next  uint32       // first unused word of the last page
}

const pageBits = 16

// room is the class of the room for n words.
func room(n int) uint8 {
	if n <= 4 {
		return uint8(max(n, 1))
	}
	if n <= 6 {
		return 5
	}
	return uint8(3 + bits.Len(uint(n-1))) // 8, 16, 32…
}

func roomSize(class uint8) uint32 {
	switch {
	case class <= 4:
		return uint32(class)
	case class == 5:
		return 6
	}
	return 1 << (class - 3)
}

// take gives a room of a class.
func (h *heap) take(class uint8) uint32 {
	if n := len(h.free[class]); n > 0 {
		at := h.free[class][n-1]
		h.free[class] = h.free[class][:n-1]
		return at
	}
	size := roomSize(class)
	if len(h.pages) == 0 || h.next+size > 1<<pageBits {
		h.pages, h.next = append(h.pages, make([]uint32, 1<<pageBits)), 0
	}
	at := uint32(len(h.pages)-1)<<pageBits | h.next
	h.next += size
	return at
}

func (h *heap) give(at uint32, class uint8) { h.free[class] = append(h.free[class], at) }

// words are the n words at a place.
func (h *heap) words(at uint32, n int) []uint32 {
	page := h.pages[at>>pageBits]
	i := at & (1<<pageBits - 1)
	return page[i : i+uint32(n) : i+uint32(n)]
}

// register finds a person's slot by key. It is parted into shelves, so that no single growth is long.
type register struct {
	seed    maphash.Seed
	shelves [256]shelf
	n       int
}

// shelf is an open table of slots, plus one; 0 is an empty place and gone a place that was left.
type shelf struct {
	slots []uint32
	used  int // places not empty
	live  int
}

const gone = ^uint32(0)

func (r *register) hash(k Key) (shelf int, h uint64) {
	h = maphash.Bytes(r.seed, k[:])
	return int(h >> 56), h
}

// find gives the slot of a key; key reads back the key of a slot.
func (r *register) find(k Key, key func(uint32) *Key) (uint32, bool) {
	i, h := r.hash(k)
	s := &r.shelves[i]
	if len(s.slots) == 0 {
		return 0, false
	}
	mask := uint64(len(s.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		switch v := s.slots[at]; {
		case v == 0:
			return 0, false
		case v != gone && *key(v - 1) == k:
			return v - 1, true
		}
	}
}

// put enters a key that is not there.
func (r *register) put(k Key, slot uint32, key func(uint32) *Key) {
	i, h := r.hash(k)
	s := &r.shelves[i]
	if (s.used+1)*4 > len(s.slots)*3 {
		old := s.slots
		size := max(16, len(old))
		for (s.live+1)*8 > size*5 {
			size *= 2
		}
		s.slots, s.used = make([]uint32, size), s.live
		for _, v := range old {
			if v != 0 && v != gone {
				_, hv := r.hash(*key(v - 1))
				s.enter(hv, v)
			}
		}
	}
	s.enter(h, slot+1)
	s.used, s.live, r.n = s.used+1, s.live+1, r.n+1
}

func (s *shelf) enter(h uint64, v uint32) {
	mask := uint64(len(s.slots) - 1)
	at := h & mask
	for s.slots[at] != 0 {
		at = (at + 1) & mask
	}
	s.slots[at] = v
}

// remove takes a key out.
func (r *register) remove(k Key, key func(uint32) *Key) {
	i, h := r.hash(k)
	s := &r.shelves[i]
	if len(s.slots) == 0 {
		return
	}
	mask := uint64(len(s.slots) - 1)
	for at := h & mask; s.slots[at] != 0; at = (at + 1) & mask {
		if v := s.slots[at]; v != gone && *key(v - 1) == k {
			s.slots[at] = gone
			s.live, r.n = s.live-1, r.n-1
			return
		}
	}
}
