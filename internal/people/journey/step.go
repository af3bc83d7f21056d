package journey

import (
	"slices"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// Step is one part of a person's way as they told it. What fields it has depends on what it is.
var Step = people.About(&record.Kind{Number: 27, Name: "journey", In: record.Identity, Form: record.Happening, Subject: "person", Fields: []record.Field{
	{Number: 1, Name: "person", Type: record.Ref, Index: true},
	{Number: 2, Name: "what", Type: record.Code, Codes: "journey_what"},
	{Number: 3, Name: "origin", Type: record.Code, Codes: "place"}, // of a leg: where it began
	{Number: 4, Name: "place", Type: record.Code, Codes: "place"},  // where a leg ended; where a stay, a decision or being stranded was
	{Number: 5, Name: "started", Type: record.Date},                // a year, a month or a day
	{Number: 6, Name: "ended", Type: record.Date},
	{Number: 7, Name: "transport", Type: record.Code, Codes: "transport"},
	{Number: 8, Name: "manner", Type: record.Code, Codes: "journey_manner"},
	{Number: 9, Name: "direction", Type: record.Code, Codes: "direction"},
	{Number: 10, Name: "decision", Type: record.Code, Codes: "journey_decision"},
	{Number: 11, Name: "reasons", Type: record.Set, Codes: "journey_reason"},
}})

// What a step can be.
const (
	Leg      = "leg"      // from one place to another
	Stay     = "stay"     // a time somewhere, which is over
	Decision = "decision" // to stay, to go on, to go back
	Stranded = "stranded" // cannot go on and cannot go back
	Mistaken = "mistaken" // only as a correction: what was recorded never was
)

// Code lists. Their labels are `code.<list>.<code>`.
var (
	Whats      = []string{Leg, Stay, Decision, Stranded}
	Transports = []string{"foot", "bus", "train", "truck", "car", "boat", "plane", "animal", "other"}
	Manners    = []string{"own", "assisted", "deported", "moved"} // by their own will; helped back; put out of a country; taken elsewhere within one by an authority
	Directions = []string{"north", "south", "unknown"}
	Decisions  = []string{"stay", "go_on", "return", "wait", "undecided"}
	Reasons    = []string{"money", "fear_return", "fear_road", "documents", "procedure", "closed", "health", "family", "work", "robbed", "transport", "policy", "other"}
)

// allowed are the fields of each kind of step, besides the person and what it is; the first are needed.
var allowed = map[string]struct{ needed, may []string }{
	Leg:      {[]string{"place"}, []string{"origin", "started", "ended", "transport", "manner", "direction", "reasons"}},
	Stay:     {[]string{"place", "ended"}, []string{"started", "reasons"}},
	Decision: {[]string{"decision"}, []string{"place", "started", "reasons"}},
	Stranded: {[]string{"reasons"}, []string{"place", "started", "ended"}},
	Mistaken: {},
}

// Fields names the fields that a kind of step has, those that are needed first.
func Fields(what string) []string {
	a := allowed[what]
	return slices.Concat(a.needed, a.may)
}

// Needs reports whether a kind of step cannot do without a field.
func Needs(what, field string) bool { return slices.Contains(allowed[what].needed, field) }

// StepData is what journey.record takes.
type StepData struct {
	Person    string   `json:"person"`
	What      string   `json:"what" jsonschema:"enum=leg,enum=stay,enum=decision,enum=stranded,enum=mistaken"`
	Origin    string   `json:"origin,omitempty" jsonschema:"description=of a leg: country (HND) or Mexican state (07) or municipality (07089)"`
	Place     string   `json:"place,omitempty" jsonschema:"description=country or state or municipality; of what still goes on no finer than a state"`
	Started   string   `json:"started,omitempty" jsonschema:"description=2025 or 2025-03 or 2025-03-14"`
	Ended     string   `json:"ended,omitempty"`
	Transport string   `json:"transport,omitempty" jsonschema:"enum=foot,enum=bus,enum=train,enum=truck,enum=car,enum=boat,enum=plane,enum=animal,enum=other"`
	Manner    string   `json:"manner,omitempty" jsonschema:"enum=own,enum=assisted,enum=deported,enum=moved"`
	Direction string   `json:"direction,omitempty" jsonschema:"enum=north,enum=south,enum=unknown"`
	Decision  string   `json:"decision,omitempty" jsonschema:"enum=stay,enum=go_on,enum=return,enum=wait,enum=undecided"`
	Reasons   []string `json:"reasons,omitempty" jsonschema:"description=money and fear_return and fear_road and documents and procedure and closed and health and family and work and robbed and transport and policy and other"`
	Corrects  string   `json:"corrects,omitempty" jsonschema:"description=the step that this one puts right"`
}

// Recorded is the result of journey.record.
type Recorded struct {
	ID     record.ID `json:"id"`
	Step   record.ID `json:"step"` // the same id, under the name by which a correction asks for it
	Person record.ID `json:"person"`
}

var recordStep = record.NewAction("journey.record", []record.Compartment{record.Identity}, func(c *record.Change, d StepData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	fields, err := d.check(c.At)
	if err != nil {
		return nil, err
	}
	fields["person"] = person
	if d.Corrects == "" {
		if d.What == Mistaken {
			return nil, record.Refuse("corrects", "required", "field", "corrects")
		}
		id, err := c.Happen(Step, fields)
		return Recorded{id, id, person}, err
	}
	earlier, err := corrected(c, d.Corrects, person)
	if err != nil {
		return nil, err
	}
	id, err := c.Correct(Step, earlier, fields)
	return Recorded{id, id, person}, err
})

// check turns what was sent into fields of a Step; today is the day at the place.
func (d StepData) check(today time.Time) (record.Fields, error) {
	what, err := typed.OneOf("what", d.What, append(slices.Clone(Whats), Mistaken))
	if err != nil {
		return nil, err
	}
	out := record.Fields{"what": what}
	for _, f := range []struct {
		name, value string
		read        func(field, value string) (string, error)
	}{
		{"origin", d.Origin, place.Coarse}, {"place", d.Place, place.Coarse}, {"started", d.Started, past(today)}, {"ended", d.Ended, past(today)},
		{"transport", d.Transport, among(Transports)}, {"manner", d.Manner, among(Manners)}, {"direction", d.Direction, among(Directions)},
		{"decision", d.Decision, among(Decisions)},
	} {
		value, err := f.read(f.name, f.value)
		if err != nil {
			return nil, err
		}
		if value != "" {
			out[f.name] = value
		}
	}
	reasons, err := typed.Codes("reasons", d.Reasons, Reasons)
	if err != nil {
		return nil, err
	}
	if len(reasons) > 0 {
		out["reasons"] = reasons
	}
	for name := range out {
		if name != "what" && !slices.Contains(Fields(what), name) {
			return nil, record.Refuse(name, "journey_not_of", "field", name)
		}
	}
	for _, name := range allowed[what].needed {
		if out[name] == nil {
			code := "required"
			if what == Stay && name == "ended" {
				code = "journey_not_over"
			}
			return nil, record.Refuse(name, code, "field", name)
		}
	}
	started, ended := word(out["started"]), word(out["ended"])
	if started != "" && ended != "" && earliest(started) > latest(ended) {
		return nil, record.Refuse("ended", "journey_backwards", "field", "ended", "got", ended)
	}
	// Who decides or is stranded is where they say now, unless they say that it is over.
	if (what == Decision || what == Stranded && ended == "") && place.ReachOf(word(out["place"])) == place.OneMunicipality {
		return nil, record.Refuse("place", "journey_too_fine", "field", "place")
	}
	if what == Leg && out["origin"] != nil && out["origin"] == out["place"] && place.ReachOf(word(out["place"])) == place.OneMunicipality {
		return nil, record.Refuse("place", "journey_same_place", "field", "place")
	}
	return out, nil
}

func past(today time.Time) func(field, value string) (string, error) {
	return func(field, value string) (string, error) { return typed.Past(field, value, today) }
}

func among(list []string) func(field, value string) (string, error) {
	return func(field, value string) (string, error) { return typed.Code(field, value, list) }
}

func word(v any) string {
	s, _ := v.(string)
	return s
}

// earliest and latest are the first and the last day that a date may mean, for comparing.
func earliest(date string) string { return date + "-01-01"[min(len(date)-4, 6):] }
func latest(date string) string   { return date + "-12-31"[min(len(date)-4, 6):] }

// corrected resolves the step that is put right: of the same person, and not put right before.
func corrected(c *record.Change, text string, person record.ID) (record.ID, error) {
	id, err := c.Ref("corrects", text)
	if err != nil {
		return id, err
	}
	there, already := false, false
	err = c.Select(c.Context, "SELECT _corrected IS NOT NULL FROM identity.journey WHERE id = ? AND person = ?", []any{id, person}, func(r record.Row) error {
		there, already = true, r.Bool(0)
		return nil
	})
	switch {
	case err != nil:
		return id, err
	case !there:
		return id, record.Refuse("corrects", "unknown_id", "field", "corrects")
	case already:
		return id, record.Refuse("corrects", "journey_corrected", "field", "corrects")
	}
	return id, nil
}
