package observatory

import (
	"encoding/json"
	"strings"
	"testing"

	"amparo/internal/record"
)

// `amparo actions --json` is the definition of what can be sent: every action and query has a schema that names its fields.
func TestSchemasNameTheFields(t *testing.T) {
	named := map[string]string{"source.add": "publisher", "series.record": "blocks", "series": "where", "series.list": ""}
	check := func(name string, data []byte, err error) {
		want, listed := named[name]
		if err != nil || !listed || !strings.Contains(string(data), want) {
			t.Errorf("%s: %s (%v)", name, data, err)
		}
		delete(named, name)
	}
	for _, a := range Module.Actions {
		data, err := json.Marshal(record.Schema(a.Input))
		check(a.Name, data, err)
	}
	for _, q := range Module.Queries {
		data, err := json.Marshal(record.Schema(q.Input))
		check(q.Name, data, err)
	}
	if len(named) > 0 {
		t.Errorf("not there: %v", named)
	}
}
