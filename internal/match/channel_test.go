package match

import (
	"testing"

	"pgregory.net/rapid"
)

// What is likelier to be typed for a name: each line stands above the next.
func TestLikelierSlips(t *testing.T) {
	for _, c := range []struct {
		meant         string
		likely, lower string
	}{
		{"martinez", "martines", "martihez"},   // by ear rather than a far key
		{"martinez", "martimez", "martipez"},   // the key beside rather than another
		{"martinez", "martinz", "martixnez"},   // a letter left out rather than one added
		{"martinez", "martineez", "martinevz"}, // a letter doubled rather than another added
		{"martinez", "matrinez", "mrateniz"},   // one exchange rather than two
		{"martinez", "marrtinez", "jmartinez"}, // later rather than at the beginning
		{"vasquez", "basques", "vasquep"},      // two by ear rather than one slip
		{"wilmer", "guilmer", "milmer"},
		{"xol", "chol", "zpl"},
		{"guaman", "huaman", "tuaman"},
		{"jacques", "jakes", "jacqpps"},
		{"tzul", "sul", "tzup"},
		{"yessenia", "llesenia", "yewsenix"},
	} {
		_, a := Alike(c.likely, c.meant)
		how, b := Alike(c.lower, c.meant)
		if a <= 0 || how != Unlike && a >= b {
			t.Errorf("for %s, %s costs %.2f and %s %.2f", c.meant, c.likely, a, c.lower, b)
		}
	}
}

// The bound only cuts short: under it the cost is the same, above it whatever is above.
func TestBoundOfSlips(t *testing.T) {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abcehllmnsuzñж")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		v, q := []rune(word.Draw(t, "meant")), []rune(word.Draw(t, "typed"))
		open, ear := rapid.Bool().Draw(t, "open"), rapid.Bool().Draw(t, "by ear")
		limit := float32(rapid.IntRange(0, 30).Draw(t, "limit"))
		var s scratch
		whole, cut := s.align(v, q, open, ear, never), s.align(v, q, open, ear, limit)
		if whole <= limit && cut != whole || whole > limit && cut <= limit {
			t.Fatalf("%q for %q costs %v, and %v under the bound %v", string(q), string(v), whole, cut, limit)
		}
		if same := s.align(v, v, false, ear, never); same != 0 {
			t.Fatalf("%q for itself costs %v", string(v), same)
		}
	})
}

// A slip is what lies at distance one.
func TestSlippedIsDistanceOne(t *testing.T) {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := slipped([]rune(a), []rune(b)), Distance(a, b, 2) <= 1; got != want {
			t.Fatalf("slipped(%q, %q) = %v, want %v", a, b, got, want)
		}
	})
}

func TestNth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float32Range(0, 5), 1, 60).Draw(t, "numbers")
		n := rapid.IntRange(0, len(v)-1).Draw(t, "n")
		above, same := 0, 0
		got := nth(append([]float32{}, v...), n)
		for _, x := range v {
			if x > got {
				above++
			} else if x == got {
				same++
			}
		}
		if above > n || above+same <= n {
			t.Fatalf("the %d-th greatest of %v is not %v", n, v, got)
		}
	})
}
