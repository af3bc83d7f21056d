package web

import (
	"amparo/internal/people"
	"amparo/internal/people/family"
)

func init() {
	personSections = append(personSections, (*call).familySection)
	todos = append(todos, (*call).familyTodo)
}

// mostRelatives is how many of a person's family their page names.
const mostRelatives = 6

// familySection is with whom a person is and whom they look for. Of what came of a search it says nothing to the one who seeks, and to
// the one who may be sought only that there is something to talk about alone.
func (c *call) familySection(p people.Shown) (*Section, error) {
	if !c.may("/people/{id}/family") {
		return nil, nil
	}
	shown, err := ask[family.Shown](c, "family.show", "person", p.ID.String())
	if err != nil {
		return nil, err
	}
	address := "/people/" + p.ID.String() + "/family"
	s := &Section{ID: "family", Title: c.T("family.title"), Empty: c.T("family.none"), Links: []Offer{{address, c.T("family.open"), "people"}}}
	if c.desk.MayDo("family.seek") {
		s.Links = append(s.Links, Offer{address + "/seek", c.T("family.seeks_somebody"), "find"})
	}
	talk, err := c.familyTalk(p.ID)
	if err != nil {
		return nil, err
	}
	for _, t := range talk {
		s.Lines = append(s.Lines, SectionLine{Text: t.Label, Link: t.Address, Icon: t.Icon, Tag: c.T("flag.alone")})
	}
	for _, one := range shown.Seeks {
		if one.State == family.Open {
			line := c.seekLine(one, address, false)
			s.Lines = append(s.Lines, SectionLine{Text: c.T("family.looks_for", "relation", line.Relation, "name", line.Name), Tag: line.State, Icon: "find"})
		}
	}
	named := map[string]bool{}
	for _, r := range shown.Relations[:min(len(shown.Relations), mostRelatives)] {
		named[r.Other.ID.String()] = true
		s.Lines = append(s.Lines, SectionLine{Text: c.nameOf(r.Other), Link: "/people/" + r.Other.ID.String(), Note: c.coded("relation", r.Relation)})
	}
	for _, h := range shown.Households {
		if !h.Current {
			continue
		}
		for _, m := range h.Members {
			if m.Until != "" || m.Person.ID == p.ID || named[m.Person.ID.String()] || len(s.Lines) > mostRelatives {
				continue
			}
			note := c.coded("household_kind", h.Kind)
			if m.Role != "" {
				note += " · " + c.coded("household_role", m.Role)
			}
			s.Lines = append(s.Lines, SectionLine{Text: c.nameOf(m.Person), Link: "/people/" + m.Person.ID.String(), Note: note})
		}
	}
	return s, nil
}

// familyTodo says on the board that a family that was parted waits for somebody.
func (c *call) familyTodo() (*Todo, error) {
	if !c.may("/families") {
		return nil, nil
	}
	found, err := ask[family.Proposals](c, "family.proposals")
	if err != nil {
		return nil, err
	}
	n := waiting(found, c.siteID())
	if n == 0 {
		return nil, nil
	}
	return &Todo{Text: c.T("families.todo", "n", n), Link: "/families", Icon: "people"}, nil
}
