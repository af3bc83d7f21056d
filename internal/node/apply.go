package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/store"
)

// Group is how many actions are made durable together at most: their results are given only afterwards.
const Group = 64

// futureAllowed is how far after the device's clock something may be said to have happened: clocks are never exact.
const futureAllowed = 24 * time.Hour

// Apply runs one action as one commit, whole or not at all. When the result is OK the commit is durable.
func (s *Session) Apply(ctx context.Context, in lang.Tag, r record.Request) record.Result {
	return s.ApplyAll(ctx, in, []record.Request{r})[0]
}

// ApplyAll runs actions in order, each as one commit, and makes them durable together. An action that others do is kept as a whole. A refused one does not stop
// the rest. When making durable fails, none of them is saved and each result says so.
func (s *Session) ApplyAll(ctx context.Context, in lang.Tag, requests []record.Request) []record.Result {
	results := make([]record.Result, len(requests))
	for start, end := 0, 0; start < len(requests); start = end {
		if s.inSteps(requests[start]) {
			results[start], end = s.applySteps(ctx, in, requests[start]), start+1
			continue
		}
		for end = start; end < len(requests) && !s.inSteps(requests[end]); end++ {
		}
		s.applyTogether(ctx, in, requests[start:end], results[start:end])
	}
	return results
}

// applyTogether runs actions in order, each as one commit, and makes them durable together.
func (s *Session) applyTogether(ctx context.Context, in lang.Tag, requests []record.Request, results []record.Result) {
	err := s.mending(ctx, func() error {
		return s.writing(ctx, func() error {
			if _, err := s.applyBatch(ctx, in, requests, results, always); err != nil {
				return err
			}
			s.broke(results)
			s.eraseNow(ctx, results)
			return nil
		})
	})
	if err != nil {
		for i := range results {
			results[i] = refused(in, requests[i], err)
		}
	}
}

// always keeps a batch, whatever of it was refused.
func always([]record.Result) bool { return true }

// applyBatch runs actions in order and, when keep says so of how they ended, makes them durable together; otherwise it is as if
// none had been run. It reports whether they were kept.
func (s *Session) applyBatch(ctx context.Context, in lang.Tag, requests []record.Request, results []record.Result, keep func([]record.Result) bool) (bool, error) {
	var last *journal.Commit
	unsigned, size := 0, 0 // a run ends at a signature: one without end could never leave this device
	sign := func() error {
		unsigned, size = 0, 0
		return s.sign(last)
	}
	for i, r := range requests {
		if err := ctx.Err(); err != nil {
			return false, errors.Join(err, s.drop())
		}
		commit, result, err := s.applyOne(ctx, in, r)
		if err != nil {
			var refusal *record.Refusal
			if !errors.As(err, &refusal) {
				return false, errors.Join(err, s.drop()) // the journal could not be written: the whole batch is gone
			}
			results[i] = refused(in, r, err)
			continue
		}
		results[i] = result
		if commit == nil {
			continue
		}
		last, unsigned = commit, unsigned+1
		for _, part := range commit.Parts {
			size += len(part)
		}
		if unsigned >= journal.RunLength || size >= wire.RunBytes {
			if err := sign(); err != nil {
				return false, errors.Join(err, s.drop())
			}
		}
	}
	if !keep(results) {
		return false, s.drop()
	}
	if last == nil {
		return true, nil
	}
	if unsigned > 0 {
		if err := sign(); err != nil {
			return false, errors.Join(err, s.drop())
		}
	}
	return true, s.flush()
}

// sign gives the last commit of a run its writer's signature.
func (s *Session) sign(c *journal.Commit) error {
	return s.node.journal.Sign(c.Writer, c.Seq, s.member.Writer.Sign(journal.SignPurpose, c.Hash[:]))
}

// flush makes the running batch durable, then shows it.
func (s *Session) flush() error {
	if err := s.node.journal.Flush(); err != nil {
		return errors.Join(err, s.drop())
	}
	grown := s.node.grown.Add(1)
	s.show()
	s.grown.Store(grown)
	if s.kept {
		_ = s.noteFiles(s.life) // what cannot be listed now is when the member unlocks again
	}
	_ = s.node.forgetDropped() // what was saved is saved; what cannot be forgotten now is at the next arrival or opening
	return nil
}

// show makes what was projected visible. What is durable is saved even when a view cannot follow: Flush then forgets
// what it had, and the next action or unlocking projects it again.
func (s *Session) show() { _ = s.views.Flush() }

func (s *Session) drop() error {
	return errors.Join(s.node.journal.Drop(), s.views.Drop(), s.reloadSeen())
}

func (s *Session) reloadSeen() error {
	clear(s.saw)
	return s.loadSeen()
}

func (s *Session) applyOne(ctx context.Context, in lang.Tag, r record.Request) (*journal.Commit, record.Result, error) {
	action, known := s.node.registry.Action(r.Action)
	if !known {
		return nil, record.Result{}, record.Refuse("action", "unknown_action", "action", r.Action)
	}
	if action.Run == nil { // done by others, which are kept together: not one of several
		return nil, record.Result{}, record.Refuse("action", "unknown_action", "action", r.Action)
	}
	result := record.Result{OK: true, Action: r.Action, ID: r.ID}
	view := s.views.Working()
	var client []byte
	if id, err := record.ParseID(r.ID); err == nil && !id.IsZero() { // it would stand for another record than its own from then on
		return nil, record.Result{}, record.Refuse("id", "record_id_as_client_id")
	}
	if r.ID != "" {
		client = append(clientHash(r.ID), saidHash(r)...)
		before, err := s.views.Resolve(ctx, view, client)
		if err != nil {
			return nil, result, err
		}
		for _, b := range before {
			if b.Same {
				result.Result = Again{ID: b.ID, Person: b.ID, Again: true}
				return nil, result, nil
			}
		}
		if len(before) > 0 { // to answer "saved" would lose what is said now
			return nil, result, record.Refuse("id", "id_used")
		}
	}
	d := draft{time: s.node.clock.Now(), client: client}
	change, err := s.change(ctx, in, r, &d)
	if err != nil {
		return nil, result, err
	}
	if err := s.mayAct(action, r, nil); err != nil {
		return nil, result, err
	}
	said, err := action.Run(change, r.Data)
	if d.trouble != nil {
		return nil, result, d.trouble
	}
	if err != nil {
		return nil, result, err
	}
	var released []journal.PartPlace
	room := carriedMost
	for _, person := range change.Released() {
		places, err := s.carry(change, person, &room)
		if err != nil {
			return nil, result, err
		}
		released = append(released, places...)
	}
	d.facts, d.site, d.told = change.Facts(), change.Site, change.Told()
	if err := s.mayAct(action, r, d.facts); err != nil {
		return nil, result, err
	}
	result.Result = said
	if len(d.facts) == 0 {
		return nil, result, nil
	}
	if r.ID == "" {
		result.ID = d.facts[0].Entity.String()
	}
	commit, err := s.write(ctx, d)
	if err != nil {
		return nil, result, err
	}
	s.worksAt(change.Site)
	if err := s.node.journal.Release(released); err != nil {
		return nil, result, err
	}
	for _, person := range change.Held() {
		if err := s.holdUnsent(ctx, person, &d, commit); err != nil {
			return nil, result, err
		}
	}
	result.Commit = fmt.Sprintf("%s/%d", commit.Writer, commit.Seq)
	return commit, result, nil
}

// Again answers an action whose client id was seen before: nothing was written a second time.
type Again struct {
	ID     record.ID `json:"id"`
	Person record.ID `json:"person"` // the same, for who asked for a person
	Again  bool      `json:"again"`
}

// change is what the action works with.
func (s *Session) change(ctx context.Context, in lang.Tag, r record.Request, d *draft) (*record.Change, error) {
	view := s.views.Working()
	copy(d.salt[:], draw(len(d.salt)))
	now := s.now()
	d.at = r.At
	if d.at.IsZero() {
		d.at = now
	}
	if d.at.After(now.Add(futureAllowed)) {
		return nil, record.Refuse("at", "future_date", "field", "at")
	}
	writer := s.member.WriterID()
	seq := s.node.journal.Head(writer).Seq + 1
	resolve := func(text string) (record.ID, bool) {
		id, found, err := s.resolve(ctx, view, text)
		d.trouble = errors.Join(d.trouble, err) // a database error must not read as "unknown"
		return id, found
	}
	c := record.Change{Reader: view, Context: ctx, Now: now, At: d.at, Site: s.node.Site(), Member: record.ID(s.member.ID), Lang: string(in), Workspace: record.ID(s.node.Workspace()), Engine: s, Keep: s.keep,
		MayIn: func(in record.Compartment) bool { return s.Rights().May(record.Write, in) }}
	change := record.NewChange(c, func(i int) record.ID { return record.ID(journal.FactID(writer, seq, d.salt, i)) }, resolve)
	if r.Site != "" {
		site, err := change.Ref("site", r.Site)
		if err != nil {
			return nil, err
		}
		change.Site = site
	}
	return change, nil
}

// write seals, appends and projects one commit within the running batch.
func (s *Session) write(ctx context.Context, d draft) (*journal.Commit, error) {
	if s.node.journal.Head(s.member.WriterID()).Seq == 0 { // a new writer introduces itself
		cert, err := journal.NewControl(journal.ControlCertify, s.member.Certificate())
		if err != nil {
			return nil, err
		}
		d.controls = append([]journal.Control{cert}, d.controls...)
	}
	var err error
	if d.about, err = s.whom(ctx, d.facts); err != nil {
		return nil, err
	}
	commit, err := s.node.build(s.member, d)
	if err != nil {
		return nil, err
	}
	if err := s.node.journal.Append(commit, nil); err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	if err := s.noteSeen(commit.Seen); err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	if err := s.follow(); err != nil {
		return nil, err
	}
	s.kept = s.kept || slices.ContainsFunc(d.facts, func(f record.Fact) bool { return f.Kind.File != "" })
	return commit, s.holdBack(ctx, &d, commit)
}

// follow projects what the running batch appended, without making it visible.
func (s *Session) follow() error {
	for {
		arrived, err := s.node.journal.Arrivals(s.views.Position(), 512)
		if err != nil || len(arrived) == 0 {
			return err
		}
		var opened []store.Opened
		for i := range arrived {
			if o, odd, ok := s.open(&arrived[i]); ok {
				opened, s.odd = append(opened, o), append(s.odd, odd...)
			}
		}
		odd, err := s.views.Project(opened, arrived[len(arrived)-1].Arrival)
		if err != nil {
			return err
		}
		if _, err := s.supply(opened); err != nil {
			return err
		}
		s.odd = append(s.odd, odd...)
	}
}

// resolve finds the record that a client's id stands for. Where two devices used one id, it stands for neither.
func (s *Session) resolve(ctx context.Context, r record.Reader, client string) (id record.ID, found bool, err error) {
	list, err := s.views.Resolve(ctx, r, clientHash(client))
	switch {
	case err != nil || len(list) == 0:
		return id, false, err
	case len(list) > 1:
		return id, false, record.Refuse("id", "ambiguous_id")
	}
	return list[0].ID, true, nil
}

// clientHash is how a client's id is kept: the id itself may say something about the person.
func clientHash(id string) []byte {
	sum := sha256.Sum256([]byte("amparo client id v1\x00" + id))
	return sum[:8]
}

// saidHash tells a retry from something else under the same id.
func saidHash(r record.Request) []byte {
	sum := sha256.Sum256([]byte("amparo client data v1\x00" + r.Action + "\x00" + string(r.Data)))
	return sum[:4]
}
