package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

const maria = "/people/"

func last(t *testing.T, h *webtest.House) (record.Request, map[string]any) {
	t.Helper()
	if len(h.Applied) == 0 {
		t.Fatal("no action was asked for")
	}
	r := h.Applied[len(h.Applied)-1]
	var data map[string]any
	if err := json.Unmarshal(r.Data, &data); err != nil {
		t.Fatal(err)
	}
	return r, data
}

func same(t *testing.T, got map[string]any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != want {
		t.Errorf("data\n got %s\nwant %s", raw, want)
	}
}

// What is typed on the sheet becomes the data of the action: only what is known, in the words of the action.
func TestRegisteringSaysOnlyWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		name string
		form url.Values
		want string
	}{
		{"a nickname is enough", url.Values{"nickname": {" El Flaco "}}, `{"nickname":"El Flaco"}`},
		{"a date with blanks", url.Values{"given": {"Zz"}, "birth": {"27 3 91"}}, `{"birth":"1991-03-27","given":"Zz"}`},
		{"an age that is a guess", url.Values{"given": {"Zz"}, "birth": {"como 30"}}, `{"age":30,"age_about":true,"given":"Zz"}`},
		{"a year said with doubt", url.Values{"given": {"Zz"}, "birth": {"~1991"}}, `{"age_about":true,"birth":"1991","given":"Zz"}`},
		{"countries by their beginning", url.Values{"given": {"Zz"}, "nationality": {"hond, VEN"}, "languages": {"criollo haitiano"}}, `{"given":"Zz","languages":["ht"],"nationality":["HND","VEN"]}`},
		{"groups and consent", url.Values{"given": {"Zz"}, "groups": {"pregnant", "lgbtiq"}, "consent": {"care"}, "sex": {"f"}, "direction": {"north"}},
			`{"consent":["care"],"direction":"north","given":"Zz","groups":["pregnant","lgbtiq"],"sex":"f"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			house := &webtest.House{}
			b := unlocked(t, house)
			c.form.Set("_id", "abcdefghijklmnopqrstuvwxyz")
			c.form.Set("_other", "1")
			r := b.post("/register", c.form)
			if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != maria+webtest.Maria.ID.String() {
				t.Fatalf("%d to %q: %s", r.StatusCode, r.Header.Get("Location"), b.page(r))
			}
			request, data := last(t, house)
			same(t, data, c.want)
			if request.Action != "person.register" || request.ID != "abcdefghijklmnopqrstuvwxyz" || request.Site != webtest.Tapachula.ID.String() {
				t.Errorf("request %+v", request)
			}
		})
	}
}

// Registering is offered only after a search, and asks once when someone alike is here.
func TestSearchComesFirst(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	if r := b.get("/register"); r.Header.Get("Location") != "/find" {
		t.Errorf("the sheet without a search: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if page := b.page(b.get("/find")); strings.Contains(page, `action="/register"`) {
		t.Error("registering is offered before anything was searched")
	}
	if page := b.page(b.post("/find", url.Values{"q": {"Ana Lucía Pérez Gómez 91"}})); !strings.Contains(page, `name="given" value="Ana Lucía"`) || !strings.Contains(page, `name="surname2" value="Gómez"`) {
		t.Error("what was searched is not carried to the sheet")
	}
	page := b.page(b.post("/register", url.Values{"given": {"María"}, "surname1": {"López"}}))
	if len(house.Applied) != 0 || !strings.Contains(page, lang.T(lang.ES, "register.alike")) {
		t.Errorf("someone alike was not shown first; %d actions", len(house.Applied))
	}
}

func TestUpdateSendsOnlyWhatChangedAndCanBeUndone(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	address := maria + webtest.Maria.ID.String()
	root, err := webtest.Parse([]byte(b.page(b.get(address + "/edit"))))
	if err != nil {
		t.Fatal(err)
	}
	form := filled(root)
	form.Set("surname2", "Hernández Ruiz")
	form.Set("note", "")
	form.Del("groups")
	if r := b.post(address+"/edit", form); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d: %s", r.StatusCode, b.page(r))
	}
	_, data := last(t, house)
	same(t, data, `{"groups":[],"note":null,"person":"`+webtest.Maria.ID.String()+`","surname2":"Hernández Ruiz"}`)

	page := b.page(b.get(address))
	_, step, offered := strings.Cut(page, `name="step" value="`)
	if !offered {
		t.Fatal("undoing is not offered")
	}
	step, _, _ = strings.Cut(step, `"`)
	written := len(house.Applied)
	if b.post("/undo", url.Values{"step": {"another"}}); len(house.Applied) != written {
		t.Error("a button left over in another window undid this step")
	}
	if r := b.post("/undo", url.Values{"step": {step}}); r.Header.Get("Location") != address {
		t.Errorf("undo: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	_, data = last(t, house)
	same(t, data, `{"groups":["pregnant","private_talk"],"note":"Viaja con su hermana menor.","person":"`+webtest.Maria.ID.String()+`","surname2":"Hernández"}`)
	before := len(house.Applied)
	b.post("/undo", url.Values{"step": {step}})
	if len(house.Applied) != before {
		t.Error("undone twice")
	}
}

// filled reads a form as a browser would send it.
func filled(root *webtest.Node) url.Values {
	v := url.Values{}
	for _, f := range root.All("form") {
		if f.Attrs["id"] != "form" {
			continue
		}
		f.Walk(func(n *webtest.Node) {
			_, checked := n.Attrs["checked"]
			switch kind := n.Attrs["type"]; {
			case n.Name == "input" && (kind != "radio" && kind != "checkbox" || checked):
				v.Add(n.Attrs["name"], n.Attrs["value"])
			case n.Name == "textarea":
				v.Add(n.Attrs["name"], n.Text)
			}
		})
	}
	return v
}

// The language changes on the same page and nothing typed is lost or saved.
func TestLanguageSwitchKeepsWhatWasTyped(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	page := b.page(b.post("/register", url.Values{"given": {"Wilner"}, "birth": {"como 30"}, "sex": {"m"}, "_lang": {"ht"}}))
	if !strings.Contains(page, `<html lang="ht"`) || !strings.Contains(page, `value="Wilner"`) || !strings.Contains(page, `value="m" checked`) || len(house.Applied) > 0 {
		t.Errorf("switched: %d actions\n%.400s", len(house.Applied), page)
	}
	if page := b.page(b.get("/board")); !strings.Contains(page, `<html lang="ht"`) {
		t.Error("the language is forgotten on the next page")
	}
	if r := b.post("/language", url.Values{"_lang": {"fr"}, "to": {"https://elsewhere.example/"}}); r.Header.Get("Location") != "/" {
		t.Errorf("the way back leads to %q", r.Header.Get("Location"))
	}
}

// A form left by accident comes back; one that was saved does not.
func TestDraftsComeBack(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	typed := url.Values{"total": {"87"}, "method": {"informant"}}
	draft := url.Values{"_for": {"/headcount"}}
	for k, v := range typed {
		draft[k] = v
	}
	if r := b.post("/draft", draft); r.StatusCode != http.StatusNoContent {
		t.Fatalf("draft: %d", r.StatusCode)
	}
	page := b.page(b.get("/headcount"))
	if !strings.Contains(page, `value="87"`) || !strings.Contains(page, lang.T(lang.ES, "form.resumed")) {
		t.Error("the draft did not come back")
	}
	if page := b.page(b.post("/headcount", url.Values{"total": {"87"}, "_fresh": {"1"}})); strings.Contains(page, `value="87"`) || len(house.Applied) > 0 {
		t.Error("starting again kept the draft or saved it")
	}
	b.post("/draft", draft)
	if r := b.post("/headcount", typed); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving: %d", r.StatusCode)
	}
	if page := b.page(b.get("/headcount")); strings.Contains(page, lang.T(lang.ES, "form.resumed")) {
		t.Error("the draft came back after it was saved")
	}
}

// A desk nobody touches locks by itself; looking at the board does not count; what was typed waits for the same member.
func TestIdleDesksLockThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &webtest.House{}
		s := web.New(web.Config{House: house, Idle: 10 * time.Minute, Shut: 10 * time.Minute, Now: func() time.Time { return webtest.Now }})
		defer s.Close()
		desk := &webtest.Desk{House: house, Who: webtest.Rosa}
		b := &browser{t: t, server: s, house: house, cookies: map[string]string{"l8460": "es", "s8460": s.Adopt(desk)}, header: http.Header{}}

		time.Sleep(9 * time.Minute)
		if r := b.get("/board"); r.StatusCode != http.StatusOK {
			t.Fatalf("after nine minutes: %d", r.StatusCode)
		}
		time.Sleep(9 * time.Minute)
		b.header.Set("X-Quiet", "1")
		if r := b.get("/board"); r.StatusCode != http.StatusOK {
			t.Fatalf("touched nine minutes ago: %d", r.StatusCode)
		}
		b.header.Del("X-Quiet")
		time.Sleep(61 * time.Second)
		if !desk.Locked() {
			t.Fatal("the board's own refreshing kept the desk open")
		}
		r := b.post("/headcount", url.Values{"total": {"91"}, "method": {"count"}})
		if r.Header.Get("Location") != "/unlock?locked&to=%2Fheadcount" || len(house.Applied) > 0 {
			t.Fatalf("a form sent after the lock: to %q", r.Header.Get("Location"))
		}
		// Somebody else gets nothing of it.
		other := &browser{t: t, server: s, house: house, cookies: map[string]string{"l8460": "es"}, header: http.Header{}}
		other.post("/unlock", url.Values{"member": {webtest.Julio.ID.String()}, "passphrase": {webtest.Passphrase}})
		if page := other.page(other.get("/headcount")); strings.Contains(page, `value="91"`) {
			t.Error("another member sees what was typed")
		}
		r = b.post("/unlock", url.Values{"member": {webtest.Rosa.ID.String()}, "passphrase": {webtest.Passphrase}, "to": {"/headcount"}})
		if page := b.page(b.get(r.Header.Get("Location"))); !strings.Contains(page, `value="91"`) {
			t.Error("what was typed is lost")
		}
	})
}

// Two windows of one member share the keys: closing one must not close the other, leaving closes both.
func TestTwoWindowsOfOneMember(t *testing.T) {
	house := &webtest.House{}
	s := web.New(web.Config{House: house, Now: func() time.Time { return webtest.Now }})
	defer s.Close()
	desk := &webtest.Desk{House: house, Who: webtest.Rosa}
	window := func() *browser {
		return &browser{t: t, server: s, house: house, cookies: map[string]string{"l8460": "es", "s8460": s.Adopt(desk)}, header: http.Header{}}
	}
	one, two := window(), window()
	one.post("/lock", nil)
	if desk.Locked() || two.get("/board").StatusCode != http.StatusOK {
		t.Error("locking one window locked the other")
	}
	three := window()
	two.post("/leave", nil)
	if !desk.Locked() || three.get("/board").StatusCode != http.StatusSeeOther {
		t.Error("the quick exit left a window open")
	}
}

func TestFirstRun(t *testing.T) {
	house := &webtest.House{Empty: true}
	b := open(t, house)
	if r := b.get("/"); r.Header.Get("Location") != "/start" {
		t.Fatalf("an empty folder: %q", r.Header.Get("Location"))
	}
	page := b.page(b.post("/start", url.Values{"workspace": {"Red de Casas"}, "member": {"Ana"}, "_lang": {"en"}}))
	if !strings.Contains(page, `value="Red de Casas"`) || !strings.Contains(page, `lang="en"`) {
		t.Error("the language switch lost what was typed")
	}
	form := url.Values{"workspace": {"Red de Casas"}, "member": {"Ana"}, "passphrase": {webtest.Passphrase}, "again": {"otra frase muy distinta"}}
	if page := b.page(b.post("/start/passphrase", form)); !strings.Contains(page, lang.T(lang.EN, "start.passphrase_differs")) || strings.Contains(page, webtest.Passphrase) {
		t.Error("two different passphrases were taken, or one was sent back")
	}
	form.Set("again", webtest.Passphrase)
	if r := b.post("/start/passphrase", form); r.Header.Get("Location") != "/start/done" {
		t.Fatalf("founding: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if page := b.page(b.get("/start/done")); !strings.Contains(page, "puente") {
		t.Error("the recovery words are not shown")
	}
	if page := b.page(b.get("/start/done")); strings.Contains(page, "puente") {
		t.Error("the recovery words are shown twice")
	}
	if r := b.get("/start"); r.Header.Get("Location") != "/" {
		t.Error("a second founding is offered")
	}
}

func TestSettlingKeepsTheValueAsItIs(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	r := b.post("/settle", url.Values{"_id": {"abcdefghijklmnopqrstuvwxyz"}, "record": {webtest.Maria.ID.String()}, "kind": {"person"}, "field": {"age"}, "value": {"31"}, "to": {"//elsewhere.example"}})
	if r.Header.Get("Location") != "/" {
		t.Errorf("to %q", r.Header.Get("Location"))
	}
	request, data := last(t, house)
	same(t, data, `{"field":"age","kind":"person","record":"`+webtest.Maria.ID.String()+`","value":31}`)
	if request.Action != "conflict.settle" {
		t.Error(request.Action)
	}
	if r := b.post("/settle", url.Values{"value": {"not json"}}); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no value: %d", r.StatusCode)
	}
	if r := b.post("/settle", url.Values{"to": {"/conflicts"}}); r.Header.Get("Location") != "/conflicts" || len(house.Applied) != 1 {
		t.Errorf("nothing chosen: %d to %q, %d changes", r.StatusCode, r.Header.Get("Location"), len(house.Applied))
	}
	if page := b.page(b.get("/conflicts")); !strings.Contains(page, lang.T(lang.ES, "conflict.choose")) {
		t.Error("nobody is told to choose first")
	}
}

// Who settled can put the values beside each other again, as they were said: where, when and which.
func TestSettlingCanBeTakenBack(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	root, err := webtest.Parse([]byte(b.page(b.get("/conflicts"))))
	if err != nil {
		t.Fatal(err)
	}
	form := filled(root)
	form.Set("says", "00000000000000a1")
	form.Set("record", webtest.Maria.ID.String())
	form.Set("kind", "person")
	form.Set("field", "surname1")
	form.Set("to", "/conflicts")
	if r := b.post("/settle", form); r.Header.Get("Location") != "/conflicts" {
		t.Fatalf("%d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	_, data := last(t, house)
	same(t, data, `{"field":"surname1","kind":"person","record":"`+webtest.Maria.ID.String()+`","says":"00000000000000a1"}`)
	page := b.page(b.get("/conflicts"))
	if !strings.Contains(page, "Désir") {
		t.Error("it is not said what stands now")
	}
	_, step, _ := strings.Cut(page, `name="step" value="`)
	step, _, _ = strings.Cut(step, `"`)
	if r := b.post("/undo", url.Values{"step": {step}}); r.Header.Get("Location") != "/conflicts" {
		t.Fatalf("undoing leads to %q", r.Header.Get("Location"))
	}
	request, data := last(t, house)
	same(t, data, `{"field":"surname1","kind":"person","record":"`+webtest.Maria.ID.String()+`","values":["Dezir"]}`)
	if request.Action != "conflict.reopen" || request.ID == "" || request.Site == "" || !request.At.Equal(webtest.Now.Add(-7*24*time.Hour)) {
		t.Errorf("taken back by %+v", request)
	}
}

// What did not happen just now carries its own time, in the zone of the site.
func TestHappenedEarlier(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	b.post("/headcount", url.Values{"total": {"87"}, "method": {"count"}, "at_date": {"2026-03-26"}, "at_time": {"07:30"}})
	request, _ := last(t, house)
	if got := request.At.Format(time.RFC3339); got != "2026-03-26T07:30:00-06:00" {
		t.Errorf("at %s", got)
	}
	if r := b.post("/headcount", url.Values{"total": {"87"}, "at_date": {"2026-03-28"}}); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("tomorrow was taken: %d", r.StatusCode)
	}
}

// Somebody saved another value while this one was typed, or chose another site in another window: nothing is written
// before the reader has seen it.
func TestAFormThatIsNoLongerTrueSaysSoFirst(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	address := maria + webtest.Maria.ID.String()
	root, err := webtest.Parse([]byte(b.page(b.get(address + "/edit"))))
	if err != nil {
		t.Fatal(err)
	}
	form := filled(root)
	form.Set("_was", strings.Replace(form.Get("_was"), `"Hernández"`, `"Fernández"`, 1))
	form.Set("surname2", "Hernandes")
	r := b.post(address+"/edit", form)
	page := b.page(r)
	if r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "Hernández") || !strings.Contains(page, "Hernandes") || len(house.Applied) != 0 {
		t.Fatalf("%d, %d written: a newer value was overwritten unseen", r.StatusCode, len(house.Applied))
	}
	if root, err = webtest.Parse([]byte(page)); err != nil {
		t.Fatal(err)
	}
	if r := b.post(address+"/edit", filled(root)); r.StatusCode != http.StatusSeeOther {
		t.Errorf("%d: choosing one's own value after having seen the other", r.StatusCode)
	}

	if root, err = webtest.Parse([]byte(b.page(b.get("/headcount")))); err != nil {
		t.Fatal(err)
	}
	form = filled(root)
	if form.Get("_site") == "" {
		t.Fatal("the form does not say of which site it is")
	}
	form.Set("_site", webtest.Maria.ID.String())
	form.Set("total", "77")
	before := len(house.Applied)
	if r := b.post("/headcount", form); r.StatusCode != http.StatusUnprocessableEntity || len(house.Applied) != before {
		t.Errorf("%d: saved for another site than the form showed", r.StatusCode)
	}
}
