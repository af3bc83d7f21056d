package linkage

import (
	"cmp"
	"math"
	"slices"
)

// mostExact is up to how many records that compete for each other are assigned exactly; beyond it the surest come first.
const mostExact = 240

// Assign chooses among scored pairs of two lists those whose odds are above a bound, so that no record has two counterparts and the odds
// above the bound are together as high as they can be. Records that compete are solved exactly in groups (Kuhn 1955). The answer is in the
// order of pairs.
func Assign(pairs []Scored, above float64) []Scored {
	good := slices.DeleteFunc(slices.Clone(pairs), func(p Scored) bool { return p.Odds <= above })
	groups := newForest[[2]int32]()
	for _, p := range good {
		groups.join([2]int32{0, p.A}, [2]int32{1, p.B})
	}
	by := map[[2]int32][]Scored{}
	for _, p := range good {
		root := groups.root([2]int32{0, p.A})
		by[root] = append(by[root], p)
	}
	var out []Scored
	for _, group := range by {
		if len(group) == 1 {
			out = append(out, group[0])
			continue
		}
		out = append(out, assignGroup(group, above)...)
	}
	slices.SortFunc(out, func(x, y Scored) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return out
}

func assignGroup(group []Scored, above float64) []Scored {
	rows, columns := map[int32]int{}, map[int32]int{}
	for _, p := range group {
		if _, ok := rows[p.A]; !ok {
			rows[p.A] = len(rows)
		}
		if _, ok := columns[p.B]; !ok {
			columns[p.B] = len(columns)
		}
	}
	n := max(len(rows), len(columns))
	if n > mostExact {
		return surest(group)
	}
	// What is left unassigned gains nothing; a square of gains has a place for it.
	cost := make([][]float64, n)
	for i := range cost {
		cost[i] = make([]float64, n)
	}
	at := map[[2]int]Scored{}
	for _, p := range group {
		i, j := rows[p.A], columns[p.B]
		cost[i][j] = -(p.Odds - above)
		at[[2]int{i, j}] = p
	}
	var out []Scored
	for j, i := range kuhn(cost) {
		if p, ok := at[[2]int{i, j}]; ok {
			out = append(out, p)
		}
	}
	return out
}

// surest takes the best pair, then the best of what is left.
func surest(group []Scored) []Scored {
	slices.SortFunc(group, func(x, y Scored) int {
		return cmp.Or(cmp.Compare(y.Odds, x.Odds), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	a, b := map[int32]bool{}, map[int32]bool{}
	var out []Scored
	for _, p := range group {
		if !a[p.A] && !b[p.B] {
			a[p.A], b[p.B] = true, true
			out = append(out, p)
		}
	}
	return out
}

// kuhn gives for each column of a square of costs its row, so that the sum is least: the Hungarian method with potentials.
func kuhn(cost [][]float64) []int {
	n := len(cost)
	u, v := make([]float64, n+1), make([]float64, n+1)
	row, way := make([]int, n+1), make([]int, n+1) // row of a column, from 1; 0: none
	for i := 1; i <= n; i++ {
		row[0] = i
		j0 := 0
		least := make([]float64, n+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		used := make([]bool, n+1)
		for {
			used[j0] = true
			i0, j1, delta := row[j0], 0, math.Inf(1)
			for j := 1; j <= n; j++ {
				if used[j] {
					continue
				}
				if c := cost[i0-1][j-1] - u[i0] - v[j]; c < least[j] {
					least[j], way[j] = c, j0
				}
				if least[j] < delta {
					delta, j1 = least[j], j
				}
			}
			for j := range used {
				if used[j] {
					u[row[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			j0 = j1
			if row[j0] == 0 {
				break
			}
		}
		for j0 != 0 {
			j1 := way[j0]
			row[j0] = row[j1]
			j0 = j1
		}
	}
	out := make([]int, n)
	for j := range out {
		out[j] = row[j+1] - 1
	}
	return out
}

// forest joins things into groups.
type forest[T comparable] struct{ up map[T]T }

func newForest[T comparable]() forest[T] { return forest[T]{map[T]T{}} }

func (f forest[T]) root(x T) T {
	for {
		y, ok := f.up[x]
		if !ok || y == x {
			return x
		}
		if z, ok := f.up[y]; ok {
			f.up[x] = z
		}
		x = y
	}
}

func (f forest[T]) join(x, y T) {
	if a, b := f.root(x), f.root(y); a != b {
		f.up[a] = b
	}
}
