package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Size is a screen to look at the pages on.
type Size struct {
	Name, Suffix  string // Suffix ends the names of pictures
	Width, Height int64
	Touch         bool
}

// The two sizes every walk is made at.
var (
	phone  = Size{"phone", "-phone", 360, 740, true}
	laptop = Size{"laptop", "", 1280, 800, false}
)

// patience is how long a page may take to do what was asked, on a busy machine.
const patience = 20 * time.Second

// Page is one tab in a browser context of its own: no cookie, no cache of another test.
type Page struct {
	t        *testing.T
	ctx      context.Context
	size     Size
	script   bool     // page scripts run
	host     string   // the only host it may ask; set by the first Goto
	pictures []string // the inspected pages whose pictures go into the documents, when pictures are wanted
	byKeys   bool     // Put, Pick and Go use the keyboard alone; otherwise mouse or finger
	keys     int      // pressed so far

	mu     sync.Mutex
	faults []string // console errors, exceptions, blocked content, requests elsewhere
	bytes  float64  // received from the node, as they came over the wire
}

// open makes a tab. script says whether the pages' own script runs.
func open(t *testing.T, size Size, script bool) *Page {
	t.Helper()
	return openIn(t, browser, size, script, chromedp.WithNewBrowserContext())
}

// another makes a second tab of the same browser: the same cookies, the same reader.
func (p *Page) another() *Page {
	p.t.Helper()
	return openIn(p.t, p.ctx, p.size, p.script)
}

func openIn(t *testing.T, within context.Context, size Size, script bool, how ...chromedp.ContextOption) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(within, how...)
	p := &Page{t: t, ctx: ctx, size: size, script: script}
	t.Cleanup(func() {
		cancel()
		for _, fault := range p.takeFaults() {
			t.Errorf("the page complained: %s", fault)
		}
	})
	options := []chromedp.EmulateViewportOption{}
	if size.Touch {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(size.Width, size.Height, options...)); err != nil {
		t.Fatal(err)
	}
	p.enableScript(script)
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	return p
}

// hear collects what a page does wrong behind the reader's back.
func (p *Page) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil && e.ExceptionDetails.Exception.Description != "" {
			text = e.ExceptionDetails.Exception.Description
		}
		p.fault("exception: " + text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			p.fault(fmt.Sprintf("console.%s: %s", e.Type, consoleText(e)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			p.fault(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventLoadingFinished:
		p.mu.Lock()
		p.bytes += e.EncodedDataLength
		p.mu.Unlock()
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ws" || u.Scheme == "wss") {
			p.mu.Lock()
			elsewhere := p.host != "" && u.Host != p.host
			p.mu.Unlock()
			if elsewhere {
				p.fault("asked another host: " + e.Request.URL)
			}
		}
	}
}

func consoleText(e *runtime.EventConsoleAPICalled) string {
	var words []string
	for _, arg := range e.Args {
		if arg.Value != nil {
			words = append(words, string(arg.Value))
		} else {
			words = append(words, arg.Description)
		}
	}
	return strings.Join(words, " ")
}

func (p *Page) fault(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, text)
}

// takeFaults gives what was heard so far and forgets it.
func (p *Page) takeFaults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.faults
	p.faults = nil
	return taken
}

// expectFault takes one fault that the test caused on purpose (a form sent with a mistake answers 422, and the browser
// logs that).
func (p *Page) expectFault(containing string) {
	p.t.Helper()
	take := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		at := slices.IndexFunc(p.faults, func(fault string) bool { return strings.Contains(fault, containing) })
		if at >= 0 {
			p.faults = slices.Delete(p.faults, at, at+1)
		}
		return at >= 0
	}
	for deadline := time.Now().Add(patience / 4); !take(); {
		if time.Now().After(deadline) {
			p.t.Errorf("the browser should have complained of %q", containing)
			return
		}
		p.wait(20 * time.Millisecond)
	}
}

// wait lets the browser do what it announces to nobody.
func (p *Page) wait(d time.Duration) {
	select {
	case <-p.ctx.Done():
		p.t.Fatal(p.ctx.Err())
	case <-time.After(d):
	}
}

func (p *Page) enableScript(on bool) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.describe())
	}
}

// eval asks the page. It works with page scripts switched off too.
func eval[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%v\nin %.300s\n%s", err, expression, p.describe())
	}
	return value
}

// Goto opens an address; anything but a page is a failure.
func (p *Page) Goto(address string) {
	p.t.Helper()
	if p.host == "" {
		u, err := url.Parse(address)
		if err != nil {
			p.t.Fatal(err)
		}
		p.mu.Lock()
		p.host = u.Host
		p.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.Run(ctx, chromedp.NavigateResponse(address))
	if err != nil {
		p.t.Fatalf("open %s: %v", address, err)
	}
	if response.Status >= 400 {
		p.t.Fatalf("%s answered %d\n%s", address, response.Status, p.describe())
	}
}

// Path is where the page is, without host.
func (p *Page) Path() string { return eval[string](p, `location.pathname`) }

// Text is all a reader sees.
func (p *Page) Text() string { return eval[string](p, `document.body.innerText`) }

// Until waits for an expression to become true.
func (p *Page) Until(what, expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		cancel()
		if err == nil && ok {
			return
		}
		// While one page gives way to the next, there is nothing to ask: that is not an error yet.
		if time.Now().After(deadline) {
			if err == nil {
				err = errors.New("it never became so")
			}
			p.t.Fatalf("waited for %s: %v\n%s", what, err, p.describe())
		}
		p.wait(30 * time.Millisecond)
	}
}

// See waits until a text is on the page.
func (p *Page) See(text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("the text %q", text), `document.body.innerText.toLocaleLowerCase().includes(`+quote(strings.ToLower(text))+`)`)
}

// NotSee checks that a text is nowhere in the page, seen or hidden.
func (p *Page) NotSee(text string) {
	p.t.Helper()
	if eval[bool](p, `document.documentElement.outerHTML.includes(`+quote(text)+`)`) {
		p.t.Errorf("%q is on the page and must not be\n%s", text, p.describe())
	}
}

// Press sends one key to whatever has the focus, with Ctrl, Shift or nothing held down.
//
// The key and its letter go out as one event, as a keyboard sends them: a page that takes the key for itself then gets
// no letter. (chromedp.KeyEvent sends two, and the letter lands wherever the page has moved the focus meanwhile.)
func (p *Page) Press(key string, held ...kb.Modifier) {
	p.t.Helper()
	p.keys++
	p.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		for _, r := range key {
			events := kb.Encode(r)
			down, up := *events[0], *events[len(events)-1]
			for _, m := range held {
				down.Modifiers |= int64(m)
				up.Modifiers |= int64(m)
			}
			if len(events) > 2 && len(held) == 0 {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, event := range []input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, event); err != nil {
					return chromedp.Void{}, err
				}
			}
		}
		return chromedp.Void{}, nil
	})
}

// Type types into whatever has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	for _, r := range text {
		p.Press(string(r))
	}
}

// leaving runs what makes the browser go to another page, and waits until that one is there and complete. The mark left
// on the old document tells the two apart, also when the address stays the same.
func (p *Page) leaving(act func()) {
	p.t.Helper()
	eval[bool](p, `(globalThis.leaving = true)`)
	act()
	p.Until("the next page", `globalThis.leaving !== true && document.readyState === 'complete'`)
}

// weigh gives how many bytes came from the node while act went on.
func (p *Page) weigh(act func()) int {
	p.t.Helper()
	total := func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.bytes
	}
	before := total()
	act()
	p.wait(200 * time.Millisecond) // the last answer is counted after it is shown
	return int(total() - before)
}

// Enter presses Enter and waits for the page it leads to.
func (p *Page) Enter() {
	p.t.Helper()
	p.leaving(func() { p.Press(kb.Enter) })
}

// control finds a visible control by the name a screen reader would say, or by a CSS selector when it begins with one of
// "[", "#" and ".": fields are known by the names their actions give them, which no translator changes.
const control = `(name => {
	const clean = s => (s || '').replace(/\s+/g, ' ').trim().toLocaleLowerCase();
	const nameOf = e => {
		const by = e.getAttribute('aria-labelledby');
		if (by) return by.split(/\s+/).map(id => document.getElementById(id)?.textContent).join(' ');
		return e.getAttribute('aria-label') || (e.labels && e.labels.length ? e.labels[0].textContent : '') || e.innerText || e.textContent || e.title;
	};
	const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
	const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].filter(e => shown(e) && !e.disabled);
	if (/^[[#.]/.test(name)) return all.find(e => e.matches(name));
	const wanted = clean(name);
	return all.find(e => clean(nameOf(e)) === wanted) || all.find(e => clean(nameOf(e)).startsWith(wanted)) || all.find(e => clean(nameOf(e)).includes(wanted));
})`

// names lists the controls of a page, for the message when one is missing.
const names = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].map(e =>
	e.tagName.toLowerCase() + ' ' + (e.name || e.id || '') + ' “' + ((e.labels && e.labels[0] ? e.labels[0].textContent : e.innerText) || e.getAttribute('aria-label') || '').replace(/\s+/g, ' ').trim() + '”').join('\n')`

// find waits for a control and marks it, so that the browser's protocol can name it.
func (p *Page) find(name string) chromedp.CSS {
	p.t.Helper()
	mark := `(e => { if (!e) return false; document.querySelectorAll('[data-e2e]').forEach(o => o.removeAttribute('data-e2e')); e.setAttribute('data-e2e', ''); return true })(` +
		control + `(` + quote(name) + `))`
	p.Until(fmt.Sprintf("a control called %q", name), mark)
	return chromedp.CSS("[data-e2e]")
}

// Click clicks (or taps) a control by its name; Follow does and waits for the page it leads to.
func (p *Page) Click(name string) {
	p.t.Helper()
	at := p.find(name)
	// A finger goes where nothing lies over the control, in the middle of the screen.
	eval[bool](p, `(e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); return true })(document.querySelector('[data-e2e]'))`)
	if p.size.Touch {
		p.do(chromedp.Tap(at))
		return
	}
	p.do(chromedp.Click(at))
}

// Follow clicks a link or button and waits for the page it leads to.
func (p *Page) Follow(name string) {
	p.t.Helper()
	p.leaving(func() { p.Click(name) })
}

// Fill puts a value into a field by its label, as fingers would.
func (p *Page) Fill(label, value string) {
	p.t.Helper()
	at := p.find(label)
	p.do(chromedp.Focus(at))
	eval[bool](p, `(e => { if (e.select) e.select(); return true })(document.activeElement)`)
	p.Type(value)
}

// maxTabs is how many presses of Tab a control may be away. Further than that, nobody works by keyboard.
const maxTabs = 80

// uncovered says that the control with the focus, or its label, can be seen somewhere (WCAG 2.2, 2.4.11).
const uncovered = `(e => [e, ...(e.labels || [])].some(of => { const r = of.getBoundingClientRect(); return [[.5, .5], [.1, .1], [.9, .1], [.1, .9], [.9, .9]].some(([x, y]) => {
	const top = document.elementFromPoint(r.left + r.width * x, r.top + r.height * y);
	return top && (of.contains(top) || top.contains(of) && top.tagName === 'LABEL');
}) }))(document.activeElement)`

// Tab presses Tab until the control with that name has the focus, and says how many presses it took.
func (p *Page) Tab(name string) int {
	p.t.Helper()
	p.find(name)
	for presses := range maxTabs {
		if eval[bool](p, `document.activeElement === document.querySelector('[data-e2e]')`) {
			if !eval[bool](p, `(e => { const s = getComputedStyle(e); return e.matches(':focus-visible') && (s.outlineStyle !== 'none' || s.boxShadow !== 'none' || e.type === 'radio' || e.type === 'checkbox') })(document.activeElement)`) {
				p.t.Errorf("%q has the focus and nobody can see that", name)
			}
			if !eval[bool](p, uncovered) {
				p.t.Errorf("%q has the focus and something lies over it (%s)", name, p.size.Name)
			}
			return presses
		}
		p.Press(kb.Tab)
	}
	p.t.Fatalf("%q is not reached by %d presses of Tab\n%s", name, maxTabs, p.describe())
	return 0
}

// Put fills a field, by keyboard or by hand.
func (p *Page) Put(field, value string) {
	p.t.Helper()
	if !p.byKeys {
		p.Fill(field, value)
		return
	}
	p.Tab(field)
	eval[bool](p, `(e => { if (e.select) e.select(); return true })(document.activeElement)`)
	p.Type(value)
}

// Pick ticks one choice of a group, by keyboard or by hand.
func (p *Page) Pick(name, value string) {
	p.t.Helper()
	choice := `[name=` + name + `][value=` + value + `]`
	if !p.byKeys {
		if !eval[bool](p, `document.querySelector(`+quote(choice)+`).checked`) {
			p.Click(choice)
		}
	} else if eval[string](p, `document.querySelector(`+quote(choice)+`).type`) == "checkbox" {
		p.Tab(choice)
		p.Press(" ")
	} else {
		within := `document.activeElement.name === ` + quote(name)
		for range maxTabs {
			if eval[bool](p, within) {
				break
			}
			p.Press(kb.Tab)
		}
		for range maxTabs { // arrows walk round the group and tick as they go
			if eval[bool](p, within+` && document.activeElement.value === `+quote(value)) {
				break
			}
			p.Press(kb.ArrowDown)
		}
		if !eval[bool](p, `document.activeElement.checked`) {
			p.Press(" ")
		}
	}
	if !eval[bool](p, `document.querySelector(`+quote(choice)+`).checked`) {
		p.t.Fatalf("%s could not be ticked\n%s", choice, p.describe())
	}
}

// Go follows a link or presses a button, by keyboard or by hand, and waits for the page it leads to.
func (p *Page) Go(control string) {
	p.t.Helper()
	if !p.byKeys {
		p.Follow(control)
		return
	}
	p.Tab(control)
	p.Enter()
}

// describe says what is on the page, for the message of a failed test.
func (p *Page) describe() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location())
	controls, _ := chromedp.Run(ctx, chromedp.Evaluate[string](names))
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText.slice(0, 1500) : ''`))
	return fmt.Sprintf("on %s (%s, script %v)\n--- text\n%s\n--- controls\n%s", where, p.size.Name, p.script, text, controls)
}

// shoot writes a picture of the page when pictures are wanted: docs/screenshots/<page>-<language>[-phone].png.
func (p *Page) shoot(name string) {
	p.t.Helper()
	if os.Getenv("AMPARO_SCREENSHOTS") != "1" || !slices.Contains(p.pictures, name) {
		return
	}
	eval[bool](p, `(scrollTo(0, 0), true)`)
	p.wait(500 * time.Millisecond) // what flashes under a finger fades
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	folder := filepath.Join("..", "docs", "screenshots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	file := name + "-" + eval[string](p, `document.documentElement.lang.slice(0, 2)`) + p.size.Suffix + ".png"
	if err := os.WriteFile(filepath.Join(folder, file), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// quote writes a JavaScript string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(b)
}
