package people

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"

	"amparo/internal/match"
	"amparo/internal/record"
)

// roll is the index of a session, brought up to date before each search: what was added since is read, and nothing else.
type roll struct {
	mu       sync.Mutex
	index    *match.Index
	position int64 // of the view, up to which this has read
	person   mark
	change   mark
	visit    mark
	card     mark
	unborn   map[record.ID]bool // whose registration has not arrived: it fills the row without standing among the changes
	hidden   map[record.ID]bool // who is not shown, to who asks
}

// mark is the last row read of a table. A view that is made anew, because something was erased, numbers its rows anew: then
// another row stands there, or none.
type mark struct {
	row    int64
	id     record.ID
	person record.ID // whose row it is
}

func (m *mark) move(row int64, id, person record.ID) {
	if row > m.row {
		*m = mark{row, id, person}
	}
}

// indexOf is the index of everybody who is shown to who asks, up to date.
func indexOf(a *record.Ask) (*match.Index, error) {
	r, err := rollOf(a)
	if err != nil {
		return nil, err
	}
	return r.upToDate(a)
}

func rollOf(a *record.Ask) (*roll, error) {
	known, err := a.Memo("people.index", nil, func() (any, error) { return &roll{}, nil })
	if err != nil {
		return nil, err
	}
	return known.(*roll), nil
}

// gone takes somebody out who is not shown any more although nothing was written, for they were shown for a few hours only. They
// are read again when something is: they may be shown again by then.
func (r *roll) gone(id record.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index != nil {
		r.index.Remove(match.Key(id))
		r.hidden[id] = true
	}
}

func (r *roll) upToDate(a *record.Ask) (*match.Index, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	position, err := Position(a)
	if err != nil {
		return nil, fmt.Errorf("bring the index up to date: %w", err)
	}
	if r.index != nil && position == r.position {
		return r.index, nil
	}
	hidden, err := hiddenPersons(a.Context, a)
	if err != nil {
		return nil, err
	}
	stands := r.index != nil
	if stands {
		if stands, err = r.stands(a, hidden); err != nil {
			return nil, err
		}
	}
	if stands {
		err = r.follow(a, hidden)
	} else {
		err = r.readAll(a, hidden)
	}
	if err != nil {
		r.index = nil // half a reading finds half of the people
		return nil, err
	}
	r.position = position
	return r.index, nil
}

// Position is how far the view of who people are has read the journal: as long as it is the same, nothing there is new.
func Position(a *record.Ask) (int64, error) {
	position := int64(-1)
	err := a.Select(a.Context, "SELECT position FROM identity._view", nil, func(row record.Row) error { position = row.Int(0); return nil })
	return position, err
}

func hiddenPersons(ctx context.Context, r record.Reader) (map[record.ID]bool, error) {
	hidden := map[record.ID]bool{}
	err := r.Select(ctx, "SELECT person FROM identity.hiding_identity AS h WHERE hides(h.person, h.why, h.home)", nil, func(row record.Row) error {
		hidden[row.ID(0)] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who is hidden: %w", err)
	}
	return hidden, nil
}

// stands says whether the rows read last are still where they were.
func (r *roll) stands(a *record.Ask, hidden map[record.ID]bool) (bool, error) {
	for _, t := range []struct {
		of    mark
		query string
	}{
		{r.person, "SELECT id FROM identity.person WHERE rowid = ?"},
		{r.change, "SELECT id FROM identity._change WHERE rowid = ?"},
		{r.visit, "SELECT id FROM identity.visit WHERE rowid = ?"},
		{r.card, "SELECT id FROM identity.card WHERE rowid = ?"},
	} {
		if t.of.row == 0 || hidden[t.of.person] {
			continue
		}
		there := false
		err := a.Select(a.Context, t.query, []any{t.of.row}, func(row record.Row) error {
			there = row.ID(0) == t.of.id
			return nil
		})
		if err != nil {
			return false, fmt.Errorf("look for the last row: %w", err)
		}
		if !there {
			return false, nil
		}
	}
	return true, nil
}

const indexColumns = "rowid, id, given, surname1, surname2, nickname, birth, age, age_on, nationality, card, _rec IS NULL, languages, spoken, written, aliases, _site, _at, _zone, CASE WHEN _rivals > 0 THEN _state END"

// sparing is by how many parts of a hundred the heap may grow between two collections while everybody is read, and from then on
// where there are many: by default it would take as much memory again as the index. The index has next to no pointers to follow, so
// that collecting more often costs little.
const (
	sparing = 40
	many    = 100_000
)

// readAll reads everybody. What changes is marked before persons are read: what comes between is then read twice, and never missed.
func (r *roll) readAll(a *record.Ask, hidden map[record.ID]bool) error {
	usual := debug.SetGCPercent(sparing)
	defer func() {
		if r.index.Len() < many {
			debug.SetGCPercent(usual)
		}
	}()
	r.index, r.hidden, r.unborn = match.NewIndex(), hidden, map[record.ID]bool{}
	r.person, r.change, r.visit, r.card = mark{}, mark{}, mark{}, mark{}
	err := a.Select(a.Context, "SELECT rowid, id, entity FROM identity._change ORDER BY rowid DESC LIMIT 1", nil, func(row record.Row) error {
		r.change.move(row.Int(0), row.ID(1), row.ID(2))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	err = a.Select(a.Context, "SELECT rowid, id, person FROM identity.card ORDER BY rowid DESC LIMIT 1", nil, func(row record.Row) error {
		r.card.move(row.Int(0), row.ID(1), row.ID(2))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	cards := map[record.ID][]OneCard{}
	if err := heldCards(a.Context, a, "1", nil, func(person record.ID, c OneCard) { cards[person] = append(cards[person], c) }); err != nil {
		return err
	}
	err = a.Select(a.Context, "SELECT "+indexColumns+" FROM identity.person", nil, func(row record.Row) error {
		e, err := r.entry(row)
		e.Cards = cardsOf(row.Text(10), cards[row.ID(1)])
		r.index.Put(e)
		return err
	})
	if err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	return r.readVisits(a)
}

// readVisits takes where persons were met since.
func (r *roll) readVisits(a *record.Ask) error {
	err := a.Select(a.Context, "SELECT rowid, id, person, _site, _at, _zone FROM identity.visit WHERE rowid > ?", []any{r.visit.row}, func(row record.Row) error {
		r.visit.move(row.Int(0), row.ID(1), row.ID(2))
		r.index.Met(match.Key(row.ID(2)), sighting(row, 3))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	return nil
}

// follow reads what was added and changed since.
func (r *roll) follow(a *record.Ask, hidden map[record.ID]bool) error {
	changed := maps.Clone(r.unborn)
	for id := range r.hidden { // shown again, or still hidden: then nothing is read
		changed[id] = true
	}
	for id := range hidden {
		r.index.Remove(match.Key(id))
	}
	r.hidden = hidden
	err := a.Select(a.Context, "SELECT c.rowid, c.id, c.entity, c.kind, k.person FROM identity._change AS c LEFT JOIN identity.card AS k ON k.id = c.entity WHERE c.rowid > ? ORDER BY c.rowid", []any{r.change.row}, func(row record.Row) error {
		whose := row.ID(2)
		switch row.Int(3) {
		case int64(Person.Number):
			changed[whose] = true
		case int64(CardHeld.Number):
			whose = row.ID(4)
			changed[whose] = true
		}
		r.change.move(row.Int(0), row.ID(1), whose)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	for _, t := range []struct {
		of    *mark
		query string
	}{
		{&r.card, "SELECT rowid, id, person FROM identity.card WHERE rowid > ?"},
		{&r.person, "SELECT rowid, id, id FROM identity.person WHERE rowid > ?"},
	} {
		if err := a.Select(a.Context, t.query, []any{t.of.row}, func(row record.Row) error {
			t.of.move(row.Int(0), row.ID(1), row.ID(2))
			changed[row.ID(2)] = true
			return nil
		}); err != nil {
			return fmt.Errorf("read new persons and cards: %w", err)
		}
	}
	// A card of which two sites spoke first, apart from each other, has one row, and neither saying is a change.
	err = a.Select(a.Context, "SELECT person FROM identity.card WHERE _rivals > 0", nil, func(row record.Row) error {
		changed[row.ID(0)] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("read cards of which two things are said: %w", err)
	}
	if err := r.readVisits(a); err != nil {
		return err
	}
	return r.readAgain(a, slices.Collect(maps.Keys(changed)))
}

// readAgain reads some persons whole.
func (r *roll) readAgain(a *record.Ask, ids []record.ID) error {
	return inChunks(ids, func(marks string, args []any) error {
		in := " IN (" + marks + ")"
		cards, met := map[record.ID][]OneCard{}, map[record.ID][]match.Sighting{}
		if err := heldCards(a.Context, a, "person"+in, args, func(person record.ID, c OneCard) { cards[person] = append(cards[person], c) }); err != nil {
			return err
		}
		err := a.Select(a.Context, "SELECT person, _site, _at, _zone FROM identity.visit WHERE person"+in, args, func(row record.Row) error {
			met[row.ID(0)] = append(met[row.ID(0)], sighting(row, 1))
			return nil
		})
		if err != nil {
			return fmt.Errorf("read visits: %w", err)
		}
		err = a.Select(a.Context, "SELECT "+indexColumns+" FROM identity.person WHERE id"+in, args, func(row record.Row) error {
			e, err := r.entry(row)
			e.Cards, e.Seen = cardsOf(row.Text(10), cards[row.ID(1)]), append(e.Seen, met[row.ID(1)]...)
			r.index.Put(e)
			return err
		})
		if err != nil {
			return fmt.Errorf("read persons: %w", err)
		}
		return nil
	})
}

// rivalNames are the fields of a name of which two places may say different things: somebody is found by either.
var rivalNames = []string{"given", "surname1", "surname2", "nickname"}

// entry reads a row of indexColumns, all but the cards.
func (r *roll) entry(row record.Row) (match.Entry, error) {
	id := row.ID(1)
	r.person.move(row.Int(0), id, id)
	if delete(r.unborn, id); row.Bool(11) {
		r.unborn[id] = true
	}
	e := match.Entry{Key: match.Key(id), Nationality: row.Set(9), Languages: row.Set(12)}
	name := func(field match.Field, text string) {
		if text != "" {
			e.Names = append(e.Names, match.Name{Field: field, Text: text})
		}
	}
	name(match.Given, row.Text(2))
	name(match.Surname1, row.Text(3))
	name(match.Surname2, row.Text(4))
	name(match.Nickname, row.Text(5))
	name(match.Other, row.Text(13))
	name(match.Other, row.Text(14))
	for _, alias := range row.Set(15) {
		name(match.Other, alias)
	}
	if !row.Null(19) {
		state, err := record.DecodeState(row.Blob(19))
		if err != nil {
			return e, err
		}
		for _, of := range rivalNames {
			field, _ := Person.Field(of)
			for _, said := range state.Rivals(field) {
				if text, ok := said.Value.(string); ok {
					name(match.Other, text)
				}
			}
		}
	}
	var told *int
	if !row.Null(7) {
		n := int(row.Int(7))
		told = &n
	}
	e.Born = born(row.Text(6), told, row.Text(8))
	if !row.Null(17) {
		e.Seen = []match.Sighting{sighting(row, 16)}
	}
	return e, nil
}

// sighting reads a site, an instant and a zone.
func sighting(row record.Row, first int) match.Sighting {
	site := row.ID(first)
	at := When(row.Int(first+1), row.Int(first+2))
	s := match.Sighting{Month: at.Year()*12 + int(at.Month()) - 1}
	if !site.IsZero() {
		s.Place = string(site[:])
	}
	return s
}

// cardsOf are the cards somebody may show: the one of the registration unless more is known of it, and those given later. One that
// was handed back or destroyed nobody has.
func cardsOf(first string, held []OneCard) []match.Card {
	var out []match.Card
	add := func(c OneCard) {
		if c.State != CardReturned {
			out = append(out, match.Card{Digits: c.Number, Lost: c.State == CardLost})
		}
	}
	if first != "" && !slices.ContainsFunc(held, func(c OneCard) bool { return c.Number == first }) {
		add(OneCard{Number: first})
	}
	for _, c := range held {
		add(c)
	}
	return out
}
