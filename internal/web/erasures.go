package web

import (
	"net/http"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// erasuresAnswer is what the engine answers; read through its JSON form, see askJSON.
type erasuresAnswer struct {
	Erasures []erasureAnswer `json:"erasures"`
}

type erasureAnswer struct {
	ID           record.ID `json:"id"`
	State        string    `json:"state"`
	Reason       string    `json:"reason"`
	Authority    string    `json:"authority"`
	Compartments []struct {
		Compartment string `json:"compartment"`
		Parts       int    `json:"parts"`
		Looked      bool   `json:"looked"`
	} `json:"compartments"`
	Parts     int       `json:"parts"`
	Dropped   int       `json:"dropped"`
	Others    int       `json:"others"`
	ByName    string    `json:"by_name"`
	Site      string    `json:"site"`
	At        time.Time `json:"at"`
	DecidedBy string    `json:"decided_by"`
	DecidedAt time.Time `json:"decided_at"`
	Why       string    `json:"why"`
}

// ErasuresPage lists what was asked to be erased, for who decides. It says nothing of whom.
type ErasuresPage struct {
	Shell
	Pending, Decided []ErasureLine
}

// ErasureLine is one of them.
type ErasureLine struct {
	Link                                           string // empty: who asks may see it and not decide
	Reason, Authority, State, Asked, Decision, Why string
	Parts                                          string // how many were listed
	Decides                                        bool   // the member may decide it
}

// ErasurePage is one of them with what it erases, to confirm or refuse.
type ErasurePage struct {
	Shell
	Form
	Line    ErasureLine
	Parts   []Fact
	Dropped string
	Others  string
	Confirm string // where confirming posts to
	Why     Field
}

// undecided is the state in which somebody has yet to decide.
const undecided = "asked"

func (c *call) erasureLine(e erasureAnswer) ErasureLine {
	line := ErasureLine{Reason: c.coded("erase_reason", e.Reason), Authority: e.Authority, State: c.coded("erasure", e.State), Why: e.Why,
		Parts: c.T("erasures.parts", "n", e.Parts), Decides: e.State == undecided && c.desk.MayDo("erasure.confirm")}
	if c.may("/erasures/{id}") {
		line.Link = "/erasures/" + e.ID.String()
	}
	said := func(key, name string, at time.Time, more ...string) string {
		at = at.In(c.zone())
		return strings.Join(append([]string{c.T(key, "name", orDash(name)), lang.ShortDate(c.lang, at) + " " + lang.Clock(c.lang, at)}, more...), " · ")
	}
	var where []string
	if e.Site != "" {
		where = append(where, e.Site)
	}
	line.Asked = said("erasures.asked_by", e.ByName, e.At, where...)
	if e.State != undecided {
		line.Decision = said("erasures.decided_by", e.DecidedBy, e.DecidedAt)
	}
	return line
}

func erasuresPage(c *call) error {
	answer, err := askJSON[erasuresAnswer](c, "erasures")
	if err != nil {
		return err
	}
	p := ErasuresPage{Shell: c.shell("erasures.title")}
	for _, e := range answer.Erasures {
		if line := c.erasureLine(e); e.State == undecided {
			p.Pending = append(p.Pending, line)
		} else {
			p.Decided = append(p.Decided, line)
		}
	}
	return c.show(http.StatusOK, "erasures.html", p)
}

// erasureAsked finds the one the address names.
func (c *call) erasureAsked() (erasureAnswer, error) {
	answer, err := askJSON[erasuresAnswer](c, "erasures")
	if err != nil {
		return erasureAnswer{}, err
	}
	for _, e := range answer.Erasures {
		if e.ID.String() == c.r.PathValue("id") {
			return e, nil
		}
	}
	return erasureAnswer{}, errNothingHere
}

// erasurePage shows what one erases, and refuses it when its form is sent.
func erasurePage(c *call) error {
	e, err := c.erasureAsked()
	if err != nil {
		return err
	}
	address := "/erasures/" + e.ID.String()
	f, err := c.form(address, nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		if f.value("why") == "" {
			f.wrong("why", c.T("refuse.required", "field", c.T("erasures.why"), "label", c.T("erasures.why")))
		}
		if f.ready() {
			r, err := c.apply("erasure.refuse", f.Client, time.Time{}, erasureDecision{e.ID, f.value("why")})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done("/erasures", notice{Text: c.T("erasures.refused")})
			}
		}
	}
	p := ErasurePage{Shell: c.shell("erasures.title"), Line: c.erasureLine(e)}
	for _, part := range e.Compartments {
		said := c.T("erasures.parts", "n", part.Parts)
		switch {
		case !part.Looked:
			said = c.T("erasures.not_looked")
		case part.Parts == 0:
			said = c.T("erasures.nothing")
		}
		p.Parts = append(p.Parts, Fact{c.coded("data_class", part.Compartment), said})
	}
	if e.State != undecided && e.Parts > 0 {
		p.Dropped = c.T("erasures.dropped", "n", e.Dropped, "all", e.Parts)
	}
	if e.Others > 0 {
		p.Others = c.T("erasures.others", "n", e.Others)
	}
	if p.Line.Decides {
		p.Confirm = address + "/confirm"
		p.Why = f.field("why", label("erasures.why"), rows(3))
	}
	p.Form, p.Faulty = f.close(), len(f.Faults) > 0
	if p.Line.Decides {
		p.Shell.Form = f.ID
	}
	return c.show(f.status(), "erasure.html", p)
}

type erasureDecision struct {
	Erasure record.ID `json:"erasure"`
	Reason  string    `json:"reason,omitempty"`
}

// erasureConfirm confirms one. Pressed twice it is confirmed once.
func erasureConfirm(c *call) error {
	e, err := c.erasureAsked()
	if err != nil {
		return err
	}
	if err := c.parse(); err != nil {
		return err
	}
	id := c.r.PostForm.Get("_id")
	if !goodClient(id) {
		id = newClient()
	}
	r, err := c.apply("erasure.confirm", id, time.Time{}, erasureDecision{Erasure: e.ID})
	if err != nil {
		return err
	}
	if !r.OK {
		return problemError{r}
	}
	c.session.say(notice{Text: c.T("erasures.confirmed")})
	return c.to("/erasures")
}
