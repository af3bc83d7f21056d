package people_test

import (
	"slices"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

func limits(b *worktest.Bed, id string) map[record.Compartment]people.Limits {
	out := map[record.Compartment]people.Limits{}
	for _, l := range worktest.Ask[people.Restrictions](b, "person.restrictions", "person", id).Limits {
		out[l.Compartment] = l
	}
	return out
}

func TestRestrict(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana"}).Person.String()
	if got := worktest.Ask[people.Restrictions](b, "person.restrictions", "person", id); got.Limits == nil {
		t.Error("nothing limits the record: JSON must have [] and not null")
	}
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"person": id, "authority": "ella misma"}, "reason", "required"},
		{fields{"person": id, "reason": "lo pidió"}, "authority", "required"},
		{fields{"person": id, "reason": "lo pidió", "authority": "ella", "until": "ayer"}, "until", "bad_date"},
		{fields{"person": id, "reason": "lo pidió", "authority": "ella", "compartments": []string{"field"}}, "compartments", "not_in_list"},
		{fields{"person": id, "lift": true}, "lift", "not_restricted"},
		{fields{"person": record.ID{9}.String(), "reason": "x", "authority": "y"}, "person", "unknown_id"},
	} {
		b.Refused("person.restrict", site, c.data, c.field, c.code)
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": id, "reason": "lo pidió", "authority": "ella misma", "compartments": []string{"law"}, "until": "2026-06-01"})
	if l := limits(b, id); len(l) != 1 || l[record.Law].Reason != "lo pidió" || l[record.Law].Authority != "ella misma" || !slices.Equal(l[record.Law].Why, []string{"restricted"}) ||
		l[record.Law].Until.Format("2006-01-02") != "2026-06-01" || l[record.Law].ByName != "Ana" {
		t.Errorf("after restricting one compartment: %+v", l)
	}
	all := worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": id, "reason": "juez", "authority": "Juzgado 3"})
	if l := limits(b, id); len(l) != len(people.Sealed) || len(all.Compartments) != len(people.Sealed) {
		t.Errorf("after restricting all: %+v", l)
	}
	if b.Travels(id) {
		t.Error("a person of whom nothing may be used is passed on")
	}
	if found := find(b, "ana"); len(found) != 0 {
		t.Errorf("a restricted person is found: %v", found)
	}
	b.Refused("person.update", site, fields{"person": id, "note": "x"}, "person", "unknown_id")
	b.Refused("person.restrict", site, fields{"person": id, "lift": true}, "reason", "required")
	lifted := worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": id, "lift": true, "reason": "lo pidió ella", "compartments": []string{"identity", "care", "mind", "survivor"}})
	if l := limits(b, id); len(l) != 1 || len(lifted.Compartments) != 4 || lifted.Restricted {
		t.Errorf("after lifting four: %+v", l)
	}
	if found := find(b, "ana"); !b.Travels(id) || len(found) != 1 {
		t.Errorf("lifting does not let the record go on; found %v", found)
	}
}

// A no to sharing takes back what went out: the record is hidden everywhere but at its home.
func TestTakingSharingBackHidesElsewhere(t *testing.T) {
	b := worktest.New(t)
	home, other := b.Site("Casa", "07089"), b.Site("Otra", "20057")
	b.Stand(home)
	id := worktest.Do[people.Registered](b, "person.register", home, fields{"given": "Ana", "consent": []string{"care", "sharing"}}).Person.String()
	worktest.Do[people.Consented](b, "person.consent", other, no(id, "withdrawn", "sharing"))
	l := limits(b, id)
	if len(l) != len(people.Sealed) || l[record.Care].Home.String() != home || l[record.Care].HomeName != "Casa" || !slices.Equal(l[record.Care].Why, []string{"unshared"}) {
		t.Errorf("after taking it back: %+v", l)
	}
	if found := find(b, "ana"); len(found) != 1 {
		t.Errorf("at its home the record is gone: %v", found)
	}
	b.Stand(other)
	if found := find(b, "ana"); len(found) != 0 {
		t.Errorf("at another site the record is still found: %v", found)
	}
	b.Stand(home)
	worktest.Do[people.Consented](b, "person.consent", home, yes(id, "sharing"))
	if l := limits(b, id); len(l) != 0 {
		t.Errorf("after a new yes: %+v", l)
	}
	// Who never agreed to sharing has nothing elsewhere that would have to be hidden.
	stays := worktest.Do[people.Registered](b, "person.register", home, fields{"given": "Luz", "consent": []string{"care"}}).Person.String()
	worktest.Do[people.Consented](b, "person.consent", home, no(stays, "refused", "sharing"))
	if l := limits(b, stays); len(l) != 0 {
		t.Errorf("of who never agreed: %+v", l)
	}
}
