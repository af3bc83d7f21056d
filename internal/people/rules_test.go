package people

import (
	"strings"
	"testing"

	"amparo/internal/record"
)

func TestRetentionRulesAreReadStrictly(t *testing.T) {
	good := string(retentionData)
	if _, err := readRules(retentionData); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a field nobody reads":      {`"note": "psych`, `"notes": "psych`},
		"an unknown compartment":    {`"compartment": "law"`, `"compartment": "lawyers"`},
		"one that holds nobody":     {`"compartment": "law"`, `"compartment": "field"`},
		"one twice":                 {`"compartment": "law"`, `"compartment": "mind"`},
		"no time at all":            {`"months": 24`, `"months": 0`},
		"longer than a life":        {`"months": 24`, `"months": 6000`},
		"no source":                 {`"source": "LFPDPPP 2025, art. 12"`, `"source": " "`},
		"no date":                   {`"valid_from": "2025-03-21"`, `"valid_from": "2025"`},
		"identity shorter than law": {`"months": 24`, `"months": 120`},
		"something behind":          {"]\n}\n", "]\n}\n{}"},
		"cut off":                   {"]\n}\n", "]"},
	} {
		data := strings.Replace(good, change[0], change[1], 1)
		if data == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := readRules([]byte(data)); err == nil {
			t.Errorf("%s is read without a word", name)
		}
	}
	for _, r := range RetentionRules {
		if r.Compartment == record.Law && r.Months >= 60 {
			t.Error("what is told for protection is kept as long as a clinical record")
		}
	}
}
