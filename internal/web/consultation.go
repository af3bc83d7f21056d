package web

import (
	"errors"
	"slices"
	"time"

	"amparo/internal/care"
	"amparo/internal/people"
	"amparo/internal/record"
)

// ConsultationPage is the note of a consultation: medical, mental health or social, each with its own boxes and each
// sealed for those who do that work.
type ConsultationPage struct {
	Shell
	Form
	Banner                                       Banner
	Heading, Who                                 string // which consultation; who will be able to read it
	Service                                      string
	Visit                                        string
	Reason, Note, Plan, Referral, Severity, Next Field
	Diagnosis, Syndrome, Treatment               Field
	Medical                                      bool
	When                                         When
	Back                                         string
	Before                                       []EntryLine // the latest of this service that the member may read
}

var (
	headings  = map[string]string{"medical": "consult.title_medical", "mental_health": "consult.title_mental_health", "social": "consult.title_social"}
	noteHints = map[string]string{"medical": "consult.note_hint_medical", "mental_health": "consult.note_hint_mental_health", "social": "consult.note_hint_social"}
)

// mostBefore is how many earlier consultations stand beside the form.
const mostBefore = 3

func consultationPage(c *call) error {
	service := c.r.PathValue("service")
	at := slices.IndexFunc(written, func(w struct {
		service string
		in      record.Compartment
	}) bool {
		return w.service == service
	})
	if at < 0 {
		return errNothingHere
	}
	if !c.attends(written[at].in) {
		return errNotYours
	}
	if ok, err := c.sited(); !ok {
		return err
	}
	id := c.r.PathValue("id")
	p, err := ask[people.Shown](c, "person.show", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + p.ID.String()
	f, err := c.form(address+"/consultation/"+service, nil)
	if err != nil {
		return err
	}
	if f.submitted {
		data := struct {
			Person    record.ID `json:"person"`
			Visit     string    `json:"visit,omitempty"`
			Service   string    `json:"service"`
			Reason    string    `json:"reason,omitempty"`
			Syndrome  string    `json:"syndrome,omitempty"`
			Diagnosis string    `json:"diagnosis,omitempty"`
			Note      string    `json:"note,omitempty"`
			Treatment string    `json:"treatment,omitempty"`
			Plan      string    `json:"plan,omitempty"`
			Referral  string    `json:"referral,omitempty"`
			Severity  *int      `json:"severity,omitempty"`
			Next      string    `json:"next,omitempty"`
		}{p.ID, f.value("visit"), service, f.value("reason"), f.value("syndrome"), f.value("diagnosis"), f.value("note"), f.value("treatment"),
			f.value("plan"), f.value("referral"), f.number("severity"), f.value("next")}
		if data.Reason == "" && data.Note == "" {
			f.missing("note")
		}
		when := f.at()
		if f.ready() {
			r, err := c.apply("consultation.record", f.Client, when, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done(address, notice{Text: c.T("consult.done"), Link: "/board", Label: c.T("nav.board")})
			}
		}
	}
	page := ConsultationPage{Shell: c.shell("kind.consultation"), Banner: c.banner(p.Brief), Heading: c.T(headings[service]), Service: service,
		Who: c.T("consult.who_sees", "compartment", c.T("compartment."+written[at].in.String())), Medical: service == "medical", Back: address, Visit: f.value("visit")}
	if page.Visit == "" && !f.submitted {
		if page.Visit, err = c.waiting(p.ID, service); err != nil {
			return err
		}
	}
	page.Reason = f.field("reason", focus(), label("consult.reason"))
	if page.Medical {
		page.Syndrome = f.field("syndrome")
		page.Diagnosis = f.field("diagnosis")
	}
	page.Note = f.field("note", rows(6), label("consult.note"), hint(noteHints[service]))
	if page.Medical {
		page.Treatment = f.field("treatment", rows(3))
	}
	page.Plan = f.field("plan", rows(2))
	page.Severity = f.field("severity", codes("severity", "0", "1", "2", "3", "4"))
	page.Referral = f.field("referral")
	page.Next = f.field("next", kind("date"), class("w6"), hint("consult.next_hint"))
	page.When = f.when()
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	told, err := ask[people.Timeline](c, "person.timeline", "person", id)
	if err != nil {
		return err
	}
	for _, e := range told.Entries {
		if e.Compartment == written[at].in && len(page.Before) < mostBefore && e.Corrected.IsZero() {
			page.Before = append(page.Before, c.entry(e))
		}
	}
	return c.show(f.status(), "consultation.html", page)
}

// waiting finds the person's visit in today's queue for the service, so that the board shows them as seen; empty when
// there is none.
func (c *call) waiting(person record.ID, service string) (string, error) {
	b, err := ask[care.Board](c, "site.board", "site", c.siteID().String(), "day", c.now().In(c.zone()).Format(time.DateOnly))
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		return "", nil // without a board there is no queue; the consultation stands by itself
	}
	if err != nil {
		return "", err
	}
	for _, q := range b.Queue {
		if q.Person == person && q.Service == service && q.State == "waiting" {
			return q.Visit.String(), nil
		}
	}
	return "", nil
}
