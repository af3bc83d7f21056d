package web

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/web/scan"
)

// ScanPage finds a person by their card: with the camera, from a picture, or by typing its digits. It is the only page that may ask
// for the camera, and what the camera sees goes no further than this machine.
type ScanPage struct {
	Shell
	Form
	Code    Field
	Picture Field
	For     string // the form that takes the number; empty: the person is opened
	Said    *CardSaid
}

// CardSaid is what there is to say of a card that does not simply lead to its person.
type CardSaid struct {
	Text    string
	Warn    bool
	Holders []HolderLine
	Number  string // of a card that nobody has, when it can be given with a registration; empty: it cannot
	Give    string
}

// HolderLine is somebody to whom a card was given.
type HolderLine struct{ Address, Name, Age, Note string }

// cameraPolicy is what the page that scans may ask the browser for.
const cameraPolicy = "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"

var cardOfPerson = regexp.MustCompile(`^/people/[0-9a-v]{26}/card$`)

// takesCard gives the box of a form that takes the number of a card; false for an address that has none.
func takesCard(address string) (box string, ok bool) {
	switch {
	case address == "/register":
		return "card", true
	case cardOfPerson.MatchString(address):
		return "number", true
	}
	return "", false
}

func scanPage(c *call) error {
	c.w.Header().Set("Permissions-Policy", cameraPolicy)
	f, err := c.form("/scan", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if from := f.typed.Get("_from"); f.submitted && from != "" { // from another form, with all that was typed there
		if _, ok := takesCard(from); ok {
			typed := maps.Clone(f.typed)
			typed.Del("_from")
			c.session.keepDraft(from, typed)
		}
		return c.to("/scan?for=" + url.QueryEscape(from))
	}
	page := ScanPage{Shell: c.shell("scan.title"), For: f.value("_for")}
	if c.r.Method == http.MethodGet {
		page.For = c.r.URL.Query().Get("for")
	}
	box, fills := takesCard(page.For)
	if !fills {
		page.For = ""
	}
	if f.submitted {
		code, box2 := f.code()
		if f.ready() {
			read, err := ask[people.CardRead](c, "card.read", "code", code)
			var refusal *record.Refusal
			switch {
			case errors.As(err, &refusal):
				f.wrong(box2, refused(c.lang, refusal))
			case err != nil:
				return err
			case fills && len(read.Holders) == 0:
				typed := url.Values{}
				maps.Copy(typed, c.session.draft(page.For))
				typed.Set(box, read.Number)
				c.session.keepDraft(page.For, typed)
				return c.to(page.For)
			case !fills && len(read.Holders) == 1 && read.State == people.CardActive:
				return c.to("/people/" + read.Holders[0].Person.ID.String())
			default:
				page.Said = c.said(read)
			}
		}
	}
	page.Code = f.field("code", label("scan.digits"), hint("scan.digits_hint"), focus(), class("w6 mono"), func(_ *form, d *Field) { d.Mode, d.Max = "numeric", 40 })
	page.Picture = f.field("picture", label("scan.picture"), hint("scan.picture_hint"))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "scan.html", page)
}

// code is what was typed, or what stands in the picture that came; box is where it came from.
func (f *form) code() (code, box string) {
	if code = f.value("code"); code != "" {
		return code, "code"
	}
	file, header, err := f.r.FormFile("picture")
	if err != nil || header.Filename == "" {
		f.wrong("code", f.T("scan.nothing_given"))
		return "", "code"
	}
	defer file.Close()
	picture, err := io.ReadAll(io.LimitReader(file, f.route.most()))
	if err == nil {
		code, err = scan.Code(picture)
	}
	switch {
	case errors.Is(err, scan.ErrNothing):
		f.wrong("picture", f.T("scan.no_code"))
	case err != nil:
		f.wrong("picture", f.T("scan.no_picture"))
	}
	return code, "picture"
}

// scanFrame looks at one picture of the camera: the text of its code, or nothing. The picture is in memory while it is looked at.
func scanFrame(c *call) error {
	picture, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.route.most()))
	if err != nil {
		return errors.Join(errTooMuch, err)
	}
	text, err := scan.Code(picture)
	if err != nil || len(text) > longest { // a code with more in it is no card
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
}

// said words how it stands with a card.
func (c *call) said(read people.CardRead) *CardSaid {
	out := &CardSaid{}
	card := cardNumber(read.Number)
	switch {
	case len(read.Holders) == 0:
		out.Text, out.Number, out.Give = c.T("scan.nobody", "card", card), read.Number, c.T("scan.register")
		if !c.may("/register") {
			out.Number = ""
		}
		return out
	case len(read.Holders) > 1:
		out.Text, out.Warn = c.T("scan.several", "card", card), true
	case read.State == people.CardLost:
		out.Text, out.Warn = c.T("scan.lost", "card", card), true
	case read.State == people.CardReturned:
		out.Text, out.Warn = c.T("scan.returned", "card", card), true
	default:
		out.Text = c.T("scan.theirs", "card", card)
	}
	for _, h := range read.Holders {
		out.Holders = append(out.Holders, HolderLine{"/people/" + h.Person.ID.String(), c.nameOf(h.Person), c.age(h.Person), c.cardState(h.Card)})
	}
	return out
}

// cardState says in a line how it stands with a card that is not simply in use; empty when it is.
func (c *call) cardState(o people.OneCard) string {
	if o.State == people.CardActive {
		return ""
	}
	said := c.coded("card_reason", o.Reason)
	if o.Reason == "" {
		said = c.coded("card_state", o.State)
	}
	if o.Since != "" {
		said += " · " + lang.PartialDate(c.lang, o.Since)
	}
	if o.Site != "" {
		said += " · " + o.Site
	}
	return said
}

// cardIn says of a search that is the whole number of a card what there is to say besides who is found: that it was lost, that a digit
// is wrong, that it is another organisation's. Nil when it is no such search, or there is nothing to say.
func (c *call) cardIn(q string) *CardSaid {
	digits := 0
	for _, r := range q {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune(" \u00a0\u202f-.#", r):
			return nil
		}
	}
	if digits != 12 && digits != 20 || !c.may("/scan") {
		return nil
	}
	read, err := ask[people.CardRead](c, "card.read", "code", q)
	var refusal *record.Refusal
	switch {
	case errors.As(err, &refusal):
		return &CardSaid{Text: refused(c.lang, refusal), Warn: true}
	case err != nil: // the search itself answers; this is only a help
		return nil
	}
	if said := c.said(read); said.Warn || len(read.Holders) == 0 {
		return said
	}
	return nil
}
