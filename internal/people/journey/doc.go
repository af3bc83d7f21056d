// Package journey holds a person's way as they tell it: legs and stays with coarse places and periods, in both directions, what they
// decided, and where they are stranded and why.
//
// What stands here must be of no use to who looks for somebody. So every place is a code no finer than a municipality, every
// period is over, what still goes on is told of a whole state or country, and there is no field for where somebody wants to go:
// nobody can list who is expected anywhere. Where a person was last met is what the sites wrote when they met them.
package journey

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{Name: "journey", Kinds: []*record.Kind{Step}, Actions: []record.Action{recordStep}, Queries: []record.Query{opens(show)}}

// opens marks a query that opens a person's record: who asks is noted.
func opens(q record.Query) record.Query {
	q.About = "person"
	return q
}
