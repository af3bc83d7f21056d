package match

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Hit is one entry that may be meant.
type Hit struct {
	Key     Key
	Score   float64 // natural logarithm of how much likelier the typed text is if this is the one
	Reasons []Reason
}

// Reason says why an entry is a hit. Codes: exact, sounds_alike, typo, nickname, prefix (with Field and Text, the stored part as
// compared), swapped, card_ends (Text: the digits), born_near and age_near (Years), same_nationality (Text: alpha-3).
type Reason struct {
	Code  string
	Field Field
	Text  string
	Years int
}

// opened bounds how many people one search scores: behind twenty thousand who share the rarest typed part stand only worse ones.
const opened = 20_000

// search is the working memory of one search, kept between searches.
type search struct {
	scratch
	score []float32
	stamp []uint32 // score[i] counts only when stamp[i] is epoch
	turn  []uint32 // the last typed part that was credited to the person
	epoch uint32
	round uint32
	open  []int32
}

// expansion is what a typed part may stand for.
type expansion struct {
	asked
	words []meant
	mass  float64 // -ln of the chance that anybody's name gives the typed part
	crowd int     // people behind the words
}

type meant struct {
	word int32
	how  Likeness
	gain float64
}

// Search gives the entries that may be meant, best first, at most limit. Equal scores stand in the order of their keys.
func (ix *Index) Search(q Query, limit int) []Hit {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if limit <= 0 || len(ix.slots) == 0 || q.Empty() {
		return nil
	}
	s := ix.pool.Get().(*search)
	defer ix.pool.Put(s)
	s.start(len(ix.people))

	parts := ix.expand(q, s)
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[a].crowd, parts[b].crowd) })

	cardGain := 0.0
	if q.Card != "" {
		owners := ix.withCard(q.Card)
		cardGain = gain(0, ix.mass(float64(len(owners))))
		for _, slot := range owners {
			s.add(slot, cardGain)
		}
	}
	for _, i := range order { // rarest first: the bound on opened people then cuts the least likely
		s.round++
		for _, m := range parts[i].words {
			for _, slot := range ix.parts[m.word].people {
				s.credit(slot, m.gain)
			}
		}
	}
	return ix.best(q, parts, s, limit, cardGain)
}

// expand compares every typed part with the whole vocabulary.
func (ix *Index) expand(q Query, s *search) []expansion {
	texts := q.Parts
	if q.Maybe != "" {
		texts = append(slices.Clone(texts), q.Maybe)
	}
	out := make([]expansion, len(texts))
	for i, text := range texts {
		x := expansion{asked: newAsked(text, q.Open && i == len(q.Parts)-1)}
		var weight float64
		for w := range ix.parts {
			v := &ix.parts[w]
			if len(v.people) == 0 {
				continue
			}
			how, pen := x.alike(&v.part, &s.scratch)
			if how == Unlike {
				continue
			}
			weight += float64(len(v.people)) * math.Exp(-pen)
			x.crowd += len(v.people)
			x.words = append(x.words, meant{int32(w), how, pen})
		}
		x.mass = ix.mass(weight)
		for j := range x.words {
			x.words[j].gain = gain(x.words[j].gain, x.mass)
		}
		// The best way first: a person is credited with the first of their parts that comes.
		slices.SortStableFunc(x.words, func(a, b meant) int { return cmp.Compare(b.gain, a.gain) })
		out[i] = x
	}
	return out
}

// mass is minus the logarithm of the background chance of a typed part, smoothed by one.
func (ix *Index) mass(weight float64) float64 {
	return -math.Log((1 + weight) / float64(len(ix.slots)))
}

// gain is what a typed part adds when it is explained by a stored one instead of by noise; what explains worse than noise adds
// nothing.
func gain(penalty, mass float64) float64 { return max(0, mass-penalty+noise) }

// best ranks the opened people, scores the foremost exactly and words why.
func (ix *Index) best(q Query, parts []expansion, s *search, limit int, cardGain float64) []Hit {
	typed := len(q.Parts)
	for _, slot := range s.open {
		p := &ix.people[slot]
		s.score[slot] += float32(context(q, p, nil) - surplus*max(0, float64(int(p.size)-typed)))
	}
	// Credit by parts may count one stored part for two typed ones, never the other way: it is a bound from above, tight enough
	// that the foremost few hundred hold the true best.
	slices.SortFunc(s.open, func(a, b int32) int {
		if c := cmp.Compare(s.score[b], s.score[a]); c != 0 {
			return c
		}
		return slices.Compare(ix.people[a].key[:], ix.people[b].key[:])
	})
	front := s.open[:min(len(s.open), max(256, 4*limit))]
	hits := make([]Hit, 0, len(front))
	for _, slot := range front {
		if h, ok := ix.explain(q, parts, slot, cardGain); ok {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if c := cmp.Compare(b.Score, a.Score); c != 0 {
			return c
		}
		return slices.Compare(a.Key[:], b.Key[:])
	})
	return slices.Clip(hits[:min(len(hits), limit)])
}

// explain scores one person exactly, each stored part answering for one typed part, and gives the reasons.
func (ix *Index) explain(q Query, parts []expansion, slot int32, cardGain float64) (Hit, bool) {
	p := &ix.people[slot]
	h := Hit{Key: p.key}
	type pair struct {
		typed, name int
		how         Likeness
		gain        float64
	}
	var pairs []pair
	for t := range parts {
		for n, c := range p.names {
			for _, m := range parts[t].words {
				if m.word == c.word {
					pairs = append(pairs, pair{t, n, m.how, m.gain})
					break
				}
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.gain, a.gain) })
	var taken []pair
	for _, c := range pairs {
		if c.gain > 0 && !slices.ContainsFunc(taken, func(t pair) bool {
			return t.typed == c.typed || t.name == c.name || p.names[t.name].word == p.names[c.name].word
		}) {
			taken = append(taken, c)
			h.Score += c.gain
		}
	}
	slices.SortFunc(taken, func(a, b pair) int { return cmp.Compare(a.typed, b.typed) })
	first, second := -1, -1 // where the surnames were typed
	for _, c := range taken {
		name := p.names[c.name]
		h.Reasons = append(h.Reasons, Reason{Code: c.how.String(), Field: name.field, Text: ix.parts[name.word].text})
		switch name.field {
		case Surname1:
			first = c.typed
		case Surname2:
			if second < 0 {
				second = c.typed
			}
		}
	}
	if first >= 0 && second >= 0 && second < first {
		h.Reasons = append(h.Reasons, Reason{Code: "swapped"})
	}
	if q.Card != "" && strings.HasSuffix(p.card, q.Card) {
		h.Score += cardGain
		h.Reasons = append(h.Reasons, Reason{Code: "card_ends", Text: q.Card})
	}
	if len(h.Reasons) == 0 {
		return h, false
	}
	h.Score += context(q, p, &h.Reasons)
	h.Score -= surplus * max(0, float64(int(p.size)-len(q.Parts)))
	return h, true
}

// context weighs what was typed beside the name. Reasons are added when reasons is not nil.
func context(q Query, p *person, reasons *[]Reason) float64 {
	w := 0.0
	if q.Born != 0 && p.born != 0 {
		apart := math.Abs(q.Born - p.born)
		w += ageWeight(math.Floor(apart))
		if reasons != nil && apart <= 3.5 {
			code := "born_near"
			if q.ByAge {
				code = "age_near"
			}
			*reasons = append(*reasons, Reason{Code: code, Years: int(apart)})
		}
	}
	if q.Nationality != "" && len(p.nation) > 0 {
		switch {
		case slices.Contains(p.nation, q.Nationality):
			w += sameNationality
			if reasons != nil {
				*reasons = append(*reasons, Reason{Code: "same_nationality", Text: q.Nationality})
			}
		case q.Maybe == "" || len(q.Maybe) == 3: // a code was meant; a word may have been a name
			w += otherNationality
		}
	}
	return w
}

// withCard lists the people whose card ends with the digits.
func (ix *Index) withCard(digits string) []int32 {
	tail, ok := tailOf(digits)
	if !ok {
		return nil
	}
	var out []int32
	for _, slot := range ix.cards[tail] {
		if strings.HasSuffix(ix.people[slot].card, digits) {
			out = append(out, slot)
		}
	}
	return out
}

func (s *search) start(n int) {
	if len(s.score) < n {
		s.score, s.stamp, s.turn = make([]float32, n+n/8), make([]uint32, n+n/8), make([]uint32, n+n/8)
		s.epoch, s.round = 0, 0
	}
	s.epoch++
	if s.epoch == 0 || s.round > math.MaxUint32-64 { // once in four thousand million searches
		clear(s.stamp)
		clear(s.turn)
		s.epoch, s.round = 1, 0
	}
	s.open = s.open[:0]
}

// add opens a person, within the bound, and adds to the score.
func (s *search) add(slot int32, gain float64) {
	if s.stamp[slot] != s.epoch {
		if len(s.open) >= opened {
			return
		}
		s.stamp[slot], s.score[slot], s.turn[slot] = s.epoch, 0, 0
		s.open = append(s.open, slot)
	}
	s.score[slot] += float32(gain)
}

// credit adds the gain of one typed part once a person.
func (s *search) credit(slot int32, gain float64) {
	if s.stamp[slot] == s.epoch && s.turn[slot] == s.round {
		return
	}
	s.add(slot, gain)
	if s.stamp[slot] == s.epoch {
		s.turn[slot] = s.round
	}
}
