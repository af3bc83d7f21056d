package web

import (
	"net/http"
	"net/url"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/record"
)

func init() {
	personSections = append(personSections, (*call).childSection)
	todos = append(todos, (*call).childTodo)
}

// ChildPage is what is due to a child without their parents: what to do, in order, and what must not happen.
type ChildPage struct {
	Shell
	Form
	Banner     Banner
	On         bool
	Says       string // why there is no path
	Doubt      string
	Ask        bool
	Company    Field
	Identified Field
	Steps      []ChildStep
	Never      []ChildStep
	Next       string
}

// ChildStep is one thing that is due, or that must not happen.
type ChildStep struct {
	Code, Title, Text, Law string
	State, Who, Icon       string // how it ended; empty: still to do
	Done                   bool
	Client                 string
	With                   []lang.Choice
	Link                   string
}

func childPage(c *call) error {
	id := c.r.PathValue("id")
	p, err := ask[child.Path](c, "child.path", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + p.Person.ID.String()
	f, err := c.form(address+"/child", url.Values{"identified": {"self"}})
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		if saved, err := c.childSaid(f, p); err != nil || saved {
			return err
		}
	}
	page := ChildPage{Shell: c.shell("child.title"), Banner: c.banner(p.Person), On: p.On, Ask: p.Ask, Next: address}
	if p.Doubt {
		page.Doubt = c.T("child.doubt")
	}
	switch {
	case p.On || p.Ask:
	case people.Minor(p.Person.Age, p.Person.AgeBand):
		page.Says = c.T("child.with_family")
	default:
		page.Says = c.T("child.grown")
	}
	page.Company = f.field("company", label("child.ask"), hint("child.ask_hint"), codes("child_company", child.Companies...))
	page.Identified = f.field("identified", codes("identified", people.Identifiers...))
	for _, s := range p.Steps {
		page.Steps = append(page.Steps, c.childStep(s, address))
	}
	for _, n := range child.Never {
		page.Never = append(page.Never, ChildStep{Code: n.Code, Text: c.T("child.never." + n.Code), Law: laws(n.Law)})
	}
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "child.html", page)
}

// childSaid writes down with whom the child travels, or a step. It reports whether the answer was given.
func (c *call) childSaid(f *form, p child.Path) (bool, error) {
	address := "/people/" + p.Person.ID.String() + "/child"
	if step := f.value("step"); step != "" {
		r, err := c.apply("child.step", f.Client, f.at(), child.StepData{Person: p.Person.ID.String(), Step: step, State: f.value("step_state"), Authority: f.value("told_to")})
		if err != nil || f.refuse(r) {
			return false, err
		}
		done, err := record.ResultAs[struct {
			Open int `json:"open"`
		}](r)
		if err != nil {
			return false, err
		}
		return true, f.done(address+"#step-"+step, notice{Text: c.T("child.saved", "n", done.Open)})
	}
	if f.value("company") == "" {
		f.missing("company")
		return false, nil
	}
	r, err := c.apply("child.company", f.Client, f.at(), child.CompanyData{Person: p.Person.ID.String(), Company: f.value("company"), Identified: f.value("identified")})
	if err != nil || f.refuse(r) {
		return false, err
	}
	return true, f.done(address, notice{Text: c.T("priority.done")})
}

func (c *call) childStep(s child.OneStep, address string) ChildStep {
	line := ChildStep{Code: s.Step, Title: c.coded("child_step", s.Step), Text: c.T("child.step." + s.Step), Law: laws(s.Law), Client: newClient(), Done: s.State != ""}
	if line.Done {
		line.State, line.Icon = c.coded("step_state", s.State), "note"
		if s.State == "done" {
			line.Icon = "kept"
		}
		if s.Authority != "" {
			line.State += " · " + c.coded("child_authority", s.Authority)
		}
		line.Who = c.T("child.by", "name", orDash(s.ByName), "site", orDash(s.SiteName), "date", lang.DateTime(c.lang, s.At))
	}
	for _, code := range child.Authorities {
		line.With = append(line.With, lang.Choice{Code: code, Name: c.coded("child_authority", code)})
	}
	if s.Step == "family" && c.may("/people/{id}/family") {
		line.Link = address + "/family"
	}
	return line
}

// laws lists articles as people quote them; none comes apart at the end of a line.
func laws(list []string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.Join(list, "|"), " ", "\u00a0"), "|", " · ")
}

// childSection leads from a child's page to the path.
func (c *call) childSection(p people.Shown) (*Section, error) {
	if !c.may("/people/{id}/child") || !people.Minor(p.Age, p.AgeBand) && !people.ChildAlone(p.Age, p.AgeBand, p.Groups) {
		return nil, nil
	}
	told, err := ask[child.Path](c, "child.path", "person", p.ID.String())
	if err != nil {
		return nil, err
	}
	address := "/people/" + p.ID.String() + "/child"
	s := &Section{ID: "child", Title: c.T("child.section")}
	switch {
	case told.On && told.Open > 0:
		s.Lines = []SectionLine{{Text: c.T("child.open", "n", told.Open), Link: address, Tag: c.T("board.urgent"), Icon: "flag"}}
		s.Links = []Offer{{address, c.T("child.path_link"), "right"}}
	case told.On:
		s.Lines = []SectionLine{{Text: c.T("child.open", "n", 0), Link: address}}
	case told.Ask:
		s.Title = c.T("child.title")
		s.Lines = []SectionLine{{Text: c.T("child.ask_link"), Link: address, Icon: "flag"}}
	default:
		return nil, nil
	}
	return s, nil
}

// ChildrenPage lists the children of whom something is still to do.
type ChildrenPage struct {
	Shell
	Children []ChildLine
}

// ChildLine is one of them.
type ChildLine struct{ Name, Age, Card, Open, Since, Link string }

func childrenPage(c *call) error {
	all, err := ask[child.List](c, "child.list")
	if err != nil {
		return err
	}
	page := ChildrenPage{Shell: c.shell("child.list_title")}
	for _, one := range all.Children {
		page.Children = append(page.Children, ChildLine{Name: c.nameOf(one.Person), Age: c.ageOrUnknown(one.Person), Card: cardEnd(one.Person.Card), Open: c.T("child.open", "n", one.Open),
			Since: lang.Ago(c.lang, one.Began, c.now()), Link: "/people/" + one.Person.ID.String() + "/child"})
	}
	return c.show(http.StatusOK, "children.html", page)
}

// childTodo says on the board that somebody waits for what is due to them.
func (c *call) childTodo() (*Todo, error) {
	if !c.may("/children") || !c.desk.Opens(record.Identity) {
		return nil, nil
	}
	all, err := ask[child.List](c, "child.list", "limit", "1")
	if err != nil || all.Total == 0 {
		return nil, err
	}
	return &Todo{Text: c.T("child.todo", "n", all.Total), Link: "/children", Icon: "flag"}, nil
}
