package route_test

import (
	"testing"
	"time"

	"amparo/internal/people/worktest"
	"amparo/internal/place"
	"amparo/internal/route"
)

type fields = map[string]any

func TestFlows(t *testing.T) {
	b := worktest.New(t)
	south, north := b.Site("Sur", "07089"), b.Site("Norte", "28032")
	count := func(site string, d fields) {
		t.Helper()
		worktest.Do[place.CountedID](b, "flow.count", site, d)
	}
	count(south, fields{"direction": "north", "total": 40, "women": 10, "mode": "foot", "nationality": "hti"})
	count(north, fields{"direction": "south", "men": 20, "women": 5})
	b.Now = b.Now.Add(11*time.Hour + 59*time.Minute) // a minute to midnight
	count(south, fields{"direction": "north", "total": 2, "slot": "night"})
	b.Now = b.Now.Add(time.Minute)
	count(south, fields{"direction": "staying", "total": 3})

	all := worktest.Ask[route.Flows](b, "flows")
	if all.From != "2026-03-12" || all.To != "2026-03-18" || all.Total != (route.Directions{North: 42, South: 25, Staying: 3}) || len(all.Counts) != 4 {
		t.Fatalf("flows %+v", all)
	}
	if len(all.Days) != 2 || all.Days[0].Day != "2026-03-17" || all.Days[0].North != 42 || all.Days[1].Staying != 3 {
		t.Errorf("days %+v", all.Days)
	}
	slots := []string{all.Counts[0].Slot, all.Counts[1].Slot, all.Counts[2].Slot}
	if slots[0] != "night" || slots[1] != "night" || slots[2] != "afternoon" {
		t.Errorf("parts of the day %v", slots)
	}
	one := worktest.Ask[route.Flows](b, "flows", "site", south, "from", "2026-03-17", "to", "2026-03-17")
	if one.Total.North != 42 || len(one.Counts) != 2 || one.Counts[1].Nationality != "HTI" || *one.Counts[1].Women != 10 || one.Counts[1].Men != nil || one.Counts[1].SiteName != "Sur" {
		t.Errorf("one site, one day: %+v", one)
	}
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"total": 1}, "direction", "required"},
		{fields{"direction": "up", "total": 1}, "direction", "not_in_list"},
		{fields{"direction": "north"}, "total", "required"},
		{fields{"direction": "north", "total": 1, "men": 2}, "total", "out_of_range"},
		{fields{"direction": "north", "total": 1, "mode": "boat"}, "mode", "not_in_list"},
		{fields{"direction": "north", "total": 1, "slot": "noon"}, "slot", "not_in_list"},
		{fields{"direction": "north", "total": 1, "nationality": "Haiti"}, "nationality", "not_in_list"},
	} {
		b.Refused("flow.count", south, c.data, c.field, c.code)
	}
	b.Refused("flow.count", "", fields{"direction": "north", "total": 1}, "site", "no_site")
	for _, bad := range [][2]string{{"from", "ayer"}, {"from", "2027-01-01"}, {"from", "2020-01-01"}, {"site", "x"}} {
		if _, err := b.Session.Query(t.Context(), "es", "flows", map[string][]string{bad[0]: {bad[1]}}); err == nil {
			t.Errorf("%s = %s was answered", bad[0], bad[1])
		}
	}
}
