package webtest

import (
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

// past is what was said of Maria: some of it put right, some said twice. Of everybody else only the name was ever said.
func past(id string) (people.History, error) {
	p, err := show(id)
	if err != nil {
		return people.History{}, err
	}
	by := func(who, site int, before time.Duration) people.Author {
		a := people.Author{By: Rosa.ID, ByName: Rosa.Name, Site: sitesHere[site].ID, SiteName: sitesHere[site].Name, At: Now.Add(-before), Recorded: Now.Add(-before)}
		if who == 1 {
			a.By, a.ByName = Julio.ID, Julio.Name
		}
		return a
	}
	said := func(value any, by people.Author, until *people.Author) people.PastValue {
		return people.PastValue{Value: value, Author: by, Until: until}
	}
	first, later := by(1, 0, 24*day), by(0, 1, 5*day)
	field := func(name string, values ...people.PastValue) people.FieldHistory {
		return people.FieldHistory{Kind: "person", Compartment: record.Identity, Record: p.ID, Person: p.ID, Field: name, Values: values}
	}
	h := people.History{Person: p.Brief, Linked: []people.Brief{}, Corrections: []people.Correction{}, Fields: []people.FieldHistory{field("given", said(p.Given, first, nil))}}
	if p.ID != Maria.ID {
		return h, nil
	}
	rivals := field("direction", said("south", by(0, 1, 4*day), nil), said("north", by(1, 0, 5*day), nil), said("unknown", first, &later))
	rivals.Rivals = true
	h.Fields = append(h.Fields, field("surname1", said("López", later, nil), said("Lopes", first, &later)), field("birth", said("1991-05", first, nil)), rivals,
		field("languages", said([]string{"es"}, first, nil), said([]string{"mam"}, first, &later)), field("phone", said(nil, later, nil), said("962 555 0134", first, &later)))
	was, is := people.Entry{}, people.Entry{}
	for _, e := range Timeline(&Desk{House: &House{}, Who: Rosa}).Entries {
		if e.Kind == "consultation" {
			was, is = e, e
		}
	}
	was.Fields = map[string]any{"service": "medical", "reason": "Tos", "diagnosis": "Bronquitis"}
	h.Corrections = append(h.Corrections, people.Correction{Was: was, Is: is}, people.Correction{Was: was})
	return h, nil
}
