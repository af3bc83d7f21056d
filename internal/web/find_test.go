package web_test

import (
	"strings"
	"testing"

	"amparo/internal/lang"
)

// Whoever typed a whole number is told its end, as on the card, and not that it ends in all of it.
func TestACardFoundByItsWholeNumberIsSaidByItsEnd(t *testing.T) {
	page := read(t, "find-hits")
	if want := lang.T(lang.ES, "reason.card_ends", "digits", "0542"); !strings.Contains(page, want) {
		t.Errorf("the page does not say %q", want)
	}
}

// Before anything is typed, the pages about many people are one press away.
func TestTheListsOfPeopleAreReachedFromTheSearch(t *testing.T) {
	page := read(t, "find")
	for _, to := range []string{"/group", "/people/import", "/cards", "/incomplete", "/duplicates", "/families", "/children"} {
		if !strings.Contains(page, `href="`+to+`"`) {
			t.Errorf("the search does not lead to %s", to)
		}
	}
}

// A choice among one cannot be taken back: "alone" pressed by mistake leads a child to their path.
func TestTravellingAloneCanBeTakenBack(t *testing.T) {
	if page := read(t, "register"); strings.Count(page, `name="company"`) < 2 {
		t.Error("who travels alone cannot be unsaid")
	}
}
