package linkage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// registry is n made-up people and a second record of every third, written with a slip, a missing surname or no more than the year.
func registry(seed uint64, n int) (list []Record, who []int) {
	r := rand.New(rand.NewPCG(seed, 1))
	syllables := []string{"ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "xo", "zu", "che"}
	name := func(parts int) string {
		out := ""
		for range parts {
			out += syllables[int(r.ExpFloat64()*4)%len(syllables)]
		}
		return out
	}
	slip := func(s string) string {
		if len(s) < 5 || r.IntN(3) > 0 {
			return s
		}
		at := 1 + r.IntN(len(s)-2)
		return s[:at] + string(rune('a'+r.IntN(26))) + s[at+1:]
	}
	for i := range n {
		p := Record{Given: name(2), Surname1: name(3), Surname2: name(3), Sex: []string{"f", "m"}[r.IntN(2)], Nationality: []string{[]string{"HND", "GTM", "VEN"}[r.IntN(3)]},
			Birth: fmt.Sprintf("%d-%02d-%02d", 1950+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)), More: map[string]string{"phone": fmt.Sprint(5000000 + r.IntN(3000000))}}
		list, who = append(list, p), append(who, i)
		if i%3 == 0 {
			p.Given, p.Surname1 = slip(p.Given), slip(p.Surname1)
			if r.IntN(3) == 0 {
				p.Surname2 = ""
			}
			if r.IntN(4) == 0 {
				p.Birth = p.Birth[:4]
			}
			if r.IntN(2) == 0 {
				p.More = nil
			}
			list, who = append(list, p), append(who, i)
		}
	}
	return list, who
}

func TestLearn(t *testing.T) {
	list, who := registry(3, 900)
	l := Link(list, nil, Options{})
	right, wrong := 0, 0
	for _, p := range Within(l.Clusters()) {
		if who[p.A] == who[p.B] {
			right++
		} else {
			wrong++
		}
	}
	if right < 285 || wrong > 6 {
		t.Errorf("%d of 300 were found and %d who are not one person", right, wrong)
	}
	m := l.Model
	if m.Duplicates < 0.4 || m.Duplicates > 0.6 { // 300 pairs among 1,200 records
		t.Errorf("a record is believed to have %.2f others of the same person, and has 0.5", m.Duplicates)
	}
	w := m.Weights()
	if s := w["sex"]["same"]; s < 0.98 {
		t.Errorf("the sex of one person is learned to agree in %.3f, and always does", s)
	}
	if s := w["surname2"]["missing"]; s < 0.2 || s > 0.45 {
		t.Errorf("a second surname is learned to be missing in %.3f, and is in a third", s)
	}
	if s := w["phone"]["same"]; s < 0.9 {
		t.Errorf("a field that nobody described is learned to agree in %.3f where it is known, and always does", s)
	}
	if len(m.Fields()) != 1 || m.Fields()[0] != "phone" {
		t.Errorf("fields %v", m.Fields())
	}
	again := Link(list, nil, Options{})
	if !slices.Equal(again.Pairs, l.Pairs) {
		t.Error("learning twice from the same records gives other odds")
	}
}

// Two lists in which everybody stands once: who has one good candidate is that one.
func TestLinkTwoLists(t *testing.T) {
	list, who := registry(5, 600)
	var a, b []Record
	var whoA, whoB []int
	for i := range list {
		if i > 0 && who[i] == who[i-1] {
			b, whoB = append(b, list[i]), append(whoB, who[i])
		} else {
			a, whoA = append(a, list[i]), append(whoA, who[i])
		}
	}
	if !OnceEach(a) || OnceEach(list) {
		t.Errorf("a list without duplicates: %v, one with many: %v", OnceEach(a), OnceEach(list))
	}
	l := Link(a, b, Options{Once: [2]bool{true, true}})
	right, wrong := 0, 0
	seen := map[int32]bool{}
	for _, p := range Assign(l.Pairs, 0) {
		if seen[p.A] {
			t.Fatal("somebody has two counterparts")
		}
		seen[p.A] = true
		if whoA[p.A] == whoB[p.B] {
			right++
		} else {
			wrong++
		}
	}
	if right < 195 || wrong > 2 {
		t.Errorf("%d of 200 were found and %d wrongly", right, wrong)
	}
	if n := len(l.Linked(0)); n != right+wrong {
		t.Errorf("%d are linked and %d assigned", n, right+wrong)
	}
	// A list in which everybody stands twice beside one in which nobody does.
	twice, whoTwice := append(slices.Clone(b), b...), append(slices.Clone(whoB), whoB...)
	many := Link(a, twice, Options{Once: [2]bool{true, false}})
	right, wrong = 0, 0
	for _, p := range many.Linked(0) {
		if whoA[p.A] == whoTwice[p.B] {
			right++
		} else {
			wrong++
		}
	}
	if right < 390 || wrong > 4 {
		t.Errorf("%d of 400 were found and %d wrongly", right, wrong)
	}
}

// Nothing to compare is no error.
func TestLearnFromNothing(t *testing.T) {
	for _, list := range [][]Record{nil, {}, {{Given: "Ana"}}, {{}, {}}} {
		l := Link(list, nil, Options{})
		for _, p := range l.Pairs {
			if math.IsNaN(p.Odds) {
				t.Errorf("%v", p)
			}
		}
		if of := l.Clusters(); len(of) != len(list) {
			t.Errorf("%v", of)
		}
	}
}

// Whoever was written down twice with one slip is proposed, whatever is wrong with the rest.
func TestCandidates(t *testing.T) {
	list, who := registry(11, 1500)
	m := Default("phone")
	var sides []*Side
	for i := range list {
		sides = append(sides, m.Ready(&list[i]))
	}
	pairs := Candidates(sides, nil, 10)
	found := map[Pair]bool{}
	for i, p := range pairs {
		if p.A >= p.B || i > 0 && (pairs[i-1].A > p.A || pairs[i-1].A == p.A && pairs[i-1].B >= p.B) {
			t.Fatalf("%v comes after %v", p, pairs[max(0, i-1)])
		}
		found[p] = true
	}
	missed := 0
	for i := 1; i < len(list); i++ {
		if who[i] == who[i-1] && !found[Pair{int32(i - 1), int32(i)}] {
			missed++
		}
	}
	if missed > 2 || len(pairs) > 10*len(list) {
		t.Errorf("%d of 500 are not proposed among %d pairs", missed, len(pairs))
	}
}

// The assignment is as good as the best of all that there are.
func TestAssignIsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		var pairs []Scored
		for a := range n {
			for b := range n {
				if rapid.Bool().Draw(t, "there") {
					pairs = append(pairs, Scored{Pair{int32(a), int32(b)}, float64(rapid.IntRange(-3, 12).Draw(t, "odds"))})
				}
			}
		}
		var sum float64
		used := map[[2]int32]bool{}
		for _, p := range Assign(pairs, 0) {
			if used[[2]int32{0, p.A}] || used[[2]int32{1, p.B}] || p.Odds <= 0 {
				t.Fatalf("%v is assigned twice or for nothing", p)
			}
			used[[2]int32{0, p.A}], used[[2]int32{1, p.B}] = true, true
			sum += p.Odds
		}
		if want := bestOf(pairs, 0, 0); math.Abs(sum-want) > 1e-9 {
			t.Fatalf("%v where %v can be had", sum, want)
		}
	})
}

// bestOf tries everything.
func bestOf(pairs []Scored, from int, used uint64) float64 {
	if from == len(pairs) {
		return 0
	}
	best := bestOf(pairs, from+1, used)
	p := pairs[from]
	if bits := uint64(1)<<p.A | 1<<(p.B+32); used&bits == 0 && p.Odds > 0 {
		best = max(best, p.Odds+bestOf(pairs, from+1, used|bits))
	}
	return best
}

// A chain of strangers, each like the next, is not one person; those who are all alike are.
func TestClustersAreNoChains(t *testing.T) {
	odds := map[Pair]float64{}
	for i := range int32(3) { // 0 1 2 3 all alike
		for j := i + 1; j < 4; j++ {
			odds[Pair{i, j}] = 3
		}
	}
	for i := int32(10); i < 15; i++ { // 10 … 15 a chain
		odds[Pair{i, i + 1}] = 2
	}
	var pairs []Scored
	for p, w := range odds {
		pairs = append(pairs, Scored{p, w})
	}
	of := Cluster(16, pairs, func(a, b int32) float64 {
		if _, ok := odds[Pair{a, b}]; ok {
			t.Errorf("%d and %d were weighed again", a, b)
		}
		return -6
	})
	for i := range int32(4) {
		if of[i] != 0 {
			t.Errorf("%d stands with %d", i, of[i])
		}
	}
	sizes := map[int32]int{}
	for _, x := range of[10:] {
		sizes[x]++
	}
	for x, n := range sizes {
		if n > 2 {
			t.Errorf("%d of the chain stand together with %d", n, x)
		}
	}
	if got := Within(of); len(got) != 6+3 {
		t.Errorf("%d pairs stand together: %v", len(got), got)
	}
}
