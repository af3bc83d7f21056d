package e2e

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axeScript string

const axeSum = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

func TestAxeIsTheFileOfItsPackage(t *testing.T) {
	if sum := sha256.Sum256([]byte(axeScript)); hex.EncodeToString(sum[:]) != axeSum {
		t.Errorf("testdata/axe.min.js is not the file that testdata/PROVENANCE.md names")
	}
}

// Violation is one accessibility rule that a page breaks.
type Violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"` // the elements, as HTML and what is wrong with them
}

// The rules asked for: WCAG 2.2 AA and what axe calls best practice. In the dark only colours can differ.
const (
	allRules   = `{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}`
	colourRule = `{resultTypes: ['violations'], runOnly: {type: 'rule', values: ['color-contrast']}}`
	axeRun     = `axe.run(document, %s).then(r => r.violations.map(v => ({
	id: v.id, impact: v.impact || '', help: v.help, nodes: v.nodes.slice(0, 5).map(n => n.html.slice(0, 300) + '\n\t\t' + (n.failureSummary || '').replace(/\s+/g, ' '))})))`
)

// axe asks axe-core about the page as it stands. It is handed in through the browser's protocol, so the page's own
// content policy stays as it is.
func (p *Page) axe(rules string) []Violation {
	p.t.Helper()
	if !p.script {
		// axe needs timers. What it looks at is the finished page, whose own script has not run and will not.
		p.enableScript(true)
		defer p.enableScript(false)
	}
	if !eval[bool](p, `typeof axe !== 'undefined'`) {
		p.do(chromedp.Evaluate[chromedp.Void](axeScript))
	}
	return eval[[]Violation](p, fmt.Sprintf(axeRun, rules))
}

// inScheme does something while the reader's system is set to light or dark.
func (p *Page) inScheme(scheme string, act func()) {
	p.t.Helper()
	set := func(features []*emulation.MediaFeature) {
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			p.t.Fatal(err)
		}
	}
	set([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}})
	defer set(nil)
	act()
}

// layout is what is measured of every page besides axe's rules.
type layout struct {
	Lang     string   `json:"lang"`
	Title    string   `json:"title"`
	Sideways int      `json:"sideways"` // pixels wider than the screen
	Elements int      `json:"elements"`
	Small    []string `json:"small"` // controls smaller than a finger
	Tiny     []string `json:"tiny"`  // text smaller than 16 px in fields: phones zoom in and lose the page
}

const layoutScript = `(() => {
	const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
	const tell = e => e.outerHTML.slice(0, 160);
	const controls = [...document.querySelectorAll('button, select, textarea, summary, input:not([type=hidden]):not([type=radio]):not([type=checkbox])')].filter(shown);
	// A choice is tapped on its label or on its box, whichever is larger.
	const choices = [...document.querySelectorAll('input[type=radio], input[type=checkbox]')].filter(shown);
	const high = e => e.getBoundingClientRect().height;
	const offscreen = e => { const r = e.getBoundingClientRect(); return r.right <= 0 || r.bottom <= 0 || r.width <= 2 };
	return {
		lang: document.documentElement.lang, title: document.title,
		sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		elements: document.querySelectorAll('*').length,
		small: controls.filter(e => !offscreen(e) && high(e) < 43.5).map(tell)
			.concat(choices.filter(e => Math.max(high(e), ...[...(e.labels || [])].map(high)) < 43.5).map(tell)),
		tiny: controls.filter(e => e.matches('input, select, textarea') && parseFloat(getComputedStyle(e).fontSize) < 16).map(tell),
	};
})()`

// maxElements keeps a page light enough for an old phone.
const maxElements = 1500

// Inspect holds a page against everything that is true of all pages, and takes its picture.
func (p *Page) Inspect(name string) {
	p.t.Helper()
	p.shoot(name)
	for _, fault := range p.inspect() {
		p.t.Errorf("%s (%s): %s", name, p.size.Name, fault)
	}
}

func (p *Page) inspect() []string {
	p.t.Helper()
	var faults []string
	complain := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, look := range []struct{ scheme, rules string }{{"light", allRules}, {"dark", colourRule}} {
		p.inScheme(look.scheme, func() {
			for _, v := range p.axe(look.rules) {
				complain("%s (%s, %s): %s\n\t%s", v.ID, v.Impact, look.scheme, v.Help, strings.Join(v.Nodes, "\n\t"))
			}
		})
	}
	l := eval[layout](p, layoutScript)
	if l.Lang == "" {
		complain("the page does not say its language")
	}
	if strings.TrimSpace(l.Title) == "" {
		complain("the page has no title")
	}
	if l.Sideways > 0 {
		complain("the page is %d px wider than the screen", l.Sideways)
	}
	if l.Elements > maxElements {
		complain("%d elements, more than %d", l.Elements, maxElements)
	}
	for _, e := range l.Small {
		complain("lower than 44 px: %s", e)
	}
	for _, e := range l.Tiny {
		complain("text below 16 px: %s", e)
	}
	if size := p.size; size.Width > 320 { // nobody scrolls sideways on the narrowest phone either
		p.do(chromedp.EmulateViewport(320, 568))
		if sideways := eval[layout](p, layoutScript).Sideways; sideways > 0 {
			complain("at 320 px the page is %d px wider than the screen", sideways)
		}
		options := []chromedp.EmulateViewportOption{}
		if size.Touch {
			options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
		}
		p.do(chromedp.EmulateViewport(size.Width, size.Height, options...))
	}
	return faults
}
