package record

import (
	"encoding/json"
	"reflect"
)

// Steps is what an action becomes that says of more persons than one commit has room for: what is written of each stands in a part
// of its own, so that it can be erased alone. Other actions do it, each as one commit, and all of them are kept or none.
type Steps struct {
	Requests []Request // action and data; when and where is that of the action itself
	// Refused words what is wrong with a step for whoever asked for the whole.
	Refused func(step int, p Problem) *Refusal
	// Done gives the result of the whole from the results of its steps.
	Done func(results []Result) any
}

// NewSteps declares an action that others do. name gives the client id of a step, by which later steps refer to what it makes.
func NewSteps[T any](name string, in []Compartment, plan func(c *Change, name func(step int) string, data T) (*Steps, error)) Action {
	return Action{Name: name, In: in, Verb: Write, Input: reflect.TypeFor[T](),
		Steps: func(c *Change, name func(int) string, raw json.RawMessage) (*Steps, error) {
			var data T
			if err := Strict(raw, &data); err != nil {
				return nil, err
			}
			return plan(c, name, data)
		}}
}
