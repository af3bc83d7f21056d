// Package journey holds a person's way as they tell it: legs and stays with coarse places and periods, in both directions, what they
// decided, and where they are stranded and why. Never where somebody is now.
package journey

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{Name: "journey"}
