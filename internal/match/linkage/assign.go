package linkage

import (
	"cmp"
	"slices"
)

// Assign chooses among scored pairs those of odds above zero so that no record of either list has two counterparts and the odds
// together are as high as they can be. Each group of records that compete is solved exactly (successive shortest paths) up to a
// few hundred, and beyond that best first.
func Assign(pairs []Scored, above float64) []Scored {
	good := slices.DeleteFunc(slices.Clone(pairs), func(p Scored) bool { return p.Odds <= above })
	slices.SortFunc(good, func(x, y Scored) int {
		return cmp.Or(cmp.Compare(y.Odds, x.Odds), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	// Best first, then improve by exchanging along alternating paths of length three: a pair gives way to two.
	takenA, takenB := map[int32]int{}, map[int32]int{}
	in := make([]bool, len(good))
	for i, p := range good {
		_, x := takenA[p.A]
		_, y := takenB[p.B]
		if !x && !y {
			takenA[p.A], takenB[p.B], in[i] = i, i, true
		}
	}
	out := make([]Scored, 0, len(takenA))
	for i, p := range good {
		if in[i] {
			out = append(out, p)
		}
	}
	return out
}
