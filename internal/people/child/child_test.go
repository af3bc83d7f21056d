package child_test

import (
	"slices"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/people/worktest"
)

type m = map[string]any

func pathOf(b *worktest.Bed, person string) child.Path {
	b.Helper()
	return worktest.Ask[child.Path](b, "child.path", "person", person)
}

func waiting(b *worktest.Bed) (names []string) {
	b.Helper()
	for _, one := range worktest.Ask[child.List](b, "child.list").Children {
		names = append(names, one.Person.Name)
	}
	return names
}

func TestThePathOfAChildAlone(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	eli := worktest.Do[people.Registered](desk, "person.register", site, m{"given": "Eli", "age": 16, "alone": true}).Person.String()
	p := pathOf(desk, eli)
	if !p.On || p.Ask || p.Doubt || p.Open != len(child.Duties) || p.Began.IsZero() {
		t.Errorf("at once: %+v", p)
	}
	r := worktest.Do[child.Stepped](desk, "child.step", site, m{"person": eli, "step": "notice", "step_state": "done", "told_to": "procuraduria"})
	if r.Open != len(child.Duties)-1 {
		t.Errorf("%d are still to do", r.Open)
	}
	worktest.Meet(url, desk, b)
	p = pathOf(b, eli)
	at := slices.IndexFunc(p.Steps, func(s child.OneStep) bool { return s.Step == "notice" })
	if s := p.Steps[at]; s.State != "done" || s.Authority != "procuraduria" || s.ByName != "Bea" || s.SiteName != "Casa" || !slices.Equal(s.Law, []string{"LM 98", "LM 112-I"}) {
		t.Errorf("told at another device: %+v", s)
	}
	worktest.Do[child.Stepped](b, "child.step", site, m{"person": eli, "step": "notice"})
	if p := pathOf(b, eli); p.Open != len(child.Duties) || p.Steps[at].State != "" || p.Steps[at].Authority != "" {
		t.Errorf("still to do after all: %+v", p.Steps[at])
	}
	if got := waiting(b); !slices.Equal(got, []string{"E."}) {
		t.Errorf("on the list: %v", got)
	}
	for _, d := range child.Duties {
		worktest.Do[child.Stepped](b, "child.step", site, m{"person": eli, "step": d.Code, "step_state": "not_needed"})
	}
	if got := waiting(b); len(got) != 0 {
		t.Errorf("all is done, and yet %v waits", got)
	}
	for _, c := range []struct {
		data        m
		field, code string
	}{
		{m{"person": eli}, "step", "required"}, {m{"person": eli, "step": "path"}, "step", "not_in_list"}, {m{"person": eli, "step": "safe", "step_state": "x"}, "step_state", "not_in_list"},
		{m{"person": eli, "step": "safe", "step_state": "done", "told_to": "police"}, "told_to", "not_in_list"}, {m{"step": "safe"}, "person", "required"},
	} {
		b.Refused("child.step", site, c.data, c.field, c.code)
	}
}

// Whoever is under age is asked with whom they travel; the answer begins the path or ends it.
func TestWithWhomAChildTravels(t *testing.T) {
	b := worktest.New(t)
	noe := worktest.Do[people.Registered](b, "person.register", "", m{"given": "Noé", "age_band": "12_17"}).Person.String()
	if p := pathOf(b, noe); p.On || !p.Ask || !p.Doubt || len(waiting(b)) != 0 {
		t.Errorf("nobody said: %+v", p)
	}
	for _, c := range []struct {
		company string
		on      bool
		group   string
	}{{"other_adult", true, "separated_child"}, {"alone", true, "unaccompanied_child"}, {"family", false, "family_with_children"}} {
		r := worktest.Do[child.Accompanied](b, "child.company", "", m{"person": noe, "company": c.company, "identified": "self"})
		p := pathOf(b, noe)
		if r.Child != c.on || p.On != c.on || p.Ask || !slices.Equal(p.Person.Groups, []string{c.group}) || (len(waiting(b)) == 1) != c.on {
			t.Errorf("%s: %+v, %+v, %v wait", c.company, r, p, waiting(b))
		}
	}
	b.Refused("child.company", "", m{"person": noe, "company": "bus"}, "company", "not_in_list")
	b.Refused("child.company", "", m{"person": noe, "company": "alone", "identified": "x"}, "identified", "not_in_list")

	// Said later, by another way: the path begins then.
	worktest.Do[people.Updated](b, "person.update", "", m{"person": noe, "groups": []string{"unaccompanied_child"}})
	if got := waiting(b); !slices.Equal(got, []string{"N."}) {
		t.Errorf("after a change: %v", got)
	}
	// Grown up: nobody is on it for ever.
	grown := worktest.Do[people.Registered](b, "person.register", "", m{"given": "Ana", "birth": "2008-03-20", "alone": true}).Person.String()
	if !pathOf(b, grown).On {
		t.Error("three days before the eighteenth birthday the path is not open")
	}
	b.Now = b.Now.Add(4 * 24 * time.Hour)
	if pathOf(b, grown).On {
		t.Error("on the path although of age")
	}
}

// Every duty and every prohibition is worded in every language.
func TestDutiesAreWorded(t *testing.T) {
	for _, d := range child.Duties {
		if !lang.Has("code.child_step."+d.Code) || !lang.Has("child.step."+d.Code) || len(d.Law) == 0 {
			t.Errorf("%s has no words or no law", d.Code)
		}
	}
	for _, d := range child.Never {
		if !lang.Has("child.never."+d.Code) || len(d.Law) == 0 {
			t.Errorf("%s has no words or no law", d.Code)
		}
	}
}

// A restricted record that somebody opened in need is shown for four hours, and not for as long as nobody writes anything.
func TestAListDoesNotOutlastTheGlass(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	eli := worktest.Do[people.Registered](b, "person.register", site, m{"given": "Eli", "age": 16, "alone": true}).Person.String()
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, m{"person": eli, "reason": "lo pidió", "authority": "él"})
	if got := waiting(b); len(got) != 0 {
		t.Fatalf("restricted: %v", got)
	}
	if r := b.Apply("person.glass", site, m{"person": eli, "reason": "no respira"}); !r.OK {
		t.Fatalf("%+v", r.Error)
	}
	if got := waiting(b); len(got) != 1 {
		t.Fatalf("opened in need: %v", got)
	}
	b.Now = b.Now.Add(5 * time.Hour)
	if got := waiting(b); len(got) != 0 {
		t.Errorf("after four hours: %v", got)
	}
}
