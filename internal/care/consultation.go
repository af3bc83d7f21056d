package care

import (
	"fmt"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// ConsultationData is what consultation.record takes. Something must be said of why or what: a reason, a syndrome, a diagnosis or a
// note. Without a visit, the one that waits for this service today is meant, and one is opened when there is none.
type ConsultationData struct {
	Person     string `json:"person"`
	Visit      string `json:"visit,omitempty"`
	Service    string `json:"service" jsonschema:"enum=medical,enum=mental_health,enum=social"`
	Reason     string `json:"reason,omitempty"`
	Syndrome   string `json:"syndrome,omitempty"`
	Diagnosis  string `json:"diagnosis,omitempty"`
	Note       string `json:"note,omitempty"`
	Treatment  string `json:"treatment,omitempty"`
	Plan       string `json:"plan,omitempty"`
	Referral   string `json:"referral,omitempty"`
	Severity   *int   `json:"severity,omitempty" jsonschema:"minimum=0,maximum=4"`
	Next       string `json:"next,omitempty" jsonschema:"description=date of the next visit as 2026-05-17"`
	Corrects   string `json:"corrects,omitempty" jsonschema:"description=id of the earlier consultation that this one corrects"`
	Correction string `json:"correction,omitempty" jsonschema:"description=why; needed with corrects"`
}

// ConsultationRecorded is the result of consultation.record.
type ConsultationRecorded struct {
	ID           record.ID `json:"id"`
	Consultation record.ID `json:"consultation"` // the same id, under the name by which later actions ask for it
	Visit        record.ID `json:"visit"`
	Type         string    `json:"type"` // first, follow_up
}

var recordConsultation = record.NewAction("consultation.record",
	[]record.Compartment{record.Identity, record.Care, record.Mind, record.Law, record.FieldWork},
	func(c *record.Change, d ConsultationData) (any, error) {
		here, err := place.Here(c)
		if err != nil {
			return nil, err
		}
		person, err := people.Known(c, "person", d.Person)
		if err != nil {
			return nil, err
		}
		service, err := typed.OneOf("service", d.Service, consulted)
		if err != nil {
			return nil, err
		}
		fields, err := d.check(c)
		if err != nil {
			return nil, err
		}
		fields["person"], fields["service"] = person, service
		if d.Corrects != "" {
			return correct(c, kindOf[service], person, d.Corrects, fields)
		}
		v, err := visitFor(c, here, person, service, d.Visit)
		if err != nil {
			return nil, err
		}
		// The consultation is said first: it is what the request's own id stands for later. A visit that is opened with it comes
		// after, so its id is known only then.
		fields["visit"], fields["type"] = v.id, v.kind
		id, err := c.Happen(kindOf[service], fields)
		if err != nil {
			return nil, err
		}
		if v.id.IsZero() {
			if v.id, err = c.Happen(Visit, v.fields("")); err != nil {
				return nil, err
			}
			link(c, kindOf[service], id, v.id)
		}
		if !v.ended { // a second note about one visit neither ends it again nor counts again
			if _, err := end(c, v, Seen); err != nil {
				return nil, err
			}
			if err := countContact(c, v); err != nil {
				return nil, err
			}
		}
		return ConsultationRecorded{ID: id, Consultation: id, Visit: v.id, Type: v.kind}, nil
	})

// check validates what was written.
func (d *ConsultationData) check(c *record.Change) (record.Fields, error) {
	fields := record.Fields{}
	for _, t := range []struct {
		name, text string
		max        int
		lines      bool
	}{
		{"reason", d.Reason, 300, false}, {"syndrome", d.Syndrome, 200, false}, {"diagnosis", d.Diagnosis, 300, false},
		{"note", d.Note, typed.Story, true}, {"treatment", d.Treatment, 2000, true}, {"plan", d.Plan, 2000, true},
		{"referral", d.Referral, 500, true}, {"correction", d.Correction, 300, false},
	} {
		read := typed.Line
		if t.lines {
			read = typed.Lines
		}
		text, err := read(t.name, t.text, t.max)
		if err != nil {
			return nil, err
		}
		if text != "" {
			fields[t.name] = text
		}
	}
	if fields["reason"] == nil && fields["syndrome"] == nil && fields["diagnosis"] == nil && fields["note"] == nil {
		return nil, record.Refuse("reason", "required", "field", "reason")
	}
	switch {
	case d.Corrects != "" && fields["correction"] == nil:
		return nil, record.Refuse("correction", "required", "field", "correction")
	case d.Corrects == "":
		delete(fields, "correction")
	}
	if err := typed.Whole("severity", d.Severity, 0, 4); err != nil {
		return nil, err
	}
	place.Say(fields, "severity", d.Severity)
	next, err := typed.Coming("next", d.Next, c.At)
	if err != nil {
		return nil, err
	}
	if next != "" {
		fields["next"] = next
	}
	return fields, nil
}

// visitFor is the visit that a consultation belongs to: the one named, when it is this person's for this service; otherwise the one
// that waits here today; otherwise one to be opened, whose id is zero. Somebody who came to the doctor and is then seen by the psychologist has two visits.
func visitFor(c *record.Change, here place.SiteBrief, person record.ID, service, named string) (visit, error) {
	if named != "" {
		v, err := knownVisit(c, "visit", named)
		if err != nil {
			return v, err
		}
		if v.person != person {
			return v, record.Refuse("visit", "other_person")
		}
		if v.service == service {
			return v, nil
		}
	}
	v, waits, err := waitingVisit(c, here, person, service)
	if err != nil || waits {
		return v, err
	}
	return nextVisit(c, here, person, service)
}

// link writes the visit into a consultation that this change has just said.
func link(c *record.Change, k *record.Kind, consultation, visit record.ID) {
	field, _ := k.Field("visit")
	for _, f := range c.Facts() {
		if f.ID == consultation {
			f.Values[field.Number] = visit[:]
		}
	}
}

// correct says a consultation again. The earlier one stays readable; visit, type and the count stand as they were.
func correct(c *record.Change, k *record.Kind, person record.ID, corrects string, fields record.Fields) (any, error) {
	earlier, err := c.Ref("corrects", corrects)
	if err != nil {
		return nil, err
	}
	var found, replaced bool
	var whose, visit record.ID
	var kind string
	err = c.Select(c.Context, "SELECT person, visit, type, _corrected IS NOT NULL FROM "+k.Table()+" WHERE id = ?", []any{earlier}, func(r record.Row) error {
		found, whose, visit, kind, replaced = true, r.ID(0), r.ID(1), r.Text(2), r.Bool(3)
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read what is corrected: %w", err)
	case !found:
		return nil, record.Refuse("corrects", "unknown_id", "field", "corrects")
	case whose != person:
		return nil, record.Refuse("corrects", "other_person")
	case replaced:
		return nil, record.Refuse("corrects", "already_corrected")
	}
	fields["visit"], fields["type"] = visit, kind
	id, err := c.Correct(k, earlier, fields)
	return ConsultationRecorded{ID: id, Consultation: id, Visit: visit, Type: kind}, err
}
