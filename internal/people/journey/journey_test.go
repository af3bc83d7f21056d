package journey_test

import (
	"slices"
	"testing"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/journey"
	"amparo/internal/people/worktest"
)

type fields = map[string]any

func person(b *worktest.Bed, site string) string {
	b.Helper()
	return worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "surname1": "Paz", "consent": []string{"care", "sharing"}}).Person.String()
}

func tell(b *worktest.Bed, site string, data fields) string {
	b.Helper()
	b.Now = b.Now.Add(time.Minute) // nobody tells two things at once
	return worktest.Do[journey.Recorded](b, "journey.record", site, data).ID.String()
}

func told(b *worktest.Bed, id string) []journey.Told {
	b.Helper()
	return worktest.Ask[journey.Journey](b, "journey.show", "person", id).Steps
}

// A way is told in any order and shown in the order in which it was gone, both directions; what was corrected is shown as it is now.
func TestAWayIsShownAsItWasGone(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	id := person(b, site)
	tell(b, site, fields{"person": id, "what": "leg", "origin": "24", "place": "USA", "started": "2025-06", "ended": "2025-07", "direction": "north", "transport": "bus"})
	tell(b, site, fields{"person": id, "what": "leg", "origin": "HND", "place": "07089", "started": "2025-03", "ended": "2025-03-20", "transport": "foot", "direction": "north", "manner": "own"})
	wrong := tell(b, site, fields{"person": id, "what": "stay", "place": "07089", "started": "2025-03-20", "ended": "2025-04"})
	tell(b, site, fields{"person": id, "what": "decision", "decision": "return", "reasons": []string{"policy", "fear_road"}, "started": "2026-01"})
	tell(b, site, fields{"person": id, "what": "leg", "place": "27", "manner": "deported", "direction": "south"}) // when: not known; told after the decision
	tell(b, site, fields{"person": id, "what": "stranded", "place": "07", "reasons": []string{"money", "fear_return", "money"}, "started": "2026-02"})
	b.Now = b.Now.Add(time.Hour)
	right := tell(b, site, fields{"person": id, "what": "stay", "place": "07089", "started": "2025-03-20", "ended": "2025-05", "corrects": wrong})
	b.Refused("journey.record", site, fields{"person": id, "what": "stay", "place": "07", "ended": "2025-05", "corrects": wrong}, "corrects", "journey_corrected")

	got := []string{}
	for _, s := range told(b, id) {
		got = append(got, s.What+" "+s.Origin+" "+s.Place+" "+s.Ended)
	}
	want := []string{"leg HND 07089 2025-03-20", "stay  07089 2025-05", "leg 24 USA 2025-07", "decision   ", "leg  27 ", "stranded  07 "}
	if !slices.Equal(got, want) {
		t.Errorf("the way is %q\nwant %q", got, want)
	}
	last := told(b, id)[5]
	if !slices.Equal(last.Reasons, []string{"fear_return", "money"}) || last.SiteName != "Casa del Río" || last.ByName != "Ana" {
		t.Errorf("stranded: %+v", last)
	}
	if s := told(b, id)[1]; s.ID.String() != right || !s.Corrects {
		t.Errorf("the correction: %+v", s)
	}
	tell(b, site, fields{"person": id, "what": "mistaken", "corrects": right})
	if n := len(told(b, id)); n != 5 {
		t.Errorf("%d steps after one was taken back", n)
	}
	entries := worktest.Ask[people.Timeline](b, "person.timeline", "person", id).Entries
	if n := len(slices.DeleteFunc(slices.Clone(entries), func(e people.Entry) bool { return e.Kind != "journey" })); n != 8 {
		t.Errorf("the timeline has %d of 8 entries", n)
	}
}

// What would tell where somebody is or will be is refused: streets, what is not over, what is still to come.
func TestNothingTellsWhereSomebodyIs(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	id := person(b, site)
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"what": "leg", "place": "calle 5 norte 14"}, "place", "place_code"},
		{fields{"what": "leg", "origin": "Tapachula", "place": "07"}, "origin", "place_code"},
		{fields{"what": "leg", "place": "07089", "ended": "2026-03-18"}, "ended", "future_date"},
		{fields{"what": "leg", "place": "07089", "started": "2026-05"}, "started", "future_date"},
		{fields{"what": "leg"}, "place", "required"},
		{fields{"what": "leg", "place": "07089", "origin": "07089"}, "place", "journey_same_place"},
		{fields{"what": "leg", "place": "07089", "started": "2026-02", "ended": "2026-01-31"}, "ended", "journey_backwards"},
		{fields{"what": "leg", "place": "07089", "decision": "stay"}, "decision", "journey_not_of"},
		{fields{"what": "stay", "place": "07089", "started": "2026-03"}, "ended", "journey_not_over"},
		{fields{"what": "stay", "place": "07089", "ended": "1850"}, "ended", "out_of_range"},
		{fields{"what": "stranded", "place": "07089", "reasons": []string{"money"}}, "place", "journey_too_fine"},
		{fields{"what": "stranded", "place": "07", "reasons": []string{}}, "reasons", "required"},
		{fields{"what": "stranded", "place": "07", "reasons": []string{"the man in the red car"}}, "reasons", "not_in_list"},
		{fields{"what": "decision", "decision": "go_on", "place": "19039"}, "place", "journey_too_fine"},
		{fields{"what": "decision", "decision": "go_on", "ended": "2026-01"}, "ended", "journey_not_of"},
		{fields{"what": "decision"}, "decision", "required"},
		{fields{"what": "mistaken"}, "corrects", "required"},
		{fields{"what": "rest", "place": "07"}, "what", "not_in_list"},
		{fields{"what": ""}, "what", "required"},
		{fields{"what": "stay", "place": "07", "ended": "ayer"}, "ended", "bad_date"},
		{fields{"what": "stay", "place": "07", "ended": "2026-01", "note": "x"}, "note", "unknown_field"},
	} {
		c.data["person"] = id
		b.Refused("journey.record", site, c.data, c.field, c.code)
	}
	if n := len(told(b, id)); n != 0 {
		t.Errorf("%d steps were saved", n)
	}
	// What is over may be told of a municipality.
	tell(b, site, fields{"person": id, "what": "stranded", "place": "07089", "ended": "2026-01", "reasons": []string{"money"}})
	other := person(b, site)
	b.Refused("journey.record", site, fields{"person": other, "what": "mistaken", "corrects": told(b, id)[0].ID.String()}, "corrects", "unknown_id")
}

// Where the record may go, the way goes with it; where it may not be shown, neither is the way.
func TestAWayFollowsTheRecord(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	id := person(b, site)
	tell(b, site, fields{"person": id, "what": "stay", "place": "HND", "ended": "2025"})
	url := worktest.Relay(t)
	far := b.Join(url, "Beto", site, "social_worker")
	if n := len(told(far, id)); n != 1 {
		t.Fatalf("%d steps elsewhere", n)
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": id, "compartments": []string{"identity"}, "reason": "x", "authority": "y"})
	worktest.Meet(url, b, far)
	for _, one := range []*worktest.Bed{b, far} {
		if _, err := one.Session.Query(t.Context(), "es", "journey.show", map[string][]string{"person": {id}}); err == nil {
			t.Error("the way of a restricted record is shown")
		}
	}
}

// When two records are one person, so is their way; each part stays in the record in which it was told.
func TestAWayIsToldOfAllRecordsOfAPerson(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	one, other := person(b, site), person(b, site)
	tell(b, site, fields{"person": one, "what": "stay", "place": "27", "ended": "2025-05"})
	tell(b, site, fields{"person": other, "what": "stay", "place": "07", "ended": "2025-03"})
	worktest.Do[people.LinkedNow](b, "person.link", site, fields{"person": one, "other": other, "reason": "said_it"})
	for _, id := range []string{one, other} {
		got := told(b, id)
		if len(got) != 2 || got[0].Place != "07" || got[0].Person.String() != other || got[1].Place != "27" || got[1].Person.String() != one {
			t.Errorf("%s: %+v", id, got)
		}
	}
	worktest.Do[people.LinkedNow](b, "person.unlink", site, fields{"person": one, "other": other})
	if got := told(b, one); len(got) != 1 || got[0].Place != "27" {
		t.Errorf("taken apart: %+v", got)
	}
}
