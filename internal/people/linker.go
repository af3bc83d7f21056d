package people

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"amparo/internal/match"
	"amparo/internal/match/linkage"
	"amparo/internal/record"
)

const (
	alikeNear  = 12     // how many of those found by name each person is compared with
	countMost  = 30_000 // of so many persons it is counted how often names come: more say nearly the same
	keepMost   = 4_000  // how many pairs are remembered, the likeliest
	alikeShown = 50
)

// linker looks, in a session, for records that may be of one person. What it has looked at it remembers: each call looks at some
// more, the newest first, and at those who were added or changed since.
type linker struct {
	mu       sync.Mutex
	model    *linkage.Model
	position int64     // of the view, up to which this has read
	counted  int64     // the last person's row that was counted
	top      int64     // rows above were not there when looking began, and are looked at first
	topID    record.ID // whose row it is: views made anew, because something was erased, number their rows anew
	down     int64     // rows from here on were looked at
	waiting  []record.ID
	changes  map[record.ID]bool
	hidden   map[record.ID]bool // who was not shown, to who asks
	pairs    map[pair]linkage.Comparison
}

// linkerOf gives the session's, and the index of names.
func linkerOf(a *record.Ask) (*linker, error) {
	known, err := a.Memo("people.linker", nil, func() (any, error) {
		return &linker{model: linkage.Default(), position: -1, changes: map[record.ID]bool{}, pairs: map[pair]linkage.Comparison{}}, nil
	})
	if err != nil {
		return nil, err
	}
	return known.(*linker), nil
}

// upToDate counts the names of whoever is new, and notes who is to be looked at again. The lock is held.
func (l *linker) upToDate(a *record.Ask) error {
	position, err := Position(a)
	if err != nil {
		return fmt.Errorf("look for records of one person: %w", err)
	}
	top := int64(0)
	if position == l.position {
		return nil
	}
	var atTop record.ID
	if err := a.Select(a.Context, "SELECT id FROM identity.person WHERE rowid = ?", []any{l.top}, func(row record.Row) error { atTop = row.ID(0); return nil }); err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	first := l.position < 0 || atTop != l.topID
	if first {
		l.waiting = nil
		clear(l.pairs)
	}
	changed := map[record.ID]bool{}
	if err := a.Select(a.Context, "SELECT entity, id FROM identity._change WHERE kind = ?", []any{int(Person.Number)}, func(row record.Row) error {
		if fact := row.ID(1); !l.changes[fact] {
			l.changes[fact] = true
			changed[row.ID(0)] = true
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	hidden, err := hiddenPersons(a.Context, a)
	if err != nil {
		return err
	}
	for id := range l.hidden { // shown again: perhaps nobody looked at them
		if !hidden[id] {
			changed[id] = true
		}
	}
	var topID record.ID
	if err := a.Select(a.Context, "SELECT rowid, id FROM identity.person ORDER BY rowid DESC LIMIT 1", nil, func(row record.Row) error {
		top, topID = row.Int(0), row.ID(1)
		return nil
	}); err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	if l.model.Counted() < countMost {
		from := max(l.counted, top-countMost)
		if err := a.Select(a.Context, "SELECT "+personColumns+" FROM identity.person WHERE rowid > ?", []any{from}, func(row record.Row) error {
			p := scanPerson(row)
			r := p.compared()
			l.model.Count(&r)
			return nil
		}); err != nil {
			return fmt.Errorf("count names: %w", err)
		}
		l.counted = top
	}
	if n := float64(l.model.Counted()); n > 0 { // how rare a pair of one person is follows from all, not from those counted
		usual := linkage.Default()
		part := min(1, n/float64(max(1, top)))
		l.model.Duplicates, l.model.Relatives = usual.Duplicates*part, usual.Relatives*part
	}
	if first {
		l.down = top + 1
	} else {
		if err := a.Select(a.Context, "SELECT id FROM identity.person WHERE rowid > ? ORDER BY rowid DESC", []any{l.top}, func(row record.Row) error {
			l.waiting = append(l.waiting, row.ID(0))
			return nil
		}); err != nil {
			return fmt.Errorf("read who is new: %w", err)
		}
		l.waiting = append(l.waiting, slices.SortedFunc(maps.Keys(changed), compareIDs)...)
		for p := range l.pairs {
			if changed[p.a] || changed[p.b] {
				delete(l.pairs, p)
			}
		}
	}
	l.top, l.topID, l.position, l.hidden = top, topID, position, hidden
	return nil
}

// look compares some more persons with those whose names are like theirs.
func (l *linker) look(a *record.Ask, ix *match.Index, n int) error {
	some := l.waiting[:min(n, len(l.waiting))]
	l.waiting = l.waiting[len(some):]
	some = slices.Clone(some)
	if left := n - len(some); left > 0 && l.down > 1 {
		reached := int64(0)
		if err := a.Select(a.Context, "SELECT rowid, id FROM identity.person WHERE rowid < ? ORDER BY rowid DESC LIMIT ?", []any{l.down, left}, func(row record.Row) error {
			reached = row.Int(0)
			some = append(some, row.ID(1))
			return nil
		}); err != nil {
			return fmt.Errorf("read whom to look at: %w", err)
		}
		l.down = reached // 0 when nobody is left
	}
	rows, err := readPersons(a.Context, a, some)
	if err != nil {
		return err
	}
	for _, id := range some {
		p, there := rows[id]
		if !there {
			continue
		}
		found, err := l.near(a, ix, p, alikeNear)
		if err != nil {
			return err
		}
		for _, f := range found {
			l.pairs[pairOf(id, f.row.id)] = f.Comparison
		}
	}
	if len(l.pairs) > keepMost {
		order := l.ranked()
		for _, p := range order[keepMost:] {
			delete(l.pairs, p)
		}
	}
	return nil
}

// ranked lists the pairs, the likeliest first.
func (l *linker) ranked() []pair {
	return slices.SortedFunc(maps.Keys(l.pairs), func(x, y pair) int {
		return cmp.Or(cmp.Compare(l.pairs[y].Odds, l.pairs[x].Odds), compareIDs(x.a, y.a), compareIDs(x.b, y.b))
	})
}

// looked counts the persons looked at so far, and all.
func (l *linker) looked(a *record.Ask) (looked, total int, err error) {
	err = a.Select(a.Context, "SELECT count(*), count(CASE WHEN rowid >= ? THEN 1 END) FROM identity.person", []any{l.down}, func(row record.Row) error {
		total, looked = int(row.Int(0)), int(row.Int(1))
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count persons: %w", err)
	}
	if l.position < 0 { // nothing was looked at yet
		return 0, total, nil
	}
	return max(0, looked-len(l.waiting)), total, nil
}

// nearby is somebody like a person, and how.
type nearby struct {
	row stored
	linkage.Comparison
}

// near compares a person with those of like names; who is unlikely is left out, the likeliest come first.
func (l *linker) near(a *record.Ask, ix *match.Index, p stored, most int) ([]nearby, error) {
	mine := p.compared()
	hits := ix.Candidates(p.query(&mine), most+1)
	ids := make([]record.ID, 0, len(hits))
	for _, h := range hits {
		if id := record.ID(h.Key); id != p.id {
			ids = append(ids, id)
		}
	}
	rows, err := readPersons(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	var out []nearby
	side := l.model.Ready(&mine)
	for _, id := range ids {
		row, there := rows[id]
		if !there {
			continue
		}
		theirs := row.compared()
		if c := l.model.CompareReady(side, l.model.Ready(&theirs)); c.Band != linkage.Unlikely {
			out = append(out, nearby{row, c})
		}
	}
	slices.SortStableFunc(out, func(x, y nearby) int { return cmp.Compare(y.Odds, x.Odds) })
	return out, nil
}

// compared is what of a person is compared.
func (p *stored) compared() linkage.Record {
	r := linkage.Record{Key: match.Key(p.id), Given: p.given, Surname1: p.surname1, Surname2: p.surname2, Also: append([]string{}, p.aliases...),
		Birth: p.birth, Nationality: p.nationality}
	for _, name := range []string{p.nickname, p.spoken} {
		if name != "" {
			r.Also = append(r.Also, name)
		}
	}
	if p.sex == "f" || p.sex == "m" {
		r.Sex = p.sex
	}
	if p.birth == "" {
		r.Born = born("", p.age, p.ageOn)
	}
	return r
}

// query looks for those of like names.
func (p *stored) query(r *linkage.Record) match.Query {
	q := match.Query{Parts: match.Tokens(strings.Join([]string{p.given, p.surname1, p.surname2}, " ")), Born: born(p.birth, p.age, p.ageOn), ByAge: p.birth == ""}
	if len(q.Parts) == 0 {
		q.Parts = match.Tokens(strings.Join(r.Also, " "))
	}
	q.Parts = q.Parts[:min(len(q.Parts), 12)]
	for _, code := range p.nationality {
		if code != "UNKNOWN" && code != "STATELESS" && q.Nationality == "" {
			q.Nationality = code
		}
	}
	return q
}

// readPersons reads the rows of those who are here.
func readPersons(ctx context.Context, r record.Reader, ids []record.ID) (map[record.ID]stored, error) {
	out := map[record.ID]stored{}
	err := inChunks(ids, func(marks string, args []any) error {
		return r.Select(ctx, "SELECT "+personColumns+" FROM identity.person WHERE id IN ("+marks+")", args, func(row record.Row) error {
			p := scanPerson(row)
			out[p.id] = p
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	return out, nil
}

// bits is a weight as answers give it: to a tenth.
func bits(w float64) float64 { return math.Round(w*10) / 10 }
