package people

import (
	"slices"

	"amparo/internal/record"
)

// Copy is the answer to person.copy: everything that the member may open about a person, for the person themself. They are
// entitled to it; what this member may not open has to be asked from those who do.
type Copy struct {
	Person   Shown                `json:"person"`
	Entries  []Entry              `json:"entries"` // newest first
	Past     []FieldHistory       `json:"past"`    // fields of which something else was said before, with all that was
	Consents Consents             `json:"consents"`
	Cards    []OneCard            `json:"cards"`  // also those of the other records
	Limits   []Limits             `json:"limits"` // what limits the use of the record
	Linked   []LinkedCopy         `json:"linked"` // the other records of the same person; their entries stand among the others
	Opened   []record.Compartment `json:"opened"` // parts that this copy was made from
	Closed   []record.Compartment `json:"closed"` // parts that the member may not open, whether or not they hold anything
}

// LinkedCopy is what a copy holds of another record of the same person.
type LinkedCopy struct {
	Person   Shown    `json:"person"`
	Consents Consents `json:"consents"`
	Limits   []Limits `json:"limits"`
}

// ForCopy is noted as the reason of having opened a record (code list access_why).
const ForCopy = "copy"

var personCopy = func() record.Query {
	q := record.NewQuery("person.copy", record.Compartments(), func(a *record.Ask, p PersonParams) (any, error) {
		s, err := showPerson(a, p)
		if err != nil {
			return nil, err
		}
		told, err := tellTimeline(a, p)
		if err != nil {
			return nil, err
		}
		asked, err := readConsents(a, p)
		if err != nil {
			return nil, err
		}
		limits, err := restrictionsOn(a.Context, a, s.ID)
		if err != nil {
			return nil, err
		}
		cards, err := cardsTogether(a.Context, a, s.ID)
		if err == nil {
			err = nameCards(a, cards)
		}
		if err != nil {
			return nil, err
		}
		out := Copy{Cards: cards, Person: s, Entries: told.Entries, Consents: asked, Limits: append([]Limits{}, limits...), Opened: []record.Compartment{}, Closed: []record.Compartment{}}
		if out.Linked, err = copyLinked(a, s.Linked); err != nil {
			return nil, err
		}
		past, err := histories(a, s.ID, told.Linked)
		if err != nil {
			return nil, err
		}
		out.Past = slices.DeleteFunc(past, func(f FieldHistory) bool { return len(f.Values) < 2 })
		for _, in := range Sealed {
			if a.Opens(in) {
				out.Opened = append(out.Opened, in)
			} else {
				out.Closed = append(out.Closed, in)
			}
		}
		return out, nil
	})
	q.About, q.Why = "person", ForCopy
	return q
}()
