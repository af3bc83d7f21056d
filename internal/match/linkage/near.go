package linkage

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"amparo/internal/match"
)

// nearby finds for each sound of a vocabulary the sounds that may be the same name: a letter or, in a long one, two left out, added,
// changed or exchanged, the same consonants, a short form. A hundred thousand people share some ten thousand sounds, so comparing
// sounds is cheap where comparing people is not.
type nearby struct {
	sounds []string
	at     map[string]int32
	lists  [][]near // by sound, nearest first, itself included
}

type near struct {
	sound   int32
	penalty float32 // bits
}

// Penalties in bits of writing one sound for another, for choosing whom to compare; what a pair is worth is weighed afterwards.
const (
	penNear      = 3.5
	penFar       = 7
	penConsonant = 4
	penPet       = 3
)

func newNearby(sounds []string) *nearby {
	n := &nearby{sounds: sounds, at: make(map[string]int32, len(sounds)), lists: make([][]near, len(sounds))}
	for i, s := range sounds {
		n.at[s] = int32(i)
	}
	// Sounds that share what is left when letters are left out may be near; the distance decides.
	var words []uint64
	const mask = 1<<recordBits - 1
	add := func(h hasher, i int) { words = append(words, h.end()&^mask|uint64(i)) }
	for i, s := range sounds {
		if len(s) < 3 || len(s) > 30 {
			continue
		}
		add(start('d').text(s), i)
		for x := range len(s) {
			add(start('d').text(s[:x]+s[x+1:]), i)
			if len(s) < longSound {
				continue
			}
			for y := x + 1; y < len(s); y++ {
				add(start('d').text(s[:x]+s[x+1:y]+s[y+1:]), i)
			}
		}
		if k := consonants(s); len(k) > 1 {
			add(start('k').text(k), i)
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	for from := 0; from < len(words); {
		to := from + 1
		for to < len(words) && words[to]&^mask == words[from]&^mask {
			to++
		}
		if to-from <= 400 {
			for x := from; x < to; x++ {
				for y := x + 1; y < to; y++ {
					n.join(int32(words[x]&mask), int32(words[y]&mask))
				}
			}
		}
		from = to
	}
	for i, s := range sounds {
		n.lists[i] = append(n.lists[i], near{int32(i), 0})
		for _, pet := range match.Nicknames(s) {
			if j, ok := n.at[pet]; ok {
				n.lists[i] = append(n.lists[i], near{j, penPet})
			}
		}
		slices.SortFunc(n.lists[i], func(x, y near) int { return cmp.Or(cmp.Compare(x.sound, y.sound), cmp.Compare(x.penalty, y.penalty)) })
		n.lists[i] = slices.CompactFunc(n.lists[i], func(x, y near) bool { return x.sound == y.sound })
		slices.SortFunc(n.lists[i], func(x, y near) int { return cmp.Or(cmp.Compare(x.penalty, y.penalty), cmp.Compare(x.sound, y.sound)) })
	}
	return n
}

// longSound is from how many letters a second error leaves a name recognisable.
const longSound = 6

func (n *nearby) join(i, j int32) {
	if i == j || slices.ContainsFunc(n.lists[i], func(x near) bool { return x.sound == j }) {
		return
	}
	a, b := n.sounds[i], n.sounds[j]
	short := min(len(a), len(b))
	var penalty float32
	switch d := match.Distance(a, b, 2); {
	case d == 1:
		penalty = penNear
	case consonants(a) == consonants(b):
		penalty = penConsonant
	case d == 2 && short >= longSound:
		penalty = penFar
	default:
		return
	}
	n.lists[i] = append(n.lists[i], near{j, penalty})
	n.lists[j] = append(n.lists[j], near{i, penalty})
}

// consonants is a sound without its vowels, the first letter apart: what is left when vowels are heard otherwise.
func consonants(sound string) string {
	var b strings.Builder
	for i, r := range sound {
		if i == 0 || !strings.ContainsRune("aeiou", r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// crowd is everybody who has a sound in their name, by nationality, in the order of birth.
type crowd struct {
	people []int32   // by sound, then nationality, then birth
	born   []float32 // of people
	from   []int32   // where the lists of a sound begin in parts
	parts  []portion
	gain   []float32 // by sound, bits: how rare it is
}

// portion is those of a sound who have one nationality.
type portion struct {
	nation   int32 // -1: none known
	from, to int32
	dated    int32 // from here on the birth is known
}

// The bounds of whom a sound opens: everybody of a rare sound, and of a common one those of the same nationality and of about the same age.
const (
	rareSound  = 150
	ageWindow  = 4.0
	wideWindow = 600
)

func newCrowd(names [][]int32, beside []brief, sounds int) *crowd {
	type one struct {
		sound, nation int32
		born          float32
		who           int32
	}
	var all []one
	for i, own := range names {
		for _, sound := range own {
			all = append(all, one{sound, beside[i].nation, beside[i].born, int32(i)})
		}
	}
	slices.SortFunc(all, func(x, y one) int {
		return cmp.Or(cmp.Compare(x.sound, y.sound), cmp.Compare(x.nation, y.nation), cmp.Compare(x.born, y.born), cmp.Compare(x.who, y.who))
	})
	all = slices.Compact(all)
	c := &crowd{people: make([]int32, len(all)), born: make([]float32, len(all)), from: make([]int32, sounds+1), gain: make([]float32, sounds)}
	sound := int32(0)
	for i, x := range all {
		for sound < x.sound {
			sound++
			c.from[sound] = int32(len(c.parts))
		}
		if i == 0 || all[i-1].sound != x.sound || all[i-1].nation != x.nation {
			c.parts = append(c.parts, portion{nation: x.nation, from: int32(i), dated: int32(i)})
		}
		p := &c.parts[len(c.parts)-1]
		p.to = int32(i) + 1
		if x.born == 0 {
			p.dated = p.to
		}
		c.people[i], c.born[i] = x.who, x.born
	}
	for int(sound) < sounds {
		sound++
		c.from[sound] = int32(len(c.parts))
	}
	for s := range sounds {
		c.gain[s] = float32(math.Log2(float64(len(names)) / float64(max(1, c.size(int32(s))))))
	}
	return c
}

func (c *crowd) size(sound int32) int32 {
	a, b := c.from[sound], c.from[sound+1]
	if a == b {
		return 0
	}
	return c.parts[b-1].to - c.parts[a].from
}

// each gives the places in people of those who may be meant by a sound.
func (c *crowd) each(sound, nation int32, born float32, yield func(from, to int32)) {
	a, b := c.from[sound], c.from[sound+1]
	if c.size(sound) <= rareSound {
		if a < b {
			yield(c.parts[a].from, c.parts[b-1].to)
		}
		return
	}
	for _, p := range c.parts[a:b] {
		if p.nation != nation && p.nation >= 0 && nation >= 0 && p.to-p.from > rareSound/4 {
			continue
		}
		if born == 0 || p.to-p.from <= wideWindow {
			yield(p.from, p.to)
			continue
		}
		yield(p.from, p.dated)
		low, _ := slices.BinarySearch(c.born[p.dated:p.to], born-ageWindow)
		high, _ := slices.BinarySearch(c.born[p.dated:p.to], born+ageWindow)
		yield(p.dated+int32(low), p.dated+int32(high))
	}
}

// namesOf gives the parts of a name, wherever they stand.
func namesOf(s *Side) []token {
	out := make([]token, 0, 8)
	for _, list := range [][]token{s.given, s.surname, s.also} {
		for _, t := range list {
			if len(out) < 8 && !slices.ContainsFunc(out, func(o token) bool { return o.sound == t.sound }) {
				out = append(out, t)
			}
		}
	}
	return out
}
