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
	b.Refused("person.link", "", link(one, two, false), "again", "said_different") // what the link stood against is said again
	b.Refused("person.link", "", link(three, one, false), "again", "said_different")
}

// Whatever is said of two records, taking it back leaves what was said of them before, with its reason.
func TestWhatIsSaidOfTwoRecordsCanBeTakenBack(t *testing.T) {
	b := worktest.New(t)
	verdicts := []string{"person.link", "person.different", "person.unlink"}
	for _, before := range verdicts[:2] {
		for _, now := range verdicts {
			one, two := somebody(b, "Ana"), somebody(b, "Anita")
			worktest.Do[people.LinkedNow](b, before, "", map[string]any{"person": one, "other": two, "reason": "same_document"})
			data := map[string]any{"person": one, "other": two, "reason": "said_it"}
			if now == "person.link" {
				data["again"] = true
			}
			said := worktest.Do[people.LinkedNow](b, now, "", data)
			if now != before && !said.Changed || now == before && said.Changed {
				t.Errorf("%s after %s: %+v", now, before, said)
			}
			if !said.Changed {
				continue
			}
			action, data := said.Undo()
			worktest.Do[people.LinkedNow](b, action, "", data)
			shown := worktest.Ask[people.Compared](b, "person.compare", "person", one, "other", two)
			if len(shown.Said) != 1 || shown.Said[0].Reason != "same_document" || shown.Same != (before == "person.link") || (shown.Said[0].Verdict == people.Different) != (before == "person.different") {
				t.Errorf("%s after %s, taken back by %s: %+v", now, before, action, shown.Said)
			}
		}
	}
}

// The records of one person are shown together, each value and entry with the record in which it stands.
func TestLinkedRecordsAreShownTogether(t *testing.T) {
	b := worktest.New(t)
	register := func(data map[string]any) string {
		return worktest.Do[people.Registered](b, "person.register", "", data).Person.String()
	}
	one := register(map[string]any{"given": "Ana", "surname1": "Xitumul", "sex": "f", "birth": "1991", "phone": "55 1234"})
	two := register(map[string]any{"given": "Anita", "surname1": "xitumul", "birth": "1992", "note": "viaja con su hermana"})
	say(b, "person.link", one, two)
	s := worktest.Ask[people.Shown](b, "person.show", "person", one)
	if len(s.Linked) != 1 || s.Linked[0].ID.String() != two || len(s.Linked[0].Said) != 1 || s.Linked[0].Said[0].ByName != "Ana" || s.Linked[0].Said[0].Reason != "said_it" {
		t.Fatalf("linked: %+v", s.Linked)
	}
	if s.Given != "Ana" || s.Note != "" {
		t.Errorf("a value of the other record moved: %+v", s)
	}
	differs, says := map[string]bool{}, map[string]int{}
	for _, f := range s.LinkedFields {
		differs[f.Field], says[f.Field] = f.Differs, len(f.Values)
	}
	for field, want := range map[string]struct {
		differs bool
		says    int
	}{"given": {true, 2}, "surname1": {false, 2}, "birth": {true, 2}, "sex": {false, 1}, "phone": {false, 1}, "note": {false, 1}} {
		if differs[field] != want.differs || says[field] != want.says {
			t.Errorf("%s: differs %v, said by %d; want %v, %d", field, differs[field], says[field], want.differs, want.says)
		}
	}
	if _, there := says["card"]; there {
		t.Error("each record has its own card: that is no difference")
	}
	told := worktest.Ask[people.Timeline](b, "person.timeline", "person", two)
	var registrations []string
	for _, e := range told.Entries {
		if e.Kind == people.Person.Name {
			registrations = append(registrations, e.Record.String()+e.RecordCard)
		}
	}
	if len(told.Linked) != 1 || len(registrations) != 2 || !slices.Contains(registrations, one+s.Card) {
		t.Errorf("both registrations, one of them from the other record: %v", registrations)
	}
	held := worktest.Ask[people.Copy](b, "person.copy", "person", one)
	if len(held.Linked) != 1 || held.Linked[0].Person.Note != "viaja con su hermana" {
		t.Errorf("the person's copy leaves out what the other record holds: %+v", held.Linked)
	}
	say(b, "person.unlink", one, two)
	if s := worktest.Ask[people.Shown](b, "person.show", "person", one); len(s.Linked)+len(s.LinkedFields) != 0 {
		t.Errorf("apart: %+v", s.Linked)
	}
	for _, e := range worktest.Ask[people.Timeline](b, "person.timeline", "person", one).Entries {
		if !e.Record.IsZero() {
			t.Errorf("an entry of the other record stays: %+v", e)
		}
	}
}

func TestFindingShowsAPersonOnce(t *testing.T) {
	b := worktest.New(t)
	one, two := somebody(b, "Ana"), somebody(b, "Anita")
	for range 3 {
		somebody(b, "Ana")
	}
	say(b, "person.link", one, two)
	found := worktest.Ask[people.Found](b, "person.find", "q", "ana ceiba", "limit", "4")
	hits := 0
	for _, h := range found.Hits {
		switch h.Person.ID.String() {
		case one:
			if hits++; len(h.Linked) != 1 || h.Linked[0].ID.String() != two {
				t.Errorf("the other record is not named with it: %+v", h.Linked)
			}
		case two:
			t.Error("the other record is shown as somebody else")
		}
	}
	if hits != 1 || len(found.Hits) != 4 {
		t.Errorf("the person is shown %d times among %d", hits, len(found.Hits))
	}
}
