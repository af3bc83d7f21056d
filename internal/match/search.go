package match

import (
	"bytes"
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
const compared = 384

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
		return cmp.Or(cmp.Compare(b.score, a.score), bytes.Compare(ix.keyAt(a.slot)[:], ix.keyAt(b.slot)[:]))
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
	last := len(q.Parts) - 1 // that is no word of a hint
	for k := len(q.Hints) - 1; k >= 0; k-- {
		if h := q.Hints[k]; h.N > 0 && h.First+h.N == last+1 {
			last = h.First - 1
		}
	}
	for i, text := range q.Parts {
		typed := newAsked(text, (q.Open || q.short) && i == last)
		if typed.open && q.short {
			typed.late = costFollowed
		}
		x := ix.expand(typed, s)
		x.first, x.last = i, i
		if len(x.runes) >= 2*leastHalf {
			x.half = ix.halves(x)
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

// leastHalf is the fewest letters of a part that was written with the next one.
const leastHalf = 3

// halves finds the two words of which a part is most likely made; nil when it is likelier one word.
func (ix *Index) halves(x expansion) *halves {
	var words [2][]int32
	best := 0
	for i := leastHalf; i <= len(x.runes)-leastHalf; i++ {
		a := ix.heardAs(string(x.runes[:i]))
		if len(a) == 0 {
			continue
		}
		right := string(x.runes[i:])
		b := ix.heardAs(right)
		for _, little := range []string{"delos", "dela", "del", "de", "da", "dos", "do"} { // montesdeoca
			if rest, cut := strings.CutPrefix(right, little); cut && len(b) == 0 && len(rest) >= leastHalf {
				b = ix.heardAs(rest)
			}
		}
		if n := min(ix.crowd(a), ix.crowd(b)); n > best {
			best, words = n, [2][]int32{a, b}
		}
	}
	if one := math.Exp(-x.mass)*float64(ix.slots.n+1) - unheard; best == 0 || float64(best) < one { // far more people are called so
		return nil
	}
	return &halves{ix.whole(words[0]), ix.whole(words[1])}
}

func (ix *Index) heardAs(text string) []int32 {
	return ix.sounds[Sound(text)]
}

func (ix *Index) crowd(words []int32) (n int) {
	for _, w := range words {
		n += len(ix.parts[w].people)
	}
	return n
}

// whole are words of which each is one half of what was typed.
func (ix *Index) whole(words []int32) (x expansion) {
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

// stretch is a run of slots of which the highest score is known; of so many stretches one is looked at to guess which scores are high.
const (
	stretch = 16
	sampled = 16
)

// foremost keeps the n slots with the highest bounds.
func (ix *Index) foremost(l *line, s *search, n int, named bool) {
	s.front = s.front[:0]
	most := l.hints.most() + l.q.mostAge()
	// About as many stretches hold a score of at least this: who has less is looked at afterwards, and only when what is known
	// beside the name may lift them above the foremost, which are then known.
	high := float32(0)
	if named && len(s.peak) > 2*n {
		s.sorted = s.sorted[:0]
		for i := 0; i < len(s.peak); i += sampled {
			s.sorted = append(s.sorted, s.peak[i])
		}
		high = nth(s.sorted, n/sampled)
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
							ix.down(s.front, k)
						}
						low = s.front[0].score
					}
				case score >= low && ix.worse(s.front[0], ranked{slot, score}):
					s.front[0] = ranked{slot, score}
					ix.down(s.front, 0)
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

// worse says whether a stands behind b: less likely or, as likely, of a higher key.
func (ix *Index) worse(a, b ranked) bool {
	return a.score < b.score || a.score == b.score && bytes.Compare(ix.keyAt(a.slot)[:], ix.keyAt(b.slot)[:]) > 0
}

// down restores the heap below a place: the worst stands first.
func (ix *Index) down(h []ranked, i int) {
	for {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && ix.worse(h[c+1], h[c]) {
			c++
		}
		if !ix.worse(h[c], h[i]) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}
