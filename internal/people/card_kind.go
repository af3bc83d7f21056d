package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/record"
)

// CardHeld is what is known of one card of a person. The first card stands in the person's own record (field card) and has a line here
// only when something was said of it; every further card has one. Keyed by person and number, so that two sites that report one card
// lost say one thing.
var CardHeld = About(&record.Kind{Number: 13, Name: "card", In: record.Identity, Form: record.Keyed, Subject: "person", Brief: true, Key: []string{"person", "card_number"},
	Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "card_number", Type: record.Text, Index: true}, // twelve digits
		{Number: 3, Name: "card_state", Type: record.Code, Codes: "card_state"},
		{Number: 4, Name: "card_since", Type: record.Date}, // day on which the state was told, at the place
		{Number: 5, Name: "card_reason", Type: record.Code, Codes: "card_reason"},
	}})

// The states of a card.
const (
	CardActive   = "active"
	CardLost     = "lost"     // whoever shows it may not be who it was given to
	CardReturned = "returned" // handed back, or destroyed: nobody has it
)

// CardReasons say why a card is no longer in use, and so in which state it is.
var CardReasons = []string{"lost", "stolen", "taken", "damaged", "returned", "mistake"}

var cardStates = map[string]string{"lost": CardLost, "stolen": CardLost, "taken": CardLost, "damaged": CardReturned, "returned": CardReturned, "mistake": CardReturned}

// OneCard is a card of a person.
type OneCard struct {
	Person record.ID `json:"person"` // in whose record it stands
	Number string    `json:"number"` // twelve digits
	State  string    `json:"state"`  // active, lost, returned
	Since  string    `json:"since"`  // day on which the state was told; empty of the card of the registration
	Reason string    `json:"reason"` // code list card_reason; empty while it is in use
	At     time.Time `json:"at,omitzero"`
	ByName string    `json:"by_name"`
	Site   string    `json:"site"` // name of the site where the state was told

	by, at record.ID
	rec    int64
}

// Cards reads the cards of persons, for each the first one first and the others in the order in which they were given.
func Cards(ctx context.Context, r record.Reader, ids []record.ID) (map[record.ID][]OneCard, error) {
	out := map[record.ID][]OneCard{}
	err := inChunks(ids, func(marks string, args []any) error {
		err := r.Select(ctx, "SELECT id, card FROM identity.person WHERE card IS NOT NULL AND card <> '' AND id IN ("+marks+")", args, func(row record.Row) error {
			out[row.ID(0)] = []OneCard{{Person: row.ID(0), Number: row.Text(1), State: CardActive}}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read cards of registrations: %w", err)
		}
		return heldCards(ctx, r, "person IN ("+marks+")", args, func(person record.ID, c OneCard) {
			at := slices.IndexFunc(out[person], func(o OneCard) bool { return o.Number == c.Number })
			if at >= 0 {
				out[person][at] = c
				return
			}
			out[person] = append(out[person], c)
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// cardsTogether reads the cards of a person and of the other records that are said to be of the same person, theirs first.
func cardsTogether(ctx context.Context, r record.Reader, person record.ID) ([]OneCard, error) {
	all, err := Together(ctx, r, person)
	if err != nil {
		return nil, err
	}
	cards, err := Cards(ctx, r, all)
	if err != nil {
		return nil, err
	}
	out := []OneCard{}
	for _, id := range all {
		out = append(out, cards[id]...)
	}
	return out, nil
}

// heldCards reads the lines of cards that fulfil an SQL condition, in the order in which they were first written.
func heldCards(ctx context.Context, r record.Reader, where string, args []any, each func(record.ID, OneCard)) error {
	state, _ := CardHeld.Field("card_state")
	err := r.Select(ctx, "SELECT person, card_number, card_state, card_since, card_reason, _at, _zone, _by, _site, _rec, _rivals, _state FROM identity.card WHERE "+where+" ORDER BY _rec, card_number", args, func(row record.Row) error {
		c := OneCard{Person: row.ID(0), Number: row.Text(1), State: row.Text(2), Since: row.Text(3), Reason: row.Text(4), by: row.ID(7), at: row.ID(8), rec: row.Int(9)}
		if !row.Null(5) {
			c.At = When(row.Int(5), row.Int(6))
		}
		if row.Int(10) > 0 { // two sites say different things: a card that somebody says is lost is not trusted
			said, err := record.DecodeState(row.Blob(11))
			if err != nil {
				return err
			}
			for _, st := range said.Rivals(state) {
				if st.Value == CardLost {
					c.State = CardLost
				}
			}
		}
		each(row.ID(0), c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	return nil
}

// holder is somebody whose card has a number.
type holder struct {
	person record.ID
	card   OneCard
}

// holdersOf reads whose card it is or was. Two persons hold one number when two sites gave it away apart: once in two hundred times
// among thirty thousand people, or when a sheet was printed twice.
func holdersOf(ctx context.Context, r record.Reader, number string) ([]holder, error) {
	var out []holder
	err := heldCards(ctx, r, "card_number = ?", []any{number}, func(person record.ID, c OneCard) { out = append(out, holder{person, c}) })
	if err != nil {
		return nil, err
	}
	err = r.Select(ctx, "SELECT id FROM identity.person WHERE card = ?", []any{number}, func(row record.Row) error {
		if id := row.ID(0); !slices.ContainsFunc(out, func(h holder) bool { return h.person == id }) {
			out = append(out, holder{id, OneCard{Person: id, Number: number, State: CardActive}})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for a card: %w", err)
	}
	return out, nil
}

// shownCard is the card by which a person goes: the first while it is in use, otherwise the latest given; empty when none is.
func shownCard(cards []OneCard) string {
	shown := ""
	for i, c := range cards {
		if c.State == CardActive {
			if i == 0 {
				return c.Number
			}
			shown = c.Number
		}
	}
	return shown
}
