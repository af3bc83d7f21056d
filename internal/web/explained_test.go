package web_test

import (
	"strings"
	"testing"

	"amparo/internal/lang"
)

// In which language something was explained is part of what proves a yes: it is only offered where it is not a guess.
func TestTheLanguageOfAnExplanationIsNotGuessed(t *testing.T) {
	// María speaks Spanish and Mam, and needs an interpreter for Mam.
	for _, name := range []string{"family-seek", "consent"} {
		box := between(t, read(t, name), `id="language"`, ">")
		if mam := lang.Language(lang.ES, "mam"); !strings.Contains(box, `value="`+mam+`"`) {
			t.Errorf("%s: %s", name, box)
		}
	}
}

// A fault is said with the words that stand over its box.
func TestWhatIsMissingIsCalledAsItsBoxIs(t *testing.T) {
	page := read(t, "family-seek-mistakes")
	for _, key := range []string{"family.sought_is", "family.consent"} {
		if want := lang.T(lang.ES, "refuse.required", "field", lang.T(lang.ES, key), "label", lang.T(lang.ES, key)); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// between is the text of a page from one mark to the next other one.
func between(t *testing.T, page, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, from)
	if !ok {
		t.Fatalf("the page has no %s", from)
	}
	text, _, _ := strings.Cut(rest, to)
	return text
}

// Whoever wrote an age that nobody reaches is not told about dates only.
func TestABirthThatCannotBeSaysWhatMayBeWritten(t *testing.T) {
	for _, name := range []string{"register-mistakes", "group-mistakes"} {
		if want := lang.T(lang.ES, "register.bad_birth", "got", "27 13 91"); !strings.Contains(read(t, name), want) {
			t.Errorf("%s does not say %q", name, want)
		}
	}
}
