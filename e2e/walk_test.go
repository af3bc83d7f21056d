package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The main path, as a first day at a site: from an empty folder to a person registered, seen and found again.
func TestTheFirstDayAtASite(t *testing.T) {
	walks := []struct {
		size   Size
		script bool
		byKeys bool
	}{
		{laptop, true, true},
		{laptop, false, true},
		{phone, true, false},
		{phone, false, false},
	}
	for _, w := range walks {
		how := "by hand"
		if w.byKeys {
			how = "by keyboard"
		}
		t.Run(fmt.Sprintf("%s, script %v, %s", w.size.Name, w.script, how), func(t *testing.T) {
			address := site(t)
			p := open(t, w.size, w.script)
			p.byKeys = w.byKeys
			if w.script {
				p.pictures = []string{"start", "register"}
			}
			foundWorkspace(p, address)
			openSite(p)
			lockAndUnlock(p, address)
			person := registerSomebody(p)
			visitAndConsult(p, person)
			findAgain(p, person)
			countHeads(p)
		})
	}
}

// foundWorkspace goes through the three screens of a first run.
func foundWorkspace(p *Page, address string) {
	p.t.Helper()
	p.Goto(address + "/")
	p.at("/start")
	p.Inspect("start")
	p.Put("[name=workspace]", workspace)
	p.Put("[name=member]", member)
	p.Go("#form .go")
	p.Inspect("start-passphrase")
	p.Put("[name=passphrase]", passphrase)
	p.Put("[name=again]", passphrase)
	p.Go("#form .go")
	p.at("/start/done")
	p.Inspect("start-done")
	p.Go("#main .go")
}

// openSite opens the shelter everything happens at.
func openSite(p *Page) {
	p.t.Helper()
	p.at("/sites/new")
	p.Inspect("site-new")
	p.Put("[name=name]", "Albergue Belén")
	p.Pick("type", "shelter")
	p.Put("[name=municipality]", "Tapachula, Chiapas")
	p.Pick("services", "medical")
	p.Pick("services", "social")
	p.Go("#form .go")
	p.at("/board")
	p.See("Albergue Belén")
	p.Inspect("board-empty")
}

func lockAndUnlock(p *Page, address string) {
	p.t.Helper()
	p.Go("[action='/lock'] button")
	p.at("/unlock")
	p.Inspect("unlock")
	p.Goto(address + "/board")
	p.at("/unlock")
	p.Put("[name=passphrase]", "no es esta frase")
	p.Go("#form .go")
	p.Until("the fault is named", `document.querySelector('[role=alert]')`)
	p.Inspect("unlock-wrong")
	p.expectFault("status of 422")
	p.Put("[name=passphrase]", passphrase)
	p.Go("#form .go")
	p.at("/board")
}

// The person of the walk. The surname is one that no list of names holds, so that finding it means something.
const (
	given    = "Josefina"
	surname1 = "Zárate"
	surname2 = "Quispe"
)

// registerSomebody searches first, as everybody must, then registers. It gives the person's address.
func registerSomebody(p *Page) string {
	p.t.Helper()
	p.Go("[href='/find']")
	p.at("/find")
	p.Inspect("find-empty")
	p.Put("[name=q]", given+" "+surname1)
	if p.script {
		p.Until("an answer while typing", `document.querySelector('#register-new')`)
	} else {
		p.Go("#form .go")
	}
	p.Inspect("find-nobody")
	p.Go("#register-new")
	p.at("/register")
	p.Put("[name=given]", given)
	p.Put("[name=surname1]", surname1)
	p.Put("[name=surname2]", surname2)
	p.Put("[name=birth]", "27 3 91")
	p.Put("[name=nationality]", "Honduras")
	p.Pick("sex", "f")
	p.Pick("direction", "north")
	p.Pick("groups", "pregnant")
	p.Pick("consent", "care")
	p.Inspect("register")
	p.Go("#form .go")
	p.Until("the person's page", `location.pathname.startsWith('/people/')`)
	p.See(surname1)
	p.See("1991")
	p.Inspect("person-new")
	return p.Path()
}

func visitAndConsult(p *Page, person string) {
	p.t.Helper()
	p.Go("[href='" + person + "/visit']")
	p.at(person + "/visit")
	p.Inspect("visit")
	p.Pick("service", "medical")
	p.Put("[name=reason]", "Dolor de cabeza y mareo")
	p.Go("#form .go")
	p.at(person)
	p.Goto("http://" + p.host + "/board")
	p.See("J. Z. Q.")
	p.NotSee(surname1) // the table by the door shows nobody's name
	p.Inspect("board")
	p.Go("[href='" + person + "']")
	p.Go("[href='" + person + "/consultation/medical']")
	p.Inspect("consultation")
	p.Put("[name=reason]", "Control de embarazo")
	p.Put("[name=note]", "Presión 150/95, edema. Signos de alarma explicados.")
	p.Put("[name=plan]", "Referir hoy.")
	p.Go("#form .go")
	p.Until("the page after saving", `!location.pathname.includes('/consultation/')`)
	p.Goto("http://" + p.host + person)
	p.See("Signos de alarma explicados")
	p.Inspect("person")
	p.Go("[href='" + person + "/summary']")
	p.See(surname1)
	p.Inspect("summary")
}

// findAgain finds the person by a name that was heard and written otherwise, and reads why.
func findAgain(p *Page, person string) {
	p.t.Helper()
	p.Goto("http://" + p.host + "/find")
	p.Put("[name=q]", "yosefina sarate")
	if p.script {
		p.Until("a hit while typing", `document.querySelector('#results .hits a')`)
	} else {
		p.Go("#form .go")
	}
	p.See(surname1)
	if why := eval[string](p, `document.querySelector('#results .why')?.textContent ?? ''`); strings.TrimSpace(why) == "" {
		p.t.Errorf("the hit does not say why it is one\n%s", p.describe())
	}
	p.Inspect("find")
	p.Go("#results [href='" + person + "']")
	p.at(person)
}

func countHeads(p *Page) {
	p.t.Helper()
	p.Goto("http://" + p.host + "/headcount")
	p.Inspect("headcount")
	p.Put("[name=total]", "164")
	p.Pick("method", "count")
	p.Go("#form .go")
	p.at("/board")
	p.See("164")
	p.Goto("http://" + p.host + "/flow")
	p.Inspect("flow")
}

// at waits until the address is path.
func (p *Page) at(path string) {
	p.t.Helper()
	p.Until("the page "+path, `location.pathname === `+quote(path))
}

// signedIn opens a page of a new workspace with one site.
func signedIn(t *testing.T, size Size, script bool) *Page {
	t.Helper()
	address := site(t) // first, so that it outlives the page
	p := open(t, size, script)
	foundQuietly(p, address)
	return p
}

// foundQuietly is foundWorkspace and openSite without looking at the pages.
func foundQuietly(p *Page, address string) {
	p.t.Helper()
	p.Goto(address + "/")
	p.Fill("[name=workspace]", workspace)
	p.Fill("[name=member]", member)
	p.Follow("#form .go")
	p.Fill("[name=passphrase]", passphrase)
	p.Fill("[name=again]", passphrase)
	p.Follow("#form .go")
	p.Follow("#main .go")
	p.Fill("[name=name]", "Albergue Belén")
	p.Pick("type", "shelter")
	p.Fill("[name=municipality]", "Tapachula, Chiapas")
	p.Follow("#form .go")
	p.at("/board")
}

// Changing the language keeps the page and what was typed on it.
func TestTheLanguageChangesAndNothingTypedIsLost(t *testing.T) {
	for _, script := range []bool{true, false} {
		p := signedIn(t, phone, script)
		p.Goto("http://" + p.host + "/headcount")
		p.Fill("[name=total]", "87")
		for _, tag := range []string{"en", "fr", "pt", "ht", "es"} {
			p.Follow("[name=_lang][value=" + tag + "]")
			p.at("/headcount")
			if got := eval[string](p, `document.documentElement.lang`); !strings.HasPrefix(got, tag) {
				t.Errorf("the page is in %q after choosing %q", got, tag)
			}
			if got := eval[string](p, `document.querySelector('[name=total]').value`); got != "87" {
				t.Errorf("in %s the box holds %q, not what was typed", tag, got)
			}
			p.Inspect("headcount-" + tag)
		}
	}
}

// A form that cannot be saved says so first, keeps what was typed, and leads to what has to be mended.
func TestAFaultTakesTheFocusAndKeepsWhatWasTyped(t *testing.T) {
	p := signedIn(t, laptop, true)
	p.Goto("http://" + p.host + "/sites/new")
	p.Fill("[name=municipality]", "Ningún Lugar")
	p.Follow("#form .go")
	p.expectFault("status of 422")
	p.Until("the summary has the focus", `document.activeElement.matches('[role=alert]')`)
	if got := eval[string](p, `document.querySelector('[name=municipality]').value`); got != "Ningún Lugar" {
		t.Errorf("the box holds %q, not what was typed", got)
	}
	p.Inspect("faults")
	p.Click("[role=alert] a")
	p.Until("the link leads to the box", `document.activeElement.matches('#form input')`)
}

// Quick exit: keys gone, page gone, and the way back shows nothing.
func TestQuickExitLeavesNothingToComeBackTo(t *testing.T) {
	leave := map[string]func(*Page){
		"two Escapes":           func(p *Page) { p.Press(kb.Escape); p.Press(kb.Escape) },
		"the button":            func(p *Page) { p.Click("#leave button") },
		"the button, no script": func(p *Page) { p.Click("#leave button") },
	}
	for name, act := range leave {
		t.Run(name, func(t *testing.T) {
			script := !strings.Contains(name, "no script")
			p := signedIn(t, phone, script)
			p.Goto("http://" + p.host + "/board")
			act(p)
			p.at("/measures")
			for _, secret := range []string{"Albergue", workspace, "Amparo", "amparo"} {
				if strings.Contains(p.Text(), secret) || strings.Contains(eval[string](p, `document.title`), secret) {
					t.Errorf("the page after leaving shows %q", secret)
				}
			}
			p.Inspect("measures")
			p.do(chromedp.NavigateBack())
			p.NotSee("Albergue")
			p.Goto("http://" + p.host + "/board")
			p.NotSee("Albergue")
		})
	}
}

// What a page may weigh on the wire, in bytes, answers' headers included: a shared phone on a metered line.
const (
	firstLoad = 40 << 10
	laterLoad = 12 << 10
)

func TestPagesAreLight(t *testing.T) {
	p := signedIn(t, phone, true)
	fresh := open(t, phone, true)
	if got := fresh.weigh(func() { fresh.Goto("http://" + p.host + "/unlock") }); got == 0 || got > firstLoad {
		t.Errorf("the first page takes %d bytes, at most %d are allowed", got, firstLoad)
	} else {
		t.Logf("first page: %d bytes", got)
	}
	for _, path := range []string{"/board", "/find", "/headcount", "/flow", "/sites", "/pending", "/conflicts", "/about", "/keys"} {
		if got := p.weigh(func() { p.Goto("http://" + p.host + path) }); got == 0 || got > laterLoad {
			t.Errorf("%s takes %d bytes, at most %d are allowed", path, got, laterLoad)
		} else {
			t.Logf("%s: %d bytes", path, got)
		}
	}
}
