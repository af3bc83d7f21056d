package web_test

import (
	"io"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people/family"
	"amparo/internal/web/webtest"
)

// read renders a made-up page in Spanish.
func read(t *testing.T, name string) string {
	t.Helper()
	for _, p := range webtest.Pages() {
		if p.Name == name {
			body, err := io.ReadAll(p.Render(lang.ES).Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
	}
	t.Fatalf("no page %s", name)
	return ""
}

// The one who seeks may sit beside the screen: their pages say whom they look for, and nothing of who may have been found.
func TestThePageOfTheOneWhoSeeksSaysNothingOfAProposal(t *testing.T) {
	for _, name := range []string{"person", "family"} {
		page := read(t, name)
		if !strings.Contains(page, "Wilmer Alexander López Hernández") {
			t.Errorf("%s does not say whom they look for", name)
		}
		for _, stage := range family.Stages {
			if text := lang.T(lang.ES, "code.family_stage."+stage); strings.Contains(page, text) {
				t.Errorf("%s says %q", name, text)
			}
		}
		for _, word := range []string{"/families/", lang.T(lang.ES, "family.talk_alone"), lang.T(lang.ES, "code.tracing_answer.refuses")} {
			if strings.Contains(page, word) {
				t.Errorf("%s of the one who seeks holds %q", name, word)
			}
		}
	}
	// Who may be sought: that there is something to talk about alone, and nothing of who seeks.
	page := read(t, "person-long-name")
	if !strings.Contains(page, lang.T(lang.ES, "family.talk_alone")) || strings.Contains(page, "María Fernanda") {
		t.Error("the page of who may be sought says nothing, or too much")
	}
}

// The list of proposals is read over a shoulder: aliases, and never a name or a place.
func TestProposalsNameNobody(t *testing.T) {
	page := read(t, "families")
	for _, word := range []string{"María", "Wilmer", "Jean Baptiste", "Coatzacoalcos", "Tapachula,"} {
		if strings.Contains(page, word) {
			t.Errorf("the list says %q", word)
		}
	}
	if !strings.Contains(page, "M. F. L. H.") || !strings.Contains(page, "J. B. D.") {
		t.Error("the list has no aliases")
	}
	for _, name := range []string{"family-proposal", "family-proposal-ask"} {
		page := read(t, name)
		_, main, _ := strings.Cut(page, "<main")
		for _, site := range []string{"Albergue Tapachula", "Casa Coatzacoalcos"} {
			if strings.Contains(main, site) {
				t.Errorf("%s says where somebody was met", name)
			}
		}
	}
}

// The sheet for a service holds what the person agreed to give, and there is none without their yes.
func TestTheSheetHoldsOnlyWhatWasAgreedTo(t *testing.T) {
	if page := read(t, "family-sheet"); !strings.Contains(page, "Wilmer Alexander López Hernández") || strings.Contains(page, webtest.Maria.Card) {
		t.Error("the sheet lacks who is sought, or says a number of ours")
	}
	if page := read(t, "family-sheet-none"); strings.Contains(page, "Dunia") || !strings.Contains(page, lang.T(lang.ES, "family.sheet_no_yes")) {
		t.Error("there is a sheet although the person did not agree")
	}
}
