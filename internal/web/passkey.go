package web

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"time"

	"amparo/internal/lang"
)

// Passkeys is a Desk whose member may have made passkeys on this device: they show covered pages again while the keys are open.
// They never stand in the place of the passphrase.
type Passkeys interface {
	Passkeys() ([]Passkey, error)
	// AddPasskey keeps one that was just made; ErrPasskey when the answer is not one to what was asked.
	AddPasskey(label string, q PasskeyQuestion, a PasskeyAnswer) error
	RemovePasskey(id []byte) error
	// CheckPasskey accepts the answer of one of them, or fails with ErrPasskey.
	CheckPasskey(q PasskeyQuestion, a PasskeyAnswer) error
}

// ErrPasskey is an answer that is not one to what was asked.
var ErrPasskey = errors.New("web: the passkey was not accepted")

// Passkey is one that a member has made.
type Passkey struct {
	ID    []byte
	Label string
	Made  time.Time
}

// PasskeyQuestion is what this machine asked of the browser.
type PasskeyQuestion struct {
	Challenge []byte
	Origin    string // scheme, host and port
	Host      string // the name that passkeys are made for
}

// PasskeyAnswer is what the browser gave.
type PasskeyAnswer struct{ ID, ClientData, AuthData, Key, Signature []byte }

// challenge waits for one answer.
type challenge struct {
	bytes []byte
	until time.Time
}

// questionFor is how long an authenticator may take, and a covered page wait for its member.
const questionFor = 15 * time.Minute

// Ceremony is what the script needs to ask the browser, in the base64 that addresses use.
type Ceremony struct {
	Challenge, Host, User, Tab string
	IDs                        string // of passkeys that are there, parted by blanks
	To                         string
}

// PasskeyLine is one passkey as its member sees it.
type PasskeyLine struct{ ID, Label, Made string }

var b64 = base64.RawURLEncoding

// passkeyHost is the name passkeys are made for; empty: browsers offer none under this address.
func (c *call) passkeyHost() string {
	host := c.r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	own := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if net.ParseIP(host) != nil || !own && c.r.TLS == nil {
		return ""
	}
	return host
}

// ceremony draws a question for a session, or gives the one that still waits: two windows may show it.
func (c *call) ceremony(one *session, have []Passkey) *Ceremony {
	one.mu.Lock()
	defer one.mu.Unlock()
	if time.Now().After(one.asked.until) {
		drawn := make([]byte, 32)
		_, _ = rand.Read(drawn) // crypto/rand does not fail: it ends the program instead
		one.asked = challenge{drawn, time.Now().Add(questionFor)}
	}
	var ids []string
	for _, p := range have {
		ids = append(ids, b64.EncodeToString(p.ID))
	}
	return &Ceremony{Challenge: b64.EncodeToString(one.asked.bytes), Host: c.passkeyHost(), User: b64.EncodeToString(one.member[:]), IDs: strings.Join(ids, " ")}
}

// answered takes the question and reads the answer. A question is answered once.
func (c *call) answered(one *session) (PasskeyQuestion, PasskeyAnswer, error) {
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	one.mu.Lock()
	q := PasskeyQuestion{Challenge: one.asked.bytes, Origin: scheme + "://" + strings.ToLower(c.r.Host), Host: c.passkeyHost()}
	late := time.Now().After(one.asked.until)
	one.asked = challenge{}
	one.mu.Unlock()
	var a PasskeyAnswer
	var err error
	for name, into := range map[string]*[]byte{"id": &a.ID, "client": &a.ClientData, "auth": &a.AuthData, "key": &a.Key, "sig": &a.Signature} {
		var failed error
		*into, failed = b64.DecodeString(c.r.PostForm.Get(name))
		err = errors.Join(err, failed)
	}
	if err != nil || late || q.Host == "" {
		return q, a, errors.Join(ErrPasskey, err)
	}
	return q, a, nil
}

// passkeys fills in what the member's own page says of them.
func (c *call) passkeys(p *MePage) error {
	desk, can := c.desk.(Passkeys)
	if !can {
		return nil
	}
	all, err := desk.Passkeys()
	if err != nil {
		return err
	}
	for _, one := range all {
		p.Keys = append(p.Keys, PasskeyLine{b64.EncodeToString(one.ID), one.Label, lang.Date(c.lang, one.Made)})
	}
	if c.passkeyHost() != "" {
		p.Offer = c.ceremony(c.session, all)
		if p.Offer.Tab = c.config.Tab; p.Offer.Tab == "" { // the word that the authenticator shows and keeps
			p.Offer.Tab = c.T("app.tab")
		}
	}
	return nil
}

func passkeyAdd(c *call) error {
	desk, can := c.desk.(Passkeys)
	if !can {
		return errNothingHere
	}
	if err := c.own(c.r.PostForm.Get("passphrase")); err != nil {
		f := form{call: c}
		if err := f.wrongPassphrase("passphrase", err); err != nil {
			return err
		}
		c.session.tell(notice{Text: f.Faults[0].Text})
		return c.to("/me")
	}
	q, a, err := c.answered(c.session)
	if err == nil {
		label := strings.TrimSpace(c.r.PostForm.Get("label"))
		if runes := []rune(label); len(runes) > 40 {
			label = string(runes[:40])
		}
		if label == "" {
			label = c.T("me.passkey_name")
		}
		err = desk.AddPasskey(label, q, a)
	}
	switch {
	case errors.Is(err, ErrPasskey):
		c.config.Log.Info("a passkey was not taken", "cause", err)
		c.session.tell(notice{Text: c.T("refuse.passkey")})
	case err != nil:
		return err
	default:
		c.session.tell(notice{Text: c.T("me.passkey_made")})
	}
	return c.to("/me")
}

// own reports whether who sits here knows the member's passphrase: whoever finds a page open for a minute must not leave a
// passkey of theirs behind.
func (c *call) own(passphrase string) error {
	d, err := c.Server.trying(c.r.Context(), c.session.member.String(), func() (Desk, error) {
		return c.config.House.Unlock(c.r.Context(), c.session.member, passphrase)
	})
	if err == nil { // the session may have ended meanwhile: then nothing stays unlocked by this
		token, _ := c.sessions.beginAs(d, true)
		c.sessions.endToken(token, true)
	}
	return err
}

func passkeyRemove(c *call) error {
	desk, can := c.desk.(Passkeys)
	if !can {
		return errNothingHere
	}
	id, err := b64.DecodeString(c.r.PostForm.Get("id"))
	if err != nil {
		return errNothingHere
	}
	if err := desk.RemovePasskey(id); err != nil {
		return err
	}
	c.session.tell(notice{Text: c.T("me.passkey_gone")})
	return c.to("/me")
}

// passkeyOffer gives what the browser needs to show covered pages again by a passkey; nil when there is none, or it cannot here.
func (c *call) passkeyOffer(one *session) *Ceremony {
	desk, can := one.desk.(Passkeys)
	if !can || c.passkeyHost() == "" {
		return nil
	}
	all, err := desk.Passkeys()
	if err != nil || len(all) == 0 {
		return nil // the passphrase shows them too
	}
	return c.ceremony(one, all)
}

// unlockByPasskey shows the covered pages of a session whose keys are still open. It opens nothing else.
func unlockByPasskey(c *call) error {
	if err := c.parse(); err != nil {
		return err
	}
	to := local(c.r.PostForm.Get("to"))
	one, covered := c.sessions.look(cookie(c.r, "s"))
	if one == nil {
		return c.to("/unlock?locked&to=" + escape(to))
	}
	if !covered {
		return c.to(to)
	}
	desk, can := one.desk.(Passkeys)
	if !can {
		return errNothingHere
	}
	q, a, err := c.answered(one)
	if err == nil {
		err = desk.CheckPasskey(q, a)
	}
	if errors.Is(err, ErrPasskey) {
		c.config.Log.Info("a passkey was not accepted", "cause", err)
		return c.to("/unlock?refused&to=" + escape(to))
	}
	if err != nil {
		return err
	}
	token, ok := c.sessions.uncover(one)
	if !ok {
		return c.to("/unlock?locked&to=" + escape(to))
	}
	c.showTo(token)
	return c.to(to)
}
