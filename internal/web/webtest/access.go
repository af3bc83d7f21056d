package webtest

import (
	"time"

	"amparo/internal/record"
)

type jsonMap = map[string]any

// readers is who can read Maria's record, in the compartments that the desk opens.
func readers(d *Desk) any {
	parts := []jsonMap{}
	person := func(name string, waits bool, roles ...string) jsonMap {
		return jsonMap{"name": name, "roles": roles, "waits": waits}
	}
	for _, one := range []struct {
		in      record.Compartment
		members []jsonMap
	}{
		{record.Identity, []jsonMap{person("Ana Beltrán", false, "registrar", "clinician"), person(Julio.Name, false, "registrar"), person(Rosa.Name, false, "clinician"),
			person("Teresa Olmedo", true, "social_worker")}},
		{record.Care, []jsonMap{person("Ana Beltrán", false, "clinician"), person(Rosa.Name, false, "clinician")}},
		{record.Mind, []jsonMap{}},
		{record.Law, []jsonMap{person("Teresa Olmedo", true, "social_worker")}},
	} {
		if d.Opens(one.in) {
			parts = append(parts, jsonMap{"compartment": one.in, "members": one.members})
		}
	}
	return jsonMap{"person": Maria.ID, "compartments": parts, "glass": glass(d), "revoked": 2, "recently": 7}
}

func glass(d *Desk) []jsonMap {
	if !d.House.Glass {
		return []jsonMap{}
	}
	at := Now.Add(-27 * time.Hour)
	own := Now.Add(-2 * time.Hour)
	return []jsonMap{
		{"id": ID(61), "person": Maria.ID, "by": Rosa.ID, "by_name": Rosa.Name, "reason": "Llegó inconsciente con fiebre alta; nadie sabe si es alérgica.", "at": own, "due": own.Add(day), "own": true},
		{"id": ID(60), "person": Maria.ID, "by": Julio.ID, "by_name": Julio.Name, "reason": "La trasladan ahora y el abogado pide su nombre completo.", "at": at, "due": at.Add(day), "overdue": true},
	}
}

// accesses is who opened records of late.
func accesses(d *Desk, person string) any {
	entries := []jsonMap{}
	for _, one := range []struct {
		ago         time.Duration
		who         string
		person      record.ID
		in          []record.Compartment
		why, reason string
		times       int
	}{
		{4 * time.Minute, Rosa.Name, Maria.ID, []record.Compartment{record.Identity, record.Care}, "opened", "", 3},
		{27 * time.Hour, Julio.Name, Maria.ID, []record.Compartment{record.Identity}, "glass", "La trasladan ahora y el abogado pide su nombre completo.", 1},
		{3 * day, Julio.Name, others[0].ID, []record.Compartment{record.Identity}, "opened", "", 1},
		{4 * day, "Ana Beltrán", Maria.ID, []record.Compartment{record.Identity, record.Care, record.Law}, "copy", "", 1},
	} {
		if d.House.Quiet || person != "" && person != one.person.String() {
			continue
		}
		entries = append(entries, jsonMap{"at": Now.Add(-one.ago), "person": one.person, "by_name": one.who, "compartments": one.in, "why": one.why, "reason": one.reason,
			"times": one.times, "site_name": Tapachula.Name})
	}
	due := []jsonMap{}
	if person == "" {
		due = glass(d)
	}
	return jsonMap{"entries": entries, "more": !d.House.Quiet, "glass": due}
}

// audit is what happened to the keys.
func audit(d *Desk) any {
	events, volume := []jsonMap{}, []jsonMap{}
	if !d.House.Quiet {
		events = []jsonMap{
			{"at": Now.Add(-50 * time.Minute), "what": "alarm", "by_name": Julio.Name, "n": 21},
			{"at": Now.Add(-27 * time.Hour), "what": "glass", "by_name": Julio.Name},
			{"at": Now.Add(-2 * day), "what": "rotated", "by_name": "Ana Beltrán", "n": 3},
			{"at": Now.Add(-2 * day), "what": "revoked", "by_name": "Ana Beltrán", "of_name": "Marco Antonio Ruiz"},
			{"at": Now.Add(-3 * day), "what": "erased", "by_name": "Ana Beltrán", "n": 12},
			{"at": Now.Add(-9 * day), "what": "reviewed", "by_name": Rosa.Name, "code": "justified"},
			{"at": Now.Add(-20 * day), "what": "admitted", "by_name": "Ana Beltrán", "of_name": Julio.Name},
			{"at": Now.Add(-24 * day), "what": "founded", "by_name": "Ana Beltrán", "of_name": "Ana Beltrán"},
		}
		volume = []jsonMap{
			{"day": "2026-03-27", "member": Julio.ID, "name": Julio.Name, "n": 34}, {"day": "2026-03-27", "member": Rosa.ID, "name": Rosa.Name, "n": 11},
			{"day": "2026-03-26", "member": Rosa.ID, "name": Rosa.Name, "n": 1204},
		}
	}
	return jsonMap{"events": events, "volume": volume, "glass": glass(d)}
}
