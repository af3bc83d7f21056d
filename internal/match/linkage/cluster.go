package linkage

import (
	"cmp"
	"slices"
)

// What one pair may say for or against joining two clusters, in bits: no single pair decides against many.
const loudest = 12.0

// bestCounts is how much the best pair between two groups counts against the mean of all: copies of a record say the same again, and its
// other half somebody else wrote.
const bestCounts = 1. / 3

// largest bounds a cluster: nobody is registered more often, and a mistake does not swallow a list.
const largest = 200

// Cluster groups the records of one list into persons. It is correlation clustering, best pair first: two groups are joined when the
// pairs between them together speak for it, the best of them somewhat louder, so that one mistaken pair does not chain strangers together, as taking everybody who is linked
// somehow (transitive closure) would. weigh gives the odds in bits of any two records, also of those that are no candidates. The answer
// gives each record the place of the first of its group.
func Cluster(n int, pairs []Scored, weigh func(a, b int32) float64) []int32 {
	good := slices.DeleteFunc(slices.Clone(pairs), func(p Scored) bool { return p.Odds <= 0 })
	slices.SortFunc(good, func(x, y Scored) int {
		return cmp.Or(cmp.Compare(y.Odds, x.Odds), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	of := make([]int32, n)
	groups := make([][]int32, n)
	for i := range of {
		of[i], groups[i] = int32(i), []int32{int32(i)}
	}
	known := make(map[Pair]float64, len(good))
	for _, p := range good {
		known[p.Pair] = p.Odds
	}
	odds := func(a, b int32) float64 {
		p := Pair{min(a, b), max(a, b)}
		w, ok := known[p]
		if !ok {
			w = weigh(p.A, p.B)
			known[p] = w
		}
		return max(-loudest, min(loudest, w))
	}
	for changed := true; changed; {
		changed = false
		for _, p := range good {
			x, y := of[p.A], of[p.B]
			if x == y || len(groups[x])+len(groups[y]) > largest {
				continue
			}
			sum, best := 0.0, -loudest
			for _, a := range groups[x] {
				for _, b := range groups[y] {
					w := odds(a, b)
					sum += w
					best = max(best, w)
				}
			}
			if mean := sum / float64(len(groups[x])*len(groups[y])); bestCounts*best+(1-bestCounts)*mean <= 0 {
				continue
			}
			x, y = min(x, y), max(x, y)
			for _, b := range groups[y] {
				of[b] = x
			}
			groups[x], groups[y] = append(groups[x], groups[y]...), nil
			changed = true
		}
	}
	return of
}

// Clusters groups what Link found in one list.
func (l *Linked) Clusters() []int32 {
	prior := l.Model.Prior()
	sides := l.Sides[0]
	return Cluster(len(sides), l.Pairs, func(a, b int32) float64 { return l.Model.Weigh(sides[a], sides[b]) + prior })
}

// Within gives the pairs that stand together in clusters, in order.
func Within(of []int32) []Pair {
	groups := map[int32][]int32{}
	var out []Pair
	for i, x := range of {
		for _, j := range groups[x] {
			out = append(out, Pair{j, int32(i)})
		}
		groups[x] = append(groups[x], int32(i))
	}
	slices.SortFunc(out, func(x, y Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return out
}
