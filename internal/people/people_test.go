package people_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/care"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

func TestAge(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	n := func(i int) *int { return &i }
	for _, c := range []struct {
		birth string
		told  *int
		about bool
		on    string
		today string
		want  *int
		guess bool
	}{
		{"2004-05-17", nil, false, "", "2026-05-16", n(21), false},
		{"2004-05-17", nil, false, "", "2026-05-17", n(22), false},
		{"2004-02-29", nil, false, "", "2026-02-28", n(21), false},
		{"2004-05", nil, false, "", "2026-04-30", n(21), false},
		{"2004-05", nil, false, "", "2026-05-01", n(22), false},
		{"2004", nil, false, "", "2026-03-17", n(21), true},
		{"2004", nil, false, "", "2026-12-31", n(22), true},
		{"2026", nil, false, "", "2026-03-17", n(0), true},
		{"2004-05-17", n(60), true, "2026-01-01", "2026-05-17", n(22), false}, // a date of birth tells more than an age told
		{"", n(30), true, "2026-01-01", "2026-12-31", n(30), true},
		{"", n(30), false, "2026-01-01", "2027-01-01", n(31), false},
		{"", n(30), false, "2026-01-01", "2025-01-01", n(30), false}, // a clock that runs behind makes nobody younger
		{"", n(30), false, "", "2026-01-01", n(30), false},
		{"", nil, true, "", "2026-01-01", nil, false},
	} {
		got, guess := people.Age(c.birth, c.told, c.about, c.on, day(c.today))
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want || guess != c.guess {
			t.Errorf("Age(%q, %v, %q) on %s = %v, %v; want %v, %v", c.birth, c.told, c.on, c.today, deref(got), guess, deref(c.want), c.guess)
		}
	}
}

func deref(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

func TestAgeBand(t *testing.T) {
	for n, want := range map[int]string{0: "0_4", 4: "0_4", 5: "5_11", 11: "5_11", 12: "12_17", 17: "12_17", 18: "18_24", 24: "18_24", 25: "25_49", 49: "25_49",
		50: "50_59", 59: "50_59", 60: "60_plus", 120: "60_plus"} {
		if got := people.AgeBand(&n); got != want {
			t.Errorf("AgeBand(%d) = %s, want %s", n, got, want)
		}
	}
	if people.AgeBand(nil) != "unknown" {
		t.Error("no age has a band")
	}
}

// A card typed with one wrong digit, or with two neighbours exchanged, is never another valid card.
func TestCardFindsMistakes(t *testing.T) {
	if !people.ValidCard("000000000000") {
		t.Error("the check of zeros is zero")
	}
	rapid.Check(t, func(t *rapid.T) {
		card := people.CheckedCard(rapid.Uint64().Draw(t, "n"))
		if !people.ValidCard(card) {
			t.Fatalf("card %s does not check", card)
		}
		i := rapid.IntRange(0, len(card)-1).Draw(t, "at")
		wrong := []byte(card)
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if people.ValidCard(string(wrong)) {
			t.Fatalf("%s and %s both check", card, wrong)
		}
		if i > 0 && card[i] != card[i-1] {
			swapped := []byte(card)
			swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
			if people.ValidCard(string(swapped)) {
				t.Fatalf("%s and %s both check", card, swapped)
			}
		}
	})
	if one, other := people.DrawCard(), people.DrawCard(); one == other {
		t.Error("two cards drawn one after the other are the same")
	}
}

func TestAlias(t *testing.T) {
	for want, n := range map[string][4]string{
		"El Chino": {"Juan", "Pérez", "López", "El Chino"}, "M. L. H.": {"María José", "López", "Hernández", ""}, "É.": {"", "émile", "", ""}, "": {},
	} {
		if got := people.Alias(n[0], n[1], n[2], n[3]); got != want {
			t.Errorf("Alias(%q) = %q, want %q", n, got, want)
		}
	}
}

func find(b *worktest.Bed, q string) []string {
	var out []string
	for _, h := range worktest.Ask[people.Found](b, "person.find", "q", q).Hits {
		out = append(out, h.Person.Name)
	}
	return out
}

func TestFind(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	card := ""
	for _, d := range []fields{
		{"given": "María José", "surname1": "López", "surname2": "Hernández", "age": 27, "nationality": []string{"HND"}},
		{"given": "María", "surname1": "López", "age": 60, "nationality": []string{"GTM"}},
		{"given": "Francisco", "surname1": "Xitumul", "nickname": "Chino"},
		{"given": "Wilmer", "surname1": "Guzmán", "birth": "1991-03-27"},
	} {
		card = worktest.Do[people.Registered](b, "person.register", site, d).Card
	}
	for q, want := range map[string]string{
		"maria lopes 27 hondureña": "María José López Hernández", "maria lopez 60": "María López", "paco": "Francisco Xitumul", "chino": "Francisco Xitumul",
		"guilmer gusman": "Wilmer Guzmán", "wilmer 1991": "Wilmer Guzmán", card[8:]: "Wilmer Guzmán", card: "Wilmer Guzmán", "lopez maria jo": "María José López Hernández",
	} {
		if got := find(b, q); len(got) == 0 || got[0] != want {
			t.Errorf("%q finds %q, want %q first", q, got, want)
		}
	}
	if got := find(b, "zzz"); len(got) != 0 {
		t.Errorf("finds %q", got)
	}
	f := worktest.Ask[people.Found](b, "person.find", "q", "lopes 27 hnd", "limit", "1")
	if len(f.Hits) != 1 || f.Total != 4 || f.Query != "lopes 27 hnd" {
		t.Fatalf("found %+v", f)
	}
	h := f.Hits[0]
	var codes []string
	for _, r := range h.Reasons {
		codes = append(codes, r.Code)
	}
	if !slices.Equal(codes, []string{"sounds_alike", "age_same", "same_nationality"}) || h.Reasons[0].Args["value"] != "López" || h.Reasons[0].Args["field"] != "surname1" {
		t.Errorf("reasons %+v", h.Reasons)
	}
	if h.Person.LastSeen.SiteName != "Casa del Río" || *h.Person.Age != 27 || h.Person.Card == "" {
		t.Errorf("hit %+v", h.Person)
	}
}

// What is registered and changed is found at once, and what a change replaced no longer is.
func TestFindFollows(t *testing.T) {
	b := worktest.New(t)
	if got := find(b, "xitumul"); len(got) != 0 {
		t.Fatalf("found %q", got)
	}
	id := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana", "surname1": "Xitumul"}).Person
	if got := find(b, "xitumul"); !slices.Equal(got, []string{"Ana Xitumul"}) {
		t.Fatalf("just registered: %q", got)
	}
	worktest.Do[people.Updated](b, "person.update", "", fields{"person": id, "surname1": "Quispe"})
	worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Eva", "surname1": "Mamani"})
	if got := find(b, "quispe"); !slices.Equal(got, []string{"Ana Quispe"}) {
		t.Errorf("after the change: %q", got)
	}
	if got := find(b, "xitumul"); len(got) != 0 {
		t.Errorf("the old surname still finds %q", got)
	}
	if got := find(b, "mamani"); len(got) != 1 {
		t.Errorf("the next person is not found: %q", got)
	}
}

func TestTimeline(t *testing.T) {
	b := worktest.New(t)
	south, north := b.Site("Casa del Sur", "07089"), b.Site("Casa del Norte", "28032")
	id := worktest.Do[people.Registered](b, "person.register", south, fields{"given": "Ana", "direction": "north"}).Person
	b.Now = b.Now.Add(time.Hour)
	first := worktest.Do[care.ConsultationRecorded](b, "consultation.record", south, fields{"person": id, "service": "medical", "reason": "fiebre", "diagnosis": "GI-01"})
	b.Now = b.Now.Add(24 * time.Hour)
	worktest.Do[people.Updated](b, "person.update", north, fields{"person": id, "phone": "81 555"})
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", north, fields{"person": id, "service": "mental_health", "note": "no duerme", "severity": 2})
	b.Now = b.Now.Add(time.Hour)
	second := worktest.Do[care.ConsultationRecorded](b, "consultation.record", north, fields{"person": id, "service": "medical", "reason": "fiebre", "diagnosis": "FEV-02",
		"corrects": first.ID, "correction": "llegó la prueba"})

	tl := worktest.Ask[people.Timeline](b, "person.timeline", "person", id.String())
	var kinds []string
	for _, e := range tl.Entries {
		kinds = append(kinds, e.Kind)
		if e.ByName != "Ana" || e.SiteName == "" || e.Zone != -360 || e.Recorded.IsZero() {
			t.Errorf("entry %+v", e)
		}
		if e.Fields["person"] != nil {
			t.Errorf("%s repeats the person", e.Kind)
		}
	}
	if !slices.Equal(kinds, []string{"consultation", "session", "visit", "change", "consultation", "visit", "person"}) {
		t.Fatalf("timeline %v", kinds)
	}
	last, old := tl.Entries[0], tl.Entries[4]
	if last.ID != second.ID || last.Corrects != first.ID || old.ID != first.ID || old.Corrected != second.ID {
		t.Errorf("correction: %+v / %+v", last, old)
	}
	if s := tl.Entries[1]; s.Compartment != record.Mind || s.Fields["severity"] != int64(2) || s.Fields["note"] != "no duerme" || s.Fields["type"] != "first" {
		t.Errorf("session %+v", s)
	}
	if c := tl.Entries[3].Fields["changed"]; !slices.Equal(c.([]string), []string{"phone"}) {
		t.Errorf("change %v", c)
	}
	if tl.Person.LastSeen.SiteName != "Casa del Norte" {
		t.Errorf("last seen at %+v", tl.Person.LastSeen)
	}
	if s := worktest.Ask[people.Shown](b, "person.show", "person", id.String()); s.Visits != 2 || s.Sites != 2 || s.Registered.SiteName != "Casa del Sur" {
		t.Errorf("%d visits at %d sites, registered at %+v", s.Visits, s.Sites, s.Registered)
	}
}
