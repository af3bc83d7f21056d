package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// What is erased from the journal goes from everything that was made of it: the views of who is unlocked are made anew at
// once, those of who is not are removed and made anew when they unlock.

// forgotten is the note of up to which erasure the views of members who are not unlocked were removed.
const forgottenNote = "forgotten"

// forgetDropped follows what the journal has dropped. Node.mu is held and no batch is running.
func (n *Node) forgetDropped() error {
	if _, last, err := n.journal.DroppedSince(math.MaxInt64); err != nil || last == 0 {
		return err
	}
	raw, err := n.journal.ReadNote(forgottenNote)
	if err != nil {
		return err
	}
	since := int64(0)
	if len(raw) == 8 {
		since = int64(binary.BigEndian.Uint64(raw))
	}
	_, last, err := n.journal.DroppedSince(since)
	if err != nil || last == since {
		return err
	}
	if err := n.dropFiles(); err != nil {
		return err
	}
	left := false // somebody is just locking: their files are in use
	for _, s := range n.sessions {
		if s.locked.Load() {
			left = true
			continue
		}
		if s.views.DroppedSeen() < last {
			// A view that cannot be made anew now answers nothing until it is: at its next use.
			_ = s.catchUp(s.life)
		}
	}
	if err := n.removeViews(func(id journal.MemberID) error { return n.keep.ForgetViewKeys(id) }); err != nil || left {
		return err
	}
	return n.journal.Note(forgottenNote, binary.BigEndian.AppendUint64(nil, uint64(last)))
}

// removeViews removes the views of who is not unlocked: they are made anew when they unlock. Then it does what else is to be done.
func (n *Node) removeViews(then func(journal.MemberID) error) error {
	listed, err := n.keep.Members()
	if err != nil {
		return err
	}
	for _, m := range listed {
		if n.sessions[m.ID] != nil {
			continue
		}
		if err := os.RemoveAll(n.viewsDir(m.ID)); err != nil {
			return fmt.Errorf("remove views: %w", err)
		}
		if err := then(m.ID); err != nil {
			return err
		}
	}
	return nil
}

// forget makes anew the views that have read parts which were dropped since. What it gives, when it is not nil, is to be
// called when they are whole again; until then nothing is read from them. No batch is running.
func (s *Session) forget() (whole func(error) error, err error) {
	dropped, last, err := s.node.journal.DroppedSince(s.views.DroppedSeen())
	if err != nil {
		return nil, err
	}
	note, unheard, err := s.voices()
	if err != nil {
		return nil, err
	}
	if last == s.views.DroppedSeen() && !unheard {
		return nil, note()
	}
	var stale []record.Compartment
	if unheard {
		stale = append(stale, record.FieldWork)
	}
	for _, d := range dropped {
		if c, named := s.member.Ring.Named(d.Tag); named && s.views.Stale(c, d) && !slices.Contains(stale, c) {
			stale = append(stale, c)
		}
	}
	if len(stale) > 0 {
		if err := s.node.keep.ForgetViewKeys(s.member.ID, stale...); err != nil {
			return nil, err
		}
		keys, err := s.node.keep.ViewKeys(s.member.ID, s.member.Ring, stale)
		if err != nil {
			return nil, err
		}
		if whole, err = s.views.Renew(keys); err != nil {
			return nil, err
		}
		s.forgetMemo() // what was computed from them goes too
	}
	if err := errors.Join(s.views.FollowDropped(last), note()); err != nil {
		if whole != nil {
			err = whole(err)
		}
		return nil, err
	}
	return whole, nil
}

// catchUp brings the views up to the journal: they forget what was erased and read what arrived.
func (s *Session) catchUp(ctx context.Context) error {
	if err := s.views.Drop(); err != nil {
		return err
	}
	whole, err := s.forget()
	if err != nil {
		return err
	}
	if whole == nil {
		return s.project(ctx)
	}
	return whole(s.project(s.life)) // also when nobody waits for it any more: until then nothing can be read
}
