package node

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// inSteps reports an action that others do.
func (s *Session) inSteps(r record.Request) bool {
	action, known := s.node.registry.Action(r.Action)
	return known && action.Steps != nil
}

// applySteps runs an action that others do: all of them are kept or none.
func (s *Session) applySteps(ctx context.Context, in lang.Tag, r record.Request) record.Result {
	var steps *record.Steps
	var results []record.Result
	wrong := -1
	err := s.mending(ctx, func() error {
		return s.writing(ctx, func() (err error) {
			if steps, err = s.plan(ctx, in, r); err != nil {
				return err
			}
			results = make([]record.Result, len(steps.Requests))
			kept, err := s.applyBatch(ctx, in, steps.Requests, results, func(done []record.Result) bool {
				wrong = slices.IndexFunc(done, func(one record.Result) bool { return !one.OK })
				return wrong < 0
			})
			if kept && err == nil {
				s.broke(results)
				s.eraseNow(ctx, results)
			}
			return err
		})
	})
	switch {
	case err != nil:
		return refused(in, r, err)
	case wrong >= 0 && results[wrong].Error != nil:
		return refused(in, r, steps.Refused(wrong, *results[wrong].Error))
	}
	out := record.Result{OK: true, Action: r.Action, ID: r.ID, Result: steps.Done(results)}
	for i, one := range results {
		if i == 0 && r.ID == "" {
			out.ID = one.ID
		}
		if one.Commit != "" {
			out.Commit = one.Commit // the last: who has it has those before
		}
	}
	return out
}

// plan says by which actions it is done.
func (s *Session) plan(ctx context.Context, in lang.Tag, r record.Request) (*record.Steps, error) {
	action, _ := s.node.registry.Action(r.Action)
	if id, err := record.ParseID(r.ID); err == nil && !id.IsZero() {
		return nil, record.Refuse("id", "record_id_as_client_id")
	}
	d := draft{time: s.node.clock.Now()}
	change, err := s.change(ctx, in, r, &d)
	if err != nil {
		return nil, err
	}
	if err := s.mayAct(action, r, nil); err != nil {
		return nil, err
	}
	base := r.ID
	if base == "" {
		base = rand.Text()
	}
	name := func(step int) string { return base + "/" + strconv.Itoa(step) }
	steps, err := action.Steps(change, name, r.Data)
	if d.trouble != nil {
		return nil, d.trouble
	}
	if err != nil {
		return nil, err
	}
	for i := range steps.Requests {
		one := &steps.Requests[i]
		one.ID, one.At, one.Site = name(i), r.At, r.Site
	}
	return steps, nil
}
