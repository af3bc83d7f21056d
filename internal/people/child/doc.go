// Package child holds the path that a child without their family goes with those who accompany them: who must be told, what must
// not happen, and what is still to do.
package child

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{Name: "child", Kinds: []*record.Kind{Step}, Actions: []record.Action{recordStep, sayCompany}, Queries: []record.Query{path, list}}
