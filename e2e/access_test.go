package e2e

import (
	"fmt"
	"testing"
)

// Who can read a record stands on it in words; who opened it is two steps away; a restricted one is opened in need with a
// reason, which then stands on it until somebody else has looked at it.
func TestWhoReads(t *testing.T) {
	for _, w := range []struct {
		size   Size
		script bool
	}{{phone, true}, {laptop, false}} {
		t.Run(fmt.Sprintf("%s, script %v", w.size.Name, w.script), func(t *testing.T) {
			p := signedIn(t, w.size, w.script)
			if w.script {
				p.pictures = []string{"access", "audit", "person-glass"}
			}
			person := registerQuietly(p)
			p.Until("who can read it", `document.querySelector('#readers')`)
			p.Go("[href='" + person + "/access']")
			p.at(person + "/access")
			p.Inspect("access")

			p.Goto("http://" + p.host + person + "/restrict")
			p.Put("[name=reason]", "Lo pidió al salir")
			p.Put("[name=authority]", "La propia persona")
			p.Go("#form .save .go")
			p.Until("the way to open it in need", `document.querySelector('[href^="/glass?"]')`)
			p.Go("[href^='/glass?']")
			p.at("/glass")
			p.Go("#form .save .go")
			p.expectFault("status of 422") // no reason was given
			p.Until("the fault is named", `document.querySelector('[role=alert] [href="#reason"]')`)
			p.Inspect("glass-faults")
			p.Put("[name=reason]", "No despierta y tiene fiebre")
			p.Go("#form .save .go")
			p.at(person)
			p.See(surname1)
			p.Until("the reason on the record", `document.querySelector('main .note.warn p')`)
			p.Inspect("person-glass")
			if reviews := eval[bool](p, `!!document.querySelector('[action="/glass/review"]')`); reviews {
				t.Error("who broke the glass may review it")
			}
			p.Goto("http://" + p.host + "/audit")
			p.NotSee(surname1)
			p.Inspect("audit")
			p.Goto("http://" + p.host + "/access")
			p.Inspect("access-all")
			p.Goto("http://" + p.host + person + "/restrict")
			p.Put("[name=lift_reason]", "Ella lo pide")
			p.Go("#lift-form button")
			p.Until("shown again", `document.querySelector('.who')`)
		})
	}
}
