package people_test

import (
	"encoding/json"
	"strings"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
)

// saidBy is everything that the queries about a person answer, in one text.
func saidBy(b *worktest.Bed, person string) map[string]string {
	b.Helper()
	out := map[string]string{}
	for name, answer := range map[string]any{
		"person.show":      worktest.Ask[people.Shown](b, "person.show", "person", person),
		"person.timeline":  worktest.Ask[people.Timeline](b, "person.timeline", "person", person),
		"person.history":   worktest.Ask[people.History](b, "person.history", "person", person),
		"person.copy":      worktest.Ask[people.Copy](b, "person.copy", "person", person),
		"family.show":      worktest.Ask[family.Shown](b, "family.show", "person", person),
		"family.proposals": worktest.Ask[family.Proposals](b, "family.proposals", "person", person),
	} {
		raw, err := json.Marshal(answer)
		if err != nil {
			b.Fatal(err)
		}
		out[name] = string(raw)
	}
	return out
}

// What an earlier version wrote of survivors is not told by what compares two records either.
func TestComparedRecordsDoNotTellOfSurvivors(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	ana := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "consent": []string{"sharing"}}).Person.String()
	also := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "nickname": "Anita", "groups": []string{"pregnant"}, "consent": []string{"sharing"}}).Person.String()
	b.OldGroup(ana, people.SurvivorGroup)
	worktest.Do[people.LinkedNow](b, "person.link", site, fields{"person": ana, "other": also, "reason": "said_it"})
	worktest.Meet(url, b, desk)
	for _, who := range []string{ana, also} {
		for name, answer := range saidBy(desk, who) {
			if strings.Contains(answer, people.SurvivorGroup) {
				t.Errorf("%s tells the desk of it", name)
			}
		}
	}
	raw, err := json.Marshal(worktest.Ask[people.Compared](desk, "person.compare", "person", ana, "other", also))
	if err != nil || strings.Contains(string(raw), people.SurvivorGroup) {
		t.Errorf("person.compare tells the desk of it (%v)", err)
	}
	if raw, err = json.Marshal(worktest.Ask[people.Compared](b, "person.compare", "person", ana, "other", also)); err != nil || !strings.Contains(string(raw), people.SurvivorGroup) {
		t.Errorf("who opens the compartment does not read it (%v)", err)
	}
}

// Of what is said of two persons nothing is told of the one who is not shown, not even their number.
func TestWhoIsHiddenIsInNoAnswerAboutAnother(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	register := func(name string) string {
		return worktest.Do[people.Registered](b, "person.register", site, fields{"given": name, "consent": []string{"sharing"}}).Person.String()
	}
	he, she := register("Beto"), register("Carla")
	worktest.Do[family.Related](b, "person.relate", site, fields{"person": he, "other": she, "relation": "partner"})
	worktest.Do[family.Formed](b, "household.form", site, fields{"kind": "family", "members": []string{he, she}})
	worktest.Do[family.SoughtNow](b, "family.seek", site, fields{"person": he, "sought": she, "relation": "partner", "consent": "given", "language": "es", "medium": "spoken", "understood": true})
	worktest.Do[people.LinkedNow](b, "person.different", site, fields{"person": he, "other": she, "reason": "said_it"})
	if !strings.Contains(saidBy(b, he)["family.show"], she) {
		t.Fatal("nothing was said of the two")
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": she, "reason": "lo pidió", "authority": "ella"})
	for name, answer := range saidBy(b, he) {
		if strings.Contains(answer, she) {
			t.Errorf("%s names who is not shown: %s", name, answer[max(0, strings.Index(answer, she)-150):min(len(answer), strings.Index(answer, she)+60)])
		}
	}
}
