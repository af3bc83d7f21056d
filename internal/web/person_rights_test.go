package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people/journey"
	"amparo/internal/web/webtest"
)

// From the record to each right it is two steps, in each language: the page of rights, and what is done about one. It names nobody.
func TestEveryRightIsTwoStepsAway(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	person := "/people/" + webtest.Maria.ID.String()
	if !strings.Contains(b.page(b.get(person)), `href="`+person+`/rights"`) {
		t.Error("the record has no way to the rights")
	}
	for _, tag := range lang.Tags() {
		text := b.page(b.get(person + "/rights?lang=" + string(tag)))
		page, err := webtest.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, `<html lang="`+string(tag)+`"`) {
			t.Errorf("%s: the page is in another language", tag)
		}
		words := strings.Join(strings.Fields(page.All("article")[0].Words()), " ")
		for _, key := range []string{"rights.see_text", "rights.correct_text", "rights.decide_text", "rights.limit_text", "rights.copy_text", "rights.erase_text", "rights.readers_text"} {
			if !strings.Contains(words, strings.Join(strings.Fields(lang.T(tag, key)), " ")) {
				t.Errorf("%s: nothing is said of %s", tag, key)
			}
		}
		if strings.Contains(text, webtest.Maria.Surname1) || strings.Contains(text, webtest.Maria.Card) {
			t.Errorf("%s: the page names the person: it is turned to them where others see it", tag)
		}
		for _, to := range []string{"/copy", "/access", "/history", "/consent", "/consent/read", "/restrict", "/summary", "/erase"} {
			if !strings.Contains(text, `href="`+person+to+`?lang=`+string(tag)+`"`) {
				t.Errorf("%s: no way to %s", tag, to)
			}
			if r := b.get(person + to + "?lang=" + string(tag)); r.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %d", person, to, r.StatusCode)
			}
		}
		for _, other := range lang.Tags() { // one tap to any other
			if !strings.Contains(text, `href="`+person+`/rights?lang=`+string(other)+`"`) {
				t.Errorf("%s: no way to %s", tag, other)
			}
		}
	}
	b.post("/language", url.Values{"_lang": {"pt"}, "to": {"/board"}})
	if !strings.Contains(b.page(b.get("/board")), `<html lang="pt"`) || !strings.Contains(b.page(b.get(person+"/rights")), `<html lang="es"`) {
		t.Error("without a language in the address it is not the person's own")
	}
}

// The history says what stands, what stood and who wrote otherwise, and leads to where each is put right.
func TestHistoryLeadsToWhereItIsPutRight(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	person := "/people/" + webtest.Maria.ID.String()
	page, err := webtest.Parse([]byte(b.page(b.get(person + "/history"))))
	if err != nil {
		t.Fatal(err)
	}
	words := page.Words()
	for _, want := range []string{"López", "Lopes", lang.T(lang.ES, "history.cleared"), "962 555 0134", lang.T(lang.ES, "history.rivals"), "Bronquitis", lang.T(lang.ES, "history.not_here"), webtest.Julio.Name} {
		if !strings.Contains(words, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
	var ways []string
	for _, a := range page.All("a") {
		ways = append(ways, a.Attrs["href"])
	}
	for _, want := range []string{person + "/edit#surname1", person + "/edit#phone", person + "/edit#birth"} {
		if !slices.Contains(ways, want) {
			t.Errorf("no way to %s", want)
		}
	}
	edit := b.page(b.get(person + "/edit"))
	for _, box := range []string{"surname1", "phone", "birth", "direction"} {
		if !strings.Contains(edit, `id="`+box+`"`) {
			t.Errorf("there is no box %s to lead to", box)
		}
	}
	auditor := unlocked(t, &webtest.House{Roles: []string{"auditor"}})
	if strings.Contains(auditor.page(auditor.get(person+"/history")), "/edit#") {
		t.Error("who may not write is led to where it is put right")
	}
}

// What is typed as people say it becomes codes and dates; what is no coarse place is refused where it stands, and nothing is sent.
func TestTheWayBecomesCodes(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	way := "/people/" + webtest.Maria.ID.String() + "/journey"
	if r := b.post(way+"?add=leg", url.Values{"origin": {"honduras"}, "place": {"Tapachula, Chiapas"}, "started": {"enero 2025"}, "ended": {"11/2/2025"}, "transport": {"bus"}, "direction": {"north"},
		"reasons": {"family", "money"}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d: %s", r.StatusCode, b.page(r))
	}
	if r := b.post(way+"?mend="+webtest.ID(175).String(), url.Values{"_mistaken": {"1"}, "place": {"calle 5"}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d: %s", r.StatusCode, b.page(r))
	}
	var sent []journey.StepData
	for _, r := range house.Applied {
		var d journey.StepData
		if err := json.Unmarshal(r.Data, &d); err != nil || r.Action != "journey.record" {
			t.Fatalf("%s %s: %v", r.Action, r.Data, err)
		}
		d.Person = ""
		sent = append(sent, d)
	}
	want := journey.StepData{What: "leg", Origin: "HND", Place: "07089", Started: "2025-01", Ended: "2025-02-11", Transport: "bus", Direction: "north", Reasons: []string{"family", "money"}}
	if len(sent) != 2 || !equalJSON(t, sent[0], want) || !equalJSON(t, sent[1], journey.StepData{What: "mistaken", Corrects: webtest.ID(175).String()}) {
		t.Errorf("sent %+v", sent)
	}
	page := b.page(b.post(way+"?add=stay", url.Values{"place": {"la casa azul del río"}, "ended": {"cuando llovía"}}))
	for _, text := range []string{lang.T(lang.ES, "journey.place_unknown", "typed", "la casa azul del río"), lang.T(lang.ES, "refuse.bad_date", "got", "cuando llovía")} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	if len(house.Applied) != 2 {
		t.Error("what is wrong was sent")
	}
}

func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(one) == string(other)
}

// A page that was turned to the person stays in their language until it is saved, and the switch of languages still works on it.
func TestATurnedPageStaysTurned(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	address := "/people/" + webtest.Maria.ID.String() + "/restrict?lang=ht"
	page := b.page(b.get(address))
	if !strings.Contains(page, `<html lang="ht"`) || !strings.Contains(page, `action="`+address+`"`) {
		t.Error("the form is not in the person's language, or would not stay in it")
	}
	if page = b.page(b.post(address, url.Values{"reason": {""}})); !strings.Contains(page, `<html lang="ht"`) || !strings.Contains(page, `role="alert"`) {
		t.Error("what is wrong with it is said in another language, or not at all")
	}
	if page = b.page(b.post(address, url.Values{"_lang": {"fr"}})); !strings.Contains(page, `<html lang="fr"`) || !strings.Contains(page, "lang=fr") {
		t.Error("the switch of languages does not work on it")
	}
	if page = b.page(b.get("/people/" + webtest.Maria.ID.String() + "/rights?lang=ht")); strings.Contains(page, `name="to" value="/people/`+webtest.Maria.ID.String()+`/rights?lang`) {
		t.Error("the switch of languages would come back to the language it is to leave")
	}
	if page = b.page(b.get("/board?lang=ht")); strings.Contains(page, `<html lang="ht"`) {
		t.Error("pages that are nobody's are turned too")
	}
}
