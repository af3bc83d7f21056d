package people_test

import (
	"encoding/json"
	"strings"
	"testing"

	"amparo/internal/people"
	"amparo/internal/record"
)

// The published schema of a change shows what its fields hold, not how silence and null are told apart inside.
func TestUpdateSchema(t *testing.T) {
	for _, a := range people.Module.Actions {
		if a.Name != "person.register" && a.Name != "person.update" {
			continue
		}
		raw, err := json.Marshal(record.Schema(a.Input))
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Properties map[string]struct {
				Type  string
				Items struct{ Type string }
			}
			AdditionalProperties *bool
			Required             []string
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		p := s.Properties
		if p["given"].Type != "string" || p["age"].Type != "integer" || p["age_about"].Type != "boolean" || p["groups"].Type != "array" || p["groups"].Items.Type != "string" {
			t.Errorf("%s: %s", a.Name, raw)
		}
		if strings.Contains(string(raw), "Said") {
			t.Errorf("%s shows its insides: %s", a.Name, raw)
		}
	}
}
