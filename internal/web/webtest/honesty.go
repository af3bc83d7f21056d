package webtest

import (
	"encoding/json"
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

type m = map[string]any

// rivals are two values that two people wrote without seeing each other, the later one written down a day after it happened.
func rivals(a, b any) []m {
	return []m{
		{"value": a, "says": "00000000000000a1", "by_name": Julio.Name, "site_name": sitesHere[0].Name, "at": Now.Add(-2 * day), "recorded": Now.Add(-1 * day)},
		{"value": b, "says": "00000000000000b2", "by_name": Rosa.Name, "site_name": sitesHere[2].Name, "at": Now.Add(-7 * day), "recorded": Now.Add(-7 * day)},
	}
}

func conflicts(quiet bool) any {
	all := []m{}
	if !quiet {
		all = append(all, m{"record": Maria.ID, "kind": "person", "person": Maria.ID, "field": "direction", "values": rivals("north", "south")},
			m{"record": Maria.ID, "kind": "person", "person": Maria.ID, "field": "phone", "values": rivals("+52 962 000 0000", nil)},
			m{"record": others[0].ID, "kind": "person", "person": others[0].ID, "field": "surname1", "values": rivals("Désir", "Dezir")},
			m{"record": Tapachula.ID, "kind": "site", "title": Tapachula.Name, "field": "name", "values": rivals("Albergue Tapachula", "Albergue de Tapachula")})
	}
	return m{"conflicts": all, "records": len(all)}
}

// settled is what the engine says when a rival value was chosen: what stands, and how to go back.
func settled(data json.RawMessage) any {
	var d m
	if err := json.Unmarshal(data, &d); err != nil {
		return nil
	}
	value := d["value"]
	if d["says"] == "00000000000000a1" {
		value = "Désir"
	}
	return m{"id": d["record"], "changed": []any{d["field"]}, "value": value, "undo": m{"action": "conflict.reopen", "at": Now.Add(-7 * day), "site": Tapachula.ID,
		"data": m{"record": d["record"], "kind": d["kind"], "field": d["field"], "values": []any{"Dezir"}}}}
}

func pending(d *Desk) any {
	if d.House.Quiet {
		return m{"by_compartment": m{}, "places": []any{}}
	}
	places := []m{{"kind": "relay", "name": "https://relevo.example.org", "last_exchange": Now.Add(-27 * time.Hour), "lacks": 18, "oldest": Now.Add(-26 * time.Hour)},
		{"kind": "neighbour", "name": "4f2a", "member_name": Julio.Name, "last_exchange": Now.Add(-2 * time.Hour), "lacks": 14, "oldest": Now.Add(-26 * time.Hour)},
		{"kind": "guest", "name": "9c", "lacks": 640}}
	if d.House.First {
		return m{"by_compartment": m{}, "last_exchange": Now.Add(-time.Minute), "coming": 4_120, "coming_bytes": 38_000_000,
			"places": []m{{"kind": "relay", "name": "https://relevo.example.org", "last_exchange": Now.Add(-time.Minute)}}}
	}
	since := Now.Add(-26 * time.Hour)
	return m{"commits": 14, "oldest": since, "by_compartment": m{"identity": 11, "care": 4, "mind": 1, "field": 6}, "last_exchange": Now.Add(-2 * time.Hour), "held": 2,
		"oldest_by_compartment": m{"identity": since, "care": Now.Add(-5 * time.Hour), "mind": Now.Add(-50 * time.Minute), "field": since}, "places": places}
}

func devices(quiet bool) any {
	here := m{"member": Rosa.ID, "name": Rosa.Name, "roles": []string{"clinician", "coordinator"}, "here": true, "last_contact": Now, "said": Now, "site_name": Tapachula.Name,
		"unsent": 14, "oldest_unsent": Now.Add(-26 * time.Hour), "last_exchange": Now.Add(-27 * time.Hour), "version": "0.4.0"}
	if quiet {
		delete(here, "last_exchange")
		here["unsent"] = 0
		return m{"devices": []m{here}, "after_h": 72}
	}
	return m{"after_h": 72, "silent": 2, "devices": []m{
		{"member": ID(4), "name": "Wilner Augustin", "roles": []string{"monitor"}, "silent": true},
		{"member": ID(5), "name": "Nayeli de los Ángeles Hernández Pérez", "roles": []string{"social_worker", "registrar"}, "silent": true, "last_contact": Now.Add(-9 * day), "said": Now.Add(-9 * day),
			"site_name": sitesHere[2].Name, "last_exchange": Now.Add(-12 * day), "unsent": 212, "oldest_unsent": Now.Add(-12 * day), "version": "0.3.2"},
		{"member": Julio.ID, "name": Julio.Name, "roles": []string{"registrar"}, "last_contact": Now.Add(-20 * time.Hour), "said": Now.Add(-20 * time.Hour), "site_name": Tapachula.Name,
			"last_exchange": Now.Add(-44 * time.Hour), "unsent": 31, "oldest_unsent": Now.Add(-43 * time.Hour), "version": "0.4.0"},
		{"member": ID(6), "name": "Coordinación", "roles": []string{"coordinator"}, "last_contact": Now.Add(-3 * time.Hour), "said": Now.Add(-3 * time.Hour), "unsent": 0, "version": "0.4.0"},
		here,
	}}
}

// keptFrom gives entries of a timeline their receipts: the newest is only here, one stays for good, the rest left.
func keptFrom(entries []people.Entry) {
	for i := range entries {
		r := record.Receipt{State: record.ReceiptExchanged, At: entries[i].Recorded.Add(11 * time.Hour)}
		switch i {
		case 0:
			r = record.Receipt{State: record.ReceiptHere}
		case 1:
			r = record.Receipt{State: record.ReceiptHeld}
		case 3:
			r = record.Receipt{State: record.ReceiptArrived}
		}
		entries[i].Kept = &r
	}
}
