package exchange

import (
	"context"
	"fmt"
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
