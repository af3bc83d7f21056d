package exchange

import (
	"context"
	"errors"
	"sync"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/store"
)

// JournalCopy is a journal file as a copy that exchanges (wire.Copy) and that others' questions can be answered from
// (wire.Keys). A node's, the neighbour's server and the simulator's devices are this one.
type JournalCopy struct {
	Journal *store.Journal
	Lock    sync.Locker      // held while the journal is written; whoever else writes it holds the same
	Wall    func() time.Time // this machine's clock
	// Took is told of the commits of a run that are new here, in the running batch; nil: nobody is.
	Took func(fresh []journal.Commit) error
	// Stored is told that a batch is durable, with Lock held; nil: nobody is.
	Stored func() error
}

// Vector is wire.Copy's.
func (c *JournalCopy) Vector(context.Context) (journal.Vector, error) {
	v := journal.Vector{}
	for w, h := range c.Journal.Heads() {
		v[w] = h.Seq
	}
	return v, nil
}

// Hash is wire.Copy's.
func (c *JournalCopy) Hash(_ context.Context, w journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	return c.Journal.HashAt(w, seq)
}

// Runs is wire.Copy's. A chain that no longer reads is left out and named.
func (c *JournalCopy) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return c.runs(ctx, above, c.Journal.NextRun, yield)
}

// Bare is wire.Copy's.
func (c *JournalCopy) Bare(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return c.runs(ctx, above, c.Journal.NextBare, yield)
}

type nextRun func(w journal.WriterID, seq uint64, bytes int) (journal.Run, bool, error)

func (c *JournalCopy) runs(ctx context.Context, above journal.Vector, read nextRun, yield func(journal.Run) error) error {
	held, err := c.Vector(ctx)
	if err != nil {
		return err
	}
	next := func(w journal.WriterID, seq uint64) (journal.Run, bool, error) {
		if err := ctx.Err(); err != nil {
			return journal.Run{}, false, err
		}
		run, ok, err := read(w, seq, wire.RunBytes)
		if errors.Is(err, store.ErrDamaged) {
			err = &wire.Fault{Writer: w, Seq: seq, Code: wire.FaultDamaged, Err: err}
		}
		return run, ok, err
	}
	return wire.OldestFirst(held, above, c.Journal.TimeAt, next, yield)
}

// Take is wire.Copy's.
func (c *JournalCopy) Take(_ context.Context, runs []journal.Run) ([]error, error) {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	verdicts := make([]error, len(runs))
	for i := range runs {
		fault, err := c.take(&runs[i])
		if err != nil {
			return nil, errors.Join(err, c.Journal.Drop())
		}
		verdicts[i] = fault
	}
	return verdicts, c.flush()
}

func (c *JournalCopy) flush() error {
	if err := c.Journal.Flush(); err != nil || c.Stored == nil {
		return err
	}
	return c.Stored()
}

func (c *JournalCopy) take(run *journal.Run) (fault, err error) {
	verdict, err := wire.Judge(c.Journal.Roll(), chainOf{c.Journal}, run)
	var f *wire.Fault
	switch {
	case errors.Is(err, wire.ErrParked):
		return nil, nil // who sent it offers it again
	case errors.As(err, &f):
		return f, c.Journal.SetAside(run, c.Wall().Unix(), f.Error())
	case err != nil:
		return nil, err
	}
	if err := c.Journal.Fill(run.Commits[:len(run.Commits)-len(verdict.Fresh)]); err != nil {
		return nil, err
	}
	if len(verdict.Fresh) == 0 {
		return nil, nil
	}
	if err := c.Journal.AppendRun(verdict.Fresh, run.Sig, verdict.Roll); err != nil || c.Took == nil {
		return nil, err
	}
	return nil, c.Took(verdict.Fresh)
}

// Parts is wire.Copy's.
func (c *JournalCopy) Parts(ctx context.Context, places []journal.PartPlace, yield func(n int, data []byte) error) error {
	for n, p := range places {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, here, err := c.Journal.Sealed(p)
		if !here && err == nil || errors.Is(err, store.ErrDamaged) { // somebody else may have it whole
			continue
		}
		if err != nil {
			return err
		}
		if err := yield(n, data); err != nil {
			return err
		}
	}
	return nil
}

// Supply is wire.Copy's.
func (c *JournalCopy) Supply(_ context.Context, parts []journal.Loose) (taken int, err error) {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	for _, p := range parts {
		fresh, err := c.Journal.Supply(p.Place, p.Data)
		switch {
		case errors.Is(err, store.ErrDamaged): // not what its commit names: as if it had not come
		case err != nil:
			return 0, errors.Join(err, c.Journal.Drop())
		case fresh:
			taken++
		}
	}
	if taken == 0 {
		return 0, nil
	}
	return taken, c.flush()
}

// Wanted is wire.Asker's.
func (c *JournalCopy) Wanted(_ context.Context, after int64, most int) ([]journal.Missing, error) {
	return c.Journal.Wanted(after, most)
}

// Unmet is wire.Asker's.
func (c *JournalCopy) Unmet(context.Context) ([]journal.Vouch, error) { return c.Journal.Unmet() }

// MissingFrom is wire.Keys's.
func (c *JournalCopy) MissingFrom(_ context.Context, from int64, most int) ([]journal.Missing, error) {
	list, err := c.Journal.MissingFrom(from, most)
	if err != nil || len(list) >= most || from <= 1 {
		return list, err
	}
	first, err := c.Journal.MissingFrom(1, most-len(list))
	for _, m := range first {
		if m.N < from {
			list = append(list, m)
		}
	}
	return list, err
}

// chainOf is what runs are judged by.
type chainOf struct{ *store.Journal }

func (c chainOf) Head(w journal.WriterID) (journal.Head, error) { return c.Journal.Head(w), nil }

// Writer is wire.Keys's.
func (c *JournalCopy) Writer(_ context.Context, w journal.WriterID) (seal.VerifyKey, bool, error) {
	cert, known := c.Journal.Roll().Writers[w]
	return cert.Writer, known, nil
}

// Member is wire.Keys's.
func (c *JournalCopy) Member(_ context.Context, m journal.MemberID) (seal.VerifyKey, bool, error) {
	keys, known := c.Journal.Roll().Members[m]
	return keys.Sign, known, nil
}

// Cut is wire.Keys's.
func (c *JournalCopy) Cut(_ context.Context, w journal.WriterID, m journal.MemberID) (uint64, bool, error) {
	return c.Journal.Cut(w, m)
}
