package match

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func key(n int) Key { return Key{byte(n >> 16), byte(n >> 8), byte(n), 1} }

func entry(n int, given, surname1, surname2 string) Entry {
	return Entry{Key: key(n), Names: []Name{{Given, given}, {Surname1, surname1}, {Surname2, surname2}}}
}

// village is a few people whose names crowd each other.
func village() *Index {
	ix := NewIndex()
	people := []Entry{
		1: entry(1, "María José", "López", "Hernández"),
		2: entry(2, "María", "López", "García"),
		3: entry(3, "José", "Pérez", "López"),
		4: entry(4, "Francisco", "Xitumul", "Choc"),
		5: entry(5, "Guadalupe", "Hernández", "López"),
		6: entry(6, "Yéssica", "Vásquez", ""),
		7: entry(7, "Jean", "Pierre-Louis", ""),
		8: {Key: key(8), Names: []Name{{Nickname, "El Chino"}}},
		9: entry(9, "María", "Martínez", "López"),
	}
	for i, e := range people[1:] {
		e.Born = 1980 + float64(3*i)
		e.Nationality = []string{[]string{"HND", "GTM", "UNKNOWN"}[i%3]}
		e.Cards = []Card{{Digits: fmt.Sprintf("48210937%04d", 4120+i)}}
		ix.Put(e)
	}
	return ix
}

func TestSearch(t *testing.T) {
	ix := village()
	for _, c := range []struct {
		text    string
		want    int      // first hit
		reasons []string // of it, in order
	}{
		{"maria jose lopez hernandez", 1, []string{"exact", "exact", "exact", "exact"}},
		{"maria lopes garcia ", 2, []string{"exact", "sounds_alike", "exact"}},
		{"paco xitumul", 4, []string{"nickname", "exact"}},
		{"lupe hernandez", 5, []string{"nickname", "exact"}},
		{"lupe lopez hernandez ", 5, []string{"nickname", "exact", "exact", "swapped"}},
		{"yesica basques ", 6, []string{"sounds_alike", "sounds_alike"}},
		{"franicsco xitumul ", 4, []string{"typo", "exact"}},
		{"pierre lou", 7, []string{"exact", "prefix"}},
		{"chino", 8, []string{"exact"}},
		{"4127", 8, []string{"card_ends"}},
		{"maria lopez 40", 2, []string{"exact", "exact", "age_near"}},
		{"maria jose hnd", 1, []string{"exact", "exact", "same_nationality"}},
		{"maria jose 1980", 1, []string{"exact", "exact", "born_near"}},
	} {
		hits := ix.Search(Parse(c.text, today, countries), 5)
		if len(hits) == 0 {
			t.Errorf("%q finds nobody", c.text)
			continue
		}
		var codes []string
		for _, r := range hits[0].Reasons {
			codes = append(codes, r.Code)
		}
		if hits[0].Key != key(c.want) || !slices.Equal(codes, c.reasons) {
			t.Errorf("%q finds %v for %v, want %d for %v", c.text, hits[0].Key[2], codes, c.want, c.reasons)
		}
	}
	for _, text := range []string{"", "zzzzzz", "27", "9999"} {
		if hits := ix.Search(Parse(text, today, countries), 5); len(hits) != 0 {
			t.Errorf("%q finds %v", text, hits)
		}
	}
}

// One stored part answers for one typed part: José Pérez is not José José.
func TestOnePartAnswersOnce(t *testing.T) {
	ix := NewIndex()
	ix.Put(entry(1, "José", "Pérez", ""))
	ix.Put(entry(2, "José José", "Ruiz", ""))
	ix.Put(entry(3, "Pedro", "Ruiz", ""))
	ix.Put(entry(4, "Pablo", "Paz", ""))
	for _, h := range ix.Search(Parse("jose jose ", today, nil), 4) {
		if h.Key == key(1) && len(h.Reasons) != 1 {
			t.Errorf("José Pérez answers %d times for José José: %v", len(h.Reasons), h.Reasons)
		}
	}
}

// A rare name tells more than a common one, and a typing error near a common name does not beat it.
func TestRareTellsMore(t *testing.T) {
	ix := NewIndex()
	for i := range 200 {
		ix.Put(entry(i, "María", "López", ""))
	}
	ix.Put(entry(900, "María", "Xitumul", ""))
	ix.Put(entry(901, "Maria", "Lopex", ""))
	if h := ix.Search(Parse("maria xitumul ", today, nil), 3); h[0].Key != key(900) || h[0].Score < h[1].Score+3 {
		t.Errorf("the rare surname does not stand out: %+v", h)
	}
	if h := ix.Search(Parse("maria lopez ", today, nil), 300); h[0].Key == key(901) {
		t.Errorf("a rare neighbour of a common name wins: %+v", h[0])
	}
}

// Any history of entering, changing and removing leaves the index as if the last state had been entered at once.
func TestIndexForgetsHistory(t *testing.T) {
	given := rapid.SampledFrom([]string{"María", "Mario", "José", "Jose Luis", "Pepe", "Ana", "Anna", "Wilmer", "Guilmer", ""})
	surname := rapid.SampledFrom([]string{"López", "Lopes", "Pérez", "de la Cruz", "Xitumul", "Cruz López", ""})
	rapid.Check(t, func(t *rapid.T) {
		live := map[Key]Entry{}
		ix := NewIndex()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			k := key(rapid.IntRange(0, 9).Draw(t, "key"))
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				ix.Remove(k)
				delete(live, k)
				continue
			}
			e := Entry{Key: k, Names: []Name{{Given, given.Draw(t, "given")}, {Surname1, surname.Draw(t, "surname1")}, {Surname2, surname.Draw(t, "surname2")}},
				Born: float64(rapid.IntRange(1980, 1990).Draw(t, "born")), Nationality: []string{rapid.SampledFrom([]string{"HND", "GTM"}).Draw(t, "nationality")},
				Cards: []Card{{Digits: rapid.SampledFrom([]string{"", "11114129", "22224129", "33330000"}).Draw(t, "card")}}}
			ix.Put(e)
			live[k] = e
		}
		fresh := NewIndex()
		for _, e := range live {
			fresh.Put(e)
		}
		if ix.Len() != len(live) {
			t.Fatalf("%d entries, want %d", ix.Len(), len(live))
		}
		for _, text := range []string{"maria lopez", "pepe ", "jose cruz 40 hnd", "4129", "wilmer lopes xit"} {
			q := Parse(text, today, countries)
			got, want := ix.Search(q, 20), fresh.Search(q, 20)
			for i := range got {
				if i < len(want) && got[i].Score-want[i].Score < 1e-9 && want[i].Score-got[i].Score < 1e-9 {
					got[i].Score = want[i].Score // summed in another order
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q\n got %+v\nwant %+v", text, got, want)
			}
		}
	})
}

// town is a larger made-up population: names drawn with a few very common and many rare ones.
func town(n int) (*Index, []Entry) {
	r := rand.New(rand.NewPCG(7, 7))
	syllables := []string{"ma", "ri", "jo", "se", "lo", "pe", "gar", "ci", "her", "nan", "qui", "xi", "tu", "mul", "cha", "vas", "ro", "dri", "gu", "el", "wil", "mer", "ka", "yo", "lan", "da"}
	word := func(rank int) string {
		w := rand.New(rand.NewPCG(uint64(rank), 11))
		s := ""
		for range 2 + w.IntN(3) {
			s += syllables[w.IntN(len(syllables))]
		}
		return s
	}
	draw := func(size int) string { // Zipf-like
		return word(int(float64(size) * (r.Float64() * r.Float64() * r.Float64())))
	}
	ix := NewIndex()
	people := make([]Entry, n)
	for i := range people {
		e := entry(i, draw(3000), draw(9000)+" ", draw(9000))
		e.Born, e.Nationality = 1950+60*r.Float64(), []string{[]string{"HND", "GTM", "VEN", "HTI", "SLV"}[r.IntN(5)]}
		people[i] = e
		ix.Put(e)
	}
	return ix, people
}

// Of people whose name is typed with an error in one part, nearly all stand among the first ten.
func TestRecall(t *testing.T) {
	ix, people := town(20_000)
	r := rand.New(rand.NewPCG(1, 2))
	found, asked := 0, 400
	for range asked {
		e := people[r.IntN(len(people))]
		parts := []string{e.Names[0].Text, Tokens(e.Names[1].Text)[0], e.Names[2].Text}
		i := r.IntN(3)
		b := []byte(parts[i])
		at := 1 + r.IntN(len(b)-1)
		b[at] = byte('a' + r.IntN(26))
		parts[i] = string(b)
		hits := ix.Search(Parse(parts[1]+" "+parts[2]+" "+parts[0]+" ", today, nil), 10)
		if slices.ContainsFunc(hits, func(h Hit) bool { return h.Key == e.Key }) {
			found++
		}
	}
	if share := float64(found) / float64(asked); share < 0.97 {
		t.Errorf("%.3f of the people were among the first ten, want 0.97", share)
	}
}

func BenchmarkSearch100k(b *testing.B) {
	ix, people := town(100_000)
	b.ReportMetric(float64(len(ix.parts)), "vocabulary")
	i := 0
	for b.Loop() {
		e := people[i*7919%len(people)]
		i++
		ix.Search(Parse(e.Names[0].Text+" "+e.Names[1].Text+" 27", today, nil), 10)
	}
}

func BenchmarkPut(b *testing.B) {
	ix, people := town(100_000)
	i := 0
	for b.Loop() {
		ix.Put(people[i*7919%len(people)])
		i++
	}
}
