package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// expansion is what a typed part may stand for.
type expansion struct {
	asked
	first, last int // the typed words it is made of; more than one when words were joined
	half        *halves
	words       []meant
	mass        float64 // -ln of the chance that anybody's name gives the typed part
	crowd       int     // people behind the words
}

// halves are the two parts that a typed part may be when the blank between them was left out.
type halves struct{ left, right expansion }

type meant struct {
	word int32
	how  Likeness
	gain float32 // until all words are known: the cost
}

// noise is minus the logarithm of the chance that a typed part belongs to nobody's name.
const noise = 3.2

// expand compares a typed part with the whole vocabulary.
func (ix *Index) expand(q asked, s *search) expansion {
	x := expansion{asked: q}
	take := func(w int32, how Likeness, cost float32) {
		if len(ix.parts[w].people) > 0 {
			x.words = append(x.words, meant{w, how, cost})
		}
	}
	seen := map[int32]bool{}
	if w, ok := ix.words[q.text]; ok {
		take(w, Exact, costExact)
		seen[w] = true
	}
	for _, nick := range q.nick {
		for _, w := range ix.sounds[nick] {
			if !seen[w] {
				seen[w] = true
				take(w, Nicknamed, costNickname)
			}
		}
	}
	for _, stem := range stems(q.text) {
		if w, ok := ix.words[stem]; ok && !seen[w] {
			seen[w] = true
			take(w, Nicknamed, costStem)
		}
	}
	bound := func() float32 { return float32(-math.Log(ix.share(weight(ix, x.words))) + noise) }
	priced := func(words []int32) {
		limit := bound()
		for _, w := range words {
			if how, cost := q.price(&ix.parts[w], &s.scratch, limit); cost < limit {
				take(w, how, cost)
			}
		}
	}
	if len(q.runes) > 1 {
		priced(ix.near(q, s, seen))
	}
	if q.open || len(q.runes) == 1 { // one letter is an initial
		ix.beginnings(q, s, take, seen)
	}
	// When what is near explains what was typed, what is far cannot add to it, and is not looked for.
	if b := bound(); b > byEar+2 && len(q.runes) > 2 {
		priced(ix.far(q, s, seen, b > twoSlips))
	}
	x.settle(ix)
	return x
}

// settle turns costs into gains.
func (x *expansion) settle(ix *Index) {
	x.mass = -math.Log(ix.share(weight(ix, x.words)))
	kept := x.words[:0]
	x.crowd = 0
	for _, m := range x.words {
		if m.gain = float32(x.mass+noise) - m.gain; m.gain > 0 { // what explains worse than noise explains nothing
			kept = append(kept, m)
			x.crowd += len(ix.parts[m.word].people)
		}
	}
	x.words = kept
	// The best way first: a person is credited with the first of their parts that comes.
	slices.SortFunc(x.words, func(a, b meant) int {
		if c := cmp.Compare(b.gain, a.gain); c != 0 {
			return c
		}
		return strings.Compare(ix.parts[a.word].text, ix.parts[b.word].text)
	})
}

// weight is how many people would be expected to have the typed part typed for them, were each asked for once.
func weight(ix *Index, words []meant) float64 {
	sum := 0.0
	for _, m := range words {
		sum += float64(len(ix.parts[m.word].people)) * math.Exp(-float64(m.gain))
	}
	return sum
}

// share is the background chance of a typed part, smoothed by one slip.
func (ix *Index) share(weight float64) float64 {
	return min(1, (unheard+weight)/float64(ix.slots.n+1))
}

// unheard stands for the names that nobody here has.
const unheard = 0.01

// near lists the words with the same sound, or a slip away.
func (ix *Index) near(q asked, s *search, seen map[int32]bool) []int32 {
	s.words = s.words[:0]
	for _, w := range ix.sounds[string(q.sound)] {
		if !seen[w] && len(ix.parts[w].people) > 0 {
			seen[w] = true
			s.words = append(s.words, w)
		}
	}
	n := uint8(min(255, len(q.runes)))
	length := ix.glance.length
	for w, m := range ix.glance.mask {
		if bits.OnesCount32(m^q.mask) > 2 || length[w]+1-n > 2 {
			continue
		}
		if v := ix.parts[w].runes; length[w] > 0 && slipped(q.runes, v) && !seen[int32(w)] {
			seen[int32(w)] = true
			s.words = append(s.words, int32(w))
		}
	}
	return s.words
}

// twoSlips is what noise must cost before two slips in one part are worth looking for.
const twoSlips = 2*slipLeftOut + 2

// far lists the words a letter away in sound and, when slips is set, two slips away.
func (ix *Index) far(q asked, s *search, seen map[int32]bool, slips bool) []int32 {
	s.words = s.words[:0]
	take := func(w int) {
		if !seen[int32(w)] {
			seen[int32(w)] = true
			s.words = append(s.words, int32(w))
		}
	}
	g := &ix.glance
	if size := uint8(min(255, len(q.sound))); size > 2 {
		soundMask := mask(q.sound)
		sizes := g.soundSize[:len(g.soundMask)]
		for w, m := range g.soundMask {
			if bits.OnesCount32(m^soundMask) <= 2 && sizes[w]+1-size <= 2 && g.length[w] > 0 && slipped(q.sound, ix.parts[w].sound) {
				take(w)
			}
		}
	}
	if reach := q.reach(); slips && reach > 1 {
		n := uint8(min(200, len(q.runes)))
		lengths := g.length[:len(g.mask)]
		for w, m := range g.mask {
			if bits.OnesCount32(m^q.mask) <= 4 && lengths[w]+2-n <= 4 && lengths[w] > 0 && s.distance(q.runes, ix.parts[w].runes, reach) <= reach {
				take(w)
			}
		}
	}
	return s.words
}

// beginnings takes the words that begin with what was typed, as it was typed or with one slip or as it is heard.
func (ix *Index) beginnings(q asked, s *search, take func(int32, Likeness, float32), seen map[int32]bool) {
	n := len(q.runes)
	g := &ix.glance
	letter, sound := initial(q.runes), initial(q.sound)
	for w, m := range g.mask {
		if g.first[w] != letter && g.soundFirst[w] != sound {
			continue
		}
		lacks := bits.OnesCount32(q.mask &^ m)
		if lacks > 1 || int(g.length[w]) <= n || seen[int32(w)] {
			continue
		}
		v := &ix.parts[w]
		if lacks == 0 && strings.HasPrefix(v.text, q.text) {
			take(int32(w), Beginning, costExact+q.late+unfinished(len(v.runes)))
			seen[int32(w)] = true
			continue
		}
		if n < 4 || s.distance(q.runes, v.runes[:n], 2) > 2 {
			continue
		}
		const limit = 10
		if cost := min(s.slips(v.runes, q.runes, true, limit), s.heard(v.runes, q.runes, true, limit)); cost < limit {
			take(int32(w), Beginning, costExact+q.late+cost)
			seen[int32(w)] = true
		}
	}
}

// stems are the names of which a text may be the small form: Juanito, Carmencita, Joãozinho, Pablinho.
func stems(text string) (out []string) {
	for _, tail := range []string{"cito", "cita", "zinho", "zinha", "ito", "ita", "inho", "inha", "illo", "illa"} {
		if stem, ok := strings.CutSuffix(text, tail); ok && len(stem) >= 3 {
			stem = strings.TrimSuffix(stem, "u")
			out = append(out, stem, stem+"o", stem+"a", stem+"e", stem+"os")
			if hard, ok := strings.CutSuffix(stem, "qu"); ok {
				out = append(out, hard+"co", hard+"ca")
			} else if hard, ok := strings.CutSuffix(stem, "q"); ok {
				out = append(out, hard+"co", hard+"ca")
			}
		}
	}
	return out
}
