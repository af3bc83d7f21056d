package journaltest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/seal"
)

// world is everything that is simulated.
type world struct {
	seed      uint64
	shm       string
	workspace journal.WorkspaceID
	key       seal.CompartmentKey
	founder   *member
	now       time.Time
	devices   []*device
	members   []*member
	relays    []*station
	cut       map[string]bool // hosts nobody reaches
	heard     []heard
	history   History
	next      int // step
	depth     int // how many steps are in the middle of each other
	healing   bool
	healed    bool // everybody has brought what they have
	failure   string
	what      string // the failure without names and numbers
	log       strings.Builder
	count     Counts

	backups map[string]backup
	sealed  map[journal.PartPlace][]byte // the beginning of each part
	knew    []knew
	revoked bool // somebody was

	accused  journal.Vector              // up to where it was said of chains that they are kept back
	forgiven map[journal.WriterID]string // writers of whom something may rightly be named: forked, rewound, revoked …
}

// heard is a question somebody on the way wrote down.
type heard struct {
	to       host
	question []byte
}

// Counts says what happened in a play, so that a test can tell that it showed something.
type Counts struct {
	Steps, Commits, Exchanges, Broken, Crashes, Full, Meanwhile int
	Named                                                       int // dishonesties that were noticed
}

func (c *Counts) add(o Counts) {
	c.Steps, c.Commits, c.Exchanges, c.Broken = c.Steps+o.Steps, c.Commits+o.Commits, c.Exchanges+o.Exchanges, c.Broken+o.Broken
	c.Crashes, c.Full, c.Meanwhile, c.Named = c.Crashes+o.Crashes, c.Full+o.Full, c.Meanwhile+o.Meanwhile, c.Named+o.Named
}

func writers(v journal.Vector) []journal.WriterID {
	return slices.SortedFunc(maps.Keys(v), func(a, b journal.WriterID) int { return bytes.Compare(a[:], b[:]) })
}

// failf says what went wrong. The first is what counts, and ends the play.
func (w *world) failf(format string, args ...any) {
	if w.failure == "" {
		w.what = format
		w.failure = fmt.Sprintf(format, args...)
		w.note("WRONG: %s", w.failure)
	}
}

// note writes into the drawing of what happened.
func (w *world) note(format string, args ...any) {
	fmt.Fprintf(&w.log, "%s# %s\n", strings.Repeat("  ", w.depth), w.names(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")))
}

// memberOf is whose a writer is.
func (w *world) memberOf(id journal.WriterID) (m journal.MemberID) {
	for _, d := range w.devices {
		for n := 1; n <= d.writers; n++ {
			if id == d.writerNo(n) {
				return d.member.id()
			}
		}
	}
	return m
}

// writerNo is the n-th writer that a device had, or will have.
func (d *device) writerNo(n int) journal.WriterID {
	return journal.WriterOf(signer(d.seed, fmt.Sprintf("writer %s %d", d.name, n)).Public())
}

// names puts names in the place of writers' ids.
func (w *world) names(text string) string {
	for _, d := range w.devices {
		for n := 1; n <= d.writers; n++ {
			id := d.writerNo(n)
			if name := d.name; strings.Contains(text, id.String()) {
				if n > 1 {
					name += strings.Repeat("'", n-1)
				}
				text = strings.ReplaceAll(text, id.String(), name)
			}
		}
	}
	return text
}

// station is a relay and its machine.
type station struct {
	*world
	name  string
	disk  *Disk
	store *relay.SQLStore
	serve http.Handler
	skew  time.Duration

	lying, luck int // how, and whom it hits
	lied        int // how often
	everLied    bool
	told        [][]byte       // answers it may give again
	claimed     journal.Vector // what it gave receipts for and threw away

	gone     journal.Vector // what it rightly no longer holds
	receipts journal.Vector // what it told anybody that it holds, since it was last put back
}

func (s *station) label() string { return s.name }

func (s *station) age() int { return s.disk.Life() }

func (s *station) handler() http.Handler {
	if s.store == nil || s.disk.Dead() {
		return nil
	}
	if s.lying != honest {
		return liar{s}
	}
	return s.serve
}

func (s *station) start() error {
	store, err := relay.OpenSQLiteOn(context.Background(), s.disk.Name(), "/relay.db")
	if err != nil {
		return err
	}
	s.store = store
	s.serve = relay.New(relay.Config{Store: store, Now: func() time.Time { return s.now.Add(s.skew) }})
	return nil
}

func (s *station) stop() {
	if s.store != nil {
		s.store.Close() // the disk may be dead
		s.store = nil
	}
}

func (s *station) fall() {
	if s.store != nil && s.disk.Dead() {
		s.stop()
	}
}

func (s *station) held() (relay.Workspace, journal.Vector, error) {
	c, err := s.store.Workspace(context.Background(), s.workspace)
	if err != nil {
		return nil, nil, err
	}
	v, err := c.Vector(context.Background())
	return c, v, err
}

// expelled reports whether a relay may hold less of a writer than it did: it heard of a revocation.
func (s *station) expelled(id journal.WriterID) bool {
	c, err := s.store.Workspace(context.Background(), s.workspace)
	if err != nil || !s.revoked {
		return false
	}
	m := s.memberOf(id)
	_, gone, err := c.Cut(context.Background(), id, m)
	_, known, failed := c.Member(context.Background(), m)
	return err == nil && failed == nil && (gone || !known)
}

func newWorld(seed uint64, h History, shm string) *world {
	id := drawKey(seed, "workspace")
	w := &world{seed: seed, shm: shm, workspace: journal.WorkspaceID(id[:]), key: seal.CompartmentKey(drawKey(seed, "compartment")),
		now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), cut: map[string]bool{}, history: h,
		forgiven: map[journal.WriterID]string{},
		backups:  map[string]backup{}, sealed: map[journal.PartPlace][]byte{}, accused: journal.Vector{}}
	return w
}

// found begins: a founder, and as many relays and members as the history wants.
func (w *world) found() error {
	for i := range w.history.Relays {
		s := &station{world: w, name: fmt.Sprint("r", i), disk: NewDisk(w.shm), gone: journal.Vector{}, claimed: journal.Vector{}, receipts: journal.Vector{}}
		if err := s.start(); err != nil {
			return err
		}
		w.relays = append(w.relays, s)
	}
	w.founder = newMember(w.seed, "d0")
	founder, err := w.newDevice("d0", w.founder)
	if err != nil {
		return err
	}
	if err := founder.say([]part{{data: controls(journal.ControlFound, journal.Founding{Admin: w.founder.keys, Recovery: [][]byte{[]byte("recovery")}})}}); err != nil {
		return err
	}
	for i := 1; i < w.history.Devices; i++ {
		if _, err := w.join(founder, fmt.Sprint("d", i)); err != nil {
			return err
		}
	}
	return nil
}

// newDevice is a new machine with an empty journal. Its disk works until the history says otherwise.
func (w *world) newDevice(name string, m *member) (*device, error) {
	d := &device{world: w, name: name, member: m, disk: NewDisk(w.shm), saved: map[journal.WriterID]uint64{}, kept: journal.Vector{}, draw: rand.New(rand.NewPCG(w.seed, uint64(len(w.devices))))}
	d.newWriter()
	if err := d.start(); err != nil {
		return nil, err
	}
	w.devices = append(w.devices, d)
	if !slices.Contains(w.members, m) {
		w.members = append(w.members, m)
	}
	return d, nil
}

// join lets a new member in, who comes with what the host holds.
func (w *world) join(by *device, name string) (*device, error) {
	m := newMember(w.seed, name)
	if err := by.say([]part{{data: controls(journal.ControlAdmit, m.keys)}}); err != nil {
		return nil, err
	}
	d, err := w.newDevice(name, m)
	if err != nil {
		return nil, err
	}
	if err := carry(by, d, -1); err != nil {
		return nil, err
	}
	return d, d.say([]part(nil))
}

func (w *world) close() {
	for _, d := range w.devices {
		d.stop()
		d.disk.Close()
	}
	for _, s := range w.relays {
		s.stop()
		s.disk.Close()
	}
}

// device and relay of a name; nil when there is none yet.
func (w *world) device(name string) *device {
	for _, d := range w.devices {
		if d.name == name {
			return d
		}
	}
	return nil
}

func (w *world) host(name string) host {
	for _, s := range w.relays {
		if s.name == name {
			return s
		}
	}
	if d := w.device(strings.TrimPrefix(name, "at:")); d != nil && strings.HasPrefix(name, "at:") {
		return &neighbour{device: d}
	}
	return nil
}

// neighbour is a device that answers others' questions from its own journal.
type neighbour struct {
	*device
}

func (n *neighbour) label() string { return "at:" + n.device.name }

func (n *neighbour) age() int { return n.disk.Life() }

func (n *neighbour) handler() http.Handler {
	if n.journal == nil || n.disk.Dead() {
		return nil
	}
	if n.serving == nil || n.servingOf != n.journal {
		n.servingOf = n.journal
		n.serving = relay.New(relay.Config{Store: journalStore{n.device.copy()}, Now: n.wall})
	}
	return n.serving
}

// journalStore is a relay's store that holds one journal.
type journalStore struct{ copy *exchange.JournalCopy }

func (s journalStore) Workspace(context.Context, journal.WorkspaceID) (relay.Workspace, error) {
	return s.copy, nil
}
func (s journalStore) Ping(context.Context) error { return nil }
func (s journalStore) Close() error               { return nil }
