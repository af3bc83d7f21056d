package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/route"
)

func init() {
	personSections = append(personSections, (*call).prioritySection)
	todos = append(todos, (*call).incompleteTodo)
}

// rarerFacts are what a registration may say besides the common boxes.
func (c *call) rarerFacts(p people.Shown) []Fact {
	all := []Fact{
		{c.fieldLabel("spoken"), p.Spoken}, {c.fieldLabel("written"), p.Written}, {c.fieldLabel("aliases"), lang.List(c.lang, p.Aliases)},
		{c.fieldLabel("interpreter"), c.tongue(p.Interpreter)}, {c.fieldLabel("motives"), strings.Join(c.codedAll("motive", p.Motives), "; ")},
	}
	if p.Intention != "" {
		all = append(all, Fact{c.fieldLabel("intention"), c.coded("intention", p.Intention)})
	}
	if p.AgeBand != "" && p.Age == nil {
		all = append(all, Fact{c.fieldLabel("age_band"), c.coded("age_band", p.AgeBand)})
	}
	return slices.DeleteFunc(all, func(f Fact) bool { return f.Value == "" })
}

// prioritySection lists the groups a person stands in, with who saw it.
func (c *call) prioritySection(p people.Shown) (*Section, error) {
	s := &Section{ID: "priorities", Title: c.T("priority.title")}
	for _, one := range p.Priorities {
		s.Lines = append(s.Lines, SectionLine{Text: c.coded("group", one.Group), Note: c.toldBy(one)})
	}
	if p.Incomplete {
		s.Lines = append(s.Lines, SectionLine{Text: c.T("incomplete.here"), Link: "/people/" + p.ID.String() + "/edit", Tag: c.fieldLabel("incomplete"), Icon: "edit"})
	}
	if c.may("/people/{id}/priority") {
		s.Links = append(s.Links, Offer{"/people/" + p.ID.String() + "/priority", c.T("priority.note"), "flag"})
		s.Empty = c.T("priority.none")
	}
	return s, nil
}

// toldBy words who saw it and why it may be written down.
func (c *call) toldBy(one people.OnePriority) string {
	said := []string{c.coded("identified", one.Identified), c.coded("may_record", one.MayRecord)}
	if one.ByName != "" && !one.At.IsZero() {
		said = append(said, c.T("priority.noted", "name", one.ByName, "date", lang.Date(c.lang, one.At)))
	}
	return strings.Join(said, " · ")
}

// PriorityPage notes a group a person stands in, or that they no longer do.
type PriorityPage struct {
	Shell
	Form
	Banner                       Banner
	Stands                       []PriorityLine
	Group, Identified, MayRecord Field
	Back                         string
}

// PriorityLine is a group that stands, and the button that takes it back.
type PriorityLine struct{ Group, Label, Told, Client, End string }

func priorityPage(c *call) error {
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	back := "/people/" + p.ID.String()
	f, err := c.form(back+"/priority", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		if f.value("group") == "" {
			f.missing("group")
		}
		if f.ready() {
			r, err := c.apply("person.priority", f.Client, f.at(), people.PersonPriorityData{Person: p.ID.String(), End: f.value("end") != "",
				PriorityData: people.PriorityData{Group: f.value("group"), Identified: f.value("identified"), MayRecord: f.value("may_record")}})
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				made, err := record.ResultAs[struct {
					Private bool `json:"private"`
				}](r)
				if err != nil {
					return err
				}
				n := notice{Text: c.T("priority.done")}
				if made.Private {
					n.Text += " " + c.T("register.private")
				}
				if slices.Contains(people.ChildGroups, f.value("group")) && f.value("end") == "" && c.may("/people/{id}/child") {
					back += "/child"
				}
				return f.done(back, n)
			}
		}
	}
	page := PriorityPage{Shell: c.shell("priority.title"), Banner: c.banner(p.Brief), Back: back}
	for _, one := range p.Priorities {
		page.Stands = append(page.Stands, PriorityLine{one.Group, c.coded("group", one.Group), c.toldBy(one), newClient(), c.T("priority.end", "group", c.coded("group", one.Group))})
	}
	page.Group = f.field("group", codes("group", c.groupsOffered()...))
	page.Identified = f.field("identified", codes("identified", people.Identifiers...))
	page.MayRecord = f.field("may_record", hint("register.told_by_hint"), codes("may_record", people.MayRecord...))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "priority.html", page)
}

// IncompletePage lists who was taken up in a hurry.
type IncompletePage struct {
	Shell
	People []IncompleteLine
	More   string // that there are more than are shown; empty: these are all
}

// IncompleteLine is one of them and what is missing.
type IncompleteLine struct{ Name, Card, Missing, When, Link string }

func incompletePage(c *call) error {
	list, err := ask[route.Incompletes](c, "group.incomplete")
	if err != nil {
		return err
	}
	page := IncompletePage{Shell: c.shell("incomplete.title")}
	for _, one := range list.People {
		var missing []string
		for _, name := range one.Missing {
			missing = append(missing, c.fieldLabel(name))
		}
		line := IncompleteLine{Name: c.nameOf(one.Person), Card: cardEnd(one.Person.Card), Link: "/people/" + one.Person.ID.String() + "/edit"}
		if len(missing) > 0 {
			line.Missing = c.T("incomplete.missing", "fields", lang.List(c.lang, missing))
		}
		if seen := one.Person.LastSeen; seen != nil {
			line.When = lang.Ago(c.lang, seen.At, c.now())
		}
		page.People = append(page.People, line)
	}
	for _, one := range list.Families {
		page.People = append(page.People, IncompleteLine{Name: c.nameOf(one.Person), Card: cardEnd(one.Person.Card), Link: "/register?with=" + one.Person.ID.String(),
			Missing: c.T("incomplete.family", "size", strconv.Itoa(one.Size), "named", strconv.Itoa(one.Named))})
	}
	if list.Total > len(page.People) {
		page.More = c.T("incomplete.more", "n", list.Total-len(page.People))
	}
	return c.show(http.StatusOK, "incomplete.html", page)
}

// incompleteTodo says on the board that some are still to be asked the rest.
func (c *call) incompleteTodo() (*Todo, error) {
	if !c.may("/incomplete") || !c.desk.Opens(record.Identity) {
		return nil, nil
	}
	list, err := ask[route.Incompletes](c, "group.incomplete", "limit", "1")
	if err != nil || list.Total == 0 {
		return nil, err
	}
	return &Todo{Text: c.T("incomplete.todo", "n", list.Total), Link: "/incomplete", Icon: "edit"}, nil
}
