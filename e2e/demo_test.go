package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// door is where one of the demo's nodes opens, and with what.
type door struct{ site, address, member, passphrase string }

var doors = regexp.MustCompile(`(?m)^  (\S.*?) +(http://localhost:\d+)\n +[^:\n]+: (.+?)   [^:\n]+: (.+)$`)

// theDemo starts the demo and reads what it prints for people.
func theDemo(t *testing.T) map[string]door {
	t.Helper()
	t.Setenv("AMPARO_LANG", "es")
	p := start(t, "demo", "--dir", t.TempDir(), "--people", "80", "--seed", "7", "--addr", "127.0.0.1:0")
	p.await(`(?s)(http://localhost:\d+.*){4}Ctrl\+C`, 3*time.Minute)
	open := map[string]door{}
	for _, m := range doors.FindAllStringSubmatch(p.text(), -1) {
		for _, place := range []string{"Tapachula", "Coatzacoalcos", "Reynosa"} {
			if strings.Contains(m[1], place) {
				open[place] = door{m[1], m[2], m[3], m[4]}
			}
		}
		if open["coordination"].address == "" {
			open["coordination"] = door{m[1], m[2], m[3], m[4]} // the first it prints
		}
	}
	if len(open) != 4 {
		t.Fatalf("the demo should print four doors; it said\n%s", p.text())
	}
	return open
}

// enter unlocks a node of the demo.
func enter(t *testing.T, d door, size Size, script bool) *Page {
	t.Helper()
	p := open(t, size, script)
	p.Goto(d.address + "/")
	p.at("/unlock")
	p.Fill("[name=passphrase]", d.passphrase)
	p.Follow("#form .go")
	p.at("/board")
	return p
}

func (p *Page) base() string { return "http://" + p.host }

// exchange presses the button on the page of what is only here, and waits until nothing is.
func (p *Page) exchange() {
	p.t.Helper()
	p.Goto(p.base() + "/pending")
	p.Follow("[action='/exchange'] button")
	p.at("/pending")
}

// The promise of the first page of the README: a person registered in Tapachula opens in Reynosa with the whole timeline.
func TestThePersonRegisteredInTapachulaOpensInReynosa(t *testing.T) {
	demo := theDemo(t)

	south := enter(t, demo["Tapachula"], laptop, true)
	south.pictures = []string{"pending"}
	south.Goto(south.base() + "/find")
	south.Fill("[name=q]", "Wilfredo Xolocotzi")
	south.Until("an answer while typing", `document.querySelector('#register-new')`)
	south.Follow("#register-new")
	south.Fill("[name=birth]", "~1991")
	south.Fill("[name=nationality]", "El Salvador")
	south.Pick("consent", "care")
	south.Pick("consent", "sharing")
	south.Follow("#form .go")
	person := south.Path()
	south.Goto(south.base() + person + "/visit")
	south.Fill("[name=reason]", "Ampollas en los pies")
	south.Follow("#form .go")
	south.Goto(south.base() + person + "/consultation/medical")
	south.Fill("[name=note]", "Curación de ambos pies.")
	south.Follow("#form .go")
	south.Goto(south.base() + "/pending")
	south.Inspect("pending")
	south.exchange()

	north := enter(t, demo["Reynosa"], phone, true)
	north.exchange()
	north.Goto(north.base() + "/find")
	north.Fill("[name=q]", "wilfrido jolocotsi")
	north.Until("a hit while typing", `document.querySelector('#results [href=`+quote(person)+`]')`)
	north.Follow("#results [href='" + person + "']")
	for _, text := range []string{"Xolocotzi", "1991", "El Salvador", "Ampollas en los pies", "Curación de ambos pies.", demo["Tapachula"].site} {
		north.See(text)
	}
	north.Inspect("person-from-elsewhere")

	// Each writes another telephone before they exchange again: both stay until somebody settles it.
	for _, side := range []struct {
		page  *Page
		phone string
	}{{south, "962 555 0101"}, {north, "899 555 0202"}} {
		side.page.Goto(side.page.base() + person + "/edit")
		side.page.Fill("[name=phone]", side.phone)
		side.page.Follow("#form .go")
		side.page.at(person)
	}
	south.exchange()
	north.exchange()
	south.exchange()
	for _, side := range []*Page{south, north} {
		side.Goto(side.base() + person)
		side.See("962 555 0101")
		side.See("899 555 0202")
		side.See(demo["Tapachula"].member)
		side.See(demo["Reynosa"].member)
	}
	north.Inspect("person-with-rivals")
	north.Click(".rival [name=says]")
	north.Follow(".rival button")
	north.at(person)
	if eval[bool](north, `document.querySelector('form.rival') !== null`) {
		t.Errorf("settled and still asked\n%s", north.describe())
	}
	north.exchange()
	south.exchange()
	south.Goto(south.base() + person)
	if eval[bool](south, `document.querySelector('form.rival') !== null`) {
		t.Errorf("settled in Reynosa and still asked in Tapachula\n%s", south.describe())
	}
}

// Every page of a workspace that has lived for weeks, at both sizes, with and without script.
func TestPagesFullOfWork(t *testing.T) {
	demo := theDemo(t)
	for _, size := range []Size{laptop, phone} {
		for _, script := range []bool{true, false} {
			p := enter(t, demo["Reynosa"], size, script)
			if script {
				p.pictures = []string{"board", "find", "conflicts", "person", "summary", "consultation", "series"}
			}
			p.Goto(p.base() + "/find")
			p.Fill("[name=q]", "maria") // somebody like that is in every story
			if script {
				p.Until("hits while typing", `document.querySelector('#results .hits a')`)
			} else {
				p.Follow("#form .go")
			}
			p.Inspect("find")
			if size == laptop && script {
				fillTheQueue(p)
			}
			p.Goto(p.base() + "/board")
			p.Inspect("board")

			p.Goto(p.base() + "/conflicts")
			p.Inspect("conflicts")
			p.Follow("#main h2 a[href^='/people/']")
			p.Inspect("person")
			person := p.Path()
			for _, page := range []string{"summary", "edit", "visit", "consultation/medical", "consultation/mental_health", "consultation/social"} {
				p.Goto(p.base() + person + "/" + page)
				p.Inspect(strings.TrimSuffix(page, "/medical"))
			}

			for _, page := range []string{"sites", "series", "pending", "flow", "headcount", "keys", "about"} {
				p.Goto(p.base() + "/" + page)
				name := page
				if page == "pending" {
					name = "pending-full" // its picture is taken where something is pending
				}
				p.Inspect(name)
			}
		}
	}
}

// fillTheQueue opens a visit for each of the first people found: the story may have ended at night.
func fillTheQueue(p *Page) {
	p.t.Helper()
	hits := eval[[]string](p, `[...document.querySelectorAll('#results .hits a')].map(a => a.pathname)`)
	services := []string{"medical", "social", "mental_health", "medical", "distribution"}
	for i, person := range hits[:min(len(hits), len(services))] {
		p.Goto(p.base() + person + "/visit")
		p.Pick("service", services[i])
		p.Follow("#form .go")
		p.at(person)
	}
}

// The figures come with the whole of their source: what is shown, its table, its unit, who published it, and the file.
func TestTheFiguresShowTheirSource(t *testing.T) {
	demo := theDemo(t)
	p := enter(t, demo["coordination"], laptop, true)
	p.Goto(p.base() + "/series")
	for _, selector := range []string{"#main svg[role=img], #main figure svg", "#main table caption", "#main tfoot", "#main a[download]"} {
		if !eval[bool](p, `document.querySelector(`+quote(selector)+`) !== null`) {
			t.Errorf("the page of figures has no %s\n%s", selector, p.describe())
		}
	}
	p.See("U.S. Customs and Border Protection")
	// The downloaded file gives the same rows as the table.
	file := eval[string](p, `fetch(document.querySelector('#main a[download]').href).then(r => r.text())`)
	rows := strings.Count(strings.TrimSpace(file), "\n")
	if shown := eval[int](p, `document.querySelectorAll('#main tbody tr').length`); rows < shown || rows == 0 {
		t.Errorf("the file has %d rows, the table %d", rows, shown)
	}
}
