// Package route counts people as they pass: how many, which way, by what means. Counts, never names; what is counted at a place is a
// flow there, and the same people are counted again at the next place.
package route

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// Module is what package node runs.
var Module = record.Module{Name: "route", Kinds: []*record.Kind{Flow}, Actions: []record.Action{countFlow, registerGroup},
	Queries: []record.Query{flows, incomplete}}

// Flows is the answer to the query flows: people counted as they pass, newest first, and their sums.
type Flows struct {
	Site   record.ID  `json:"site,omitzero"`
	From   string     `json:"from"` // first day
	To     string     `json:"to"`   // last day, included
	Total  Directions `json:"total"`
	Days   []FlowDay  `json:"days"` // by day, oldest first
	Counts []Counted  `json:"counts"`
}

// Directions are sums of people by where they go.
type Directions struct {
	North   int `json:"north"`
	South   int `json:"south"`
	Staying int `json:"staying"`
	Unknown int `json:"unknown"`
}

// FlowDay is the sum of one local day.
type FlowDay struct {
	Day string `json:"day"`
	Directions
}

// Counted is one count of people passing. What was not counted is null.
type Counted struct {
	ID          record.ID `json:"id"`
	At          time.Time `json:"at"`
	Site        record.ID `json:"site"`
	SiteName    string    `json:"site_name"`
	Direction   string    `json:"direction"`
	Total       int       `json:"total"`
	Women       *int      `json:"women"`
	Men         *int      `json:"men"`
	Girls       *int      `json:"girls"`
	Boys        *int      `json:"boys"`
	Nationality string    `json:"nationality"` // alpha-3, UNKNOWN when mixed or not asked
	Mode        string    `json:"mode"`
	Slot        string    `json:"slot"`
}

// FlowsParams are the parameters of flows.
type FlowsParams struct {
	Site string `json:"site,omitempty" jsonschema:"description=all sites when absent"`
	From string `json:"from,omitempty" jsonschema:"description=first day; six days before the last when absent"`
	To   string `json:"to,omitempty" jsonschema:"description=last day; today when absent"`
}

// longestSpan bounds a question, in days.
const longestSpan = 400

var flows = record.NewQuery("flows", []record.Compartment{record.FieldWork}, func(a *record.Ask, p FlowsParams) (any, error) {
	sites, err := place.All(a.Context, a)
	if err != nil {
		return nil, err
	}
	known := map[record.ID]place.SiteBrief{}
	for _, s := range sites {
		known[s.ID] = s
	}
	f := Flows{Days: []FlowDay{}, Counts: []Counted{}}
	clock := a.Now.Location()
	if p.Site != "" {
		if f.Site, err = a.Ref("site", p.Site); err != nil {
			return nil, err
		}
		site, ok := known[f.Site]
		if !ok {
			return nil, record.Refuse("site", "unknown_id", "field", "site")
		}
		clock = site.Clock()
	}
	if f.To, err = typed.Day("to", p.To, a.Now.In(clock)); err != nil {
		return nil, err
	}
	last, _ := time.Parse(time.DateOnly, f.To)
	if f.From, err = typed.Day("from", p.From, last.AddDate(0, 0, -6)); err != nil {
		return nil, err
	}
	first, _ := time.Parse(time.DateOnly, f.From)
	if days := int(last.Sub(first).Hours()/24) + 1; days < 1 || days > longestSpan {
		return nil, record.Refuse("from", "out_of_range", "field", "from", "got", f.From, "low", last.AddDate(0, 0, 1-longestSpan).Format(time.DateOnly), "high", f.To)
	}
	// Days are those of each site's clock; half a day more on both ends covers all clocks.
	where, args := "_at >= ? AND _at < ?", []any{first.Add(-15 * time.Hour).Unix(), last.Add(39 * time.Hour).Unix()}
	if !f.Site.IsZero() {
		where, args = "_site = ? AND "+where, append([]any{f.Site}, args...)
	}
	days := map[string]*FlowDay{}
	err = a.Select(a.Context, `SELECT id, _at, _zone, _site, direction, total, women, men, girls, boys, nationality, mode, slot FROM field.flow
		WHERE `+where+" AND _corrected IS NULL ORDER BY _at DESC, id", args, func(r record.Row) error {
		c := Counted{ID: r.ID(0), At: people.When(r.Int(1), r.Int(2)), Site: r.ID(3), Direction: r.Text(4), Total: int(r.Int(5)), Women: place.Maybe(r, 6),
			Men: place.Maybe(r, 7), Girls: place.Maybe(r, 8), Boys: place.Maybe(r, 9), Nationality: r.Text(10), Mode: r.Text(11), Slot: r.Text(12)}
		site := known[c.Site]
		c.SiteName = site.Name
		day := site.DayOf(c.At)
		if day < f.From || day > f.To {
			return nil
		}
		if days[day] == nil {
			days[day] = &FlowDay{Day: day}
		}
		days[day].add(c.Direction, c.Total)
		f.Total.add(c.Direction, c.Total)
		f.Counts = append(f.Counts, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read flows: %w", err)
	}
	for _, d := range days {
		f.Days = append(f.Days, *d)
	}
	slices.SortFunc(f.Days, func(a, b FlowDay) int { return strings.Compare(a.Day, b.Day) })
	return f, nil
})

func (d *Directions) add(direction string, n int) {
	switch direction {
	case "north":
		d.North += n
	case "south":
		d.South += n
	case "staying":
		d.Staying += n
	default:
		d.Unknown += n
	}
}
