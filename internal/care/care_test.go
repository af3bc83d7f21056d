package care_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/care"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/place"
	"amparo/internal/record"
)

type fields = map[string]any

func person(b *worktest.Bed, given string, more ...fields) string {
	b.Helper()
	d := fields{"given": given, "surname1": "López", "consent": []string{"statistics"}, "sex": "f", "age": 30, "nationality": []string{"HND"}}
	for _, m := range more {
		for k, v := range m {
			d[k] = v
		}
	}
	return worktest.Do[people.Registered](b, "person.register", "", d).Person.String()
}

func TestOpenVisit(t *testing.T) {
	b := worktest.New(t)
	south, north := b.Site("Sur", "07089"), b.Site("Norte", "28032")
	ana, eva := person(b, "Ana"), person(b, "Eva")
	open := func(site, who, service string) care.VisitOpened {
		t.Helper()
		return worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": who, "service": service})
	}
	for _, c := range []struct {
		site, who, service, kind string
		number                   int
	}{
		{south, ana, "medical", "first", 1},
		{south, eva, "medical", "first", 2},
		{south, ana, "mental_health", "first", 3},
		{north, ana, "medical", "follow_up", 1}, // first anywhere is first; numbers are each site's own
		{south, ana, "medical", "follow_up", 4},
	} {
		if v := open(c.site, c.who, c.service); v.Type != c.kind || v.Number != c.number || v.ID != v.Visit {
			t.Errorf("%+v: visit %+v", c, v)
		}
	}
	b.Now = b.Now.Add(12 * time.Hour) // past midnight
	if v := open(south, eva, "social"); v.Number != 1 {
		t.Errorf("the next day begins with %d", v.Number)
	}
	b.Refused("visit.open", "", fields{"person": ana, "service": "medical"}, "site", "no_site")
	b.Refused("visit.open", south, fields{"person": "x", "service": "medical"}, "person", "unknown_id")
	b.Refused("visit.open", south, fields{"service": "medical"}, "person", "required")
	b.Refused("visit.open", south, fields{"person": ana}, "service", "required")
	b.Refused("visit.open", south, fields{"person": ana, "service": "spa"}, "service", "not_in_list")
	b.Refused("visit.open", south, fields{"person": ana, "service": "medical", "reason": strings.Repeat("x", 301)}, "reason", "too_long")
}

// Each service is written where only those of the same work can open it.
func TestConsultationCompartments(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Sur", "07089")
	ana := person(b, "Ana")
	for service, want := range map[string]record.Compartment{"medical": record.Care, "mental_health": record.Mind, "social": record.Law} {
		r := worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fields{"person": ana, "service": service, "reason": "motivo", "note": "línea uno\nlínea dos",
			"severity": 0, "next": "2026-03-24"})
		if r.ID != r.Consultation || r.Type != "first" || r.Visit.IsZero() {
			t.Errorf("%s: %+v", service, r)
		}
		found := false
		for _, e := range worktest.Ask[people.Timeline](b, "person.timeline", "person", ana).Entries {
			if e.ID == r.ID {
				found = true
				if e.Compartment != want || e.Fields["visit"] != r.Visit || e.Fields["severity"] != int64(0) || e.Fields["note"] != "línea uno\nlínea dos" {
					t.Errorf("%s stands as %+v", service, e)
				}
			}
		}
		if !found {
			t.Errorf("%s is not in the timeline", service)
		}
	}
}

// A consultation belongs to the visit that waits; it is counted once however many notes are written; and counted by what the person
// agreed to.
func TestConsultationAndVisit(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Sur", "07089")
	ana, shy := person(b, "Ana"), person(b, "Eva", fields{"consent": []string{"care"}})
	v := worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": ana, "service": "medical"})
	note := func(d fields) care.ConsultationRecorded {
		t.Helper()
		return worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, d)
	}
	if r := note(fields{"person": ana, "service": "medical", "note": "a"}); r.Visit != v.Visit || r.Type != "first" {
		t.Errorf("not the visit that waits: %+v", r)
	}
	if r := note(fields{"person": ana, "visit": v.Visit, "service": "medical", "note": "b"}); r.Visit != v.Visit {
		t.Errorf("not the visit named: %+v", r)
	}
	if r := note(fields{"person": ana, "visit": v.Visit, "service": "social", "note": "c"}); r.Visit == v.Visit || r.Type != "first" {
		t.Errorf("another service is another visit: %+v", r)
	}
	if r := note(fields{"person": ana, "service": "medical", "note": "d"}); r.Visit == v.Visit || r.Type != "follow_up" {
		t.Errorf("a visit that ended takes another consultation: %+v", r)
	}
	note(fields{"person": shy, "service": "medical", "note": "e"})
	for where, want := range map[string]int{
		"service = 'medical' AND type = 'first'": 1, "service = 'medical' AND type = 'follow_up'": 1, "service = 'social'": 1,
		"day = '2026-03-17' AND sex = 'f' AND age_band = '25_49' AND nationality = 'HND'": 3, "1": 3,
	} {
		if got := b.Sum("field.contact", where); got != want {
			t.Errorf("counted %d where %s, want %d", got, where, want)
		}
	}
	b.Refused("consultation.record", site, fields{"person": shy, "visit": v.Visit, "service": "medical", "note": "x"}, "visit", "other_person")
}

func TestConsultationRefuses(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Sur", "07089")
	ana := person(b, "Ana")
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"service": "medical", "note": "x"}, "person", "required"},
		{fields{"person": ana, "note": "x"}, "service", "required"},
		{fields{"person": ana, "service": "nursing", "note": "x"}, "service", "not_in_list"},
		{fields{"person": ana, "service": "medical"}, "reason", "required"},
		{fields{"person": ana, "service": "medical", "note": "x", "severity": 5}, "severity", "out_of_range"},
		{fields{"person": ana, "service": "medical", "note": "x", "next": "mañana"}, "next", "bad_date"},
		{fields{"person": ana, "service": "medical", "note": "x", "next": "2026-03-16"}, "next", "out_of_range"},
		{fields{"person": ana, "service": "medical", "note": "x", "visit": "zz"}, "visit", "unknown_id"},
		{fields{"person": ana, "service": "medical", "note": strings.Repeat("x", 8001)}, "note", "too_long"},
		{fields{"person": ana, "service": "medical", "note": "x", "corrects": "zz", "correction": "y"}, "corrects", "unknown_id"},
		{fields{"person": ana, "service": "medical", "note": "x", "corrects": ana}, "correction", "required"},
		{fields{"person": ana, "service": "medical", "note": "x", "corrects": ana, "correction": "y"}, "corrects", "unknown_id"},
	} {
		b.Refused("consultation.record", site, c.data, c.field, c.code)
	}
	b.Refused("consultation.record", "", fields{"person": ana, "service": "medical", "note": "x"}, "site", "no_site")
	if n := b.Sum("field.contact", "1"); n != 0 {
		t.Errorf("what was refused is counted %d times", n)
	}
}

func TestCorrection(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Sur", "07089")
	ana, eva := person(b, "Ana"), person(b, "Eva")
	first := worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fields{"person": ana, "service": "medical", "diagnosis": "dengue"})
	fix := fields{"person": ana, "service": "medical", "diagnosis": "malaria", "corrects": first.ID, "correction": "prueba positiva"}
	second := worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fix)
	if second.Visit != first.Visit || second.Type != first.Type {
		t.Errorf("a correction is of another visit: %+v", second)
	}
	if n := b.Sum("field.contact", "1"); n != 1 {
		t.Errorf("a correction counts: %d", n)
	}
	b.Refused("consultation.record", site, fix, "corrects", "already_corrected")
	b.Refused("consultation.record", site, fields{"person": eva, "service": "medical", "note": "x", "corrects": second.ID, "correction": "y"}, "corrects", "other_person")
	b.Refused("consultation.record", site, fields{"person": ana, "service": "social", "note": "x", "corrects": second.ID, "correction": "y"}, "corrects", "unknown_id")
}

func TestCloseVisit(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Sur", "07089")
	ana := person(b, "Ana")
	nurse := worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": ana, "service": "nursing"})
	gone := worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": ana, "service": "medical"})
	worktest.Do[care.VisitClosed](b, "visit.close", site, fields{"visit": nurse.Visit, "outcome": "seen"})
	worktest.Do[care.VisitClosed](b, "visit.close", site, fields{"visit": gone.Visit, "outcome": "left"})
	if n := b.Sum("field.contact", "1"); n != 1 {
		t.Errorf("counted %d, want only who was seen", n)
	}
	b.Refused("visit.close", site, fields{"visit": nurse.Visit, "outcome": "seen"}, "visit", "visit_ended")
	b.Refused("visit.close", site, fields{"visit": nurse.Visit, "outcome": "lost"}, "outcome", "not_in_list")
	b.Refused("visit.close", site, fields{"outcome": "seen"}, "visit", "required")
}

func TestBoard(t *testing.T) {
	b := worktest.New(t)
	site, other := b.Site("Sur", "07089"), b.Site("Norte", "28032")
	ana, eva := person(b, "Ana"), person(b, "Eva", fields{"nickname": "La Güera", "groups": []string{"pregnant"}})
	worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Luz"})
	one := worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": ana, "service": "medical"})
	worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": eva, "service": "social"})
	gone := worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": eva, "service": "medical"})
	worktest.Do[care.VisitOpened](b, "visit.open", other, fields{"person": eva, "service": "medical"})
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fields{"person": ana, "service": "medical", "visit": one.Visit, "note": "x"})
	worktest.Do[care.VisitClosed](b, "visit.close", site, fields{"visit": gone.Visit, "outcome": "left"})
	worktest.Do[place.CountedID](b, "site.count", site, fields{"total": 80})
	b.Now = b.Now.Add(time.Hour)
	worktest.Do[place.CountedID](b, "site.count", site, fields{"total": 90, "women": 30})
	for _, f := range []fields{{"direction": "north", "total": 7}, {"direction": "north", "total": 5}, {"direction": "south", "total": 2}, {"direction": "unknown", "total": 1}} {
		worktest.Do[place.CountedID](b, "flow.count", site, f)
	}

	got := worktest.Ask[care.Board](b, "site.board", "site", site, "day", "2026-03-17")
	if got.Site.Name != "Sur" || len(got.Queue) != 3 || got.Waiting != 1 || got.Seen != 1 || got.Registered != 1 {
		t.Fatalf("board %+v", got)
	}
	var line []string
	for _, q := range got.Queue {
		line = append(line, q.Alias+" "+q.Service+" "+q.State)
	}
	if !slices.Equal(line, []string{"La Güera social waiting", "A. L. medical seen", "La Güera medical left"}) {
		t.Errorf("queue %q", line)
	}
	if q := got.Queue[0]; !q.Urgent || q.Number != 2 || !people.ValidCard(q.Card) || got.Queue[1].Urgent {
		t.Errorf("first in the queue %+v", q)
	}
	want := []care.ServiceDay{{Service: "medical", Seen: 1, Left: 1, First: 2}, {Service: "mental_health"}, {Service: "social", Waiting: 1, First: 1}}
	if !slices.Equal(got.Services, want) {
		t.Errorf("services %+v", got.Services)
	}
	if h := got.Headcount; h == nil || h.Total != 90 || *h.Women != 30 || h.Men != nil {
		t.Errorf("headcount %+v", h)
	}
	if got.Flows != (care.Passing{North: 12, South: 2, Unknown: 1}) {
		t.Errorf("flows %+v", got.Flows)
	}
	before := worktest.Ask[care.Board](b, "site.board", "site", site, "day", "2026-03-16")
	if len(before.Queue) != 0 || before.Headcount != nil || before.Registered != 0 {
		t.Errorf("the day before %+v", before)
	}
	after := worktest.Ask[care.Board](b, "site.board", "site", site, "day", "2026-03-20")
	if after.Headcount == nil || after.Flows != (care.Passing{}) {
		t.Errorf("the latest headcount stands on later days: %+v", after)
	}
	if _, err := b.Session.Query(t.Context(), "es", "site.board", nil); err == nil {
		t.Error("with two sites and none named there is a board")
	}
}
