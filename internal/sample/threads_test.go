package sample

import (
	"encoding/json"
	"testing"
	"time"
)

type told struct {
	Person, Other, Seek, Candidate, Verdict, Answer, Number, Lost, Surname1, What, Place string
	Alone, Told, New                                                                     bool
	Members                                                                              []struct{ Person, Role string }
}

// Each thread of a story goes through to its end in the order in which such things happen.
func TestThreadsHoldTogether(t *testing.T) {
	for seed := range uint64(6) {
		s := NewStory(seed, 300, begun)
		var (
			registered = map[string]Step{}
			names      = map[string]string{}
			cards      = map[string]string{} // number: whose
			course     = map[string][]told{} // search: what was done about it
			first      = map[string]told{}   // search: how it was asked for
			links      = 0
			walked     = 0
		)
		for _, step := range s.Steps {
			if step.Kind != Do {
				continue
			}
			var d told
			if err := json.Unmarshal(step.Request.Data, &d); err != nil {
				t.Fatal(err)
			}
			switch step.Request.Action {
			case "person.register":
				registered[step.Request.ID], names[step.Request.ID] = step, d.Surname1
			case "person.link":
				links++
				again, before := registered[d.Person], registered[d.Other]
				if again.Node == before.Node || !again.At.After(before.At) || names[d.Person] == names[d.Other] {
					t.Errorf("seed %d: %s and %s are linked: at one site, in the wrong order or under one name", seed, d.Person, d.Other)
				}
			case "person.card":
				switch {
				case d.Number != "" && cards[d.Number] == "":
					cards[d.Number] = d.Person
				case d.Lost == "" || cards[d.Lost] != d.Person || !d.New:
					t.Errorf("seed %d: %s loses card %q, which is of %q", seed, d.Person, d.Lost, cards[d.Lost])
				}
			case "family.seek":
				first[step.Request.ID] = d
			case "family.answer":
				course[d.Seek] = append(course[d.Seek], d)
			case "journey.record":
				if d.Person == s.Walker {
					walked++
				}
			case "household.form":
				if len(d.Members) < 2 || d.Members[0].Role != "head" {
					t.Errorf("seed %d: a household of %+v", seed, d.Members)
				}
			}
		}
		if links != s.Totals.Linked || links == 0 || s.Totals.Twice <= links {
			t.Errorf("seed %d: %d links, %+v", seed, links, s.Totals)
		}
		if walked < 3 {
			t.Errorf("seed %d: the walker tells %d steps of her way", seed, walked)
		}
		missing := 0
		for id, seek := range first {
			if seek.Surname1 == MissingName {
				missing++
			}
			if c := course[id]; len(c) != 0 && (len(c) != 3 || c[0].Verdict != "same" || c[1].Answer != "agrees" || !c[1].Alone || !c[2].Told) {
				t.Errorf("seed %d: a search ends as %+v", seed, c)
			}
			for _, c := range course[id] {
				if names[c.Candidate] != seek.Surname1 || registered[c.Candidate].Node == registered[seek.Person].Node {
					t.Errorf("seed %d: %s is found, but %s was sought", seed, names[c.Candidate], seek.Surname1)
				}
			}
		}
		if len(course) != s.Totals.Reunited || missing != 1 || len(first) != s.Totals.Searches {
			t.Errorf("seed %d: %d of %d searches end, %d look for whom nobody knows", seed, len(course), len(first), missing)
		}
	}
}

// Whom a search of a story looks for in vain is nobody's name.
func TestNobodyHasTheMissingName(t *testing.T) {
	for _, r := range NewStory(3, 400, begun).Requests() {
		var d told
		if err := json.Unmarshal(r.Data, &d); err != nil {
			t.Fatal(err)
		}
		if r.Action != "family.seek" && d.Surname1 == MissingName {
			t.Errorf("%s at %s names %s", r.Action, r.At.Format(time.DateOnly), d.Surname1)
		}
	}
}
