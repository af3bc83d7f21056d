package linkage

import (
	"math"
	"slices"
)

// slot is one thing that is weighed. A field is one slot or several: the order of the surnames is weighed apart from the surnames.
type slot uint8

const (
	givenOrder slot = iota
	given1
	given2
	surnameOrder
	surname1
	surname2
	birthSlot
	ageSlot
	sexSlot
	nationSlot
	moreSlot // and those after it: one for each field of More
)

// observed is what comparing found of one slot: a level, and how often a pair of strangers gives it (log2).
type observed struct {
	slot  slot
	level Level
	u     float64
}

// Model knows how often records of one person differ in which way, and how often names and values come.
//
// A model may be asked by several goroutines at once as long as nobody counts or learns.
type Model struct {
	Duplicates float64 // how many other records of the same person a record has, on average, before anything is compared
	Relatives  float64 // how many records of other members of their family a person has; they share surnames, nationality and home
	People     int     // how many records there are, when fewer were counted; 0: as many as were counted
	more       []moreField
	m          [][levels]float64 // log2 of how often two records of one person give the level, by slot
	t          *tally
	memo       memo // while learning
}

// moreField is a field of Record.More: what is compared beside who a person is.
type moreField struct {
	name string
	home bool // shared by a family
}

// usual are the weights before anything is learned, by slot and level: how often two records of one person, written down by two tired
// registrars, give the level. They lie between what Learn finds for re-registrations made by the generator of the benchmarks, which errs
// more than people do, and few errors.
var usual = map[slot]map[Level]float64{
	givenOrder:   {Same: 0.94, Swapped: 0.035, Joined: 0.015, Exchanged: 0.005, Elsewhere: 0.005},
	given1:       {Same: 0.68, Sounds: 0.12, Typo: 0.12, Nickname: 0.03, Initial: 0.01, Weak: 0.02, Different: 0.02},
	given2:       {None: 0.37, Missing: 0.23, Same: 0.35, Sounds: 0.01, Typo: 0.015, Nickname: 0.005, Initial: 0.005, Weak: 0.005, Different: 0.01},
	surnameOrder: {Same: 0.94, Swapped: 0.04, Joined: 0.01, Elsewhere: 0.01},
	surname1:     {Same: 0.68, Sounds: 0.13, Typo: 0.14, Initial: 0.005, Nickname: 0.005, Weak: 0.025, Different: 0.015},
	surname2:     {None: 0.21, Missing: 0.21, Same: 0.45, Sounds: 0.05, Typo: 0.05, Initial: 0.005, Nickname: 0.002, Weak: 0.013, Different: 0.01},
	birthSlot: {Same: 0.60, DaySwapped: 0.05, YearOnly: 0.12, NearYear: 0.14, OnePart: 0.02, Digit: 0.02, SameYear: 0.03, YearsNear: 0.01,
		Different: 0.01},
	ageSlot:    {AgeSame: 0.40, AgeNear: 0.28, AgeAbout: 0.26, AgeLoose: 0.03, Different: 0.03},
	sexSlot:    {Same: 0.988, Different: 0.012},
	nationSlot: {Same: 0.977, Different: 0.023},
}

// usualMore are the weights of a field of More before anything is learned.
var usualMore = map[Level]float64{Same: 0.75, Sounds: 0.01, Typo: 0.08, Initial: 0.02, Weak: 0.04, Different: 0.10}

// Default is a model with the usual weights, ready to count and compare without learning. more names the fields of Record.More
// that count; others are ignored.
func Default(more ...string) *Model {
	m := &Model{Duplicates: 0.1, Relatives: 0.5, t: newTally(len(more))}
	for _, name := range slices.Sorted(slices.Values(more)) {
		m.more = append(m.more, moreField{name: name})
	}
	m.m = make([][levels]float64, int(moreSlot)+len(more))
	for s := range m.m {
		of := usual[slot(s)]
		if slot(s) >= moreSlot {
			of = usualMore
		}
		m.set(slot(s), of)
	}
	return m
}

// set takes the weights of a slot; a level that is not named is rare.
func (m *Model) set(s slot, of map[Level]float64) {
	const rare = 0.002
	for l := range levels {
		m.m[s][l] = math.Log2(max(of[l], rare))
	}
}

// Count adds a record to the frequencies.
func (m *Model) Count(r *Record) { m.t.count(m.Ready(r), 1) }

// Uncount takes away a record that was counted, as it was then.
func (m *Model) Uncount(r *Record) { m.t.count(m.Ready(r), -1) }

// CountReady and UncountReady do the same with a record made ready.
func (m *Model) CountReady(s *Side) { m.t.count(s, 1) }

// UncountReady takes away what CountReady added.
func (m *Model) UncountReady(s *Side) { m.t.count(s, -1) }

// Counted is the number of records counted.
func (m *Model) Counted() int { return int(m.t.n) }

// Prior is the logarithm (bits) of the odds that a pair taken by chance among all is one person.
func (m *Model) Prior() float64 { return math.Log2(m.Duplicates / m.others()) }

// others is how many records a record may be compared with.
func (m *Model) others() float64 { return max(m.t.n-1, float64(m.People-1), 20) }

// Compare weighs two records.
func (m *Model) Compare(a, b *Record) Comparison { return m.CompareReady(m.Ready(a), m.Ready(b)) }

// CompareReady weighs two records made ready.
func (m *Model) CompareReady(a, b *Side) Comparison {
	var buf [24]observed
	seen := m.observe(a, b, buf[:0])
	c := Comparison{Fields: m.fields(a, b, seen)}
	for _, f := range c.Fields {
		c.Weight += f.Weight
	}
	c.Odds = c.Weight + m.Prior()
	c.Band = bandOf(c.Odds)
	return c
}

// Weigh is Comparison.Weight alone, for the many pairs that nobody reads.
func (m *Model) Weigh(a, b *Side) float64 {
	var buf [24]observed
	return m.weight(m.observe(a, b, buf[:0]))
}

func (m *Model) weight(seen []observed) float64 {
	var w float64
	for _, o := range seen {
		w += m.m[o.slot][o.level] - o.u
	}
	return w + m.relatives(seen)
}

// twins is how many of those of one family were born on one day.
const twins = 0.01

// relatives takes back what a family shares: two brothers have both surnames, the nationality and the home of one person, and twins the
// birthday. It is the third kind of pair beside one person and two strangers, and without it every brother would be shown as a
// duplicate.
func (m *Model) relatives(seen []observed) float64 {
	if m.Relatives <= 0 {
		return 0
	}
	var shared float64
	for _, o := range seen {
		switch s := o.slot; {
		case s >= surnameOrder && s <= surname2, s == nationSlot, s >= moreSlot && m.more[s-moreSlot].home:
			shared += m.m[s][o.level] - o.u
		case s == birthSlot && o.level == Same:
			shared += max(0, math.Log2(twins)-o.u)
		}
	}
	return -math.Log2(1 + m.Relatives/m.others()*math.Exp2(shared))
}

// bandOf gives the band of odds: likely from nine to one, possible from one to thirty.
func bandOf(odds float64) Band {
	switch {
	case odds >= 3.17:
		return Likely
	case odds >= -5:
		return Possible
	}
	return Unlikely
}

// fields words what was observed.
func (m *Model) fields(a, b *Side, seen []observed) []FieldComparison {
	var out []FieldComparison
	put := func(field string, level Level, weight float64) {
		out = append(out, FieldComparison{Field: field, Level: level.String(), Agrees: level.agrees(), Weight: weight})
	}
	var of [nationSlot + 1]observed
	var has [nationSlot + 1]bool
	for _, o := range seen {
		if o.slot < moreSlot {
			of[o.slot], has[o.slot] = o, true
		}
	}
	weight := func(s slot) float64 {
		if !has[s] {
			return 0
		}
		return m.m[s][of[s].level] - of[s].u
	}
	if has[given1] {
		put("given", worse(of[givenOrder].level, of[given1].level, of[given2].level), weight(givenOrder)+weight(given1)+weight(given2))
	}
	if has[surname1] {
		order := of[surnameOrder].level
		put("surname1", worse(order, of[surname1].level, None), weight(surnameOrder)+weight(surname1))
		if l := of[surname2].level; has[surname2] && l != None {
			put("surname2", worse(order, l, None), weight(surname2))
		}
	}
	for s, field := range [...]string{birthSlot: "birth", ageSlot: "age", sexSlot: "sex", nationSlot: "nationality"} {
		if field != "" && has[s] {
			put(field, of[s].level, weight(slot(s)))
		}
	}
	if w := m.relatives(seen); w < -0.5 {
		put("relatives", FamilyLike, w)
	}
	for _, o := range seen {
		if o.slot >= moreSlot {
			put(m.more[o.slot-moreSlot].name, o.level, m.m[o.slot][o.level]-o.u)
		}
	}
	return out
}

// worse words several slots as one level: what stands in another order says so, unless it is different anyway; else what agrees less.
func worse(order, first, second Level) Level {
	rank := []Level{Same, Sounds, Typo, Nickname, Initial, Weak, Different}
	l := first
	if slices.Index(rank, second) > slices.Index(rank, l) && second != Different {
		l = second
	}
	if order != Same && order != None && l != Different {
		return order
	}
	return l
}

// Fields lists the names of More that count.
func (m *Model) Fields() []string {
	out := make([]string, len(m.more))
	for i, f := range m.more {
		out[i] = f.name
	}
	return out
}

// Weights gives what the model believes of a field: how often records of one person give each level. For people to read.
func (m *Model) Weights() map[string]map[string]float64 {
	names := map[slot]string{givenOrder: "given order", given1: "given", given2: "second given", surnameOrder: "surname order", surname1: "surname1",
		surname2: "surname2", birthSlot: "birth", ageSlot: "age", sexSlot: "sex", nationSlot: "nationality"}
	out := map[string]map[string]float64{}
	for i := range m.m {
		name := names[slot(i)]
		if slot(i) >= moreSlot {
			name = m.more[i-int(moreSlot)].name
		}
		out[name] = map[string]float64{}
		for l, v := range m.m[i] {
			if p := math.Exp2(v); p > 0.0021 {
				out[name][Level(l).String()] = math.Round(p*1e4) / 1e4
			}
		}
	}
	return out
}
