package place

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // the clocks of sites must be right on machines that carry no zone data

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Site is a place where the organisation works: a shelter, a camp, a terminal, an office.
var Site = &record.Kind{Number: 30, Name: "site", In: record.FieldWork, Form: record.Entity, Fields: []record.Field{
	{Number: 1, Name: "name", Type: record.Text},
	{Number: 2, Name: "type", Type: record.Code, Codes: "site_type"},
	{Number: 3, Name: "municipality", Type: record.Code}, // INEGI code of five digits
	{Number: 4, Name: "services", Type: record.Set, Codes: "service"},
	{Number: 5, Name: "zone", Type: record.Text}, // IANA
	{Number: 6, Name: "state", Type: record.Code, Codes: "site_state"},
}, Title: []string{"name"}}

// Module is what package node runs.
var Module = record.Module{
	Name:    "place",
	Kinds:   []*record.Kind{Site, Headcount},
	Actions: []record.Action{openSite, countSite},
	Queries: []record.Query{listSites},
}

// Code lists. Their labels are `code.<list>.<code>`.
var (
	SiteTypes = []string{"shelter", "informal_camp", "transport_hub", "asylum_office", "clinic", "care_centre", "border_point",
		"mass_arrival_site", "office"}
	Services   = []string{"medical", "mental_health", "social", "nursing", "distribution", "other"}
	SiteStates = []string{"open", "reduced", "closed"}
)

// usualZone is the clock of a site whose municipality is not said: that of the capital and of most of the route.
const usualZone = "America/Mexico_City"

// OpenData is what site.open takes.
type OpenData struct {
	Name         string   `json:"name"`
	Type         string   `json:"type" jsonschema:"enum=shelter,enum=informal_camp,enum=transport_hub,enum=asylum_office,enum=clinic,enum=care_centre,enum=border_point,enum=mass_arrival_site,enum=office"`
	Municipality string   `json:"municipality,omitempty" jsonschema:"description=INEGI code of five digits"`
	Services     []string `json:"services,omitempty"`
	Zone         string   `json:"zone,omitempty" jsonschema:"description=IANA time zone; that of the municipality when absent"`
}

// Opened is the result of site.open.
type Opened struct {
	ID   record.ID `json:"id"`
	Site record.ID `json:"site"` // the same id, under the name by which later actions ask for it
}

var openSite = record.NewAction("site.open", []record.Compartment{record.FieldWork}, func(c *record.Change, d OpenData) (any, error) {
	name, err := typed.Line("name", d.Name, typed.Name)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, record.Refuse("name", "required", "field", "name")
	}
	kind, err := typed.OneOf("type", d.Type, SiteTypes)
	if err != nil {
		return nil, err
	}
	services, err := typed.Codes("services", d.Services, Services)
	if err != nil {
		return nil, err
	}
	fields := record.Fields{"name": name, "type": kind, "services": services, "state": "open", "zone": usualZone}
	if d.Municipality != "" {
		area, ok := Municipality(d.Municipality)
		if !ok {
			return nil, record.Refuse("municipality", "not_in_list", "field", "municipality", "got", typed.Got(d.Municipality))
		}
		fields["municipality"], fields["zone"] = area.Code, area.Zone
	}
	if d.Zone != "" {
		if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "Local" {
			return nil, record.Refuse("zone", "not_in_list", "field", "zone", "got", typed.Got(d.Zone)).Because(err)
		}
		fields["zone"] = d.Zone
	}
	id, err := c.Create(Site, fields)
	return Opened{ID: id, Site: id}, err
})

// ListParams are the parameters of site.list: none.
type ListParams struct{}

var listSites = record.NewQuery("site.list", []record.Compartment{record.FieldWork}, func(a *record.Ask, _ ListParams) (any, error) {
	sites, err := All(a.Context, a)
	return Sites{Sites: sites}, err
})

// All reads every site known here, by name.
func All(ctx context.Context, r record.Reader) ([]SiteBrief, error) {
	out := []SiteBrief{}
	err := r.Select(ctx, siteColumns+" ORDER BY name COLLATE NOCASE, id", nil, func(row record.Row) error {
		out = append(out, scanSite(row))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return out, nil
}

// Find reads one site; false when it is not known here.
func Find(ctx context.Context, r record.Reader, id record.ID) (s SiteBrief, known bool, err error) {
	err = r.Select(ctx, siteColumns+" WHERE id = ?", []any{id}, func(row record.Row) error {
		s, known = scanSite(row), true
		return nil
	})
	if err != nil {
		return s, false, fmt.Errorf("read site: %w", err)
	}
	return s, known, nil
}

const siteColumns = "SELECT id, name, type, municipality, services, zone, state FROM field.site"

func scanSite(row record.Row) SiteBrief {
	s := SiteBrief{ID: row.ID(0), Name: row.Text(1), Type: row.Text(2), Municipality: row.Text(3), Services: row.Set(4), Zone: row.Text(5), State: row.Text(6)}
	if s.Services == nil {
		s.Services = []string{}
	}
	if area, ok := Municipality(s.Municipality); ok {
		s.MunicipalityName = area.Label()
	}
	return s
}

// Clock is the time zone of the site's clock; that of the capital when its own is not known to this machine.
func (s SiteBrief) Clock() *time.Location {
	for _, name := range []string{s.Zone, usualZone} {
		if name == "" {
			continue
		}
		if l, err := time.LoadLocation(name); err == nil {
			return l
		}
	}
	return time.UTC
}

// Here refuses when it is not known where a change happens, or when that site is not known on this machine.
func Here(c *record.Change) (SiteBrief, error) {
	if err := c.RequireSite(); err != nil {
		return SiteBrief{}, err
	}
	s, known, err := Find(c.Context, c, c.Site)
	if err != nil {
		return s, err
	}
	if !known && c.Opens(record.FieldWork) {
		return s, record.Refuse("site", "unknown_id", "field", "site")
	}
	return s, nil
}

// Day gives the first second of a local day of the site (2006-01-02) and of the next.
func (s SiteBrief) Day(day string) (from, to time.Time, err error) {
	from, err = time.ParseInLocation(time.DateOnly, day, s.Clock())
	if err != nil {
		return from, to, fmt.Errorf("day of a site: %w", err)
	}
	return from, from.AddDate(0, 0, 1), nil
}

// DayOf is the local day of the site at an instant.
func (s SiteBrief) DayOf(t time.Time) string { return t.In(s.Clock()).Format(time.DateOnly) }
