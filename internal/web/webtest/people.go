package webtest

import (
	"strings"
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

func years(n int) *int { return &n }

func ago(d time.Duration, s int) *people.Seen {
	site := sitesHere[s]
	return &people.Seen{At: Now.Add(-d), Site: site.ID, SiteName: site.Name}
}

const day = 24 * time.Hour

// Maria is the person most pages show. She does not exist.
var Maria = people.Shown{
	Brief: people.Brief{ID: ID(10), Card: "48214129", Name: "María Fernanda López Hernández", Nickname: "", Sex: "f", Age: years(34), Birth: "1991-05", Nationality: []string{"HND"},
		Groups: []string{"pregnant", people.PrivateTalk}, Interpreter: "mam", LastSeen: ago(3*day, 0), Rivals: 1},
	Given: "María Fernanda", Surname1: "López", Surname2: "Hernández", Languages: []string{"es", "mam"}, Direction: "north", Intention: "undecided",
	Aliases: []string{"Mari"}, Priorities: priorities(), Note: "Viaja con su hermana menor.",
	Consent: []string{"care", "sharing"}, Refused: []string{"statistics"}, Travels: true, Registered: ago(24*day, 0), RegisteredBy: Julio.ID, ByName: Julio.Name, Visits: 4, Sites: 2,
	RivalFields: []people.RivalField{{Field: "direction", Values: []people.RivalValue{
		{Value: "south", By: Rosa.ID, ByName: Rosa.Name, Site: ID(31), SiteName: "Casa Coatzacoalcos", At: Now.Add(-4 * day), Recorded: Now.Add(-3 * day), Says: "00000000000000a1", Rec: 9},
		{Value: "north", By: Julio.ID, ByName: Julio.Name, Site: ID(30), SiteName: "Albergue Tapachula", At: Now.Add(-5 * day), Recorded: Now.Add(-5 * day), Says: "00000000000000b2", Rec: 7},
	}}},
}

var others = []people.Brief{
	{ID: ID(11), Card: "77310542", Name: "Jean Baptiste Désir", Sex: "m", Age: years(29), AgeAbout: true, Nationality: []string{"HTI"}, LastSeen: ago(5*time.Hour, 0)},
	{ID: ID(12), Card: "10932236", Name: "Marifer Lopes Ernandes", Sex: "f", Age: years(33), AgeAbout: true, Nationality: []string{"GTM"}, LastSeen: ago(41*day, 2)},
	{ID: ID(13), Card: "55120087", Name: "", Nickname: "El Chino", Sex: "m", Nationality: []string{"VEN"}, Incomplete: true},
	{ID: ID(14), Card: "20047713", Name: "Wilmer Alexander de la Concepción Rodríguez-Villavicencio y Montenegro", Sex: "m", Age: years(17), Birth: "2008-11-02",
		Nationality: []string{"VEN", "COL"}, Groups: []string{"unaccompanied_child"}, LastSeen: ago(20*time.Minute, 1)},
	{ID: ID(19), Card: "30047718", Name: "Noé Xitumul", Sex: "m", AgeBand: "child", Nationality: []string{"GTM"}, Interpreter: "quc", LastSeen: ago(10*time.Minute, 0)},
}

// Found answers a search: nobody for words with a q, otherwise some people with reasons.
func Found(q string) people.Found {
	found := people.Found{Query: q, Hits: []people.Hit{}, Total: 2841}
	if strings.Contains(strings.ToLower(q), "zz") {
		return found
	}
	found.Hits = []people.Hit{
		{Person: Maria.Brief, Score: 14.2, Reasons: []people.Reason{{Code: "exact", Args: map[string]any{"field": "surname1", "value": "López"}},
			{Code: "sounds_alike", Args: map[string]any{"field": "surname2", "value": "Hernández"}}, {Code: "born_near", Args: map[string]any{"years": 1}}}},
		{Person: others[1], Score: 8.1, Reasons: []people.Reason{{Code: "nickname", Args: map[string]any{"field": "given", "value": "Marifer"}},
			{Code: "sounds_alike", Args: map[string]any{"field": "surname1", "value": "Lopes"}}, {Code: "same_language", Args: map[string]any{"language": "quc"}},
			{Code: "seen_place", Args: map[string]any{"site": sitesHere[0].Name}}, {Code: "seen_month", Args: map[string]any{"month": "2026-03"}}}},
		{Person: others[0], Score: 5, Reasons: []people.Reason{{Code: "card_ends", Args: map[string]any{"digits": "77310542"}}}},
		{Person: others[2], Score: 4, Reasons: []people.Reason{{Code: "same_nationality", Args: map[string]any{"nationality": "VEN"}}}},
		{Person: others[3], Score: 3, Reasons: []people.Reason{{Code: "prefix", Args: map[string]any{"field": "given", "value": "Wilmer Alexander"}}}},
	}
	return found
}

func show(id string) (people.Shown, error) {
	if id == Maria.ID.String() {
		return Maria, nil
	}
	for _, b := range others {
		if b.ID.String() == id {
			p := people.Shown{Brief: b, Given: b.Name, Languages: []string{}, Consent: []string{}, Refused: []string{}, RivalFields: []people.RivalField{}, Travels: true}
			if b.Nickname != "" { // asked, and did not agree to sharing
				p.Travels, p.Consent, p.Registered = false, []string{"care"}, ago(day, 0)
			}
			linkedOf(&p)
			return p, nil
		}
	}
	return people.Shown{}, record.Refuse("person", "unknown_id", "field", "person")
}

// Timeline is Maria's, as far as the desk opens it.
func Timeline(d *Desk) people.Timeline {
	entry := func(n byte, kind string, in record.Compartment, before time.Duration, site int, fields map[string]any) people.Entry {
		at := Now.Add(-before)
		return people.Entry{ID: ID(n), Kind: kind, Compartment: in, At: at, Zone: -360, Recorded: at.Add(3 * time.Minute), Site: sitesHere[site].ID, SiteName: sitesHere[site].Name,
			By: Rosa.ID, ByName: Rosa.Name, Fields: fields}
	}
	all := []people.Entry{
		entry(60, "visit", record.Identity, 3*day, 0, map[string]any{"service": "medical", "reason": "Control de embarazo", "type": "follow_up", "number": int64(7)}),
		entry(61, "consultation", record.Care, 3*day, 0, map[string]any{"service": "medical", "reason": "Control de embarazo", "diagnosis": "Embarazo de 24 semanas, sin datos de alarma",
			"note": "Presión 110/70. Refiere cansancio. Se explica cuándo volver de urgencia.", "treatment": "Hierro y ácido fólico", "next": "2026-04-10", "severity": int64(1)}),
		entry(62, "change", record.Identity, 5*day, 0, map[string]any{"changed": []string{"direction", "phone"}}),
		entry(63, "session", record.Mind, 9*day, 1, map[string]any{"service": "mental_health", "note": "Duerme poco. Se acuerda un lugar seguro y un siguiente encuentro."}),
		entry(64, "social", record.Law, 9*day, 1, map[string]any{"service": "social", "reason": "Contacto con la familia", "plan": "Llamada con su madre el jueves"}),
		entry(65, "consultation", record.Care, 10*day, 1, map[string]any{"service": "medical", "reason": "Tos", "diagnosis": "Infección respiratoria"}),
		entry(66, "person", record.Identity, 24*day, 0, map[string]any{"card": Maria.Card}),
	}
	all[3].Recorded = all[3].At.Add(30 * time.Hour)
	all[5].Corrected = ID(67)
	out := people.Timeline{Person: Maria.Brief, Entries: []people.Entry{}}
	for _, e := range all {
		if d.Opens(e.Compartment) {
			out.Entries = append(out.Entries, e)
		}
	}
	keptFrom(out.Entries)
	return out
}
