package people_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

// past lists what was said of a field, latest first, as "value by whom"; what no longer stands ends with who wrote otherwise.
func past(b *worktest.Bed, person, field string) []string {
	b.Helper()
	out := []string{}
	for _, f := range worktest.Ask[people.History](b, "person.history", "person", person).Fields {
		if f.Field != field {
			continue
		}
		for _, v := range f.Values {
			line := fmt.Sprintf("%v by %s", v.Value, v.ByName)
			if v.Until != nil {
				line += " until " + v.Until.ByName
			}
			out = append(out, line)
		}
	}
	return out
}

// Whatever two machines wrote apart, both tell all of it afterwards, in the same words.
func TestHistoryTellsEverythingEverSaid(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Maria", "surname1": "Paz", "languages": []string{"es"}, "consent": []string{"care", "sharing"}}).Person.String()
	url := worktest.Relay(t)
	far := b.Join(url, "Beto", site, "registrar")
	set := func(bed *worktest.Bed, name string, value any) {
		bed.Helper()
		bed.Now = bed.Now.Add(time.Hour)
		worktest.Do[people.Updated](bed, "person.update", site, fields{"person": id, name: value})
	}
	set(b, "given", "María")
	set(b, "phone", "961 000 0001")
	set(b, "languages", []string{"es", "mam"})
	far.Now = b.Now
	set(far, "given", "Marta") // does not know of María
	worktest.Meet(url, b, far)
	if got := past(b, id, "given"); !slices.Equal(got, []string{"Marta by Beto", "María by Ana", "Maria by Ana until Ana"}) {
		t.Errorf("with rivals: %q", got)
	}
	far.Now = far.Now.Add(time.Hour)
	set(far, "languages", []string{"mam"})
	set(far, "given", "María Marta") // settles both
	set(far, "phone", nil)
	worktest.Meet(url, b, far)
	for field, want := range map[string][]string{
		"given":     {"María Marta by Beto", "Marta by Beto until Beto", "María by Ana until Beto", "Maria by Ana until Ana"},
		"languages": {"[mam] by Ana", "[es] by Ana until Beto"},
		"phone":     {"<nil> by Beto", "961 000 0001 by Ana until Beto"},
		"surname1":  {"Paz by Ana"},
		"nickname":  {},
	} {
		if got := past(b, id, field); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	here, there := worktest.Ask[people.History](b, "person.history", "person", id), worktest.Ask[people.History](far, "person.history", "person", id)
	if !reflect.DeepEqual(here.Fields, there.Fields) {
		t.Errorf("two machines tell different histories:\n%+v\n%+v", here.Fields, there.Fields)
	}
	copied := worktest.Ask[people.Copy](b, "person.copy", "person", id).Past
	if fields := slices.Collect(func(yield func(string) bool) {
		for _, f := range copied {
			yield(f.Field)
		}
	}); !slices.Equal(fields, []string{"given", "languages", "phone"}) {
		t.Errorf("the copy tells what was said before of %q", fields)
	}
	b.Reopen()
	if got := past(b, id, "phone"); len(got) != 2 {
		t.Errorf("after opening again: %q", got)
	}
}

// A correction is told beside what it corrects.
func TestHistoryShowsWhatWasPutRight(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana"}).Person.String()
	wrong := b.Apply("journey.record", site, fields{"person": id, "what": "stay", "place": "07", "ended": "2025"})
	if !wrong.OK {
		t.Fatal(wrong.Error)
	}
	b.Now = b.Now.Add(time.Hour)
	if r := b.Apply("journey.record", site, fields{"person": id, "what": "stay", "place": "27", "ended": "2025", "corrects": wrong.ID}); !r.OK {
		t.Fatal(r.Error)
	}
	h := worktest.Ask[people.History](b, "person.history", "person", id)
	if len(h.Corrections) != 1 || h.Corrections[0].Was.Fields["place"] != "07" || h.Corrections[0].Is.Fields["place"] != "27" {
		t.Errorf("corrections: %+v", h.Corrections)
	}
	b.Refused("person.restrict", site, fields{"person": id, "reason": "", "authority": "x"}, "reason", "required")
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": id, "compartments": []string{"identity"}, "reason": "x", "authority": "y"})
	if _, err := b.Session.Query(t.Context(), "es", "person.history", map[string][]string{"person": {id}}); err == nil {
		t.Error("the history of a restricted record is told")
	}
}
