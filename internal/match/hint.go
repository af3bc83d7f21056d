package match

import (
	"math"
	"slices"
)

// About says what a hint is about.
type About uint8

// What may be known beside the name.
const (
	Nation   About = iota + 1
	Language       // spoken
	Place          // where the person was met
	Month          // when
)

// Hint is something typed beside the name. It moves people up or down and never out: ages are told from memory, nationalities
// are mistaken, and who met somebody where is not always written down.
type Hint struct {
	About About
	Code  string   // alpha-3; BCP 47; the place as typed; "03" or "2026-03"
	Among []string // the places meant, as in Sighting.Place
	// Words are where in the query's parts the words of the hint stand, which may be a name instead (Israel, Abril, Santiago):
	// from First, N of them. N 0: certainly a hint.
	First, N int
	Unsure   bool // the words may be about something else: who does not fit is not meant less
}

// hints are a query's hints as an index weighs them.
type hints struct {
	nation, tongue []float32 // by place in the list of sets
	place          []weighed
	month          []weighed
	doubtful       []doubt
}

// doubt is a hint whose words may be a name. Who neither has the name nor fits the hint is meant less.
type doubt struct {
	first, n int
	other    float32
	fits     func(b *block, i uint32, seen []uint32) (known, fits bool)
}

type weighed struct {
	hint        Hint
	is          func(word uint32) bool
	same, other float32
}

const (
	otherNationality = -4.0
	otherLanguage    = -1.5
	elsewhere        = -1.2 // another place or month than the ones known: most meetings are not written down
	bothAtOnce       = 1.0  // the place in that month
)

// likelier is the weight of something that holds of most who are meant and of so many of all.
func likelier(of float64, some, known int) float32 {
	return float32(math.Log(of) - math.Log((float64(some)+0.5)/(float64(known)+1)))
}

// weigh prepares the hints. One whose words are somebody's name counts for nothing against anybody.
func (ix *Index) weigh(q Query) hints {
	var h hints
	for _, hint := range q.hints() {
		var fits func(*block, uint32, []uint32) (bool, bool)
		other := func(w float32) float32 {
			if hint.Unsure {
				return 0
			}
			if hint.N > 0 {
				h.doubtful = append(h.doubtful, doubt{hint.First, hint.N, w, fits})
				return 0
			}
			return w
		}
		inSet := func(s *sets, shift int) {
			fits = func(b *block, i uint32, _ []uint32) (bool, bool) {
				set := s.list[uint16(b.trait[i]>>shift)]
				return len(set) > 0, slices.Contains(set, hint.Code)
			}
		}
		met := func(is func(uint32) bool) {
			fits = func(_ *block, _ uint32, seen []uint32) (bool, bool) {
				return len(seen) > 0, slices.ContainsFunc(seen, is)
			}
		}
		switch hint.About {
		case Nation:
			inSet(&ix.nation, 16)
			h.nation = bySet(&ix.nation, h.nation, hint.Code, 0.95, other(otherNationality))
		case Language:
			inSet(&ix.tongue, 0)
			h.tongue = bySet(&ix.tongue, h.tongue, hint.Code, 0.9, other(otherLanguage))
		case Place:
			ids, some := map[uint16]bool{}, 0
			for _, name := range hint.Among {
				if id, ok := ix.place.at[name]; ok && id != 0 && !ids[id] {
					ids[id] = true
					some += ix.place.count[id]
				}
			}
			there := func(w uint32) bool { return ids[uint16(w>>16)] }
			met(there)
			h.place = append(h.place, weighed{hint, there, max(0.5, likelier(0.7, some, ix.place.known)), other(elsewhere)})
		case Month:
			is := monthOf(hint.Code)
			some := 0
			for month, n := range ix.place.month {
				if is(month) {
					some += n
				}
			}
			then := func(w uint32) bool { return w&0xffff != 0 && is(int(w&0xffff)) }
			met(then)
			h.month = append(h.month, weighed{hint, then, max(0.3, likelier(0.6, some, ix.place.known)), other(elsewhere)})
		}
	}
	return h
}

// most is the most that hints may add.
func (h *hints) most() float32 {
	w := float32(0)
	if len(h.place) > 0 && len(h.month) > 0 {
		w = bothAtOnce
	}
	for _, list := range [][]float32{h.nation, h.tongue} {
		if len(list) > 0 {
			w += max(0, slices.Max(list))
		}
	}
	for _, list := range [][]weighed{h.place, h.month} {
		for i := range list {
			w += max(0, list[i].same)
		}
	}
	return w
}

// monthOf gives which months a code means: one month of any year, or of one.
func monthOf(code string) func(int) bool {
	number := func(s string) int {
		n := 0
		for _, c := range s {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	switch len(code) {
	case 2:
		n := number(code) - 1
		return func(m int) bool { return m%12 == n }
	case 7:
		n := number(code[:4])*12 + number(code[5:]) - 1
		return func(m int) bool { return m == n }
	}
	return func(int) bool { return false }
}

// bySet weighs a code for every combination of codes that people have. Of several hints one may hold.
func bySet(s *sets, before []float32, code string, of float64, other float32) []float32 {
	same := max(0.5, likelier(of, s.count[code], s.known))
	out := make([]float32, len(s.list))
	for i, codes := range s.list {
		switch {
		case i == 0:
		case slices.Contains(codes, code):
			out[i] = same
		default:
			out[i] = other
		}
		if i < len(before) {
			out[i] = max(out[i], before[i])
		}
	}
	return out
}

// context weighs what was typed beside the name.
func (ix *Index) context(q *Query, h *hints, b *block, i uint32) float32 {
	w := float32(0)
	if q.Born != 0 {
		w += q.age(b.born[i])
	}
	if h.nation != nil {
		w += h.nation[b.trait[i]>>16]
	}
	if h.tongue != nil {
		w += h.tongue[b.trait[i]&0xffff]
	}
	if len(h.place) > 0 || len(h.month) > 0 {
		w += ix.sighted(h, b.head[i])
	}
	return w
}

func (ix *Index) sighted(h *hints, p head) float32 {
	if p.seen == 0 {
		return 0
	}
	seen := ix.heap.words(p.at, int(p.names)+int(p.seen))[p.names:]
	w := float32(0)
	for _, list := range [][]weighed{h.place, h.month} {
		for k := range list {
			if slices.ContainsFunc(seen, list[k].is) {
				w += list[k].same
			} else {
				w += list[k].other
			}
		}
	}
	if len(h.place) > 0 && len(h.month) > 0 && slices.ContainsFunc(seen, func(s uint32) bool { return h.place[0].is(s) && h.month[0].is(s) }) {
		w += bothAtOnce
	}
	return w
}

// How sharply a birth was told.
const (
	bornByAge = iota // from an age
	bornYear
	bornMonth
	bornDay
)

const (
	bornDays  = 365.25
	bornFirst = 1880
)

// packBorn is a moment as a number of days; 0 when it is unknown or beyond what people live.
func packBorn(years float64) uint16 {
	if days := math.Round((years-bornFirst)*bornDays) + 1; years != 0 && days >= 1 && days <= math.MaxUint16 {
		return uint16(days)
	}
	return 0
}

// apart is the difference of years between a birth that was typed and a stored one.
func (q *Query) apart(born uint16) float64 {
	return math.Abs(q.Born - bornFirst - float64(born-1)/bornDays)
}

// mostAge is the most that age may weigh.
func (q *Query) mostAge() float32 {
	switch {
	case q.Born == 0:
		return 0
	case q.sharp == bornDay:
		return 7
	case q.sharp == bornMonth:
		return 4.5
	}
	return 2.6
}

// age is the weight of what was typed of age or birth. Ages are told in whole years and move by some; a date is right or mistaken.
func (q *Query) age(born uint16) float32 {
	if born == 0 {
		return 0
	}
	years := q.apart(born)
	switch {
	case q.sharp == bornDay && years < 1.5/bornDays:
		return 7
	case q.sharp == bornMonth && years < 0.6/12:
		return 4.5
	case q.sharp == bornYear && years <= 0.51:
		return 2.6
	case years <= 0.6:
		return 2
	case years <= 1.6:
		return 1.7
	case years <= 3.6:
		return 1.3
	case years <= 6.6:
		return -1.5
	}
	return -4
}
