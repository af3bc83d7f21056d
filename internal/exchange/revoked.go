package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// A device whose member is revoked still speaks with the relay once more: it is given who signed what and what is said
// openly, so that it learns of the revocation from who revoked. What the relay says by itself proves nothing.

// cut is up to where a writer's commits stand when the writer's member is revoked, as far as this copy can tell.
func (x *session) cut(ctx context.Context, w journal.WriterID, m journal.MemberID) (seq uint64, revoked bool, err error) {
	keys, tells := x.copy.(wire.Keys)
	if !tells {
		return 0, false, nil
	}
	if seq, revoked, err = keys.Cut(ctx, w, m); err != nil {
		return 0, false, fmt.Errorf("exchange: %w", err)
	}
	return seq, revoked, nil
}

// revoked reports whether who asks is revoked.
func (x *session) revoked(ctx context.Context) (bool, error) {
	_, revoked, err := x.cut(ctx, x.writer(), x.o.Certificate.Member)
	return revoked, err
}

// beyond reports whether a commit would not be taken here because its writer's member is revoked: nobody hides it.
func (x *session) beyond(ctx context.Context, w journal.WriterID, seq uint64) (bool, error) {
	cut, revoked, err := x.cut(ctx, w, journal.MemberID{})
	return revoked && seq > cut, err
}

// needless reports whether nobody has to have what somebody had seen: it does not stand, or only the revoked speak of it and
// nobody here knows its writer.
func (x *session) needless(ctx context.Context, e Expected) (bool, error) {
	if beyond, err := x.beyond(ctx, e.Writer, e.Seq); err != nil || beyond {
		return beyond, err
	}
	_, byRevoked, err := x.cut(ctx, e.SeenBy, journal.MemberID{})
	if err != nil || !byRevoked {
		return false, err
	}
	_, known, err := x.copy.(wire.Keys).Writer(ctx, e.Writer)
	return !known, err
}

// arrived is told of every run that is now held.
func (x *session) arrived(run *journal.Run) {
	x.witness.arrived(run)
	w := run.First().Writer
	if from, asked := x.again[w]; asked && run.First().Seq <= from && from <= run.Last().Seq {
		if x.again[w] = run.Last().Seq + 1; x.again[w] > x.looked[w] {
			delete(x.again, w)
		}
	}
}

// Sealed parts may be missing here: another member of this machine was revoked and was not given them, or a file came from
// somebody to whom that happened. Each relay is asked for them once; some parts are nowhere to be had.

// lookForGaps finds out which parts are to be asked for. The revoked are given none.
func (x *session) lookForGaps(ctx context.Context) error {
	gaps, tells := x.copy.(wire.Gaps)
	revoked, err := x.revoked(ctx)
	if err != nil || revoked || !tells {
		return err
	}
	x.looked = x.intake.Held()
	if x.again, err = gaps.Lacks(ctx, x.o.Memory.Whole); err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	return nil
}

// asWhole is up to where parts need not be asked for again of this relay.
func (x *session) asWhole() journal.Vector {
	v := maps.Clone(x.looked)
	for w, from := range x.again { // the relay did not give these commits at all
		if v[w] = from - 1; from <= 1 {
			delete(v, w)
		}
	}
	return v
}

// asked is what the question says that is held here: less, where parts are missing.
func (x *session) asked(mine journal.Vector) journal.Vector {
	if len(x.again) == 0 {
		return mine
	}
	v := maps.Clone(mine)
	for w, from := range x.again {
		if v[w] = min(v[w], from-1); v[w] == 0 {
			delete(v, w)
		}
	}
	return v
}

// postpone remembers whose runs may be taken when they are offered once more.
func (x *session) postpone(w journal.WriterID) {
	if x.later == nil {
		x.later = map[journal.WriterID]bool{}
	}
	x.later[w] = true
}

// offerAgain lets what the relay refused as written by the revoked, and what waited for it, be offered once more: when something
// was sent after it that may vouch for it, or when the revocation came only now, so that this copy gives runs that end where it cuts. It reports
// whether there is any.
func (x *session) offerAgain() bool {
	if x.retried || len(x.later) == 0 {
		return false
	}
	x.retried = true
	for w := range x.later {
		delete(x.skip, w)
	}
	x.sum.Refused = slices.DeleteFunc(x.sum.Refused, func(r Refused) bool {
		return x.later[r.Writer] && (r.Code == wire.FaultRevoked || r.Code == wire.NoteParked)
	})
	return true
}

// wentBack reports whether the relay holds less than it did: it removed what did not stand when it heard of a revocation. What
// was sent as following that is sent again with it.
func (x *session) wentBack(relay journal.Vector) (back bool) {
	for w, seq := range x.known {
		if x.told && relay[w] < seq {
			back = true
			delete(x.skip, w)
			x.sum.Refused = slices.DeleteFunc(x.sum.Refused, func(r Refused) bool { return r.Writer == w && r.Code == wire.NoteParked })
		}
	}
	return back
}
