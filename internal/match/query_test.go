package match

import (
	"math"
	"slices"
	"testing"
	"time"
)

var today = time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC)

func countries(word string) string {
	return map[string]string{"hnd": "HND", "honduras": "HND", "hondurena": "HND", "el salvador": "SLV", "israel": "ISR"}[word]
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Query
	}{
		{"maria lopes 27 hnd", Query{Parts: []string{"maria", "lopes", "hnd"}, Born: 1999, ByAge: true, Hints: []Hint{{About: Nation, Code: "HND", First: 2, N: 1}}}},
		{"María Lóp", Query{Parts: []string{"maria", "lop"}, Open: true}},
		{"María López ", Query{Parts: []string{"maria", "lopez"}}},
		{"4129", Query{Card: "4129"}},
		{"1991", Query{Card: "1991", Born: 1991.5}},
		{"juan 1991", Query{Parts: []string{"juan"}, Card: "1991", Born: 1991.5}},
		{"juan 2004-05-17", Query{Parts: []string{"juan"}, Born: 2004.375}},
		{"juan 17/5/2004", Query{Parts: []string{"juan"}, Born: 2004.375}},
		{"juan ~30 años", Query{Parts: []string{"juan"}, Born: 1996, ByAge: true}},
		{"juan como 30", Query{Parts: []string{"juan"}, Born: 1996, ByAge: true}},
		{"como 30", Query{Born: 1996, ByAge: true}},
		{"4821-0937-4129", Query{Card: "482109374129"}},
		{"4821 0937 4129", Query{Card: "482109374129"}},
		{"juan 1991 4129", Query{Parts: []string{"juan"}, Born: 1991.5, Card: "4129"}},
		{"juan 4129 1991", Query{Parts: []string{"juan"}, Born: 1991.5, Card: "4129"}},
		{"juan 27 3 91", Query{Parts: []string{"juan"}, Born: 1991.23}},
		{"juan 27/3/05", Query{Parts: []string{"juan"}, Born: 2005.23}},
		{"juan 40 13 91", Query{Parts: []string{"juan"}}}, // no such day: nothing is guessed
		{"pérez, juan", Query{Parts: []string{"perez", "juan"}, Open: true}},
		{"ana de el salvador", Query{Parts: []string{"ana"}, Hints: []Hint{{About: Nation, Code: "SLV"}}}},
		{"lopez israel", Query{Parts: []string{"lopez", "israel"}, Hints: []Hint{{About: Nation, Code: "ISR", First: 1, N: 1}}}},
		{"hondureña", Query{Parts: []string{"hondurena"}, Hints: []Hint{{About: Nation, Code: "HND", N: 1}}}}, // a name too, for all that is known
		{"juan 2300", Query{Parts: []string{"juan"}, Card: "2300"}},
		{"juan 300", Query{Parts: []string{"juan"}}},
		{"De la", Query{Parts: []string{"de", "la"}, Open: true}},
		{"", Query{}},
	} {
		got := Parse(c.text, today, countries)
		if !slices.Equal(got.Parts, c.want.Parts) || got.Open != c.want.Open || math.Abs(got.Born-c.want.Born) > 0.01 || got.ByAge != c.want.ByAge ||
			got.Nationality != c.want.Nationality || got.Card != c.want.Card || !sameHints(got.Hints, c.want.Hints) {
			t.Errorf("Parse(%q)\n got %+v\nwant %+v", c.text, got, c.want)
		}
	}
}

func sameHints(a, b []Hint) bool {
	return slices.EqualFunc(a, b, func(x, y Hint) bool {
		at := x.N == 0 || x.First == y.First
		return x.About == y.About && x.Code == y.Code && slices.Equal(x.Among, y.Among) && x.N == y.N && at && x.Unsure == y.Unsure
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"maria lopes 27 hnd", "~~27", "99999999999999999999999999", "1-1-1-1", "2004-13-40", "//", "de la", "como", "\xff 27 años"} {
		f.Add(s)
	}
	ix := NewIndex()
	ix.Put(Entry{Key: Key{1}, Names: []Name{{Given, "María"}, {Surname1, "López"}}, Born: 1999, Nationality: []string{"HND"}, Cards: []Card{{Digits: "482109374129"}}})
	f.Fuzz(func(t *testing.T, s string) {
		q := Parse(s, today, countries)
		if len(q.Parts) > maxParts || len(q.Card) > 20 || math.IsNaN(q.Born) {
			t.Fatalf("Parse(%q) = %+v", s, q)
		}
		if q.Born != 0 && (q.Born < 1900 || q.Born > 2028) {
			t.Fatalf("Parse(%q) says born in %v", s, q.Born)
		}
		for _, h := range ix.Search(q, 3) {
			if len(h.Reasons) == 0 || math.IsNaN(h.Score) {
				t.Fatalf("%q finds %+v", s, h)
			}
		}
	})
}
