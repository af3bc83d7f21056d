package web

import (
	"strconv"

	"amparo/internal/people"
)

func init() {
	personSections = append(personSections, (*call).linkSection)
	todos = append(todos, (*call).duplicatesTodo)
}

// mostLinkedFields is how many of the things that linked records say a person's page lists.
const mostLinkedFields = 6

// linkSection names the other records of the same person, what they say otherwise, and who else may be the same.
func (c *call) linkSection(p people.Shown) (*Section, error) {
	if !c.may("/people/{id}/same/{other}") {
		return nil, nil
	}
	s := &Section{ID: "links", Title: c.T("same.section")}
	for _, l := range p.Linked {
		line := SectionLine{Text: c.recordName(l.Brief), Link: pairAddress(p.ID, l.ID), Tag: c.T("same.tag"), Icon: "kept"}
		for _, said := range l.Said[:min(1, len(l.Said))] {
			line.Note = c.saying(said)
		}
		if !l.Through.IsZero() {
			line.Note = c.T("same.through_short")
		}
		s.Lines = append(s.Lines, line)
	}
	differs := 0
	for _, f := range p.LinkedFields {
		theirs := ""
		for _, v := range f.Values {
			if v.Record != p.ID && theirs == "" {
				theirs = c.T("same.value_from", "value", c.word(f.Kind, f.Field, v.Value), "card", cardEnd(v.Card))
			}
		}
		mine := f.Values[0].Record == p.ID
		if theirs == "" || mine && !f.Differs {
			continue
		}
		if differs++; differs > mostLinkedFields {
			continue
		}
		line := SectionLine{Text: c.linkedLabel(f), Note: theirs}
		if f.Differs {
			line.Tag, line.Icon = c.T("same.differs"), "two"
		}
		s.Lines = append(s.Lines, line)
	}
	if more := differs - mostLinkedFields; more > 0 {
		s.Lines = append(s.Lines, SectionLine{Text: c.T("same.more_fields", "n", more), Link: pairAddress(p.ID, p.Linked[0].ID)})
	}
	near, err := ask[people.Duplicates](c, "person.duplicates", "person", p.ID.String(), "limit", "3")
	if err != nil {
		return nil, err
	}
	for _, d := range near.Pairs {
		line := SectionLine{Text: c.recordName(d.Other), Link: pairAddress(p.ID, d.Other.ID), Tag: c.T("band." + d.Band), Icon: "two"}
		line.Note, _ = c.agreement(d.Fields)
		s.Lines = append(s.Lines, line)
	}
	return s, nil
}

// smallHouse is up to how many records the board looks for duplicates by itself: of more, only what somebody's list has found is told.
const smallHouse = 3000

// duplicatesTodo says that there are records which are very probably of one person, or of which contradicting things are said.
func (c *call) duplicatesTodo() (*Todo, error) {
	if !c.may("/duplicates") {
		return nil, nil
	}
	d, err := ask[people.Duplicates](c, "person.duplicates", "peek", "true", "limit", "1")
	if err != nil {
		return nil, err
	}
	if d.Looked < d.Total && d.Total <= smallHouse {
		if d, err = ask[people.Duplicates](c, "person.duplicates", "look", strconv.Itoa(40), "limit", "1"); err != nil {
			return nil, err
		}
	}
	switch {
	case len(d.Doubts) > 0:
		return &Todo{c.T("duplicates.todo_doubts", "n", len(d.Doubts)), "/duplicates", "two"}, nil
	case d.Likely > 0:
		return &Todo{c.T("duplicates.todo", "n", d.Likely), "/duplicates", "people"}, nil
	}
	return nil, nil
}
