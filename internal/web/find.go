package web

import (
	"errors"
	"net/http"
	"strings"
	"unicode"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// FindPage searches first. Registering is offered only after that, so that one person keeps one record.
type FindPage struct {
	Shell
	Form
	Q      Field
	Asked  bool
	Hits   []HitLine
	Said   string
	Among  string
	Given  []Given // what was typed, carried into the registration
	Writes bool
	Scan   bool // may look up a card
	Card   *CardSaid
	Glass  bool    // may open a restricted record in need
	Ways   []Offer // where else somebody may be looked for, before anything is typed
	Such   string
}

// HitLine is one person who may be meant.
type HitLine struct {
	ID                          record.ID
	Name, Card, Age, From, Seen string
	Why, WhyLabel               string
	Flags                       []string
}

// Given is one value carried along.
type Given struct{ Name, Value string }

// mostHits is how many people a search shows: whoever is further down needs one more word typed.
const mostHits = "12"

func findPage(c *call) error {
	f, err := c.form("/find", nil)
	if err != nil {
		return err
	}
	q := f.value("q")
	p := FindPage{Shell: c.shell("find.title"), Writes: c.may("/register"), Scan: c.may("/scan"), Glass: c.may("/glass")}
	p.Q = f.field("q", label("field.q"), hint("find.hint"), focus(), kind("search"))
	p.Such = c.T("find.examples", "name", "“"+c.T("find.example_name")+"”", "place", "“"+c.T("find.example_place")+"”", "card", "“4129”")
	if len([]rune(q)) >= 2 {
		found, err := ask[people.Found](c, "person.find", "q", q, "limit", mostHits)
		var refusal *record.Refusal
		switch {
		case errors.As(err, &refusal): // a code that is no card of ours: said beside the box, which stays as it was typed
			p.Card = &CardSaid{Text: refused(c.lang, refusal), Warn: true}
		case err != nil:
			return err
		default:
			p.Card = c.cardIn(q)
		}
		p.Asked = true
		for _, h := range found.Hits {
			p.Hits = append(p.Hits, c.hit(h))
		}
		p.Said, p.Among = c.T("find.results", "n", len(p.Hits)), c.T("find.among", "n", found.Total)
		p.Given = carried(q)
	}
	if !p.Asked {
		p.Ways = c.ways()
	}
	p.Form = f.close()
	p.Form.Draft = ""
	p.Shell.Form = f.ID
	return c.show(http.StatusOK, "find.html", p)
}

// ways are the pages about many people. The board names them only while something waits there.
func (c *call) ways() (out []Offer) {
	for _, way := range []Offer{
		{"/group", c.T("group.title"), "people"},
		{"/people/import", c.T("intake.link"), "note"},
		{"/cards", c.T("cards.title"), "scan"},
		{"/incomplete", c.T("incomplete.title"), "edit"},
		{"/duplicates", c.T("duplicates.title"), "two"},
		{"/families", c.T("families.title"), "people"},
		{"/children", c.T("child.list_title"), "flag"},
	} {
		if c.may(way.Address) {
			out = append(out, way)
		}
	}
	return out
}

func (c *call) hit(h people.Hit) HitLine {
	b := c.banner(h.Person)
	line := HitLine{ID: h.Person.ID, Name: b.Name, Card: cardNumber(h.Person.Card), Age: b.Age, From: strings.Join(b.More, " · "), Flags: b.Flags, WhyLabel: c.T("find.why")}
	line.Seen = c.T("find.never_seen")
	if s := h.Person.LastSeen; s != nil {
		line.Seen = c.T("find.last_seen", "site", orDash(s.SiteName), "ago", lang.Ago(c.lang, s.At, c.now()))
	}
	if n := len(h.Linked); n > 0 {
		line.Seen += " · " + c.T("same.also", "n", n)
	}
	var why []string
	for _, r := range h.Reasons {
		if text := c.reason(r); text != "" {
			why = append(why, text)
		}
	}
	line.Why = strings.Join(why, " · ")
	return line
}

// reason words why somebody was found.
func (c *call) reason(r people.Reason) string {
	var args []any
	for name, v := range r.Args {
		switch text, isText := v.(string); {
		case name == "field" && isText:
			v = c.fieldLabel(text)
		case name == "nationality" && isText:
			v = lang.Country(c.lang, text)
		case name == "language" && isText:
			v = lang.Language(c.lang, text)
		case name == "month" && isText:
			v = lang.PartialDate(c.lang, text)
		case name == "digits" && len(text) > 4: // all that was typed, which is no ending
			v = text[len(text)-4:]
		}
		if n, ok := v.(float64); ok {
			v = int(n)
		}
		args = append(args, name, v)
	}
	code := r.Code
	if n, ok := r.Args["years"].(int); ok && n == 0 { // "±0" is no way to say "the same"
		code = strings.Replace(code, "_near", "_same", 1)
	}
	if !lang.Has("reason." + code) {
		return ""
	}
	return c.T("reason."+code, args...)
}

// carried splits what was searched into the boxes of the registration: digits are no name, the last two of three or
// more words are surnames, of two words the last. It is only a start: every box can be changed.
func carried(q string) []Given {
	var words []string
	for _, w := range strings.Fields(q) {
		if strings.IndexFunc(w, unicode.IsDigit) < 0 {
			words = append(words, w)
		}
	}
	part := func(name string, w []string) Given { return Given{name, strings.Join(w, " ")} }
	switch n := len(words); {
	case n == 0:
		return nil
	case n == 1:
		return []Given{part("given", words)}
	case n == 2:
		return []Given{part("given", words[:1]), part("surname1", words[1:])}
	default:
		return []Given{part("given", words[:n-2]), part("surname1", words[n-2:n-1]), part("surname2", words[n-1:])}
	}
}
