package people

import (
	"slices"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// CardData is what person.card takes: a card that is given to a person, one that they no longer have, or both.
type CardData struct {
	Person string `json:"person"`
	Number string `json:"number,omitempty" jsonschema:"description=a printed card that is handed to them: 12 digits or the 20 of its code. One of theirs that was lost is in use again"`
	New    bool   `json:"new,omitempty" jsonschema:"description=draw a number for a card that is yet to be printed"`
	Lost   string `json:"lost,omitempty" jsonschema:"description=the number of a card of theirs that is no longer in use"`
	Reason string `json:"reason,omitempty" jsonschema:"enum=lost,enum=stolen,enum=taken,enum=damaged,enum=returned,enum=mistake,description=why it is no longer in use; lost when nothing is said"`
}

// CardGiven is the result of person.card.
type CardGiven struct {
	Person record.ID `json:"person"`
	Card   string    `json:"card"` // the card that was given; empty when none was
	Code   string    `json:"code"` // what stands in its code
	Lost   string    `json:"lost"` // the card that is no longer in use; empty: none
}

var giveCard = record.NewAction("person.card", []record.Compartment{record.Identity}, func(c *record.Change, d CardData) (any, error) {
	id, err := Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	theirs, err := cardsTogether(c.Context, c, id)
	if err != nil {
		return nil, err
	}
	done := CardGiven{Person: id}
	if d.Lost != "" {
		if done.Lost, err = loseCard(c, theirs, d); err != nil {
			return nil, err
		}
	}
	switch {
	case d.Number != "" && d.New:
		return nil, record.Refuse("new", "card_one_way")
	case d.New:
		if done.Card, err = newCard(c.Context, c); err != nil {
			return nil, err
		}
	case d.Number != "":
		if done.Card, err = ReadCard(c.Workspace, "number", d.Number); err != nil {
			return nil, err
		}
		if done.Card == done.Lost {
			return nil, record.Refuse("lost", "card_same")
		}
		if !slices.ContainsFunc(theirs, func(o OneCard) bool { return o.Number == done.Card }) {
			if err := free(c, "number", done.Card); err != nil {
				return nil, err
			}
		}
	case d.Lost == "":
		return nil, record.Refuse("number", "required", "field", "card")
	}
	if done.Card == "" {
		return done, nil
	}
	done.Code = CardCode(c.Workspace, done.Card)
	holder := id
	for _, o := range theirs {
		if o.Number == done.Card { // it came back: it stays where it stands
			holder = o.Person
		}
	}
	return done, sayCard(c, theirs, record.Fields{"person": holder, "card_number": done.Card, "card_state": CardActive, "card_since": c.At.Format(time.DateOnly), "card_reason": nil})
})

// loseCard says that a card of a person is no longer in use, in the record in which it stands, and gives its number.
func loseCard(c *record.Change, theirs []OneCard, d CardData) (string, error) {
	number, err := ReadCard(c.Workspace, "lost", d.Lost)
	if err != nil {
		return "", err
	}
	reason, err := typed.Code("reason", or(d.Reason, CardReasons[0]), CardReasons)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(theirs, func(o OneCard) bool { return o.Number == number })
	if at < 0 {
		return "", record.Refuse("lost", "card_not_theirs")
	}
	return number, sayCard(c, theirs, record.Fields{"person": theirs[at].Person, "card_number": number, "card_state": cardStates[reason], "card_since": c.At.Format(time.DateOnly), "card_reason": reason})
}

// sayCard writes how it stands with a card, unless it stands so already: then the day on which it was first told is the better one.
func sayCard(c *record.Change, theirs []OneCard, fields record.Fields) error {
	for _, o := range theirs {
		if o.Number == fields["card_number"] && o.State == fields["card_state"] && o.Reason == text(fields["card_reason"]) {
			return nil
		}
	}
	_, _, err := c.Put(CardHeld, fields)
	return err
}

// TakeCard checks a printed card that is handed to somebody who is being registered, as it was typed or scanned, and gives its number.
// It refuses at the field "card" what ReadCard refuses, and a card that is or was somebody's (card_taken).
func TakeCard(c *record.Change, text string) (string, error) {
	number, err := ReadCard(c.Workspace, "card", text)
	if err != nil {
		return "", err
	}
	return number, free(c, "card", number)
}

// free refuses a card that is or was somebody's. A card that came back is not given to another: whoever once copied its number would
// be told where that person was.
func free(c *record.Change, field, number string) error {
	holders, err := holdersOf(c.Context, c, number)
	if err != nil || len(holders) == 0 {
		return err
	}
	p, err := readPerson(c.Context, c, holders[0].person)
	if err != nil {
		return err
	}
	return record.Refuse(field, "card_taken", "name", p.name())
}
