package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// Whoever asks for the keys in the middle of a sheet finds the sheet as it was, and goes on where they were.
func TestTheKeysAreShownOverTheSheet(t *testing.T) {
	p := signedIn(t, laptop, true)
	p.byKeys = true
	p.Press("/")
	p.Until("the search box has the focus", `document.activeElement.name === 'q'`)
	p.Type("Ramona Quej")
	p.Until("an answer while typing", `document.querySelector('#register-new')`)
	p.Go("#register-new")
	p.next("birth")
	p.Type("33")
	p.next("sex")
	p.Press("?")
	p.Until("the keys to be shown", `document.querySelector('dialog[open]')`)
	p.See("Ctrl")
	if faults := p.inspect(); len(faults) > 0 {
		t.Error(faults)
	}
	p.Press(kb.Enter) // on the button that closes them
	p.Until("the sheet to be back", `!document.querySelector('dialog') && document.activeElement.name === 'sex' && document.querySelector('#birth').value === '33'`)
	p.save()
	p.See("Ramona")
}
