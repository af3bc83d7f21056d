package typed_test

import (
	"slices"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people/typed"
)

func TestNamedCountries(t *testing.T) {
	for _, c := range []struct {
		tag            lang.Tag
		text           string
		codes, unknown []string
	}{
		{lang.ES, "", []string{}, nil},
		{lang.ES, "Honduras, hondureña; HND", []string{"HND"}, nil},
		{lang.ES, "guatemalteca / salvadoreño", []string{"GTM", "SLV"}, nil},
		{lang.ES, "haïtienne", []string{"HTI"}, nil}, // another language than the reader's
		{lang.FR, "Allemagne", []string{"DEU"}, nil},
		{lang.ES, "apátrida", []string{lang.Stateless}, nil},
		{lang.EN, "stateless, Germany", []string{lang.Stateless, "DEU"}, nil},
		{lang.ES, "venezuela, narnia", []string{"VEN"}, []string{"narnia"}},
		{lang.ES, "=1+1", []string{}, []string{"=1+1"}},
	} {
		codes, unknown := typed.NamedCountries(c.tag, c.text)
		if !slices.Equal(codes, c.codes) || !slices.Equal(unknown, c.unknown) {
			t.Errorf("%s %q: %v, %v", c.tag, c.text, codes, unknown)
		}
	}
}

func TestNamedLanguages(t *testing.T) {
	for _, c := range []struct {
		tag            lang.Tag
		text           string
		codes, unknown []string
	}{
		{lang.ES, "español, mam, k’iche', K'ICHE'", []string{"es", "mam", "quc"}, nil},
		{lang.ES, "Garifuna; tseltal, tzotzil", []string{"cab", "tzh", "tzo"}, nil},
		{lang.FR, "créole haïtien / wolof", []string{"ht", "wo"}, nil},
		{lang.ES, "quc", []string{"quc"}, nil},
		{lang.ES, "Quiché, kekchí; kreyòl, castellano", []string{"quc", "kek", "ht", "es"}, nil},
		{lang.ES, "klingon", []string{}, []string{"klingon"}},
	} {
		codes, unknown := typed.NamedLanguages(c.tag, c.text)
		if !slices.Equal(codes, c.codes) || !slices.Equal(unknown, c.unknown) {
			t.Errorf("%s %q: %v, %v", c.tag, c.text, codes, unknown)
		}
	}
}

func TestNamedCode(t *testing.T) {
	sexes := []string{"f", "m", "x", "unknown"}
	for text, want := range map[string]string{"F": "f", "Femenino": "f", "mujer": "f", "niño": "m", "H": "m", "homme": "m", "unknown": "unknown", "No se sabe": "unknown", "": "", "quizás": ""} {
		code, ok := typed.NamedCode(lang.ES, "sex", sexes, text)
		if code != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, code, ok)
		}
	}
	if code, ok := typed.NamedCode(lang.ES, "sex", []string{"m"}, "mujer"); ok {
		t.Errorf("a code that is not offered was chosen: %q", code)
	}
	groups := []string{"pregnant", "older", "lgbtiq"}
	if found, unknown := typed.NamedCodes(lang.ES, "group", groups, "embarazada, older, guapa"); !slices.Equal(found, []string{"pregnant", "older"}) || !slices.Equal(unknown, []string{"guapa"}) {
		t.Errorf("%v, %v", found, unknown)
	}
}

// Whatever is typed: only codes that the lists hold come out, each once.
func FuzzNamed(f *testing.F) {
	for _, s := range []string{"hondureña", "k'iche', mam", "\x00", ",;/", "xx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, c := range map[string]struct {
			read  func(lang.Tag, string) ([]string, []string)
			check func(string, []string) ([]string, error)
		}{"countries": {typed.NamedCountries, typed.Countries}, "languages": {typed.NamedLanguages, typed.Languages}} {
			codes, _ := c.read(lang.ES, s)
			if len(codes) > 30 {
				continue
			}
			checked, err := c.check("f", codes)
			if err != nil || len(checked) != len(codes) {
				t.Fatalf("%s of %q: %v is not good: %v, %v", name, s, codes, checked, err)
			}
		}
	})
}
