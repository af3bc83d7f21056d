package match

// Distance is the optimal string alignment distance of two texts, counted in letters: insertions, deletions, substitutions and
// exchanges of neighbours, no letter touched twice. When it is above max, the answer is max+1 and found early.
func Distance(a, b string, max int) int {
	var s scratch
	return s.distance([]rune(a), []rune(b), max)
}

// scratch holds the rows of the table, so that comparing with a whole vocabulary allocates once.
type scratch struct {
	before, last, row []int
	table             []float32
}

func (s *scratch) distance(a, b []rune, max int) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > max {
		return max + 1
	}
	// What both ends share costs nothing.
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 {
		return min(len(b), max+1)
	}
	n := len(b) + 1
	if cap(s.row) < n {
		s.before, s.last, s.row = make([]int, n+16), make([]int, n+16), make([]int, n+16)
	}
	before, last, row := s.before[:n], s.last[:n], s.row[:n]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j < n; j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			best = min(best, d)
		}
		// Two rows above max cannot come back: an exchange reaches back two rows at most, and costs one more.
		if best > max && i < len(a) {
			if m := minOf(last); m >= max {
				return max + 1
			}
		}
		before, last, row = last, row, before
	}
	return min(last[n-1], max+1)
}

// slipped says whether one letter was added, left out or changed, or two neighbours exchanged; or nothing.
func slipped(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch len(a) {
	case 0:
		return true
	case 1:
		return len(b) == 1
	case 2:
		return len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	}
	return false
}

func minOf(v []int) int {
	m := v[0]
	for _, x := range v[1:] {
		m = min(m, x)
	}
	return m
}

// mask is the set of letters of a part, folded into 32 bits. Each typing error changes at most two letters of it.
func mask(r []rune) uint32 {
	var m uint32
	for _, c := range r {
		if c >= 'a' && c <= 'z' {
			m |= 1 << uint(c-'a')
		} else {
			m |= 1 << uint(26+c%6)
		}
	}
	return m
}
