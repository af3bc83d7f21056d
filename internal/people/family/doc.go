// Package family holds who belongs with whom: households and groups that travel together, relations between persons, and families
// that were separated and look for each other.
package family

import "amparo/internal/record"

// Module is what package node runs.
var Module = record.Module{Name: "family"}
