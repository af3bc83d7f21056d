package web

import (
	"context"
	"net/http"
	"slices"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// SummaryParts are what a person may choose to take along, in order (code list summary_part). Names of places stay off unless they are
// asked for: paper and telephones are searched, and a name of a shelter tells where somebody slept.
var SummaryParts = []string{"name", "details", "card", "care", "visits", "places"}

// usualParts are chosen until somebody chooses otherwise.
var usualParts = SummaryParts[:5]

// Summary is what a person takes along, in one language.
type Summary struct {
	Title   string         `json:"title"`
	Name    string         `json:"name,omitempty"`
	Card    string         `json:"card,omitempty"`
	Facts   [][2]string    `json:"facts,omitempty"` // label, value
	Entries []SummaryEntry `json:"entries,omitempty"`
	Last    []string       `json:"last"` // when it was made, and whose it is
}

// SummaryEntry is one thing that happened.
type SummaryEntry struct {
	Title string      `json:"title"`
	When  string      `json:"when"`
	Where string      `json:"where,omitempty"`
	Note  string      `json:"note,omitempty"`
	Facts [][2]string `json:"facts,omitempty"`
}

// summaryKinds are what a person takes along, by part: when they were seen, and the medical care they got. What was said to the
// psychologist or the social worker stays off paper that others may find, and so does that they were seen.
var summaryKinds = map[string]string{"person": "visits", "visit": "visits", "consultation": "care"}

// discreet are services that do not say who went there.
var discreet = []string{"mental_health", "social"}

// summarise words a copy of a record as what the person takes along.
func (c *call) summarise(all people.Copy, parts []string) Summary {
	p, with := all.Person, func(part string) bool { return slices.Contains(parts, part) }
	s := Summary{Title: c.T("print.title"), Last: []string{c.T("print.made_on", "date", lang.Date(c.lang, c.now().In(c.zone()))), c.T("print.yours") + " " + c.T("print.rights")}}
	if with("places") {
		s.Last[0] = c.T("print.made", "site", orDash(c.siteName()), "date", lang.Date(c.lang, c.now().In(c.zone())))
	}
	if with("name") {
		s.Name = c.nameOf(p.Brief)
	}
	if with("card") && p.Card != "" {
		s.Card = c.T("person.card", "card", cardNumber(p.Card)) + ". " + c.T("print.card_hint")
	}
	if with("details") {
		var tongues []string
		for _, l := range p.Languages {
			tongues = append(tongues, lang.Language(c.lang, l))
		}
		for _, f := range []Fact{{c.fieldLabel("age"), c.ageOrUnknown(p.Brief)}, {c.fieldLabel("birth"), lang.PartialDate(c.lang, p.Birth)},
			{c.fieldLabel("nationality"), c.countries(p.Nationality)}, {c.fieldLabel("languages"), lang.List(c.lang, tongues)}} {
			if f.Value != "" {
				s.Facts = append(s.Facts, [2]string{f.Label, f.Value})
			}
		}
	}
	for _, e := range all.Entries {
		part, taken := summaryKinds[e.Kind]
		if !taken || !with(part) || !e.Corrected.IsZero() {
			continue
		}
		if service, _ := e.Fields["service"].(string); part == "visits" && !with("care") || slices.Contains(discreet, service) {
			e.Fields = nil // that they came, and not for what
		}
		line := c.entry(e)
		one := SummaryEntry{Title: line.Title, When: line.When, Note: line.Note}
		if with("places") {
			one.Where = e.SiteName
		}
		for _, f := range line.Facts {
			if e.Kind != "person" { // of the registration it is enough that it was
				one.Facts = append(one.Facts, [2]string{f.Label, f.Value})
			}
		}
		s.Entries = append(s.Entries, one)
	}
	return s
}

// SummaryPage is a person's summary to take along: A4, black on white, in the person's language, with what they chose; and where the
// same is sealed into a file.
type SummaryPage struct {
	Shell
	Summary
	Choices []LangChoice
	Parts   []Option
	Chosen  string // the language, for the forms
	Address string
	Back    string
	Files   bool // the summary can be sealed into a file here
}

func summaryPage(c *call) error {
	all, err := ask[people.Copy](c, "person.copy", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	asked := c.r.URL.Query()
	if c.r.Method == http.MethodPost {
		asked = c.r.PostForm
	}
	parts := usualParts
	if asked.Has("part") {
		parts = asked["part"]
	}
	reader := c.lang
	c.lang = c.summaryLang(asked.Get("lang"), all)
	address := "/people/" + all.Person.ID.String()
	page := SummaryPage{Summary: c.summarise(all, parts), Chosen: string(c.lang), Address: address + "/summary", Back: address}
	paper := c.lang
	c.lang = reader // around the paper the page speaks to who works with it
	page.Shell = c.shell("print.title")
	for _, tag := range lang.Tags() {
		page.Choices = append(page.Choices, LangChoice{Tag: tag, Name: lang.Name(tag), On: tag == paper})
	}
	for _, part := range SummaryParts {
		page.Parts = append(page.Parts, Option{ID: "part-" + part, Value: part, Label: c.coded("summary_part", part), On: slices.Contains(parts, part)})
	}
	_, page.Files = c.desk.(SummarySealer)
	return c.show(http.StatusOK, "summary.html", page)
}

// summaryLang is the language asked for, otherwise the person's, otherwise the reader's.
func (c *call) summaryLang(asked string, all people.Copy) lang.Tag {
	if tag, ok := lang.Parse(asked); ok {
		return tag
	}
	if tag, ok := theirLang(all.Person.Languages); ok {
		return tag
	}
	return c.lang
}

// SummarySealer is a Desk that seals what a person takes along.
type SummarySealer interface {
	// SealSummary seals a text under a PIN that it draws. sealed is JSON for the page that opens it: rounds, salt, nonce, sealed.
	SealSummary(text []byte) (sealed any, pin string, err error)
}

// SummaryFilePage hands out the file and shows the PIN, once.
type SummaryFilePage struct {
	Shell
	Banner Banner
	File   CarriedFile
	PIN    string // in groups of three, so that nobody takes it for the number of a card
	Back   string
}

func summaryFile(c *call) error {
	all, err := ask[people.Copy](c, "person.copy", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	typed := c.r.PostForm
	file, pin, err := c.carry(all, c.summaryLang(typed.Get("lang"), all), typed["part"])
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "summary_file.html", SummaryFilePage{Shell: c.shell("carried.page_title"), Banner: c.banner(all.Person.Brief), File: inPage(file), PIN: inThrees(pin),
		Back: "/people/" + all.Person.ID.String()})
}

// Carried makes the summary of a person as a sealed file, for a desk without pages. person is an id; in the language in which the file
// asks for its PIN, or in the person's when it is empty; parts are of SummaryParts, the usual ones when there are none. It is noted as
// a copy, like every other.
func (s *Server) Carried(ctx context.Context, d Desk, person string, in lang.Tag, parts []string) (file []byte, pin string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return nil, "", err
	}
	c := &call{Server: s, r: r, desk: d, lang: in, session: &session{desk: d, member: d.Member().ID, site: d.Status().Site, places: map[record.ID]string{}}}
	all, err := ask[people.Copy](c, "person.copy", "person", person)
	if err != nil {
		return nil, "", err
	}
	if parts == nil {
		parts = usualParts
	}
	return c.carry(all, c.summaryLang(string(in), all), parts)
}
