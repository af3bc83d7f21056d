package match

import (
	"slices"
	"sync"
)

// Index finds people by name. It lives in memory only and is kept in step one entry at a time; any number of searches may run
// at once, and none while an entry changes.
type Index struct {
	mu     sync.RWMutex
	words  map[string]int32 // name part -> its place in parts
	parts  []stored
	slots  map[Key]int32 // entry -> its place in people
	people []person
	free   []int32           // places in people that are empty
	cards  map[int16][]int32 // last four digits of the card -> places in people
	pool   sync.Pool         // *search
}

// stored is one name part of the vocabulary and the people who carry it. A part that nobody carries any more stays, empty:
// it will be typed again.
type stored struct {
	part
	people []int32 // each once
}

// person is an entry as it is scored.
type person struct {
	key    Key
	names  []carried
	born   float64
	nation []string
	card   string
	size   uint8 // parts of the name that count as surplus when not typed: all but nicknames
	live   bool
}

// carried is one part of a person's name.
type carried struct {
	word  int32
	field Field
}

// NewIndex is an index of nobody.
func NewIndex() *Index {
	ix := &Index{words: map[string]int32{}, slots: map[Key]int32{}, cards: map[int16][]int32{}}
	ix.pool.New = func() any { return &search{} }
	return ix
}

// Len is the number of entries.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return len(ix.slots)
}

// Put adds an entry, or replaces the one of the same key.
func (ix *Index) Put(e Entry) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.drop(e.Key)
	slot := int32(len(ix.people))
	if n := len(ix.free); n > 0 {
		slot, ix.free = ix.free[n-1], ix.free[:n-1]
	} else {
		ix.people = append(ix.people, person{})
	}
	p := person{key: e.Key, born: e.Born, card: digitsOf(e.Card), live: true}
	for _, code := range e.Nationality {
		if code != "" && code != "UNKNOWN" && code != "STATELESS" {
			p.nation = append(p.nation, code)
		}
	}
	for _, name := range e.Names {
		for _, text := range Tokens(name.Text) {
			word := ix.word(text)
			if slices.ContainsFunc(p.names, func(c carried) bool { return c.word == word && c.field == name.Field }) {
				continue
			}
			if !slices.ContainsFunc(p.names, func(c carried) bool { return c.word == word }) {
				ix.parts[word].people = append(ix.parts[word].people, slot)
				if name.Field != Nickname && p.size < 255 {
					p.size++
				}
			}
			p.names = append(p.names, carried{word, name.Field})
		}
	}
	if tail, ok := tailOf(p.card); ok {
		ix.cards[tail] = append(ix.cards[tail], slot)
	}
	ix.people[slot] = p
	ix.slots[e.Key] = slot
}

// Remove takes an entry out; nothing happens when it is not there.
func (ix *Index) Remove(key Key) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.drop(key)
}

func (ix *Index) drop(key Key) {
	slot, ok := ix.slots[key]
	if !ok {
		return
	}
	p := &ix.people[slot]
	for i, c := range p.names {
		if !slices.ContainsFunc(p.names[:i], func(d carried) bool { return d.word == c.word }) {
			ix.parts[c.word].people = without(ix.parts[c.word].people, slot)
		}
	}
	if tail, ok := tailOf(p.card); ok {
		if left := without(ix.cards[tail], slot); len(left) > 0 {
			ix.cards[tail] = left
		} else {
			delete(ix.cards, tail)
		}
	}
	*p = person{}
	ix.free = append(ix.free, slot)
	delete(ix.slots, key)
}

// word finds or makes the place of a name part.
func (ix *Index) word(text string) int32 {
	if w, ok := ix.words[text]; ok {
		return w
	}
	w := int32(len(ix.parts))
	ix.words[text] = w
	ix.parts = append(ix.parts, stored{part: newPart(text)})
	return w
}

// without takes one slot out of a list whose order does not matter.
func without(list []int32, slot int32) []int32 {
	i := slices.Index(list, slot)
	if i < 0 {
		return list
	}
	list[i] = list[len(list)-1]
	return list[:len(list)-1]
}

func digitsOf(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// tailOf gives the last four digits of a card.
func tailOf(digits string) (int16, bool) {
	if len(digits) < 4 {
		return 0, false
	}
	var n int16
	for _, c := range digits[len(digits)-4:] {
		n = n*10 + int16(c-'0')
	}
	return n, true
}
