package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// FindHolder finds key-holders by name or id: a name stands for all devices of the person.
func (r Roster) FindHolder(name string) []*Holder {
	var out []*Holder
	for _, h := range r.Sorted() {
		if h.ID.String() == name || strings.EqualFold(h.Name, strings.TrimSpace(name)) {
			out = append(out, h)
		}
	}
	return out
}

// SetRoles says what a person may do from now on, on all their devices. Keys of compartments that the new roles do not name
// are changed, so that what is written from now on stays closed to them; what they could read before they may have kept.
func (s *Session) SetRoles(ctx context.Context, person journal.MemberID, roles []string, sites []record.ID, lease int) error {
	if err := checkRoles(roles); err != nil {
		return err
	}
	return s.managing(ctx, func(roster Roster) error {
		holders := roster.devices(person)
		if len(holders) == 0 {
			return record.Refuse("member", "unknown_member")
		}
		days, err := leaseDays(lease, roles)
		if err != nil {
			return err
		}
		roll := s.node.journal.Roll()
		administers := slices.Contains(roles, "administrator")
		var controls []journal.Control
		for _, h := range holders {
			switch has := roll.Administers(h.ID); {
			case has && !administers: // copies that have not heard of it yet would still believe them
				return record.Refuse("role", "administrator_stays")
			case !has && administers:
				control, err := journal.NewControl(journal.ControlEmpower, journal.Empowerment{Member: h.ID})
				if err != nil {
					return err
				}
				controls = append(controls, control)
			}
		}
		if err := roster.keepsHolders(holders, roles); err != nil {
			return err
		}
		texts := []string{}
		for _, site := range sites {
			texts = append(texts, site.String())
		}
		return s.manage(ctx, controls, func(c *record.Change) error {
			for _, h := range holders {
				if _, _, err := c.Put(memberKind, record.Fields{"member": record.ID(h.ID), "roles": roles, "sites": texts, "lease_days": days}); err != nil {
					return err
				}
			}
			return nil
		}, nil)
	})
}

// Revoke ends a key-holder, or with all their devices a person. New keys begin for all they could open; of what they wrote,
// what is known here stands. It cannot take back what they have read.
func (s *Session) Revoke(ctx context.Context, ids []journal.MemberID, reason string) error {
	defer s.node.expelLater()
	return s.managing(ctx, func(roster Roster) error {
		var controls []journal.Control
		var left []*Holder
		for _, id := range ids {
			h := roster[id]
			if h == nil {
				return record.Refuse("member", "unknown_member")
			}
			if !h.Active {
				continue
			}
			control, err := journal.NewControl(journal.ControlRevoke, journal.Revocation{Member: id, Heads: s.node.headsOf(id)})
			if err != nil {
				return err
			}
			controls, left = append(controls, control), append(left, h)
		}
		if len(left) == 0 {
			return record.Refuse("member", "already_revoked")
		}
		if slices.Contains(ids, s.member.ID) {
			return record.Refuse("member", "revoke_yourself")
		}
		if slices.Contains(ids, s.node.journal.Roll().Founder) && s.member.ID != s.node.journal.Roll().Founder && !s.founderMayGo() {
			return record.Refuse("member", "founder_stays")
		}
		if err := roster.keepsHolders(left, nil); err != nil {
			return err
		}
		return s.manage(ctx, controls, func(c *record.Change) error {
			for _, h := range left {
				if _, _, err := c.Put(memberKind, record.Fields{"member": record.ID(h.ID), "left": reason}); err != nil {
					return err
				}
			}
			return nil
		}, nil)
	})
}

// RenewLeases gives a person's devices a whole new term.
func (s *Session) RenewLeases(ctx context.Context, person journal.MemberID) error {
	return s.managing(ctx, func(roster Roster) error {
		holders := roster.devices(person)
		if len(holders) == 0 {
			return record.Refuse("member", "unknown_member")
		}
		return s.manage(ctx, nil, func(c *record.Change) error {
			for _, h := range holders { // what ends now is renewed by what follows from it
				if h.Days > 0 {
					if _, _, err := c.Put(memberKind, record.Fields{"member": record.ID(h.ID), "lease": s.now().Truncate(time.Second)}); err != nil {
						return err
					}
				}
			}
			return nil
		}, nil)
	})
}

// managing runs what only who administers may do, with the roster as it is now and Node.mu held.
func (s *Session) managing(ctx context.Context, do func(Roster) error) error {
	if err := s.refresh(ctx); err != nil {
		return err
	}
	return s.writing(ctx, func() error {
		if err := s.mustAdminister(); err != nil {
			return err
		}
		roster, err := s.roster(ctx, s.views)
		if err != nil {
			return err
		}
		return do(roster)
	})
}

// devices are the active key-holders of a person. A recovery set is nobody's.
func (r Roster) devices(person journal.MemberID) (out []*Holder) {
	for _, h := range r.Sorted() {
		if h.Active && (h.Person() == person || h.ID == person) && !slices.Contains(h.Roles, vault.Recovery) {
			out = append(out, h)
		}
	}
	return out
}

// keepsHolders refuses a change after which nobody would hold the keys of a compartment, or nobody would administer. roles
// are what those who change have afterwards; nil: they leave.
func (r Roster) keepsHolders(change []*Holder, roles []string) error {
	after := Roster{}
	for id, h := range r {
		copied := *h
		if slices.Contains(change, h) {
			copied.Active, copied.Roles = h.Active && roles != nil, roles
		}
		after[id] = &copied
	}
	for _, c := range record.Compartments() {
		if len(r.holding(c)) > 0 && len(after.holding(c)) == 0 {
			return record.Refuse("member", "last_holder", "compartment", c.String())
		}
	}
	for _, h := range after {
		if h.Active && slices.Contains(h.Roles, "administrator") {
			return nil
		}
	}
	return record.Refuse("member", "last_administrator")
}

// headsOf is how far the chains of a member's writers go here.
func (n *Node) headsOf(id journal.MemberID) []journal.WriterHead {
	roll, out := n.journal.Roll(), []journal.WriterHead{}
	for w, h := range n.journal.Heads() {
		if roll.MemberOf(w) == id {
			out = append(out, journal.WriterHead{Writer: w, Seq: h.Seq})
		}
	}
	slices.SortFunc(out, func(a, b journal.WriterHead) int { return slices.Compare(a.Writer[:], b.Writer[:]) })
	return out
}

// founderMayGo: who founded the workspace outranks every administrator but the recovery shares, which exist for the day on
// which the founder is lost.
func (s *Session) founderMayGo() bool { return slices.Contains(s.Rights().Roles(), vault.Recovery) }
