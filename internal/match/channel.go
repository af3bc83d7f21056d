package match

import (
	"math"
	"strings"
)

// What a typed part costs when a stored one is meant: minus the natural logarithm of how often somebody who means the one
// types the other. Two ways of going wrong are told apart, because who goes wrong in one way does so in all of the part:
// slips of the finger, and writing by ear.
//
// The figures are rounded from what is known of both: about seven parts of ten are typed as they stand; of slips, three of ten
// hit the key beside, a quarter leave a letter out, a fifth add one, a sixth exchange two, few are in the first letter
// (Damerau 1964; Kukich 1992), and a part has some seven letters in which to slip.
const (
	costExact    = 0.35
	costNickname = 3.4
	costStem     = 3.6 // Juanito for Juan, by rule
	costOpen     = 1.3 // still being typed; the longer what is to come, the less likely
	costFollowed = 1.0 // a beginning with something else typed after it
	costJoined   = 3.3 // MaríaJosé for María José, or the other way round

	slipNext     = 5.9 // the key beside
	slipOther    = 8.2 // any other letter
	slipLeftOut  = 5.1
	slipAdded    = 7.8
	slipDoubled  = 6.0
	slipExchange = 5.5
	slipFirst    = 1.0 // more, in the first letter

	byEar = 2.6 // to write by ear at all
)

// keyboard are the letters beside each on a Spanish keyboard, the same for French and Portuguese hands but for a few.
var keyboard = func() (near [26]uint32) {
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"} {
		for j := range len(row) - 1 {
			a, b := row[j]-'a', row[j+1]-'a'
			near[a] |= 1 << b
			near[b] |= 1 << a
		}
	}
	for _, pair := range strings.Fields("qa ws wa ed es rf rd tg tf yh yg uj uh ik ij ol ok pl az sx sz dc dx fv fc gb gv hn hb jm jn km") {
		a, b := pair[0]-'a', pair[1]-'a'
		near[a] |= 1 << b
		near[b] |= 1 << a
	}
	return near
}()

// ear is one way of writing another's sound. Both ways round; what stands for nothing is left out or put in.
type ear struct {
	from, to []rune
	cost     float32
}

// ears are the sounds that Spanish, French, Portuguese, Creole and the indigenous languages of the route write in several ways,
// grouped by what telling them apart costs who writes by ear.
var ears = parseEars(map[float32]string{
	// The same sound to most who write.
	1.0: `b/v s/z ce/se ci/si cy/si ce/ze ci/zi ge/je gi/ji gy/ji ll/y h/ qu/k c/k q/k c/qu ss/s rr/r nn/n ll/l tt/t mm/m pp/p cc/c ff/f dd/d kk/k
	ph/f th/t tz/s tz/z tz/ts ts/s ts/z dz/z w/gu w/hu gu/hu i/y w/u hu/u gu/gü ou/u oo/u ee/i que/k ck/k ck/c kh/k gh/g rh/r
	x/j x/h h/j cs/x ks/x cc/x x/s sc/s xc/c nh/n ni/n ny/n gn/n nh/ni lh/l lh/ll lh/li l/ll sch/sh ch/sh x/sh x/ch tch/ch dj/y j/y dj/j y/ll`,
	// Weak vowels, ends that are not heard, nasals.
	1.6: `e/i o/u n/m c/s c/z s/ z/ ie/e ue/o ei/e ey/e ay/e ai/e oi/wa oy/oi au/o eau/o ou/w ea/ia io/eo ao/an ao/on em/en en/an in/en un/on g/gu g/c e/ d/ d/t b/p v/w j/g v/u y/`,
	// Of one region, or of a hurried ear.
	2.3: `l/r f/j f/h u/v a/e a/o ch/j t/ r/ l/ n/ z/d i/ u/ s/ch s/j t/d k/g x/z`,
})

// earAt gives the ways by the last letter of what is meant (26: nothing) and of what is written.
var earAt = func() (at [27][27][]ear) {
	last := func(r []rune) int {
		if len(r) == 0 {
			return 26
		}
		return int(r[len(r)-1] - 'a')
	}
	for _, e := range ears {
		at[last(e.from)][last(e.to)] = append(at[last(e.from)][last(e.to)], e)
	}
	return at
}()

func parseEars(groups map[float32]string) []ear {
	var out []ear
	for cost, list := range groups {
		for _, pair := range strings.Fields(list) {
			a, b, _ := strings.Cut(pair, "/")
			a, b = strings.Join(fold(a), ""), strings.Join(fold(b), "")
			if a == b {
				continue
			}
			out = append(out, ear{[]rune(a), []rune(b), cost}, ear{[]rune(b), []rune(a), cost})
		}
	}
	return out
}

func letter(r rune) int {
	if r >= 'a' && r <= 'z' {
		return int(r - 'a')
	}
	return -1
}

var never = float32(math.Inf(1))

// slips is the cost of typing q for v with the fingers alone, without costExact; when open, q may be the beginning of v, and the
// cost of what is to come is added. Above limit the answer may be anything above it.
func (s *scratch) slips(v, q []rune, open bool, limit float32) float32 {
	return s.align(v, q, open, false, limit)
}

// heard is the same for writing by ear.
func (s *scratch) heard(v, q []rune, open bool, limit float32) float32 {
	return byEar + s.align(v, q, open, true, limit-byEar)
}

// align fills the table of the cheapest ways to write the first j letters of q for the first i of v.
func (s *scratch) align(v, q []rune, open, ear bool, limit float32) float32 {
	n, w := len(v), len(q)+1
	if need := (n + 1) * w; cap(s.table) < need {
		s.table = make([]float32, need+64)
	}
	d := s.table[:(n+1)*w]
	best := never        // of the beginnings of v
	lows := [3]float32{} // of the last rows: no way reaches back further
	for i := 0; i <= n; i++ {
		row := d[i*w : (i+1)*w]
		var above []float32
		if i > 0 {
			above = d[(i-1)*w : i*w]
		}
		low := never
		for j := 0; j < w; j++ {
			c := never
			switch {
			case i == 0 && j == 0:
				c = 0
			case i > 0 && j > 0 && v[i-1] == q[j-1]:
				c = above[j-1]
			}
			first := float32(0)
			if i <= 1 && j <= 1 {
				first = slipFirst
			}
			if i > 0 && j > 0 && v[i-1] != q[j-1] {
				c = min(c, above[j-1]+substitution(v[i-1], q[j-1])+first)
			}
			if i > 0 {
				left := float32(slipLeftOut)
				if i == 1 {
					left += slipFirst
				}
				c = min(c, above[j]+left)
			}
			if j > 0 {
				added := float32(slipAdded)
				if j > 1 && q[j-1] == q[j-2] {
					added = slipDoubled
				}
				if j == 1 {
					added += slipFirst
				}
				c = min(c, row[j-1]+added)
			}
			if i > 1 && j > 1 && v[i-1] == q[j-2] && v[i-2] == q[j-1] && v[i-1] != v[i-2] {
				x := float32(slipExchange)
				if i == 2 {
					x += slipFirst
				}
				c = min(c, d[(i-2)*w+j-2]+x)
			}
			if ear && (i > 0 || j > 0) {
				c = s.byEarAt(d, w, v[:i], q[:j], c)
			}
			row[j] = c
			low = min(low, c)
		}
		if open && i < n {
			best = min(best, row[w-1]+unfinished(n))
		}
		if lows[i%3] = low; min(lows[0], lows[1], lows[2]) > limit {
			return best
		}
	}
	return min(d[n*w+w-1], best)
}

// unfinished is the cost of having typed some of n letters only, how many being as likely as any other.
func unfinished(n int) float32 {
	return costOpen + float32(math.Log(float64(n)))
}

// byEarAt takes the ways of writing what ends both.
func (s *scratch) byEarAt(d []float32, w int, v, q []rune, c float32) float32 {
	i, j := len(v), len(q)
	a, b := 26, 26
	if i > 0 {
		a = letter(v[i-1])
	}
	if j > 0 {
		b = letter(q[j-1])
	}
	try := func(list []ear) {
		for k := range list {
			e := &list[k]
			x, y := len(e.from), len(e.to)
			if x > i || y > j {
				continue
			}
			if before := d[(i-x)*w+j-y] + e.cost; before < c && ends(v, e.from) && ends(q, e.to) {
				c = before
			}
		}
	}
	if a >= 0 && b >= 0 && i > 0 && j > 0 {
		try(earAt[a][b])
	}
	if a >= 0 && i > 0 {
		try(earAt[a][26])
	}
	if b >= 0 && j > 0 {
		try(earAt[26][b])
	}
	return c
}

func ends(text, tail []rune) bool {
	n := len(text) - len(tail)
	for i, c := range tail {
		if text[n+i] != c {
			return false
		}
	}
	return true
}

func substitution(a, b rune) float32 {
	x, y := letter(a), letter(b)
	if x >= 0 && y >= 0 && keyboard[x]&(1<<y) != 0 {
		return slipNext
	}
	return slipOther
}
