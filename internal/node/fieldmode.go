package node

import (
	"context"
	"fmt"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Field mode: a device that travels keeps only persons of whom something was written in the last days. Of everybody else the
// sealed parts go from this device once a relay has confirmed that it holds them; the chain stays, and an exchange brings them
// back when the device is to keep more. Who was met again keeps their whole record: half a record would be worse than none.

// mostFieldDays bounds what is a field mode and not a habit.
const mostFieldDays = 3650

// FieldDays is for how many days this device keeps persons; 0: for ever.
func (n *Node) FieldDays() int {
	n.setMu.Lock()
	defer n.setMu.Unlock()
	return n.settings.FieldDays
}

// SetFieldDays changes it, and lets go at once of what is older. What has not reached a relay yet stays.
func (s *Session) SetFieldDays(ctx context.Context, days int) error {
	if days < 0 || days > mostFieldDays {
		return record.Refuse("days", "out_of_range", "field", "days", "got", fmt.Sprint(days), "low", "0", "high", fmt.Sprint(mostFieldDays))
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	more := days == 0 || days > s.node.FieldDays()
	if err := s.node.set(func(n *settings) { n.FieldDays = days }); err != nil {
		return err
	}
	err := s.writing(ctx, func() error {
		if more {
			if err := s.node.journal.WantAgain(); err != nil {
				return err
			}
		}
		return s.letGo(ctx)
	})
	if err != nil {
		return err
	}
	return s.refresh(ctx)
}

// letGo drops the parts about persons of whom nothing was written within the days, and those beyond what a narrow device follows.
// Node.mu is held and no batch is running.
func (s *Session) letGo(ctx context.Context) error {
	days := s.node.FieldDays()
	narrow := s.node.journal.Scope().Narrow
	if days == 0 && !narrow {
		return nil
	}
	memory, err := s.node.relayMemory()
	if err != nil || memory.HelpedAt.IsZero() { // it confirms commits, and may have been given some without what is only here
		return err
	}
	dropped := 0
	if days > 0 {
		old, err := s.older(ctx, s.now().Add(-time.Duration(days)*24*time.Hour), memory.Known)
		if err == nil {
			dropped, err = s.node.journal.LetGo(old)
		}
		if err != nil {
			return err
		}
	}
	if narrow {
		beyond, err := s.node.journal.Beyond(memory.Known)
		if err != nil {
			return err
		}
		put, err := s.node.journal.PutOut(beyond)
		if dropped += put; err != nil {
			return err
		}
	}
	if dropped == 0 {
		return nil
	}
	return s.node.viewsAnew()
}

// older lists the parts about persons of whom nothing was written since, as far as another copy is known to hold all of them.
func (s *Session) older(ctx context.Context, since time.Time, known journal.Vector) (old []journal.PartPlace, err error) {
	newest, stays := map[record.ID]time.Time{}, map[record.ID]bool{}
	parts := map[record.ID][]journal.PartPlace{}
	for person := range s.node.followed(s.now()) { // somebody asked for them lately
		stays[person] = true
	}
	toList, err := s.toList(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range carriedKinds {
		if !s.views.Opens(k.In) {
			continue
		}
		if err := s.views.AboutAll(ctx, s.views, k.In, func(person record.ID, p journal.PartPlace) error {
			at, err := s.node.journal.TimeAt(p.Writer, p.Seq)
			if err != nil {
				return err
			}
			if t := at.Wall(); t.After(newest[person]) {
				newest[person] = t
			}
			parts[person] = append(parts[person], p)
			// Of whom something is only here all stays: what has not left may be what an earlier part travels in.
			stays[person] = stays[person] || p.Seq > known[p.Writer] || s.node.journal.IsHeld(p) ||
				len(toList) > 0 && toList[s.member.Ring.Secret.Shelf(person[:])]
			return nil
		}); err != nil {
			return nil, err
		}
	}
	for person, at := range newest {
		if at.Before(since) && !stays[person] {
			old = append(old, parts[person]...)
		}
	}
	return old, nil
}

// viewsAnew lets all views be made anew: of who is unlocked at their next use, of the others at the next unlocking.
func (n *Node) viewsAnew() error {
	for _, other := range n.sessions {
		other.due.Store(dueRenew)
	}
	return n.removeViews(func(journal.MemberID) error { return nil })
}
