package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// Task times by the keystroke-level model (Card, Moran, Newell 1980): what a practised person needs for the keys that
// the test really pressed, plus a moment of thought before each box. The machine's own time stands beside it in the log.
const (
	perKey   = 0.20 // seconds, an average skilled typist
	perThink = 1.35 // seconds, before each thing that is not yet in the fingers
)

// task does something by keyboard and holds it against the seconds it may take.
func task(t *testing.T, p *Page, name string, thinks int, most float64, act func()) {
	t.Helper()
	keys, began := p.keys, time.Now()
	act()
	pressed := p.keys - keys
	estimate := perKey*float64(pressed) + perThink*float64(thinks)
	if estimate > most {
		t.Errorf("%s: %d keys, %.1f s; at most %.0f s are allowed", name, pressed, estimate, most)
	}
	t.Logf("%s: %d keys and %d moments of thought, %.1f s of at most %.0f (the machine took %s)",
		name, pressed, thinks, estimate, most, time.Since(began).Round(time.Millisecond))
}

// next goes on with Enter to the box of that name, as the sheet's own keys do.
func (p *Page) next(name string) {
	p.t.Helper()
	for range maxTabs {
		if eval[bool](p, `document.activeElement.name === `+quote(name)) {
			return
		}
		p.Press(kb.Enter)
	}
	p.t.Fatalf("Enter does not lead to %s\n%s", name, p.describe())
}

// save presses Ctrl and Enter and waits for the page it leads to.
func (p *Page) save() {
	p.t.Helper()
	p.leaving(func() { p.Press(kb.Enter, kb.ModifierCtrl) })
}

func TestTheMinuteOfThePersonAtTheTable(t *testing.T) {
	p := signedIn(t, laptop, true)
	p.byKeys = true

	task(t, p, "a new person", 9, 30, func() {
		p.Press("/")
		p.Until("the search box has the focus", `document.activeElement.name === 'q'`)
		p.Type("Josefina Zárate")
		p.Until("an answer while typing", `document.querySelector('#register-new')`)
		p.Go("#register-new")
		// What was searched stands in the sheet already.
		p.next("surname2")
		p.Type(surname2)
		p.next("birth")
		p.Type("27 3 91")
		p.next("nationality")
		p.Type("hond")
		p.next("sex")
		p.Press(" ")
		p.save()
	})
	person := p.Path()
	p.See("1991")
	p.See("Honduras")

	p.Goto("http://" + p.host + "/board")
	task(t, p, "from search to the open record", 2, 5, func() {
		p.Press("/")
		p.Until("the search box has the focus", `document.activeElement.name === 'q'`)
		p.Type("zarate")
		p.Until("a hit while typing", `document.querySelector('#results .hits a')`)
		p.Press(kb.ArrowDown)
		p.Enter()
		p.at(person)
	})

	task(t, p, "a follow-up visit", 3, 10, func() {
		p.Press("n")
		p.at(person + "/visit")
		p.next("reason")
		p.Type("control")
		p.save()
		p.at(person)
	})
	p.Goto("http://" + p.host + "/board")
	p.See("J. Z. Q.")
}
