package node

import (
	"context"
	"errors"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// deviceKind says in field how a device stands: who coordinates sees which one has fallen silent, and which one carries work
// that exists nowhere else. It says how much and since when, never what. Each key-holder says it of their own device.
var deviceKind = &record.Kind{Number: 225, Name: "device", In: record.FieldWork, Form: record.Keyed, Key: []string{"member"}, Fields: []record.Field{
	{Number: 1, Name: "member", Type: record.Ref},
	{Number: 2, Name: "said", Type: record.Time},      // when this was said, by the device's clock
	{Number: 3, Name: "exchanged", Type: record.Time}, // the exchange before; nothing: there was none
	{Number: 4, Name: "unsent", Type: record.Int},     // commits that no other place had confirmed
	{Number: 5, Name: "since", Type: record.Time},     // when the oldest of them was made
	{Number: 6, Name: "version", Type: record.Text},   // of the program
}}

// contactEvery is how often a device says it at most. Less than a day, so that who exchanges each morning says it each morning.
const contactEvery = 20 * time.Hour

// contact says how this device stands, before it exchanges and when that has not been said of late. It is one small commit of
// its own and names nobody but the member. While nobody can be reached it is said once: what is then still to be said, is given
// back, for when somebody was.
func (s *Session) contact(ctx context.Context) (later *Pending, err error) {
	err = s.writing(ctx, func() error {
		stand, last, due, err := s.contactDue(ctx)
		if err != nil || !due {
			return err
		}
		if !last.IsZero() && last.After(stand.Exchanged) { // nobody has heard that one yet
			later = &stand
			return nil
		}
		return s.sayContact(ctx, stand)
	})
	if errors.Is(err, ErrLocked) || errors.Is(err, ErrLeaseOver) {
		return nil, err
	}
	return later, nil // a full disk, a damaged view: what is here must be able to leave all the same
}

// contactLate says how the device stood before somebody could be reached at last. It reports whether it was written. The views are in use.
func (s *Session) contactLate(ctx context.Context, stood Pending) bool {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	return !s.locked.Load() && s.sayContact(ctx, stood) == nil
}

// contactDue is how the device stands, when it said so last, and whether it should again. Node.mu is held.
func (s *Session) contactDue(ctx context.Context) (stand Pending, last time.Time, due bool, err error) {
	if !s.views.Opens(record.FieldWork) || !s.node.journal.Roll().Active(s.member.ID) {
		return stand, last, false, nil
	}
	if err := s.views.Select(ctx, "SELECT said FROM field.device WHERE member = ?", []any{record.ID(s.member.ID)}, func(r record.Row) error {
		last = time.Unix(r.Int(0), 0)
		return nil
	}); err != nil {
		return stand, last, false, err
	}
	now := s.now()
	if now.Sub(last).Abs() < contactEvery {
		return stand, last, false, nil
	}
	if last.After(now) { // by a clock that was far ahead: that word does not silence the device
		last = time.Time{}
	}
	stand, err = s.Status()
	return stand, last, err == nil, err
}

// sayContact writes it. Node.mu is held and no batch is running.
func (s *Session) sayContact(ctx context.Context, stand Pending) error {
	fields := record.Fields{"member": record.ID(s.member.ID), "said": s.now().Truncate(time.Second), "unsent": stand.Commits, "exchanged": nil, "since": nil, "version": nil}
	if !stand.Exchanged.IsZero() {
		fields["exchanged"] = stand.Exchanged.Truncate(time.Second)
	}
	if stand.Commits > 0 {
		fields["since"] = stand.Oldest.Truncate(time.Second)
	}
	if v := s.node.options.Version; v != "" {
		fields["version"] = v
	}
	d := draft{time: s.node.clock.Now()}
	change, err := s.change(ctx, "", record.Request{}, &d)
	if err != nil {
		return err
	}
	if _, _, err := change.Put(deviceKind, fields); err != nil {
		return err
	}
	d.facts, d.site = change.Facts(), change.Site
	return s.commitControls(ctx, d)
}

// contacts reads what every device said of itself last.
func contacts(ctx context.Context, r record.Reader) (map[journal.MemberID]Device, error) {
	out := map[journal.MemberID]Device{}
	err := r.Select(ctx, "SELECT member, said, exchanged, unsent, since, version, _state FROM field.device", nil, func(row record.Row) error {
		when := func(column int) time.Time {
			if row.Null(column) {
				return time.Time{}
			}
			return time.Unix(row.Int(column), 0).UTC()
		}
		d := Device{Member: row.ID(0), Said: when(1), Exchanged: when(2), Unsent: int(row.Int(3)), Oldest: when(4), Version: row.Text(5)}
		state, err := record.DecodeState(row.Blob(6))
		if err != nil {
			return err
		}
		if f, _ := deviceKind.Field("said"); len(state.Standing(f.Number)) > 0 {
			d.Site = state.Standing(f.Number)[0].Site
		}
		out[journal.MemberID(d.Member)] = d
		return nil
	})
	return out, err
}
