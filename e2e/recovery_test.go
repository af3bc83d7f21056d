package e2e

import "testing"

// Keys on paper: made by who founded the workspace, with and without the script, shown once and named afterwards.
func TestKeysOnPaper(t *testing.T) {
	for _, script := range []bool{true, false} {
		p := signedIn(t, phone, script)
		p.Goto("http://" + p.host + "/members")
		p.Go("[href='/members/recovery']")
		p.at("/members/recovery")
		p.Inspect("recovery")
		p.Pick("sheets", "of3")
		p.Put("[name=passphrase]", passphrase)
		p.Go("#form .save .go")
		p.Until("three sheets", `document.querySelectorAll('.share').length === 3`)
		p.Until("36 words", `document.querySelectorAll('.share:first-of-type ol.strong > li').length === 36`)
		p.Inspect("recovery-made")
		words := eval[string](p, `[...document.querySelectorAll('.share')].slice(0, 2).map(s => [...s.querySelectorAll('ol.strong > li')].map(l => l.textContent).join(' ')).join('\n')`)
		set := eval[string](p, `document.querySelector('.share .soft').textContent.match(/[0-9A-F]{4}-[0-9A-F]{4}/)[0]`)
		p.Goto("http://" + p.host + "/members/recovery")
		p.Until("no sheet", `document.querySelectorAll('.share').length === 0`)
		p.See(set + " (2/3)")
		p.Inspect("recovery-set")
		p.Goto("http://" + p.host + "/members")
		p.NotSee(set) // paper is nobody

		guest := p.another() // who forgot, at the same machine
		guest.Goto("http://" + p.host + "/unlock")
		guest.Inspect("unlock")
		guest.Go("[href='/recover']")
		guest.at("/recover")
		guest.Inspect("revive")
		const fresh = "seis nubes sobre el muelle"
		eval[bool](guest, `(document.querySelector('[name=sheets]').value = `+quote(words)+`, true)`)
		guest.Put("[name=passphrase]", fresh)
		guest.Put("[name=again]", "otra cosa")
		guest.Go("#form .row .go")
		guest.expectFault("status of 422")
		guest.Inspect("revive-faults")
		guest.Put("[name=passphrase]", fresh)
		guest.Put("[name=again]", fresh)
		guest.Go("#form .row .go")
		guest.Until("the way in", `document.querySelector('main .go[href="/unlock"]')`)
		guest.Inspect("revive-done")
	}
}
