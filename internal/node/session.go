package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// Session is one member, unlocked: what they may do and read on this device. It is safe for concurrent use. Members
// unlocked beside each other share the journal and nothing else: each has views, keys and rights of their own.
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
	kept  bool         // facts of files were written that are not listed yet. Guarded by Node.mu
	early bool         // something was carried here whose commit is not here yet. Guarded by Node.mu
	grown atomic.Int64 // up to which growth of the journal the views have followed
	due   atomic.Int32 // what to do to the views before they are next used: reopen or renew

	openAfter int64            // up to which arrival open parts were looked through for grants. This and the next two are guarded by Node.mu
	doubted   []journal.Commit // with grants of keys that nobody has published yet
	leaseAt   journal.Time     // when the grant was made that says the lease
	lease     atomic.Int64     // unix seconds when the keys end; 0: they do not
	rights    atomic.Pointer[vault.Rights]
	sites     []record.ID // where the member may write; empty: everywhere. Guarded by Node.mu

	memoMu sync.Mutex
	memo   map[string]*memoized

	access accessLog // what the member reads, until it is written down
	homes  homes
}

const (
	dueReopen = 1 + iota // the member's rights or keys changed
	dueRenew             // keys came for parts that were passed over
)

// Unlock opens a member by label or id; with an empty name the only one there is. A second session of the same member
// shares the first; other members have theirs beside it. It fails with vault.ErrPassphrase, vault.ErrNoMember, ErrRevoked
// or ErrNotYetGranted.
func (n *Node) Unlock(ctx context.Context, name string, passphrase []byte) (*Session, error) {
	if err := n.expel(); err != nil {
		return nil, err
	}
	listed, err := n.keep.Find(name)
	if err != nil {
		return nil, n.goneOr(name, err)
	}
	member, err := n.keep.Unlock(listed.ID, passphrase)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.sessions[member.ID] != nil && n.sessions[member.ID].locked.Load() { // on its way out: the next one is a new one
		leaving := n.sessions[member.ID].gone
		n.mu.Unlock()
		<-leaving
		n.mu.Lock()
	}
	if s := n.sessions[member.ID]; s != nil {
		member.Wipe()
		return s, nil
	}
	s, err := n.begin(ctx, member)
	if err != nil {
		member.Wipe()
		if errors.Is(err, ErrLeaseOver) { // its end stands in the file now
			n.mu.Unlock()
			err = errors.Join(err, n.expel())
			n.mu.Lock()
		}
		return nil, err
	}
	n.sessions[member.ID] = s
	if _, err := s.tend(ctx); err != nil { // what is due waits for the next time; the member can work
		s.odd = append(s.odd, store.Odd{Writer: member.WriterID(), Reason: err.Error()})
	}
	if n.Narrow() { // a week may be over for who was fetched
		_, err = s.rescope(ctx)
	}
	if err := errors.Join(err, s.letGo(ctx)); err != nil {
		s.odd = append(s.odd, store.Odd{Writer: member.WriterID(), Reason: err.Error()})
	}
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
	if until := s.lease.Load(); until != 0 && n.leaseOver(leaseEnd(until)) { // the file may say otherwise: the grant is sealed
		return nil, ErrLeaseOver
	}
	if err := n.settle(m); err != nil {
		return nil, err
	}
	if err := s.openViews(s.compartments()); err != nil {
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
	if err == nil && (ahead || s.due.Load() == dueRenew) { // else what is written next would take places already read, and never show
		err = s.renew(ctx)
	} else if err == nil {
		err = s.catchUp(ctx)
	}
	if err == nil {
		err = s.supplyLate(ctx)
	}
	if errors.Is(err, store.ErrViewDamaged) {
		err = s.renew(ctx)
	}
	if err == nil {
		err = s.learnRights(ctx)
	}
	if err == nil && s.due.Load() != 0 {
		err = s.reform(ctx)
	}
	if err == nil {
		err = s.noteFiles(ctx)
	}
	if err == nil {
		if err = s.learnGlass(ctx); errors.Is(err, store.ErrViewDamaged) {
			if err = s.renew(ctx); err == nil {
				err = s.learnGlass(ctx)
			}
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.views.Close())
	}
	return s, nil
}

// mending does what reads or writes the views, and once more after making them anew when one of them was damaged.
func (s *Session) mending(ctx context.Context, do func() error) error {
	if err := s.refresh(ctx); err != nil {
		return err
	}
	err := do()
	if !errors.Is(err, store.ErrViewDamaged) {
		return err
	}
	if failed := s.Rebuild(ctx); failed != nil {
		return errors.Join(err, failed)
	}
	return do()
}

// openViews opens the member's views of those of the compartments that the ring opens. Files of others are removed: what
// a member may no longer read does not stay.
func (s *Session) openViews(of []record.Compartment) error {
	keys, err := s.node.keep.ViewKeys(s.member.ID, s.member.Ring, of)
	if err != nil {
		return err
	}
	views, err := store.OpenViews(s.node.viewsDir(s.member.ID), s.node.registry, keys)
	if err != nil {
		return err
	}
	views.Hides = s.hides
	s.views = views
	for _, c := range record.Compartments() {
		if err := views.Forget(c); err != nil {
			return errors.Join(err, views.Close())
		}
	}
	return nil
}

// refresh brings the views up to what other sessions wrote or brought, and does what is due to them.
func (s *Session) refresh(ctx context.Context) error {
	if s.due.Load() != 0 {
		s.using.Lock()
		s.node.mu.Lock()
		var err error
		if !s.locked.Load() && !s.torn {
			err = s.reform(ctx)
		}
		s.node.mu.Unlock()
		s.using.Unlock()
		if err != nil {
			return err
		}
	}
	if s.grown.Load() == s.node.grown.Load() {
		return nil
	}
	return s.writing(ctx, func() error { return nil })
}

// keepUp takes what the journal newly holds into the session. Node.mu is held.
func (s *Session) keepUp(ctx context.Context) error {
	grown := s.node.grown.Load()
	if err := s.receive(); err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if s.early {
		if err := s.supplyLate(ctx); err != nil {
			return err
		}
	}
	if s.someBroken() { // a colleague may have looked at it
		if err := s.learnBroken(ctx); err != nil {
			return err
		}
	}
	s.grown.Store(grown)
	return s.learnRights(ctx)
}

// reform does what is due to the views. using and Node.mu are held, or nobody else
// knows the session yet.
func (s *Session) reform(ctx context.Context) error {
	what := s.due.Swap(0)
	s.forgetMemo()
	return s.openAnew(ctx, what == dueRenew)
}

// compartments are those that the member's roles name and the ring opens. Before the roles are read they are those of the last
// time: who laid a role down still holds its keys, and what they open is not read on the way to learning so.
func (s *Session) compartments() []record.Compartment {
	held := s.member.Ring.Holds()
	rights := s.rights.Load()
	if rights == nil {
		raw, err := s.node.journal.ReadNote("opens " + s.member.ID.String())
		last := strings.Fields(string(raw))
		if err != nil || !slices.Contains(last, s.notedCompartment(record.FieldWork)) {
			return held
		}
		return slices.DeleteFunc(held, func(c record.Compartment) bool { return !slices.Contains(last, s.notedCompartment(c)) })
	}
	return slices.DeleteFunc(held, func(c record.Compartment) bool { return !slices.Contains(rights.Holds(), c) })
}

// notedCompartment names one in a note, which stands in clear on this device: by its tag.
func (s *Session) notedCompartment(c record.Compartment) string {
	return strconv.Itoa(int(s.member.Ring.Tag(c)))
}

// noteCompartments remembers them for the next time.
func (s *Session) noteCompartments(may []record.Compartment) error {
	var tags []string
	for _, c := range may {
		tags = append(tags, s.notedCompartment(c))
	}
	name, names := "opens "+s.member.ID.String(), strings.Join(tags, " ")
	if raw, err := s.node.journal.ReadNote(name); err != nil || string(raw) == names {
		return err
	}
	return s.node.journal.Note(name, []byte(names))
}

// Rights are what the member's roles allow now.
func (s *Session) Rights() vault.Rights {
	rights := s.rights.Load()
	if rights == nil { // nothing, until it is known what
		return vault.RightsOf(nil)
	}
	return *rights
}

func (s *Session) forgetMemo() {
	s.memoMu.Lock()
	s.memo = map[string]*memoized{}
	s.memoMu.Unlock()
}

// Lock forgets the keys and closes the views. It may be called more than once, also at once: when it returns, nothing
// of the session is in use any more.
func (s *Session) Lock() {
	s.endAccess()
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
	s.forgetMemo()
	if s.node.sessions[s.member.ID] == s {
		delete(s.node.sessions, s.member.ID)
	}
}

// use keeps the session open while something is read. Every use must be ended.
func (s *Session) use() (end func(), err error) {
	s.using.RLock()
	if s.locked.Load() {
		s.using.RUnlock()
		return nil, ErrLocked
	}
	if until := s.lease.Load(); until != 0 && s.now().Unix() >= until {
		s.using.RUnlock()
		s.node.expelLater()
		return nil, ErrLeaseOver
	}
	if s.torn {
		s.using.RUnlock()
		return nil, fmt.Errorf("%w: it could not be made anew", store.ErrViewDamaged)
	}
	return s.using.RUnlock, nil
}

// writing runs what writes, with the views in use and up to what other sessions wrote or brought, and Node.mu held.
func (s *Session) writing(ctx context.Context, do func() error) error {
	end, err := s.use()
	if err != nil {
		return err
	}
	defer end()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	if s.grown.Load() != s.node.grown.Load() {
		if err := s.keepUp(ctx); err != nil {
			return err
		}
	}
	return do()
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

// project reads into the views what arrived, opening on one core while projecting on the other.
func (s *Session) project(ctx context.Context) error {
	type batch struct {
		parts   []store.Opened
		odd     []store.Odd
		through int64
		err     error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan batch, 2)
	read := s.views.Positions()
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
				if s.isRead(read, &arrived[i]) {
					continue
				}
				if opened, odd, ok := s.open(&arrived[i]); ok {
					b.parts, b.odd = append(b.parts, opened), append(b.odd, odd...)
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
	pending, supplied := 0, false
	for b := range batches {
		if b.err != nil {
			return errors.Join(b.err, s.views.Drop())
		}
		odd, err := s.views.Project(b.parts, b.through)
		if err != nil {
			return errors.Join(err, s.views.Drop())
		}
		came, err := s.supply(b.parts)
		if err != nil {
			return errors.Join(err, s.views.Drop())
		}
		supplied = supplied || came
		s.odd = append(append(s.odd, odd...), b.odd...)
		if pending += len(b.parts); pending >= catchUpBatch {
			pending = 0
			if err := s.node.journal.Flush(); err != nil { // first: a view that has read what carries a part does not read it again
				return errors.Join(err, s.views.Drop())
			}
			if err := s.views.Flush(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, s.views.Drop())
	}
	if err := s.node.journal.Flush(); err != nil {
		return errors.Join(err, s.views.Drop())
	}
	if err := s.views.Flush(); err != nil || !supplied {
		return err
	}
	return s.catchUp(ctx) // what was carried has a place of its own
}

// isRead reports a part that the view of its compartment has read: others lag behind when one is made anew.
func (s *Session) isRead(read map[record.Compartment]int64, a *store.Arrived) bool {
	if a.Index < 0 {
		return true
	}
	c, named := s.member.Ring.Named(a.Commit.Header.Parts[a.Index].Tag)
	position, opened := read[c]
	return named && opened && a.Arrival <= position
}

// open opens one part, when the member holds its key, as far as its author may say what it says. What does not open or read
// is left: check names it.
func (s *Session) open(a *store.Arrived) (store.Opened, []store.Odd, bool) {
	opened, err := openPart(s.member.Ring, a)
	if err != nil {
		return opened, nil, false
	}
	return opened, heed(s.node.journal.Roll(), &opened), true
}

// now is the wall time.
func (s *Session) now() time.Time { return s.node.options.Wall() }
