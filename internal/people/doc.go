// Package people holds who someone is: a person and the names, ages, nationalities, languages and consents told about them, and
// how they are found again further along the route.
//
// What is recorded here stands in the compartment identity, so it opens to those who work with people and to nobody who only
// counts. An anonymous line for counting is written beside a registration when, and only when, the person agreed to be counted.
//
// Other parts of the work declare what they record about a person with [About], so that it stands in the person's timeline; they
// read names through [Briefs] and never join the tables themselves.
//
// person.find and the timeline read the table identity.visit, which package care declares: people is not registered without care.
package people

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{
	Name: "people",
	Kinds: []*record.Kind{Person, Registration, Priority, SurvivorPriority, Consent, Link, CardHeld, hidings[record.Identity], hidings[record.Care], hidings[record.Mind],
		hidings[record.Survivor], hidings[record.Law]},
	Actions: []record.Action{register, update, prioritise, linkSame, linkApart, linkDifferent, giveConsent, restrict, holdRetention, giveCard},
	Queries: []record.Query{find, opens(show), opens(timeline), opens(consents), opens(history), restrictions, personCopy, duplicates, alikeQuery, compareTwo, retention, opens(personCards), readCard, blankCards},
	Travels: travels,
	Tend:    followSharing,
}

// opens marks a query that opens a person's record: who asks is noted.
func opens(q record.Query) record.Query {
	q.About = "person"
	return q
}
