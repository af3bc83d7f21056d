package web

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rsc.io/qr"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// PrintedCard is a card as it is cut out: its code and its number, and nothing about anybody.
type PrintedCard struct {
	Code   template.HTML
	Groups []string // the number in groups of four
}

// CardsPage is paper with cards that nobody has yet, ten a sheet.
type CardsPage struct {
	Shell
	Sheets [][]PrintedCard
	Counts []SheetCount // how many sheets can be asked for
}

// SheetCount is a number of sheets that can be asked for.
type SheetCount struct {
	N    int
	Name string
	On   bool
}

// mostSheets is how many sheets are drawn at once.
const mostSheets = 10

const cardsASheet = 10

func cardsPage(c *call) error {
	n, err := strconv.Atoi(c.r.URL.Query().Get("sheets"))
	if err != nil || n < 1 || n > mostSheets {
		n = 1
	}
	drawn, err := ask[people.Blank](c, "card.blank", "n", strconv.Itoa(n*cardsASheet))
	if err != nil {
		return err
	}
	page := CardsPage{Shell: c.shell("cards.title")}
	for i, one := range drawn.Cards {
		if i%cardsASheet == 0 {
			page.Sheets = append(page.Sheets, nil)
		}
		card, err := printedCard(one.Number, one.Code)
		if err != nil {
			return err
		}
		page.Sheets[len(page.Sheets)-1] = append(page.Sheets[len(page.Sheets)-1], card)
	}
	for _, count := range []int{1, 2, 5, mostSheets} {
		page.Counts = append(page.Counts, SheetCount{count, c.T("cards.sheets", "n", count), count == n})
	}
	return c.show(http.StatusOK, "cards.html", page)
}

// printedCard draws a card. Its code is one that a scratched or wet card can lose a quarter of (level Q).
func printedCard(number, code string) (PrintedCard, error) {
	drawn, err := qr.Encode(code, qr.Q)
	if err != nil {
		return PrintedCard{}, err
	}
	card := PrintedCard{Code: drawCodeAs(drawn, `aria-hidden="true"`)}
	for i := 0; i < len(number); i += 4 {
		card.Groups = append(card.Groups, number[i:min(i+4, len(number))])
	}
	return card, nil
}

// PersonCardsPage shows a person's cards, gives another, and notes that one is lost.
type PersonCardsPage struct {
	Shell
	Form
	Banner Banner
	Cards  []CardLine
	Number Field
	Writes bool
	Scan   bool
	Back   string
}

// CardLine is one card of a person.
type CardLine struct {
	Number, Digits, State, Note string
	Printed                     *PrintedCard // of a card in use
	Client                      string
	Reasons                     []Option
	ReasonLabel, Again, Lose    string
	Lost                        bool
}

func personCardsPage(c *call) error {
	known, err := ask[people.PersonCards](c, "person.cards", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	back := "/people/" + known.Person.ID.String()
	f, err := c.form(back+"/card", nil)
	if err != nil {
		return err
	}
	page := PersonCardsPage{Shell: c.shell("card.title"), Banner: c.banner(known.Person), Back: back, Writes: c.desk.MayDo("person.card"), Scan: c.may("/scan")}
	if f.submitted {
		data := people.CardData{Person: known.Person.ID.String(), Lost: f.value("lost"), Reason: f.value("reason"), New: f.value("new") != ""}
		if data.Lost == "" && !data.New {
			if data.Number = f.value("number"); data.Number == "" {
				f.missing("number")
			}
		}
		if f.ready() {
			r, err := c.apply("person.card", f.Client, time.Time{}, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				given, err := record.ResultAs[people.CardGiven](r)
				if err != nil {
					return err
				}
				return f.done(back+"/card", notice{Text: c.cardGiven(given)})
			}
		}
	}
	for _, o := range known.Cards {
		line, err := c.cardLine(o)
		if err != nil {
			return err
		}
		page.Cards = append(page.Cards, line)
	}
	slices.SortStableFunc(page.Cards, func(a, b CardLine) int { // what is in use first
		return order(a.Lost) - order(b.Lost)
	})
	page.Number = f.field("number", label("card.number"), hint("card.number_hint"), class("w6 mono"), func(_ *form, d *Field) { d.Mode, d.Max = "numeric", 40 })
	page.Form, page.Faulty = f.close(), len(f.Faults) > 0
	if page.Writes {
		page.Shell.Form = f.ID
	}
	return c.show(f.status(), "card.html", page)
}

func order(lost bool) int {
	if lost {
		return 1
	}
	return 0
}

func (c *call) cardGiven(g people.CardGiven) string {
	switch {
	case g.Card == "":
		return c.T("card.lost_done", "card", cardNumber(g.Lost))
	case g.Lost == "":
		return c.T("card.given_done", "card", cardNumber(g.Card))
	}
	return c.T("card.replaced_done", "lost", cardNumber(g.Lost), "card", cardNumber(g.Card))
}

func (c *call) cardLine(o people.Coded) (CardLine, error) {
	line := CardLine{Number: cardNumber(o.Number), Digits: o.Number, State: c.coded("card_state", o.State), Note: c.cardState(o.OneCard), Lost: o.State != people.CardActive,
		Client: newClient(), ReasonLabel: c.fieldLabel("card_reason"), Again: c.T("card.again"), Lose: c.T("card.lose")}
	if line.Lost {
		return line, nil
	}
	if o.Since != "" {
		line.Note = c.T("card.since", "date", lang.PartialDate(c.lang, o.Since))
	}
	for _, code := range people.CardReasons {
		line.Reasons = append(line.Reasons, Option{ID: line.Client + "-" + code, Value: code, Label: c.coded("card_reason", code), On: code == people.CardReasons[0]})
	}
	card, err := printedCard(o.Number, o.Code)
	line.Printed = &card
	return line, err
}

// The cards on a person's page.
func init() {
	personSections = append(personSections, func(c *call, p people.Shown) (*Section, error) {
		if !c.may("/people/{id}/card") {
			return nil, nil
		}
		known, err := ask[people.PersonCards](c, "person.cards", "person", p.ID.String())
		if err != nil {
			return nil, err
		}
		s := &Section{ID: "cards", Title: c.T("card.title"), Empty: c.T("card.none")}
		for _, o := range known.Cards {
			line := SectionLine{Text: cardNumber(o.Number), Note: c.cardState(o.OneCard)}
			if o.State != people.CardActive {
				line.Tag = c.coded("card_state", o.State)
			}
			s.Lines = append(s.Lines, line)
		}
		s.Links = []Offer{{"/people/" + p.ID.String() + "/card", c.T("card.all"), "number"}}
		return s, nil
	})
}
