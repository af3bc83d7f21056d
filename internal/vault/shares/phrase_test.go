package shares

import (
	"slices"
	"strings"
	"testing"

	"amparo/internal/lang"
)

func TestAPhraseIsDrawnFromTheReadersWords(t *testing.T) {
	for tag, l := range map[lang.Tag]*list{lang.ES: lists[0], lang.FR: lists[0], lang.EN: lists[1]} {
		seen := map[string]bool{}
		for range 50 {
			phrase := Phrase(tag, 6)
			words := strings.Fields(phrase)
			if seen[phrase] || len(words) != 6 {
				t.Fatalf("%s: %q", tag, phrase)
			}
			seen[phrase] = true
			for _, w := range words {
				if !slices.Contains(l.words, w) {
					t.Errorf("%s: %q is in no list", tag, w)
				}
			}
		}
	}
}
