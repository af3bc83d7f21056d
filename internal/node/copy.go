package node

import (
	"context"
	"errors"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/store"
)

// copyOf is this node's journal as exchange sees it (wire.Copy).
type copyOf struct{ node *Node }

// Copy is this node's journal, to be brought in step with another.
func (n *Node) Copy() wire.Copy { return copyOf{n} }

func (c copyOf) Vector(context.Context) (journal.Vector, error) {
	v := journal.Vector{}
	for w, h := range c.node.journal.Heads() {
		v[w] = h.Seq
	}
	return v, nil
}

func (c copyOf) Hash(_ context.Context, w journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	return c.node.journal.HashAt(w, seq)
}

// Runs gives the writer whose next commit is oldest first. A chain that no longer reads is left out and named.
func (c copyOf) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	held, err := c.Vector(ctx)
	if err != nil {
		return err
	}
	next := func(w journal.WriterID, seq uint64) (journal.Run, bool, error) {
		if err := ctx.Err(); err != nil {
			return journal.Run{}, false, err
		}
		run, ok, err := c.node.journal.NextRun(w, seq, wire.RunBytes)
		if errors.Is(err, store.ErrDamaged) {
			err = &wire.Fault{Writer: w, Seq: seq, Code: wire.FaultDamaged, Err: err}
		}
		return run, ok, err
	}
	return wire.OldestFirst(held, above, c.node.journal.TimeAt, next, yield)
}

func (c copyOf) Take(_ context.Context, runs []journal.Run) ([]error, error) {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	verdicts := make([]error, len(runs))
	for i := range runs {
		fault, err := n.take(&runs[i])
		if err != nil {
			return nil, errors.Join(err, n.journal.Drop())
		}
		verdicts[i] = fault
	}
	err := n.journal.Flush()
	n.grown.Add(1)
	if err == nil {
		err = n.forgetDropped()
	}
	return verdicts, err
}

func (n *Node) take(run *journal.Run) (fault, err error) {
	verdict, err := wire.Judge(n.journal.Roll(), chainOf{n.journal}, run)
	var f *wire.Fault
	switch {
	case errors.Is(err, wire.ErrParked):
		return nil, nil // who sent it offers it again
	case errors.As(err, &f):
		return f, n.journal.SetAside(run, n.options.Wall().Unix(), f.Error())
	case err != nil:
		return nil, err
	}
	if err := n.journal.Fill(run.Commits[:len(run.Commits)-len(verdict.Fresh)]); err != nil {
		return nil, err
	}
	if len(verdict.Fresh) == 0 {
		return nil, nil
	}
	for i := range verdict.Fresh {
		n.clock.Observe(verdict.Fresh[i].Time)
	}
	if err := n.journal.AppendRun(verdict.Fresh, run.Sig, verdict.Roll); err != nil {
		return nil, err
	}
	for _, s := range n.sessions {
		if s.member.WriterID() == run.First().Writer {
			// Our own commits come back to us: this folder was restored from a backup, or another copy of it lives. Both may
			// go on only as different writers.
			return nil, n.newWriter(s.member)
		}
	}
	return nil, nil
}

type chainOf struct{ journal *store.Journal }

func (c chainOf) Head(w journal.WriterID) (journal.Head, error) { return c.journal.Head(w), nil }

func (c chainOf) HashAt(w journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	return c.journal.HashAt(w, seq)
}

// Writer and Member make the copy answer for others too (wire.Keys).
func (c copyOf) Writer(_ context.Context, w journal.WriterID) (seal.VerifyKey, bool, error) {
	cert, known := c.node.journal.Roll().Writers[w]
	return cert.Writer, known, nil
}

func (c copyOf) Member(_ context.Context, m journal.MemberID) (seal.VerifyKey, bool, error) {
	keys, known := c.node.journal.Roll().Members[m]
	return keys.Sign, known, nil
}
