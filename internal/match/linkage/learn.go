package linkage

import (
	"math"
	"slices"
)

// Options of learning and linking. The zero value is usual.
type Options struct {
	Each   int // candidates a record proposes; 0: 15
	Rounds int // of expectation and maximisation; 0: 60
	// Once says of two lists in which of them nobody stands twice: a record of the other has at most one counterpart there.
	Once [2]bool
}

func (o Options) each() int {
	if o.Each > 0 {
		return o.Each
	}
	return 15
}

func (o Options) rounds() int {
	if o.Rounds > 0 {
		return o.Rounds
	}
	return 60
}

// Scored is a candidate pair with the logarithm (bits) of the odds that it is one person.
type Scored struct {
	Pair
	Odds float64
}

// Linked is what Link found.
type Linked struct {
	Model *Model
	Sides [2][]*Side // the records made ready; the second is empty when a list was compared with itself
	Pairs []Scored   // every candidate pair, in the order of Candidates
	Once  [2]bool    // as in Options
}

// Link learns weights from two lists (or, when b is nil, one that is compared with itself) and weighs every candidate pair. Nothing is
// labelled: what distinguishes pairs of one person from pairs of strangers is that their fields agree together.
func Link(a, b []Record, o Options) Linked {
	if b == nil {
		o.Once = [2]bool{}
	}
	l := learner{o: o, model: Default(fieldsOf(a, b)...)}
	l.ready(a, b)
	l.model.guessHome()
	l.model.Relatives = 0 // who is a relative is not learned
	l.pairs = Candidates(l.a, l.b, o.each())
	for pass := range passes { // the way names are aligned depends on the weights: once more with those learned
		l.observe()
		l.run()
		l.recount()
		if many := l.model.Duplicates; pass == 0 && b == nil && many > 1 && o.Each == 0 {
			// Who stands in the list often needs more candidates than fit.
			l.pairs, l.seen, l.u = Candidates(l.a, nil, min(o.each()+int(10*many), mostEach)), nil, nil
		}
	}
	l.observe()
	odds := l.odds()
	out := Linked{Model: l.model, Sides: [2][]*Side{l.a, l.b}, Pairs: make([]Scored, len(l.pairs)), Once: o.Once}
	for i, p := range l.pairs {
		out.Pairs[i] = Scored{p, odds[i]}
	}
	return out
}

// Learn is Link for who wants the weights only.
func Learn(a, b []Record, o Options) *Model { return Link(a, b, o).Model }

// Linked gives the pairs that are one person at odds above a bound: of lists in which everybody stands once, the best together; of one list,
// who stands together in a group.
func (l *Linked) Linked(above float64) []Pair {
	if len(l.Sides[1]) == 0 {
		return Within(l.Clusters())
	}
	var out []Pair
	best := [2]map[int32]float64{{}, {}}
	kept := l.Pairs
	if l.Once[0] && l.Once[1] {
		kept = Assign(l.Pairs, above)
	}
	for _, p := range kept {
		for side, at := range [2]int32{p.A, p.B} {
			if odds, ok := best[side][at]; !ok || p.Odds > odds {
				best[side][at] = p.Odds
			}
		}
	}
	for _, p := range kept {
		// Whoever stands once in the one list is the counterpart of nobody worse than the best of a record of the other.
		if p.Odds > above && (!l.Once[0] || p.Odds == best[1][p.B]) && (!l.Once[1] || p.Odds == best[0][p.A]) {
			out = append(out, p.Pair)
		}
	}
	return out
}

// OnceEach reports whether everybody seems to stand in a list once, judged by linking it with itself (Options.Once).
func OnceEach(list []Record) bool {
	l := Link(list, nil, Options{Each: 6})
	found := 0.0
	for _, p := range l.Pairs {
		found += 1 / (1 + math.Exp2(-p.Odds))
	}
	return found < 0.02*float64(len(list))
}

// fieldsOf lists the names of More that the records use.
func fieldsOf(lists ...[]Record) []string {
	seen := map[string]bool{}
	for _, list := range lists {
		for i := range list {
			for name, v := range list[i].More {
				if v != "" {
					seen[name] = true
				}
			}
		}
	}
	out := make([]string, 0, len(seen))
	for name := range seen {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// learner finds the weights of a model by expectation and maximisation (Dempster, Laird and Rubin 1977) with u fixed, because the frequencies
// of values are known from the lists themselves.
type learner struct {
	o     Options
	model *Model
	a, b  []*Side
	pairs []Pair
	seen  []byte    // levels by pair and slot; unseen where nothing was compared
	u     []float64 // log2 of how often strangers give what a pair shows
}

const unseen = 0xff

func (l *learner) ready(a, b []Record) {
	l.a = make([]*Side, len(a))
	for i := range a {
		l.a[i] = l.model.Ready(&a[i])
		l.model.CountReady(l.a[i])
	}
	if b == nil {
		return
	}
	l.b = make([]*Side, len(b))
	for i := range b {
		l.b[i] = l.model.Ready(&b[i])
		l.model.CountReady(l.b[i])
	}
}

// observe compares every pair.
func (l *learner) observe() {
	n := len(l.model.m)
	if l.seen == nil {
		l.seen, l.u = make([]byte, n*len(l.pairs)), make([]float64, len(l.pairs))
	}
	for i := range l.seen {
		l.seen[i] = unseen
	}
	other := l.b
	if other == nil {
		other = l.a
	}
	type tool struct {
		Model
		buf []observed
	}
	together(len(l.pairs), func() *tool {
		t := &tool{Model: *l.model}
		t.memo = newMemo()
		return t
	}, func(t *tool, from, to int) {
		for i := from; i < to; i++ {
			p := l.pairs[i]
			t.buf = t.observe(l.a[p.A], other[p.B], t.buf[:0])
			l.u[i] = 0
			for _, o := range t.buf {
				l.seen[i*n+int(o.slot)] = byte(o.level)
				l.u[i] += o.u
			}
		}
	})
}

// mostEach bounds how many candidates a record proposes, however often people seem to stand in a list.
const mostEach = 60

// passes is how often frequencies and weights are found anew from each other.
const passes = 3

// recount counts frequencies again, of people and not of records: who stands in a list ten times has a name once.
func (l *learner) recount() {
	odds := l.odds()
	same := [2][]float64{make([]float64, len(l.a)), make([]float64, len(l.b))}
	for i, p := range l.pairs {
		q := 1 / (1 + math.Exp2(-odds[i]))
		same[0][p.A] += q
		if l.b != nil {
			same[1][p.B] += q
		} else {
			same[0][p.B] += q
		}
	}
	words, texts, near, n := l.model.t.words, l.model.t.texts, l.model.t.typos, l.model.t.n
	l.model.t = newTally(len(l.model.more))
	l.model.t.words, l.model.t.texts, l.model.t.typos = words, texts, near
	for x, list := range [2][]*Side{l.a, l.b} {
		for i, s := range list {
			l.model.t.count(s, 1/(1+same[x][i]))
		}
	}
	l.model.t.n = n
}

// possible is how many pairs there are in all.
func (l *learner) possible() float64 {
	if l.b != nil {
		return float64(len(l.a)) * float64(len(l.b))
	}
	return float64(len(l.a)) * float64(len(l.a)-1) / 2
}

// bits is the weight of a pair: log2 of m over u.
func (l *learner) bits(i int) float64 {
	w := -l.u[i]
	n := len(l.model.m)
	for s, level := range l.seen[i*n : (i+1)*n] {
		if level != unseen {
			w += l.model.m[s][level]
		}
	}
	return w
}

// odds gives the logarithm of the odds of every pair under the present weights.
func (l *learner) odds() []float64 {
	out := make([]float64, len(l.pairs))
	prior := l.prior()
	for i := range l.pairs {
		out[i] = l.bits(i) + prior
	}
	if l.o.Once != [2]bool{} {
		l.among(out)
	}
	return out
}

// prior is the logarithm of the odds that any pair is one person.
func (l *learner) prior() float64 {
	if l.b != nil { // Duplicates is the share of the shorter list that is in the other
		p := min(l.model.Duplicates, 0.9999) * float64(min(len(l.a), len(l.b))) / l.possible()
		return math.Log2(p / (1 - p))
	}
	p := l.model.Duplicates * float64(len(l.a)) / 2 / l.possible()
	return math.Log2(p / (1 - p))
}

// among weighs pairs against the others of the same record, of whom one at most is true (Sadinle, Bayesian estimation of bipartite
// matchings for record linkage, 2017): who has a single good candidate among lists that mostly overlap is that one.
func (l *learner) among(odds []float64) {
	// The sums of the odds of each record's candidates; where nobody is, is one.
	overlap := min(l.model.Duplicates, 0.999)
	la, lb := float64(len(l.a)), float64(len(l.b))
	share := [2]float64{overlap * min(la, lb) / la, overlap * min(la, lb) / lb}
	others := [2]float64{lb, la}
	prior := l.prior()
	sums := [2][]float64{make([]float64, len(l.a)), make([]float64, len(l.b))}
	lr := make([]float64, len(odds))
	for i, p := range l.pairs {
		lr[i] = math.Exp2(min(odds[i]-prior, 200))
		sums[0][p.A] += lr[i]
		sums[1][p.B] += lr[i]
	}
	for i, p := range l.pairs {
		worst := math.Inf(1)
		for side, at := range [2]int32{p.A, p.B} {
			if !l.o.Once[1-side] {
				continue
			}
			rest := max(sums[side][at]-lr[i], 0)
			each := share[side] / others[side]
			o := math.Log2(each*lr[i]) - math.Log2(1-min(share[side], 0.999)+each*rest)
			worst = min(worst, o)
		}
		odds[i] = worst
	}
}

// run repeats expectation and maximisation until nothing moves.
func (l *learner) run() {
	n := len(l.model.m)
	const lean = 10 // pairs' worth of the weights one began with
	before := slices.Clone(l.model.m)
	for range l.o.rounds() {
		odds := l.odds()
		sums := make([][levels]float64, n)
		all := make([]float64, n)
		total := 0.0
		for i := range l.pairs {
			p := 1 / (1 + math.Exp2(-odds[i]))
			total += p
			if p < 1e-6 {
				continue
			}
			for s, level := range l.seen[i*n : (i+1)*n] {
				if level != unseen {
					sums[s][level] += p
					all[s] += p
				}
			}
		}
		moved := 0.0
		for s := range l.model.m {
			for v := range l.model.m[s] {
				p := (sums[s][v] + lean*math.Exp2(before[s][v])) / (all[s] + lean)
				moved = max(moved, math.Abs(p-math.Exp2(l.model.m[s][v])))
				l.model.m[s][v] = math.Log2(p)
			}
		}
		if l.b != nil {
			l.model.Duplicates = min(max(total, 1)/float64(min(len(l.a), len(l.b))), 1)
		} else {
			l.model.Duplicates = 2 * max(total, 1) / float64(len(l.a))
		}
		if moved < 1e-4 {
			return
		}
	}
}

// guessHome marks fields that a family shares, by the names they have in tables.
func (m *Model) guessHome() {
	for i := range m.more {
		switch m.more[i].name {
		case "street_number", "address_1", "address_2", "address", "street", "suburb", "postcode", "zip", "city", "town", "municipality", "state", "province", "phone":
			m.more[i].home = true
		}
	}
}
