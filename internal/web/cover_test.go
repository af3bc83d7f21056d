package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"amparo/internal/lang"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

// another is a second browser at the same server.
func (b *browser) another() *browser {
	return &browser{t: b.t, server: b.server, house: b.house, cookies: map[string]string{"l8460": "es"}, header: http.Header{}}
}

func (b *browser) unlock(m web.Member, to string) *http.Response {
	b.t.Helper()
	r := b.post("/unlock", url.Values{"member": {m.ID.String()}, "passphrase": {webtest.Passphrase}, "to": {to}})
	if r.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("unlock: %d", r.StatusCode)
	}
	return r
}

// awake asks how long the page of a member may still be shown.
func (b *browser) awake(m web.Member, quiet bool) string {
	b.t.Helper()
	b.header.Del("X-Quiet")
	if quiet {
		b.header.Set("X-Quiet", "1")
	}
	defer b.header.Del("X-Quiet")
	return b.page(b.get("/awake?who=" + m.ID.String()))
}

// Two minutes without a touch cover the pages and keep the work; fifteen forget the keys.
func TestPagesAreCoveredBeforeTheDeskLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &webtest.House{}
		s := web.New(web.Config{House: house, Now: func() time.Time { return webtest.Now }})
		defer s.Close()
		desk := &webtest.Desk{House: house, Who: webtest.Rosa}
		b := &browser{t: t, server: s, house: house, cookies: map[string]string{"l8460": "es", "s8460": s.Adopt(desk)}, header: http.Header{}}
		token := b.cookies["s8460"]

		time.Sleep(110 * time.Second)
		if left := b.awake(webtest.Rosa, true); left != "10" {
			t.Errorf("ten seconds before its time the page hears %q", left)
		}
		if left := b.awake(webtest.Julio, true); left != "0" {
			t.Errorf("a page of somebody else hears %q", left)
		}
		time.Sleep(11 * time.Second) // asking quietly was no touch
		if left := b.awake(webtest.Rosa, false); left != "0" {
			t.Errorf("a covered page hears %q", left)
		}
		if r := b.get("/board"); r.Header.Get("Location") != "/unlock?to=%2Fboard" {
			t.Fatalf("a covered page: %d to %q", r.StatusCode, r.Header.Get("Location"))
		}
		if desk.Locked() {
			t.Fatal("covering locked the desk")
		}
		r := b.post("/headcount", url.Values{"total": {"91"}, "method": {"count"}})
		if r.Header.Get("Location") != "/unlock?locked&to=%2Fheadcount" || len(house.Applied) > 0 {
			t.Fatalf("a form sent while covered: to %q, %d actions", r.Header.Get("Location"), len(house.Applied))
		}
		page := b.page(b.get("/unlock"))
		if !strings.Contains(page, lang.T(lang.ES, "unlock.covered")) || !strings.Contains(page, `type="hidden" name="member" value="`+webtest.Rosa.ID.String()) {
			t.Errorf("the cover does not wait for its member:\n%s", page)
		}
		if r := b.post("/unlock", url.Values{"member": {webtest.Rosa.ID.String()}, "passphrase": {"no"}}); r.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a wrong passphrase: %d", r.StatusCode)
		}
		b.unlock(webtest.Rosa, "/headcount")
		if page := b.page(b.get("/headcount")); !strings.Contains(page, `value="91"`) {
			t.Error("what was typed is lost")
		}
		old := b.another()
		if old.cookies["s8460"] = token; old.get("/board").StatusCode == http.StatusOK {
			t.Error("the token from before still opens the pages")
		}
		if desk.Locked() {
			t.Error("the desk was locked by going on")
		}
		time.Sleep(14*time.Minute + 50*time.Second)
		if desk.Locked() {
			t.Error("the desk locked before its time")
		}
		time.Sleep(20 * time.Second)
		if !b.house.LastDesk.Locked() {
			t.Error("nobody has touched anything for a quarter of an hour, and the keys are there")
		}
	})
}

// Two members work at once in two browsers; a program's session is not covered and shows no pages.
func TestMembersWorkSideBySide(t *testing.T) {
	house := &webtest.House{}
	rosa := open(t, house)
	julio := rosa.another()
	rosa.unlock(webtest.Rosa, "/board")
	julio.unlock(webtest.Julio, "/board")
	for b, name := range map[*browser]string{rosa: webtest.Rosa.Name, julio: webtest.Julio.Name} {
		if page := b.page(b.get("/board")); !strings.Contains(page, name) {
			t.Errorf("the page is not %s's", name)
		}
	}
	rosa.post("/leave", nil)
	if r := julio.get("/board"); r.StatusCode != http.StatusOK {
		t.Errorf("one left and the other is locked: %d", r.StatusCode)
	}
	program := rosa.another()
	var given struct{ Token string }
	answer := program.ask("POST", "/api/v1/sessions", "application/json", `{"member":"`+webtest.Rosa.Name+`","passphrase":"`+webtest.Passphrase+`"}`)
	if err := json.Unmarshal(body(t, answer), &given); err != nil || given.Token == "" {
		t.Fatalf("a program's session: %d, %v", answer.StatusCode, err)
	}
	program.cookies["s8460"] = given.Token
	if r := program.get("/board"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("a program's session shows pages: %d", r.StatusCode)
	}
}

// A form that one member left open is never saved under the name of the next who unlocks in the same browser.
func TestAFormIsSignedByWhomItBelongsTo(t *testing.T) {
	house := &webtest.House{}
	b := open(t, house)
	b.unlock(webtest.Rosa, "/board")
	root, err := webtest.Parse([]byte(b.page(b.get("/headcount"))))
	if err != nil {
		t.Fatal(err)
	}
	form := filled(root)
	form.Set("total", "91")
	form.Set("method", "count")
	b.post("/draft", url.Values{"_for": {"/headcount"}, "_who": {webtest.Rosa.ID.String()}, "total": {"90"}})
	b.unlock(webtest.Julio, "/board")
	r := b.post("/headcount", form)
	page := b.page(r)
	if r.StatusCode != http.StatusConflict || !strings.Contains(page, lang.T(lang.ES, "error.page_of", "name", webtest.Rosa.Name)) || len(house.Applied) > 0 {
		t.Fatalf("%d, %d actions\n%s", r.StatusCode, len(house.Applied), page)
	}
	if r := b.post("/draft", url.Values{"_for": {"/headcount"}, "_who": {webtest.Rosa.ID.String()}, "total": {"92"}}); r.StatusCode != http.StatusConflict {
		t.Errorf("a draft of somebody else's page: %d", r.StatusCode)
	}
	if page := b.page(b.get("/headcount")); strings.Contains(page, `value="9`) {
		t.Error("what one typed is shown to the other")
	}
	b.unlock(webtest.Rosa, "/headcount")
	if page := b.page(b.get("/headcount")); !strings.Contains(page, `value="90"`) {
		t.Error("what waited for the first is lost")
	}
	if r := b.post("/headcount", form); r.StatusCode != http.StatusSeeOther || len(house.Applied) != 1 {
		t.Errorf("the member's own form: %d, %d actions", r.StatusCode, len(house.Applied))
	}
}

// Every form of every page says whose it is.
func TestEveryFormSaysWhoseItIs(t *testing.T) {
	forms := 0
	for _, p := range webtest.Pages() {
		if !p.Open || p.Status == http.StatusSeeOther {
			continue
		}
		root, err := webtest.Parse(body(t, p.Render(lang.ES)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range root.All("form") {
			if f.Attrs["method"] != "post" {
				continue
			}
			forms++
			said := ""
			f.Walk(func(n *webtest.Node) {
				if n.Attrs["name"] == "_who" {
					said = n.Attrs["value"]
				}
			})
			if said != webtest.Rosa.ID.String() {
				t.Errorf("%s: the form %q does not say whose it is", p.Name, f.Attrs["action"])
			}
		}
	}
	if forms < 100 {
		t.Errorf("%d forms were looked at", forms)
	}
}

// telling are beginnings of words that say what the work is, in five languages.
var telling = regexp.MustCompile(`(?i)amparo|migra|refug|asil|asyl|azil|alberg|shelter|abrigo|front[ei]|border|deport|médic|medic|clínic|clinic|psico|psych|v[ií]ctim|surviv|sobreviv|viol[aê]n|trafic|traffick|persegu|ruta|route|wout`)

// Tabs, and whatever is shown before somebody has unlocked, do not say what the work is; the icon is a notebook.
func TestNothingSeenInPassingSaysWhatTheWorkIs(t *testing.T) {
	for _, p := range webtest.Pages() {
		if p.Status == http.StatusSeeOther || p.House.Empty || p.Name == "join-done" { // an empty device has nothing to hide yet, and an answer names its format
			continue
		}
		for _, tag := range lang.Tags() {
			page := string(body(t, p.Render(tag)))
			root, err := webtest.Parse([]byte(page))
			if err != nil {
				t.Fatal(err)
			}
			if title := root.All("title")[0].Words(); telling.MatchString(title) {
				t.Errorf("%s/%s: the tab says %q", p.Name, tag, title)
			}
			if words := root.Words(); !p.Open && telling.MatchString(words) {
				t.Errorf("%s/%s: before unlocking stands %q", p.Name, tag, telling.FindString(words))
			}
		}
	}
}
