package node

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/vault"
)

// clockLost is how far beyond everything that is known here a clock must be to be called lost rather than late: a laptop
// whose battery died must not forget its keys for it.
const clockLost = 10 * 365 * 24 * time.Hour

// expel wipes the keys of members who were revoked or whose lease is over, and locks them when they are unlocked. It is done
// when the folder is opened, before each unlocking, and after each arrival. What the journal holds stays, sealed.
func (n *Node) expel() error {
	n.expelMu.Lock()
	defer n.expelMu.Unlock()
	listed, err := n.keep.Members()
	if err != nil {
		return err
	}
	roll := n.journal.Roll()
	for _, m := range listed {
		why := ""
		switch _, admitted := roll.Members[m.ID]; {
		case admitted && !roll.Active(m.ID):
			why = vault.GoneRevoked
		case n.leaseOver(m.Lease):
			why = vault.GoneLease
		default:
			continue
		}
		if err := n.wipe(m.ID, why); err != nil {
			return err
		}
	}
	return nil
}

// expelLater is expel for who is in the middle of using a session.
func (n *Node) expelLater() {
	n.later.Add(1)
	go func() {
		defer n.later.Done()
		_ = n.expel() // what could not be wiped now is at the next opening
	}()
}

// leaseOver goes by the device's clock, and by what two who administer agree on: turning the clock back gains nothing then. One
// clock that is years ahead, whosever it is, must not end everybody's keys.
func (n *Node) leaseOver(lease time.Time) bool {
	if lease.IsZero() {
		return false
	}
	now, known, roll, over := n.options.Wall(), time.Time{}, n.journal.Roll(), map[journal.MemberID]bool{}
	for w, h := range n.journal.Heads() {
		t := h.Time.Wall()
		if t.After(known) {
			known = t
		}
		if by := roll.MemberOf(w); roll.Administers(by) && !t.Before(lease) {
			over[by] = true
		}
	}
	if !known.IsZero() && now.Sub(known) > clockLost {
		return false
	}
	return !now.Before(lease) || len(over) > 1
}

func (n *Node) wipe(id journal.MemberID, why string) error {
	n.mu.Lock()
	s := n.sessions[id]
	n.mu.Unlock()
	if s != nil {
		s.Lock()
	}
	err := n.keep.Wipe(id, why, n.options.Wall())
	if gone := os.RemoveAll(n.viewsDir(id)); gone != nil {
		err = errors.Join(err, fmt.Errorf("remove the views of who left: %w", gone))
	}
	return err
}

// Gone lists whose keys were wiped on this device and why, the latest first.
func (n *Node) Gone() ([]vault.Gone, error) { return n.keep.GoneMembers() }

// goneOr tells who comes back after their keys were wiped what happened.
func (n *Node) goneOr(name string, err error) error {
	gone, failed := n.keep.GoneMembers()
	if failed != nil || !errors.Is(err, vault.ErrNoMember) {
		return err
	}
	i := slices.IndexFunc(gone, func(g vault.Gone) bool { return name == "" || g.Label == name || g.ID.String() == name })
	if i < 0 {
		return err
	}
	switch gone[i].Why {
	case vault.GoneRevoked:
		return fmt.Errorf("%w: %s", ErrRevoked, gone[i].ID)
	case vault.GoneLease:
		return fmt.Errorf("%w: %s", ErrLeaseOver, gone[i].ID)
	}
	return err
}
