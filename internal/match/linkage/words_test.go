package linkage

import (
	"testing"

	"amparo/internal/lang"
)

// Everything that a comparison may say has words.
func TestEverythingSaidHasWords(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range Codes() {
		if code == "" || seen[code] {
			t.Errorf("a level without a code of its own: %q", code)
		}
		seen[code] = true
		if !lang.Has("level." + code) {
			t.Errorf("no words for level %s", code)
		}
	}
	for b := Unlikely; b <= Likely; b++ {
		if !lang.Has("band." + b.String()) {
			t.Errorf("no words for band %s", b)
		}
	}
	for _, field := range []string{"given", "surname1", "surname2", "birth", "age", "sex", "nationality", "relatives"} {
		if !lang.Has("field." + field) {
			t.Errorf("no words for field %s", field)
		}
	}
}
