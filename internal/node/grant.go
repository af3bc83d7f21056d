package node

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// keyName says which key it is without telling it: its epoch and the first bytes of its commitment.
func keyName(epoch uint32, key seal.CompartmentKey) string {
	sum := key.Commitment()
	return fmt.Sprintf("%d.%s", epoch, hex.EncodeToString(sum[:4]))
}

// receive takes the grants for this member out of the journal. A key is believed when somebody who administers published
// its commitment, whoever passed it on; of a workspace older than commitments, when the founder granted it. Node.mu is held,
// or nobody else knows the session yet.
func (s *Session) receive() error {
	roll := s.node.journal.Roll()
	if _, revoked := roll.Revoked[s.member.ID]; revoked {
		return ErrRevoked
	}
	before := ringNames(s.member.Ring)
	waiting := s.doubted
	s.doubted = nil
	err := s.node.journal.OpenParts(s.openAfter, func(arrival int64, c *journal.Commit) error {
		s.openAfter = arrival
		if _, known := roll.Members[roll.MemberOf(c.Writer)]; known {
			waiting = append(waiting, *c)
		}
		return nil
	})
	var unread error
	for i := range waiting {
		if err == nil {
			unread = errors.Join(unread, s.take(roll, &waiting[i]))
		}
	}
	if err == nil && s.member.Ring == nil && (unread != nil || s.node.journal.Head(s.member.WriterID()).Seq > 0) {
		err = errors.Join(fmt.Errorf("%w: the grant of this member does not read", store.ErrDamaged), unread)
	}
	if err != nil || s.member.Ring == nil {
		return err
	}
	if s.leaseAt != 0 {
		if err := s.node.keep.SetLease(s.member.ID, leaseEnd(s.lease.Load())); err != nil {
			return err
		}
	}
	return s.passedOver(before)
}

// take opens the grants of one commit that are for this member. One with keys that cannot be believed yet is looked at again
// when more has come: what publishes them may arrive later.
func (s *Session) take(roll *journal.Roll, c *journal.Commit) error {
	by := roll.MemberOf(c.Writer)
	controls, err := c.Controls()
	if err != nil {
		return fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err)
	}
	doubted := false
	for _, control := range controls {
		var g journal.Grant
		if control.Kind != journal.ControlGrant || control.Into(&g) != nil || g.Member != s.member.ID {
			continue
		}
		if !mayBegin(roll, s.member, by) {
			doubted = true
			continue
		}
		got, failed := s.member.Receive(g, func(ring *vault.Ring, c record.Compartment, epoch uint32, key seal.CompartmentKey) bool {
			believed := published(roll, ring.Tag(c), epoch, key, by)
			doubted = doubted || !believed
			return believed
		})
		if failed != nil { // Verify names it; another grant may still read
			err = errors.Join(err, fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, failed))
		}
		if got.Lease != 0 && everAdministered(roll, by) && c.Time > s.leaseAt {
			s.leaseAt = c.Time
			s.lease.Store(max(got.Lease, 0))
		}
	}
	if doubted && len(s.doubted) < mostDoubted {
		s.doubted = append(s.doubted, *c)
	}
	return err
}

// mayBegin reports whether a grant may be the first that a member takes. It brings the workspace's secret, of which nothing is
// published: from a colleague it could be another, and all that comes after would be refused as another workspace's.
func mayBegin(roll *journal.Roll, m *vault.Member, by journal.MemberID) bool {
	return m.Ring != nil || everAdministered(roll, by)
}

// published reports whether who administers said that this is the key of that epoch, and the epoch's turn has come.
func published(roll *journal.Roll, tag uint8, epoch uint32, key seal.CompartmentKey, by journal.MemberID) bool {
	said := roll.CommitmentsOf(tag, epoch)
	return epoch <= roll.Newest(tag) && slices.Contains(said, key.Commitment()) || len(said) == 0 && epoch == 1 && by == roll.Founder
}

// mostDoubted bounds what somebody can make this device look at again and again.
const mostDoubted = 256

// collect opens the grants for a member that the journal holds. lease is what the newest says of it; unread names those that
// do not open, of which Verify says more.
func (n *Node) collect(m *vault.Member) (lease int64, unread, err error) {
	roll, leaseAt := n.journal.Roll(), journal.Time(0)
	err = n.journal.OpenParts(0, func(_ int64, c *journal.Commit) error {
		by := roll.MemberOf(c.Writer)
		if _, known := roll.Members[by]; !known {
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
			if control.Into(&g) != nil || !mayBegin(roll, m, by) { // anybody may have written it
				continue
			}
			got, err := m.Receive(g, func(ring *vault.Ring, c record.Compartment, epoch uint32, key seal.CompartmentKey) bool {
				return published(roll, ring.Tag(c), epoch, key, by)
			})
			if err != nil { // Verify names it; another grant may still read
				unread = errors.Join(unread, fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err))
			}
			if got.Lease != 0 && everAdministered(roll, by) && c.Time > leaseAt {
				lease, leaseAt = got.Lease, c.Time
			}
		}
		return nil
	})
	return lease, unread, err
}

func leaseEnd(lease int64) time.Time {
	if lease <= 0 {
		return time.Time{}
	}
	return time.Unix(lease, 0).UTC()
}

// notedKey names a key in a note, which stands in clear on this device: with the compartment's tag, which says nothing without
// the workspace's secret.
func notedKey(r *vault.Ring, c record.Compartment, epoch uint32, key seal.CompartmentKey) string {
	return fmt.Sprintf("%d/%s", r.Tag(c), keyName(epoch, key))
}

func ringNames(r *vault.Ring) (out []string) {
	if r == nil {
		return nil
	}
	r.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
		out = append(out, notedKey(r, c, epoch, key))
	})
	return out
}

// passedOver notices keys that came after parts sealed under them were passed over: then the views are made anew. Which
// keys the views were made with is remembered beside the journal.
func (s *Session) passedOver(before []string) error {
	note := "ring " + s.member.ID.String()
	now := ringNames(s.member.Ring)
	if len(before) == 0 {
		raw, err := s.node.journal.ReadNote(note)
		if err != nil {
			return err
		}
		before = strings.Fields(string(raw))
	}
	if slices.Equal(before, now) {
		return nil
	}
	if len(before) > 0 {
		var trouble error
		s.member.Ring.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
			if slices.Contains(before, notedKey(s.member.Ring, c, epoch, key)) || s.due.Load() == dueRenew || trouble != nil {
				return
			}
			held, err := s.node.journal.HoldsEpoch(s.member.Ring.Tag(c), epoch)
			if trouble = err; held {
				s.due.Store(dueRenew)
			}
		})
		if trouble != nil {
			return trouble
		}
	}
	return s.node.journal.Note(note, []byte(strings.Join(now, " ")))
}
