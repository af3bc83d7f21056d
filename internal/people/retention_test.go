package people_test

import (
	"slices"
	"testing"
	"time"

	"amparo/internal/care"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// due lists what is due as alias and compartment.
func due(list []people.Due) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, d.Alias+" "+d.Compartment.String())
	}
	slices.Sort(out)
	return out
}

// Each compartment has its own clock, which begins anew with whatever happens there; identity waits for the others.
func TestRetention(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	ana := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "surname1": "Paz"}).Person.String()
	luz := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Luz"}).Person.String()
	write := func(person, service string) {
		worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fields{"person": person, "service": service, "note": "algo"})
	}
	write(ana, "medical")
	write(ana, "social")
	b.Now = b.Now.AddDate(0, 23, 0)
	write(luz, "social")
	check := func(when string, want ...string) {
		t.Helper()
		if got := due(worktest.Ask[people.Retention](b, "retention").Due); !slices.Equal(got, want) {
			t.Errorf("%s: due %v, want %v", when, got, want)
		}
	}
	check("before two years")
	b.Now = worktest.Noon.AddDate(2, 0, 0).Add(-time.Minute)
	check("a minute before two years")
	b.Now = worktest.Noon.AddDate(2, 0, 0)
	check("after two years", "A. P. law")
	b.Now = worktest.Noon.AddDate(5, 0, 0)
	check("after five years", "A. P. care", "A. P. identity", "A. P. law", "L. law")
	r := worktest.Ask[people.Retention](b, "retention", "compartment", "law", "limit", "1")
	if len(r.Due) != 1 || r.Total != 2 || r.Due[0].Alias != "A. P." || r.Due[0].Since != "2028-03-17" || len(r.Rules) != 1 || r.Rules[0].Source == "" {
		t.Errorf("of law, one line: %+v", r)
	}
	// A visit begins the clock of identity anew, and nothing else.
	worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": ana, "service": "other"})
	check("after a visit", "A. P. care", "A. P. law", "L. law")
}

func TestRetentionHold(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	ana := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana"}).Person.String()
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fields{"person": ana, "service": "social", "note": "algo"})
	b.Now = worktest.Noon.AddDate(3, 0, 0)
	hold := fields{"person": ana, "compartment": "law", "until": "2029-06-30", "reason": "amparo 114/2029 en curso"}
	but := func(name string, v any) fields {
		d := fields{}
		for k, old := range hold {
			d[k] = old
		}
		d[name] = v
		return d
	}
	b.Refused("retention.hold", site, but("reason", " "), "reason", "required")
	b.Refused("retention.hold", site, but("until", ""), "until", "required")
	b.Refused("retention.hold", site, but("until", "2029-02-30"), "until", "bad_date")
	b.Refused("retention.hold", site, but("until", "2029-03-16"), "until", "out_of_range")
	b.Refused("retention.hold", site, but("compartment", "field"), "compartment", "not_in_list")
	b.Refused("retention.hold", site, but("compartment", ""), "compartment", "required")
	b.Refused("retention.hold", site, but("person", record.ID{7}.String()), "person", "unknown_id")
	worktest.Do[people.HeldNow](b, "retention.hold", site, hold)
	r := worktest.Ask[people.Retention](b, "retention")
	if len(r.Due) != 0 || len(r.Kept) != 1 || r.Kept[0].KeepReason != "amparo 114/2029 en curso" || r.Kept[0].KeepUntil != "2029-06-30" {
		t.Errorf("held: %+v", r)
	}
	if b.Travels(ana) != true || len(due(r.Kept)) != 1 {
		t.Error("what is kept longer is treated as hidden")
	}
	b.Now = time.Date(2029, 7, 1, 12, 0, 0, 0, worktest.Noon.Location())
	if r := worktest.Ask[people.Retention](b, "retention"); len(r.Due) != 1 || len(r.Kept) != 0 {
		t.Errorf("after the hold: %+v", r)
	}
	b.Now = b.Now.AddDate(0, 0, -10)
	worktest.Do[people.HeldNow](b, "retention.hold", site, fields{"person": ana, "compartment": "law", "lift": true})
	if r := worktest.Ask[people.Retention](b, "retention"); len(r.Due) != 1 {
		t.Errorf("after lifting the hold: %+v", r)
	}
}

func TestCopyHoldsAll(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	ana := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "phone": "+52 000 111"}).Person.String()
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, fields{"person": ana, "service": "mental_health", "note": "duerme poco"})
	worktest.Do[people.Consented](b, "person.consent", site, yes(ana, "sharing"))
	worktest.Do[people.HeldNow](b, "retention.hold", site, fields{"person": ana, "compartment": "law", "until": "2027-06-30", "reason": "proceso"})
	c := worktest.Ask[people.Copy](b, "person.copy", "person", ana)
	if c.Person.Phone != "+52 000 111" || len(c.Consents.Answers) != 1 || len(c.Opened) != 5 || len(c.Closed) != 0 || len(c.Limits) != 1 ||
		!slices.ContainsFunc(c.Entries, func(e people.Entry) bool {
			return e.Fields["note"] == "duerme poco" && e.ByName == "Ana" && e.SiteName == "Casa"
		}) {
		t.Errorf("the copy is %+v", c)
	}
	for _, q := range people.Module.Queries {
		if want := map[string]string{"person.copy": "copy"}[q.Name]; q.Why != want {
			t.Errorf("%s is noted as %q", q.Name, q.Why)
		}
		if opens := slices.Contains([]string{"person.show", "person.timeline", "person.consents", "person.copy", "person.cards", "person.history", "person.compare"}, q.Name); opens != (q.About == "person") {
			t.Errorf("%s notes who asks: %v", q.Name, q.About)
		}
	}
}
