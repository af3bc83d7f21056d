package web_test

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

// Nobody but who administers reaches the pages of members, whatever their address.
func TestOnlyWhoAdministersSeesTheMembers(t *testing.T) {
	house := &webtest.House{Humble: true}
	b := unlocked(t, house)
	n := 0
	for _, route := range web.Routes() {
		if !strings.HasPrefix(route.Pattern, "/members") {
			continue
		}
		n++
		path := strings.ReplaceAll(route.Pattern, "{id}", webtest.Julio.ID.String())
		form := url.Values{"roles": {"administrator"}, "reason": {"x"}, "answer": {webtest.Answer}}
		r := b.ask(route.Method, path, "application/x-www-form-urlencoded", form.Encode())
		if page := b.page(r); r.StatusCode != http.StatusForbidden || strings.Contains(page, webtest.Julio.Name) {
			t.Errorf("%s %s: %d", route.Method, path, r.StatusCode)
		}
	}
	if n < 7 || len(house.Changed)+len(house.Invited) > 0 {
		t.Errorf("%d addresses, changed %v, invited %v", n, house.Changed, house.Invited)
	}
	if page := b.page(b.get("/board")); strings.Contains(page, `href="/members"`) {
		t.Error("the way there is offered")
	}
}

func TestAnInvitationIsMadeAndItsAnswerTakenIn(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	site := webtest.Tapachula.ID
	page := b.page(b.post("/members/invite", url.Values{"roles": {"registrar", "monitor"}, "sites": {site.String()}, "days": {"30"}}))
	if len(house.Invited) != 1 {
		t.Fatalf("asked for %v", house.Invited)
	}
	i := house.Invited[0]
	if !slices.Equal(i.Roles, []string{"registrar", "monitor"}) || !slices.Equal(i.Sites, []record.ID{site}) || i.Lasts != 30*24*time.Hour || !i.Of.IsZero() {
		t.Errorf("asked for %+v", i)
	}
	for _, part := range []string{`<svg class="qr"`, "data:application/json;base64," + base64.StdEncoding.EncodeToString([]byte(webtest.Invitation)), `download="invitacion.json"`} {
		if !strings.Contains(strings.ReplaceAll(page, "&#43;", "+"), part) {
			t.Errorf("the page of the invitation lacks %q", part)
		}
	}
	b.post("/members/invite", url.Values{"of": {webtest.Julio.ID.String()}, "days": {"1"}})
	if last := house.Invited[len(house.Invited)-1]; last.Of != webtest.Julio.ID || last.Lasts != 24*time.Hour {
		t.Errorf("a further device: %+v", last)
	}

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"answer": "", "_who": webtest.Rosa.ID.String()} {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("answer_file", "respuesta.json")
	if err != nil {
		t.Fatal(err)
	}
	file.Write([]byte(webtest.Answer))
	form.Close()
	sent := body.String()
	if r := b.ask("POST", "/members", form.FormDataContentType(), sent); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("the file of an answer: %d", r.StatusCode)
	}
	if page := b.page(b.get("/members")); !strings.Contains(page, lang.T(lang.ES, "members.accepted", "name", "Ana Chan")) {
		t.Error("it is not said who was let in")
	}
	b.unlock(webtest.Julio, "/board") // the same form again, from a page that is not this member's
	if r := b.ask("POST", "/members", form.FormDataContentType(), sent); r.StatusCode != http.StatusForbidden && r.StatusCode != http.StatusConflict {
		t.Errorf("another member's form with a file: %d", r.StatusCode)
	}
}

func TestRolesChangeLeasesBeginAnewAndPeopleEnd(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	julio := "/members/" + webtest.Julio.ID.String()
	if page := b.page(b.get(julio)); !strings.Contains(page, `id="roles" name="roles" value="registrar" checked`) {
		t.Error("the roles of now are not ticked")
	}
	if r := b.post(julio, url.Values{"sites": {}}); r.StatusCode != http.StatusUnprocessableEntity || len(house.Changed) > 0 {
		t.Errorf("no role at all: %d", r.StatusCode)
	}
	b.post(julio, url.Values{"roles": {"clinician"}})
	b.post(julio+"/renew", nil)
	if r := b.post(julio+"/revoke", url.Values{"device": {"all"}, "reason": {" "}}); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no reason: %d", r.StatusCode)
	}
	b.post(julio+"/revoke", url.Values{"device": {"all"}, "reason": {"Se fue"}})
	b.post("/members/"+webtest.Rosa.ID.String()+"/revoke", url.Values{"device": {webtest.ID(61).String()}, "reason": {"Se perdió"}})
	if len(house.Changed) != 4 {
		t.Fatalf("changed: %+v", house.Changed)
	}
	if c := house.Changed[0]; c.Person != webtest.Julio.ID || !slices.Equal(c.Roles, []string{"clinician"}) || len(c.Sites) != 0 {
		t.Errorf("roles: %+v", c)
	}
	if c := house.Changed[1]; !c.Renewed || c.Person != webtest.Julio.ID {
		t.Errorf("lease: %+v", c)
	}
	if c := house.Changed[2]; !slices.Equal(c.Devices, []record.ID{webtest.Julio.ID}) || c.Reason != "Se fue" {
		t.Errorf("the person: %+v", c)
	}
	if c := house.Changed[3]; !slices.Equal(c.Devices, []record.ID{webtest.ID(61)}) {
		t.Errorf("one device: %+v", c)
	}
	page := b.page(b.get(julio + "/revoke"))
	for _, key := range []string{"members.revoke_read", "members.revoke_keys", "members.revoke_contact"} {
		if !strings.Contains(page, lang.T(lang.ES, key)) {
			t.Errorf("before revoking it is not said: %s", key)
		}
	}
	for _, path := range []string{"/members/" + webtest.ID(99).String(), "/members/nobody/revoke"} {
		if r := b.get(path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestJoiningNeedsAnInvitationAndAPassphrase(t *testing.T) {
	for name, house := range map[string]*webtest.House{"a device that others use": {}, "an empty device": {Empty: true}} {
		b := open(t, house)
		form := url.Values{"invitation": {webtest.Invitation}, "member": {"Ana"}, "passphrase": {"corta"}, "again": {"corta"}}
		if r := b.post("/join", form); r.StatusCode != http.StatusUnprocessableEntity || len(house.Joined) > 0 {
			t.Errorf("%s: a short passphrase: %d", name, r.StatusCode)
		}
		form.Set("passphrase", webtest.Passphrase)
		if r := b.post("/join", form); r.StatusCode != http.StatusUnprocessableEntity || len(house.Joined) > 0 {
			t.Errorf("%s: two passphrases: %d", name, r.StatusCode)
		}
		form.Set("again", webtest.Passphrase)
		page := b.page(b.post("/join", form))
		if len(house.Joined) != 1 || house.Joined[0].Member != "Ana" || house.Joined[0].Passphrase != webtest.Passphrase {
			t.Errorf("%s: %+v", name, house.Joined)
		}
		if !strings.Contains(page, lang.T(lang.ES, "join.done")) || strings.Contains(page, webtest.Passphrase) {
			t.Errorf("%s: the answer is not shown, or the passphrase is", name)
		}
	}
}

func TestThePassphraseChangesForWhoKnowsIt(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	form := url.Values{"before": {"no es esta"}, "passphrase": {"tres erizos azules"}, "again": {"tres erizos azules"}}
	if page := b.page(b.post("/me", form)); !strings.Contains(page, lang.T(lang.ES, "refuse.wrong_passphrase")) {
		t.Error("the passphrase of now was not asked for")
	}
	form.Set("before", webtest.Passphrase)
	if r := b.post("/me", form); r.StatusCode != http.StatusSeeOther {
		t.Errorf("%d", r.StatusCode)
	}
	if page := b.page(b.get("/me")); !strings.Contains(page, lang.T(lang.ES, "me.passphrase_changed")) {
		t.Error("it is not said that it changed")
	}
	form.Set("before", "no es esta")
	for range 5 {
		b.post("/me", form)
	}
	form.Set("before", webtest.Passphrase)
	if r := b.post("/me", form); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an open page lets anybody guess: %d", r.StatusCode)
	}
	if said := b.page(b.post("/strength", url.Values{"passphrase": {"corta"}})); !strings.Contains(said, "10") {
		t.Errorf("beside a short passphrase stands %q", said)
	}
}

func TestADeviceKeepsOnlyTheLastDays(t *testing.T) {
	house := &webtest.House{Days: 5}
	b := unlocked(t, house)
	if page := b.page(b.get("/field")); !strings.Contains(page, `value="5" checked`) {
		t.Error("what it keeps now is not ticked")
	}
	if b.post("/field", url.Values{"days": {"3"}}); house.Days != 3 {
		t.Errorf("it keeps %d days", house.Days)
	}
	if b.post("/field", url.Values{"days": {"0"}}); house.Days != 0 {
		t.Errorf("it keeps %d days", house.Days)
	}
}

// The page before unlocking says nothing but names: no workspace, no role, no reason why somebody's keys are gone.
func TestTheUnlockPageIsNeutral(t *testing.T) {
	house := &webtest.House{Departed: []web.Gone{{Name: "N. P.", At: webtest.Now.AddDate(0, 0, -3)}, {Name: "de antes", At: webtest.Now.AddDate(0, -3, 0)}}}
	for _, b := range []*browser{open(t, house), unlocked(t, house)} {
		page := b.page(b.get("/unlock"))
		for _, secret := range []string{house.Workspace(), "Tapachula", "mparo", lang.T(lang.ES, "role.clinician"), "de antes", "igra", "efugi"} {
			if strings.Contains(page, secret) {
				t.Errorf("the page before unlocking says %q", secret)
			}
		}
		if !strings.Contains(page, "N. P.") || !strings.Contains(page, webtest.Julio.Name) {
			t.Error("who can unlock, and whose keys are gone, is not said")
		}
	}
}

// A desk that was locked from within (its member was revoked, their keys have ended) shows nothing more of itself.
func TestADeskLockedFromWithinIsOver(t *testing.T) {
	house := &webtest.House{}
	b := open(t, house)
	desk := &webtest.Desk{House: house, Who: webtest.Rosa}
	b.cookies["s8460"] = b.server.Adopt(desk)
	desk.Lock()
	if r := b.get("/board"); !strings.HasPrefix(r.Header.Get("Location"), "/unlock") {
		t.Errorf("a locked desk: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if left := b.awake(webtest.Rosa, true); left != "0" {
		t.Errorf("its pages may be shown for %s s", left)
	}
	if page := b.page(b.get("/about")); strings.Contains(page, "Tapachula") || strings.Contains(page, webtest.Rosa.Name) {
		t.Error("the next page still shows whose desk it was")
	}
}

var once = base64.RawURLEncoding.EncodeToString

func answer(key, value string) url.Values {
	return url.Values{"id": {once([]byte("azul"))}, "client": {once([]byte("{}"))}, "auth": {once([]byte("auth"))}, key: {once([]byte(value))}, "to": {"/headcount"}, "label": {"Llave azul"}, "passphrase": {webtest.Passphrase}}
}

// A passkey shows covered pages and nothing else: it opens no locked desk and answers each question once.
func TestAPasskeyUncoversAndDoesNotUnlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &webtest.House{}
		s := web.New(web.Config{House: house, Now: func() time.Time { return webtest.Now }})
		defer s.Close()
		desk := &webtest.Desk{House: house, Who: webtest.Rosa}
		b := &browser{t: t, server: s, house: house, cookies: map[string]string{"l8460": "es", "s8460": s.Adopt(desk)}, header: http.Header{}}
		if b.post("/me/passkeys", answer("key", "made")); len(house.Keys) != 0 {
			t.Error("a passkey was made that nobody asked for")
		}
		if page := b.page(b.get("/me")); !strings.Contains(page, `data-passkey="create"`) {
			t.Error("making one is not offered")
		}
		for _, phrase := range []string{"", "cuatro caballos cruzan"} {
			made := answer("key", "made")
			made.Set("passphrase", phrase)
			if b.post("/me/passkeys", made); len(house.Keys) != 0 {
				t.Error("who does not know the passphrase left a passkey behind")
			}
			if page := b.page(b.get("/me")); !strings.Contains(page, lang.T(lang.ES, "refuse.wrong_passphrase")) {
				t.Error("it is not said that the passphrase was wrong")
			}
		}
		if b.post("/me/passkeys", answer("key", "made")); len(house.Keys) != 1 {
			t.Fatal("the passkey was not made")
		}
		if q := house.Asked[0]; q.Origin != origin || q.Host != "localhost" || len(q.Challenge) != 32 {
			t.Errorf("asked %+v", q)
		}

		time.Sleep(2*time.Minute + time.Second)
		if r := b.post("/unlock/passkey", answer("sig", "yes")); b.get("/board").StatusCode == http.StatusOK {
			t.Errorf("an answer to no question uncovers: to %q", r.Header.Get("Location"))
		}
		page := b.page(b.get("/unlock?to=%2Fheadcount"))
		if !strings.Contains(page, `data-passkey="get"`) || !strings.Contains(page, once([]byte("azul"))) {
			t.Fatalf("the passkey is not offered:\n%s", page)
		}
		if r := b.post("/unlock/passkey", answer("sig", "no")); !strings.HasPrefix(r.Header.Get("Location"), "/unlock?refused") {
			t.Errorf("a wrong answer: to %q", r.Header.Get("Location"))
		}
		if page := b.page(b.get("/unlock?refused")); !strings.Contains(page, lang.T(lang.ES, "refuse.passkey")) {
			t.Error("it is not said that it was refused")
		}
		if r := b.post("/unlock/passkey", answer("sig", "yes")); r.Header.Get("Location") != "/headcount" || b.get("/headcount").StatusCode != http.StatusOK {
			t.Errorf("the right one: to %q", r.Header.Get("Location"))
		}
		if first, second := house.Asked[len(house.Asked)-2].Challenge, house.Asked[len(house.Asked)-1].Challenge; bytes.Equal(first, second) {
			t.Error("the same question twice")
		}

		time.Sleep(16 * time.Minute)
		if !desk.Locked() {
			t.Fatal("the desk is open")
		}
		if page := b.page(b.get("/unlock")); strings.Contains(page, "data-passkey") {
			t.Error("a passkey is offered for a desk that is locked")
		}
		if r := b.post("/unlock/passkey", answer("sig", "yes")); !strings.HasPrefix(r.Header.Get("Location"), "/unlock") || b.get("/board").StatusCode == http.StatusOK {
			t.Errorf("a passkey opened a locked desk: to %q", r.Header.Get("Location"))
		}

		b.unlock(webtest.Rosa, "/me")
		if b.post("/me/passkeys/remove", url.Values{"id": {once([]byte("azul"))}}); len(house.Keys) != 0 {
			t.Error("the passkey is still there")
		}
	})
}

// Sheets that open everything are made by who knows the passphrase, and not by who finds the page open for a minute.
func TestSheetsAskForThePassphrase(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	for phrase, want := range map[string]int{"": http.StatusUnprocessableEntity, "otra cosa": http.StatusUnprocessableEntity, webtest.Passphrase: http.StatusOK} {
		r := b.post("/members/recovery", url.Values{"sheets": {"of5"}, "passphrase": {phrase}})
		if page := b.page(r); r.StatusCode != want || strings.Contains(page, `class="sheet flow share"`) != (want == http.StatusOK) {
			t.Errorf("with %q: %d, want %d", phrase, r.StatusCode, want)
		}
	}
}
