package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// A family at the table: the daughter after her mother, by keyboard, and a boy alone who is led to what is due to him.
func TestAFamilyAndAChildAloneByKeyboard(t *testing.T) {
	p := signedIn(t, laptop, true)
	p.byKeys = true

	look := func(name string) {
		p.Press("/")
		p.Until("the search box has the focus", `document.activeElement.name === 'q'`)
		p.Type(name)
		p.Until("an answer while typing", `document.querySelector('#register-new')`)
		p.Go("#register-new")
	}
	look("Rosalba Quiñónez")
	p.next("birth")
	p.Type("34")
	p.save()
	mother := p.Path()

	task(t, p, "her daughter", 8, 30, func() {
		look("Yareli Quiñónez")
		p.next("birth")
		p.Type("9")
		p.next("company")
		p.Press(kb.ArrowDown) // with her
		p.Press(kb.ArrowDown) // of her family
		p.save()
	})
	p.See("Rosalba")
	if p.Path() == mother {
		t.Fatal("the daughter has no page of her own")
	}

	p.Goto("http://" + p.host + "/board")
	task(t, p, "a boy alone", 8, 30, func() {
		look("Elíseo Tzul")
		p.next("birth")
		p.Type("16")
		p.next("company")
		p.Press(" ")
		p.save()
	})
	if path := p.Path(); path[len(path)-len("/child"):] != "/child" {
		t.Fatalf("a child alone leads to %s", path)
	}
	p.See("LGDNNA")
	p.Go("#done-notice")
	p.See("Procuraduría")
	if eval[int](p, `document.querySelectorAll("#step-notice strong").length`) != 1 {
		t.Error("the step that was done does not say so")
	}
	p.Goto("http://" + p.host + "/board")
	p.Go("1 niña, niño o adolescente sin su familia")
	p.See("E. T.") // lists name nobody
}

// A bus: how many, one family in a line, one alone, and who is to be completed waits on a list.
func TestABusArrives(t *testing.T) {
	p := signedIn(t, laptop, true)
	p.byKeys = true
	p.Goto("http://" + p.host + "/board")
	p.Go("Llega un grupo")
	p.Until("the total has the focus", `document.activeElement.name === 'total'`)
	task(t, p, "forty on a bus, two by name", 8, 40, func() {
		p.Type("40")
		p.next("nationality")
		p.Type("hondureña")
		p.next("given-1")
		p.Type("Marta")
		p.next("birth-1")
		p.Type("como 30")
		p.next("size-1")
		p.Type("4")
		p.next("given-2")
		p.Type("Nahún")
		p.save()
	})
	if path := p.Path(); path != "/incomplete" {
		t.Fatalf("the bus leads to %s", path)
	}
	p.See("Marta")
	p.See("Nahún")
}
