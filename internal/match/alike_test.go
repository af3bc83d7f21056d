package match

import (
	"math"
	"testing"
)

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		typed, stored string
		want          Likeness
		pen           float64
	}{
		{"López", "lopez", Exact, 0.35},
		{"lopes", "lopez", Sounds, 3.95},
		{"pepe", "José", Nicknamed, 3.4},
		{"José", "Chepe", Nicknamed, 3.4},
		{"kike", "Enrique", Nicknamed, 3.4},
		{"lupe", "Guadalupe", Nicknamed, 3.4},
		{"toño", "Antonio", Nicknamed, 3.4},
		{"beto", "Roberto", Nicknamed, 3.4},
		{"beto", "Alberto", Nicknamed, 3.4},
		{"chuy", "Jesús", Nicknamed, 3.4},
		{"mari", "María", Nicknamed, 3.4},
		{"nacho", "Ignacio", Nicknamed, 3.4},
		{"paco", "Francisco", Nicknamed, 3.4},
		{"martinez", "martines", Sounds, 3.95},
		{"matrinez", "martinez", Typo, 5.85},
		{"hrenadnez", "hernandez", Typo, 9.3},
		{"ana", "anna", Sounds, 3.95},
		{"luz", "luna", Unlike, 0}, // two errors make another name when there are only three letters
		{"garcia", "gomez", Unlike, 0},
		{"wilmer", "guilmar", Unlike, 0},
	} {
		how, pen := Alike(c.typed, c.stored)
		if how != c.want || math.Abs(pen-c.pen) > 0.06 {
			t.Errorf("Alike(%q, %q) = %v %.1f, want %v %.1f", c.typed, c.stored, how, pen, c.want, c.pen)
		}
	}
}

func TestNicknameFile(t *testing.T) {
	table, err := parseNicknames(nicknameFile)
	if err != nil {
		t.Fatal(err)
	}
	for a, list := range table {
		for _, b := range list {
			back := false
			for _, x := range table[b] {
				back = back || x == a
			}
			if !back {
				t.Errorf("%s stands for %s, but not the other way round", a, b)
			}
		}
	}
	for _, bad := range []string{"josé pepe", "josé\t", "\tpepe", "josé\tp"} {
		if _, err := parseNicknames(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
