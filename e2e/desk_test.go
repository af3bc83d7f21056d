package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// idle is how soon pages are covered in these tests.
const idle = "6s"

// Nobody there: all tabs are covered at once, also the one that nobody looks at. The same member goes on where they were.
func TestPagesAreCoveredInEveryTab(t *testing.T) {
	address := site(t, "--idle", idle, "--lock", "10m")
	p := open(t, laptop, true)
	foundQuietly(p, address)
	other := p.another()
	other.Goto("http://" + p.host + "/sites")
	p.Goto("http://" + p.host + "/headcount")
	p.Fill("[name=total]", "87")
	for _, tab := range []*Page{p, other} {
		tab.at("/unlock")
		for _, secret := range []string{"Albergue", "Tapachula", workspace, "87"} {
			tab.NotSee(secret)
		}
	}
	p.Inspect("unlock-covered")
	other.do(chromedp.NavigateBack())
	other.NotSee("Albergue")
	p.Fill("[name=passphrase]", passphrase)
	p.Follow("#form .go")
	p.at("/headcount")
	if got := eval[string](p, `document.querySelector('[name=total]').value`); got != "87" {
		t.Errorf("the box holds %q, not what was typed before", got)
	}
	// Somebody who works is not covered.
	for began := time.Now(); time.Since(began) < 9*time.Second; {
		p.Press("1")
		p.wait(500 * time.Millisecond)
	}
	if at := p.Path(); at != "/headcount" {
		t.Errorf("typing all the time ended on %s", at)
	}
}

// Without script the page hides itself, except what somebody is typing in, and the way back asks the server.
func TestAPageWithoutScriptHidesItself(t *testing.T) {
	p := signedIn(t, phone, false)
	p.Goto("http://" + p.host + "/headcount")
	seen := func(selector string) bool {
		return eval[bool](p, `getComputedStyle(document.querySelector(`+quote(selector)+`)).visibility === 'visible'`)
	}
	later := `(document.getAnimations().filter(a => a.effect.getTiming().delay >= 120000).forEach(a => a.finish()), true)`
	p.do(chromedp.Focus(p.find("[name=total]")))
	eval[bool](p, later)
	if !seen("[name=total]") || seen(".place") {
		t.Error("what somebody types in is hidden, or what stands around it is not")
	}
	eval[bool](p, `(document.activeElement.blur(), true)`)
	if !seen("main") {
		t.Error("the page is hidden before its time")
	}
	eval[bool](p, later)
	if seen("main") || seen("nav") || seen(".foot") || !seen("#leave button") || !seen(".covered a") {
		t.Errorf("after two minutes the page is still there, or the way out and back is not\n%s", p.describe())
	}
	p.Follow(".covered a")
	p.at("/headcount")
}

// What one tab leaves is gone from all: by locking, and by the quick exit.
func TestLeavingOneTabLeavesAll(t *testing.T) {
	p := signedIn(t, phone, true)
	other := p.another()
	other.Goto("http://" + p.host + "/board")
	other.See("Albergue Belén")
	p.Follow("[action='/lock'] button")
	p.at("/unlock")
	other.at("/unlock")
	other.NotSee("Albergue")

	p.Fill("[name=passphrase]", passphrase)
	p.Follow("#form .go")
	other.Goto("http://" + p.host + "/sites")
	p.Goto("http://" + p.host + "/board")
	p.Click("#leave button")
	p.at("/measures")
	other.at("/measures")
	for _, tab := range []*Page{p, other} {
		tab.do(chromedp.NavigateBack())
		tab.NotSee("Albergue")
		if cookies := eval[string](tab, `document.cookie`); cookies != "" {
			t.Errorf("a script can read %q", cookies)
		}
	}
}

// A passkey shows covered pages again. An authenticator that does not know who is there shows nothing.
func TestAPasskeyUncoversThePages(t *testing.T) {
	address := site(t, "--idle", idle, "--lock", "10m")
	p := open(t, laptop, true)
	foundQuietly(p, address)
	if _, err := chromedp.Call(p.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	made, err := chromedp.Call(p.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	if err != nil {
		t.Fatal(err)
	}
	p.Goto("http://" + p.host + "/me")
	p.Inspect("me")
	p.Fill("[name=label]", "Llave azul")
	p.Fill("#passkey-passphrase", passphrase)
	p.Follow("[data-passkey] button")
	p.at("/me")
	p.See("Llave azul")
	p.Inspect("me-passkey")
	var ask webauthn.GetCredentialsParams
	ask.AuthenticatorID = made.AuthenticatorID
	held, err := chromedp.Call(p.ctx, webauthn.GetCredentials, ask)
	if err != nil || len(held.Credentials) != 1 {
		t.Fatalf("the authenticator holds %v, %v", held, err)
	}
	if c := held.Credentials[0]; strings.Contains(c.UserName+c.UserDisplayName, member) || c.RpID != "localhost" {
		t.Errorf("the authenticator knows %q, %q at %q", c.UserName, c.UserDisplayName, c.RpID)
	}

	p.Goto("http://" + p.host + "/sites")
	p.at("/unlock")
	verified := func(yes bool) {
		t.Helper()
		if _, err := chromedp.Call(p.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: made.AuthenticatorID, IsUserVerified: yes}); err != nil {
			t.Fatal(err)
		}
	}
	p.Inspect("unlock-passkey")
	verified(false)
	p.Click("[data-passkey] button")
	p.Until("it is said that it failed", `document.querySelector('[data-passkey] [role=status]').textContent.trim()`)
	p.at("/unlock")
	verified(true)
	p.Follow("[data-passkey] button")
	p.at("/sites")
	p.See("Albergue Belén")
}

// Two people on one laptop: one invites the other from page to page, both work at once in two browsers, each with what
// their roles open; and the one who is revoked is out at once.
func TestTwoMembersOnOneLaptop(t *testing.T) {
	for _, size := range []Size{laptop, phone} {
		t.Run(size.Name, func(t *testing.T) {
			address := site(t)
			head := open(t, size, true)
			foundQuietly(head, address)
			head.Follow("[href='/members']")
			head.at("/members")
			head.Inspect("members")
			head.Follow("[href='/members/invite']")
			head.Inspect("member-invite")
			head.Pick("roles", "logistician")
			head.Follow("#form .go")
			head.Until("the invitation", `document.querySelector('#paper-text')`)
			head.Inspect("member-invited")
			invitation := eval[string](head, `document.querySelector('#paper-text').value`)

			guest := open(t, size, false) // without its script
			guest.Goto(address + "/join")
			guest.Inspect("join")
			eval[bool](guest, `(document.querySelector('[name=invitation]').value = `+quote(invitation)+`, true)`)
			guest.Fill("[name=member]", "Beto")
			guest.Fill("[name=passphrase]", "tres erizos bajo lluvia")
			guest.Fill("[name=again]", "tres erizos bajo lluvia")
			guest.Follow("#form .go")
			guest.Inspect("join-done")
			answer := eval[string](guest, `document.querySelector('#paper-text').value`)

			head.Goto(address + "/members")
			eval[bool](head, `(document.querySelector('[name=answer]').value = `+quote(answer)+`, true)`)
			head.Follow("#form .go")
			head.See("Beto")
			head.Inspect("members-two")

			guest.Goto(address + "/unlock")
			guest.Inspect("unlock-two")
			guest.Click("Beto")
			guest.Fill("[name=passphrase]", "tres erizos bajo lluvia")
			guest.Follow("#form .go")
			guest.at("/board")
			guest.NotSee(`href="/members"`)
			if eval[bool](guest, `!!document.querySelector('[href="/find"]')`) {
				t.Error("a logistician is offered to find people")
			}
			head.Goto(address + "/board")
			head.See("Albergue Belén")

			head.Goto(address + "/members")
			head.Follow("Cambiar Beto")
			head.Inspect("member")
			head.Follow("[href$='/revoke']")
			head.Inspect("member-revoke")
			head.Fill("[name=reason]", "Prueba")
			head.Follow("#form .go")
			head.at("/members")
			guest.Goto(address + "/headcount")
			guest.at("/unlock")
			guest.NotSee("Albergue")
		})
	}
}
