package people

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"amparo/internal/match"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// FindParams are the parameters of person.find.
type FindParams struct {
	Q     string `json:"q" jsonschema:"description=name parts and optionally an age or year of birth or nationality or the end of the card number"`
	Limit int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100"`
}

const (
	hitsUsual = 10
	hitsMost  = 100
)

var find = record.NewQuery("person.find", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p FindParams) (any, error) {
	q, err := typed.Line("q", p.Q, 200)
	if err != nil {
		return nil, err
	}
	limit := p.Limit
	switch {
	case limit == 0:
		limit = hitsUsual
	case limit < 0:
		return nil, typed.Whole("limit", &limit, 1, hitsMost)
	}
	limit = min(limit, hitsMost)
	known, err := a.Memo("people.index", nil, func() (any, error) { return &roll{}, nil })
	if err != nil {
		return nil, err
	}
	index, err := known.(*roll).upToDate(a)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(p.Q, " ") {
		q += " " // the last word is finished
	}
	hits := index.Search(match.Parse(q, a.Now, countryNamed), limit+linkedSpare)
	found := Found{Query: strings.TrimSpace(q), Hits: []Hit{}, Total: index.Len()}
	ids := make([]record.ID, len(hits))
	for i, h := range hits {
		ids[i] = record.ID(h.Key)
	}
	briefs, err := Briefs(a.Context, a, ids, a.Now)
	if err != nil {
		return nil, err
	}
	by := map[record.ID]Brief{}
	for _, b := range briefs {
		by[b.ID] = b
	}
	for _, h := range hits {
		b, ok := by[record.ID(h.Key)]
		if !ok {
			continue // gone since the index was brought up to date
		}
		hit := Hit{Person: b, Score: math.Round(h.Score*100) / 100}
		for _, r := range h.Reasons {
			r.Text = spelt(r, b)
			hit.Reasons = append(hit.Reasons, reason(r))
		}
		found.Hits = append(found.Hits, hit)
	}
	found.Hits, err = oneEach(a, found.Hits, limit)
	return found, err
})

// spelt is the word of the name in which a reason's part stands, as it is written.
func spelt(r match.Reason, b Brief) string {
	switch r.Code {
	case "card_ends", "same_nationality":
		return r.Text
	}
	for _, word := range strings.Fields(b.Name + " " + b.Nickname) {
		if slices.Contains(match.Tokens(word), r.Text) {
			return word
		}
	}
	return r.Text
}

// reason words a reason for the catalogue.
func reason(r match.Reason) Reason {
	switch r.Code {
	case "card_ends":
		return Reason{r.Code, map[string]any{"digits": r.Text}}
	case "same_nationality":
		return Reason{r.Code, map[string]any{"nationality": r.Text}}
	case "born_near", "age_near":
		if r.Years == 0 {
			return Reason{Code: strings.Replace(r.Code, "near", "same", 1)}
		}
		return Reason{r.Code, map[string]any{"years": r.Years}}
	case "swapped":
		return Reason{Code: r.Code}
	}
	return Reason{r.Code, map[string]any{"field": r.Field.String(), "value": r.Text}}
}

// roll is the index of a session, brought up to date before each search: what was added since is read, and nothing else.
type roll struct {
	mu       sync.Mutex
	index    *match.Index
	position int64 // of the view, up to which this has read
	row      int64 // the last person's row
	changes  map[record.ID]bool
	unborn   map[record.ID]bool // whose registration has not arrived: it fills the row without standing among the changes
	hidden   map[record.ID]bool // who is not shown, to who asks
}

const indexColumns = "rowid, id, given, surname1, surname2, nickname, birth, age, age_on, nationality, card, _rec IS NULL"

func (r *roll) upToDate(a *record.Ask) (*match.Index, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	position := int64(-1)
	err := a.Select(a.Context, "SELECT position FROM identity._view", nil, func(row record.Row) error { position = row.Int(0); return nil })
	if err != nil {
		return nil, fmt.Errorf("bring the index up to date: %w", err)
	}
	if r.index != nil && position == r.position {
		return r.index, nil
	}
	if r.index == nil {
		r.start()
	}
	if err := r.readNew(a); err != nil {
		return nil, err
	}
	r.position = position
	return r.index, nil
}

func (r *roll) start() {
	r.index, r.row, r.changes, r.unborn, r.hidden = match.NewIndex(), 0, map[record.ID]bool{}, map[record.ID]bool{}, map[record.ID]bool{}
}

// readNew reads the persons added and changed since. The list of changes is read before the persons: what comes between is then
// read twice, and never missed.
func (r *roll) readNew(a *record.Ask) error {
	put := func(row record.Row) error {
		r.row = max(r.row, row.Int(0))
		r.index.Put(indexEntry(row))
		if delete(r.unborn, row.ID(1)); row.Bool(11) {
			r.unborn[row.ID(1)] = true
		}
		return nil
	}
	first := r.row == 0
	changed := maps.Clone(r.unborn)
	err := a.Select(a.Context, "SELECT entity, id FROM identity._change WHERE kind = ?", []any{int(Person.Number)}, func(row record.Row) error {
		if fact := row.ID(1); !r.changes[fact] {
			r.changes[fact] = true
			changed[row.ID(0)] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	hidden := map[record.ID]bool{}
	if err := a.Select(a.Context, "SELECT person FROM identity.hiding_identity AS h WHERE hides(h.person, h.why, h.home)", nil, func(row record.Row) error {
		hidden[row.ID(0)] = true
		return nil
	}); err != nil {
		return fmt.Errorf("read who is hidden: %w", err)
	}
	for id := range hidden {
		r.index.Remove(match.Key(id))
	}
	for id := range r.hidden { // shown again, or still hidden: then nothing is read
		changed[id] = true
	}
	r.hidden = hidden
	if err := a.Select(a.Context, "SELECT "+indexColumns+" FROM identity.person WHERE rowid > ?", []any{r.row}, put); err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	if first {
		return nil // just read as they stand
	}
	for id := range changed {
		if err := a.Select(a.Context, "SELECT "+indexColumns+" FROM identity.person WHERE id = ?", []any{id}, put); err != nil {
			return fmt.Errorf("read person: %w", err)
		}
	}
	return nil
}

func indexEntry(row record.Row) match.Entry {
	e := match.Entry{Key: match.Key(row.ID(1)), Cards: []match.Card{{Digits: row.Text(10)}}, Nationality: row.Set(9), Names: []match.Name{
		{Field: match.Given, Text: row.Text(2)}, {Field: match.Surname1, Text: row.Text(3)}, {Field: match.Surname2, Text: row.Text(4)},
		{Field: match.Nickname, Text: row.Text(5)},
	}}
	var told *int
	if !row.Null(7) {
		n := int(row.Int(7))
		told = &n
	}
	e.Born = born(row.Text(6), told, row.Text(8))
	return e
}
