package web

import (
	"errors"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// UnlockPage lists who works on this device, by the labels they chose and nothing else, and asks for the passphrase. It says
// neither whose device it is nor what for.
type UnlockPage struct {
	Shell
	Form
	Member     Field
	Passphrase Field
	Single     string // the only member's id: nothing to choose
	SingleName string
	To         string
	Locked     bool // the desk was locked a moment ago
	Covered    bool // the pages are covered, the work goes on where it was
	Others     bool // somebody else may take over
	Joins      bool // somebody new may be added to this device
	Revives    bool // who forgot the passphrase may come in again with sheets of paper
	Passkey    *Ceremony
	Refused    bool     // the passkey was not accepted
	Gone       []string // whose keys were wiped lately
	Nobody     bool     // nobody can unlock
}

func unlockPage(c *call) error {
	if !c.config.House.Founded() {
		return c.to("/start")
	}
	f, err := c.form("/unlock", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	p := UnlockPage{To: local(c.r.FormValue("to")), Locked: c.r.URL.Query().Has("locked")}
	if f.submitted {
		if done, err := f.unlock(p.To); done || err != nil {
			return err
		}
	}
	return f.showUnlock(p)
}

// unlock tries what was typed. done: the reader is let in.
func (f *form) unlock(to string) (done bool, err error) {
	m, known := memberNamed(f.config.House.Members(), f.value("member"))
	if !known {
		f.wrong("member", f.T("refuse.unknown_member"))
		return false, nil
	}
	desk, err := f.call.unlock(f.r.Context(), m, f.typed.Get("passphrase"))
	if err == nil {
		f.enter(desk)
		return true, f.to(to)
	}
	return false, f.wrongPassphrase("passphrase", err)
}

// wrongPassphrase words why a passphrase did not open a member; what is no refusal is given back.
func (f *form) wrongPassphrase(field string, err error) error {
	var wait waitError
	var refusal *record.Refusal
	switch {
	case errors.As(err, &wait):
		f.wrong(field, f.T("unlock.wait", "n", int(wait.left.Seconds())+1))
	case errors.Is(err, ErrPassphrase):
		f.wrong(field, f.T("refuse.wrong_passphrase"))
	case errors.As(err, &refusal):
		f.wrong(field, refused(f.lang, refusal))
	default:
		return err
	}
	return nil
}

// goneShown is how long the unlock page tells whose keys were wiped.
const goneShown = 30 * 24 * time.Hour

func (f *form) showUnlock(p UnlockPage) error {
	members := f.config.House.Members()
	one, covered := f.sessions.look(cookie(f.r, "s"))
	if covered && !f.r.URL.Query().Has("other") {
		if m, known := memberNamed(members, one.member.String()); known && (!f.submitted || f.value("member") == m.ID.String()) {
			p.Covered, p.Others = true, len(members) > 1
			members = []Member{m}
			if p.Passkey = f.passkeyOffer(one); p.Passkey != nil {
				p.Passkey.To, p.Refused = p.To, f.r.URL.Query().Has("refused")
			}
		}
	}
	p.Nobody = len(members) == 0
	if house, knows := f.config.House.(Departed); knows {
		for _, g := range house.Gone() {
			if f.now().Sub(g.At) < goneShown {
				p.Gone = append(p.Gone, f.T("unlock.gone", "name", g.Name, "date", lang.Date(f.lang, g.At)))
			}
		}
	}
	if f.value("member") == "" && len(members) > 0 {
		f.typed.Set("member", members[0].ID.String())
	}
	_, p.Joins = f.config.House.(Joiner)
	_, p.Revives = f.config.House.(Reviver)
	f.session = nil // nothing of who is unlocked stands on the page that asks who is there
	p.Shell = f.shell("unlock.title")
	if len(members) == 1 {
		p.Single, p.SingleName = members[0].ID.String(), members[0].Name
	} else {
		p.Member = f.field("member", label("unlock.who"), offered(members))
	}
	p.Passphrase = f.field("passphrase", label("unlock.passphrase"), kind("password"), focus())
	if p.Form, p.Faulty = f.close(), len(f.Faults) > 0; !p.Nobody {
		p.Shell.Form = f.ID
	}
	return f.show(f.status(), "unlock.html", p)
}
