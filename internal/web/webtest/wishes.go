package webtest

import (
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

// Hidden is a person whose record is restricted.
var Hidden = ID(15)

// Wishes is what people agreed to: Maria to some things, everybody else was never asked.
func Wishes(id string) (people.Consents, error) {
	p, err := show(id)
	if err != nil {
		return people.Consents{}, err
	}
	c := people.Consents{Person: p.Brief, Minor: p.Age != nil && *p.Age < 18, Tongues: p.Languages, Answers: []people.Entry{}, Travels: true, Linked: p.Linked, Home: Tapachula.Name}
	if p.ID != Maria.ID {
		for _, purpose := range people.Purposes {
			c.Purposes = append(c.Purposes, people.PurposeState{Purpose: purpose, State: "not_asked", To: []string{}})
		}
		return c, nil
	}
	site := sitesHere[0]
	at := Now.Add(-9 * day)
	c.Purposes = []people.PurposeState{
		{Purpose: people.ToCare, State: people.Given, To: []string{}, At: Now.Add(-24 * day), Site: site.Name, By: Julio.Name},
		{Purpose: people.Sharing, State: people.Given, To: []string{}, At: at, Site: site.Name, By: Rosa.Name, How: "thumbprint", In: "es", Until: "2027-03-01"},
		{Purpose: people.Referral, State: people.Given, To: []string{"Casa Amiga", "Clínica de la Mujer de Tuxtla"}, At: at, Site: site.Name, By: Rosa.Name, How: "spoken", In: "es"},
		{Purpose: people.Statistics, State: people.Withdrawn, To: []string{}, At: Now.Add(-3 * day), Site: site.Name, By: Rosa.Name, How: "spoken"},
		{Purpose: people.Testimony, State: "lapsed", To: []string{}, At: Now.Add(-20 * day), Site: site.Name, By: Julio.Name, How: "witnessed", In: "es", Until: "2026-03-20"},
	}
	said := func(n byte, before time.Duration, fields map[string]any) people.Entry {
		when := Now.Add(-before)
		return people.Entry{ID: ID(n), Kind: "consent", Compartment: record.Identity, At: when, Zone: -360, Recorded: when.Add(time.Minute), Site: site.ID, SiteName: site.Name,
			By: Rosa.ID, ByName: Rosa.Name, Fields: fields}
	}
	c.Answers = []people.Entry{
		said(70, 3*day, map[string]any{"purposes": []string{people.Statistics}, "answer": people.Withdrawn}),
		said(71, 9*day, map[string]any{"purposes": []string{people.Referral}, "answer": people.Given, "to_whom": "Casa Amiga", "language": "es", "medium": "spoken", "understood": true,
			"explained_by": Rosa.Name}),
		said(72, 9*day, map[string]any{"purposes": []string{people.Sharing}, "answer": people.Given, "language": "es", "medium": "thumbprint", "understood": true, "until": "2027-03-01",
			"classes": []string{"identity", "care"}, "note": "Pregunta si su hermana podrá verlo; se explica que no."}),
	}
	return c, nil
}

func restrictions(d *Desk, id string) (people.Restrictions, error) {
	limit := func(in record.Compartment, why ...string) people.Limits {
		return people.Limits{Compartment: in, Why: why, Reason: "Lo pidió al salir", Authority: "La propia persona", Until: Now.Add(90 * day), Since: Now.Add(-2 * day), By: Rosa.ID, ByName: Rosa.Name}
	}
	if id == Hidden.String() {
		out := people.Restrictions{Person: Hidden}
		for _, in := range people.Sealed {
			if d.Opens(in) {
				out.Limits = append(out.Limits, limit(in, people.Restricted))
			}
		}
		return out, nil
	}
	p, err := show(id)
	if err != nil {
		return people.Restrictions{}, err
	}
	out := people.Restrictions{Person: p.ID, Shown: true, Limits: []people.Limits{}}
	if p.ID == Maria.ID && d.Opens(record.Law) {
		out.Limits = append(out.Limits, limit(record.Law, people.Restricted))
	}
	return out, nil
}

func copyOf(d *Desk, id string) (people.Copy, error) {
	p, err := show(id)
	if err != nil {
		return people.Copy{}, err
	}
	wishes, err := Wishes(id)
	if err != nil {
		return people.Copy{}, err
	}
	limits, err := restrictions(d, id)
	if err != nil {
		return people.Copy{}, err
	}
	var linked []people.LinkedCopy
	for _, l := range p.Linked {
		one, err := show(l.ID.String())
		if err != nil {
			return people.Copy{}, err
		}
		asked, err := Wishes(l.ID.String())
		if err != nil {
			return people.Copy{}, err
		}
		linked = append(linked, people.LinkedCopy{Person: one, Consents: asked})
	}
	out := people.Copy{Person: p, Linked: linked, Entries: Timeline(d).Entries, Consents: wishes, Limits: limits.Limits, Opened: []record.Compartment{}, Closed: []record.Compartment{}}
	said, err := past(id)
	if err != nil {
		return people.Copy{}, err
	}
	for _, f := range said.Fields {
		if len(f.Values) > 1 {
			out.Past = append(out.Past, f)
		}
	}
	for _, in := range people.Sealed {
		if d.Opens(in) {
			out.Opened = append(out.Opened, in)
		} else {
			out.Closed = append(out.Closed, in)
		}
	}
	return out, nil
}

// Due is what has had its time, as far as the desk opens it.
func Due(d *Desk) people.Retention {
	out := people.Retention{Rules: people.RetentionRules, Due: []people.Due{}, Kept: []people.Due{}}
	if d.House.Quiet {
		return out
	}
	at := Now.AddDate(-5, 0, -40)
	out.Due = []people.Due{
		{Person: Maria.ID, Alias: "M. L. H.", Card: Maria.Card, Compartment: record.Law, Last: at, Since: "2023-02-16"},
		{Person: ID(11), Alias: "J. D.", Card: "77310542", Compartment: record.Care, Last: at, Since: "2026-02-16"},
		{Person: ID(13), Alias: "El Chino", Card: "55120087", Compartment: record.Identity, Last: at, Since: "2026-02-16"},
	}
	out.Kept = []people.Due{{Person: ID(12), Alias: "M. L. E.", Card: "10932236", Compartment: record.Law, Last: at, Since: "2023-02-16", KeepUntil: "2026-12-31", KeepReason: "Amparo 114/2025 en curso"}}
	out.Total = len(out.Due)
	return out
}
