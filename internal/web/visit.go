package web

import (
	"net/url"
	"strconv"

	"amparo/internal/people"
	"amparo/internal/record"
)

// VisitPage opens a visit: it puts a person in the day's queue for a service.
type VisitPage struct {
	Shell
	Form
	Banner          Banner
	Service, Reason Field
	When            When
	Back            string
}

func visitPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	address := "/people/" + p.ID.String()
	f, err := c.form(address+"/visit", url.Values{"service": {"medical"}})
	if err != nil {
		return err
	}
	if f.submitted {
		at := f.at()
		if f.value("service") == "" {
			f.missing("service")
		}
		if f.ready() {
			r, err := c.apply("visit.open", f.Client, at, struct {
				Person  record.ID `json:"person"`
				Service string    `json:"service"`
				Reason  string    `json:"reason,omitempty"`
			}{p.ID, f.value("service"), f.value("reason")})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				opened, err := record.ResultAs[struct {
					Number int `json:"number"`
				}](r)
				if err != nil {
					return err
				}
				n := notice{Text: c.T("visit.done", "number", strconv.Itoa(opened.Number)), Link: "/board", Label: c.T("nav.board")}
				for _, w := range written { // whoever may write the consultation goes straight to it
					if w.service == f.value("service") && c.attends(w.in) {
						n.Link, n.Label = address+"/consultation/"+w.service, c.T("visit.attend_now")
					}
				}
				return f.done(address, n)
			}
		}
	}
	page := VisitPage{Shell: c.shell("visit.title"), Banner: c.banner(p.Brief), Back: address}
	page.Service = f.field("service", label("visit.service"), codes("service", services...), focus())
	page.Reason = f.field("reason", hint("visit.reason_hint"))
	page.When = f.when()
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "visit.html", page)
}
