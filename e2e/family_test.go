package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// A sister looks for her brother; he is registered, compared, asked alone, and only then is she told.
func TestAFamilyThatWasParted(t *testing.T) {
	for _, w := range []struct {
		size   Size
		script bool
		keys   bool
	}{{phone, true, false}, {laptop, false, true}} {
		t.Run(fmt.Sprintf("%s, script %v", w.size.Name, w.script), func(t *testing.T) {
			p := signedIn(t, w.size, w.script)
			sister := registerNamed(p, given, surname1, "34")
			p.byKeys = w.keys
			seekABrother(p, sister)
			p.byKeys = false
			brother := registerNamed(p, "Tomás", surname1, "19")
			p.See("Hablar a solas")
			p.NotSee(given) // nobody beside the screen learns who seeks
			p.Goto("http://" + p.host + sister)
			p.NotSee("Hablar a solas")
			p.byKeys = w.keys
			askAndTell(p)
			p.byKeys = false
			for person, other := range map[string]string{sister: "Tomás", brother: given} {
				p.Goto("http://" + p.host + person + "/family")
				p.See(other)
			}
		})
	}
}

// registerNamed registers somebody and gives their address.
func registerNamed(p *Page, given, surname, age string) string {
	p.t.Helper()
	p.Goto("http://" + p.host + "/find")
	p.Fill("[name=q]", given+" "+surname)
	if p.script {
		p.Until("an answer while typing", `document.querySelector('#register-new')`)
	} else {
		p.Follow("#form .go")
	}
	p.Follow("#register-new")
	p.at("/register")
	p.Fill("[name=given]", given)
	p.Fill("[name=surname1]", surname)
	p.Fill("[name=birth]", age)
	p.Follow("#form .save .go")
	p.Until("the person's page", `location.pathname.startsWith('/people/')`)
	return p.Path()
}

func seekABrother(p *Page, sister string) {
	p.t.Helper()
	p.Goto("http://" + p.host + sister + "/family")
	p.Inspect("family-none")
	p.Go("[href='" + sister + "/family/seek']")
	p.at(sister + "/family/seek")
	p.Put("[name=given]", "Tomás")
	p.Put("[name=surname1]", surname1)
	p.Pick("relation", "sibling")
	p.Put("[name=birth]", "como 18")
	p.Put("[name=where]", "Tapachula, Chiapas")
	p.Pick("how", "raid")
	p.Pick("consent", "given")
	p.Put("[name=language]", "español")
	p.Go("#form .save .go")
	p.expectFault("status of 422") // it was not said that it was understood
	p.Until("the fault is named", `document.querySelector('[role=alert] [href="#sure"]')`)
	p.Inspect("family-seek-faults")
	p.Pick("sure", "understood")
	p.Pick("services", "cruz_roja")
	p.Pick("share", "sought")
	p.Go("#form .save .go")
	p.at(sister + "/family")
	p.See("Tomás " + surname1)
	p.Inspect("family")
	p.Go("[href$='/sheet']")
	p.See("Tomás " + surname1)
	p.NotSee(given) // she agreed to say whom she looks for, and not who she is
	p.Inspect("family-sheet")
}

func askAndTell(p *Page) {
	p.t.Helper()
	p.Goto("http://" + p.host + "/board")
	p.Go("[href='/families']")
	p.at("/families")
	p.NotSee(surname1) // a list is read over a shoulder
	p.Inspect("families")
	p.Go("#main [href^='/families/']")
	p.Until("the two side by side", `location.pathname.startsWith('/families/')`)
	proposal := p.Path()
	p.Inspect("family-proposal")
	p.Pick("verdict", "same")
	p.Go("#form .save .go")
	p.at(proposal)
	p.Pick("answer", "agrees")
	p.Go("#form .save .go")
	p.expectFault("status of 422") // nobody asked him alone
	p.Until("the fault is named", `document.querySelector('[role=alert] [href="#sure"]')`)
	p.Pick("sure", "alone")
	p.Go("#form .save .go")
	p.at("/families")
	p.Goto("http://" + p.host + proposal)
	p.Inspect("family-proposal-tell")
	p.Go("[name=told]")
	p.at("/families")
	if strings.Contains(p.Text(), "…") {
		p.t.Error("a proposal that came to its end is still to be worked on")
	}
}
