package e2e

import (
	"fmt"
	"testing"
)

// What a person may ask for: they are read their choices, say yes and take it back, have their record restricted and shown again,
// take a copy along, and have it erased.
func TestWhatAPersonMayAskFor(t *testing.T) {
	for _, w := range []struct {
		size   Size
		script bool
	}{{phone, true}, {laptop, false}} {
		t.Run(fmt.Sprintf("%s, script %v", w.size.Name, w.script), func(t *testing.T) {
			p := signedIn(t, w.size, w.script)
			if w.script {
				p.pictures = []string{"consent", "consent-read"}
			}
			person := registerQuietly(p)
			turnToThem(p, person)
			putRight(p, person)
			tellTheWay(p, person)
			decide(p, person)
			restrictAndLift(p, person)
			p.Goto("http://" + p.host + person + "/copy?lang=fr")
			p.See(surname1)
			p.Inspect("copy")
			p.Goto("http://" + p.host + "/retention")
			p.Inspect("retention")
			erase(p, person)
			p.Goto("http://" + p.host + "/erasures")
			p.NotSee(surname1)
			p.Inspect("erasures")
			p.Go("[href^='/erasures/']")
			p.NotSee(surname1)
			p.Inspect("erasure")
		})
	}
}

// registerQuietly registers the person of the walk without looking at the pages and gives their address.
func registerQuietly(p *Page) string {
	p.t.Helper()
	p.Goto("http://" + p.host + "/find")
	p.Fill("[name=q]", given+" "+surname1)
	if p.script {
		p.Until("an answer while typing", `document.querySelector('#register-new')`)
	} else {
		p.Follow("#form .go")
	}
	p.Follow("#register-new")
	p.at("/register")
	p.Fill("[name=given]", given)
	p.Fill("[name=surname1]", surname1)
	p.Follow("#form .go")
	p.Until("the person's page", `location.pathname.startsWith('/people/')`)
	return p.Path()
}

// turnToThem shows the person what they may ask for, in another language with one tap, without anybody's name.
func turnToThem(p *Page, person string) {
	p.t.Helper()
	p.Go("[href='" + person + "/rights']")
	p.at(person + "/rights")
	p.NotSee(surname1)
	p.Inspect("rights")
	p.Go("[href='" + person + "/rights?lang=ht']")
	p.Until("the page in Creole", `document.documentElement.lang === 'ht'`)
	p.NotSee(surname1)
	p.Inspect("rights-creole")
	p.Go("[href='" + person + "/history?lang=ht']")
	p.at(person + "/history")
	p.Goto("http://" + p.host + person)
}

// putRight corrects a name from the history, which tells both afterwards.
func putRight(p *Page, person string) {
	p.t.Helper()
	p.Goto("http://" + p.host + person + "/history")
	p.Click("#same")
	p.Go("[href='" + person + "/edit#given']")
	p.at(person + "/edit")
	p.Put("[name=given]", "Marisol")
	p.Go("#form .save .go")
	p.at(person)
	p.Go("[href='" + person + "/history']")
	p.at(person + "/history")
	p.See("Marisol")
	p.See(given)
	p.Inspect("history")
	p.Goto("http://" + p.host + person + "/edit")
	p.Put("[name=given]", given)
	p.Go("#form .save .go")
	p.at(person)
}

// tellTheWay writes a leg down and puts it right.
func tellTheWay(p *Page, person string) {
	p.t.Helper()
	p.Goto("http://" + p.host + person + "/journey")
	p.Inspect("journey-empty")
	p.Go("[href='" + person + "/journey?add=leg#add']")
	p.Put("[name=origin]", "Honduras")
	p.Put("[name=place]", "calle 5 norte")
	p.Pick("transport", "bus")
	p.Go("#form .save .go")
	p.expectFault("status of 422") // a street is no place to be written down
	p.Until("the fault is named", `document.querySelector('[role=alert] [href="#place"]')`)
	p.Inspect("journey-faults")
	p.Put("[name=place]", "Tapachula, Chiapas")
	p.Go("#form .save .go")
	p.Until("one part", `document.querySelectorAll('.time > li').length === 1`)
	p.Go("[href*='mend=']")
	p.Put("[name=ended]", "marzo 2025")
	p.Go("#form .save .go")
	p.Until("it is put right", `document.querySelectorAll('.time > li').length === 1 && !document.querySelector('#add')`)
	p.See("2025")
	p.Inspect("journey")
	p.Goto("http://" + p.host + person)
	p.See("Tapachula")
}

func decide(p *Page, person string) {
	p.t.Helper()
	p.Go("[href='" + person + "/consent']")
	p.at(person + "/consent")
	p.Go("[href='" + person + "/consent/read']")
	p.at(person + "/consent/read")
	p.NotSee(surname1) // it may be read over a shoulder
	p.Inspect("consent-read")
	p.Go("[href='" + person + "/consent#ask']")
	p.at(person + "/consent")
	p.Pick("purposes", "sharing")
	p.Pick("answer", "given")
	p.Put("[name=language]", "español")
	p.Pick("medium", "thumbprint")
	p.Go("#form .save .go")
	p.expectFault("status of 422") // it was not said that it was understood
	p.Until("the fault is named", `document.querySelector('[role=alert] [href="#sure"]')`)
	p.Inspect("consent-faults")
	p.Pick("sure", "understood")
	p.Go("#form .save .go")
	p.Until("one answer", `document.querySelectorAll('.time > li').length === 1`)
	p.Inspect("consent")
	p.Pick("purposes", "sharing")
	p.Pick("answer", "withdrawn")
	p.Go("#form .save .go")
	p.Until("two answers", `document.querySelectorAll('.time > li').length === 2`)
	p.Goto("http://" + p.host + person)
	p.See(surname1) // at its home it stays
}

func restrictAndLift(p *Page, person string) {
	p.t.Helper()
	p.Go("[href='" + person + "/restrict']")
	p.at(person + "/restrict")
	p.Inspect("restrict")
	p.Put("[name=reason]", "Lo pidió al salir")
	p.Put("[name=authority]", "La propia persona")
	p.Go("#form .save .go")
	p.Until("the way back", `document.querySelector('#lift-form')`)
	p.NotSee(surname1)
	p.Inspect("restricted")
	notFound(p)
	p.Goto("http://" + p.host + person + "/restrict")
	p.Put("[name=lift_reason]", "Ella lo pide")
	p.Go("#lift-form button")
	p.Until("shown again", `document.querySelector('.who')`)
	p.See(surname1)
}

func erase(p *Page, person string) {
	p.t.Helper()
	p.Goto("http://" + p.host + person)
	p.Go("[href='" + person + "/erase']")
	p.at(person + "/erase")
	p.Inspect("erase")
	p.Pick("reason", "asked_by_person")
	p.Put("[name=authority]", "La propia persona")
	p.Pick("sure", "forever")
	p.Go("#form .save .go")
	p.at("/find")
	notFound(p)
}

// notFound searches for the person of the walk, whom nobody may find.
func notFound(p *Page) {
	p.t.Helper()
	p.Goto("http://" + p.host + "/find")
	p.Fill("[name=q]", given+" "+surname1)
	if p.script {
		p.Until("an answer while typing", `document.querySelector('#register-new')`)
	} else {
		p.Follow("#form .go")
	}
	if hit := eval[bool](p, `!!document.querySelector('#results .hits a')`); hit {
		p.t.Errorf("the person is found\n%s", p.describe())
	}
}

// Reading aloud is offered only where this machine itself has a voice of the language, and says the page without its buttons.
func TestReadingAloudStaysOnThisMachine(t *testing.T) {
	p := signedIn(t, phone, true)
	person := registerQuietly(p)
	for _, page := range []string{"/rights", "/consent/read"} {
		p.Goto("http://" + p.host + person + page + "?lang=fr")
		const hidden = `document.querySelector('[data-speak]').hidden`
		has := func(voices string) {
			eval[bool](p, `(() => { speechSynthesis.getVoices = () => `+voices+`; speechSynthesis.onvoiceschanged(); return true })()`)
		}
		has(`[{lang: 'fr-FR', localService: false}, {lang: 'es-MX', localService: true}]`)
		if !eval[bool](p, hidden) {
			t.Error("a voice from elsewhere, or of another language, is offered")
		}
		has(`[{lang: 'fr-CA', localService: true}]`)
		if eval[bool](p, hidden) {
			t.Fatal("the voice of this machine is not offered")
		}
		eval[bool](p, `(() => { globalThis.heard = []; globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text } }; speechSynthesis.speak = (said) => heard.push(said); return true })()`)
		p.Click("[data-speak]")
		p.Until("something is said", `heard.length > 5 && heard.every(said => said.lang === 'fr' && said.voice.localService)`)
		if extra := eval[int](p, `heard.length - document.querySelectorAll('.aloud :is(h1,h2,p)').length + document.querySelectorAll('.aloud [data-mute]').length`); extra != 0 {
			t.Errorf("%d more was said than stands on the page without its buttons", extra)
		}
		p.Inspect("aloud-voice")
	}
}
