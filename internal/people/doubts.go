package people

import (
	"fmt"

	"amparo/internal/record"
)

// doubtsMost is how many pairs with contradicting verdicts are read at once.
const doubtsMost = 200

// doubts are the pairs of which contradicting things are said, by two who did not hear of each other: of the pair itself, or of
// records that links join although somebody said that two of them are different. The earliest by id come first.
func doubts(a *record.Ask) ([]Doubt, error) {
	var ids []record.ID
	read := func(statement string) error {
		err := a.Select(a.Context, statement, []any{doubtsMost}, func(row record.Row) error {
			ids = append(ids, row.ID(0), row.ID(1))
			return nil
		})
		if err != nil {
			return fmt.Errorf("read contradicting links: %w", err)
		}
		return nil
	}
	if err := read("SELECT person, other FROM identity.link WHERE _rivals > 0 LIMIT ?"); err != nil {
		return nil, err
	}
	if err := read(`SELECT d.person, d.other FROM identity.link AS d WHERE d.verdict = 'different' AND d.person < d.other
		AND EXISTS (SELECT 1 FROM identity.link AS s WHERE s.person = d.person AND s.verdict = 'same')
		AND EXISTS (SELECT 1 FROM identity.link AS s WHERE s.person = d.other AND s.verdict = 'same') LIMIT ?`); err != nil {
		return nil, err
	}
	w, err := webOf(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	pairs := append([]pair{}, w.shut...)
	for _, p := range sortedPairs(w.said) {
		if w.said.rival(p) {
			pairs = append(pairs, p)
		}
	}
	by, err := briefsBy(a, pairs)
	if err != nil {
		return nil, err
	}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return nil, err
	}
	out := []Doubt{}
	for _, p := range pairs {
		one, here := by[p.a]
		two, there := by[p.b]
		if here && there {
			out = append(out, Doubt{Person: one, Other: two, Said: whoSaid(w.said[p], members)})
		}
	}
	return out, nil
}
