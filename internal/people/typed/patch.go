package typed

import "encoding/json"

// Patch is a field of a change: absent (nothing is said of it), null (it is cleared), or a value.
type Patch[T any] struct {
	Said  bool
	Value *T // nil: cleared
}

// UnmarshalJSON is called for null too, which is how clearing and silence are told apart.
func (p *Patch[T]) UnmarshalJSON(data []byte) error {
	p.Said = true
	return json.Unmarshal(data, &p.Value)
}

// MarshalJSON writes the value; use omitzero on the field to leave out what is not said.
func (p Patch[T]) MarshalJSON() ([]byte, error) { return json.Marshal(p.Value) }

// IsZero reports a field of which nothing is said.
func (p Patch[T]) IsZero() bool { return !p.Said }

// Or is the value, or what T is without one.
func (p Patch[T]) Or() T {
	if p.Value != nil {
		return *p.Value
	}
	var none T
	return none
}

// JSONSchemaAlias describes the field by what it holds.
func (Patch[T]) JSONSchemaAlias() any { return new(T) }
