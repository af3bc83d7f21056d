package linkage

import "math"

// tally counts how often names and values come, so that agreeing on a rare one weighs more. It is kept one record at a time.
type tally struct {
	n       float64 // records
	words   map[string]int32
	texts   []string // by word
	given   counter  // by nationality and sex
	surname counter  // by nationality
	second  pair     // records with a second given name
	mother  pair     // records with a second surname
	nation  counter
	years   map[int]float64
	dates   map[date]float64
	dated   float64 // records with a year of birth
	vague   float64 // of these, with no more than the year
	sexes   [2]float64
	more    []counter
	groups  map[group]int32
	typos   *typos
}

// pair counts records that have something among those that could.
type pair struct{ with, of float64 }

// part is the smoothed share; guess counts as ten records.
func (p pair) part(guess float64) float64 { return (p.with + 10*guess) / (p.of + 10) }

// counter counts words, in all and within groups.
type counter struct {
	all   map[int32]float64
	in    map[[2]int32]float64 // group, word
	sums  map[int32]float64    // by group
	sum   float64
	sound map[string]float64 // by sound, in all
}

func newCounter() counter {
	return counter{all: map[int32]float64{}, in: map[[2]int32]float64{}, sums: map[int32]float64{}, sound: map[string]float64{}}
}

func newTally(more int) *tally {
	t := &tally{words: map[string]int32{}, given: newCounter(), surname: newCounter(), nation: newCounter(), years: map[int]float64{},
		dates: map[date]float64{}, groups: map[group]int32{}, typos: &typos{}}
	for range more {
		t.more = append(t.more, newCounter())
	}
	return t
}

// bump adds by to a count and forgets it when nothing is left, so that a registry that changes does not grow for ever.
func bump[K comparable](m map[K]float64, k K, by float64) {
	if v := m[k] + by; v > 1e-9 {
		m[k] = v
	} else {
		delete(m, k)
	}
}

func (c *counter) add(word, group int32, sound string, by float64) {
	bump(c.all, word, by)
	c.sum += by
	if sound != "" {
		bump(c.sound, sound, by)
	}
	if group >= 0 {
		bump(c.in, [2]int32{group, word}, by)
		bump(c.sums, group, by)
	}
}

// The weights of what is believed before anything is counted, in records.
const (
	priorGroup  = 200.0    // a group's frequencies lean on those of all
	priorAll    = 200.0    // those of all lean on
	priorCommon = 1 / 500. // a name of middling frequency
)

// own is what one of the two records that are compared adds to the count of what they share: frequencies are those among the others.
const own = 1.0

// part is how often a word comes among those of a group; group -1: among all.
func (c *counter) part(word, group int32) float64 {
	f := (max(c.all[word]-own, 0) + priorAll*priorCommon) / (c.sum + priorAll)
	if group < 0 {
		return f
	}
	return (max(c.in[[2]int32{group, word}]-own, 0) + priorGroup*f) / (c.sums[group] + priorGroup)
}

// count is how often a word comes among those of a group as counted, without belief; of the word itself that is compared one is its own.
func (c *counter) count(word, group, compared int32) float64 {
	n, sum := c.all[word], c.sum
	if word == compared {
		n = max(n-own, 0)
	}
	f := n / (sum + priorAll)
	if group < 0 {
		return f
	}
	in := c.in[[2]int32{group, word}]
	if word == compared {
		in = max(in-own, 0)
	}
	return (in + priorGroup*f) / (c.sums[group] + priorGroup)
}

// soundPart is how often the same sound comes in another spelling, as a multiple of how often the word itself comes.
func (c *counter) soundPart(word int32, sound string) float64 {
	return max(0, c.sound[sound]-c.all[word]-own) / (c.all[word] + priorAll*priorCommon)
}

func (t *tally) word(text string) int32 {
	if w, ok := t.words[text]; ok {
		return w
	}
	w := int32(len(t.texts))
	t.words[text] = w
	t.texts = append(t.texts, text)
	return w
}

func (t *tally) find(text string) int32 {
	if w, ok := t.words[text]; ok {
		return w
	}
	return -1
}

// wordOf is the place of a part, -1 when nobody counted has it.
func (t *tally) wordOf(w *token) int32 {
	if w.id > 0 {
		return w.id - 1
	}
	return t.find(w.text)
}

// wordAt is wordOf a value.
func (t *tally) wordAt(v value) int32 {
	if v.id > 0 {
		return v.id - 1
	}
	return t.find(v.text)
}

func (t *tally) groupOf(g group, make bool) int32 {
	if g == (group{}) {
		return -1
	}
	if i, ok := t.groups[g]; ok {
		return i
	}
	if !make {
		return -1
	}
	i := int32(len(t.groups))
	t.groups[g] = i
	return i
}

// count adds a record (by 1) or takes it away (by -1).
func (t *tally) count(s *Side, by float64) {
	t.n += by
	g := s.group()
	full, nation := int32(-1), t.groupOf(group{nation: g.nation}, true)
	if g.sex != 0 {
		full = t.groupOf(g, true)
	}
	for i := range s.given {
		w := &s.given[i]
		w.id = t.word(w.text) + 1
		t.given.add(w.id-1, full, w.sound, by)
	}
	if len(s.given) > 0 {
		t.second.of += by
		if len(s.given) > 1 {
			t.second.with += by
		}
	}
	for i := range s.surname {
		w := &s.surname[i]
		w.id = t.word(w.text) + 1
		t.surname.add(w.id-1, nation, w.sound, by)
	}
	if len(s.surname) > 0 {
		t.mother.of += by
		if len(s.surname) > 1 {
			t.mother.with += by
		}
	}
	for _, code := range s.nation {
		t.nation.add(t.word(code), -1, "", by)
	}
	switch s.sex {
	case 'f':
		t.sexes[0] += by
	case 'm':
		t.sexes[1] += by
	}
	if s.born != 0 {
		t.dated += by
		bump(t.years, int(math.Floor(s.born)), by)
		if s.birth.year != 0 {
			bump(t.dates, s.birth, by)
			if s.birth.vague() {
				t.vague += by
			}
		}
	}
	for i := range s.more {
		if v := &s.more[i]; v.text != "" {
			v.id = t.word(v.text) + 1
			t.more[i].add(v.id-1, -1, "", by)
		}
	}
}

// year is how often somebody was born in a year. Before many are counted it leans on a population of people on the move.
func (t *tally) year(y int) float64 {
	return (t.years[y] + 20*0.025) / (t.dated + 20)
}

// yearsWithin is how often somebody was born at most n years from a year.
func (t *tally) yearsWithin(y, n int) float64 {
	var f float64
	for i := y - n; i <= y+n; i++ {
		f += t.year(i)
	}
	return min(f, 1)
}

// day is how often somebody was born on a date.
func (t *tally) day(d date) float64 {
	return (t.dates[d] + 200*t.year(d.year)/365) / (t.dated + 200)
}
