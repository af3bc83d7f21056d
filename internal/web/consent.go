package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// ConsentPage says what a person agreed to and what not, shows what proves it, and takes the next answer.
type ConsentPage struct {
	Shell
	Form
	Banner    Banner
	Stands    string // in one sentence: does the record leave the site, and what that means
	Stays     bool
	Counted   string
	Wishes    []Wish
	Purposes  Field
	Answer    Field
	Linked    Field // the person's other records, in which it is written down too
	To        Field
	Language  Field
	Medium    Field
	Sure      Field // understood, and for a child their own yes
	More      bool  // the rarer boxes hold something
	Explained Field
	Interpret Field
	Represent Field
	Witness   Field
	Until     Field
	Classes   Field
	Note      Field
	Tongues   []lang.Choice
	Minor     bool
	When      When
	Answers   []EntryLine
	Read      string
	Back      string
}

// Wish is where one purpose stands.
type Wish struct {
	Purpose, State, Code string
	Details              []string // since when, who wrote it, how it was said
	Ask                  string   // address of the form with this purpose chosen
}

// mostAnswers is how much of the evidence a page shows.
const mostAnswers = 30

// sealedParts are the compartments of persons, as lists of a form offer them.
var sealedParts = func() (codes []string) {
	for _, c := range people.Sealed {
		codes = append(codes, c.String())
	}
	return codes
}()

func consentPage(c *call) error {
	id := c.r.PathValue("id")
	stands, err := ask[people.Consents](c, "person.consents", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + stands.Person.ID.String()
	start := url.Values{"explained_by": {c.desk.Member().Name}, "medium": {"spoken"}}
	if in := explainedIn(stands.Tongues, stands.Person.Interpreter); in != "" {
		start.Set("language", lang.Language(c.lang, in))
	}
	if purpose := c.r.URL.Query().Get("purpose"); slices.Contains(people.Purposes, purpose) {
		start.Set("purposes", purpose)
	}
	f, err := c.form(address+"/consent", linkedChosen(start, stands.Linked))
	if err != nil {
		return err
	}
	f.Draft = "" // who else looks at this machine must not find what somebody was about to agree to
	if f.submitted {
		data := f.consentData(stands.Person.ID)
		at := f.at()
		if f.ready() {
			r, err := f.applyTogether("person.consent", at, f.chosenWith(stands.Person.ID, stands.Linked), func(id record.ID) any {
				data.Person = id.String()
				return data
			})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.consented(address, stands, r)
			}
		}
	}
	page := c.consentShown(f, stands, address)
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "consent.html", page)
}

// consentData reads what was filled in.
func (f *form) consentData(person record.ID) people.ConsentData {
	d := people.ConsentData{Person: person.String(), Purposes: f.values("purposes"), Answer: f.value("answer"), To: f.value("to"), Medium: f.value("medium"),
		ExplainedBy: f.value("explained_by"), Interpreter: f.value("interpreter"), Representative: f.value("representative"), Witness: f.value("witness"),
		Until: f.value("until"), Classes: f.values("classes"), Note: f.value("note"),
		Understood: slices.Contains(f.values("sure"), "understood"), Assent: slices.Contains(f.values("sure"), "assent")}
	if tongues := f.choose("language", typed.NamedLanguages, "person.languages.unknown"); len(tongues) > 0 {
		d.Language = tongues[0]
	}
	if len(d.Purposes) == 0 {
		f.missing("purposes")
	}
	if d.Answer == "" {
		f.missing("answer")
	}
	if d.Answer != people.Given { // what proves a yes is not asked of a no
		d.Until, d.Understood, d.Assent = "", false, false
	}
	return d
}

// consented says what follows from the answer. Who took sharing back at another site than their own is not shown there any more.
func (f *form) consented(address string, before people.Consents, r record.Result) error {
	after, err := record.ResultAs[people.Consented](r)
	if err != nil {
		return err
	}
	text := f.T("consent.saved")
	switch {
	case before.Travels && !after.Travels:
		text += " " + f.T("consent.now_stays")
	case !before.Travels && after.Travels:
		text += " " + f.T("consent.now_travels")
	}
	if _, err := ask[people.Consents](f.call, "person.consents", "person", before.Person.ID.String()); err != nil {
		return f.done("/find", notice{Text: text})
	}
	return f.done(address+"/consent", notice{Text: text, Link: address, Label: f.T("consent.back_to_record")})
}

func (c *call) consentShown(f *form, stands people.Consents, address string) ConsentPage {
	page := ConsentPage{Shell: c.shell("consent.title"), Banner: c.banner(stands.Person), Back: address, Read: address + "/consent/read", Minor: stands.Minor,
		Tongues: lang.Languages(c.lang), Stays: !stands.Travels}
	page.Stands = c.T("consent.travels")
	if !stands.Travels {
		page.Stands = c.T("consent.stays", "site", orDash(stands.Home))
	}
	page.Counted = c.T("consent.not_counted")
	if stands.Counted {
		page.Counted = c.T("consent.counted")
	}
	for _, p := range stands.Purposes {
		page.Wishes = append(page.Wishes, c.wish(p, address))
	}
	for _, e := range stands.Answers[:min(len(stands.Answers), mostAnswers)] {
		page.Answers = append(page.Answers, c.entry(e))
	}
	page.Purposes = f.field("purposes", codes("consent", people.Purposes...))
	page.Linked = f.linkedField(stands.Linked)
	page.Answer = f.field("answer", codes("consent_answer", people.ConsentAnswers...))
	page.To = f.field("to", label("field.to_whom"), hint("consent.to_hint"))
	page.Language = f.field("language", list("tongues"))
	page.Medium = f.field("medium", codes("consent_medium", people.ConsentMediums...))
	sure := []lang.Choice{{Code: "understood", Name: c.T("consent.understood")}}
	if stands.Minor {
		sure = append(sure, lang.Choice{Code: "assent", Name: c.T("consent.assent")})
	}
	page.Sure = f.field("sure", label("consent.sure"), hint("consent.sure_hint"), func(f *form, d *Field) { f.offer(d, sure) })
	for i, fault := range f.Faults { // the two boxes are one control
		if fault.Field == "understood" || fault.Field == "assent" {
			f.Faults[i].Field, page.Sure.Error = "sure", fault.Text
		}
	}
	page.Represent = f.field("representative", hint("consent.representative_hint"))
	page.Explained = f.field("explained_by")
	page.Interpret = f.field("interpreter", hint("consent.interpreter_hint"))
	page.Witness = f.field("witness")
	page.Until = f.field("until", kind("date"), class("w6"), hint("consent.until_hint"))
	page.Classes = f.field("classes", hint("consent.classes_hint"), codes("data_class", sealedParts...))
	page.Note = f.field("note", rows(2))
	page.When = f.when()
	page.More = f.value("interpreter")+f.value("witness")+f.value("until")+f.value("note") != "" || len(f.values("classes")) > 0 ||
		!stands.Minor && f.value("representative") != ""
	return page
}

// wish words where a purpose stands.
func (c *call) wish(p people.PurposeState, address string) Wish {
	w := Wish{Purpose: c.coded("consent", p.Purpose), State: c.T("consent.state." + p.State), Code: p.State, Ask: address + "/consent?purpose=" + p.Purpose + "#ask"}
	add := func(text string) {
		if text != "" {
			w.Details = append(w.Details, text)
		}
	}
	if len(p.To) > 0 {
		add(lang.List(c.lang, p.To))
	}
	if !p.At.IsZero() {
		add(c.T("consent.since", "date", lang.Date(c.lang, p.At), "site", orDash(p.Site), "name", orDash(p.By)))
		how := c.T("consent.ticked")
		if p.How != "" {
			how = c.coded("consent_medium", p.How)
		}
		if p.In != "" {
			how += ", " + lang.Language(c.lang, p.In)
		}
		if p.Until != "" {
			how += " · " + c.T("consent.until", "date", lang.PartialDate(c.lang, p.Until))
		}
		if p.State == people.Given || p.State == "lapsed" {
			add(how)
		}
	}
	return w
}

// AloudPage is what is read to the person, or what they read: large, short, in their language, with nobody's name on it.
type AloudPage struct {
	Shell
	Parts   []AloudPart
	Choices []LangChoice
	Address string
	Back    string
}

// AloudPart is one purpose in plain words.
type AloudPart struct{ Title, Text string }

var aloud = map[string]string{people.ToCare: "aloud.care", people.Sharing: "aloud.sharing", people.Referral: "aloud.referral",
	people.Statistics: "aloud.statistics", people.Testimony: "aloud.testimony"}

func consentAloud(c *call) error {
	stands, err := ask[people.Consents](c, "person.consents", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if tag, ok := lang.Parse(c.r.URL.Query().Get("lang")); ok {
		c.lang = tag // of this page only
	} else if tag, ok := theirLang(stands.Tongues); ok {
		c.lang = tag
	}
	address := "/people/" + stands.Person.ID.String() + "/consent"
	page := AloudPage{Shell: c.shell("aloud.title"), Address: address + "/read", Back: address}
	page.Choices = page.Langs
	for _, purpose := range people.Purposes {
		page.Parts = append(page.Parts, AloudPart{c.coded("consent", purpose), c.T(aloud[purpose])})
	}
	return c.show(http.StatusOK, "consent_read.html", page)
}

// explainedIn is the language in which something was most likely explained to a person: that of their interpreter, their
// only one, or the first of theirs in which this program speaks. It proves a yes, so nothing is offered for a mere guess.
func explainedIn(tongues []string, interpreter string) string {
	if interpreter != "" {
		return strings.TrimSuffix(interpreter, anyLanguage)
	}
	for _, one := range tongues {
		if _, speaks := theirLang([]string{one}); speaks || len(tongues) == 1 {
			return one
		}
	}
	return ""
}

// theirLang is the first of a person's languages in which this program speaks.
func theirLang(tongues []string) (lang.Tag, bool) {
	for _, one := range tongues {
		base, _, _ := strings.Cut(one, "-")
		if tag, ok := lang.Parse(base); ok {
			return tag, true
		}
	}
	return "", false
}

// reviewed words a day on which something is to be looked at again.
func (c *call) reviewed(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return lang.Date(c.lang, at.In(c.zone()))
}
