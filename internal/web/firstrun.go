package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// StartPage is the first of the three screens of a new workspace: language, organisation, who I am.
type StartPage struct {
	Shell
	Form
	Step              string
	Workspace, Member Field
	Next              string
	Invited           bool // somebody with an invitation can begin here
	Revives           bool // so can who has recovery sheets
	Restores          bool // or a backup
}

// StartPassphrase is the second: the passphrase, twice.
type StartPassphrase struct {
	Shell
	Form
	Step              string
	Workspace, Member string
	Passphrase, Again Field
	Suggested         string
	Next              string
}

// StartDone is the third: done, and how to get in again when the passphrase is lost.
type StartDone struct {
	Shell
	Step     string
	Recovery []string
}

func home(c *call) error {
	switch {
	case !c.config.House.Founded():
		return c.to("/start")
	case c.session == nil:
		return c.to("/unlock")
	}
	return c.to("/board")
}

func startPage(c *call) error {
	if c.config.House.Founded() {
		return c.to("/")
	}
	f, err := c.form("/start", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted && f.value("back") == "" {
		if f.value("workspace") == "" {
			f.missing("workspace")
		}
		if f.value("member") == "" {
			f.missing("member")
		}
		if f.ready() {
			return startAsk(c, f.typed)
		}
	}
	p := StartPage{Shell: c.shell("start.title"), Step: c.T("start.step", "step", "1", "steps", "3"), Next: c.T("app.next")}
	_, p.Invited = c.config.House.(Joiner)
	_, p.Revives = c.config.House.(Reviver)
	_, p.Restores = c.config.House.(Restorer)
	p.Workspace = f.field("workspace", label("start.workspace"), hint("start.workspace_hint"), focus())
	p.Member = f.field("member", label("start.you"), hint("start.you_hint"))
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "start.html", p)
}

// startAsk shows the second screen with what the first one asked.
func startAsk(c *call, typed url.Values) error {
	f := &form{call: c, Form: Form{ID: "form", Action: "/start/passphrase"}, typed: typed}
	return startForm(f)
}

func startForm(f *form) error {
	p := StartPassphrase{Shell: f.shell("start.passphrase"), Step: f.T("start.step", "step", "2", "steps", "3"), Workspace: f.value("workspace"), Member: f.value("member"), Next: f.T("start.create")}
	p.Passphrase, p.Again, p.Suggested = f.phraseBoxes("field.passphrase", echo("/strength"), focus())
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return f.show(f.status(), "start_passphrase.html", p)
}

func startPassphrase(c *call) error {
	if c.config.House.Founded() {
		return c.to("/")
	}
	f, err := c.form("/start/passphrase", nil)
	if err != nil {
		return err
	}
	if f.submitted && (f.value("workspace") == "" || f.value("member") == "") {
		return c.to("/start")
	}
	if f.submitted {
		phrase := f.newPassphrase("passphrase", "again", f.value("workspace"), f.value("member"))
		if f.ready() {
			founded, err := c.config.House.Found(c.r.Context(), Founding{Workspace: f.value("workspace"), Member: f.value("member"), Passphrase: phrase, Lang: c.lang})
			switch {
			case errors.Is(err, ErrFounded):
				return c.to("/")
			case err == nil:
				c.enter(founded.Desk)
				c.session.recovery = founded.Recovery
				return c.to("/start/done")
			}
			if err := f.refusal("passphrase", err); err != nil {
				return err
			}
		}
	}
	return startForm(f)
}

func startDone(c *call) error {
	c.session.mu.Lock()
	words := c.session.recovery
	c.session.recovery = nil
	c.session.mu.Unlock()
	return c.show(http.StatusOK, "start_done.html", StartDone{Shell: c.shell("start.done.title"), Step: c.T("start.step", "step", "3", "steps", "3"), Recovery: words})
}

// enter begins a session and gives its cookie, in the place of any earlier one. The same member goes on where they were;
// what another had typed waits for them.
func (c *call) enter(d Desk) {
	old, _ := c.sessions.look(cookie(c.r, "s"))
	token, one := c.sessions.begin(d)
	if old != nil { // after the new one has begun: they may share their keys
		same := old.member == one.member
		if same {
			old.carry(one)
		}
		c.sessions.endSession(old, !same)
	}
	c.session, c.desk = one, d
	c.showTo(token)
}

// showTo gives the browser the token of a session.
func (c *call) showTo(token string) {
	setCookie(c.w, c.r, "s", token, 0)
	setCookie(c.w, c.r, "q", "", -1)
}

func offered(all []Member) with {
	return func(f *form, d *Field) {
		on := f.typed.Get(d.Name)
		for i, m := range all {
			id := d.ID
			if i > 0 {
				id += "-" + m.ID.String()
			}
			d.Options = append(d.Options, Option{id, m.ID.String(), m.Name, on == m.ID.String()})
		}
	}
}

// memberNamed finds a member by id or by name.
func memberNamed(all []Member, who string) (Member, bool) {
	for _, m := range all {
		if m.ID.String() == who || strings.EqualFold(m.Name, who) {
			return m, true
		}
	}
	return Member{}, false
}
