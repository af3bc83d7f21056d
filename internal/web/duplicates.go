package web

import (
	"net/http"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
)

// DuplicatesPage is the list of records that may be of one person, for somebody to decide one after the other.
type DuplicatesPage struct {
	Shell
	Pairs  []PairLine
	Doubts []PairLine // of whom contradicting things are said
	Looked string     // how far it has looked
	More   string     // known, and not on this page
	Goes   bool       // there are records that it has not looked at yet
	Done   bool       // nothing to decide, and all looked at
}

// PairLine is one pair of the list.
type PairLine struct {
	Link, Names, Cards, Band string
	Likely                   bool
	For, Against             string // what agrees and what does not, in words
	Said                     []string
}

func duplicatesPage(c *call) error {
	d, err := ask[people.Duplicates](c, "person.duplicates", "limit", "20")
	if err != nil {
		return err
	}
	page := DuplicatesPage{Shell: c.shell("duplicates.title"), Goes: d.Looked < d.Total, Looked: c.T("duplicates.looked", "n", d.Looked, "total", lang.Number(c.lang, int64(d.Total)))}
	for _, p := range d.Pairs {
		line := c.pairLine(p.Person, p.Other)
		line.Band, line.Likely = c.T("band."+p.Band), p.Band == "likely"
		line.For, line.Against = c.agreement(p.Fields)
		page.Pairs = append(page.Pairs, line)
	}
	for _, p := range d.Doubts {
		line := c.pairLine(p.Person, p.Other)
		for _, s := range p.Said {
			line.Said = append(line.Said, c.saying(s))
		}
		page.Doubts = append(page.Doubts, line)
	}
	if d.More > 0 {
		page.More = c.T("duplicates.more", "n", d.More)
	}
	page.Done = len(page.Pairs)+len(page.Doubts) == 0 && !page.Goes
	return c.show(http.StatusOK, "duplicates.html", page)
}

func (c *call) pairLine(one, two people.Brief) PairLine {
	return PairLine{Link: pairAddress(one.ID, two.ID), Names: c.T("duplicates.pair", "one", c.nameOf(one), "two", c.nameOf(two)), Cards: "#" + cardEnd(one.Card) + " · #" + cardEnd(two.Card)}
}

// agreement says which fields agree, or nearly, and which speak against it.
func (c *call) agreement(fields []people.FieldAgreement) (agree, against string) {
	var yes, no []string
	for _, f := range fields {
		text := c.fieldLabel(f.Field) + ": " + c.level(f.Level)
		switch f.Agrees {
		case "yes", "close":
			yes = append(yes, text)
		case "no":
			no = append(no, text)
		}
	}
	return strings.Join(yes, " · "), strings.Join(no, " · ")
}
