package record

import (
	"reflect"

	"github.com/invopop/jsonschema"
)

// Schema is the JSON Schema of an action's data or a query's parameters.
func Schema(input reflect.Type) *jsonschema.Schema {
	r := jsonschema.Reflector{DoNotReference: true, Anonymous: true}
	s := r.ReflectFromType(input)
	s.Version = ""
	return s
}
