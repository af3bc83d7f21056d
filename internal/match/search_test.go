package match

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Names of the route, as they are written and as they are typed by somebody else.
func TestNamesOfTheRoute(t *testing.T) {
	ix := NewIndex()
	people := [][4]string{ // given, surname1, surname2, what else
		{"María José", "López", "Hernández", ""}, {"Mariajosé", "Ruiz", "", ""}, {"Juan Carlos", "Montes de Oca", "Paz", ""},
		{"Ana Lucía", "Pérez", "Gómez", ""}, {"Micaela", "Xol", "Tzoc", ""}, {"Pedro", "Huamán", "Quispe", ""}, {"Wilner", "Jean-Baptiste", "", ""},
		{"João", "Gonçalves", "da Conceição", ""}, {"Ndèye", "N’Diaye", "", ""}, {"Mohammed", "al-Hassan", "", "محمد الحسن"}, {"Guadalupe", "Zúñiga", "Yáñez", ""},
		{"Jhon", "Vásquez", "", ""}, {"Joaquín", "Echeverría", "", ""}, {"Philippe", "Théodore", "", ""}, {"Carmen", "Guerra", "Luna", ""}, {"Jean", "Rémy", "", ""},
		{"Xóchitl", "Tlapale", "", ""}, {"Fatou", "Diouf", "", ""},
	}
	for i, p := range people {
		ix.Put(Entry{Key: key(i), Names: []Name{{Given, p[0]}, {Surname1, p[1]}, {Surname2, p[2]}, {Other, p[3]}}})
	}
	for typed, want := range map[string]string{
		"mariajose lopes": "María José", "maria jose ruiz": "Mariajosé", "hernandez lopez maria": "María José", "maria j lopez": "María José",
		"juan montes oca": "Juan Carlos", "montes de oca juancarlos": "Juan Carlos", "juanito montesdeoca": "Juan Carlos",
		"ana de perez": "Ana Lucía", "anita perez": "Ana Lucía", "lucia gomez": "Ana Lucía", "mikaela shol": "Micaela", "chol soc": "Micaela",
		"guaman kispe": "Pedro", "waman": "Pedro", "jeanbaptiste": "Wilner", "wilner yan batis": "Wilner", "goncalves conceisao": "João", "joaozinho gonzalves": "João",
		"ndeye ndiay": "Ndèye", "mohamed hasan": "Mohammed", "محمد": "Mohammed", "lupita suniga llanes": "Guadalupe", "jon basques": "Jhon", "john vasqez": "Jhon",
		"joakin echeveria": "Joaquín", "filipe teodor": "Philippe", "carmencita gerra": "Carmen", "tijan remi": "Jean", "ti jan remy": "Jean", "sochil tlapale": "Xóchitl", "fatu diuf": "Fatou",
		"PEREZ, Ana": "Ana Lucía", "  ana\tperez  ": "Ana Lucía", "ana 🙂 perez": "Ana Lucía",
	} {
		hits := ix.Search(Parse(typed, today, nil), 3)
		if len(hits) == 0 {
			t.Errorf("%q finds nobody", typed)
			continue
		}
		n := int(hits[0].Key[2])
		if people[n][0] != want {
			t.Errorf("%q finds %s %s, want %s", typed, people[n][0], people[n][1], want)
		}
	}
}

// The order in which names are typed matters less than the names, and more than nothing.
func TestOrderOfNames(t *testing.T) {
	ix := NewIndex()
	ix.Put(entry(1, "María", "López", "Hernández"))
	ix.Put(entry(2, "María", "Hernández", "López"))
	ix.Put(entry(3, "Martín", "María", "López"))
	for typed, want := range map[string][]int{
		"maria lopez hernandez ": {1, 2, 3}, "maria hernandez lopez ": {2, 1, 3}, "lopez hernandez maria ": {1, 2, 3}, "hernandez maria ": {2, 1},
	} {
		var got []int
		for _, h := range ix.Search(Parse(typed, today, nil), len(want)) {
			got = append(got, int(h.Key[2]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", typed, got, want)
		}
	}
}

// Candidates are the same people in the same order, and nobody words why.
func TestCandidates(t *testing.T) {
	ix, people := town(3000)
	for i := range 40 {
		q := Parse(people[i*37].Names[0].Text+" "+people[i*37].Names[1].Text, today, nil)
		hits, bare := ix.Search(q, 10), ix.Candidates(q, 10)
		if len(hits) != len(bare) {
			t.Fatalf("%d hits and %d candidates", len(hits), len(bare))
		}
		for k, h := range hits {
			if b := bare[k]; b.Key != h.Key || b.Score != h.Score || b.Reasons != nil || len(h.Reasons) == 0 {
				t.Fatalf("hit %+v, candidate %+v", h, b)
			}
		}
	}
}

// Among thousands of namesakes the foremost are those of the lowest keys, whatever the order in which they came.
func TestNamesakesStandByKey(t *testing.T) {
	const n = 3000
	up, down := NewIndex(), NewIndex()
	for i := range n {
		up.Put(entry(i, "José", "Hernández", ""))
		down.Put(entry(n-1-i, "José", "Hernández", ""))
	}
	for _, ix := range []*Index{up, down} {
		for i, h := range ix.Search(Parse("jose hernandez ", today, nil), 10) {
			if h.Key != key(i) {
				t.Fatalf("namesake %d stands at place %d", h.Key[1:3], i)
			}
		}
	}
}

// Whatever is stored and typed: no panic, no name lost for its strangeness, bounded work.
func FuzzSearch(f *testing.F) {
	f.Add("María José", "López 🙂", "maria lopes 27 hnd")
	f.Add(strings.Repeat("x", 500), strings.Repeat("ab ", 400), strings.Repeat("ab ", 100))
	f.Add("\u202eمحمد", "de la\x00", "محمد de la")
	f.Add("a a a a a a a a", "a b c d e f g h", "a a a a a a a a a a a a a")
	f.Add("A", "a b c d \xc8 f g h", "a a a a a a a a a a aaa a")
	f.Add("王小明", "Ǆ ﬁ İ", "王小明 ǆ")
	f.Fuzz(func(t *testing.T, given, surname, typed string) {
		ix := NewIndex()
		e := Entry{Key: key(1), Names: []Name{{Given, given}, {Surname1, surname}, {Nickname, surname}, {Other, typed}}, Seen: []Sighting{{typed, len(given)}},
			Languages: []string{given}, Nationality: []string{surname}, Cards: []Card{{Digits: typed}}}
		ix.Put(e)
		ix.Put(entry(2, "Ana", "Ruiz", ""))
		names := namesOf(e)
		if len(names) > mostNames {
			t.Fatalf("%d parts", len(names))
		}
		for _, open := range []string{"", " "} {
			hits := ix.Search(spoken.Parse(typed+open, today), 5)
			for _, h := range hits {
				for _, r := range h.Reasons {
					if !utf8.ValidString(r.Text) {
						t.Fatalf("%q finds %+v", typed, h)
					}
				}
			}
		}
		if words := Tokens(given); len(words) > 0 && len(words) <= maxParts {
			q := Query{Parts: words}
			if hits := ix.Search(q, 5); !slices.ContainsFunc(hits, func(h Hit) bool { return h.Key == key(1) }) {
				t.Fatalf("%q is not found by itself: %+v", given, hits)
			}
		}
		ix.Remove(key(1))
		ix.Remove(key(2))
		if hits := ix.Search(Query{Parts: names2(names)}, 5); len(hits) != 0 || ix.Len() != 0 {
			t.Fatalf("found after removal: %+v", hits)
		}
	})
}

func names2(names []namePart) (out []string) {
	for _, n := range names[:min(len(names), maxParts)] {
		out = append(out, n.text)
	}
	return out
}
