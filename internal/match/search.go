package match

import (
	"cmp"
	"math"
	"slices"
)

// Hit is one entry that may be meant.
type Hit struct {
	Key     Key
	Score   float64 // natural logarithm of how much likelier the typed text is if this is the one
	Reasons []Reason
}

// Reason says why an entry is a hit. Codes: exact, sounds_alike, typo, nickname, prefix, joined (with Field and Text, the stored
// part as compared), swapped, initial (Text), card_ends and card_lost (Text: the digits), born_near and age_near (Years),
// same_nationality (Text: alpha-3), same_language (Text: BCP 47), seen_place (Text: as in Sighting), seen_month (Text: 2026-03).
type Reason struct {
	Code  string
	Field Field
	Text  string
	Years int
}

// search is the working memory of one search, kept between searches.
type search struct {
	scratch
	score  []float32
	peak   []float32 // the highest score of each stretch of slots
	words  []int32
	turn   []uint8 // the last typed part that was credited to the person
	front  []ranked
	sorted []float32
	meant  map[int32]int // word -> row of gains
	gains  []float32     // a row for each word, a column for each part
	how    []Likeness
	// Of the arrangement.
	options     [][]option
	bounds      []float32 // the most that the typed parts from here on may gain
	best, trial arrangement
	steps       int
}

type ranked struct {
	slot  uint32
	score float32
}

// compared is how many people are compared exactly: crediting parts one by one bounds their scores from above, and among the
// foremost by that bound stand the truly best.
const compared = 768

// Search gives the entries that may be meant, best first, at most limit. Equal scores stand in the order of their keys.
func (ix *Index) Search(q Query, limit int) []Hit { return ix.search(q, limit, true) }

// Candidates is Search without the reasons: for a program that compares more exactly what it finds.
func (ix *Index) Candidates(q Query, limit int) []Hit { return ix.search(q, limit, false) }

func (ix *Index) search(q Query, limit int, why bool) []Hit {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if limit <= 0 || ix.slots.n == 0 {
		return nil
	}
	q = ix.decide(q)
	if q.Empty() {
		return nil
	}
	s := ix.pool.Get().(*search)
	defer ix.pool.Put(s)
	s.start(int(ix.top))
	l := &line{q: q, hints: ix.weigh(q), parts: ix.meant(q, s), card: packCard(Card{Digits: q.Card})}
	if l.card != 0 {
		owners := ix.withCard(l.card)
		l.cardGain = float32(-math.Log(ix.share(float64(len(owners)))) + noise)
		for _, slot := range owners {
			s.score[slot] += l.cardGain
			s.peak[slot/stretch] = max(s.peak[slot/stretch], s.score[slot])
		}
	}
	s.credit(ix, l)
	named := len(l.parts) > 0 || l.card != 0
	ix.foremost(l, s, max(compared, 2*limit), named)
	ix.table(l, s)
	hits := make([]Hit, 0, len(s.front))
	front := s.front[:0]
	for _, r := range s.front {
		if score, ok := ix.exact(l, s, r.slot, nil); ok || !named {
			front = append(front, ranked{r.slot, score})
		}
	}
	slices.SortFunc(front, func(a, b ranked) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		return slices.Compare(ix.keyAt(a.slot)[:], ix.keyAt(b.slot)[:])
	})
	for _, r := range front[:min(len(front), limit)] {
		h := Hit{Key: *ix.keyAt(r.slot), Score: float64(r.score)}
		if why {
			ix.exact(l, s, r.slot, &h.Reasons)
		}
		hits = append(hits, h)
	}
	return hits
}

// line is a query as an index understands it.
type line struct {
	q        Query
	hints    hints
	parts    []expansion
	card     uint64
	cardGain float32
	columns  int // of the table of gains
}

// decide settles which hints are certain: a word that is nobody's name here is no name.
func (ix *Index) decide(q Query) Query {
	drop := map[int]bool{}
	q.Hints = slices.Clone(q.Hints)
	for i := range q.Hints {
		h := &q.Hints[i]
		if h.N == 0 {
			continue
		}
		name := true
		for _, part := range q.Parts[h.First : h.First+h.N] {
			w, ok := ix.words[part]
			name = name && ok && len(ix.parts[w].people) > 0
		}
		if !name {
			for k := range h.N {
				drop[h.First+k] = true
			}
			h.N = 0
		}
	}
	if len(drop) == 0 {
		return q
	}
	var kept []string
	moved := make([]int, len(q.Parts))
	for i, part := range q.Parts {
		moved[i] = len(kept)
		if !drop[i] {
			kept = append(kept, part)
		}
	}
	if drop[len(q.Parts)-1] {
		q.Open = false
	}
	for i := range q.Hints {
		if q.Hints[i].N > 0 {
			q.Hints[i].First = moved[q.Hints[i].First]
		}
	}
	q.Parts = kept
	return q
}

// meant expands every typed part, and the neighbours that may be one part, and the one that may be two.
func (ix *Index) meant(q Query, s *search) []expansion {
	out := make([]expansion, 0, 2*len(q.Parts))
	for i, text := range q.Parts {
		x := ix.expand(newAsked(text, q.Open && i == len(q.Parts)-1), s)
		x.first, x.last = i, i
		if x.mass > 9 && len(x.runes) >= 6 {
			x.half = ix.halves(x.text)
		}
		out = append(out, x)
	}
	for i := range len(q.Parts) - 1 {
		x := expansion{asked: newAsked(q.Parts[i]+q.Parts[i+1], false), first: i, last: i + 1}
		if len(x.runes) > maxPart {
			continue
		}
		for _, w := range ix.sounds[string(x.sound)] {
			x.words = append(x.words, meant{w, Joined, costJoined + costExact})
		}
		for _, nick := range x.nick {
			for _, w := range ix.sounds[nick] {
				x.words = append(x.words, meant{w, Nicknamed, costNickname + costExact})
			}
		}
		if x.settle(ix); len(x.words) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// halves finds the two words of which a part is most likely made.
func (ix *Index) halves(text string) *halves {
	best := 0
	var out *halves
	r := []rune(text)
	for i := 2; i <= len(r)-2; i++ {
		a, b := ix.heardAs(string(r[:i])), ix.heardAs(string(r[i:]))
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		if n := min(ix.crowd(a), ix.crowd(b)); n > best {
			best = n
			out = &halves{ix.whole(string(r[:i]), a), ix.whole(string(r[i:]), b)}
		}
	}
	return out
}

func (ix *Index) heardAs(text string) []int32 {
	if len(text) < 2 {
		return nil
	}
	return ix.sounds[Sound(text)]
}

func (ix *Index) crowd(words []int32) (n int) {
	for _, w := range words {
		n += len(ix.parts[w].people)
	}
	return n
}

func (ix *Index) whole(text string, words []int32) expansion {
	x := expansion{asked: newAsked(text, false)}
	for _, w := range words {
		x.words = append(x.words, meant{w, Joined, costJoined/2 + costExact})
	}
	x.settle(ix)
	return x
}

func (s *search) start(n int) {
	if cap(s.score) < n {
		s.score, s.turn = make([]float32, n+n/16), make([]uint8, n+n/16)
	}
	stretches := (n + stretch - 1) / stretch
	if cap(s.peak) < stretches {
		s.peak = make([]float32, stretches+stretches/16)
	}
	s.score, s.turn, s.peak = s.score[:n], s.turn[:n], s.peak[:stretches]
	clear(s.score)
	clear(s.peak)
	clear(s.turn)
	s.front = s.front[:0]
}

// credit adds to everybody's score what each typed part gains by the best of their words. A round is a part; a part may be read
// in several ways, and counts in the first that comes.
func (s *search) credit(ix *Index, l *line) {
	for i := range l.parts {
		x := &l.parts[i]
		round := uint8(i + 1)
		add := func(words []meant) {
			for _, m := range words {
				gain := m.gain
				for _, slot := range ix.parts[m.word].people {
					if s.turn[slot] != round {
						s.turn[slot] = round
						sum := s.score[slot] + gain
						s.score[slot] = sum
						if at := slot / stretch; sum > s.peak[at] {
							s.peak[at] = sum
						}
					}
				}
			}
		}
		add(x.words)
		if x.half != nil {
			add(x.half.left.words)
			round += 128 // the other half counts beside the first
			add(x.half.right.words)
		}
	}
}

// stretch is a run of slots of which the highest score is known.
const stretch = 64

// foremost keeps the n slots with the highest bounds.
func (ix *Index) foremost(l *line, s *search, n int, named bool) {
	s.front = s.front[:0]
	most := l.hints.most() + l.q.mostAge()
	// So many stretches hold a score of at least this: who has less is looked at only when what is known beside the name lifts
	// them, and the foremost are then known.
	high := float32(0)
	if named && len(s.peak) > n {
		s.sorted = append(s.sorted[:0], s.peak...)
		high = nth(s.sorted, n)
	}
	low := float32(0) // of the heap, once it is full
	full := false
	pass := func(from, below float32) {
		for at, peak := range s.peak {
			if named && (peak <= 0 || peak < from || full && peak+most < low) {
				continue
			}
			first := uint32(at * stretch)
			for k, score := range s.score[first:min(first+stretch, ix.top)] {
				if named && (score <= 0 || score < from || score >= below || full && score+most < low) {
					continue
				}
				slot := first + uint32(k)
				b, i := ix.at(slot)
				if !named && b.head[i].class == 0 { // who is named by something is there
					continue
				}
				score += ix.context(&l.q, &l.hints, b, i)
				if extra := int(b.surplus[i]) - len(l.q.Parts); extra > 0 {
					score -= missingLeast * float32(extra)
				}
				switch {
				case !full:
					if s.front = append(s.front, ranked{slot, score}); len(s.front) == n {
						full = true
						for k := n/2 - 1; k >= 0; k-- {
							down(s.front, k)
						}
						low = s.front[0].score
					}
				case score > low || score == low && slices.Compare(b.key[i][:], ix.keyAt(s.front[0].slot)[:]) < 0:
					s.front[0] = ranked{slot, score}
					down(s.front, 0)
					low = s.front[0].score
				}
			}
		}
	}
	pass(high, never)
	if high > 0 {
		pass(0, high)
	}
}

// nth gives the n-th greatest of some numbers, which it moves about.
func nth(v []float32, n int) float32 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		pivot := v[(lo+hi)/2]
		i, j := lo, hi
		for i <= j {
			for v[i] > pivot {
				i++
			}
			for v[j] < pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			hi = j
		case n >= i:
			lo = i
		default:
			return v[n]
		}
	}
	return v[n]
}

// down restores the heap below a place: the lowest stands first.
func down(h []ranked, i int) {
	for {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h[c+1].score < h[c].score {
			c++
		}
		if h[i].score <= h[c].score {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}
