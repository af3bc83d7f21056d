package webtest

import (
	"net/url"

	"amparo/internal/people"
	"amparo/internal/record"
)

// said is a made-up verdict.
func said(verdict, reason string, who record.ID, name string, days int) people.Saying {
	return people.Saying{Verdict: verdict, Reason: reason, By: who, ByName: name, Site: sitesHere[0].ID, At: Now.Add(-day*1).AddDate(0, 0, 1-days)}
}

var mariaAndMarifer = []people.FieldAgreement{
	{Field: "given", Level: "nickname", Agrees: "close", Weight: 5.2}, {Field: "surname1", Level: "sounds_alike", Agrees: "close", Weight: 6.1},
	{Field: "surname2", Level: "sounds_alike", Agrees: "close", Weight: 5.7}, {Field: "age", Level: "age_near", Agrees: "close", Weight: 1.8},
	{Field: "sex", Level: "same", Agrees: "yes", Weight: 0.9}, {Field: "nationality", Level: "different", Agrees: "no", Weight: -4.3},
}

var twins = []people.FieldAgreement{
	{Field: "given", Level: "different", Agrees: "no", Weight: -5}, {Field: "surname1", Level: "same", Agrees: "yes", Weight: 7.4},
	{Field: "birth", Level: "same", Agrees: "yes", Weight: 9}, {Field: "relatives", Level: "family_like", Agrees: "no", Weight: -6.2},
}

// doubted are two of whom two members said different things.
func doubted() []people.Doubt {
	return []people.Doubt{{Person: others[0], Other: others[2], Said: []people.Saying{said(people.Different, "both_here", Rosa.ID, Rosa.Name, 1), said(people.Same, "said_it", Julio.ID, Julio.Name, 2)}}}
}

func duplicates(d *Desk, p url.Values) people.Duplicates {
	out := people.Duplicates{Pairs: []people.Duplicate{}, Doubts: []people.Doubt{}, Looked: 2841, Total: 2841}
	if d.House.Quiet || d.House.Bare {
		return out
	}
	pair := people.Duplicate{Person: Maria.Brief, Other: others[1], Score: 7.4, Band: "likely", Fields: mariaAndMarifer}
	if p.Get("person") != "" {
		if p.Get("person") == Maria.ID.String() {
			out.Pairs = append(out.Pairs, pair)
		}
		return out
	}
	out.Pairs = append(out.Pairs, pair, people.Duplicate{Person: others[3], Other: others[2], Score: -1.8, Band: "possible", Fields: twins})
	out.Likely, out.More, out.Looked, out.Doubts = 1, 3, 1260, doubted()
	return out
}

func alike(p url.Values) people.Alike {
	if p.Get("surname1") != "López" {
		return people.Alike{People: []people.AlikePerson{}}
	}
	return people.Alike{People: []people.AlikePerson{
		{Person: Maria.Brief, Linked: []people.Brief{others[1]}, Score: 9.1, Band: "likely", Fields: mariaAndMarifer},
		{Person: others[3], Linked: []people.Brief{}, Score: -2, Band: "possible", Fields: twins},
	}}
}

// compared is Maria beside somebody, or somebody beside somebody, in the situation that the other stands for.
func compared(p url.Values) (people.Compared, error) {
	one, err := show(p.Get("person"))
	if err != nil {
		return people.Compared{}, err
	}
	two, err := show(p.Get("other"))
	if err != nil {
		return people.Compared{}, record.Refuse("other", "unknown_id", "field", "other")
	}
	value := func(of people.Shown, v any) people.LinkedValue {
		return people.LinkedValue{Record: of.ID, Card: of.Card, Value: v, By: Rosa.ID, ByName: Rosa.Name, At: Now.Add(-day)}
	}
	row := func(field string, differs bool, values ...people.LinkedValue) people.LinkedField {
		return people.LinkedField{Kind: people.Person.Name, Compartment: record.Identity, Field: field, Differs: differs, Values: values}
	}
	out := people.Compared{Person: one.Brief, Other: two.Brief, Score: 7.4, Band: "likely", Fields: mariaAndMarifer, Said: []people.Saying{}, Against: []people.Doubt{},
		Rows: []people.LinkedField{
			row("given", true, value(one, "María Fernanda"), value(two, "Marifer")), row("surname1", true, value(one, "López"), value(two, "Lopes")),
			row("sex", false, value(one, "f"), value(two, "f")), row("nationality", true, value(one, []string{"HND"}), value(two, []string{"GTM"})),
			row("languages", false, value(one, []string{"es"})), row("note", true, value(one, "Viaja con su hermana menor."), value(two, "Va a Monterrey con su hermana; la espera una tía.")),
			{Kind: "priority", Compartment: record.Identity, Field: "identified", Codes: "identified", Key: map[string]any{"priority": "pregnant"}, Differs: false,
				Values: []people.LinkedValue{value(one, "self")}},
		}}
	switch two.ID {
	case others[0].ID:
		out.Same, out.Said = true, []people.Saying{said(people.Same, "said_it", Julio.ID, Julio.Name, 3)}
	case others[2].ID:
		out.Said = doubted()[0].Said
	case others[3].ID:
		out.Band, out.Fields, out.Said = "possible", twins, []people.Saying{said(people.Different, "both_here", Rosa.ID, Rosa.Name, 4)}
		out.Against = []people.Doubt{{Person: others[1], Other: others[3], Said: []people.Saying{said(people.Different, "", Julio.ID, Julio.Name, 5)}}}
	case Maria.ID:
		out.Same, out.Through = true, &others[1]
	}
	return out, nil
}

// linkedOf gives the second made-up person another record.
func linkedOf(p *people.Shown) {
	if p.ID != others[0].ID {
		return
	}
	p.Linked = []people.LinkedRecord{{Brief: others[1], Said: []people.Saying{said(people.Same, "same_card", Julio.ID, Julio.Name, 3)}}, {Brief: others[3], Said: []people.Saying{}, Through: others[1].ID}}
	at := func(of people.Brief, v any) people.LinkedValue {
		return people.LinkedValue{Record: of.ID, Card: of.Card, Value: v, By: Rosa.ID, ByName: Rosa.Name, At: Now.Add(-day)}
	}
	p.LinkedFields = []people.LinkedField{
		{Kind: people.Person.Name, Compartment: record.Identity, Field: "birth", Differs: true, Values: []people.LinkedValue{at(others[0], "1997"), at(others[1], "1996-03-02")}},
		{Kind: people.Person.Name, Compartment: record.Identity, Field: "phone", Values: []people.LinkedValue{at(others[1], "55 1234 5678")}},
	}
}
