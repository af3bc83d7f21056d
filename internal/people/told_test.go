package people_test

import (
	"encoding/json"
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
