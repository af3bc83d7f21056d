package web

import (
	"crypto/rand"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Form is what every form of a page shares: where it posts, the random id that makes a second press harmless, and what
// has to be mended, in the order of the page.
type Form struct {
	ID      string // of the element; the language switch names it
	Action  string
	Client  string // random client id: the same post twice is one change
	Site    string // where the form was opened: a site chosen meanwhile in another window must not take it
	Faults  []Fault
	Heading string // of the summary of faults
	Kept    string // says that what was typed is still there
	Draft   string // address under which the draft is kept; empty: none is
	Enter   string // name of the unseen button that Enter presses
	Resumed string // says that a draft came back; empty: none did
	Fresh   string // the button that throws the draft away
}

// Fault is one thing to mend.
type Fault struct {
	Field string // id of the control; empty: the whole form
	Text  string
}

// Field is one control with its label.
type Field struct {
	Name, ID, Label, Hint, Value, Error string
	Type, Mode, Class, List, Echo       string
	Options                             []Option
	Max, Rows                           int
	Focus, Inline                       bool
}

// Option is one choice of a Field.
type Option struct {
	ID, Value, Label string
	On               bool
}

// Described gives the ids that describe the control, for aria-describedby.
func (f Field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	if f.Echo != "" {
		ids = append(ids, f.ID+"-echo")
	}
	return strings.Join(ids, " ")
}

// longest is the most characters a line takes.
const longest = 200

// form is a form being handled: what came in, and what is wrong with it.
type form struct {
	*call
	Form
	typed     url.Values
	submitted bool // to be saved: neither a first look nor a change of language
	order     []string
}

// form reads what was typed: from the post, or from a draft, or from start when neither is there.
func (c *call) form(action string, start url.Values) (*form, error) {
	f := &form{call: c, Form: Form{ID: "form", Action: action, Draft: action}, typed: start}
	if f.typed == nil {
		f.typed = url.Values{}
	}
	if c.r.Method == "POST" {
		if err := c.parse(); err != nil {
			return nil, err
		}
		f.typed = c.r.PostForm
		f.Client = f.typed.Get("_id")
		f.submitted = true
		if c.switchLang(f.typed.Get("_lang")) {
			f.submitted = false
		}
		if f.typed.Has("_fresh") { // the reader prefers an empty form to the draft
			f.typed, f.submitted, f.Client = start, false, ""
			if c.session != nil {
				c.session.dropDraft(action)
			}
			if f.typed == nil {
				f.typed = url.Values{}
			}
		}
	} else if c.session != nil {
		if draft := c.session.draft(action); draft != nil {
			f.typed, f.Client, f.Resumed, f.Fresh = draft, draft.Get("_id"), c.T("form.resumed"), c.T("form.fresh")
		}
	}
	if _, turned := c.turned(); turned { // what is wrong with it is said in the same language
		mark := "?"
		if strings.Contains(action, "?") {
			mark = "&"
		}
		f.Action = action + mark + "lang=" + string(c.lang)
	}
	if !goodClient(f.Client) {
		f.Client = newClient()
	}
	f.stand()
	return f, nil
}

// stand notices that the form was opened at another site than the one the member now works at, once: saving again means
// the site that is shown.
func (f *form) stand() {
	f.Site = f.siteID().String()
	was, err := record.ParseID(f.typed.Get("_site"))
	if f.submitted && err == nil && !was.IsZero() && was.String() != f.Site {
		f.wrong("", f.T("form.site_changed", "was", f.nameOfSite(was), "site", f.siteName()))
	}
}

// goodClient keeps a client id that this server may have made; anything else is replaced.
func goodClient(id string) bool {
	if len(id) < 20 || len(id) > 64 {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
	})
}

func (f *form) value(name string) string { return strings.TrimSpace(f.typed.Get(name)) }

func (f *form) values(name string) []string {
	out := []string{}
	for _, v := range f.typed[name] {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

var thousands = regexp.MustCompile(`^\d{1,3}([ \x{a0}\x{202f},.]\d{3})+$`)

// number reads a whole number; nil when nothing was typed.
func (f *form) number(name string) *int {
	text := f.value(name)
	if text == "" {
		return nil
	}
	if thousands.MatchString(text) { // 1,250 and 1.250 and 1 250; but 12.5 is no number of people
		text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", "", ".", "").Replace(text)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1_000_000 {
		f.wrong(name, f.T("refuse.not_a_number", "got", f.value(name)))
		return nil
	}
	return &n
}

// at reads when it happened from the two boxes of the "not just now" part; zero: now.
func (f *form) at() time.Time {
	day, clock := f.value("at_date"), f.value("at_time")
	if day == "" && clock == "" {
		return time.Time{}
	}
	zone := f.zone()
	now := f.now().In(zone)
	if day == "" {
		day = now.Format(time.DateOnly)
	}
	if clock == "" {
		clock = "12:00"
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" "+clock, zone)
	if err != nil {
		f.wrong("at_date", f.T("refuse.bad_time", "got", clock))
		return time.Time{}
	}
	if f.value("at_time") == "" && at.After(now) && day == now.Format(time.DateOnly) {
		at = now // today, before noon
	}
	if at.After(now.Add(5 * time.Minute)) {
		f.wrong("at_date", f.T("refuse.future_date", "got", day))
	}
	return at
}

// wrong notes what has to be mended.
func (f *form) wrong(name, text string) { f.Faults = append(f.Faults, Fault{name, text}) }

// missing notes a box that must not stay empty.
func (f *form) missing(name string) { f.missingAs(name, f.fieldLabel(name)) }

// missingAs says it with the words that stand over the box.
func (f *form) missingAs(name, label string) {
	f.wrong(name, f.T("refuse.required", "field", label, "label", label))
}

// refuse takes over what an action said no to. It reports false when the action succeeded.
func (f *form) refuse(r record.Result) bool {
	if r.OK {
		return false
	}
	text, name := f.T("error.title"), ""
	if r.Error != nil {
		text, name = r.Error.Message, r.Error.Field
	}
	f.wrong(name, text)
	return true
}

// ready reports that the form is to be saved and nothing is wrong so far.
func (f *form) ready() bool { return f.submitted && len(f.Faults) == 0 }

// close finishes the form for showing: faults in the order of the page, those about unknown controls first.
func (f *form) close() Form {
	f.Enter = f.T("app.save")
	if len(f.Faults) == 0 {
		return f.Form
	}
	f.Heading, f.Kept = f.T("error.summary"), f.T("error.kept_form")
	place := func(field string) int { return slices.Index(f.order, field) }
	for i, fault := range f.Faults {
		if place(fault.Field) < 0 {
			f.Faults[i].Field = ""
		}
	}
	slices.SortStableFunc(f.Faults, func(a, b Fault) int { return place(a.Field) - place(b.Field) })
	return f.Form
}

func (f *form) status() int {
	if len(f.Faults) > 0 {
		return 422
	}
	return 200
}

// with is an option of a control.
type with func(*form, *Field)

func hint(key string) with  { return func(f *form, d *Field) { d.Hint = f.T(key) } }
func label(key string) with { return func(f *form, d *Field) { d.Label = f.T(key) } }
func focus() with           { return func(f *form, d *Field) { d.Focus = len(f.Faults) == 0 } }
func class(name string) with {
	return func(_ *form, d *Field) { d.Class = name }
}
func digits() with {
	return func(_ *form, d *Field) { d.Mode, d.Class, d.Max = "numeric", "w3", 9 }
}
func kind(input string) with   { return func(_ *form, d *Field) { d.Type = input } }
func mono() with               { return func(_ *form, d *Field) { d.Class = "mono" } }
func rows(n int) with          { return func(_ *form, d *Field) { d.Rows = n } }
func list(id string) with      { return func(_ *form, d *Field) { d.List = id } }
func echo(address string) with { return func(_ *form, d *Field) { d.Echo = address } }
func codes(l string, c ...string) with {
	return func(f *form, d *Field) {
		var all []lang.Choice
		for _, code := range c {
			all = append(all, lang.Choice{Code: code, Name: f.T("code." + l + "." + code)})
		}
		f.offer(d, all)
	}
}

func (f *form) offer(d *Field, all []lang.Choice) {
	on := f.typed[d.Name]
	for i, one := range all {
		id := d.ID
		if i > 0 { // the first carries the field's own id, so that the summary of faults leads to it
			id = d.ID + "-" + one.Code
		}
		d.Options = append(d.Options, Option{id, one.Code, one.Name, slices.Contains(on, one.Code)})
	}
}

// field makes a control. Its label is the catalogue's `field.<name>` unless said otherwise.
func (f *form) field(name string, options ...with) Field {
	f.order = append(f.order, name)
	d := Field{Name: name, ID: name, Value: f.typed.Get(name), Type: "text", Max: longest}
	for _, fault := range f.Faults {
		if fault.Field == name {
			d.Error = fault.Text
		}
	}
	for _, option := range options {
		option(f, &d)
	}
	if d.Label == "" {
		d.Label = f.T("field." + name)
	}
	if d.Type == "password" {
		d.Value = ""
	}
	return d
}

// When is the part of a form that says that something did not happen just now.
type When struct {
	Open       bool
	Title      string
	Date, Time Field
}

func (f *form) when() When {
	return When{Title: f.T("form.not_now"), Open: f.value("at_date") != "" || f.value("at_time") != "",
		Date: f.field("at_date", kind("date"), class("w6")), Time: f.field("at_time", kind("time"), class("w3"))}
}

// done ends a form that was saved: the draft goes, the next page says what happened.
func (f *form) done(address string, n notice) error {
	f.session.dropDraft(f.Draft)
	f.session.say(n)
	return f.to(address)
}

// switchLang changes the reader's language; false when none was asked for.
func (c *call) switchLang(to string) bool {
	tag, ok := lang.Parse(to)
	if !ok {
		return false
	}
	c.lang = tag
	setCookie(c.w, c.r, "l", string(tag), 365*24*3600)
	return true
}

// newClient makes the random id that a form carries, so that pressing twice saves once.
func newClient() string { return "form-" + rand.Text() } // never the written form of a record's id
