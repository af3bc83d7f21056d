package family_test

import (
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

type fields = map[string]any

// somebody registers a person and gives their id.
func somebody(b *worktest.Bed, site string, more fields) string {
	b.Helper()
	return worktest.Do[people.Registered](b, "person.register", site, more).Person.String()
}

func members(b *worktest.Bed, person string) (now, before int) {
	b.Helper()
	for _, h := range worktest.Ask[family.Shown](b, "family.show", "person", person).Households {
		for _, m := range h.Members {
			if m.Until == "" {
				now++
			} else {
				before++
			}
		}
	}
	return now, before
}

func TestHouseholds(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, luis, ana := somebody(b, site, fields{"given": "Rosa"}), somebody(b, site, fields{"given": "Luis"}), somebody(b, site, fields{"given": "Ana"})
	f := worktest.Do[family.Formed](b, "household.form", site, fields{"kind": "family", "people": 5, "members": []fields{{"person": rosa, "role": "head"}, {"person": luis, "role": "child"}, {"person": luis}}})
	if f.Members != 2 || f.ID.IsZero() {
		t.Errorf("formed: %+v", f)
	}
	if f := worktest.Do[family.Formed](b, "household.join", site, fields{"household": f.ID, "person": ana, "role": "sibling"}); f.Members != 3 {
		t.Errorf("joined: %+v", f)
	}
	shown := worktest.Ask[family.Shown](b, "family.show", "person", luis)
	if len(shown.Households) != 1 || shown.Households[0].People != 5 || shown.Households[0].Kind != "family" || len(shown.Households[0].Members) != 3 {
		t.Fatalf("shown: %+v", shown)
	}
	for _, m := range shown.Households[0].Members {
		if m.Person.LastSeen != nil {
			t.Error("where a relative was last met is told to who looks at another's family")
		}
		if m.Since != "2026-03-17" {
			t.Errorf("since: %+v", m)
		}
	}

	l := worktest.Do[family.Left](b, "household.leave", site, fields{"household": f.ID, "person": luis, "why": "separated", "until": "2026-02"})
	if !l.Separated {
		t.Errorf("left: %+v", l)
	}
	if now, before := members(b, rosa); now != 2 || before != 1 {
		t.Errorf("after leaving: %d and %d", now, before)
	}
	b.Refused("household.leave", site, fields{"household": f.ID, "person": luis}, "household", "not_a_member")
	worktest.Do[family.Formed](b, "household.join", site, fields{"household": f.ID, "person": luis})
	if now, before := members(b, rosa); now != 3 || before != 0 {
		t.Errorf("back again: %d and %d", now, before)
	}

	if f := worktest.Do[family.Formed](b, "household.form", site, fields{"kind": "other", "members": []any{rosa, fields{"person": ana}}}); f.Members != 2 {
		t.Errorf("named without a role: %+v", f)
	}

	// With somebody who travels with nobody yet, and then with them both.
	eva, leo := somebody(b, site, fields{"given": "Eva"}), somebody(b, site, fields{"given": "Leo"})
	one := worktest.Do[family.Formed](b, "household.join", site, fields{"person": eva, "with": rosa})
	two := worktest.Do[family.Formed](b, "household.join", site, fields{"person": leo, "with": eva})
	if one.ID == f.ID || one.ID != two.ID || one.Members != 2 || two.Members != 3 {
		t.Errorf("travelling together: %+v, %+v", one, two)
	}
}

func TestHouseholdsThatCannotBe(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa := somebody(b, site, fields{"given": "Rosa"})
	f := worktest.Do[family.Formed](b, "household.form", site, fields{"members": []fields{{"person": rosa}}})
	nobody := record.ID{7}.String()
	b.Refused("household.form", site, fields{}, "members", "required")
	b.Refused("household.form", site, fields{"members": []fields{{"person": nobody}}}, "members", "unknown_id")
	b.Refused("household.form", site, fields{"kind": "army", "members": []fields{{"person": rosa}}}, "kind", "not_in_list")
	b.Refused("household.form", site, fields{"people": 0, "members": []fields{{"person": rosa}}}, "people", "out_of_range")
	b.Refused("household.form", site, fields{"members": []fields{{"person": rosa, "role": "boss"}}}, "role", "not_in_list")
	b.Refused("household.form", site, fields{"members": []fields{{"person": rosa, "boss": true}}}, "boss", "unknown_field")
	b.Refused("household.form", site, fields{"members": []any{7}}, "members", "wrong_type")
	b.Refused("household.form", site, fields{"members": []any{nil}}, "members", "required")
	b.Refused("household.join", site, fields{"person": rosa}, "household", "household_or_with")
	b.Refused("household.join", site, fields{"person": rosa, "household": f.ID, "with": rosa}, "household", "household_or_with")
	b.Refused("household.join", site, fields{"person": rosa, "with": rosa}, "with", "same_person")
	b.Refused("household.join", site, fields{"person": rosa, "household": nobody}, "household", "unknown_id")
	b.Refused("household.join", site, fields{"person": rosa, "household": rosa}, "household", "unknown_id")
	b.Refused("household.leave", site, fields{"person": rosa, "household": f.ID, "why": "x"}, "why", "not_in_list")
	b.Refused("household.leave", site, fields{"person": rosa, "household": f.ID, "until": "2026-03-19"}, "until", "future_date")
	if now, _ := members(b, rosa); now != 1 {
		t.Errorf("something was half applied: %d belong", now)
	}
}
