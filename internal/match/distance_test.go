package match

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b      string
		max, want int
	}{
		{"lopez", "lopez", 2, 0}, {"lopez", "lopes", 2, 1}, {"lopez", "olpez", 2, 1}, {"lopez", "loepz", 2, 1}, {"ca", "abc", 3, 3},
		{"", "ab", 2, 2}, {"", "", 0, 0}, {"ana", "juan", 1, 2}, {"hernandez", "fernandes", 2, 2}, {"abcd", "badc", 2, 2}, {"ñandú", "ñandu", 1, 1},
	} {
		if got := Distance(c.a, c.b, c.max); got != c.want {
			t.Errorf("Distance(%q, %q, %d) = %d, want %d", c.a, c.b, c.max, got, c.want)
		}
	}
}

// slowDistance is the definition, without bound or short cut.
func slowDistance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestDistanceIsItsDefinition(t *testing.T) {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abcñ")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b, bound := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(0, 4).Draw(t, "max")
		want := min(slowDistance([]rune(a), []rune(b)), bound+1)
		if got := Distance(a, b, bound); got != want {
			t.Fatalf("Distance(%q, %q, %d) = %d, want %d", a, b, bound, got, want)
		}
		if back := Distance(b, a, bound); back != want {
			t.Fatalf("Distance(%q, %q) is not symmetric: %d and %d", a, b, want, back)
		}
	})
}

// The mask may only rule out what the distance would rule out too.
func TestMaskNeverHides(t *testing.T) {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abcdefñм")), 1, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if a == b {
			return
		}
		d := slowDistance([]rune(a), []rune(b))
		how, _ := Alike(a, b)
		if d == 1 && Tokens(a)[0] != Tokens(b)[0] && how == Unlike {
			t.Fatalf("%q and %q are one letter apart and found unlike", a, b)
		}
	})
}
