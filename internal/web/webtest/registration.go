package webtest

import (
	"encoding/json"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/route"
)

// incompletes are made-up people of a group who were taken up in a hurry.
func incompletes(d *Desk) route.Incompletes {
	out := route.Incompletes{People: []people.ToComplete{}, Families: []route.Unnamed{}}
	if d.House.Quiet || d.House.Bare {
		return out
	}
	out.People = []people.ToComplete{{Person: others[2].Listed(true), Missing: []string{"sex", "birth", "languages", "consent"}}, {Person: others[0].Listed(true), Missing: []string{"languages", "consent"}}}
	out.Families = []route.Unnamed{{Household: ID(130), Person: others[1].Listed(true), Size: 4, Named: 1}}
	out.Total = 12
	return out
}

// priorities are what is said of Maria's groups.
func priorities() []people.OnePriority {
	return []people.OnePriority{
		{Group: "pregnant", Identified: "self", MayRecord: "agreed"},
		{Group: people.PrivateTalk, Identified: "staff", MayRecord: "agreed", By: Rosa.ID, ByName: Rosa.Name, At: Now.Add(-3 * day)},
	}
}

// childPath is the path of the made-up child, or of somebody who is none.
func childPath(id string) (child.Path, error) {
	p, err := show(id)
	if err != nil {
		return child.Path{}, err
	}
	out := child.Path{Person: p.Brief, On: people.ChildAlone(p.Age, p.AgeBand, p.Groups), Doubt: p.Age == nil, Began: Now.Add(-2 * time.Hour)}
	out.Ask = people.Minor(p.Age, p.AgeBand) && !out.On
	for i, d := range child.Duties {
		one := child.OneStep{Step: d.Code, Law: d.Law}
		if i < 2 {
			one.State, one.ByName, one.SiteName, one.At = "done", Rosa.Name, sitesHere[0].Name, Now.Add(-time.Hour)
		}
		if i == 3 {
			one.State, one.Authority, one.ByName, one.SiteName, one.At = "not_possible", "dif", Rosa.Name, sitesHere[0].Name, Now.Add(-time.Hour)
		}
		if one.State == "" {
			out.Open++
		}
		out.Steps = append(out.Steps, one)
	}
	return out, nil
}

func children(d *Desk) child.List {
	out := child.List{Children: []child.Path{}}
	if d.House.Quiet || d.House.Bare {
		return out
	}
	one, err := childPath(ID(14).String())
	if err == nil {
		one.Person = one.Person.Listed(false)
		out.Children, out.Total = append(out.Children, one), 1
	}
	return out
}

// enrolled is the answer to a registration: whoever is said to be alone is a child.
func enrolled(data json.RawMessage) people.Registered {
	var said struct {
		Alone bool `json:"alone"`
	}
	err := json.Unmarshal(data, &said)
	return people.Registered{ID: Maria.ID, Person: Maria.ID, Card: Maria.Card, Child: err == nil && said.Alone}
}
