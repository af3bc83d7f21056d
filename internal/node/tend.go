package node

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// tend completes by itself what is due and this member may do: it gives keys that a role needs and that the member holds,
// begins new keys where somebody who left could still open what is written, renews leases, and vouches for what a revoked
// member wrote before it was known here. So an administrator need not hold a key to have it given, and nobody has to
// remember to finish what two people began apart. Node.mu is held and no batch is running.
func (s *Session) tend(ctx context.Context) (wrote bool, err error) {
	for more := true; more; {
		d, err := s.tending(ctx, s.views)
		if err != nil || d == nil {
			return wrote, err
		}
		if err := s.commitControls(ctx, *d); err != nil {
			return wrote, err
		}
		wrote, more = true, len(d.released) > 0 // of what is released one commit holds a few persons
		if err := s.keepUp(ctx); err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

// tending is the commit that tend would write; nil when nothing is due.
func (s *Session) tending(ctx context.Context, r record.Reader) (*draft, error) {
	roster, err := s.roster(ctx, r)
	if err != nil {
		return nil, err
	}
	t := &tended{session: s, roster: roster, roll: s.node.journal.Roll(), give: map[journal.MemberID]*vault.Ring{}, arrived: map[record.Compartment][]string{}, lease: map[journal.MemberID]int64{}}
	administers := t.roll.Administers(s.member.ID)
	if administers {
		t.rotate()
		now := s.now()
		if agreed := s.node.agreed(s.member.ID); agreed.After(now) { // this clock is behind: nobody's keys may end for it
			now = agreed
		}
		t.renewLeases(now)
	}
	if err := t.complete(); err != nil {
		return nil, err
	}
	vouch, err := s.mustVouch()
	if err != nil {
		return nil, err
	}
	d, err := t.draft(ctx, r)
	if err != nil || len(d.controls) == 0 && len(d.facts) == 0 && !vouch {
		return nil, err
	}
	return d, nil
}

// tended is what is due, in the making.
type tended struct {
	session  *Session
	roster   Roster
	roll     *journal.Roll
	rotation journal.Rotation
	give     map[journal.MemberID]*vault.Ring
	arrived  map[record.Compartment][]string // keys that this member has and nobody who is believed says so
	lease    map[journal.MemberID]int64
}

func (t *tended) ring(to journal.MemberID) *vault.Ring {
	if t.give[to] == nil {
		t.give[to] = t.session.member.Ring.Part()
	}
	return t.give[to]
}

// rotate begins a new key for every compartment of which somebody who left, or whose role no longer names it, holds the
// newest. Who begins it need not hold the compartment: then the key is given away and forgotten.
func (t *tended) rotate() {
	for _, c := range record.Compartments() {
		lost := t.lost(c)
		if len(lost) == 0 || t.covered(c, lost) {
			continue
		}
		holders := t.roster.holding(c)
		if len(holders) == 0 {
			continue // a key that nobody holds would lock the compartment for good
		}
		epoch, key := t.nextEpoch(c), seal.NewCompartmentKey()
		t.rotation.Keys = append(t.rotation.Keys, journal.RotatedKey{Tag: t.session.member.Ring.Tag(c), Epoch: epoch, Commitment: key.Commitment()})
		for _, h := range holders {
			t.ring(h.ID).Add(c, epoch, key)
		}
		key.Wipe()
		for _, id := range lost {
			if !slices.Contains(t.rotation.Without, id) {
				t.rotation.Without = append(t.rotation.Without, id)
			}
		}
	}
}

// lost are those who had keys of a compartment and must not have the newest.
func (t *tended) lost(c record.Compartment) (out []journal.MemberID) {
	for _, h := range t.roster.Sorted() {
		if h.lost(c) {
			out = append(out, h.ID)
		}
	}
	return out
}

// covered reports whether every newest key of the compartment was begun without all of them: two administrators who revoke
// two members without hearing of each other each give the new key to the one whom the other revoked.
func (t *tended) covered(c record.Compartment, lost []journal.MemberID) bool {
	tag := t.session.member.Ring.Tag(c)
	newest := t.roll.Newest(tag)
	covered := newest > 1
	for _, r := range t.roll.Rotations {
		for _, k := range r.Keys {
			if k.Tag != tag || k.Epoch != newest {
				continue
			}
			for _, id := range lost {
				covered = covered && slices.Contains(r.Without, id)
			}
		}
	}
	return covered
}

func (t *tended) nextEpoch(c record.Compartment) uint32 {
	return t.roll.Newest(t.session.member.Ring.Tag(c)) + 1
}

// complete gives what roles name and was not given, as far as this member holds it. That somebody says it was given is not
// enough: it must be said by the one who was to get it, by who administers, or be remembered here.
func (t *tended) complete() error {
	for _, h := range t.roster.Sorted() {
		if !h.Active || len(h.Roles) == 0 {
			continue
		}
		gave, err := t.session.gave(h.ID)
		if err != nil {
			return err
		}
		t.session.member.Ring.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
			name := keyName(epoch, key)
			switch {
			case h.ID == t.session.member.ID:
				if !slices.Contains(h.Sure[c], name) {
					t.arrived[c] = append(t.arrived[c], name)
				}
			case h.Holds(c) && !slices.Contains(h.Sure[c], name) && !slices.Contains(gave, notedKey(t.session.member.Ring, c, epoch, key)):
				t.ring(h.ID).Add(c, epoch, key)
			}
		})
	}
	return nil
}

// gave is what this member remembers to have given somebody.
func (s *Session) gave(to journal.MemberID) ([]string, error) {
	raw, err := s.node.journal.ReadNote(gaveNote(s.member.ID, to))
	return strings.Fields(string(raw)), err
}

func gaveNote(by, to journal.MemberID) string { return "gave " + by.String() + " " + to.String() }

// rememberGiven notes what a commit gives, in the batch that writes it.
func (s *Session) rememberGiven(given map[journal.MemberID][]string) error {
	for to, names := range given {
		before, err := s.gave(to)
		if err != nil {
			return err
		}
		if err := s.node.journal.Note(gaveNote(s.member.ID, to), []byte(strings.Join(append(before, names...), " "))); err != nil {
			return err
		}
	}
	return nil
}

// renewLeases gives everybody whose keys end a new term when less than half is left: who administers and exchanges now and
// then keeps everybody working.
func (t *tended) renewLeases(now time.Time) {
	for _, h := range t.roster.Sorted() {
		if !h.Active || h.Days <= 0 {
			continue
		}
		term := time.Duration(h.Days) * 24 * time.Hour
		if h.Lease.Sub(now) > term/2 {
			continue
		}
		t.lease[h.ID] = now.Add(term).Unix()
		t.ring(h.ID)
	}
}

// agreed is a time that two other members at least have reached by their clocks; zero when there are not two.
func (n *Node) agreed(but journal.MemberID) time.Time {
	roll, latest := n.journal.Roll(), map[journal.MemberID]time.Time{}
	for w, h := range n.journal.Heads() {
		if by, at := roll.MemberOf(w), h.Time.Wall(); by != but && roll.Active(by) && at.After(latest[by]) {
			latest[by] = at
		}
	}
	if len(latest) < 2 {
		return time.Time{}
	}
	return slices.SortedFunc(maps.Values(latest), time.Time.Compare)[len(latest)-2]
}

// draft is the commit of all that is due.
func (t *tended) draft(ctx context.Context, r record.Reader) (*draft, error) {
	s := t.session
	d := &draft{time: s.node.clock.Now(), given: map[journal.MemberID][]string{}}
	change, err := s.change(ctx, "", record.Request{}, d)
	if err != nil {
		return nil, err
	}
	change.Reader = r
	if len(t.rotation.Keys) > 0 {
		control, err := journal.NewControl(journal.ControlRotate, t.rotation)
		if err != nil {
			return nil, err
		}
		d.controls = append(d.controls, control)
	}
	for _, h := range t.roster.Sorted() {
		part := t.give[h.ID]
		if part == nil {
			continue
		}
		control, err := vault.Grant(s.member.Workspace, t.roll.Members[h.ID], part, t.lease[h.ID])
		if err != nil { // keys to which nothing can be sealed, as a changed program may have: the others must not wait for theirs
			part.Wipe()
			continue
		}
		d.controls = append(d.controls, control)
		if err := t.note(change, h, part); err != nil {
			return nil, err
		}
		part.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
			d.given[h.ID] = append(d.given[h.ID], notedKey(part, c, epoch, key))
		})
		part.Wipe()
	}
	for _, c := range record.Compartments() {
		if len(t.arrived[c]) == 0 {
			continue
		}
		if _, _, err := change.Put(holdingKind, record.Fields{"member": record.ID(s.member.ID), "compartment": c.String(), "has": append(t.arrived[c], t.roster[s.member.ID].Sure[c]...)}); err != nil {
			return nil, err
		}
	}
	erased, err := s.tendErasures(change)
	if err != nil {
		return nil, err
	}
	d.controls = append(d.controls, erased...)
	if err := s.node.registry.Tend(change); err != nil {
		return nil, err
	}
	if d.released, err = s.carryDue(ctx, change); err != nil {
		return nil, err
	}
	d.facts = change.Facts()
	return d, nil
}

// note says which keys somebody holds from now on, and until when.
func (t *tended) note(change *record.Change, h *Holder, part *vault.Ring) error {
	names := map[record.Compartment][]string{}
	part.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
		names[c] = append(names[c], keyName(epoch, key))
	})
	for _, c := range part.Holds() {
		all := append(slices.Clone(h.Keys[c]), names[c]...)
		if _, _, err := change.Put(holdingKind, record.Fields{"member": record.ID(h.ID), "compartment": c.String(), "keys": all}); err != nil {
			return err
		}
	}
	if until := t.lease[h.ID]; until > 0 {
		if _, _, err := change.Put(memberKind, record.Fields{"member": record.ID(h.ID), "lease": time.Unix(until, 0)}); err != nil {
			return err
		}
	}
	return nil
}

// mustVouch reports that a revoked member wrote more than the others will believe, that it was here before the revocation
// was, and that nothing this member wrote names it yet: the next commit does, and so it stands.
func (s *Session) mustVouch() (bool, error) {
	roll := s.node.journal.Roll()
	if len(roll.Revoked) == 0 {
		return false, nil
	}
	for w, head := range s.node.journal.Heads() {
		cut, revoked := roll.RevokedCut(w)
		if !revoked || head.Seq <= cut {
			continue
		}
		vouched, err := s.node.journal.Vouched(w)
		if err != nil {
			return false, err
		}
		// Whom a revoked administrator let in may have said it already, and does not count: saying it again helps nobody.
		said, err := s.node.journal.VouchedBy(w, s.member.WriterID())
		if err != nil {
			return false, err
		}
		if head.Seq > max(vouched, said) {
			return true, nil
		}
	}
	return false, nil
}

// commitControls writes a commit with control records as a batch of its own. Node.mu is held.
func (s *Session) commitControls(ctx context.Context, d draft) error {
	if err := s.writeControls(ctx, d); err != nil {
		return errors.Join(err, s.drop())
	}
	return s.flush()
}

// writeControls writes and signs it within the running batch.
func (s *Session) writeControls(ctx context.Context, d draft) error {
	commit, err := s.write(ctx, d)
	if err != nil {
		return err
	}
	return errors.Join(s.node.journal.Release(d.released), s.rememberGiven(d.given), s.sign(commit))
}
