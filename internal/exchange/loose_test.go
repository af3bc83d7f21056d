package exchange_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// commitsOnly leaves sealed parts for later.
func commitsOnly(o *exchange.Options) { o.Narrow, o.CommitsOnly = true, true }

func TestCommitsFirstAndThenTheNewestParts(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(300, 400, 1)...)
	net.exchange(a)
	sum, err := net.try(b, commitsOnly)
	if err != nil || !sum.Complete || sum.Parts != 0 {
		t.Fatalf("%v, %+v", err, sum)
	}
	if n := missing(t, b.Copy); n != 300 {
		t.Fatalf("%d parts are missing", n)
	}
	var first []uint64
	whole := b.Copy
	b.Copy = &watched{Copy: whole, took: func(parts []journal.Loose) {
		for _, p := range parts {
			first = append(first, p.Place.Seq)
		}
	}}
	sum, err = net.try(b)
	b.Copy = whole
	if err != nil || sum.Parts != 300 || sum.Received != 0 {
		t.Fatalf("%v, %+v", err, sum)
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
	// All that was asked for together comes in one order or another: the first of it are the newest.
	if slices.Min(first[:100]) < 150 || slices.Max(first[200:]) > 150 {
		t.Errorf("came in the order %v", first)
	}
	if sum := net.exchange(b); sum.RoundTrips != 1 || sum.Parts != 0 {
		t.Errorf("nothing new: %+v", sum)
	}
}

// watched tells of the parts that are taken.
type watched struct {
	exchange.Copy
	took func([]journal.Loose)
}

func (w *watched) Supply(ctx context.Context, parts []journal.Loose) (int, error) {
	w.took(parts)
	return w.Copy.Supply(ctx, parts)
}

func (w *watched) Wanted(ctx context.Context, after int64, most int) ([]journal.Missing, error) {
	return w.Copy.(wire.Asker).Wanted(ctx, after, most)
}

func (w *watched) Unmet(ctx context.Context) ([]journal.Vouch, error) {
	return w.Copy.(wire.Asker).Unmet(ctx)
}

// A relay that lost its store is filled again by a device that holds few parts, and then by one that holds all.
func TestARelayIsGivenWhatItLacks(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(40, 300, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	other := sqlite(t) // empty
	net = newNetwork(t, other)
	a.memory, b.memory = exchange.Memory{}, exchange.Memory{}
	net.exchange(b)
	held, err := other.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := missing(t, held); n != 40 {
		t.Fatalf("the relay lacks %d parts", n)
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, held)
	if list, err := held.MissingFrom(t.Context(), 1, 10); err != nil || len(list) != 0 {
		t.Errorf("the relay still says that it lacks %d: %v", len(list), err)
	}
	if sum := net.exchange(b); sum.Parts != 40 {
		t.Errorf("%+v", sum)
	}
}

// What nobody has is asked for once a day, and not in a round trip of its own.
func TestWhatIsNowhereIsAskedForOnceADay(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	run := a.Make(exchangetest.Bodies(3, 100, 1)...)
	wire.Withhold(&run)
	a.Copy.(*exchangetest.Memory).Trust(run)
	net.exchange(a)
	net.exchange(b)
	if sum := net.exchange(b); sum.RoundTrips != 1 {
		t.Errorf("%+v", sum)
	}
	quiet := net.exchange(b)
	if quiet.RoundTrips != 1 {
		t.Errorf("%+v", quiet)
	}
	b.memory.VainAt = b.memory.VainAt.Add(-25 * time.Hour)
	if sum := net.exchange(b); sum.RoundTrips > 2 || sum.BytesOut <= quiet.BytesOut {
		t.Errorf("a day later: %+v after %+v", sum, quiet)
	}
}

// A relay that gives other bytes than the commit names is named, and the part is still wanted.
func TestAPartThatIsAnotherIsNamed(t *testing.T) {
	a, b := two(t)
	store := sqlite(t)
	net := newNetwork(t, store)
	a.Write(exchangetest.Bodies(5, 100, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	liar := newNetwork(t, forging{store})
	sum, err := liar.try(b)
	if err != nil || sum.Parts != 0 || len(sum.Faults) != 5 || sum.Faults[0].Code != wire.FaultDamaged {
		t.Fatalf("%v, %+v", err, sum)
	}
	b.memory = exchange.Memory{}
	if sum := net.exchange(b); sum.Parts != 5 || len(sum.Faults) != 0 {
		t.Errorf("%+v", sum)
	}
}

// forging gives other bytes than were brought.
type forging struct{ relay.Store }

func (s forging) Workspace(ctx context.Context, id journal.WorkspaceID) (relay.Workspace, error) {
	w, err := s.Store.Workspace(ctx, id)
	return forger{w}, err
}

type forger struct{ relay.Workspace }

func (f forger) Parts(ctx context.Context, places []journal.PartPlace, yield func(int, []byte) error) error {
	return f.Workspace.Parts(ctx, places, func(n int, data []byte) error {
		data = slices.Clone(data)
		data[len(data)/2] ^= 1
		return yield(n, data)
	})
}
