package web

import (
	"encoding/json"
	"slices"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// SamePage puts two records side by side, so that somebody says whether they are the same person.
type SamePage struct {
	Shell
	Form
	One, Two   PairHead
	Band       string // how likely it is, in words; empty: nobody asks any more
	Rows       []PairRow
	Why        []AgreementLine // what was weighed beside the fields of the rows
	Said       []string        // what was said of the two, who, when and why
	Rival      bool            // they contradict each other
	Waits      bool            // it is said that they are the same, and it does not count yet
	Against    []string        // who of those whom a link would join is said to be somebody else
	Same       bool
	Through    *PairHead // the record that joins them
	Writes     bool
	Reason     Field
	Again      Field // to be ticked when somebody said that they are not the same
	NeedsAgain bool
	Back       string
}

// PairHead is one of two records.
type PairHead struct{ Name, Card, Age, Seen, Link, Pair string }

// PairRow is one field of both.
type PairRow struct {
	Field    string
	One, Two string
	How      string // in one or two words; empty: only one of them says anything
	Icon     string
	Against  bool
	Same     bool
}

// AgreementLine is how one field speaks.
type AgreementLine struct {
	Field, Level string
	Agrees       string // yes, close, no, unknown
	Icon         string
}

// agreeIcons are the marks beside the words.
var agreeIcons = map[string]string{"yes": "kept", "close": "two", "no": "flag", "unknown": "left"}

// sameReasons are why two records are one person.
var sameReasons = []string{"said_it", "same_card", "same_document", "same_family", "looks_alike_known", "other"}

func samePage(c *call) error {
	both, err := ask[people.Compared](c, "person.compare", "person", c.r.PathValue("id"), "other", c.r.PathValue("other"))
	if err != nil {
		return err
	}
	one, two := both.Person.ID.String(), both.Other.ID.String()
	address := pairAddress(both.Person.ID, both.Other.ID)
	f, err := c.form(address, nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		if done, err := f.decide(one, two); err != nil || done {
			return err
		}
	}
	page := SamePage{Shell: c.shell("same.title"), One: c.pairHead(both.Person), Two: c.pairHead(both.Other), Same: both.Same, Waits: both.Waits,
		Rival: len(both.Said) > 1, Writes: c.desk.MayDo("person.link") && c.desk.MayDo("person.unlink") && c.desk.MayDo("person.different"), Back: "/people/" + one}
	if !both.Same && len(both.Said) == 0 {
		page.Band = c.T("band." + both.Band)
	}
	for _, s := range both.Said {
		page.Said = append(page.Said, c.saying(s))
		page.NeedsAgain = page.NeedsAgain || s.Verdict == people.Different
	}
	for _, d := range both.Against {
		page.NeedsAgain = true
		for _, s := range d.Said[:min(1, len(d.Said))] {
			page.Against = append(page.Against, c.T("same.against", "one", c.recordName(d.Person), "two", c.recordName(d.Other), "said", c.saying(s)))
		}
	}
	if both.Through != nil {
		head := c.pairHead(*both.Through)
		head.Pair = pairAddress(both.Person.ID, both.Through.ID)
		page.Through = &head
	}
	page.Rows, page.Why = c.pairRows(both)
	page.Reason = f.field("reason", label("field.link_reason"), hint("same.reason_hint"), codes("link_reason", sameReasons...))
	page.Again = f.field("again", label("same.again_label"))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "same.html", page)
}

// decide runs what somebody says of two records, and offers to take it back.
func (f *form) decide(one, two string) (done bool, err error) {
	data := map[string]any{"person": one, "other": two}
	action := f.value("verdict")
	switch action {
	case people.Same:
		action = "person.link"
		data["reason"] = f.value("reason")
		if f.typed.Has("again") {
			data["again"] = true
		}
		if data["reason"] == "" {
			f.missing("reason")
		}
	case people.Different:
		action = "person.different"
	case people.Apart:
		action = "person.unlink"
	default:
		return false, f.to(pairText(one, two))
	}
	if !f.ready() {
		return false, nil
	}
	r, err := f.apply(action, f.Client, time.Time{}, data)
	if err != nil || f.refuse(r) {
		return false, err
	}
	made, err := record.ResultAs[people.LinkedNow](r)
	if err != nil {
		return false, err
	}
	to := "/people/" + one
	if f.typed.Get("then") == "next" {
		to = "/duplicates"
	}
	n := notice{Text: f.T("same.done_" + made.Verdict)}
	if made.Changed {
		back, undo := made.Undo()
		data, err := json.Marshal(undo)
		if err != nil {
			return false, err
		}
		n.Undo, n.To = &record.Request{Action: back, ID: newClient(), Data: data}, pairText(one, two)
	}
	return true, f.done(to, n)
}

func pairAddress(one, two record.ID) string { return pairText(one.String(), two.String()) }

func pairText(one, two string) string { return "/people/" + one + "/same/" + two }

func (c *call) pairHead(b people.Brief) PairHead {
	h := PairHead{Name: c.nameOf(b), Card: cardNumber(b.Card), Age: c.ageOrUnknown(b), Link: "/people/" + b.ID.String(), Seen: c.T("find.never_seen")}
	if s := b.LastSeen; s != nil {
		h.Seen = c.T("find.last_seen", "site", orDash(s.SiteName), "ago", lang.Ago(c.lang, s.At, c.now()))
	}
	return h
}

// recordName is a record as a sentence names it.
func (c *call) recordName(b people.Brief) string { return c.nameOf(b) + " #" + cardEnd(b.Card) }

// saying words a verdict: what, who, when, why.
func (c *call) saying(s people.Saying) string {
	text := c.T("same.said", "verdict", c.coded("link_verdict", s.Verdict), "name", orDash(s.ByName), "date", lang.Date(c.lang, s.At))
	if s.Reason != "" {
		text += " " + c.coded("link_reason", s.Reason) + "."
	}
	return text
}

func (c *call) level(code string) string {
	if lang.Has("level." + code) {
		return c.T("level." + code)
	}
	return code
}

// pairRows lists what both records say, what speaks against first, and what else was weighed: of fields that stand in no row.
func (c *call) pairRows(both people.Compared) ([]PairRow, []AgreementLine) {
	var against, near, rest []PairRow
	shown := map[string]bool{}
	for _, f := range both.Rows {
		row := PairRow{Field: c.linkedLabel(f), Same: !f.Differs && len(f.Values) > 1}
		for _, v := range f.Values {
			text := c.word(f.Kind, f.Field, v.Value)
			if v.Record == both.Person.ID {
				row.One = text
			} else {
				row.Two = text
			}
		}
		if f.Differs {
			row.How, row.Against, row.Icon = c.T("same.differs"), true, agreeIcons["no"]
		}
		at := slices.IndexFunc(both.Fields, func(a people.FieldAgreement) bool {
			return f.Kind == people.Person.Name && a.Field == f.Field && a.Agrees != "unknown"
		})
		if at >= 0 && len(f.Values) > 1 {
			a := both.Fields[at]
			shown[a.Field] = true
			row.How, row.Against, row.Same, row.Icon = c.level(a.Level), a.Agrees == "no", a.Agrees == "yes", agreeIcons[a.Agrees]
		}
		switch {
		case row.Against:
			against = append(against, row)
		case row.How != "" && !row.Same:
			near = append(near, row)
		default:
			rest = append(rest, row)
		}
	}
	var why []AgreementLine
	for _, a := range both.Fields {
		if !shown[a.Field] && a.Agrees != "unknown" {
			why = append(why, AgreementLine{c.fieldLabel(a.Field), c.level(a.Level), a.Agrees, agreeIcons[a.Agrees]})
		}
	}
	return slices.Concat(against, near, rest), why
}

// linkedLabel names a field, and of a kind with several records a person also which of them.
func (c *call) linkedLabel(f people.LinkedField) string {
	text := c.fieldLabel(f.Field)
	if f.Kind == people.Person.Name {
		return text
	}
	of := c.T("kind." + f.Kind)
	if !lang.Has("kind." + f.Kind) {
		of = c.coded("", f.Kind)
	}
	for name, v := range f.Key {
		if _, isRecord := v.(record.ID); !isRecord {
			of += " (" + c.word(f.Kind, name, v) + ")"
		}
	}
	return of + ": " + text
}
