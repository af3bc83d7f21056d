package match

import "testing"

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		typed, stored string
		want          Likeness
		pen           float64
	}{
		{"López", "lopez", Exact, 0},
		{"lopes", "lopez", Sounds, 1.2},
		{"pepe", "José", Nicknamed, 1.5},
		{"José", "Chepe", Nicknamed, 1.5},
		{"kike", "Enrique", Nicknamed, 1.5},
		{"lupe", "Guadalupe", Nicknamed, 1.5},
		{"toño", "Antonio", Nicknamed, 1.5},
		{"beto", "Roberto", Nicknamed, 1.5},
		{"beto", "Alberto", Nicknamed, 1.5},
		{"chuy", "Jesús", Nicknamed, 1.5},
		{"mari", "María", Nicknamed, 1.5},
		{"nacho", "Ignacio", Nicknamed, 1.5},
		{"paco", "Francisco", Nicknamed, 1.5},
		{"martinez", "martines", Sounds, 1.2},
		{"matrinez", "martinez", Typo, 2.3},
		{"hrenadnez", "hernandez", Typo, 5.2},
		{"ana", "anna", Sounds, 1.2},
		{"luz", "luna", Unlike, 0}, // two errors make another name when there are only three letters
		{"garcia", "gomez", Unlike, 0},
		{"wilmer", "guilmar", Unlike, 0},
	} {
		how, pen := Alike(c.typed, c.stored)
		if how != c.want || pen != c.pen {
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
