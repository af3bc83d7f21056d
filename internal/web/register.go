package web

import (
	"bytes"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// RegisterPage is one dense sheet: it is filled forty times a day.
type RegisterPage struct {
	Shell
	Form
	PersonForm
	Company, Card         Field
	Identified, MayRecord Field
	With                  string // the person whom the choices of Company name; empty: none
	Told                  bool   // more is said of the groups than that the person told them
	When                  When
	Alike                 []AlikeLine // people already here who may be the same; asked once before saving
	Others                string      // who they are, for the answer that it is none of them
}

func registerPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	if id := c.r.URL.Query().Get("with"); c.r.Method == "GET" && id != "" { // whoever travels with somebody: search first, too
		p, err := ask[people.Shown](c, "person.show", "person", id)
		if err != nil {
			return err
		}
		c.session.registered(companion{p.ID, c.nameOf(p.Brief), c.now()})
		return c.to("/find")
	}
	if c.r.Method == "GET" && c.session.draft("/register") == nil {
		return c.to("/find") // search first
	}
	f, err := c.form("/register", nil)
	if err != nil {
		return err
	}
	if f.typed.Has("_look") { // from the search, with what was searched
		f.submitted = false
	}
	var alike []AlikeLine
	if f.submitted {
		data := f.personData()
		f.registration(data)
		for name, v := range data { // nothing known is nothing said
			if bytes.Equal(v, []byte("null")) || bytes.Equal(v, []byte("[]")) {
				delete(data, name)
			}
		}
		at := f.at()
		if f.ready() && f.value("_other") == "" {
			if alike, err = c.alike(data); err != nil {
				return err
			}
		}
		f.notThem(data)
		if f.ready() && len(alike) == 0 {
			r, err := c.apply("person.register", f.Client, at, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				made, err := record.ResultAs[registered](r)
				if err != nil {
					return err
				}
				return f.enrolled(made)
			}
		}
	}
	p := RegisterPage{Shell: c.shell("register.title"), PersonForm: f.personForm(), When: f.when(), Alike: alike, Others: others(alike)}
	p.Company, p.With = f.company()
	p.Identified = f.field("identified", codes("identified", people.Identifiers...))
	p.MayRecord = f.field("may_record", codes("may_record", people.MayRecord...))
	p.Told = f.value("identified")+f.value("may_record") != ""
	p.Card = f.field("card", hint("register.card_hint"), func(_ *form, d *Field) { d.Mode, d.Class, d.Max = "numeric", "w6", 40 })
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "register.html", p)
}

// registered is what person.register answers.
type registered struct {
	Person  record.ID `json:"person"`
	Card    string    `json:"card"`
	Child   bool      `json:"child"`
	Ask     bool      `json:"ask"`
	Private bool      `json:"private"`
}

// registration adds to the sheet what is only said of somebody new.
func (f *form) registration(data personData) {
	if how := (people.PriorityData{Identified: f.value("identified"), MayRecord: f.value("may_record")}); how != (people.PriorityData{}) {
		var said []people.PriorityData
		for _, g := range f.values("groups") {
			said = append(said, people.PriorityData{Group: g, Identified: how.Identified, MayRecord: how.MayRecord})
		}
		if len(said) > 0 {
			delete(data, "groups")
			data.set("priorities", said)
		}
	}
	data.text("card", f.value("card"))
	switch as := f.value("company"); as {
	case "alone":
		data.set("alone", true)
	case "travel", "family":
		data.set("with", f.value("with"))
		data.set("with_as", as)
	}
}

// enrolled leads on from somebody registered: to the path of a child without their family, otherwise to their page.
func (f *form) enrolled(made registered) error {
	address := "/people/" + made.Person.String()
	f.session.registered(companion{made.Person, lang.PersonName(f.value("given"), f.value("surname1"), f.value("surname2"), f.value("nickname")), f.now()})
	n := notice{Text: f.T("register.done", "card", cardNumber(made.Card)), Link: address + "/edit", Label: f.T("register.correct")}
	if made.Private {
		n.Text += " " + f.T("register.private")
	}
	switch {
	case (made.Child || made.Ask) && f.may("/people/{id}/child"):
		address += "/child"
	case f.typed.Get("next") == "visit":
		address += "/visit"
	}
	return f.done(address, n)
}

// companion is somebody with whom the next one may travel.
type companion struct {
	person record.ID
	name   string
	at     time.Time
}

// together is how long somebody is offered as a companion: as long as a family takes to register.
const together = 45 * time.Minute

func (s *session) registered(one companion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = one
}

func (s *session) companion(now time.Time) (companion, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.before, !s.before.person.IsZero() && now.Sub(s.before.at) < together
}

// company is the choice with whom somebody travels: nobody, or whoever was registered just before.
func (f *form) company() (d Field, with string) {
	d = f.field("company", label("register.company"))
	all := []lang.Choice{{Code: "alone", Name: f.T("register.alone")}}
	if before, here := f.session.companion(f.now()); here {
		with = before.person.String()
		all = append(all, lang.Choice{Code: "travel", Name: f.T("register.with", "name", before.name)}, lang.Choice{Code: "family", Name: f.T("register.family_of", "name", before.name)})
	}
	// A choice among one cannot be taken back, and what is said here leads a child to their path.
	f.offer(&d, append(all, lang.Choice{Code: "unknown", Name: f.T("code.sex.unknown")}))
	return d, with
}
