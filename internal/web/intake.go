package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"amparo/internal/lang"
	"amparo/internal/people/intake"
	"amparo/internal/record"
)

// Wholesale is a Desk that runs many actions as one: all or none, or none at all when it is only a trial.
type Wholesale interface {
	ApplyWhole(ctx context.Context, in lang.Tag, requests []record.Request, trial bool) ([]record.Result, bool, error)
}

// IntakePage brings in a list of people: first it is only read, then who saw what is wrong with it decides.
type IntakePage struct {
	Shell
	Form
	Fault string // beside the file
	Read  bool   // a list is here, and nothing of it is registered yet
	Said  string // how many it would register
	Same  string // how many were brought before; empty: none
	Wrong []RejectedRow
	More  string // that not all wrong rows are shown; empty: they are
	Take  string // the button; empty: there is nobody to register
}

// RejectedRow is one thing wrong in a list.
type RejectedRow struct{ Line, Field, Value, Reason string }

// mostRejected is how many wrong rows the page shows. All of them are in the file.
const mostRejected = 100

func intakePage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	if _, can := c.desk.(Wholesale); !can {
		return errNothingHere
	}
	return c.showIntake(nil, "")
}

// intakeRead reads a list and tries it. It stays in this session's memory, never on the disk, until it is taken or left.
func intakeRead(c *call) error {
	_, file, err := c.upload("file")
	if err != nil {
		return err
	}
	if file == nil {
		return c.showIntake(nil, c.T("carry.no_file"))
	}
	list, err := intake.Read(file, c.lang, c.now().In(c.zone()))
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		return c.showIntake(nil, refused(c.lang, refusal))
	}
	if err != nil {
		return err
	}
	c.session.keepList(list)
	return c.showIntake(list, "")
}

// intakeTake registers the list that was read, or as much of it as is good.
func intakeTake(c *call) error {
	list := c.session.keptList()
	if list == nil {
		return c.to("/people/import")
	}
	taken, err := list.Take(intake.Good, c.wholesale(list))
	if err != nil {
		return err
	}
	if len(taken.Rejected) == 0 {
		c.session.keepList(nil)
	}
	c.session.say(notice{Text: c.T("intake.done", "n", taken.Added), Link: "/find", Label: c.T("nav.find")})
	return c.to("/people/import")
}

// intakeLeave forgets the list.
func intakeLeave(c *call) error {
	c.session.keepList(nil)
	return c.to("/people/import")
}

// intakeRejected is the file of the rows that were not taken, to mend and bring again.
func intakeRejected(c *call) error {
	list := c.session.keptList()
	if list == nil {
		return errNothingHere
	}
	var body bytes.Buffer
	body.WriteString("\ufeff") // without it spreadsheets read the letters wrong
	if err := list.WriteRejected(&body); err != nil {
		return err
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+c.T("intake.file")+`.csv"`)
	return c.send(http.StatusOK, "text/csv; charset=utf-8", body.Bytes())
}

func (c *call) wholesale(list *intake.List) intake.Apply {
	for _, r := range list.Rows {
		r.Request.Site = c.siteID().String()
	}
	return func(requests []record.Request, trial bool) ([]record.Result, bool, error) {
		desk, can := c.desk.(Wholesale)
		if !can {
			return nil, false, errNothingHere
		}
		return desk.ApplyWhole(c.r.Context(), c.lang, requests, trial)
	}
}

// showIntake shows the page; with the list that was just read, or the one that is still here.
func (c *call) showIntake(list *intake.List, fault string) error {
	if list == nil && fault == "" {
		list = c.session.keptList()
	}
	p := IntakePage{Fault: fault}
	if list != nil {
		tried, err := list.Take(intake.Try, c.wholesale(list))
		if err != nil {
			return err
		}
		p.Read = true
		p.Said = c.T("intake.would", "n", tried.Added)
		if tried.Unchanged > 0 {
			p.Same = c.T("intake.same", "n", tried.Unchanged)
		}
		for i, r := range tried.Rejected {
			if i == mostRejected {
				p.More = c.T("intake.more", "n", len(tried.Rejected)-mostRejected)
				break
			}
			row := RejectedRow{Line: c.T("intake.row", "n", r.Line), Value: r.Value, Reason: r.Reason}
			if r.Field != "" {
				row.Field = c.fieldLabel(r.Field)
			}
			p.Wrong = append(p.Wrong, row)
		}
		switch {
		case tried.Added == 0:
		case len(tried.Rejected) == 0:
			p.Take = c.T("intake.take", "n", tried.Added)
		default:
			p.Take = c.T("intake.take_good", "n", tried.Added)
		}
	}
	p.Shell = c.shell("intake.title")
	status := http.StatusOK
	if fault != "" {
		status, p.Faulty = http.StatusUnprocessableEntity, true
	}
	return c.show(status, "intake.html", p)
}

func (s *session) keepList(l *intake.List) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = l
}

func (s *session) keptList() *intake.List {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}
