package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web/webtest"
)

// What is ticked and typed on the pages of a person's rights becomes the data of the action, and nothing else.
func TestRightsBecomeActions(t *testing.T) {
	person := webtest.Maria.ID.String()
	for _, c := range []struct {
		name, path string
		form       url.Values
		action, to string
		want       string
	}{
		{"a yes with its evidence", "/consent", url.Values{"purposes": {"sharing", "care"}, "answer": {"given"}, "language": {"criollo haitiano"}, "medium": {"thumbprint"},
			"sure": {"understood"}, "explained_by": {" Rosa "}, "interpreter": {"Jean"}, "until": {"2027-01-01"}, "classes": {"care"}, "note": {"calma"}},
			"person.consent", "/consent",
			`{"answer":"given","classes":["care"],"explained_by":"Rosa","interpreter":"Jean","language":"ht","medium":"thumbprint","note":"calma","person":"` + person +
				`","purposes":["sharing","care"],"understood":true,"until":"2027-01-01"}`},
		{"a referral to one", "/consent", url.Values{"purposes": {"referral"}, "answer": {"given"}, "language": {"español"}, "medium": {"spoken"}, "sure": {"understood"}, "to": {"Casa Amiga"}},
			"person.consent", "/consent",
			`{"answer":"given","language":"es","medium":"spoken","person":"` + person + `","purposes":["referral"],"to":"Casa Amiga","understood":true}`},
		{"a no takes nothing that proves a yes along", "/consent", url.Values{"purposes": {"statistics"}, "answer": {"withdrawn"}, "sure": {"understood"}, "until": {"2027-01-01"}},
			"person.consent", "/consent", `{"answer":"withdrawn","person":"` + person + `","purposes":["statistics"]}`},
		{"restricting", "/restrict", url.Values{"reason": {"lo pidió"}, "authority": {"ella"}, "until": {"2026-06-01"}, "parts": {"care", "mind"}},
			"person.restrict", "/restrict", `{"authority":"ella","compartments":["care","mind"],"person":"` + person + `","reason":"lo pidió","until":"2026-06-01"}`},
		{"lifting", "/restrict", url.Values{"_lift": {"1"}, "lift": {"law"}, "reason": {"olvidado"}, "lift_reason": {"lo pide ella"}}, "person.restrict", "/restrict",
			`{"compartments":["law"],"lift":true,"person":"` + person + `","reason":"lo pide ella"}`},
		{"asking to erase a part", "/erase", url.Values{"reason": {"asked_by_person"}, "authority": {"ella misma"}, "parts": {"law"}, "sure": {"forever"}}, "person.erase", "",
			`{"authority":"ella misma","compartments":["law"],"person":"` + person + `","reason":"asked_by_person"}`},
		{"keeping for a reason", "/keep/law", url.Values{"until": {"2027-01-01"}, "reason": {"juicio"}}, "retention.hold", "/retention",
			`{"compartment":"law","person":"` + person + `","reason":"juicio","until":"2027-01-01"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			house := &webtest.House{}
			b := unlocked(t, house)
			r := b.post("/people/"+person+c.path, c.form)
			if r.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d: %s", r.StatusCode, b.page(r))
			}
			if to := r.Header.Get("Location"); to != c.to && to != "/people/"+person+c.to {
				t.Errorf("leads to %q, want %q", to, c.to)
			}
			request, data := last(t, house)
			same(t, data, c.want)
			if request.Action != c.action {
				t.Errorf("action %s, want %s", request.Action, c.action)
			}
		})
	}
}

// Who administers erases at once, with nobody after them to notice a mistake: the page says so and asks for a tick. Everybody else
// asks, and is told that somebody confirms it.
func TestErasingAtOnceSaysSo(t *testing.T) {
	address := "/people/" + webtest.Maria.ID.String() + "/erase"
	form := func() url.Values { return url.Values{"reason": {"mistake"}, "authority": {"ella misma"}} }
	house := &webtest.House{}
	b := unlocked(t, house)
	if page := b.page(b.get(address)); !strings.Contains(page, lang.T(lang.ES, "erase.now_alone")) || strings.Contains(page, lang.T(lang.ES, "erase.step_confirmed")) {
		t.Error("who administers is told that somebody else confirms it")
	}
	if r := b.post(address, form()); r.StatusCode != http.StatusUnprocessableEntity || len(house.Applied) != 0 {
		t.Errorf("erased without the tick: %d", r.StatusCode)
	}
	house = &webtest.House{Humble: true}
	b = unlocked(t, house)
	if page := b.page(b.get(address)); strings.Contains(page, lang.T(lang.ES, "erase.now_alone")) || strings.Contains(page, `name="sure"`) || !strings.Contains(page, lang.T(lang.ES, "erase.step_confirmed")) {
		t.Error("who only asks is told that it is erased at once")
	}
	if r := b.post(address, form()); r.StatusCode != http.StatusSeeOther || len(house.Applied) != 1 {
		t.Errorf("asking: %d, %d actions", r.StatusCode, len(house.Applied))
	}
}

// Nothing is asked for before what is needed was filled in, and what was typed stays.
func TestRightsNameWhatIsMissing(t *testing.T) {
	person := "/people/" + webtest.Maria.ID.String()
	for path, form := range map[string]url.Values{
		"/consent": {"purposes": {"sharing"}}, "/restrict": {"reason": {"lo pidió"}}, "/erase": {"reason": {"court"}}, "/keep/law": {"reason": {"juicio"}},
	} {
		house := &webtest.House{}
		b := unlocked(t, house)
		r := b.post(person+path, form)
		page := b.page(r)
		if r.StatusCode != http.StatusUnprocessableEntity || len(house.Applied) != 0 || !strings.Contains(page, lang.T(lang.ES, "error.summary")) {
			t.Errorf("%s: %d, %d actions", path, r.StatusCode, len(house.Applied))
		}
	}
}

// A refusal about the two boxes that make a yes a yes stands at them.
func TestNotUnderstoodStandsAtItsBox(t *testing.T) {
	said := lang.T(lang.ES, "refuse.not_understood")
	house := &webtest.House{Refuses: &record.Problem{Code: "not_understood", Field: "understood", Message: said}}
	b := unlocked(t, house)
	page := b.page(b.post("/people/"+webtest.Maria.ID.String()+"/consent", url.Values{"purposes": {"sharing"}, "answer": {"given"}, "language": {"español"}, "medium": {"spoken"}}))
	if !strings.Contains(page, `<a href="#sure">`+said) || !strings.Contains(page, `id="sure-error">`+said) {
		t.Error("the fault does not lead to the box")
	}
}

// A restricted record has a page of its own without a name, so that the limit can be lifted.
func TestARestrictedRecordHasNoName(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	address := "/people/" + webtest.Hidden.String()
	if r := b.get(address); r.StatusCode != http.StatusNotFound {
		t.Errorf("the record itself: %d", r.StatusCode)
	}
	page := b.page(b.get(address + "/restrict"))
	if strings.Contains(page, `class="who"`) || !strings.Contains(page, lang.T(lang.ES, "restrict.lift")) {
		t.Error("the page shows who it is, or not how to lift the limit")
	}
}

// The read-aloud page and the copy speak the person's language, and hold no number of the program's own.
func TestPapersSpeakThePersonsLanguage(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	person := "/people/" + webtest.Maria.ID.String()
	for _, tag := range lang.Tags() {
		read := b.page(b.get(person + "/consent/read?lang=" + string(tag)))
		if !strings.Contains(read, `<html lang="`+string(tag)+`"`) || !strings.Contains(read, lang.T(tag, "aloud.care_never")) {
			t.Errorf("%s: the page to be read is not in that language", tag)
		}
		if strings.Contains(read, webtest.Maria.Surname1) {
			t.Errorf("%s: the page to be read names the person", tag)
		}
		paper, err := webtest.Parse([]byte(b.page(b.get(person + "/copy?lang=" + string(tag)))))
		if err != nil {
			t.Fatal(err)
		}
		words := paper.All("article")[0].Words()
		for _, want := range []string{lang.T(tag, "copy.rights"), "María Fernanda", "Duerme poco", "Llamada con su madre", "Rosa Elvira Cruz", "Lopes", "962 555 0134", lang.T(tag, "consent.state.withdrawn")} {
			if !strings.Contains(words, want) {
				t.Errorf("%s: the copy lacks %q", tag, want)
			}
		}
		if strings.Contains(words, webtest.Maria.ID.String()) || strings.Contains(words, webtest.ID(60).String()) {
			t.Errorf("%s: the copy shows an id", tag)
		}
	}
	// Without a language in the address it is the person's own.
	house.Shuts = []record.Compartment{record.Care, record.Mind, record.Survivor, record.Law}
	r := b.page(b.get(person + "/copy"))
	if !strings.Contains(r, `<html lang="es"`) || strings.Contains(r, "Duerme poco") || !strings.Contains(r, lang.T(lang.ES, "copy.closed")) {
		t.Error("a registrar's copy is in another language, holds what they may not open, or does not say where to ask")
	}
}

// A person's page leads to what they may ask for, and says when the record stays.
func TestAPersonsPageLeadsToTheirRights(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	for id, stays := range map[record.ID]bool{webtest.Maria.ID: false, webtest.ID(13): true} {
		page := b.page(b.get("/people/" + id.String()))
		for _, to := range []string{"/consent", "/copy", "/restrict", "/erase"} {
			if !strings.Contains(page, `href="/people/`+id.String()+to+`"`) {
				t.Errorf("%s: no way to %s", id, to)
			}
		}
		if got := strings.Contains(page, lang.T(lang.ES, "consent.stays", "site", webtest.Tapachula.Name)); got != stays {
			t.Errorf("%s: says that the record stays: %v", id, got)
		}
	}
}

// Lists are read over shoulders.
func TestWhatHadItsTimeIsListedWithoutNames(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	page := b.page(b.get("/retention"))
	for _, name := range []string{"María", "López", "Désir"} {
		if strings.Contains(page, name) {
			t.Errorf("the list says %q", name)
		}
	}
	if !strings.Contains(page, "/erase?reason=retention&amp;part=law") || !strings.Contains(page, "NOM-004") || !strings.Contains(page, "Amparo 114/2025") {
		t.Error("the list does not lead to erasing, or hides its rule, or what is kept for a reason")
	}
}
