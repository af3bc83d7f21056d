package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
	"amparo/internal/vault/shares"
)

// home is what the papers say of this workspace.
func (n *Node) home() (shares.Home, error) {
	h := shares.Home{Workspace: n.Workspace(), Relay: n.Relay()}
	if len(h.Relay) > shares.MostRelay {
		h.Relay = ""
	}
	return h, h.Founder.Parse(n.settings.Founder)
}

// MakeShares makes a set of n recovery shares of which k suffice: a key-holder of the workspace that holds every key and
// administers, and whose own keys nobody has until k shares come together. An earlier set is revoked in the same commit, so its
// papers open nothing that is written from now on. The caller prints the shares and forgets them. Only who administers may;
// keys that this member does not hold are given by those who do when they next exchange.
func (s *Session) MakeShares(ctx context.Context, n, k int) (list []shares.Share, err error) {
	home, err := s.node.home()
	if err != nil {
		return nil, err
	}
	seed := shares.NewSeed()
	defer seed.Wipe()
	if list, err = shares.Split(seed, home, k, n); err != nil {
		return nil, err
	}
	m, err := vault.RecoveryMember(home.Workspace, seed)
	if err != nil {
		return nil, err
	}
	defer m.Wipe()
	admit, err := journal.NewControl(journal.ControlAdmit, m.Keys())
	if err != nil {
		return nil, err
	}
	empower, err := journal.NewControl(journal.ControlEmpower, journal.Empowerment{Member: m.ID})
	if err != nil {
		return nil, err
	}
	err = s.managing(ctx, func(roster Roster) error {
		ending, controls, err := s.endingOf(roster, func(h *Holder) bool { return slices.Contains(h.Roles, vault.Recovery) })
		if err != nil {
			return err
		}
		return s.manage(ctx, append([]journal.Control{admit, empower}, controls...), func(c *record.Change) error {
			if err := leave(c, ending, leftReplaced); err != nil {
				return err
			}
			name := fmt.Sprintf("%s (%d/%d)", list[0].Set.Label(), k, n)
			return admission{name: name, roles: []string{vault.Recovery}}.put(c, m.ID)
		}, nil)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// leftReplaced stands in the roster for why a key-holder ended to whom new keys were given.
const leftReplaced = "replaced"

// endingOf are the active key-holders that are meant, and the revocations that end them.
func (s *Session) endingOf(roster Roster, meant func(*Holder) bool) (list []*Holder, controls []journal.Control, err error) {
	for _, h := range roster.Sorted() {
		if !h.Active || !meant(h) {
			continue
		}
		control, err := journal.NewControl(journal.ControlRevoke, journal.Revocation{Member: h.ID, Heads: s.node.headsOf(h.ID)})
		if err != nil {
			return nil, nil, err
		}
		list, controls = append(list, h), append(controls, control)
	}
	return list, controls, nil
}

func leave(c *record.Change, list []*Holder, why string) error {
	for _, h := range list {
		if _, _, err := c.Put(memberKind, record.Fields{"member": record.ID(h.ID), "left": why}); err != nil {
			return err
		}
	}
	return nil
}

// Recovery is the key-holder that shares stand for, put together for the length of a command. It must be closed.
type Recovery struct {
	node   *Node
	seed   shares.Seed
	member *vault.Member
	Set    string // the set's label, as it stands on the papers
}

// Recovery puts shares together. It fails as shares.Combine does.
func (n *Node) Recovery(list []shares.Share) (*Recovery, error) {
	home, err := n.home()
	if err != nil {
		return nil, err
	}
	seed, _, err := shares.Combine(home, list)
	if err != nil {
		return nil, err
	}
	m, err := vault.RecoveryMember(home.Workspace, seed)
	if err != nil {
		return nil, err
	}
	return &Recovery{node: n, seed: seed, member: m, Set: list[0].Set.Label()}, nil
}

// Close forgets the keys and removes what was kept of them on the disk meanwhile.
func (r *Recovery) Close() error {
	r.member.Wipe()
	r.seed.Wipe()
	id := r.member.ID
	err := errors.Join(r.node.keep.Forget(id), os.RemoveAll(r.node.viewsDir(id)))
	r.node.setMu.Lock()
	_, placed := r.node.settings.Places[id.String()]
	r.node.setMu.Unlock()
	if placed {
		err = errors.Join(err, r.node.set(func(s *settings) { s.forgetPlace(id) }))
	}
	return err
}

func (s *settings) forgetPlace(id journal.MemberID) {
	places := maps.Clone(s.Places)
	delete(places, id.String())
	s.Places = places
}

// Stands reports whether these shares open the workspace as far as this folder knows: whether they were replaced by a newer
// set, or are not known here yet.
func (r *Recovery) Stands() error {
	roll := r.node.journal.Roll()
	switch _, admitted := roll.Members[r.member.ID]; {
	case roll.Active(r.member.ID):
		return nil
	case admitted:
		return record.Refuse("share", "recovery_replaced", "set", r.Set)
	}
	return record.Refuse("share", "recovery_unknown", "set", r.Set)
}

// Covered is what shares open of one compartment.
type Covered struct {
	Compartment record.Compartment `json:"-"`
	Name        string             `json:"compartment"`
	Epochs      []uint32           `json:"epochs"`  // whose keys the shares hold
	Missing     []uint32           `json:"missing"` // whose keys they lack, or some of them
}

// Rehearse says what the shares would open, and changes nothing. Of a compartment that lacks keys the last epoch matters most:
// what is written now is sealed under it.
func (r *Recovery) Rehearse() ([]Covered, error) {
	if err := r.Stands(); err != nil {
		return nil, err
	}
	n := r.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, unread, err := n.collect(r.member); err != nil {
		return nil, err
	} else if r.member.Ring == nil {
		return nil, errors.Join(ErrNotYetGranted, unread)
	}
	ring, roll := r.member.Ring, n.journal.Roll()
	var out []Covered
	for _, c := range record.Compartments() {
		one := Covered{Compartment: c, Name: c.String(), Epochs: []uint32{}, Missing: []uint32{}}
		epochs := []uint32{1}
		for _, rotation := range roll.Rotations {
			for _, k := range rotation.Keys {
				if k.Tag == ring.Tag(c) {
					epochs = append(epochs, k.Epoch)
				}
			}
		}
		slices.Sort(epochs)
		for _, epoch := range slices.Compact(epochs) {
			if epoch > roll.Newest(ring.Tag(c)) {
				continue // begun out of turn: it seals nothing
			}
			held := len(ring.Keys(c, epoch)) > 0
			for _, commitment := range roll.CommitmentsOf(ring.Tag(c), epoch) {
				key := false
				for _, k := range ring.Keys(c, epoch) {
					key = key || k.Commitment() == commitment
				}
				held = held && key
			}
			if held {
				one.Epochs = append(one.Epochs, epoch)
			} else {
				one.Missing = append(one.Missing, epoch)
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// Exchange brings the folder in step as the key-holder of the shares: an empty folder has no other.
func (r *Recovery) Exchange(ctx context.Context, url string, progress func(exchange.Progress)) (exchange.Summary, error) {
	sum, err := r.node.exchange(ctx, r.member, url, progress)
	if errors.Is(err, exchange.ErrNotAdmitted) {
		err = record.Refuse("relay", "recovery_not_there").Because(err)
	}
	return sum, err
}

// CheckPassphrase refuses a passphrase that a member of that name may not have.
func CheckPassphrase(p, name string) error { return checkPassphrase(p, name) }

// Readmitted is who has new keys.
type Readmitted struct {
	ID      journal.MemberID
	Name    string
	Roles   []string
	Revoked int // earlier key-holders of the same person that ended
}

// Readmit gives a person new keys on this device, under a new passphrase, with the name, roles and sites they had; the
// key-holders of theirs that were on this device end, or when none was here all of theirs: then their machines are lost. On a
// device that keeps nobody's keys a name that nobody has is a new administrator with every role, as a founder is, and so is
// anybody when no administrator would be left.
func (r *Recovery) Readmit(ctx context.Context, name, passphrase string) (out Readmitted, err error) {
	if err := checkPassphrase(passphrase, name); err != nil {
		return out, err
	}
	if err := r.Stands(); err != nil {
		return out, err
	}
	s, err := r.unlock(ctx)
	if err != nil {
		return out, err
	}
	defer s.Lock()
	var ended []*Holder
	err = s.managing(ctx, func(roster Roster) error {
		if err := r.node.forgetUnfinished(name); err != nil {
			return err
		}
		back, err := r.node.comingBack(roster, name)
		if err != nil {
			return err
		}
		var controls []journal.Control
		if ended, controls, err = s.endingOf(roster, func(h *Holder) bool { return slices.Contains(back.ending, h.ID) }); err != nil {
			return err
		}
		if !roster.administered(ended) && !slices.Contains(back.roles, "administrator") {
			back.roles = Roles()
		}
		m, err := r.node.newKeys(back.label, passphrase)
		if err != nil {
			return err
		}
		defer m.Wipe()
		out = Readmitted{ID: m.ID, Name: back.name, Roles: back.roles, Revoked: len(ended)}
		if err := s.readmit(ctx, m, back, ended, controls); err != nil {
			return errors.Join(err, r.node.keep.Forget(m.ID))
		}
		return nil
	})
	if err != nil {
		return Readmitted{}, err
	}
	for _, h := range ended {
		err = errors.Join(err, r.node.wipe(h.ID, vault.GoneReplaced))
	}
	return out, err
}

// unlock is a session of the shares' key-holder. Its keys are its own: locking wipes them.
func (r *Recovery) unlock(ctx context.Context) (*Session, error) {
	n := r.node
	m, err := vault.RecoveryMember(r.member.Workspace, r.seed)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s, err := n.begin(ctx, m)
	if err != nil {
		m.Wipe()
		return nil, err
	}
	n.sessions[m.ID] = s
	return s, nil
}

// newKeys draws a key-holder and keeps it under the passphrase: before it is admitted, so that no admission is without keys.
func (n *Node) newKeys(label, passphrase string) (*vault.Member, error) {
	m, err := vault.NewMember(n.Workspace(), label)
	if err != nil {
		return nil, err
	}
	err = n.keep.Save(m, []byte(passphrase))
	if err == nil {
		err = n.set(func(s *settings) { s.setPlace(m.ID, filePlace(n.keep.WriterPath(m.ID))) })
	}
	if err != nil {
		m.Wipe()
		return nil, errors.Join(err, n.keep.Forget(m.ID))
	}
	return m, nil
}

// readmit writes the commit that lets the new key-holder in and ends the earlier ones. Node.mu is held.
func (s *Session) readmit(ctx context.Context, m *vault.Member, back comeback, ended []*Holder, controls []journal.Control) error {
	admit, err := journal.NewControl(journal.ControlAdmit, m.Keys())
	if err != nil {
		return err
	}
	controls = append([]journal.Control{admit}, controls...)
	if slices.Contains(back.roles, "administrator") {
		empower, err := journal.NewControl(journal.ControlEmpower, journal.Empowerment{Member: m.ID})
		if err != nil {
			return err
		}
		controls = append(controls, empower)
	}
	return s.manage(ctx, controls, func(c *record.Change) error {
		if err := leave(c, ended, leftReplaced); err != nil {
			return err
		}
		return admission{name: back.name, roles: back.roles, sites: back.sites, of: back.of, lease: back.lease}.put(c, m.ID)
	}, nil)
}

// comeback is who comes back and what they were.
type comeback struct {
	name, label string
	roles       []string
	sites       []string
	of          string
	lease       int
	ending      []journal.MemberID // key-holders that end
}

// forgetUnfinished removes keys of that name that were never admitted: coming back was cut off before it was written. They open
// nothing, and would be taken for who unlocks by this name.
func (n *Node) forgetUnfinished(name string) error {
	here, err := n.keep.Members()
	for _, l := range here {
		if _, admitted := n.journal.Roll().Members[l.ID]; !admitted && !l.Damaged && strings.EqualFold(l.Label, strings.TrimSpace(name)) {
			err = errors.Join(err, n.keep.Forget(l.ID))
		}
	}
	return err
}

// comingBack finds who is meant: by the label on this device, or by name or id in the roster.
func (n *Node) comingBack(roster Roster, name string) (out comeback, err error) {
	name = strings.TrimSpace(name)
	here, err := n.keep.Members()
	if err != nil {
		return out, err
	}
	var old *Holder
	if listed, err := n.keep.Find(name); err == nil {
		old, out.label = roster[listed.ID], listed.Label
	}
	if found := roster.FindHolder(name); old == nil && len(found) > 0 {
		for _, h := range found {
			if h.Person() != found[0].Person() {
				return out, record.Refuse("member", "two_of_this_name")
			}
		}
		old = found[0]
	}
	switch {
	case old != nil && slices.Contains(old.Roles, vault.Recovery):
		return out, record.Refuse("member", "unknown_member")
	case old == nil && len(here) == 0 && name != "":
		return comeback{name: name, label: name, roles: Roles()}, nil
	case old == nil:
		return out, record.Refuse("member", "unknown_member")
	}
	out.name, out.roles, out.of, out.lease = old.Name, old.Roles, old.Person().String(), old.Days
	if out.label == "" {
		out.label = old.Name
	}
	for _, site := range old.Sites {
		out.sites = append(out.sites, site.String())
	}
	for _, h := range roster.devices(old.Person()) {
		if slices.ContainsFunc(here, func(l vault.Listed) bool { return l.ID == h.ID }) {
			out.ending = append(out.ending, h.ID)
		}
	}
	if len(out.ending) == 0 {
		for _, h := range roster.devices(old.Person()) {
			out.ending = append(out.ending, h.ID)
		}
	}
	return out, nil
}

// administered reports whether a person still administers when some have left: the shares do not count, they are in no hand.
func (r Roster) administered(left []*Holder) bool {
	for _, h := range r {
		if h.Active && !slices.Contains(left, h) && slices.Contains(h.Roles, "administrator") {
			return true
		}
	}
	return false
}

// Rebuild makes the folder of a workspace on a machine that has nothing of it but shares. It holds no commit yet: Exchange as
// Recovery brings them, and nothing is believed but what follows from the founder whom the shares name.
func Rebuild(dir string, registry *record.Registry, found shares.Found, relay string, o Options) (*Node, error) {
	if _, err := os.Stat(filepath.Join(dir, "node.json")); err == nil {
		return nil, ErrFounded
	}
	if err := unfinished(dir); err != nil {
		return nil, err
	}
	if relay == "" {
		relay = found.Home.Relay
	}
	switch seed, home, err := shares.Combine(found.Home, found.Shares); {
	case err != nil:
		return nil, err
	case !home.Known():
		return nil, record.Refuse("share", "recovery_where")
	case relay == "":
		return nil, record.Refuse("relay", "recovery_relay")
	default:
		seed.Wipe()
		found.Home = home
	}
	n, err := create(dir, registry, found.Home.Workspace, found.Home.Founder, o)
	if err != nil {
		return nil, err
	}
	n.settings.Relay = relay
	if err := n.settings.save(dir); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}
