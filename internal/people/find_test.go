package people_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// why are the codes of the reasons of the first hit.
func why(b *worktest.Bed, q string) (name string, codes []string) {
	hits := worktest.Ask[people.Found](b, "person.find", "q", q).Hits
	if len(hits) == 0 {
		return "", nil
	}
	for _, r := range hits[0].Reasons {
		codes = append(codes, r.Code)
	}
	return hits[0].Person.Name, codes
}

// Besides the name, people are found by the language they speak and by where and when they were met; nothing of it hides anybody.
func TestFindBeside(t *testing.T) {
	b := worktest.New(t)
	south, north := b.Site("Casa Buen Pastor", "07089"), b.Site("Posada Belén", "28032")
	for _, d := range []fields{
		{"given": "Marta", "surname1": "Choc", "languages": []string{"quc"}, "nationality": []string{"GTM"}, "age": 24},
		{"given": "Marta", "surname1": "Paz", "languages": []string{"es"}, "nationality": []string{"HND"}, "age": 25},
		{"given": "Abril", "surname1": "Santiago", "age": 40},
	} {
		worktest.Do[people.Registered](b, "person.register", south, d)
	}
	eva := worktest.Do[people.Registered](b, "person.register", south, fields{"given": "Eva", "surname1": "Paz", "age": 33}).Person
	b.Now = b.Now.AddDate(0, 1, 0)
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", north, fields{"person": eva, "service": "medical", "reason": "fiebre"})
	here, later := b.Now.AddDate(0, -1, 0), b.Now
	for _, c := range []struct {
		q, want string
		codes   []string
	}{
		{"marta k'iche'", "Marta Choc", []string{"exact", "same_language"}},
		{"marta español", "Marta Paz", []string{"exact", "same_language"}},
		{"paz en reynosa", "Eva Paz", []string{"exact", "seen_place"}},
		{"paz posada belén", "Eva Paz", []string{"exact", "seen_place"}},
		{"paz " + monthOf(later), "Eva Paz", []string{"exact", "seen_month"}},
		{"quiché tapachula", "Marta Choc", []string{"same_language", "seen_place"}},
		{"abril", "Abril Santiago", []string{"exact"}},    // a month, and a name
		{"santiago", "Abril Santiago", []string{"exact"}}, // a place, and a name
	} {
		name, codes := why(b, c.q)
		if name != c.want || !slices.Equal(codes, c.codes) {
			t.Errorf("%q finds %s for %v, want %s for %v", c.q, name, codes, c.want, c.codes)
		}
	}
	hits := worktest.Ask[people.Found](b, "person.find", "q", "paz en reynosa "+monthOf(later)).Hits
	if len(hits) < 2 || hits[0].Reasons[1].Args["site"] != "Posada Belén" || hits[0].Reasons[2].Args["month"] != later.Format("2006-01") {
		t.Errorf("place and month: %+v", hits)
	}
	if _, codes := why(b, "eva "+monthOf(here)+" "+here.Format("2006")); !slices.Equal(codes, []string{"exact", "seen_month"}) {
		t.Errorf("the month of the registration is no reason: %v", codes)
	}
	for _, q := range []string{"27", "en tapachula", "quiché"} { // one thing known beside the name is nobody
		if name, _ := why(b, q); name != "" {
			t.Errorf("%q finds %s", q, name)
		}
	}
}

func monthOf(t time.Time) string {
	return strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")[t.Month()-1]
}

// Other names, the name as it is spoken and in its own script find somebody too; every card does, and one that was lost says so.
func TestFindByOtherNamesAndCards(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	r := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Mohammed", "surname1": "Al Hassan", "spoken": "Mojamé", "written": "محمد الحسن", "aliases": []string{"Turco"}})
	for _, q := range []string{"mojame", "محمد", "turco", "hassan mohamed"} {
		if got := find(b, q); !slices.Equal(got, []string{"Mohammed Al Hassan"}) {
			t.Errorf("%q finds %q", q, got)
		}
	}
	id := r.Person.String()
	if name, codes := why(b, r.Card[8:]); name == "" || !slices.Equal(codes, []string{"card_ends"}) {
		t.Errorf("by the card: %s for %v", name, codes)
	}
	given := worktest.Do[people.CardGiven](b, "person.card", site, fields{"person": id, "lost": r.Card, "reason": "lost", "new": true})
	if _, codes := why(b, r.Card); !slices.Equal(codes, []string{"card_lost"}) {
		t.Errorf("by the lost card: %v", codes)
	}
	if _, codes := why(b, given.Card); !slices.Equal(codes, []string{"card_ends"}) {
		t.Errorf("by the new card: %v", codes)
	}
	if name, _ := why(b, given.Code); name == "" {
		t.Error("the code of a card, as a scanner types it, finds nobody")
	}
	_, err := b.Session.Query(t.Context(), lang.ES, "person.find", map[string][]string{"q": {people.CardCode(record.ID{7}, given.Card)}})
	if refused := new(record.Refusal); !errors.As(err, &refused) || refused.Code != "card_elsewhere" {
		t.Errorf("the code of another organisation's card: %v", err)
	}
}

// The index follows what is erased: nobody who came later is missed because rows were numbered anew.
func TestFindAfterErasing(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	var ids []string
	for _, name := range []string{"Uno", "Dos", "Tres"} {
		ids = append(ids, worktest.Do[people.Registered](b, "person.register", site, fields{"given": name, "surname1": "Xitumul"}).Person.String())
	}
	if got := find(b, "xitumul"); len(got) != 3 {
		t.Fatalf("found %q", got)
	}
	if r := b.Apply("person.erase", "", fields{"person": ids[0], "reason": "asked_by_person", "authority": "acta 7"}); !r.OK {
		t.Fatal(r.Error)
	}
	worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Cuatro", "surname1": "Xitumul"})
	got := find(b, "xitumul")
	slices.Sort(got)
	if !slices.Equal(got, []string{"Cuatro Xitumul", "Dos Xitumul", "Tres Xitumul"}) {
		t.Errorf("after erasing one and registering another: %q", got)
	}
	if total := worktest.Ask[people.Found](b, "person.find", "q", "xitumul").Total; total != 3 {
		t.Errorf("among %d, want 3", total)
	}
}

// Two sites that wrote a surname differently, apart from each other, both find the person by either, until somebody settles it. And
// what comes over an exchange is found there as soon as it is: persons, visits, cards, in whatever order.
func TestFindAcrossSites(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Posada Norte", "28032")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	id := worktest.Do[people.Registered](south, "person.register", home, fields{"given": "Ana", "surname1": "Xitumul"}).Person.String()
	if name, _ := why(north, "ana xitumul"); name != "" {
		t.Fatal("found before it came")
	}
	worktest.Meet(url, south, north)
	worktest.Do[people.Updated](south, "person.update", home, fields{"person": id, "surname1": "Quispe"})
	worktest.Do[people.Updated](north, "person.update", there, fields{"person": id, "surname1": "Mamani"})
	card := worktest.Do[people.CardGiven](north, "person.card", there, fields{"person": id, "new": true}).Card
	worktest.Meet(url, south, north, south)
	for _, b := range []*worktest.Bed{south, north} {
		for _, q := range []string{"ana quispe", "ana mamani", card[6:]} {
			if name, _ := why(b, q); !strings.HasPrefix(name, "Ana") {
				t.Errorf("%q finds %q", q, name)
			}
		}
		if name, _ := why(b, "xitumul"); name != "" {
			t.Errorf("a surname that both put right finds %q", name)
		}
	}
}
