package match

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"María José  LÓPEZ":      {"maria", "jose", "lopez"},
		"Núñez de la Peña":       {"nunez", "pena"},
		"dos Santos e Conceição": {"santos", "conceicao"},
		"Jean-Baptiste":          {"jean", "baptiste"},
		"N’Diaye D'Angelo":       {"ndiaye", "dangelo"},
		"Łukasz Strauß Bjørn":    {"lukasz", "strauss", "bjorn"},
		"De la O":                {"o"},
		"de la":                  {"de", "la"}, // nobody is left without a name
		"محمد علي":               {"محمد", "علي"},
		"Ｍａｒｉａ 27":               {"maria"},
		"  .,-  ":                nil,
		"":                       nil,
	} {
		if got := Tokens(text); !slices.Equal(got, want) {
			t.Errorf("Tokens(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSound(t *testing.T) {
	same := [][2]string{
		{"vasquez", "basques"}, {"hernandez", "ernandes"}, {"quique", "kike"}, {"guillermo", "guiyermo"}, {"jimenez", "gimenes"},
		{"philippe", "filipe"}, {"wanda", "guanda"}, {"huaman", "guaman"}, {"chavez", "shabes"}, {"louis", "luis"},
		{"zuniga", "suniga"}, {"tzoc", "soc"}, {"joaquin", "joakim"}, {"yolanda", "llolanda"}, {"cesar", "sesar"}, {"thiago", "tiago"},
		{"gonzalez", "gonsales"}, {"ramirez", "rramires"}, {"campos", "canpos"},
	}
	for _, p := range same {
		if a, b := Sound(p[0]), Sound(p[1]); a != b {
			t.Errorf("%s sounds %q, %s sounds %q: not the same", p[0], a, p[1], b)
		}
	}
	other := [][2]string{{"chan", "can"}, {"gomez", "jomez"}, {"pena", "peña~"}, {"marco", "marcho"}, {"guerra", "uerra"}}
	for _, p := range other {
		if a, b := Sound(p[0]), Sound(p[1]); a == b {
			t.Errorf("%s and %s both sound %q", p[0], p[1], a)
		}
	}
	if Sound("h") != "h" {
		t.Errorf("a part of mute letters must stay itself, got %q", Sound("h"))
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"María de la Ñ", "Jean-Baptiste", "\xff\xfe", "ﬁ ǅ İ ß", "محمد", "de", "'", "a\u0301\u0301\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if quick, slow := fold(s), foldSlowly(s); !slices.Equal(quick, slow) {
			t.Fatalf("fold(%q) = %q, slowly %q", s, quick, slow)
		}
		tokens := Tokens(s)
		for _, w := range tokens {
			if w == "" || !utf8.ValidString(w) {
				t.Fatalf("Tokens(%q) gives %q", s, w)
			}
			if Sound(w) == "" {
				t.Fatalf("%q has no sound", w)
			}
			if utf8.RuneCountInString(w) > 2*maxPart {
				t.Fatalf("a part of %d letters", utf8.RuneCountInString(w))
			}
			if again := Tokens(w); len(again) != 1 || again[0] != w {
				t.Fatalf("normalising twice differs: %q gives %q", w, again)
			}
		}
	})
}
