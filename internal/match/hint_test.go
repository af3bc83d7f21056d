package match

import (
	"slices"
	"strings"
	"testing"
)

// words of a small world.
var spoken = Words{Country: countries,
	Language: func(w string) string { return map[string]string{"kiche": "quc", "mam": "mam"}[w] },
	Month:    func(w string) int { return map[string]int{"marzo": 3, "abril": 4}[w] },
	Place: func(w string) ([]string, bool) {
		among := map[string][]string{"tapachula": {"t1", "t2"}, "santa cruz": {"c"}, "belen": {"t2"}}[w]
		return among, among != nil || w == "oaxaca"
	}}

func TestParseBeside(t *testing.T) {
	place := func(code string, among ...string) Hint { return Hint{About: Place, Code: code, Among: among} }
	for _, c := range []struct {
		text  string
		parts []string
		hints []Hint
	}{
		{"paco en tapachula marzo", []string{"paco", "marzo"}, []Hint{place("tapachula", "t1", "t2"), {About: Month, Code: "03", First: 1, N: 1}}},
		{"paco marzo de 2026", []string{"paco", "marzo"}, []Hint{{About: Month, Code: "2026-03", First: 1, N: 1}}},
		{"paco en marzo 2026", []string{"paco"}, []Hint{{About: Month, Code: "2026-03"}}},
		{"paco en oaxaca", []string{"paco"}, []Hint{place("oaxaca")}},
		{"paco oaxaca", []string{"paco", "oaxaca"}, nil}, // nobody is met there: rather a name
		{"k'iche' santa cruz", []string{"kiche", "santa", "cruz"}, []Hint{{About: Language, Code: "quc", N: 1},
			{About: Place, Code: "santa cruz", Among: []string{"c"}, First: 1, N: 2}}},
		{"belen honduras", []string{"belen", "honduras"}, []Hint{{About: Place, Code: "belen", Among: []string{"t2"}, N: 1}, {About: Nation, Code: "HND", First: 1, N: 1}}},
	} {
		q := spoken.Parse(c.text, today)
		if !slices.Equal(q.Parts, c.parts) || !sameHints(q.Hints, c.hints) {
			t.Errorf("%q\n got %q %+v\nwant %q %+v", c.text, q.Parts, q.Hints, c.parts, c.hints)
		}
	}
}

// met is three people of one name who were met here and there.
func met() *Index {
	ix := NewIndex()
	for n, seen := range [][]Sighting{1: {{"t1", 2026*12 + 2}, {"c", 2026*12 + 3}}, 2: {{"t1", 2025*12 + 3}}, 3: nil, 4: {{"c", 2026*12 + 2}}} {
		if n > 0 {
			e := entry(n, "Ana", "Ruiz", "")
			e.Seen, e.Languages = seen, [][]string{1: {"mam", "es"}, 2: {"quc"}, 3: nil, 4: {"es"}}[n]
			ix.Put(e)
		}
	}
	e := entry(5, "Abril", "Santa Cruz", "")
	ix.Put(e)
	return ix
}

func TestSearchBeside(t *testing.T) {
	ix := met()
	for _, c := range []struct {
		text    string
		want    int
		reasons string
	}{
		{"ana ruiz tapachula marzo", 1, "exact exact seen_place seen_month"},
		{"ana ruiz abril 2025", 2, "exact exact seen_month"},
		{"ana ruiz kiche", 2, "exact exact same_language"},
		{"ana mam tapachula", 1, "exact same_language seen_place"},
		{"abril", 5, "exact"},
		{"santa cruz", 5, "exact exact"},
		{"mam tapachula", 1, "same_language seen_place"},
	} {
		hits := ix.Search(spoken.Parse(c.text+" ", today), 9)
		if len(hits) == 0 {
			t.Errorf("%q finds nobody", c.text)
			continue
		}
		var codes []string
		for _, r := range hits[0].Reasons {
			codes = append(codes, r.Code)
		}
		if got := strings.Join(codes, " "); hits[0].Key != key(c.want) || got != c.reasons {
			t.Errorf("%q finds %d for %s, want %d for %s", c.text, hits[0].Key[2], got, c.want, c.reasons)
		}
		if strings.HasPrefix(c.text, "ana ruiz") && len(hits) < 4 {
			t.Errorf("%q hides somebody: %d hits", c.text, len(hits))
		}
	}
	for _, text := range []string{"tapachula", "mam", "marzo"} {
		if hits := ix.Search(spoken.Parse(text+" ", today), 9); len(hits) != 0 {
			t.Errorf("%q alone finds %v", text, hits)
		}
	}
}

// A sighting added later is the same as one known from the first, and the latest are kept.
func TestMet(t *testing.T) {
	whole, later := NewIndex(), NewIndex()
	e := entry(1, "Ana", "Ruiz", "")
	later.Put(e)
	for i := range mostSeen + 5 {
		s := Sighting{[]string{"t1", "c"}[i%2], 2026*12 + i}
		e.Seen = append(e.Seen, s)
		later.Met(e.Key, s)
		later.Met(e.Key, s)
	}
	whole.Put(e)
	later.Met(key(9), Sighting{"t1", 1}) // nobody
	for _, text := range []string{"ana tapachula", "ana marzo", "ana enero 2027", "ana enero 2026"} {
		a, b := whole.Search(spoken.Parse(text, today), 3), later.Search(spoken.Parse(text, today), 3)
		if len(a) != 1 || len(b) != 1 || a[0].Score != b[0].Score || len(a[0].Reasons) != len(b[0].Reasons) {
			t.Errorf("%q: %+v and %+v", text, a, b)
		}
	}
	later.Remove(e.Key)
	if n := later.place.known; n != 0 {
		t.Errorf("%d people met after the last is gone", n)
	}
}
