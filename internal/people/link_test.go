package people_test

import (
	"slices"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// somebody registers a person with a given name.
func somebody(b *worktest.Bed, given string) string {
	b.Helper()
	return worktest.Do[people.Registered](b, "person.register", "", map[string]any{"given": given, "surname1": "Ceiba"}).Person.String()
}

func say(b *worktest.Bed, action, person, other string) people.LinkedNow {
	b.Helper()
	data := map[string]any{"person": person, "other": other}
	if action == "person.link" {
		data["reason"] = "said_it"
	}
	return worktest.Do[people.LinkedNow](b, action, "", data)
}

func among(ids []record.ID, id string) bool {
	return slices.ContainsFunc(ids, func(one record.ID) bool { return one.String() == id })
}

func TestLinksMakeClustersAndComeApart(t *testing.T) {
	b := worktest.New(t)
	one, two, three := somebody(b, "Ana"), somebody(b, "Anita"), somebody(b, "Ana María")
	if r := say(b, "person.link", one, two); !r.Changed || r.Verdict != people.Same || len(r.Linked) != 1 || !among(r.Linked, two) {
		t.Errorf("linking two: %+v", r)
	}
	if r := say(b, "person.link", two, one); r.Changed {
		t.Errorf("linking again from the other side changes something: %+v", r)
	}
	if r := say(b, "person.link", two, three); len(r.Linked) != 2 {
		t.Errorf("a third record joins: %+v", r)
	}
	b.Refused("person.unlink", "", map[string]any{"person": one, "other": three}, "other", "link_through")
	b.Refused("person.different", "", map[string]any{"person": one, "other": three}, "other", "link_through")
	if r := say(b, "person.unlink", two, one); r.Verdict != people.Apart || len(r.Linked) != 1 || !among(r.Linked, three) {
		t.Errorf("taking one apart: %+v", r)
	}
	b.Refused("person.link", "", map[string]any{"person": one, "other": one, "reason": "said_it"}, "other", "link_self")
	b.Refused("person.link", "", map[string]any{"person": one, "other": two}, "reason", "required")
	b.Refused("person.link", "", map[string]any{"person": one, "other": two, "reason": "porque sí"}, "reason", "not_in_list")
	b.Refused("person.link", "", map[string]any{"person": one, "other": "0000000000000000000000000a", "reason": "said_it"}, "other", "unknown_id")
	b.Refused("person.unlink", "", map[string]any{"person": one, "other": somebody(b, "Rosa")}, "other", "not_linked")
}

// That two are not the same is remembered: against it nobody links them, nor records of theirs, without saying that they know.
func TestDifferentIsRemembered(t *testing.T) {
	b := worktest.New(t)
	one, two, three := somebody(b, "Ana"), somebody(b, "Anita"), somebody(b, "Ana María")
	say(b, "person.different", one, two)
	link := func(x, y string, again bool) map[string]any {
		return map[string]any{"person": x, "other": y, "reason": "same_family", "again": again}
	}
	b.Refused("person.link", "", link(two, one, false), "again", "said_different")
	say(b, "person.link", two, three)
	b.Refused("person.link", "", link(one, three, false), "again", "said_different")
	if r := worktest.Do[people.LinkedNow](b, "person.link", "", link(three, one, true)); len(r.Linked) != 2 {
		t.Errorf("who says it again joins all three: %+v", r)
	}
	if r := say(b, "person.unlink", one, three); len(r.Linked) != 0 {
		t.Errorf("apart again: %+v", r)
	}
}
