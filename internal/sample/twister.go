package sample

import (
	"math"
	"math/bits"
	"slices"
)

// twister draws as the random.Random of CPython 3.11 does: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) and what that
// library makes of its words. The registry's reference program is written in Python, and a registry of the same seed has to be
// the same to the last letter, or its published figures could not be compared. Nothing else draws with it.
type twister struct {
	state [624]uint32
	next  int
	spare float64 // the second number of a pair that bell makes
	kept  bool
}

// newTwister seeds as random.Random(seed) does.
func newTwister(seed uint64) *twister {
	key := []uint32{uint32(seed)}
	if high := uint32(seed >> 32); high != 0 {
		key = append(key, high)
	}
	t := &twister{next: 624}
	s := &t.state
	s[0] = 19650218
	for i := 1; i < 624; i++ {
		s[i] = 1812433253*(s[i-1]^s[i-1]>>30) + uint32(i)
	}
	i := 1
	for k, j := max(624, len(key)), 0; k > 0; k-- {
		s[i] = s[i] ^ (s[i-1]^s[i-1]>>30)*1664525 + key[j] + uint32(j)
		i, j = i+1, (j+1)%len(key)
		if i == 624 {
			s[0], i = s[623], 1
		}
	}
	for k := 623; k > 0; k-- {
		s[i] = s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941 - uint32(i)
		if i++; i == 624 {
			s[0], i = s[623], 1
		}
	}
	s[0] = 1 << 31
	return t
}

func (t *twister) word() uint32 {
	if t.next == 624 {
		s := &t.state
		for k := range 624 {
			y := s[k]&(1<<31) | s[(k+1)%624]&(1<<31-1)
			s[k] = s[(k+397)%624] ^ y>>1 ^ y&1*0x9908b0df
		}
		t.next = 0
	}
	y := t.state[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// part is random(): at least 0 and less than 1.
func (t *twister) part() float64 {
	a, b := t.word()>>5, t.word()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

// below gives a whole number from 0 to n-1.
func (t *twister) below(n int) int {
	if n <= 0 {
		return 0
	}
	shift := 32 - bits.Len32(uint32(n))
	for {
		if r := int(t.word() >> shift); r < n {
			return r
		}
	}
}

// within is randint: low and high included.
func (t *twister) within(low, high int) int { return low + t.below(high-low+1) }

// weighed is choices with running sums of weights, for one draw.
func (t *twister) weighed(upTo []float64) int {
	x := t.part() * upTo[len(upTo)-1]
	i, _ := slices.BinarySearchFunc(upTo[:len(upTo)-1], x, func(sum, x float64) int {
		if sum <= x {
			return -1
		}
		return 1
	})
	return i
}

// bell is gauss. The conversions keep processors that multiply and add in one step from rounding otherwise.
func (t *twister) bell(mean, deviation float64) float64 {
	z := t.spare
	if !t.kept {
		angle := t.part() * 2 * math.Pi
		radius := math.Sqrt(-2 * math.Log(1-t.part()))
		z, t.spare = math.Cos(angle)*radius, math.Sin(angle)*radius
	}
	t.kept = !t.kept
	return mean + float64(z*deviation)
}

// several is sample: k of the numbers from 0 to n-1, each at most once.
func (t *twister) several(n, k int) []int {
	k = min(k, n)
	out := make([]int, k)
	few := 21
	if k > 5 {
		few += 1 << (2 * int(math.Ceil(math.Log(float64(k*3))/math.Log(4))))
	}
	if n <= few {
		pool := make([]int, n)
		for i := range pool {
			pool[i] = i
		}
		for i := range out {
			j := t.below(n - i)
			out[i], pool[j] = pool[j], pool[n-i-1]
		}
		return out
	}
	taken := make(map[int]bool, k)
	for i := range out {
		j := t.below(n)
		for taken[j] {
			j = t.below(n)
		}
		taken[j], out[i] = true, j
	}
	return out
}

// one is choice.
func one[T any](t *twister, list []T) T { return list[t.below(len(list))] }
