// Package attachment keeps files about persons and sites: the photograph of a document, a medical report, a signed sheet. What is
// said of a file (what it is, its name, who added it) is a fact like others, sealed for one compartment, and the key of its
// bytes stands in that fact. The bytes themselves stay out of the journal: package node seals them in pieces that travel after
// everything else and within what the link allows.
//
// A file is kept as it was given and never shown: whoever opens it does so with a program of their own.
package attachment

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{
	Name:    "attachment",
	Kinds:   kinds,
	Actions: []record.Action{add, remove},
	Queries: []record.Query{list, content},
}
