package people_test

import (
	"testing"

	"amparo/internal/care"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

// A person says no once, on whichever of their records is open: it counts for all, for as long as they are linked.
func TestANoOnOneRecordCountsForAllLinked(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	b.Stand(site)
	yes := map[string]any{"given": "Ana", "surname1": "Xitumul", "consent": []string{"care", "sharing", "statistics"}}
	one, two, three := register(b, yes), register(b, yes), register(b, yes)
	say(b, "person.link", one, two)
	say(b, "person.link", two, three)
	counted := func(person string) bool {
		b.Helper()
		before := b.Sum("field.contact", "1")
		visit := worktest.Do[care.VisitOpened](b, "visit.open", site, map[string]any{"person": person, "service": "nursing"}).Visit
		worktest.Do[care.VisitClosed](b, "visit.close", site, map[string]any{"visit": visit, "outcome": "seen"})
		return b.Sum("field.contact", "1") > before
	}
	says := func(person, purpose, answer string) people.Consented {
		b.Helper()
		data := map[string]any{"person": person, "purpose": purpose, "answer": answer}
		if answer == people.Given {
			data["language"], data["medium"], data["understood"] = "es", "spoken", true
		}
		return worktest.Do[people.Consented](b, "person.consent", site, data)
	}
	all := func(want bool, when string) {
		t.Helper()
		for i, id := range []string{one, two, three} {
			if b.Travels(id) != want {
				t.Errorf("%s: record %d travels: %v", when, i+1, !want)
			}
			if s := worktest.Ask[people.Shown](b, "person.show", "person", id); s.Travels != want {
				t.Errorf("%s: record %d is shown as travelling: %v", when, i+1, s.Travels)
			}
			if c := worktest.Ask[people.Consents](b, "person.consents", "person", id); c.Travels != want {
				t.Errorf("%s: the consents of record %d say that it travels: %v", when, i+1, c.Travels)
			}
		}
	}
	all(true, "nobody said no")
	if !counted(one) {
		t.Error("who agreed is not counted")
	}
	says(three, "sharing", people.Refused)
	says(three, "statistics", people.Refused)
	all(false, "a no on the third")
	if counted(one) {
		t.Error("counted although they said no on another record")
	}
	if c := says(one, "sharing", people.Given); c.Travels {
		t.Error("a yes on one record travels although a no stands on another")
	}
	say(b, "person.unlink", two, three)
	if !b.Travels(one) || !b.Travels(two) || b.Travels(three) {
		t.Error("apart, each record does not follow its own answers")
	}
	if !counted(two) {
		t.Error("apart, and still not counted")
	}
	say(b, "person.link", one, three)
	all(false, "linked with who said no")
	says(three, "sharing", people.Given)
	all(true, "agreed again")
}

// What is written about a linked record after the no stays on this machine, and goes when the records are taken apart.
func TestALinkedRecordIsHeldBack(t *testing.T) {
	url := worktest.Relay(t)
	here := worktest.New(t)
	site := here.Site("Casa del Río", "07089")
	here.Stand(site)
	one := register(here, map[string]any{"given": "Ana", "surname1": "Xitumul", "consent": []string{"care"}}) // asked, and did not agree to sharing
	two := register(here, map[string]any{"given": "Anita", "surname1": "Xitumul", "consent": []string{"sharing"}})
	there := here.Join(url, "Rosa", site, "registrar")
	worktest.Meet(url, here, there)
	say(here, "person.link", one, two)
	worktest.Do[people.Updated](here, "person.update", site, map[string]any{"person": two, "phone": "55 1234"})
	worktest.Meet(url, here, there)
	if s := worktest.Ask[people.Shown](there, "person.show", "person", two); s.Phone != "" || len(s.Linked) != 0 {
		t.Errorf("what was written after the link left this machine: %q, %d linked", s.Phone, len(s.Linked))
	}
	say(here, "person.unlink", two, one)
	worktest.Meet(url, here, there)
	if s := worktest.Ask[people.Shown](there, "person.show", "person", two); s.Phone != "55 1234" || len(s.Linked) != 0 {
		t.Errorf("apart again, what was held back did not follow: %q, %d linked", s.Phone, len(s.Linked))
	}
}

// Who opens a record opens the linked ones: each is noted.
func TestOpeningLinkedRecordsIsNoted(t *testing.T) {
	b := worktest.New(t)
	one, two, alone := register(b, map[string]any{"given": "Ana"}), register(b, map[string]any{"given": "Anita"}), register(b, map[string]any{"given": "Rosa"})
	say(b, "person.link", one, two)
	opened := func(person string) int {
		b.Helper()
		return len(worktest.Ask[node.Accesses](b, "access", "person", person).Entries)
	}
	if n := opened(two); n != 0 {
		t.Fatalf("nobody opened it, and %d openings are noted", n)
	}
	worktest.Ask[people.Shown](b, "person.show", "person", one)
	b.Reopen() // it is written down at the latest when the member locks
	if opened(one) != 1 || opened(two) != 1 || opened(alone) != 0 {
		t.Errorf("noted: %d of the record that was asked for, %d of the linked one, %d of somebody else’s", opened(one), opened(two), opened(alone))
	}
}

// Whoever is limited or erased is not shown with their other record, nor counted, nor hinted at; shown again, they are together again.
func TestWhoIsHiddenIsNotShownAsLinked(t *testing.T) {
	b := worktest.New(t)
	one, two, three := register(b, map[string]any{"given": "Ana", "surname1": "Xitumul"}), register(b, map[string]any{"given": "Anita", "surname1": "Xitumul"}), register(b, map[string]any{"given": "Ani", "surname1": "Xitumul"})
	say(b, "person.link", one, two)
	say(b, "person.link", two, three) // joined to the first by way of the second
	alone := func(want bool, when string) {
		t.Helper()
		s := worktest.Ask[people.Shown](b, "person.show", "person", one)
		told := worktest.Ask[people.Timeline](b, "person.timeline", "person", one)
		links := 0
		for _, e := range told.Entries {
			if e.Kind == people.Link.Name {
				links++
			}
		}
		if got := len(s.Linked)+len(s.LinkedFields)+len(told.Linked)+links == 0; got != want {
			t.Errorf("%s: shown alone is %v: %d linked, %d compared, %d links told", when, got, len(s.Linked), len(s.LinkedFields), links)
		}
		for _, h := range worktest.Ask[people.Found](b, "person.find", "q", "ana xitumul").Hits {
			if h.Person.ID.String() == one && (len(h.Linked) == 0) != want {
				t.Errorf("%s: found with %d other records", when, len(h.Linked))
			}
		}
	}
	alone(false, "linked")
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", map[string]any{"person": two, "reason": "lo pidió", "authority": "ella"})
	alone(true, "the one that joins them is limited")
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", map[string]any{"person": two, "reason": "lo pidió", "lift": true})
	alone(false, "the limit is lifted")
	worktest.Do[any](b, "person.erase", "", map[string]any{"person": two, "reason": "asked_by_person", "authority": "ella"})
	alone(true, "the one that joins them is erased")
	b.Refused("person.unlink", "", map[string]any{"person": one, "other": two}, "other", "unknown_id")
}

// Whose other record is hidden here, because they took sharing back and it belongs to another site, is not released by linking them to
// somebody who shares, or taking that apart again.
func TestALinkToSomebodyElseReleasesNobody(t *testing.T) {
	url := worktest.Relay(t)
	here := worktest.New(t)
	site, home := here.Site("Casa del Río", "07089"), here.Site("Clínica", "20057")
	here.Stand(site)
	shares := map[string]any{"given": "Ana", "surname1": "Xitumul", "consent": []string{"sharing"}}
	away := worktest.Do[people.Registered](here, "person.register", home, shares).Person.String()
	one, other := register(here, shares), register(here, shares)
	there := here.Join(url, "Rosa", site, "registrar")
	say(here, "person.link", one, away)
	worktest.Do[people.Consented](here, "person.consent", site, no(away, people.Withdrawn, "sharing"))
	worktest.Meet(url, here, there)
	worktest.Do[people.Updated](here, "person.update", site, map[string]any{"person": one, "phone": "55 1234"})
	phone := func(when string) {
		t.Helper()
		worktest.Meet(url, here, there)
		if s := worktest.Ask[people.Shown](there, "person.show", "person", one); s.Phone != "" {
			t.Errorf("%s: %q left this machine", when, s.Phone)
		}
		if here.Travels(one) {
			t.Errorf("%s: it travels", when)
		}
	}
	phone("after the no")
	say(here, "person.link", one, other)
	phone("linked to who shares")
	say(here, "person.unlink", one, other)
	phone("and taken apart")
}
