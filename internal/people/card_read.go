package people

import (
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// CardParams are the parameters of card.read.
type CardParams struct {
	Code string `json:"code" jsonschema:"description=the 12 digits of a card or the 20 of its code"`
}

// CardRead is the answer to card.read: whose card it is, and how it stands with it.
type CardRead struct {
	Number  string       `json:"number"`
	State   string       `json:"state"` // blank (nobody known here has it), active, lost, returned
	Holders []CardHolder `json:"holders"`
}

// CardHolder is somebody to whom a card was given.
type CardHolder struct {
	Person Brief   `json:"person"`
	Card   OneCard `json:"card"`
}

// cardBlank is the state of a card that nobody known here has.
const cardBlank = "blank"

var readCard = record.NewQuery("card.read", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p CardParams) (any, error) {
	number, err := ReadCard(a.Workspace, "code", p.Code)
	if err != nil {
		return nil, err
	}
	return cardStands(a, number)
})

func cardStands(a *record.Ask, number string) (CardRead, error) {
	out := CardRead{Number: number, State: cardBlank, Holders: []CardHolder{}}
	holders, err := holdersOf(a.Context, a, number)
	if err != nil {
		return out, err
	}
	for _, h := range holders {
		briefs, err := Briefs(a.Context, a, []record.ID{h.person}, a.Now)
		if err != nil {
			return out, err
		}
		if len(briefs) == 0 {
			continue // the card has arrived before the person
		}
		cards := []OneCard{h.card}
		if err := nameCards(a, cards); err != nil {
			return out, err
		}
		out.Holders = append(out.Holders, CardHolder{briefs[0], cards[0]})
		if out.State == cardBlank || h.card.State == CardActive {
			out.State = h.card.State
		}
	}
	return out, nil
}

// nameCards writes who told how it stands with cards, and where.
func nameCards(a *record.Ask, cards []OneCard) error {
	members, err := memberNames(a.Context, a)
	if err != nil {
		return err
	}
	sites, err := siteNames(a.Context, a)
	if err != nil {
		return err
	}
	for i, c := range cards {
		cards[i].ByName, cards[i].Site = members[c.by], sites[c.at]
	}
	return nil
}

// PersonCards is the answer to person.cards.
type PersonCards struct {
	Person Brief   `json:"person"`
	Cards  []Coded `json:"cards"` // the first one first, then those of records that are said to be of the same person
}

// Coded is a card with what stands in its code.
type Coded struct {
	OneCard
	Code string `json:"code"`
}

var personCards = record.NewQuery("person.cards", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p PersonParams) (any, error) {
	id, _, err := asked(a, p.Person)
	if err != nil {
		return nil, err
	}
	briefs, err := Briefs(a.Context, a, []record.ID{id}, a.Now)
	if err != nil {
		return nil, err
	}
	cards, err := cardsTogether(a.Context, a, id)
	if err != nil {
		return nil, err
	}
	if err := nameCards(a, cards); err != nil {
		return nil, err
	}
	out := PersonCards{Person: briefs[0], Cards: []Coded{}}
	for _, c := range cards {
		out.Cards = append(out.Cards, Coded{c, CardCode(a.Workspace, c.Number)})
	}
	return out, nil
})

// BlankParams are the parameters of card.blank.
type BlankParams struct {
	N int `json:"n,omitempty" jsonschema:"minimum=1,maximum=100,description=how many; ten when nothing is said"`
}

// Blank is the answer to card.blank: numbers for cards to be printed. They are drawn anew at each question and kept nowhere; a card
// becomes somebody's when it is given.
type Blank struct {
	Cards []BlankCard `json:"cards"`
}

// BlankCard is a card that nobody has yet.
type BlankCard struct {
	Number string `json:"number"`
	Code   string `json:"code"`
}

const (
	blanksUsual = 10
	blanksMost  = 100
)

var blankCards = record.NewQuery("card.blank", []record.Compartment{record.Identity}, func(a *record.Ask, p BlankParams) (any, error) {
	n := p.N
	if n == 0 {
		n = blanksUsual
	}
	if err := typed.Whole("n", &n, 1, blanksMost); err != nil {
		return nil, err
	}
	out := Blank{Cards: make([]BlankCard, 0, n)}
	for range n {
		number, err := newCard(a.Context, a)
		if err != nil {
			return nil, err
		}
		out.Cards = append(out.Cards, BlankCard{number, CardCode(a.Workspace, number)})
	}
	return out, nil
})
