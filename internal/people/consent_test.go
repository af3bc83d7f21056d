package people_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/care"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

func TestWhoTravelsAndWhoIsCounted(t *testing.T) {
	for _, c := range []struct {
		name             string
		consent, refused []string
		travels, counted bool
	}{
		{"never asked", nil, nil, true, false},
		{"asked for care only", []string{"care"}, nil, false, false},
		{"agreed to sharing", []string{"sharing"}, nil, true, false},
		{"agreed to all", []string{"care", "sharing", "statistics"}, nil, true, true},
		{"a no to something else", nil, []string{"statistics"}, false, false},
		{"a no to sharing", []string{"care", "statistics"}, []string{"sharing"}, false, true},
		{"yes here, no there, at the same time", []string{"sharing", "statistics"}, []string{"sharing", "statistics"}, false, false},
	} {
		if got := people.MayTravel(c.consent, c.refused); got != c.travels {
			t.Errorf("%s: travels %v", c.name, got)
		}
		if got := people.MayBeCounted(c.consent, c.refused); got != c.counted {
			t.Errorf("%s: counted %v", c.name, got)
		}
	}
}

// Whatever else was said, a no is never outweighed by adding a yes.
func TestANoWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfDistinct(rapid.SampledFrom(people.Purposes), rapid.ID[string])
		consent, refused := some.Draw(t, "consent"), some.Draw(t, "refused")
		if people.MayTravel(consent, append(refused, people.Sharing)) || people.MayBeCounted(consent, append(refused, people.Statistics)) {
			t.Fatal("a no did not win")
		}
	})
}

func yes(person string, purposes ...string) fields {
	return fields{"person": person, "purposes": purposes, "answer": "given", "language": "es", "medium": "spoken", "understood": true}
}

func no(person, answer string, purposes ...string) fields {
	return fields{"person": person, "purposes": purposes, "answer": answer}
}

func TestConsent(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "age": 30}).Person.String()
	if !b.Travels(id) {
		t.Error("who was never asked does not travel")
	}
	got := worktest.Do[people.Consented](b, "person.consent", site, fields{"person": id, "purpose": "sharing", "answer": "given", "language": "HT", "medium": "thumbprint",
		"understood": true, "explained_by": "Rosa", "interpreter": "Jean", "classes": []string{"care", "identity"}, "note": "con calma"})
	if !got.Travels || got.Counted || !slices.Equal(got.Given, []string{"sharing"}) {
		t.Errorf("after a yes: %+v", got)
	}
	b.Now = b.Now.Add(time.Hour)
	got = worktest.Do[people.Consented](b, "person.consent", site, no(id, "withdrawn", "sharing", "statistics"))
	if got.Travels || got.Counted || len(got.Given) != 0 || !slices.Equal(got.Refused, []string{"sharing", "statistics"}) {
		t.Errorf("after a no: %+v", got)
	}
	if b.Travels(id) {
		t.Error("who took sharing back travels")
	}
	state := worktest.Ask[people.Consents](b, "person.consents", "person", id)
	if len(state.Answers) != 2 || state.Answers[0].Fields["answer"] != "withdrawn" || state.Answers[1].Fields["language"] != "ht" || state.Answers[1].Fields["medium"] != "thumbprint" ||
		state.Answers[1].Fields["interpreter"] != "Jean" || state.Answers[1].Fields["understood"] != true || state.Answers[1].SiteName != "Casa del Río" {
		t.Errorf("the evidence is %+v", state.Answers)
	}
	stands := map[string]string{}
	for _, p := range state.Purposes {
		stands[p.Purpose] = p.State
	}
	for purpose, want := range map[string]string{"care": "not_asked", "sharing": "withdrawn", "statistics": "withdrawn", "referral": "not_asked", "testimony": "not_asked"} {
		if stands[purpose] != want {
			t.Errorf("%s is %s, want %s", purpose, stands[purpose], want)
		}
	}
	told := worktest.Ask[people.Timeline](b, "person.timeline", "person", id)
	if !slices.ContainsFunc(told.Entries, func(e people.Entry) bool { return e.Kind == "consent" }) {
		t.Error("the answers do not stand in the timeline")
	}
}

// What was ticked when registering counts and says who wrote it, and its silence on sharing is an answer.
func TestConsentTickedWhenRegistering(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "consent": []string{"care", "statistics"}}).Person.String()
	if b.Travels(id) {
		t.Error("who was asked and did not agree to sharing travels")
	}
	if worktest.Ask[people.Shown](b, "person.show", "person", id).Travels {
		t.Error("the record is shown as one that other sites see")
	}
	c := worktest.Ask[people.Consents](b, "person.consents", "person", id)
	if c.Travels || !c.Counted || c.Home != "Casa del Río" || c.Purposes[0].State != "given" || c.Purposes[0].By != "Ana" || c.Purposes[0].Site != "Casa del Río" || c.Purposes[0].How != "" {
		t.Errorf("consents %+v", c)
	}
	// The whole list of the older action says the same as single answers.
	worktest.Do[people.Updated](b, "person.update", site, fields{"person": id, "consent": []string{"care", "sharing"}})
	if !b.Travels(id) || worktest.Ask[people.Consents](b, "person.consents", "person", id).Counted {
		t.Error("the list that replaced the first one is not what stands")
	}
	up := worktest.Do[people.Updated](b, "person.update", site, fields{"person": id, "consent": []string{"care"}})
	if b.Travels(id) || !slices.Equal(up.Changed, []string{"consent"}) {
		t.Errorf("what is not in the list any more was not taken back: %v", up.Changed)
	}
	worktest.Do[people.Consented](b, "person.consent", site, yes(id, "sharing"))
	if !b.Travels(id) {
		t.Error("a yes after a no does not count")
	}
}

func TestConsentEnds(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "consent": []string{"care"}}).Person.String()
	share := yes(id, "sharing", "statistics")
	share["until"] = "2026-04-17"
	worktest.Do[people.Consented](b, "person.consent", site, share)
	for day, want := range map[string]bool{"2026-04-17": true, "2026-04-18": false} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		b.Now = at.Add(20 * time.Hour)
		c := worktest.Ask[people.Consents](b, "person.consents", "person", id)
		if c.Travels != want || c.Counted != want || b.Travels(id) != want {
			t.Errorf("on %s travels %v, counted %v", day, c.Travels, c.Counted)
		}
		if lapsed := c.Purposes[1].State == "lapsed"; lapsed == want {
			t.Errorf("on %s sharing is %s", day, c.Purposes[1].State)
		}
	}
	worktest.Do[people.Consented](b, "person.consent", site, yes(id, "sharing"))
	if !b.Travels(id) {
		t.Error("a yes given again does not count")
	}
}

func TestReferralNamesWhom(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana"}).Person.String()
	b.Refused("person.consent", site, yes(id, "referral"), "to", "referral_needs_name")
	for _, to := range []string{"Clínica Norte", "Casa Amiga"} {
		ask := yes(id, "referral")
		ask["to"] = to
		worktest.Do[people.Consented](b, "person.consent", site, ask)
	}
	one := no(id, "withdrawn", "referral")
	one["to"] = "Casa Amiga"
	got := worktest.Do[people.Consented](b, "person.consent", site, one)
	if !got.MayRefer("clínica norte") || got.MayRefer("Casa Amiga") || got.MayRefer("") {
		t.Errorf("who may be told of %v", got.ReferralTo)
	}
	if !slices.Equal(got.ReferralTo, []string{"Clínica Norte"}) || !slices.Contains(got.Given, "referral") {
		t.Errorf("a no to one organisation leaves %+v", got)
	}
	got = worktest.Do[people.Consented](b, "person.consent", site, no(id, "withdrawn", "referral"))
	if got.MayRefer("Clínica Norte") {
		t.Error("after a no to all somebody may be told")
	}
	if len(got.ReferralTo) != 0 || !slices.Contains(got.Refused, "referral") {
		t.Errorf("a no to all leaves %+v", got)
	}
}

// Paper from the morning is typed in the evening: what the person said later, and was written down before, stands.
func TestAnAnswerTypedLate(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana"}).Person.String()
	b.Now = b.Now.Add(5 * time.Hour)
	worktest.Do[people.Consented](b, "person.consent", site, no(id, "refused", "sharing"))
	now := b.Now
	b.Now = b.Now.Add(-4 * time.Hour)
	got := worktest.Do[people.Consented](b, "person.consent", site, yes(id, "sharing", "statistics"))
	b.Now = now
	if got.Travels || !got.Counted || !slices.Equal(got.Refused, []string{"sharing"}) {
		t.Errorf("the earlier yes weighs more than the later no: %+v", got)
	}
}

func TestConsentRefuses(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "age": 30}).Person.String()
	child := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Luz", "age": 12}).Person.String()
	but := func(change fields) fields {
		d := yes(id, "sharing")
		for name, v := range change {
			d[name] = v
		}
		return d
	}
	for _, c := range []struct {
		change      fields
		field, code string
	}{
		{fields{"purposes": []string{}}, "purposes", "required"},
		{fields{"purposes": []string{"ads"}}, "purposes", "not_in_list"},
		{fields{"answer": ""}, "answer", "required"},
		{fields{"answer": "maybe"}, "answer", "not_in_list"},
		{fields{"language": ""}, "language", "required"},
		{fields{"language": "español"}, "language", "not_in_list"},
		{fields{"medium": ""}, "medium", "required"},
		{fields{"medium": "fax"}, "medium", "not_in_list"},
		{fields{"medium": "witnessed"}, "witness", "required"},
		{fields{"understood": false}, "understood", "not_understood"},
		{fields{"until": "2026-03-16"}, "until", "out_of_range"},
		{fields{"until": "mañana"}, "until", "bad_date"},
		{fields{"answer": "refused", "until": "2026-05-16"}, "until", "until_needs_yes"},
		{fields{"classes": []string{"field"}}, "classes", "not_in_list"},
		{fields{"person": "nadie"}, "person", "unknown_id"},
		{fields{"person": child}, "assent", "child_assent"},
		{fields{"surprise": 1}, "surprise", "unknown_field"},
	} {
		b.Refused("person.consent", site, but(c.change), c.field, c.code)
	}
	if c := worktest.Ask[people.Consents](b, "person.consents", "person", id); len(c.Answers) != 0 || !c.Travels {
		t.Errorf("a refused answer left %+v", c)
	}
	alone := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Eli", "groups": []string{"unaccompanied_child"}}).Person.String()
	b.Refused("person.consent", site, yes(alone, "sharing"), "assent", "child_assent")
	worktest.Do[people.Consented](b, "person.consent", site, func() fields { d := yes(child, "sharing"); d["assent"] = true; return d }())
}

// Who takes it back is not counted from then on; what was counted before stays, since a count names nobody.
func TestWithdrawnIsNotCounted(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	b.Stand(site)
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "consent": []string{"care", "sharing", "statistics"}}).Person.String()
	see := func() {
		v := worktest.Do[care.VisitOpened](b, "visit.open", site, fields{"person": id, "service": "nursing"})
		worktest.Do[care.VisitClosed](b, "visit.close", site, fields{"visit": v.Visit.String(), "outcome": "seen"})
	}
	see()
	worktest.Do[people.Consented](b, "person.consent", site, no(id, "withdrawn", "statistics"))
	see()
	if n := b.Sum("field.contact", "1"); n != 1 {
		t.Errorf("%d contacts were counted, want the one before it was taken back", n)
	}
}

// Of whom no age is known but that they are young, the child's own yes is needed as of every child.
func TestAChildWithoutAnAgeAgreesThemselves(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	for band, child := range map[string]bool{people.Child: true, "5_11": true, "12_17": true, "18_24": false} {
		r := b.Apply("person.register", site, fields{"given": "Ana", "age_band": band})
		if !r.OK {
			t.Fatalf("%s: %+v", band, r.Error)
		}
		id := r.Result.(people.Registered).Person.String()
		if child {
			b.Refused("person.consent", site, yes(id, "care"), "assent", "child_assent")
			continue
		}
		worktest.Do[people.Consented](b, "person.consent", site, yes(id, "care"))
	}
}
