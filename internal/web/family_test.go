package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
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

// What is filled in on the pages is what the actions are given.
func TestFamilyPagesSayWhatWasFilledIn(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	person := webtest.Maria.ID.String()
	address := maria + person + "/family"
	jean, wilmer := webtest.ID(11).String(), webtest.ID(14).String()
	sought := webtest.Sought.String()

	// A search is no mistake; a press without a choice is.
	if r := b.post(address+"/with", url.Values{"who": {"jean"}}); r.StatusCode != http.StatusOK || len(house.Applied) != 0 {
		t.Errorf("searched: %d, %d actions", r.StatusCode, len(house.Applied))
	}
	if r := b.post(address+"/with", url.Values{"who": {"jean"}, "was": {"jean"}}); r.StatusCode != http.StatusUnprocessableEntity || len(house.Applied) != 0 {
		t.Errorf("nothing chosen: %d, %d actions", r.StatusCode, len(house.Applied))
	}
	for _, c := range []struct {
		at, action, data, to string
		form                 url.Values
	}{
		{address + "/with", "household.join", `{"person":"` + person + `","with":"` + jean + `","kind":"family","role":"partner"}`, address,
			url.Values{"who": {"jean"}, "was": {"jean"}, "chosen": {jean}, "kind": {"family"}, "role": {"partner"}}},
		{address + "/with?household=" + webtest.ID(130).String(), "household.join", `{"person":"` + jean + `","household":"` + webtest.ID(130).String() + `"}`, address,
			url.Values{"who": {"jean"}, "was": {"jean"}, "chosen": {jean}}},
		{address + "/relate", "person.relate", `{"person":"` + person + `","other":"` + jean + `","relation":"cousin","known_by":"papers"}`, address,
			url.Values{"who": {"jean"}, "was": {"jean"}, "chosen": {jean}, "relation": {"cousin"}, "known_by": {"papers"}}},
		{address + "/relate", "person.relate", `{"person":"` + person + `","other":"` + jean + `"}`, address,
			url.Values{"who": {"jean"}, "was": {"jean"}, "chosen": {jean}, "relation": {"cousin"}, "known_by": {"papers"}, "_mistaken": {"1"}}},
		{address + "/seek", "family.seek", `{"person":"` + person + `","given":"Luis","surname1":"López","relation":"child","age":9,"age_about":true,"nationality":["HND"],"where":"07089","when":"2026-02",
			"how":["crowd"],"by":"nobody","consent":"given","language":"es","medium":"spoken","understood":true,"contact":"name","services":["cicr"],"share":["name","sought"]}`, address,
			url.Values{"given": {"Luis"}, "surname1": {"López"}, "relation": {"child"}, "birth": {"como 9"}, "nationality": {"Honduras"}, "where": {"tapachula"}, "when": {"febrero 2026"}, "how": {"crowd"}, "by": {"nobody"},
				"consent": {"given"}, "language": {"español"}, "medium": {"spoken"}, "sure": {"understood"}, "contact": {"name"}, "services": {"cicr"}, "share": {"name", "sought"}}},
		{address + "/seek?sought=" + wilmer, "family.seek", `{"person":"` + person + `","sought":"` + wilmer + `","given":"Wilmer","relation":"sibling","consent":"refused"}`, address,
			url.Values{"given": {"Wilmer"}, "relation": {"sibling"}, "consent": {"refused"}}},
		{address, "family.close", `{"seek":"` + sought + `","why":"in_contact"}`, address, url.Values{"seek": {sought}, "why": {"in_contact"}}},
		{address, "family.close", `{"seek":"` + sought + `","reopen":true}`, address, url.Values{"seek": {sought}, "reopen": {"1"}}},
		{address, "household.leave", `{"person":"` + wilmer + `","household":"` + webtest.ID(130).String() + `","why":"separated"}`, address,
			url.Values{"household": {webtest.ID(130).String()}, "person": {wilmer}, "why": {"separated"}}},
		{address + "/seek/" + sought + "/sheet", "family.hand", `{"seek":"` + sought + `","service":"cruz_roja"}`, address + "/seek/" + sought + "/sheet", url.Values{"service": {"cruz_roja"}}},
		{"/families/" + sought + "/" + wilmer, "family.answer", `{"seek":"` + sought + `","candidate":"` + wilmer + `","verdict":"same"}`, "/families/" + sought + "/" + wilmer, url.Values{"verdict": {"same"}}},
		{"/families/" + sought + "/" + jean, "family.answer", `{"seek":"` + sought + `","candidate":"` + jean + `","answer":"agrees","alone":true,"best_interest":true}`, "/families",
			url.Values{"answer": {"agrees"}, "sure": {"alone", "best_interest"}}},
	} {
		r := b.post(c.at, c.form)
		if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != c.to {
			t.Errorf("%s %v: %d to %q, want %q", c.at, c.form, r.StatusCode, r.Header.Get("Location"), c.to)
			continue
		}
		request, data := last(t, house)
		if request.Action != c.action {
			t.Errorf("%s does %s, want %s", c.at, request.Action, c.action)
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(c.data), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(data, want) {
			t.Errorf("%s gives %v, want %v", c.at, data, want)
		}
	}
	// A search said anew keeps what was said of it, and asks again whether it was understood.
	root, err := webtest.Parse([]byte(b.page(b.get(address + "/seek/" + sought))))
	if err != nil {
		t.Fatal(err)
	}
	form := filled(root)
	if form.Get("where") != "Tapachula, Chiapas" || form.Get("birth") != "~16" || form.Get("given") != "Wilmer Alexander" || form.Get("sure") != "" {
		t.Errorf("the sheet of a search: %v", form)
	}
}
