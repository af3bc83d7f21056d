package people_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

// Neither what is written at a registration nor a list that is changed says of a survivor anything in the compartment identity, not
// even as what stood for a moment: whoever holds its key reads every fact of it.
func TestNothingThatWasEverWrittenInIdentitySaysSurvivor(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	for name, at := range map[string]*worktest.Bed{"who opens it": b, "the desk": desk} {
		ana := worktest.Do[people.Registered](at, "person.register", site, fields{"given": "Ana", "consent": []string{"sharing"}, "groups": []string{people.SurvivorGroup}}).Person.String()
		eva := worktest.Do[people.Registered](at, "person.register", site, fields{"given": "Eva", "consent": []string{"sharing"},
			"priorities": []fields{{"group": people.SurvivorGroup, "identified": "staff"}}}).Person.String()
		worktest.Do[people.Updated](at, "person.update", site, fields{"person": eva, "groups": []string{"pregnant", people.SurvivorGroup}})
		worktest.Do[people.Prioritised](at, "person.priority", site, fields{"person": eva, "group": people.SurvivorGroup})
		worktest.Meet(url, at, b)
		for _, person := range []string{ana, eva} {
			for _, f := range worktest.Ask[people.History](b, "person.history", "person", person).Fields { // b opens every compartment
				if f.Compartment.String() != "identity" {
					continue
				}
				if raw, err := json.Marshal(f); err != nil || strings.Contains(string(raw), people.SurvivorGroup) {
					t.Errorf("written by %s: %s (%v)", name, raw, err)
				}
			}
		}
	}
}

// At the desk it cannot be told apart whether somebody said it, or only that they want to talk in private.
func TestWhoTalksInPrivateStandsApartFromNobody(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	one := func(group string, early bool) (of []string) {
		data := fields{"given": "Ana"}
		said := fields{"group": group, "identified": "staff", "may_record": "best_interest"}
		if early {
			data["priorities"] = []fields{said}
		}
		person := worktest.Do[people.Registered](desk, "person.register", site, data).Person.String()
		if !early {
			said["person"] = person
			worktest.Do[people.Prioritised](desk, "person.priority", site, said)
		}
		for _, p := range worktest.Ask[people.Shown](desk, "person.show", "person", person).Priorities {
			of = append(of, p.Group, p.Identified, p.MayRecord, p.ByName)
		}
		for _, e := range worktest.Ask[people.Timeline](desk, "person.timeline", "person", person).Entries {
			of = append(of, e.Kind)
		}
		return of
	}
	for _, early := range []bool{true, false} {
		if told, asked := one(people.SurvivorGroup, early), one(people.PrivateTalk, early); !slices.Equal(told, asked) {
			t.Errorf("told: %q; asked for: %q", told, asked)
		}
	}
}
