package care

import (
	"fmt"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// VisitData is what visit.open takes.
type VisitData struct {
	Person  string `json:"person"`
	Service string `json:"service" jsonschema:"enum=medical,enum=mental_health,enum=social,enum=nursing,enum=distribution,enum=other"`
	Reason  string `json:"reason,omitempty"`
}

// VisitOpened is the result of visit.open.
type VisitOpened struct {
	ID     record.ID `json:"id"`
	Visit  record.ID `json:"visit"`  // the same id, under the name by which later actions ask for it
	Type   string    `json:"type"`   // first, follow_up
	Number int       `json:"number"` // in the queue of the day at the site
}

var openVisit = record.NewAction("visit.open", []record.Compartment{record.Identity}, func(c *record.Change, d VisitData) (any, error) {
	here, err := place.Here(c)
	if err != nil {
		return nil, err
	}
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	service, err := typed.OneOf("service", d.Service, place.Services)
	if err != nil {
		return nil, err
	}
	reason, err := typed.Line("reason", d.Reason, 300)
	if err != nil {
		return nil, err
	}
	v, err := nextVisit(c, here, person, service)
	if err != nil {
		return nil, err
	}
	if v.id, err = c.Happen(Visit, v.fields(reason)); err != nil {
		return nil, err
	}
	return VisitOpened{ID: v.id, Visit: v.id, Type: v.kind, Number: v.number}, nil
})

// visit is a row of Visit, or one being written.
type visit struct {
	id, person, site record.ID
	service, kind    string
	number           int
	ended            bool // it has an outcome
}

// nextVisit is a visit yet to be written, with its type and its place in the queue as far as this machine knows the earlier ones.
func nextVisit(c *record.Change, here place.SiteBrief, person record.ID, service string) (visit, error) {
	v := visit{person: person, site: c.Site, service: service, kind: First, number: 1}
	err := c.Select(c.Context, "SELECT 1 FROM identity.visit WHERE person = ? AND service = ? AND _at <= ? AND _corrected IS NULL LIMIT 1",
		[]any{person, service, c.At.Unix()}, func(record.Row) error { v.kind = FollowUp; return nil })
	if err != nil {
		return v, fmt.Errorf("look for earlier visits: %w", err)
	}
	from, to, err := here.Day(here.DayOf(c.At))
	if err != nil {
		return v, err
	}
	err = c.Select(c.Context, "SELECT coalesce(max(number), 0) FROM identity.visit WHERE _site = ? AND _at >= ? AND _at < ?",
		[]any{c.Site, from.Unix(), to.Unix()}, func(r record.Row) error { v.number = int(r.Int(0)) + 1; return nil })
	if err != nil {
		return v, fmt.Errorf("look for the queue: %w", err)
	}
	return v, nil
}

func (v visit) fields(reason string) record.Fields {
	fields := record.Fields{"person": v.person, "service": v.service, "type": v.kind, "number": v.number}
	if reason != "" {
		fields["reason"] = reason
	}
	return fields
}

const visitColumns = `SELECT id, person, _site, service, type, number, EXISTS (SELECT 1 FROM identity.visit_outcome o WHERE o.visit = v.id AND o._corrected IS NULL)
	FROM identity.visit AS v WHERE `

func scanVisit(r record.Row) visit {
	return visit{id: r.ID(0), person: r.ID(1), site: r.ID(2), service: r.Text(3), kind: r.Text(4), number: int(r.Int(5)), ended: r.Bool(6)}
}

// knownVisit reads a visit by id, or refuses naming the field.
func knownVisit(c *record.Change, field, text string) (visit, error) {
	id, err := c.Ref(field, text)
	if err != nil {
		return visit{}, err
	}
	var v visit
	if err := c.Select(c.Context, visitColumns+"id = ?", []any{id}, func(r record.Row) error { v = scanVisit(r); return nil }); err != nil {
		return v, fmt.Errorf("read visit: %w", err)
	}
	if v.id.IsZero() {
		return v, record.Refuse(field, "unknown_id", "field", field)
	}
	return v, nil
}

// waitingVisit finds the visit of the day at this site that still waits for the service.
func waitingVisit(c *record.Change, here place.SiteBrief, person record.ID, service string) (visit, bool, error) {
	from, to, err := here.Day(here.DayOf(c.At))
	if err != nil {
		return visit{}, false, err
	}
	var v visit
	err = c.Select(c.Context, visitColumns+"person = ? AND service = ? AND _site = ? AND _at >= ? AND _at < ? AND _corrected IS NULL ORDER BY number",
		[]any{person, service, c.Site, from.Unix(), to.Unix()}, func(r record.Row) error {
			if found := scanVisit(r); !found.ended && v.id.IsZero() {
				v = found
			}
			return nil
		})
	if err != nil {
		return v, false, fmt.Errorf("look for the visit: %w", err)
	}
	return v, !v.id.IsZero(), nil
}

// CloseData is what visit.close takes.
type CloseData struct {
	Visit   string `json:"visit"`
	Outcome string `json:"outcome" jsonschema:"enum=seen,enum=left"`
}

// VisitClosed is the result of visit.close.
type VisitClosed struct {
	ID      record.ID `json:"id"`
	Visit   record.ID `json:"visit"`
	Outcome string    `json:"outcome"`
}

// visit.close ends a visit that has no consultation: nursing, a distribution, or somebody who left before being seen. What is said
// last stands.
var closeVisit = record.NewAction("visit.close", []record.Compartment{record.Identity, record.FieldWork}, func(c *record.Change, d CloseData) (any, error) {
	v, err := knownVisit(c, "visit", d.Visit)
	if err != nil {
		return nil, err
	}
	outcome, err := typed.OneOf("outcome", d.Outcome, []string{Seen, Left})
	if err != nil {
		return nil, err
	}
	if v.ended {
		return nil, record.Refuse("visit", "visit_ended")
	}
	id, err := end(c, v, outcome)
	if err != nil {
		return nil, err
	}
	if outcome == Seen {
		if err := countContact(c, v); err != nil {
			return nil, err
		}
	}
	return VisitClosed{ID: id, Visit: v.id, Outcome: outcome}, nil
})

func end(c *record.Change, v visit, outcome string) (record.ID, error) {
	return c.Happen(VisitOutcome, record.Fields{"person": v.person, "visit": v.id, "outcome": outcome})
}

// countContact adds the anonymous line, when the person agreed.
func countContact(c *record.Change, v visit) error {
	who, err := people.ToCount(c.Context, c, v.person, c.At)
	if err != nil || !who.Agreed {
		return err
	}
	site, _, err := place.Find(c.Context, c, v.site)
	if err != nil {
		return err
	}
	return c.Count(Contact, record.Fields{"site": v.site, "day": site.DayOf(c.At), "service": v.service, "sex": who.Sex,
		"age_band": who.AgeBand, "nationality": who.Nationality, "type": v.kind})
}
