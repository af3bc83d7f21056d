package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/sample"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// passphrase is every made-up member's: nothing here is secret.
const passphrase = "una frase de medida"

// cheap makes unlocking free of the cost that guessing a passphrase has on purpose: that is measured by itself.
var cheap = seal.Cost{Passes: 1, Memory: 64, Threads: 1}

// began is when stories start: always the same, so that a run repeats.
var began = time.Date(2026, time.January, 5, 6, 0, 0, 0, time.UTC)

// bed is one node with one member, and a clock that stories turn.
type bed struct {
	dir     string
	o       Options
	cost    seal.Cost
	node    *node.Node
	session *node.Session
	clock   *atomic.Int64 // unix seconds
}

func (b *bed) options() node.Options {
	return node.Options{Cost: b.cost, Wall: func() time.Time { return time.Unix(b.clock.Load(), 0).UTC() }}
}

// found makes a workspace in a folder of its own.
func found(ctx context.Context, o Options, name string, cost seal.Cost) (*bed, error) {
	b := &bed{dir: filepath.Join(o.Dir, name), o: o, cost: cost, clock: new(atomic.Int64)}
	b.clock.Store(began.Add(-time.Hour).Unix())
	n, err := node.Found(b.dir, o.Registry, node.Founding{Workspace: "Medida", Member: "Ana", Passphrase: passphrase, Lang: "es"}, b.options())
	if err != nil {
		return nil, err
	}
	b.node = n
	if b.session, err = n.Unlock(ctx, "", []byte(passphrase)); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return b, nil
}

func (b *bed) close() error {
	if b.node == nil {
		return nil
	}
	n := b.node
	b.node, b.session = nil, nil
	return n.Close()
}

// open opens the folder again; unlocking brings the views up to the journal.
func (b *bed) open(ctx context.Context) (err error) {
	if b.node, err = node.Open(b.dir, b.o.Registry, b.options()); err != nil {
		return err
	}
	if b.session, err = b.node.Unlock(ctx, "", []byte(passphrase)); err != nil {
		return errors.Join(err, b.close())
	}
	return nil
}

// story gives the requests of a story; steps that only make sense between several nodes are left out.
func story(seed uint64, people int) []record.Request { return storyFrom(seed, people, began) }

func storyFrom(seed uint64, people int, start time.Time) []record.Request {
	var out []record.Request
	for _, step := range sample.NewStory(seed, people, start).Steps {
		if step.Kind == sample.Do && step.Request.Action != "conflict.settle" {
			out = append(out, step.Request)
		}
	}
	return out
}

// requests gives n requests, of as many stories as it takes, one after the other.
func requests(seed uint64, n int) []record.Request { return requestsFrom(seed, n, began) }

func requestsFrom(seed uint64, n int, start time.Time) []record.Request {
	var out []record.Request
	for people := min(max(n/6, 20), 4000); len(out) < n; seed++ {
		out = append(out, storyFrom(seed, people, start)...)
		start = start.Add(sample.Length)
	}
	return out[:n]
}

// play applies requests in groups and turns the clock with them. It fails when one in a hundred is refused: then what is
// measured is not the work.
func (b *bed) play(ctx context.Context, list []record.Request) error {
	refused := 0
	var first *record.Problem
	for i := 0; i < len(list); i += node.Group {
		group := list[i:min(i+node.Group, len(list))]
		b.clock.Store(latest(group).Unix())
		for _, r := range b.session.ApplyAll(ctx, lang.ES, group) {
			if !r.OK {
				refused++
				if first == nil {
					first = r.Error
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if done := i + len(group); done/20000 != i/20000 {
			b.o.tell("  %d of %d actions", done, len(list))
		}
	}
	if refused*100 > len(list) {
		return fmt.Errorf("%d of %d actions were refused; the first: %s (%s)", refused, len(list), first.Message, first.Code)
	}
	return nil
}

// latest is when the last of them happened: two stories may meet in one group.
func latest(group []record.Request) time.Time {
	last := group[0].At
	for _, r := range group {
		if r.At.After(last) {
			last = r.At
		}
	}
	return last
}

// inspect opens the folder's journal and its member's keys from outside the node, which must be closed, for what only a
// benchmark looks at.
func (b *bed) inspect(look func(j *store.Journal, m *vault.Member, keys map[record.Compartment]seal.ViewKey) error) (err error) {
	keep, err := b.keep()
	if err != nil {
		return err
	}
	listed, err := keep.Find("")
	if err != nil {
		return err
	}
	m, err := keep.Unlock(listed.ID, []byte(passphrase))
	if err != nil {
		return err
	}
	defer m.Wipe()
	j, err := store.OpenJournal(filepath.Join(b.dir, "journal"), m.Workspace, journal.MemberID{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	if err := j.OpenParts(0, func(_ int64, c *journal.Commit) error { return receive(m, c) }); err != nil {
		return err
	}
	keys, err := keep.ViewKeys(m.ID, m.Ring, m.Ring.Holds())
	if err != nil {
		return err
	}
	return look(j, m, keys)
}

// keep is the folder's vault; the node must be closed.
func (b *bed) keep() (*vault.Keep, error) {
	n, err := node.Open(b.dir, b.o.Registry, b.options())
	if err != nil {
		return nil, err
	}
	workspace := n.Workspace()
	if err := n.Close(); err != nil {
		return nil, err
	}
	return vault.OpenKeep(filepath.Join(b.dir, "vault"), workspace)
}

// receive takes the member's grants out of a commit.
func receive(m *vault.Member, c *journal.Commit) error {
	controls, err := c.Controls()
	if err != nil {
		return err
	}
	for _, control := range controls {
		if control.Kind != journal.ControlGrant {
			continue
		}
		var g journal.Grant
		if err := control.Into(&g); err != nil {
			return err
		}
		if _, err := m.Receive(g, func(*vault.Ring, record.Compartment, uint32, seal.CompartmentKey) bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf adds up the files of a folder whose names match.
func sizeOf(dir, pattern string) (total int64, err error) {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, nil
}
