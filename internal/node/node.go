package node

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

var (
	// ErrNoWorkspace reports a folder in which no workspace was founded or joined.
	ErrNoWorkspace = errors.New("no workspace in this folder")
	// ErrFounded reports a folder that has one already.
	ErrFounded = errors.New("there is a workspace in this folder already")
	// ErrLocked reports a session whose keys were forgotten.
	ErrLocked = errors.New("the session is locked")
	// ErrRevoked reports a member whom an administrator revoked: what the journal says of it is signed.
	ErrRevoked = errors.New("this member was revoked")
	// ErrLeaseOver reports keys that were wiped because nobody who administers was heard of in time.
	ErrLeaseOver = errors.New("the keys of this member ended by themselves")
	// ErrNotYetGranted reports a member who was not given any key yet.
	ErrNotYetGranted = errors.New("this member has not been granted anything yet")
)

// Options are what tests replace.
type Options struct {
	Wall func() time.Time // time.Now when nil
	Cost seal.Cost        // of a passphrase; seal.FieldCost when zero
	// Version is the program's, which a device tells who coordinates; empty: it tells none.
	Version string
	// Networks are where neighbours are looked for; the local networks of this machine when nil.
	Networks func() []net.Interface
}

// Node is the folder of one device, opened. No other process can open it meanwhile.
type Node struct {
	dir      string
	registry *record.Registry
	options  Options
	setMu    sync.Mutex // guards settings
	settings settings
	placeMu  sync.Mutex // guards the list of places; taken before mu
	doorMu   sync.Mutex // guards door, and the file with its key
	door     *Door      // nil: neighbours are not answered
	followMu sync.Mutex // one at a time takes what neighbours brought into the sessions
	journal  *store.Journal
	files    *store.Chunks
	keep     *vault.Keep
	clock    *journal.Clock

	mu       sync.Mutex // one writer at a time: actions, arriving commits, projection
	sessions map[journal.MemberID]*Session
	expelMu  sync.Mutex     // one at a time wipes keys
	later    sync.WaitGroup // what is still to be wiped
	grown    atomic.Int64   // how often the journal grew: sessions beside the one that wrote follow before they are next used
}

// settings is node.json.
type settings struct {
	Version   int    `json:"version"`
	Workspace string `json:"workspace"`
	Founder   string `json:"founder"`              // the member who founded it
	Site      string `json:"site,omitempty"`       // the record id of the site where this device stands
	Relay     string `json:"relay,omitempty"`      // where it exchanges
	FieldDays int    `json:"field_days,omitempty"` // for how many days this device keeps persons; 0: for ever
	Narrow    bool   `json:"narrow,omitempty"`     // follows only the persons of its own sites
	// Followed says of persons who were fetched until when they are kept, in unix seconds.
	Followed map[string]int64 `json:"followed,omitempty"`
	// Places says of each member which file the writer was kept in, and since when: a copy is noticed.
	Places map[string]string `json:"places,omitempty"`
	Place  string            `json:"place,omitempty"` // of the only member, as the first version kept it
}

func (s *settings) place(id journal.MemberID) string {
	if p, kept := s.Places[id.String()]; kept {
		return p
	}
	return s.Place
}

func (s *settings) setPlace(id journal.MemberID, place string) {
	places := maps.Clone(s.Places)
	if places == nil {
		places = map[string]string{}
	}
	places[id.String()], s.Places, s.Place = place, places, ""
}

// Registry joins the modules of the domain packages with the engine's own.
func Registry(modules ...record.Module) (*record.Registry, error) {
	return record.NewRegistry(append([]record.Module{engine(modules)}, modules...)...)
}

// Found makes a workspace in an empty folder, and its first administrator.
func Found(dir string, registry *record.Registry, f Founding, o Options) (*Node, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "node.json")); err == nil {
		return nil, ErrFounded
	}
	if err := unfinished(dir); err != nil {
		return nil, err
	}
	var id journal.WorkspaceID
	copy(id[:], draw(len(id)))
	member, err := vault.NewMember(id, f.Member)
	if err != nil {
		return nil, err
	}
	member.Ring = vault.NewRing()
	n, err := create(dir, registry, id, member.ID, o)
	if err != nil {
		return nil, err
	}
	err = n.keep.Save(member, []byte(f.Passphrase))
	if err == nil {
		n.settings.setPlace(member.ID, filePlace(n.keep.WriterPath(member.ID)))
		err = n.found(member, f)
	}
	if err == nil {
		err = n.settings.save(dir) // last: a folder with node.json is whole
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// unfinished refuses a folder in which founding or joining was cut off: to begin again over its keys would leave two
// members of one name, of whom one opens nothing.
func unfinished(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "vault", "*.member"))
	if err == nil && len(left) > 0 {
		return record.Refuse("dir", "unfinished_founding")
	}
	return err
}

// Open opens a folder. It fails with ErrNoWorkspace, store.ErrInUse, store.ErrDamaged or journal.ErrNewer.
func Open(dir string, registry *record.Registry, o Options) (*Node, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "node.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoWorkspace, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open node: %w", err)
	}
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("open node: node.json: %w: %w", store.ErrDamaged, err)
	}
	id, err := hex.DecodeString(s.Workspace)
	if err != nil || len(id) != len(journal.WorkspaceID{}) || s.Version != 1 {
		return nil, fmt.Errorf("open node: node.json: %w", store.ErrDamaged)
	}
	var founder journal.MemberID
	if err := founder.Parse(s.Founder); err != nil {
		return nil, fmt.Errorf("open node: node.json: %w: %w", store.ErrDamaged, err)
	}
	n, err := create(dir, registry, journal.WorkspaceID(id), founder, o)
	if err != nil {
		return nil, err
	}
	n.settings = s
	if err := errors.Join(n.keyOldMemory(), n.removeOldViews(), n.expel(), n.forgetDropped(), n.dropFiles(), n.forgetBackups()); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func create(dir string, registry *record.Registry, id journal.WorkspaceID, founder journal.MemberID, o Options) (*Node, error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Cost == (seal.Cost{}) {
		o.Cost = seal.FieldCost
	}
	j, err := store.OpenJournal(filepath.Join(dir, "journal"), id, founder)
	if err != nil {
		return nil, err
	}
	files, err := store.OpenChunks(filepath.Join(dir, "files"), o.Wall)
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	keep, err := vault.OpenKeep(filepath.Join(dir, "vault"), id)
	if err != nil {
		return nil, errors.Join(err, files.Close(), j.Close())
	}
	keep.Cost = o.Cost
	n := &Node{dir: dir, registry: registry, options: o, journal: j, files: files, keep: keep, sessions: map[journal.MemberID]*Session{},
		settings: settings{Version: 1, Workspace: hex.EncodeToString(id[:]), Founder: founder.String()}, clock: journal.NewClock(0, o.Wall)}
	for _, h := range j.Heads() {
		n.clock.Observe(h.Time)
	}
	return n, nil
}

func (s settings) save(dir string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	if err := vault.WriteFile(filepath.Join(dir, "node.json"), append(raw, '\n')); err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return nil
}

// removeOldViews removes what the first version kept for all members together: each has views of their own now.
func (n *Node) removeOldViews() error {
	old, err := filepath.Glob(filepath.Join(n.dir, "views", "*.view*"))
	for _, path := range append(old, filepath.Join(n.dir, "vault", "views.keys")) {
		if gone := os.Remove(path); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// Close locks every session and ends the use of the folder.
func (n *Node) Close() error {
	var shut error
	if d := n.Door(); d != nil { // first: nobody may bring anything to what is being closed
		shut = d.Close()
	}
	for _, s := range n.Unlocked() {
		s.Lock()
	}
	n.later.Wait()
	return errors.Join(shut, n.files.Close(), n.journal.Close())
}

// Dir is the folder.
func (n *Node) Dir() string { return n.dir }

func (n *Node) viewsDir(id journal.MemberID) string {
	return filepath.Join(n.dir, "views", id.String())
}

// Workspace names the workspace.
func (n *Node) Workspace() journal.WorkspaceID { return n.journal.Roll().Workspace }

// Registry is every action and query of this node.
func (n *Node) Registry() *record.Registry { return n.registry }

// Members lists who can unlock here.
func (n *Node) Members() ([]vault.Listed, error) { return n.keep.Members() }

// Relay is where this node exchanges; empty when nobody has said.
func (n *Node) Relay() string {
	n.setMu.Lock()
	defer n.setMu.Unlock()
	return n.settings.Relay
}

// set changes the settings and keeps them.
func (n *Node) set(change func(*settings)) error {
	n.setMu.Lock()
	defer n.setMu.Unlock()
	next := n.settings
	change(&next)
	if err := next.save(n.dir); err != nil {
		return err
	}
	n.settings = next
	return nil
}

// SetRelay remembers where this node exchanges. What another relay holds says nothing of this one: until it has answered,
// nothing counts as being there.
func (n *Node) SetRelay(url string) error {
	return n.set(func(s *settings) { s.Relay = url })
}

// Site is the site where this device stands; zero when nobody has said.
func (n *Node) Site() record.ID {
	n.setMu.Lock()
	defer n.setMu.Unlock()
	id, err := record.ParseID(n.settings.Site)
	if err != nil {
		return record.ID{}
	}
	return id
}

// SetSite remembers where this device stands.
func (n *Node) SetSite(id record.ID) error {
	return n.set(func(s *settings) { s.Site = id.String() })
}
