package record

import (
	"fmt"
	"slices"
)

// Compartment says who may know: each has its own key, its own view file and its own sealed part in a commit.
type Compartment uint8

// The seven compartments. Their numbers are part of the journal format.
const (
	Identity  Compartment = 1 + iota // who someone is, and where they were seen
	Care                             // medical
	Mind                             // mental health
	Survivor                         // sexual violence, torture
	Law                              // custody, legal, social work, testimony
	FieldWork                        // "field": sites, stock, flows, headcounts, rosters
	Public                           // the observatory
)

var compartmentNames = [...]string{"", "identity", "care", "mind", "survivor", "law", "field", "public"}

// Compartments lists all seven, in the order of their numbers.
func Compartments() []Compartment {
	return []Compartment{Identity, Care, Mind, Survivor, Law, FieldWork, Public}
}

// String is the name used in view files, JSON and catalogue keys (`compartment.<name>`).
func (c Compartment) String() string {
	if int(c) < len(compartmentNames) && c > 0 {
		return compartmentNames[c]
	}
	return fmt.Sprintf("compartment(%d)", uint8(c))
}

// Valid reports one of the seven.
func (c Compartment) Valid() bool { return c >= Identity && c <= Public }

// MarshalText makes a compartment a JSON string and map key.
func (c Compartment) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// ParseCompartment reads a name.
func ParseCompartment(name string) (Compartment, bool) {
	i := slices.Index(compartmentNames[1:], name)
	return Compartment(i + 1), i >= 0
}
