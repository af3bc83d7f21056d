package people_test

import (
	"slices"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/people/worktest"
)

// What an earlier version wrote of survivors is not lost when somebody who may not read it says something else of the person.
func TestWhoMayNotReadOfSurvivorsLosesNothing(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	for name, says := range map[string]func(person string){
		"person.priority": func(person string) {
			worktest.Do[people.Prioritised](desk, "person.priority", "", fields{"person": person, "group": "pregnant", "identified": "self", "may_record": "agreed"})
		},
		"person.update": func(person string) {
			worktest.Do[people.Updated](desk, "person.update", "", fields{"person": person, "groups": []string{"pregnant", people.PrivateTalk}})
		},
		"child.company": func(person string) {
			worktest.Do[child.Accompanied](desk, "child.company", "", fields{"person": person, "company": "family", "identified": "self"})
		},
	} {
		ana := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "consent": []string{"sharing"}}).Person.String()
		b.OldGroup(ana, people.SurvivorGroup)
		worktest.Meet(url, b, desk)
		says(ana)
		worktest.Meet(url, b, desk)
		if got := worktest.Ask[people.Shown](b, "person.show", "person", ana).Groups; !slices.Contains(got, people.SurvivorGroup) {
			t.Errorf("after %s who opens the compartment reads %v", name, got)
		}
	}
}
