package web

import (
	"errors"

	"amparo/internal/record"
)

// JoinPage is for somebody who was invited elsewhere: their keys are made here, and the answer is carried back.
type JoinPage struct {
	Shell
	Form
	Step                            string
	Invitation, Name, Phrase, Again Field
	Fresh                           bool // nobody works on this device yet
	Suggested                       string
	Answer                          *Paper
}

func joinPage(c *call) error {
	house, can := c.config.House.(Joiner)
	if !can {
		return errNothingHere
	}
	f, err := c.form("/join", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	p := JoinPage{Fresh: !c.config.House.Founded()}
	if f.submitted {
		invitation, err := f.handed("invitation")
		if err != nil {
			return err
		}
		if f.value("member") == "" {
			f.missing("member")
		}
		phrase := f.newPassphrase("passphrase", "again")
		if f.ready() {
			answer, err := house.Join(c.r.Context(), Joining{Invitation: invitation, Member: f.value("member"), Passphrase: phrase})
			if err == nil {
				p.Answer = c.paper(answer, c.T("join.file"))
			} else if err := f.refusedBox(err, "invitation"); err != nil {
				return err
			}
		}
	}
	p.Invitation = f.field("invitation", label("join.invitation"), hint("join.invitation_hint"), rows(3), mono())
	p.Name = f.field("member", label("start.you"), hint("join.name_hint"))
	p.Phrase, p.Again, p.Suggested = f.phraseBoxes("field.passphrase")
	p.Shell = c.shell("join.title")
	if p.Form = f.close(); p.Answer == nil {
		p.Shell.Form, p.Faulty = f.ID, len(f.Faults) > 0
	}
	return c.show(f.status(), "join.html", p)
}

// refusedBox puts a refusal beside the box that it names, or beside the given one.
func (f *form) refusedBox(err error, otherwise string) error {
	var refusal *record.Refusal
	if errors.As(err, &refusal) && (refusal.Field == "member" || refusal.Field == "passphrase") {
		otherwise = refusal.Field
	}
	return f.refusal(otherwise, err)
}
