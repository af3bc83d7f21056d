package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
)

// CopyPage is the person's own copy of everything the member may open about them: A4, in the person's language, with who
// wrote each line and where, and who read it. No number of the program's own stands on it.
type CopyPage struct {
	Shell
	Name, Card string
	Facts      []Fact
	Groups     []string
	Wishes     []Wish
	Stands     string
	Entries    []EntryLine
	Past       []FieldPast // what was said before of what changed
	Limits     []LimitLine
	Others     []CopyOther
	Readers    []ReaderLine
	Asked      bool     // who read it could be asked
	Opened     string   // parts that this copy was made from
	Closed     []string // parts to be asked for from those who hold them
	Made       string
	Back       string
	Choices    []LangChoice
	Address    string
}

// ReaderLine is who opened the record, when and why.
type ReaderLine struct{ When, Name, Site, Why string }

// readings is the answer to the query access, as far as a copy shows it.
type readings struct {
	Entries []struct {
		At       time.Time `json:"at"`
		ByName   string    `json:"by_name"`
		Why      string    `json:"why"`
		Reason   string    `json:"reason"`
		SiteName string    `json:"site_name"`
	} `json:"entries"`
}

// mostReaders is how many openings a copy lists.
const mostReaders = 200

func copyPage(c *call) error {
	id := c.r.PathValue("id")
	all, err := ask[people.Copy](c, "person.copy", "person", id)
	if err != nil {
		return err
	}
	if tag, ok := lang.Parse(c.r.URL.Query().Get("lang")); ok {
		c.lang = tag // of this paper only
	} else if tag, ok := theirLang(all.Person.Languages); ok {
		c.lang = tag
	}
	p := all.Person
	address := "/people/" + p.ID.String()
	page := CopyPage{Shell: c.shell("copy.title"), Name: c.nameOf(p.Brief), Card: cardNumber(p.Card), Back: address, Address: address + "/copy",
		Groups: c.codedAll("group", p.Groups), Made: c.T("print.made", "site", orDash(c.siteName()), "date", lang.DateTime(c.lang, c.now().In(c.zone())))}
	for _, f := range c.personFacts(p) { // the card stands above, the consents below
		if f.Label != c.fieldLabel("card") && f.Label != c.T("register.consent") && f.Label != c.fieldLabel("refused") {
			page.Facts = append(page.Facts, f)
		}
	}
	for _, o := range all.Cards {
		page.Facts = append(page.Facts, Fact{c.fieldLabel("card"), strings.Trim(cardNumber(o.Number)+", "+c.coded("card_state", o.State)+". "+c.cardState(o), ". ")})
	}
	page.Choices = page.Langs
	page.Stands = c.T("consent.travels")
	if !all.Consents.Travels {
		page.Stands = c.T("consent.stays", "site", orDash(all.Consents.Home))
	}
	for _, w := range all.Consents.Purposes {
		page.Wishes = append(page.Wishes, c.wish(w, address))
	}
	for _, e := range all.Entries {
		page.Entries = append(page.Entries, c.entry(e))
	}
	for _, f := range all.Past {
		if !unhistoric[f.Field] {
			line := c.fieldPast(people.History{Person: p.Brief, Linked: briefsOf(p.Linked)}, f)
			line.Correct = Offer{} // paper leads nowhere
			page.Past = append(page.Past, line)
		}
	}
	for _, l := range all.Limits {
		page.Limits = append(page.Limits, c.limitLine(l))
	}
	for _, other := range all.Linked {
		page.Others = append(page.Others, c.copyOther(other))
	}
	var opened []string
	for _, in := range all.Opened {
		opened = append(opened, c.coded("data_class", in.String()))
	}
	page.Opened = lang.List(c.lang, opened)
	for _, in := range all.Closed {
		page.Closed = append(page.Closed, c.coded("data_class", in.String()))
	}
	page.Readers, page.Asked = c.whoOpened(p.ID.String())
	return c.show(http.StatusOK, "copy.html", page)
}

// CopyOther is what a copy shows of another record of the same person. What happened stands with the rest, and says in which.
type CopyOther struct {
	Title  string
	Facts  []Fact
	Groups []string
	Wishes []Wish
	Limits []LimitLine
}

func (c *call) copyOther(one people.LinkedCopy) CopyOther {
	out := CopyOther{Title: c.T("copy.other_record", "card", cardNumber(one.Person.Card)), Groups: c.codedAll("group", one.Person.Groups)}
	out.Facts = append(out.Facts, Fact{c.fieldLabel("person"), c.nameOf(one.Person.Brief)})
	for _, f := range c.personFacts(one.Person) {
		if f.Label != c.fieldLabel("card") && f.Label != c.T("register.consent") && f.Label != c.fieldLabel("refused") {
			out.Facts = append(out.Facts, f)
		}
	}
	for _, w := range one.Consents.Purposes {
		out.Wishes = append(out.Wishes, c.wish(w, "/people/"+one.Person.ID.String()))
	}
	for _, l := range one.Limits {
		out.Limits = append(out.Limits, c.limitLine(l))
	}
	return out
}

// whoOpened lists who opened a record, as far as the member may know it; false when it could not be asked.
func (c *call) whoOpened(person string) ([]ReaderLine, bool) {
	answer, err := c.desk.Query(c.r.Context(), c.lang, "access", map[string][]string{"person": {person}})
	if err != nil {
		return nil, false // not the member's to ask: the paper says where to
	}
	raw, err := json.Marshal(answer)
	var read readings
	if err != nil || json.Unmarshal(raw, &read) != nil {
		return nil, false
	}
	var out []ReaderLine
	for _, e := range read.Entries[:min(len(read.Entries), mostReaders)] {
		line := ReaderLine{When: lang.DateTime(c.lang, e.At.In(c.zone())), Name: orDash(e.ByName), Site: e.SiteName, Why: c.coded("access_why", e.Why)}
		if e.Reason != "" {
			line.Why += ": " + e.Reason
		}
		out = append(out, line)
	}
	return out, true
}

func briefsOf(linked []people.LinkedRecord) []people.Brief {
	out := make([]people.Brief, len(linked))
	for i, l := range linked {
		out[i] = l.Brief
	}
	return out
}
