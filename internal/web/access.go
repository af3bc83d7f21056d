package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// What the engine answers about who reads; read through its JSON form, see askJSON.
type (
	readersAnswer struct {
		Compartments []struct {
			Compartment string `json:"compartment"`
			Members     []struct {
				Name  string   `json:"name"`
				Roles []string `json:"roles"`
				Waits bool     `json:"waits"`
			} `json:"members"`
		} `json:"compartments"`
		Glass    []glassAnswer `json:"glass"`
		Revoked  int           `json:"revoked"`
		Recently int           `json:"recently"`
	}
	glassAnswer struct {
		ID      record.ID `json:"id"`
		Person  record.ID `json:"person"`
		ByName  string    `json:"by_name"`
		Reason  string    `json:"reason"`
		At      time.Time `json:"at"`
		Due     time.Time `json:"due"`
		Overdue bool      `json:"overdue"`
		Own     bool      `json:"own"`
	}
	accessAnswer struct {
		Entries []struct {
			At           time.Time `json:"at"`
			Person       record.ID `json:"person"`
			ByName       string    `json:"by_name"`
			Compartments []string  `json:"compartments"`
			Why          string    `json:"why"`
			Reason       string    `json:"reason"`
			Times        int       `json:"times"`
			SiteName     string    `json:"site_name"`
		} `json:"entries"`
		More  bool          `json:"more"`
		Glass []glassAnswer `json:"glass"`
	}
)

// Readers says on a person's page, in words, who can read the record now.
type Readers struct {
	Parts   []Fact
	Revoked string // what those who left may have kept; empty: nobody left
	Read    string // how often it was opened of late
	Times   int
	Link    string
}

// mostNames is how many names stand in one line.
const mostNames = 8

func (c *call) whoReads(person record.ID) (*Readers, []GlassLine, error) {
	if !c.may("/people/{id}/access") {
		return nil, nil, nil
	}
	answer, err := askJSON[readersAnswer](c, "person.readers", "person", person.String())
	if err != nil {
		return nil, nil, err
	}
	r := &Readers{Link: "/people/" + person.String() + "/access", Times: answer.Recently, Read: c.T("readers.read", "n", answer.Recently)}
	if answer.Revoked > 0 {
		r.Revoked = c.T("readers.revoked", "n", answer.Revoked)
	}
	for _, part := range answer.Compartments {
		var names []string
		for _, m := range part.Members {
			name := m.Name
			switch {
			case m.Waits:
				name = c.T("readers.waits", "name", name)
			case len(m.Roles) == 1:
				name += " (" + c.T("role."+m.Roles[0]) + ")"
			}
			names = append(names, name)
		}
		if more := len(names) - mostNames; more > 0 {
			names = append(names[:mostNames], c.T("readers.more", "n", more))
		}
		said := c.T("readers.nobody")
		if len(names) > 0 {
			said = lang.List(c.lang, names)
		}
		r.Parts = append(r.Parts, Fact{c.T("compartment." + part.Compartment), said})
	}
	return r, c.glasses(answer.Glass, "/people/"+person.String()), nil
}

// GlassLine is a restricted record that somebody opened in need, and the form of who looks at it afterwards.
type GlassLine struct {
	ID                record.ID
	Client, Said, Due string
	Reason            string
	To                string
	Link, LinkLabel   string // to the record; empty on its own page
	Reviews           bool
	Findings          []Option
	Note              Field
}

func (c *call) glasses(answer []glassAnswer, to string) []GlassLine {
	var out []GlassLine
	zone := c.zone()
	for _, g := range answer {
		line := GlassLine{ID: g.ID, Client: newClient(), To: to, Reason: g.Reason, Reviews: !g.Own && c.may("/glass/review"),
			Said: c.T("glass.said", "name", orDash(g.ByName), "when", lang.DateTime(c.lang, g.At.In(zone))),
			Due:  c.T("glass.due", "when", lang.DateTime(c.lang, g.Due.In(zone)))}
		if g.Overdue {
			line.Due = c.T("glass.overdue", "when", lang.DateTime(c.lang, g.Due.In(zone)))
		}
		if g.Own {
			line.Due = c.T("glass.own")
		}
		if link := "/people/" + g.Person.String(); link != to {
			line.Link, line.LinkLabel = link+"/access", c.T("access.record")
		}
		id := "glass-" + g.ID.String()
		for _, code := range []string{"justified", "unjustified"} {
			line.Findings = append(line.Findings, Option{ID: id + "-" + code, Value: code, Label: c.T("code.glass_finding." + code)})
		}
		line.Note = Field{Name: "note", ID: id + "-note", Label: c.T("glass.note"), Type: "text", Max: longest}
		out = append(out, line)
	}
	return out
}

// AccessPage lists who opened one record, or all that the member may know of.
type AccessPage struct {
	Shell
	Banner  *Banner // of the person; nil: of everybody
	Readers *Readers
	Glass   []GlassLine
	Lines   []AccessLine
	More    bool
	Of      string // of whose openings: a member's name; empty: everybody's
}

// AccessLine is one opening.
type AccessLine struct {
	When, Machine, Who, Parts, Why, Reason, Where string
	Link                                          string // to the log of that record; empty on its own page
	Glass                                         bool
}

func personAccessPage(c *call) error {
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	banner := c.banner(p.Brief)
	page := AccessPage{Shell: c.shell("access.title"), Banner: &banner}
	if page.Readers, page.Glass, err = c.whoReads(p.ID); err != nil {
		return err
	}
	if page.Readers != nil {
		page.Readers.Link, page.Readers.Read = "", c.T("readers.how_often", "n", page.Readers.Times)
	}
	answer, err := askJSON[accessAnswer](c, "access", "person", p.ID.String())
	if err != nil {
		return err
	}
	page.Lines, page.More = c.accessLines(answer, false), answer.More
	return c.show(http.StatusOK, "access.html", page)
}

func accessPage(c *call) error {
	member := c.r.URL.Query().Get("member")
	answer, err := askJSON[accessAnswer](c, "access", "member", member)
	if err != nil {
		return err
	}
	page := AccessPage{Shell: c.shell("access.title"), Lines: c.accessLines(answer, true), More: answer.More, Glass: c.glasses(answer.Glass, "/access")}
	if member != "" && len(answer.Entries) > 0 {
		page.Of = answer.Entries[0].ByName
	}
	return c.show(http.StatusOK, "access.html", page)
}

func (c *call) accessLines(answer accessAnswer, link bool) []AccessLine {
	var out []AccessLine
	zone := c.zone()
	for _, e := range answer.Entries {
		at := e.At.In(zone)
		line := AccessLine{When: lang.ShortDate(c.lang, at) + " " + lang.Clock(c.lang, at), Machine: at.Format(time.RFC3339), Who: orDash(e.ByName),
			Why: c.coded("access_why", e.Why), Reason: e.Reason, Where: e.SiteName, Glass: e.Why == "glass"}
		if e.Times > 1 {
			line.Why += " · " + c.T("access.times", "n", e.Times)
		}
		var parts []string
		for _, part := range e.Compartments {
			parts = append(parts, c.T("compartment."+part))
		}
		line.Parts = lang.List(c.lang, parts)
		if link {
			line.Link = "/people/" + e.Person.String() + "/access"
		}
		out = append(out, line)
	}
	return out
}

// GlassPage opens a restricted record in need.
type GlassPage struct {
	Shell
	Form
	Person, Reason Field
	Known          string // the record's id, when the reader comes from it; empty: they have the card
	Back           string
}

func glassPage(c *call) error {
	f, err := c.form("/glass", url.Values{"person": {c.r.URL.Query().Get("person")}})
	if err != nil {
		return err
	}
	if f.submitted {
		if f.value("person") == "" {
			f.wrong("person", f.T("refuse.required", "field", f.T("glass.person")))
		}
		if f.value("reason") == "" {
			f.wrong("reason", f.T("refuse.required", "field", f.T("field.glass_reason")))
		}
		if f.ready() {
			r, err := c.apply("person.glass", f.Client, time.Time{}, struct {
				Person string `json:"person"`
				Reason string `json:"reason"`
			}{f.value("person"), f.value("reason")})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				opened, err := record.ResultAs[struct {
					Person       record.ID `json:"person"`
					Until        time.Time `json:"until"`
					Compartments []string  `json:"compartments"`
				}](r)
				if err != nil {
					return err
				}
				var parts []string
				for _, part := range opened.Compartments {
					parts = append(parts, c.T("compartment."+part))
				}
				address := "/people/" + opened.Person.String()
				if opened.Person.IsZero() { // the same form a second time
					address = "/find"
				}
				return f.done(address, notice{Text: c.T("glass.done", "when", lang.Clock(c.lang, opened.Until.In(c.zone())), "parts", lang.List(c.lang, parts))})
			}
		}
	}
	p := GlassPage{Shell: c.shell("glass.title"), Back: "/find"}
	if _, err := record.ParseID(f.value("person")); err == nil && f.value("person") != "" {
		p.Known = f.value("person")
	}
	p.Person = f.field("person", label("glass.person"), hint("glass.person_hint"), focus())
	p.Reason = f.field("reason", label("field.glass_reason"), hint("glass.reason_hint"), rows(3))
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	p.Form.Draft = "" // a reason is not left behind in a drawer
	return c.show(f.status(), "glass.html", p)
}

// glassReview says what came of looking at why a restricted record was opened.
func glassReview(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	v := c.r.PostForm
	id := v.Get("_id")
	if !goodClient(id) {
		id = newClient()
	}
	r, err := c.apply("glass.review", id, time.Time{}, struct {
		Glass   string `json:"glass"`
		Finding string `json:"finding"`
		Note    string `json:"note,omitempty"`
	}{v.Get("glass"), v.Get("finding"), strings.TrimSpace(v.Get("note"))})
	if err != nil {
		return err
	}
	if !r.OK {
		return problemError{r}
	}
	c.session.say(notice{Text: c.T("glass.reviewed")})
	return c.to(local(v.Get("to")))
}
