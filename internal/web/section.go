package web

import (
	"slices"

	"amparo/internal/people"
)

// Section is one part of a person's page beside the timeline: a few lines, and where the rest is.
type Section struct {
	ID, Title string
	Lines     []SectionLine
	Empty     string // said when there are no lines; empty: then the section is not shown at all
	Links     []Offer
}

// SectionLine is one line of it.
type SectionLine struct {
	Text, Note string
	Link       string // where the text leads; empty: nowhere
	Tag, Icon  string // a word that stands out, and its icon
}

// personSections are the parts of a person's page, in order. Each gives nil for who may not see it.
var personSections []func(*call, people.Shown) (*Section, error)

func (c *call) sections(p people.Shown) ([]Section, error) {
	var out []Section
	for _, make := range personSections {
		s, err := make(c, p)
		if err != nil {
			return nil, err
		}
		if s != nil && (len(s.Lines) > 0 || s.Empty != "") {
			out = append(out, *s)
		}
	}
	slices.SortStableFunc(out, func(x, y Section) int { return placeOf(x) - placeOf(y) })
	return out, nil
}

// sectionOrder is how the parts follow each other, whichever file they come from; one that it does not name comes last.
var sectionOrder = []string{"priorities", "child", "links", "family", "cards", "journey"}

func placeOf(s Section) int {
	if at := slices.Index(sectionOrder, s.ID); at >= 0 {
		return at
	}
	return len(sectionOrder)
}

// Todo is something on the board that waits for somebody to look at it.
type Todo struct{ Text, Link, Icon string }

// todos are what may wait, in order. Each gives nil when nothing does, or when it is not the member's.
var todos []func(*call) (*Todo, error)

func (c *call) todos() ([]Todo, error) {
	var out []Todo
	for _, look := range todos {
		t, err := look(c)
		if err != nil {
			return nil, err
		}
		if t != nil {
			out = append(out, *t)
		}
	}
	return out, nil
}
