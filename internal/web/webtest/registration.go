package webtest

import (
	"amparo/internal/people"
	"amparo/internal/route"
)

// incompletes are made-up people of a group who were taken up in a hurry.
func incompletes(d *Desk) route.Incompletes {
	out := route.Incompletes{People: []people.ToComplete{}, Families: []route.Unnamed{}}
	if d.House.Quiet || d.House.Bare {
		return out
	}
	out.People = []people.ToComplete{{Person: others[2], Missing: []string{"sex", "birth", "languages", "consent"}}, {Person: others[0], Missing: []string{"languages", "consent"}}}
	out.Families = []route.Unnamed{{Household: ID(130), Person: others[1], Size: 4, Named: 1}}
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

