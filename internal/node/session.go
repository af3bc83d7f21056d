package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// Session is one member, unlocked: what they may do and read on this device. It is safe for concurrent use.
type Session struct {
	node   *Node
	member *vault.Member
	locked atomic.Bool
	gone   chan struct{}   // closed when locking is complete
	life   context.Context // ends when the session is locked: what takes long stops then
	ending context.CancelFunc
	using  sync.RWMutex // held for reading while the views are in use; Lock waits for it. Taken before Node.mu, never after

	views *store.Views
	torn  bool                        // the views are closed or not whole: nothing is read from them before they are made anew. Guarded by using
	saw   map[journal.WriterID]uint64 // heads that this writer's commits already name as seen
	odd   []store.Odd

	memoMu sync.Mutex
	memo   map[string]*memoized
}

// Unlock opens a member by label or id; with an empty name the only one there is. A second session of the same member
// shares the first. It fails with vault.ErrPassphrase, vault.ErrNoMember, ErrOtherMember or ErrNotYetGranted.
func (n *Node) Unlock(ctx context.Context, name string, passphrase []byte) (*Session, error) {
	listed, err := n.keep.Find(name)
	if err != nil {
		return nil, err
	}
	member, err := n.keep.Unlock(listed.ID, passphrase)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.session != nil && n.session.locked.Load() { // on its way out: the next one is a new one
		leaving := n.session.gone
		n.mu.Unlock()
		<-leaving
		n.mu.Lock()
	}
	if n.session != nil {
		defer member.Wipe()
		if n.session.member.ID != member.ID {
			return nil, ErrOtherMember
		}
		return n.session, nil
	}
	s, err := n.begin(ctx, member)
	if err != nil {
		member.Wipe()
		return nil, err
	}
	n.session = s
	return s, nil
}

func (n *Node) begin(ctx context.Context, m *vault.Member) (*Session, error) {
	s := &Session{node: n, member: m, gone: make(chan struct{}), saw: map[journal.WriterID]uint64{}, memo: map[string]*memoized{}}
	s.life, s.ending = context.WithCancel(context.Background())
	if err := s.receive(); err != nil {
		return nil, err
	}
	if m.Ring == nil {
		return nil, ErrNotYetGranted
	}
	if err := n.settle(m); err != nil {
		return nil, err
	}
	if err := s.openViews(); err != nil {
		return nil, err
	}
	last, err := s.node.journal.LastArrival()
	ahead := err == nil && s.views.Ahead(last)
	if ahead { // the journal is an older one: commits of this writer that it lacks may have left already
		err = n.newWriter(m)
	}
	if err == nil {
		err = s.loadSeen()
	}
	if err == nil && ahead { // else what is written next would take places already read, and never show
		err = s.renew(ctx)
	} else if err == nil {
		err = s.catchUp(ctx)
	}
	if errors.Is(err, store.ErrViewDamaged) {
		err = s.renew(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.views.Close())
	}
	return s, nil
}

// receive takes the grants for this member out of the journal. Only the founder's are believed; roles that may grant
// come with the roster.
func (s *Session) receive() error {
	var unread error
	err := s.node.journal.OpenParts(0, func(_ int64, c *journal.Commit) error {
		if s.node.journal.Roll().MemberOf(c.Writer) != s.node.journal.Roll().Founder {
			return nil
		}
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
			if _, err := s.member.Receive(g); err != nil { // Verify names it; another grant may still read
				unread = errors.Join(unread, fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err))
			}
		}
		return nil
	})
	if err == nil && s.member.Ring == nil && (unread != nil || s.node.journal.Head(s.member.WriterID()).Seq > 0) {
		err = errors.Join(fmt.Errorf("%w: the grant of this member does not read", store.ErrDamaged), unread)
	}
	return err
}

// mending does what reads or writes the views, and once more after making them anew when one of them was damaged.
func (s *Session) mending(ctx context.Context, do func() error) error {
	err := do()
	if !errors.Is(err, store.ErrViewDamaged) {
		return err
	}
	if failed := s.Rebuild(ctx); failed != nil {
		return errors.Join(err, failed)
	}
	return do()
}

func (s *Session) openViews() error {
	keys, err := s.node.keep.ViewKeys(s.member.Ring)
	if err != nil {
		return err
	}
	views, err := store.OpenViews(filepath.Join(s.node.dir, "views"), s.node.registry, keys)
	if err == nil {
		s.views = views
	}
	return err
}

// Lock forgets the keys and closes the views. It may be called more than once, also at once: when it returns, nothing
// of the session is in use any more.
func (s *Session) Lock() {
	if s.locked.Swap(true) {
		<-s.gone
		return
	}
	defer close(s.gone)
	s.ending()
	s.using.Lock() // first, for who uses the session may be waiting for the node
	defer s.using.Unlock()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	s.views.Close() // nothing is lost when it fails: views are projections
	s.member.Wipe()
	s.memoMu.Lock()
	s.memo = map[string]*memoized{}
	s.memoMu.Unlock()
	if s.node.session == s {
		s.node.session = nil
	}
}

// use keeps the session open while something is read. Every use must be ended.
func (s *Session) use() (end func(), err error) {
	s.using.RLock()
	if s.locked.Load() {
		s.using.RUnlock()
		return nil, ErrLocked
	}
	if s.torn {
		s.using.RUnlock()
		return nil, fmt.Errorf("%w: it could not be made anew", store.ErrViewDamaged)
	}
	return s.using.RUnlock, nil
}

// Member is who is unlocked.
func (s *Session) Member() (id record.ID, label string) {
	return record.ID(s.member.ID), s.member.Label
}

// Node is the node the session is on.
func (s *Session) Node() *Node { return s.node }

// Opens reports whether the member may open a compartment.
func (s *Session) Opens(c record.Compartment) bool { return s.views.Opens(c) }

// catchUpBatch is how many parts are projected in one transaction when there is much to do.
const catchUpBatch = 5000

// catchUp brings the views up to the journal, opening on one core while projecting on the other.
func (s *Session) catchUp(ctx context.Context) error {
	type batch struct {
		parts   []store.Opened
		through int64
		err     error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan batch, 2)
	go func() {
		defer close(batches)
		for after := s.views.Position(); ; {
			arrived, err := s.node.journal.Arrivals(after, 512)
			b := batch{err: err}
			if err == nil && len(arrived) == 0 {
				return
			}
			for i := range arrived {
				after = arrived[i].Arrival
				if opened, ok := s.open(&arrived[i]); ok {
					b.parts = append(b.parts, opened)
				}
			}
			b.through = after
			select {
			case batches <- b:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	pending := 0
	for b := range batches {
		if b.err != nil {
			return errors.Join(b.err, s.views.Drop())
		}
		odd, err := s.views.Project(b.parts, b.through)
		if err != nil {
			return errors.Join(err, s.views.Drop())
		}
		s.odd = append(s.odd, odd...)
		if pending += len(b.parts); pending >= catchUpBatch {
			pending = 0
			if err := s.views.Flush(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, s.views.Drop())
	}
	return s.views.Flush()
}

// open opens one part, when the member holds its key. What does not open or read is left: check names it.
func (s *Session) open(a *store.Arrived) (store.Opened, bool) {
	opened, err := openPart(s.member.Ring, a)
	return opened, err == nil
}

// now is the wall time.
func (s *Session) now() time.Time { return s.node.options.Wall() }
