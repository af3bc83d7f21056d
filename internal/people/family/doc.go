// Package family holds who belongs with whom: households and groups that travel together, relations between persons, and families
// that were separated and look for each other.
//
// What is said about two persons is said twice, once under each, with nothing of the other but their id: so one record can be erased,
// restricted or held back, and nothing of that person stays in the other's. Who may not be seen is not shown here either, and not
// counted.
//
// Somebody who is sought is proposed, confirmed by a person who looked at both records, and then asked, alone. Only when they agree is
// anyone told: who seeks may be who they flee from. See docs/decisions/0024-the-found-person-is-asked-first.md.
package family

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{
	Name:    "family",
	Kinds:   []*record.Kind{Household, Member, Relation, Sought, Tracing},
	Actions: []record.Action{formHousehold, joinHousehold, leaveHousehold, relatePersons, seek, answer, closeSeek, handOver},
	Queries: []record.Query{showFamily, proposals, proposal},
}
