package observatory

import (
	"strings"
	"testing"

	"amparo/internal/lang"
)

func TestEveryCodeHasANameInEveryLanguage(t *testing.T) {
	table := shippedTable(t)
	for _, tag := range lang.Tags() {
		for _, key := range table.Keys() {
			if name := KeyLabel(tag, key); strings.HasPrefix(name, "[") {
				t.Errorf("%s: no name for the key %s", tag, key)
			}
			seen := map[string]string{}
			for _, code := range table.Values(key) {
				name := Label(tag, key, code)
				if name == "" || strings.HasPrefix(name, "[") || name == code && (key == KeyNationality || key == KeyRegion || key == KeyDemographic || key == KeyAuthority) {
					t.Errorf("%s: %s has no name: %q", tag, code, name)
				}
				if other := seen[name]; other != "" {
					t.Errorf("%s: %s and %s are both %q", tag, code, other, name)
				}
				seen[name] = code
			}
		}
		for _, unit := range units {
			if name := UnitLabel(tag, unit); strings.HasPrefix(name, "[") {
				t.Errorf("%s: no name for the unit %s", tag, unit)
			}
		}
	}
	if got := Label(lang.ES, KeyNationality, Other); strings.Contains(got, "OTHER") {
		t.Error(got)
	}
	if got := Label(lang.ES, KeyRegion, "gulf"); got != "gulf" {
		t.Errorf("a code without a name: %q", got)
	}
}
