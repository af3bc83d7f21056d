package people_test

import (
	"testing"

	"amparo/internal/care"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// Three machines at three sites: what a person agrees to, refuses and takes back decides where their record is seen.
func TestWishesAcrossSites(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Clínica", "20057")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	clinic := south.Join(url, "Carla", there, "clinician")
	all := func() { t.Helper(); worktest.Meet(url, south, north, clinic) }
	seen := func(when string, b *worktest.Bed, want int) {
		t.Helper()
		if got := find(b, "ana"); len(got) != want {
			t.Errorf("%s: found %v, want %d", when, got, want)
		}
	}
	id := worktest.Do[people.Registered](south, "person.register", home, fields{"given": "Ana"}).Person.String()
	worktest.Do[care.ConsultationRecorded](south, "consultation.record", home, fields{"person": id, "service": "medical", "note": "tos"})
	stays := worktest.Do[people.Registered](south, "person.register", home, fields{"given": "Luz", "consent": []string{"care"}}).Person.String()
	all()
	seen("never asked", north, 1)
	if got := find(north, "luz"); len(got) != 0 {
		t.Errorf("asked and not agreed, and yet elsewhere: %v", got)
	}

	// Taken back far from home, by somebody who holds identity only.
	worktest.Do[people.Consented](north, "person.consent", there, no(id, "withdrawn", "sharing", "statistics"))
	seen("taken back, where it was said", north, 0)
	all()
	seen("taken back, at its home", south, 1)
	seen("taken back, at a clinic", clinic, 0)
	if south.Travels(id) {
		t.Error("its home goes on handing the record on")
	}
	c := worktest.Ask[people.Consents](south, "person.consents", "person", id)
	if c.Travels || c.Counted || len(c.Answers) != 1 {
		t.Errorf("at its home the refusal is not known: %+v", c)
	}
	if l := limits(clinic, id); len(l) < 2 || len(l[record.Care].Why) == 0 {
		t.Errorf("the clinic's own compartment does not follow: %+v", l)
	}

	// Agreed again at home: it is seen everywhere, in every compartment.
	worktest.Do[people.Consented](south, "person.consent", home, yes(id, "sharing"))
	worktest.Do[people.Consented](south, "person.consent", home, yes(stays, "sharing"))
	all()
	seen("agreed again, at a clinic", clinic, 1)
	seen("agreed again", north, 1)
	if l := limits(clinic, id); len(l) != 0 {
		t.Errorf("agreed again, and yet limited: %+v", l)
	}
	if got := find(north, "luz"); len(got) != 1 {
		t.Errorf("what was held back did not follow: %v", got)
	}
	told := worktest.Ask[people.Timeline](clinic, "person.timeline", "person", id)
	notes := 0
	for _, e := range told.Entries {
		if e.Kind == "consultation" {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("the clinic sees %d consultations, want the one written at home", notes)
	}

	// Restricted by the person's wish: nowhere, until it is lifted where it was restricted or elsewhere.
	worktest.Do[people.RestrictedNow](south, "person.restrict", home, fields{"person": id, "reason": "lo pidió", "authority": "ella"})
	all()
	for _, b := range []*worktest.Bed{south, north, clinic} {
		seen("restricted", b, 0)
	}
	worktest.Do[people.RestrictedNow](north, "person.restrict", there, fields{"person": id, "lift": true, "reason": "lo pidió ella", "compartments": []string{"identity"}})
	all()
	seen("lifted", south, 1)
}

// Two places hear different things before they meet: the no wins everywhere, and both answers stay.
func TestANoWinsAcrossSites(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Clínica", "20057")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	id := worktest.Do[people.Registered](south, "person.register", home, fields{"given": "Ana"}).Person.String()
	worktest.Meet(url, south, north)
	worktest.Do[people.Consented](south, "person.consent", home, yes(id, "sharing", "statistics"))
	worktest.Do[people.Consented](north, "person.consent", there, no(id, "refused", "sharing", "statistics"))
	worktest.Meet(url, south, north)
	c := worktest.Ask[people.Consents](south, "person.consents", "person", id)
	if c.Travels || c.Counted || len(c.Answers) != 2 {
		t.Errorf("after both answers met: %+v", c)
	}
	if got := find(north, "ana"); len(got) != 0 {
		t.Errorf("seen at the other site: %v", got)
	}
}

// A device that was never told where it stands shows what is not shared where its own member registered the person, also after
// it was closed and opened again; another such device does not.
func TestADeviceWithoutASite(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home := south.Site("Casa", "07089")
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", "", "registrar")
	var ids []string
	for _, site := range []string{home, ""} {
		ids = append(ids, worktest.Do[people.Registered](south, "person.register", site, fields{"given": "Ana"}).Person.String())
	}
	worktest.Meet(url, south, north)
	if got := find(north, "ana"); len(got) != 2 {
		t.Fatalf("before: %v", got)
	}
	for _, id := range ids {
		worktest.Do[people.Consented](south, "person.consent", "", no(id, "refused", "sharing"))
	}
	worktest.Meet(url, south, north)
	if got := find(north, "ana"); len(got) != 0 {
		t.Errorf("elsewhere: %v", got)
	}
	south.Reopen()
	if got := find(south, "ana"); len(got) != 2 {
		t.Errorf("at home: %v", got)
	}
	// At its home, said at home: what went out is hidden elsewhere.
	worktest.Do[people.Consented](south, "person.consent", home, yes(ids[0], "sharing"))
	worktest.Meet(url, south, north)
	if got := find(north, "ana"); len(got) != 1 {
		t.Errorf("after a yes: %v", got)
	}
}
