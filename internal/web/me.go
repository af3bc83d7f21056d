package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Phrases is a House that knows which passphrases are easy to guess.
type Phrases interface {
	// Judge says how hard a passphrase is to guess: `passphrase.<word>`. One that must not be used is refused.
	Judge(phrase string, names ...string) (word string, err error)
	// Suggest draws one.
	Suggest(in lang.Tag) string
}

// Rephraser is a Desk that can change its member's passphrase on this device.
type Rephraser interface {
	// ChangePassphrase needs the one before. It fails with ErrPassphrase or refuses the new one.
	ChangePassphrase(ctx context.Context, before, after string) (word string, err error)
}

// fewest is the fewest characters of a passphrase when the house has no rules of its own.
const fewest = 10

// judge refuses a passphrase by the rules of the house.
func (c *call) judge(phrase string, names ...string) (string, error) {
	if house, knows := c.config.House.(Phrases); knows {
		return house.Judge(phrase, names...)
	}
	if len([]rune(phrase)) < fewest {
		return "", record.Refuse("passphrase", "short_passphrase", "n", fewest)
	}
	return "", nil
}

// suggestion is a passphrase nobody has used; empty when the house makes none.
func (c *call) suggestion() string {
	if house, knows := c.config.House.(Phrases); knows {
		return house.Suggest(c.lang)
	}
	return ""
}

// phraseBoxes are the boxes for a passphrase that somebody chooses, and one that they could.
func (f *form) phraseBoxes(name string, more ...with) (phrase, again Field, suggested string) {
	more = append([]with{label(name), hint("start.passphrase_hint"), kind("password")}, more...)
	return f.field("passphrase", more...), f.field("again", label("start.passphrase_again"), kind("password")), f.suggestion()
}

// newPassphrase reads a passphrase that is given twice.
func (f *form) newPassphrase(name, again string, names ...string) string {
	phrase := f.typed.Get(name)
	if _, err := f.judge(phrase, names...); err != nil {
		if f.refusal(name, err) != nil {
			f.wrong(name, f.T("refuse.internal"))
		}
	} else if phrase != f.typed.Get(again) {
		f.wrong(again, f.T("start.passphrase_differs"))
	}
	return phrase
}

// strength says beside the box how hard to guess is what was typed. It is text for the reader and nothing is kept of it.
func strength(c *call) error {
	if err := c.parse(); err != nil {
		return err
	}
	var refusal *record.Refusal
	said := ""
	switch word, err := c.judge(c.r.PostForm.Get("passphrase")); {
	case errors.As(err, &refusal):
		said = refused(c.lang, refusal)
	case err == nil && word != "":
		said = c.named("passphrase", word)
	}
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(said))
}

// MePage is the member's own: what they may do here, their passphrase, their passkeys.
type MePage struct {
	Shell
	Form
	Roles              string
	Lease              string
	Before, New, Again Field
	Changes            bool // the passphrase can be changed here
	Suggested          string
	Keys               []PasskeyLine
	Offer              *Ceremony // what the browser needs to make a passkey; nil: it cannot here
	Stewards           bool
	FieldMode          bool // what the device keeps can be chosen
}

func mePage(c *call) error {
	f, err := c.form("/me", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	desk, changes := c.desk.(Rephraser)
	p := MePage{Changes: changes, Stewards: c.administers()}
	if f.submitted && changes {
		phrase := f.newPassphrase("passphrase", "again", c.desk.Member().Name, c.config.House.Workspace())
		if f.ready() {
			word, err := c.rephrase(desk, f.typed.Get("before"), phrase)
			if err == nil {
				text := c.T("me.passphrase_changed")
				if word != "" {
					text += " " + c.named("passphrase", word)
				}
				return f.done("/me", notice{Text: text})
			}
			if errors.Is(err, ErrPassphrase) || errors.As(err, new(waitError)) {
				err = f.wrongPassphrase("before", err)
			} else {
				err = f.refusal("passphrase", err)
			}
			if err != nil {
				return err
			}
		}
	}
	_, p.FieldMode = c.desk.(FieldMode)
	if s, knows := c.desk.(Steward); knows {
		if err := c.aboutMe(s, &p); err != nil {
			return err
		}
	}
	if p.Roles == "" && c.desk.Member().Role != "" {
		p.Roles = c.named("role", c.desk.Member().Role)
	}
	p.Before = f.field("before", label("me.before"), kind("password"))
	p.New, p.Again, p.Suggested = f.phraseBoxes("me.new", echo("/strength"))
	if err := c.passkeys(&p); err != nil {
		return err
	}
	p.Shell, p.Form = c.shell("me.title"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "me.html", p)
}

// rephrase counts wrong tries together with those of the unlock page: an open page must not be a way round them.
func (c *call) rephrase(desk Rephraser, before, after string) (string, error) {
	var word string
	_, err := c.Server.trying(c.r.Context(), c.session.member.String(), func() (Desk, error) {
		var err error
		word, err = desk.ChangePassphrase(c.r.Context(), before, after)
		return nil, err
	})
	return word, err
}

func (c *call) aboutMe(s Steward, p *MePage) error {
	all, err := s.Holders(c.r.Context())
	if err != nil {
		return err
	}
	var roles []string
	for _, h := range all {
		if h.ID != c.session.member {
			continue
		}
		for _, role := range h.Roles {
			roles = append(roles, c.named("role", role))
		}
		if !h.Lease.IsZero() {
			p.Lease = lang.Date(c.lang, h.Lease)
		}
	}
	p.Roles = strings.TrimSpace(lang.List(c.lang, roles))
	return nil
}
