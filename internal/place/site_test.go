package place_test

import (
	"slices"
	"testing"
	"time"

	"amparo/internal/people/worktest"
	"amparo/internal/place"
)

type fields = map[string]any

func TestOpenSite(t *testing.T) {
	b := worktest.New(t)
	worktest.Do[place.Opened](b, "site.open", "", fields{"name": " Casa del  Migrante ", "type": "shelter", "municipality": "28032", "services": []string{"social", "medical", "medical"}})
	worktest.Do[place.Opened](b, "site.open", "", fields{"name": "Albergue", "type": "informal_camp"})
	worktest.Do[place.Opened](b, "site.open", "", fields{"name": "Tegucigalpa", "type": "office", "zone": "America/Tegucigalpa"})
	sites := worktest.Ask[place.Sites](b, "site.list").Sites
	if len(sites) != 3 || sites[0].Name != "Albergue" || sites[1].Name != "Casa del Migrante" {
		t.Fatalf("sites %+v", sites)
	}
	s := sites[1]
	if s.MunicipalityName != "Reynosa, Tamaulipas" || s.Zone != "America/Matamoros" || s.State != "open" || !slices.Equal(s.Services, []string{"medical", "social"}) {
		t.Errorf("site %+v", s)
	}
	if sites[0].Zone != "America/Mexico_City" || sites[2].Zone != "America/Tegucigalpa" {
		t.Errorf("zones %q and %q", sites[0].Zone, sites[2].Zone)
	}
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"type": "shelter"}, "name", "required"},
		{fields{"name": "x"}, "type", "required"},
		{fields{"name": "x", "type": "hotel"}, "type", "not_in_list"},
		{fields{"name": "x", "type": "shelter", "municipality": "99999"}, "municipality", "not_in_list"},
		{fields{"name": "x", "type": "shelter", "services": []string{"spa"}}, "services", "not_in_list"},
		{fields{"name": "x", "type": "shelter", "zone": "America/Nowhere"}, "zone", "not_in_list"},
		{fields{"name": "x", "type": "shelter", "zone": "Local"}, "zone", "not_in_list"},
		{fields{"name": "x\u0000", "type": "shelter"}, "name", "bad_character"},
	} {
		b.Refused("site.open", "", c.data, c.field, c.code)
	}
}

// A day of a site is a day of its clock: Reynosa keeps the summer time of Texas, Tapachula does not.
func TestDay(t *testing.T) {
	for zone, hours := range map[string]float64{"America/Matamoros": 23, "America/Mexico_City": 24} {
		s := place.SiteBrief{Zone: zone}
		from, to, err := s.Day("2026-03-08")
		if err != nil {
			t.Fatal(err)
		}
		if got := to.Sub(from).Hours(); got != hours {
			t.Errorf("the day in %s has %v hours, want %v", zone, got, hours)
		}
		if got := s.DayOf(to.Add(-time.Second)); got != "2026-03-08" {
			t.Errorf("its last second belongs to %s", got)
		}
	}
	if z := (place.SiteBrief{Zone: "Mars/Olympus"}).Clock().String(); z != "America/Mexico_City" {
		t.Errorf("a zone this machine does not know gives %s", z)
	}
}

func TestCountSite(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Do[place.CountedID](b, "site.count", site, fields{"total": 120, "method": "informant", "low": 100, "high": 150, "women": 40, "men": 50})
	worktest.Do[place.CountedID](b, "site.count", site, fields{"women": 10, "men": 12, "girls": 3, "boys": 5})
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{}, "total", "required"},
		{fields{"total": -1}, "total", "out_of_range"},
		{fields{"total": 200_001}, "total", "out_of_range"},
		{fields{"total": 10, "women": 6, "men": 5}, "total", "out_of_range"},
		{fields{"total": 10, "women": -1}, "women", "out_of_range"},
		{fields{"total": 10, "low": 11}, "low", "out_of_range"},
		{fields{"total": 10, "high": 9}, "high", "out_of_range"},
		{fields{"total": 10, "method": "guess"}, "method", "not_in_list"},
		{fields{"total": "ten"}, "total", "not_a_number"},
	} {
		b.Refused("site.count", site, c.data, c.field, c.code)
	}
	b.Refused("site.count", "", fields{"total": 1}, "site", "no_site")
	b.Refused("site.count", "00000000000000000000000001", fields{"total": 1}, "site", "unknown_id")
}
