package match

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// Index finds people by name. It lives in memory only and is kept in step one entry at a time; any number of searches may run
// at once, and none while an entry changes. A million people take about seventy million bytes.
type Index struct {
	mu     sync.RWMutex
	words  map[string]int32 // name part -> its place in parts
	parts  []stored
	glance glance // what rules most parts out
	sounds map[string][]int32
	blocks []*block
	top    uint32   // slots ever used
	free   []uint32 // slots that are empty
	slots  register
	heap   heap
	tails  map[uint16][]uint32 // last four digits of a card -> slots
	others map[uint32][]uint64 // further cards of a slot
	nation sets
	tongue sets
	place  places
	pool   sync.Pool // *search
}

// stored is one name part of the vocabulary and the people who carry it. A part that nobody carries any more stays, empty:
// it will be typed again.
type stored struct {
	text   string
	runes  []rune
	sound  []rune
	people []uint32 // slots, each once
}

// glance is what comparing looks at first, of each word of parts: a list for each thing, because all of a list is read.
type glance struct {
	mask, soundMask   []uint32
	length, soundSize []uint8 // 0: nobody carries the word
	first, soundFirst []uint8 // their first letters, folded
}

func (g *glance) add(p part) {
	g.mask, g.soundMask = append(g.mask, p.mask), append(g.soundMask, mask(p.sound))
	g.length, g.soundSize = append(g.length, 0), append(g.soundSize, uint8(min(255, len(p.sound))))
	g.first, g.soundFirst = append(g.first, initial(p.runes)), append(g.soundFirst, initial(p.sound))
}

// initial is the first letter in one byte: two letters that differ may share one.
func initial(r []rune) uint8 { return uint8(r[0]) }

// sets are the few combinations of codes that people have.
type sets struct {
	list  [][]string
	at    map[string]uint16
	count map[string]int // people with a code
	known int            // people with any
}

// places are where people were met.
type places struct {
	name  []string
	at    map[string]uint16
	count []int       // people met there
	month map[int]int // people met then
	known int         // people met anywhere
}

// NewIndex is an index of nobody.
func NewIndex() *Index {
	ix := &Index{words: map[string]int32{}, sounds: map[string][]int32{}, tails: map[uint16][]uint32{}, others: map[uint32][]uint64{}}
	ix.slots.seed = maphash.MakeSeed()
	ix.nation, ix.tongue = newSets(), newSets()
	ix.place = places{name: []string{""}, at: map[string]uint16{"": 0}, count: []int{0}, month: map[int]int{}}
	ix.pool.New = func() any { return &search{} }
	return ix
}

func newSets() sets {
	return sets{list: [][]string{nil}, at: map[string]uint16{"": 0}, count: map[string]int{}}
}

// Len is the number of entries.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.slots.n
}

// Has says whether there is an entry of the key.
func (ix *Index) Has(key Key) bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	_, ok := ix.slots.find(key, ix.keyAt)
	return ok
}

func (ix *Index) keyAt(slot uint32) *Key {
	return &ix.blocks[slot>>blockBits].key[slot&(blockSize-1)]
}

func (ix *Index) at(slot uint32) (*block, uint32) {
	return ix.blocks[slot>>blockBits], slot & (blockSize - 1)
}

// What one entry may hold: more is not a person, and would cost every search.
const (
	mostNames = 48
	mostSeen  = 8
	mostCards = 32
)

// Put adds an entry, or replaces the one of the same key.
func (ix *Index) Put(e Entry) {
	names := namesOf(e)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.drop(e.Key)
	slot := ix.top
	if n := len(ix.free); n > 0 {
		slot, ix.free = ix.free[n-1], ix.free[:n-1]
	} else {
		if slot>>blockBits == uint32(len(ix.blocks)) {
			ix.blocks = append(ix.blocks, &block{})
		}
		ix.top++
	}
	b, i := ix.at(slot)
	b.key[i] = e.Key
	ix.slots.put(e.Key, slot, ix.keyAt)
	b.born[i] = packBorn(e.Born)
	b.trait[i] = uint32(ix.nation.enter(told(e.Nationality)))<<16 | uint32(ix.tongue.enter(e.Languages))

	seen := ix.place.enter(e.Seen)
	h := head{names: uint8(len(names)), seen: uint8(len(seen)), class: room(len(names) + len(seen))}
	h.at = ix.heap.take(h.class)
	words := ix.heap.words(h.at, len(names)+len(seen))
	for j, name := range names {
		word := ix.word(name.text)
		if !slices.ContainsFunc(names[:j], func(n namePart) bool { return n.text == name.text }) {
			ix.parts[word].people = append(ix.parts[word].people, slot)
			ix.glance.length[word] = uint8(min(255, len(ix.parts[word].runes)))
			if name.field < Nickname {
				b.surplus[i]++
			}
		}
		words[j] = uint32(word)<<fieldBits | uint32(name.field)
	}
	copy(words[len(names):], seen)
	b.head[i] = h
	ix.putCards(slot, e.Cards)
}

type namePart struct {
	text  string
	field Field
}

// namesOf splits an entry's names into parts, each field's parts once, in the order of the fields.
func namesOf(e Entry) []namePart {
	var out []namePart
	for _, name := range e.Names {
		for _, text := range Tokens(name.Text) {
			p := namePart{text, name.Field}
			if len(out) < mostNames && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b namePart) int { return int(a.field) - int(b.field) })
	return out
}

// told leaves out the codes that say nothing.
func told(codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return c == "" || c == "UNKNOWN" || c == "STATELESS" })
}

// Remove takes an entry out; nothing happens when it is not there.
func (ix *Index) Remove(key Key) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.drop(key)
}

func (ix *Index) drop(key Key) {
	slot, ok := ix.slots.find(key, ix.keyAt)
	if !ok {
		return
	}
	b, i := ix.at(slot)
	h := b.head[i]
	words := ix.heap.words(h.at, int(h.names)+int(h.seen))
	for j, w := range words[:h.names] {
		word := w >> fieldBits
		if !slices.ContainsFunc(words[:j], func(x uint32) bool { return x>>fieldBits == word }) {
			ix.parts[word].people = without(ix.parts[word].people, slot)
			if len(ix.parts[word].people) == 0 {
				ix.glance.length[word] = 0
			}
		}
	}
	ix.place.leave(words[h.names:])
	ix.nation.leave(uint16(b.trait[i] >> 16))
	ix.tongue.leave(uint16(b.trait[i]))
	ix.dropCards(slot)
	ix.heap.give(h.at, h.class)
	ix.slots.remove(key, ix.keyAt)
	b.key[i], b.born[i], b.trait[i], b.surplus[i], b.head[i] = Key{}, 0, 0, 0, head{}
	ix.free = append(ix.free, slot)
}

// Met adds a sighting to an entry; nothing happens when it is not there.
func (ix *Index) Met(key Key, s Sighting) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	slot, ok := ix.slots.find(key, ix.keyAt)
	w := ix.place.pack(s)
	if !ok || w == 0 {
		return
	}
	b, i := ix.at(slot)
	h := &b.head[i]
	words := ix.heap.words(h.at, int(h.names)+int(h.seen))
	before := words[h.names:]
	if slices.Contains(before, w) {
		return
	}
	seen := latest(append(slices.Clone(before), w))
	ix.place.add(before, -1)
	ix.place.add(seen, 1)
	if class := room(int(h.names) + len(seen)); class != h.class {
		at := ix.heap.take(class)
		copy(ix.heap.words(at, int(h.names)), words[:h.names])
		ix.heap.give(h.at, h.class)
		h.at, h.class = at, class
	}
	h.seen = uint8(len(seen))
	copy(ix.heap.words(h.at, int(h.names)+len(seen))[h.names:], seen)
}

// word finds or makes the place of a name part.
func (ix *Index) word(text string) int32 {
	if w, ok := ix.words[text]; ok {
		return w
	}
	w := int32(len(ix.parts))
	text = strings.Clone(text) // not to hold on to the whole name it was cut from
	p := newPart(text)
	ix.words[text] = w
	ix.parts = append(ix.parts, stored{text: text, runes: p.runes, sound: p.sound})
	ix.glance.add(p)
	ix.sounds[string(p.sound)] = append(ix.sounds[string(p.sound)], w)
	return w
}

// without takes one slot out of a list whose order does not matter.
func without(list []uint32, slot uint32) []uint32 {
	i := slices.Index(list, slot)
	if i < 0 {
		return list
	}
	list[i] = list[len(list)-1]
	return list[:len(list)-1]
}

func (s *sets) enter(codes []string) uint16 {
	codes = slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return c == "" })
	if len(codes) == 0 {
		return 0
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	name := strings.Join(codes, " ")
	id, ok := s.at[name]
	if !ok {
		if len(s.list) > 0xffff { // more combinations than people have: then nothing is known
			return 0
		}
		id = uint16(len(s.list))
		s.list, s.at[name] = append(s.list, codes), id
	}
	s.known++
	for _, c := range s.list[id] {
		s.count[c]++
	}
	return id
}

func (s *sets) leave(id uint16) {
	if id == 0 {
		return
	}
	s.known--
	for _, c := range s.list[id] {
		s.count[c]--
	}
}

// enter packs the latest sightings, each place and month once.
func (p *places) enter(seen []Sighting) []uint32 {
	if len(seen) == 0 {
		return nil
	}
	var out []uint32
	for _, s := range seen {
		if w := p.pack(s); w != 0 {
			out = append(out, w)
		}
	}
	out = latest(out)
	p.add(out, 1)
	return out
}

// pack gives 0 for a sighting that says nothing.
func (p *places) pack(s Sighting) uint32 {
	id, ok := p.at[s.Place]
	if !ok && len(p.name) <= 0xffff {
		id = uint16(len(p.name))
		name := strings.Clone(s.Place)
		p.name, p.count, p.at[name] = append(p.name, name), append(p.count, 0), id
	}
	month := s.Month
	if month < 0 || month > 0xffff {
		month = 0
	}
	return uint32(id)<<16 | uint32(month)
}

// latest keeps each sighting once and of many the latest.
func latest(seen []uint32) []uint32 {
	slices.SortFunc(seen, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(b&0xffff, a&0xffff), cmp.Compare(a, b))
	})
	seen = slices.Compact(seen)
	return seen[:min(len(seen), mostSeen)]
}

func (p *places) leave(seen []uint32) { p.add(seen, -1) }

// add counts a person once for each place and each month.
func (p *places) add(seen []uint32, n int) {
	if len(seen) > 0 {
		p.known += n
	}
	for i, w := range seen {
		if !slices.ContainsFunc(seen[:i], func(x uint32) bool { return x>>16 == w>>16 }) {
			p.count[w>>16] += n
		}
		if month := int(w & 0xffff); month != 0 && !slices.ContainsFunc(seen[:i], func(x uint32) bool { return x&0xffff == w&0xffff }) {
			if p.month[month] += n; p.month[month] == 0 {
				delete(p.month, month)
			}
		}
	}
}
