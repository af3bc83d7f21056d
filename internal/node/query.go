package node

import (
	"context"
	"errors"
	"slices"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Query runs a named read with the member's rights.
func (s *Session) Query(ctx context.Context, in lang.Tag, name string, params map[string][]string) (answer any, err error) {
	err = s.mending(ctx, func() error {
		answer, err = s.query(ctx, in, name, params)
		return err
	})
	if s.accessDue() {
		_ = s.writeAccess(ctx) // what cannot be written down now waits for the next time
	}
	return answer, err
}

func (s *Session) query(ctx context.Context, in lang.Tag, name string, params map[string][]string) (any, error) {
	end, err := s.use()
	if err != nil {
		return nil, err
	}
	defer end()
	q, known := s.node.registry.Query(name)
	if !known {
		return nil, record.Refuse("query", "unknown_query", "query", name)
	}
	if err := s.mayAsk(q); err != nil {
		return nil, err
	}
	var trouble error // a database error must not read as "unknown"
	resolve := func(text string) (record.ID, bool) {
		id, found, err := s.resolve(ctx, s.views, text)
		trouble = errors.Join(trouble, err)
		return id, found
	}
	ask := record.NewAsk(record.Ask{Reader: s.views, Context: ctx, Now: s.now(), Member: record.ID(s.member.ID), Site: s.node.Site(), Lang: string(in), Workspace: record.ID(s.node.Workspace()), Files: sessionFiles{s},
		Pending: func() (any, error) { return s.pending() }, Engine: s,
		Receipts: func(person record.ID) (record.Receipts, error) { return s.receipts(ctx, person) }}, resolve, s.remember)
	answer, err := q.Run(ask, params)
	if trouble != nil {
		return nil, trouble
	}
	if err != nil || q.About == "" {
		return answer, err
	}
	whose, err := s.about(ctx, q, params)
	if err == nil && !whose.IsZero() {
		err = s.noteAccess(ctx, q, whose)
	}
	for _, linked := range ask.AlsoOpened() {
		if err == nil && linked != whose {
			err = s.noteAccess(ctx, q, linked)
		}
	}
	return answer, err
}

type memoized struct {
	versions []int64
	value    any
}

// remember keeps what build gave until one of the compartments changes. It stays in memory and goes with the session.
func (s *Session) remember(key string, of []record.Compartment, build func() (any, error)) (any, error) {
	versions := make([]int64, len(of))
	for i, c := range of {
		versions[i] = s.views.Version(c)
	}
	if len(of) > 0 { // who was shown in need is shown no longer when the hours are over, though nothing was written
		versions = append(versions, s.openGlass())
	}
	s.memoMu.Lock()
	m := s.memo[key]
	s.memoMu.Unlock()
	if m != nil && slices.Equal(m.versions, versions) {
		return m.value, nil
	}
	value, err := build()
	if err != nil {
		return nil, err
	}
	s.memoMu.Lock()
	s.memo[key] = &memoized{versions, value}
	s.memoMu.Unlock()
	return value, nil
}

// Word gives the first column of the first row of one statement: what a face needs to know before it can ask a query.
func (s *Session) Word(ctx context.Context, statement string, args ...any) (word string, err error) {
	end, err := s.use()
	if err != nil {
		return "", err
	}
	defer end()
	found := false
	err = s.views.Select(ctx, statement, args, func(r record.Row) error {
		if !found {
			word, found = r.Text(0), true
		}
		return nil
	})
	return word, err
}

// Resolve finds the record that a client's id or a written id stands for.
func (s *Session) Resolve(ctx context.Context, field, text string) (record.ID, error) {
	if err := s.refresh(ctx); err != nil {
		return record.ID{}, err
	}
	end, err := s.use()
	if err != nil {
		return record.ID{}, err
	}
	defer end()
	id, found, err := s.resolve(ctx, s.views, text)
	if err != nil || found {
		return id, err
	}
	if id, err = record.ParseID(text); err != nil || id.IsZero() {
		return id, record.Refuse(field, "unknown_id", "field", field).Because(err)
	}
	return id, nil
}
