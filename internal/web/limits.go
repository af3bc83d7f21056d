package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// RestrictPage limits the use of a person's record, shows what limits it, and lifts the limit. It opens for a record that
// is not shown any more: by its address, and without a name.
type RestrictPage struct {
	Shell
	Form
	Known                bool // the record is shown here
	Banner               Banner
	Limits               []LimitLine
	Lift                 Field // parts to lift; no options: nothing to lift
	LiftReason           Field
	Parts, Reason, Until Field
	Authority            Field
	Linked               Field // the person's other records, to be limited with this one
	Again                bool  // some parts are not limited yet
	Back                 string
	Glass                string // where a record that is not shown is opened in need; empty: not by this member
}

// LimitLine is what limits the record in one compartment.
type LimitLine struct {
	Part  string
	Why   []string
	Facts []Fact
}

func restrictPage(c *call) error {
	id := c.r.PathValue("id")
	now, err := ask[people.Restrictions](c, "person.restrictions", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + now.Person.String()
	var known people.Shown
	if now.Shown {
		if known, err = ask[people.Shown](c, "person.show", "person", id); err != nil {
			return err
		}
	}
	f, err := c.form(address+"/restrict", linkedChosen(nil, known.Linked))
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		data := people.RestrictData{Person: now.Person.String(), Compartments: f.values("parts"), Reason: f.value("reason"), Authority: f.value("authority"), Until: f.value("until")}
		said := "restrict.done"
		if data.Lift = f.typed.Has("_lift"); data.Lift {
			data = people.RestrictData{Person: data.Person, Compartments: f.values("lift"), Reason: f.value("lift_reason"), Lift: true}
			said = "restrict.lifted"
			if data.Reason == "" {
				f.wrong("lift_reason", f.T("refuse.required", "field", f.T("restrict.lift_reason")))
			}
		} else {
			for _, name := range []string{"reason", "authority"} {
				if f.value(name) == "" {
					f.missing(name)
				}
			}
		}
		if f.ready() {
			all := []record.ID{now.Person}
			if !data.Lift {
				all = f.chosenWith(now.Person, known.Linked)
			}
			r, err := f.applyTogether("person.restrict", time.Time{}, all, func(id record.ID) any {
				data.Person = id.String()
				return data
			})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done(address+"/restrict", notice{Text: c.T(said)})
			}
		}
	}
	page := RestrictPage{Shell: c.shell("restrict.title"), Known: now.Shown, Back: address}
	if now.Shown {
		page.Banner = c.banner(known.Brief)
	} else if c.may("/glass") {
		page.Glass = "/glass?person=" + now.Person.String()
	}
	var limited, free []string
	for _, in := range people.Sealed {
		if !c.desk.Opens(in) {
			continue
		}
		at := slices.IndexFunc(now.Limits, func(l people.Limits) bool { return l.Compartment == in })
		if at >= 0 && slices.Contains(now.Limits[at].Why, people.Restricted) {
			limited = append(limited, in.String())
		} else {
			free = append(free, in.String())
		}
	}
	for _, l := range now.Limits {
		if len(l.Why) > 0 {
			page.Limits = append(page.Limits, c.limitLine(l))
		}
	}
	page.Again = len(free) > 0
	if len(limited) > 0 {
		page.Lift = f.field("lift", codes("data_class", limited...), hint("restrict.lift_hint"))
		page.LiftReason = f.field("lift_reason", label("restrict.lift_reason"), hint("restrict.lift_reason_hint"))
	}
	page.Parts = f.field("parts", label("field.compartments"), hint("restrict.parts_hint"), codes("data_class", free...))
	page.Linked = f.linkedField(known.Linked)
	page.Reason = f.field("reason", label("restrict.reason"), hint("restrict.reason_hint"))
	page.Authority = f.field("authority", hint("restrict.authority_hint"))
	page.Until = f.field("until", label("restrict.review"), kind("date"), class("w6"), hint("restrict.review_hint"))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "restrict.html", page)
}

func (c *call) limitLine(l people.Limits) LimitLine {
	line := LimitLine{Part: c.coded("data_class", l.Compartment.String()), Why: c.codedAll("hiding", l.Why)}
	for _, f := range []Fact{{c.T("restrict.reason"), l.Reason}, {c.fieldLabel("authority"), l.Authority}, {c.T("restrict.review"), c.reviewed(l.Until)},
		{c.fieldLabel("home"), l.HomeName}} {
		if f.Value != "" {
			line.Facts = append(line.Facts, f)
		}
	}
	if !l.Since.IsZero() {
		line.Facts = append(line.Facts, Fact{c.T("restrict.since"), c.T("restrict.since_who", "date", lang.Date(c.lang, l.Since), "name", orDash(l.ByName))})
	}
	return line
}

// ErasePage asks that a person's record be erased. Nothing is erased by it alone, unless who asks administers: then nobody else
// confirms it, and the page says so and asks for a tick.
type ErasePage struct {
	Shell
	Form
	Banner                   Banner
	Reason, Authority, Parts Field
	Linked                   Field // the person's other records, to be erased with this one
	Sure                     Field
	Now                      bool // who asks administers: it is erased at once
	Copy, Restrict, Back     string
}

// eraseReasons are why a record can be erased.
var eraseReasons = []string{"asked_by_person", "retention", "mistake", "court"}

func erasePage(c *call) error {
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	address := "/people/" + p.ID.String()
	start := url.Values{}
	if why := c.r.URL.Query().Get("reason"); slices.Contains(eraseReasons, why) {
		start.Set("reason", why)
	}
	if part := c.r.URL.Query().Get("part"); slices.Contains(sealedParts, part) {
		start.Set("parts", part)
	}
	f, err := c.form(address+"/erase", start) // the linked ones are not chosen at first: a link can be wrong, and this cannot be undone
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		for _, name := range []string{"reason", "authority"} {
			if f.value(name) == "" {
				f.wrong(name, c.T("refuse.required", "field", c.T("erase."+name), "label", c.T("erase."+name)))
			}
		}
		if c.administers() && f.value("sure") != "forever" {
			f.wrong("sure", f.T("erase.sure_missing"))
		}
		if f.ready() {
			r, err := f.applyTogether("person.erase", time.Time{}, f.chosenWith(p.ID, p.Linked), func(id record.ID) any {
				return struct {
					Person       record.ID `json:"person"`
					Compartments []string  `json:"compartments,omitempty"`
					Reason       string    `json:"reason"`
					Authority    string    `json:"authority"`
				}{id, f.values("parts"), f.value("reason"), f.value("authority")}
			})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.erased(p.ID, address, r)
			}
		}
	}
	title, now := "erase.title", c.administers()
	if now {
		title = "erase.now_title"
	}
	page := ErasePage{Shell: c.shell(title), Now: now, Banner: c.banner(p.Brief), Back: address, Copy: address + "/copy", Restrict: address + "/restrict"}
	page.Reason = f.field("reason", label("erase.reason"), codes("erase_reason", eraseReasons...))
	page.Authority = f.field("authority", label("erase.authority"), hint("erase.authority_hint"))
	var parts []string
	for _, in := range people.Sealed {
		if c.desk.Opens(in) {
			parts = append(parts, in.String())
		}
	}
	page.Parts = f.field("parts", label("field.compartments"), hint("erase.parts_hint"), codes("data_class", parts...))
	page.Linked = f.linkedField(p.Linked)
	page.Sure = f.field("sure", label("erase.sure"), func(f *form, d *Field) { f.offer(d, []lang.Choice{{Code: "forever", Name: f.T("erase.sure_forever")}}) })
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "erase.html", page)
}

// erased ends the asking. Of a record that is hidden now, the page of the person would say that there is none.
func (f *form) erased(person record.ID, address string, r record.Result) error {
	asked, err := record.ResultAs[struct {
		Confirmed bool `json:"confirmed"` // who asked administers too
	}](r)
	if err != nil {
		return err
	}
	said := notice{Text: f.T("erase.done")}
	if asked.Confirmed {
		said.Text = f.T("erase.done_now")
	}
	_, err = ask[people.Shown](f.call, "person.show", "person", person.String())
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		return f.done("/find", said)
	}
	if err != nil {
		return err
	}
	return f.done(address, said)
}

// RetentionPage lists what is kept although its time is over, and proposes to erase it. It shows no names: lists are read over shoulders.
type RetentionPage struct {
	Shell
	Rules  []RuleLine
	Due    []DueLine
	Kept   []DueLine
	More   int
	Unsure bool // counsel has not confirmed all rules
}

// RuleLine is how long one part is kept, and after which rule.
type RuleLine struct{ Part, Months, Source string }

// DueLine is one record in one part.
type DueLine struct {
	Alias, Card, Part, Last, Since string
	Until, Reason                  string // why it is kept longer
	Person, Erase, Keep            string
}

// mostDue is how many lines a page shows.
const mostDue = 100

func retentionPage(c *call) error {
	r, err := ask[people.Retention](c, "retention", "limit", "100")
	if err != nil {
		return err
	}
	page := RetentionPage{Shell: c.shell("retention.title"), More: max(0, r.Total-mostDue)}
	for _, rule := range r.Rules {
		line := RuleLine{Part: c.coded("data_class", rule.Compartment.String()), Months: c.T("retention.months", "n", rule.Months), Source: rule.Source}
		page.Unsure = page.Unsure || !rule.Confirmed
		page.Rules = append(page.Rules, line)
	}
	for _, d := range r.Due {
		page.Due = append(page.Due, c.dueLine(d))
	}
	for _, d := range r.Kept {
		page.Kept = append(page.Kept, c.dueLine(d))
	}
	return c.show(http.StatusOK, "retention.html", page)
}

func (c *call) dueLine(d people.Due) DueLine {
	address := "/people/" + d.Person.String()
	return DueLine{Alias: orDash(d.Alias), Card: cardEnd(d.Card), Part: c.coded("data_class", d.Compartment.String()), Last: lang.Date(c.lang, d.Last),
		Since: lang.PartialDate(c.lang, d.Since), Until: lang.PartialDate(c.lang, d.KeepUntil), Reason: d.KeepReason, Person: address,
		Erase: address + "/erase?reason=retention&part=" + d.Compartment.String(), Keep: address + "/keep/" + d.Compartment.String()}
}

// KeepPage keeps a person's record in one part although its time is over.
type KeepPage struct {
	Shell
	Form
	Banner        Banner
	Part          string
	Until, Reason Field
}

func keepPage(c *call) error {
	part := c.r.PathValue("part")
	in, known := record.ParseCompartment(part)
	if !known || !slices.Contains(people.Sealed, in) {
		return errNothingHere
	}
	if !c.desk.Opens(in) {
		return errNotYours
	}
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	f, err := c.form("/people/"+p.ID.String()+"/keep/"+part, nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		for _, name := range []string{"until", "reason"} {
			if f.value(name) == "" {
				f.missing(name)
			}
		}
		if f.ready() {
			r, err := c.apply("retention.hold", f.Client, time.Time{}, people.HoldData{Person: p.ID.String(), Compartment: part, Until: f.value("until"), Reason: f.value("reason")})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done("/retention", notice{Text: c.T("keep.done")})
			}
		}
	}
	page := KeepPage{Shell: c.shell("keep.title"), Banner: c.banner(p.Brief), Part: c.coded("data_class", part)}
	page.Until = f.field("until", label("field.keep_until"), kind("date"), class("w6"))
	page.Reason = f.field("reason", label("field.keep_reason"), hint("keep.reason_hint"))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "keep.html", page)
}
