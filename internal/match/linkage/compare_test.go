package linkage

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// town counts people with the usual names of three countries, so that frequencies mean something.
func town(m *Model) {
	given := []string{"María", "José", "Juan", "Ana", "Carlos", "Luis", "Carmen", "Rosa", "Pedro", "Marta"}
	last := []string{"López", "Hernández", "García", "Pérez", "Martínez", "Cruz", "Reyes", "Flores", "Díaz", "Mejía"}
	for i := range 2000 {
		m.Count(&Record{Given: given[i%10] + " " + given[(i/10+3)%10], Surname1: last[(i/7)%10], Surname2: last[(i/3+i)%10], Sex: []string{"f", "m"}[i%2],
			Birth: fmt.Sprintf("%d-%02d-%02d", 1960+i%50, 1+i%12, 1+i%28), Nationality: []string{[]string{"HND", "GTM", "VEN"}[i%3]}})
	}
}

func TestCompare(t *testing.T) {
	m := Default()
	town(m)
	base := Record{Given: "Francisco Javier", Surname1: "Xitumul", Surname2: "Hernández", Sex: "m", Birth: "1990-05-07", Nationality: []string{"GTM"}}
	with := func(change func(*Record)) Record { r := base; change(&r); return r }
	for name, c := range map[string]struct {
		other Record
		band  Band
		field string // of which
		level string // is expected
	}{
		"the same":             {base, Likely, "given", "same"},
		"another spelling":     {with(func(r *Record) { r.Surname1 = "Shitumul"; r.Given = "Fransisco" }), Likely, "given", "sounds_alike"},
		"a nickname":           {with(func(r *Record) { r.Given = "Paco" }), Likely, "given", "nickname"},
		"a letter":             {with(func(r *Record) { r.Surname2 = "Hernádnez" }), Likely, "surname2", "typo"},
		"no second surname":    {with(func(r *Record) { r.Surname2 = "" }), Likely, "surname2", "missing"},
		"surnames swapped":     {with(func(r *Record) { r.Surname1, r.Surname2 = r.Surname2, r.Surname1 }), Likely, "surname1", "swapped"},
		"surnames in one box":  {with(func(r *Record) { r.Surname1, r.Surname2 = "Xitumul Hernández", "" }), Likely, "surname2", "same"},
		"given joined":         {with(func(r *Record) { r.Given = "Franciscojavier" }), Likely, "given", "joined"},
		"the second name only": {with(func(r *Record) { r.Given = "Javier" }), Likely, "given", "swapped"},
		"boxes exchanged":      {with(func(r *Record) { r.Given, r.Surname1, r.Surname2 = "Xitumul Hernández", "Francisco", "Javier" }), Likely, "given", "exchanged"},
		"day and month":        {with(func(r *Record) { r.Birth = "1990-07-05" }), Likely, "birth", "day_month_swapped"},
		"year only":            {with(func(r *Record) { r.Birth = "1990" }), Likely, "birth", "same_year_only"},
		"age only":             {with(func(r *Record) { r.Birth, r.Born = "", 1990.9 }), Likely, "age", "age_same"},
		"a brother":            {with(func(r *Record) { r.Given, r.Birth = "Carlos", "1994-11-02" }), Unlikely, "relatives", "family_like"},
		"a twin":               {with(func(r *Record) { r.Given = "Carlos Alberto" }), Unlikely, "relatives", "family_like"},
		"somebody else":        {Record{Given: "Juan", Surname1: "Pérez", Sex: "m", Birth: "1971-02-03", Nationality: []string{"HND"}}, Unlikely, "given", "different"},
		"nothing known":        {Record{}, Unlikely, "", ""},
	} {
		got := m.Compare(&base, &c.other)
		if got.Band != c.band {
			t.Errorf("%s: %v with %.1f bits, want %v: %+v", name, got.Band, got.Odds, c.band, got.Fields)
		}
		found := c.field == ""
		for _, f := range got.Fields {
			if f.Field == c.field {
				found = true
				if f.Level != c.level {
					t.Errorf("%s: %s is %s, want %s", name, c.field, f.Level, c.level)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing is said of %s: %+v", name, c.field, got.Fields)
		}
		if back := m.Compare(&c.other, &base); math.Abs(back.Weight-got.Weight) > 0.1 || back.Band != got.Band {
			t.Errorf("%s: %.3f bits one way and %.3f the other", name, got.Weight, back.Weight)
		}
	}
}

// To share a rare surname is worth more than to share a common one, and a name that is common in one country may be rare in another.
func TestRareNamesWeighMore(t *testing.T) {
	m := Default()
	town(m)
	weight := func(surname, nation string) float64 {
		r := Record{Given: "Ana", Surname1: surname, Sex: "f", Nationality: []string{nation}}
		for _, f := range m.Compare(&r, &r).Fields {
			if f.Field == "surname1" {
				return f.Weight
			}
		}
		t.Fatal("nothing is said of the surname")
		return 0
	}
	if common, rare := weight("López", "HND"), weight("Xitumul", "HND"); rare < common+3 {
		t.Errorf("López weighs %.1f bits and Xitumul %.1f", common, rare)
	}
	for range 300 {
		m.Count(&Record{Given: "Jean", Surname1: "Pierre", Sex: "m", Nationality: []string{"HTI"}})
	}
	if here, there := weight("Pierre", "HTI"), weight("Pierre", "HND"); there < here+2 {
		t.Errorf("Pierre weighs %.1f bits among Haitians and %.1f among Hondurans", here, there)
	}
}

// What is counted and taken away again leaves nothing behind.
func TestUncount(t *testing.T) {
	m, n := Default("phone"), Default("phone")
	town(m)
	town(n)
	r := Record{Given: "Zoila", Surname1: "Quexchán", Surname2: "Ajú", Sex: "f", Birth: "2001-02-03", Nationality: []string{"GTM"}, More: map[string]string{"phone": "55512345"}}
	m.Count(&r)
	if m.Counted() != n.Counted()+1 {
		t.Errorf("%d counted, then %d", n.Counted(), m.Counted())
	}
	m.Uncount(&r)
	a := Record{Given: "Zoila", Surname1: "Quexchán", Sex: "f", Nationality: []string{"GTM"}}
	if x, y := m.Compare(&a, &r).Weight, n.Compare(&a, &r).Weight; x != y {
		t.Errorf("%v bits where a record was counted and taken away, %v where it never was", x, y)
	}
	if len(m.t.surname.all) != len(n.t.surname.all) || len(m.t.dates) != len(n.t.dates) {
		t.Error("a name that nobody carries any more is still counted")
	}
}

// The more records there are, the more must agree before two of them are likely one person.
func TestPeopleRaiseTheBar(t *testing.T) {
	m := Default()
	town(m)
	a := Record{Given: "Ana", Surname1: "López", Surname2: "Cruz", Sex: "f", Birth: "1990", Nationality: []string{"HND"}}
	few := m.Compare(&a, &a)
	m.People = 1_000_000
	if many := m.Compare(&a, &a); few.Odds-many.Odds < 5 {
		t.Errorf("%.1f bits among %d and %.1f among a million", few.Odds, m.Counted(), many.Odds)
	}
}

// Whatever is typed is compared without a panic, in bounded time, the same both ways, and every level has a code.
func FuzzCompare(f *testing.F) {
	f.Add("María José", "López", "de la Cruz", "1990-05-07", "Pepe", "55512345")
	f.Add("\U0001f600\u202e", "\xff\xfe", strings.Repeat("ñ", 500), "19901399", "محمد", "-1")
	f.Add("J", "", "", "0000", "'", "0")
	m := Default("phone")
	town(m)
	f.Fuzz(func(t *testing.T, given, first, second, birth, also, phone string) {
		a := Record{Given: given, Surname1: first, Surname2: second, Birth: birth, Also: []string{also}, Sex: "f", Nationality: []string{"HND"}, More: map[string]string{"phone": phone}}
		b := Record{Given: also, Surname1: second, Surname2: first, Birth: birth, Also: []string{given}, Sex: "m", More: map[string]string{"phone": also}}
		for _, pair := range [][2]*Record{{&a, &a}, {&a, &b}} {
			c, back := m.Compare(pair[0], pair[1]), m.Compare(pair[1], pair[0])
			if math.IsNaN(c.Weight) || math.IsInf(c.Weight, 0) || math.Abs(c.Weight-back.Weight) > 8 {
				t.Fatalf("%v bits one way and %v the other: %+v", c.Weight, back.Weight, c.Fields)
			}
			for _, x := range c.Fields {
				if x.Level == "" || x.Field == "" || math.IsNaN(x.Weight) {
					t.Fatalf("%+v", x)
				}
			}
		}
		m.Count(&a)
		m.Uncount(&a)
	})
}
