package webtest

import (
	"time"

	"amparo/internal/record"
)

// erasures is what was asked to be erased: one to decide, one done, one refused.
func erasures(d *Desk) any {
	if d.House.Quiet {
		return jsonMap{"erasures": []jsonMap{}, "pending": 0}
	}
	part := func(in record.Compartment, parts int, looked bool) jsonMap {
		return jsonMap{"compartment": in, "parts": parts, "looked": looked}
	}
	return jsonMap{"pending": 1, "erasures": []jsonMap{
		{"id": ID(80), "state": "asked", "reason": "asked_by_person", "authority": "La propia persona, por escrito el 3 de abril", "by_name": Julio.Name, "site": Tapachula.Name,
			"at": Now.Add(-3 * time.Hour), "parts": 14, "dropped": 0, "others": 1, "compartments": []jsonMap{part(record.Identity, 9, true), part(record.Care, 5, true), part(record.Law, 0, false)}},
		{"id": ID(81), "state": "done", "reason": "retention", "authority": "Política de conservación, artículo 6", "by_name": Rosa.Name, "site": Tapachula.Name, "at": Now.Add(-4 * day),
			"parts": 31, "dropped": 31, "others": 0, "compartments": []jsonMap{part(record.Identity, 12, true), part(record.Care, 19, true), part(record.Law, 0, true)},
			"decided_by": "Ana Beltrán", "decided_at": Now.Add(-3 * day)},
		{"id": ID(82), "state": "refused", "reason": "mistake", "authority": "Coordinación", "by_name": Julio.Name, "site": Tapachula.Name, "at": Now.Add(-6 * day), "parts": 4, "dropped": 0,
			"others": 0, "compartments": []jsonMap{part(record.Identity, 4, true)}, "decided_by": "Ana Beltrán", "decided_at": Now.Add(-6 * day), "why": "Hay un juicio abierto: la ley pide guardarlo."},
	}}
}
