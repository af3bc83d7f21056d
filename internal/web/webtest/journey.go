package webtest

import (
	"amparo/internal/people/journey"
)

// way is Maria's, in both directions; nobody else told theirs.
func way(id string) (journey.Journey, error) {
	p, err := show(id)
	if err != nil {
		return journey.Journey{}, err
	}
	j := journey.Journey{Person: p.Brief, Steps: []journey.Told{}}
	if p.ID != Maria.ID {
		return j, nil
	}
	step := func(n byte, t journey.Told) journey.Told {
		t.ID, t.Person, t.At, t.Site, t.By, t.SiteName, t.ByName = ID(n), p.ID, Now.Add(-9*day), Tapachula.ID, Rosa.ID, Tapachula.Name, Rosa.Name
		if t.Reasons == nil {
			t.Reasons = []string{}
		}
		return t
	}
	j.Steps = []journey.Told{
		step(170, journey.Told{What: journey.Leg, Origin: "HND", Place: "07089", Started: "2025-01", Ended: "2025-02-11", Transport: "bus", Manner: "own", Direction: "north"}),
		step(171, journey.Told{What: journey.Stay, Place: "07089", Started: "2025-02-11", Ended: "2025-06", Reasons: []string{"procedure", "money"}}),
		step(172, journey.Told{What: journey.Leg, Origin: "07089", Place: "19039", Transport: "train", Direction: "north"}),
		step(173, journey.Told{What: journey.Leg, Origin: "USA", Place: "27", Ended: "2025-12", Transport: "plane", Manner: "deported", Direction: "south", Reasons: []string{"policy"}}),
		step(174, journey.Told{What: journey.Decision, Decision: "undecided", Started: "2026-02", Reasons: []string{"fear_return", "fear_road"}}),
		step(175, journey.Told{What: journey.Stranded, Place: "07", Started: "2026-02", Reasons: []string{"money", "fear_return", "documents"}}),
	}
	return j, nil
}
