package journey

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

// Journey is the answer to journey.show: a person's way in the order in which they went it.
type Journey struct {
	Person people.Brief `json:"person"`
	Steps  []Told       `json:"steps"`
}

// Told is one step, with who wrote it down. What was not said is empty.
type Told struct {
	ID        record.ID `json:"id"`
	Person    record.ID `json:"person"` // of which record it is, when several are one person's
	What      string    `json:"what"`   // leg, stay, decision, stranded
	Origin    string    `json:"origin"` // country, state or municipality by code
	Place     string    `json:"place"`
	Started   string    `json:"started"` // year, month or day
	Ended     string    `json:"ended"`
	Transport string    `json:"transport"`
	Manner    string    `json:"manner"`
	Direction string    `json:"direction"`
	Decision  string    `json:"decision"`
	Reasons   []string  `json:"reasons"`
	At        time.Time `json:"at"` // when it was told
	Site      record.ID `json:"site"`
	By        record.ID `json:"by"`
	SiteName  string    `json:"site_name"`
	ByName    string    `json:"by_name"`
	Corrects  bool      `json:"corrects"` // it puts an earlier one right
}

var show = record.NewQuery("journey.show", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p people.PersonParams) (any, error) {
	id, brief, err := people.Someone(a, "person", p.Person)
	if err != nil {
		return nil, err
	}
	j := Journey{Person: brief}
	records, err := people.Together(a.Context, a, id)
	if err != nil {
		return nil, err
	}
	if j.Steps, err = steps(a, records); err != nil {
		return nil, err
	}
	return j, nil
})

// steps reads what a person told and nobody put right later, in all records that are theirs.
func steps(a *record.Ask, records []record.ID) ([]Told, error) {
	out := []Told{}
	for i, id := range records {
		if i > 0 {
			a.Opened(id)
		}
		err := a.Select(a.Context, `SELECT t.id, person, what, origin, place, started, ended, transport, manner, direction, decision, reasons, _at, _zone, _site, _by,
			EXISTS (SELECT 1 FROM identity._correction WHERE later = t.id)
			FROM identity.journey AS t WHERE person = ? AND _corrected IS NULL ORDER BY _at, _rec, id`, []any{id}, func(r record.Row) error {
			t := Told{ID: r.ID(0), Person: r.ID(1), What: r.Text(2), Origin: r.Text(3), Place: r.Text(4), Started: r.Text(5), Ended: r.Text(6), Transport: r.Text(7), Manner: r.Text(8),
				Direction: r.Text(9), Decision: r.Text(10), Reasons: r.Set(11), At: people.When(r.Int(12), r.Int(13)), Site: r.ID(14), By: r.ID(15), Corrects: r.Bool(16)}
			if t.Reasons == nil {
				t.Reasons = []string{}
			}
			if t.What != Mistaken {
				out = append(out, t)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the journey: %w", err)
		}
	}
	slices.SortStableFunc(out, func(x, y Told) int { return x.At.Compare(y.At) })
	sites, members, err := people.Names(a.Context, a)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].SiteName, out[i].ByName = sites[out[i].Site], members[out[i].By]
	}
	return inOrder(out), nil
}

// inOrder puts steps as they were gone. One without a time stands after the one that was told before it.
func inOrder(told []Told) []Told {
	type keyed struct {
		from, to string
		at       int
	}
	keys := make([]keyed, len(told))
	last := keyed{}
	for i, t := range told {
		k := keyed{from: cmp.Or(t.Started, t.Ended), to: cmp.Or(t.Ended, t.Started), at: i}
		if k.from == "" {
			k.from, k.to = last.from, last.to
		} else {
			k.from, k.to = earliest(k.from), latest(k.to)
		}
		keys[i], last = k, k
	}
	slices.SortStableFunc(keys, func(x, y keyed) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to)) })
	out := make([]Told, len(told))
	for i, k := range keys {
		out[i] = told[k.at]
	}
	return out
}
