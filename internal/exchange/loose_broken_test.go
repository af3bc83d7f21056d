package exchange_test

import (
	"context"
	"errors"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// The newest part is nowhere to be had, and the line goes while the last parts are on their way. What was not answered for is
// asked for the next time, not a day later.
func TestWhatWasCutOffIsNotTakenForNowhere(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(300, 400, 1)...)
	run := a.Make(exchangetest.Body(400, 2))
	wire.Withhold(&run)
	a.Copy.(*exchangetest.Memory).Trust(run)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	cut(net, -1, 100<<10)
	if sum, err := net.try(b); !errors.Is(err, exchange.ErrInterrupted) || sum.Parts == 0 || sum.Parts == 300 {
		t.Fatalf("%v, %+v", err, sum)
	}
	net.wrap = nil
	net.exchange(b)
	if n := missing(t, b.Copy); n != 1 {
		t.Errorf("%d parts are missing", n)
	}
}

// unwanted wants nothing by itself.
type unwanted struct{ exchange.Copy }

func (unwanted) Wanted(context.Context, int64, int) ([]journal.Missing, error) { return nil, nil }
func (unwanted) Unmet(context.Context) ([]journal.Vouch, error)                { return nil, nil }

// What somebody waits for is asked for again when a relay that was started anew answers only that it remembers nothing.
func TestWhatSomebodyWaitsForIsAskedForUntilItIsAnswered(t *testing.T) {
	a, b := two(t)
	store := sqlite(t)
	net := newNetwork(t, store)
	a.Write(exchangetest.Bodies(5, 400, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	first, err := b.Copy.(wire.Asker).Wanted(t.Context(), 0, 100)
	if err != nil || len(first) != 5 {
		t.Fatalf("%d, %v", len(first), err)
	}
	net.restart(store)
	whole := b.Copy
	b.Copy = unwanted{whole}
	sum, err := net.try(b, func(o *exchange.Options) { o.First = first })
	b.Copy = whole
	if err != nil || sum.Parts != 5 {
		t.Errorf("%v, %+v", err, sum)
	}
}

// What somebody waits for may have been noted anew since: it is asked for once all the same.
func TestWhatSomebodyWaitsForWasNotedAnew(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(5, 400, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	first, err := b.Copy.(wire.Asker).Wanted(t.Context(), 0, 100)
	if err != nil || len(first) != 5 {
		t.Fatalf("%d, %v", len(first), err)
	}
	for i := range first {
		first[i].N += 1 << 20
	}
	if sum, err := net.try(b, func(o *exchange.Options) { o.First = first }); err != nil || sum.Parts != 5 {
		t.Errorf("%v, %+v", err, sum)
	}
}

// A relay that knows the workspace no longer holds nothing of what it confirmed, also when the line goes before it says more:
// who lets go of what is elsewhere goes by that.
func TestReceiptsOfARelayThatLostEverythingCountNoMore(t *testing.T) {
	a, _ := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(40, 1000, 1)...)
	net.exchange(a)
	if a.memory.Known[a.Writer()] == 0 {
		t.Fatal("no receipt")
	}
	empty := sqlite(t)
	net.restart(empty)
	cut(net, 20<<10, -1)
	if _, err := net.try(a); !errors.Is(err, exchange.ErrInterrupted) && !errors.Is(err, exchange.ErrUnreachable) {
		t.Fatal(err)
	}
	if n := a.memory.Known[a.Writer()]; n != 0 {
		t.Errorf("%d commits pass for confirmed", n)
	}
	net.wrap = nil
	net.exchange(a)
	held, err := empty.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	exchangetest.Same(t, a.Copy, held)
}

// A device that holds few parts took another's commits from beside it and was at the relay first. Who wrote them brings the parts
// at the next exchange: it may let go of them after that.
func TestWhatOthersBroughtBareIsBroughtWhole(t *testing.T) {
	for name, unsure := range map[string]bool{"at once": false, "after asking": true} {
		t.Run(name, func(t *testing.T) {
			a, b := two(t)
			store := sqlite(t)
			net := newNetwork(t, store)
			net.exchange(a)
			net.exchange(b)
			net.exchange(a)
			a.Write(exchangetest.Bodies(10, 300, 1)...)
			runs := exchangetest.RunsOf(t, a.Copy, exchangetest.VectorOf(t, b.Copy))
			for i := range runs {
				wire.Withhold(&runs[i])
			}
			exchangetest.Take(t, b.Copy, runs...)
			net.exchange(b)
			held, err := store.Workspace(t.Context(), a.Workspace.ID)
			if err != nil {
				t.Fatal(err)
			}
			if n := missing(t, held); n != 10 {
				t.Fatalf("the relay lacks %d parts", n)
			}
			a.memory.Unsure = unsure
			net.exchange(a)
			exchangetest.Same(t, a.Copy, held)
			if list, err := held.MissingFrom(t.Context(), 1, 100); err != nil || len(list) != 0 {
				t.Errorf("the relay says that it lacks %d, %v", len(list), err)
			}
			if sum := net.exchange(a); sum.RoundTrips != 1 {
				t.Errorf("nothing new: %+v", sum)
			}
			if sum := net.exchange(b); sum.Parts != 10 {
				t.Errorf("who asked in vain a moment ago asks again: %+v", sum)
			}
		})
	}
}

// The line goes after the relay said that others brought commits bare, and before the parts are there. Until they are, nothing
// passes for being there, and the next exchange brings them.
func TestWhatIsOwedToARelayIsNotForgotten(t *testing.T) {
	a, b := two(t)
	store := sqlite(t)
	net := newNetwork(t, store)
	net.exchange(a)
	net.exchange(b)
	net.exchange(a)
	a.Write(exchangetest.Bodies(10, 3000, 1)...)
	runs := exchangetest.RunsOf(t, a.Copy, exchangetest.VectorOf(t, b.Copy))
	for i := range runs {
		wire.Withhold(&runs[i])
	}
	exchangetest.Take(t, b.Copy, runs...)
	net.exchange(b)
	a.memory.Unsure = true
	cut(net, 10<<10, -1)
	if _, err := net.try(a); !errors.Is(err, exchange.ErrInterrupted) && !errors.Is(err, exchange.ErrUnreachable) {
		t.Fatal(err)
	}
	if !a.memory.HelpedAt.IsZero() {
		t.Errorf("it passes for having what it lacks since %v", a.memory.HelpedAt)
	}
	net.wrap = nil
	net.quiet()
	net.exchange(a)
	held, err := store.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	exchangetest.Same(t, a.Copy, held)
	if a.memory.HelpedAt.IsZero() {
		t.Error("it still passes for lacking something")
	}
}

// A relay that lacks more than one answer names is filled in one exchange.
func TestARelayThatLacksMuchIsFilledAtOnce(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	for i := range 50 {
		a.Batch(exchangetest.Bodies(60, 24, 1, uint64(i))...)
	}
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	other := sqlite(t)
	net = newNetwork(t, other)
	a.memory, b.memory = exchange.Memory{}, exchange.Memory{}
	net.exchange(b)
	held, err := other.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := missing(t, held); n != 3000 {
		t.Fatalf("the relay lacks %d parts", n)
	}
	net.exchange(a)
	if n := missing(t, held); n != 0 {
		t.Errorf("the relay lacks %d parts", n)
	}
}

// greedy says again and again that it lacks what it was brought.
type greedy struct{ relay.Workspace }

func (g greedy) Supply(context.Context, []journal.Loose) (int, error) { return 0, nil }

// A relay that goes on asking for what it was brought is brought it once.
func TestNobodyIsBroughtTheSameTwice(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Batch(exchangetest.Bodies(2100, 24, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	net = newNetwork(t, changing{sqlite(t), func(w relay.Workspace) relay.Workspace { return greedy{w} }})
	a.memory, b.memory = exchange.Memory{}, exchange.Memory{}
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	sum, err := net.try(a)
	if err != nil || sum.RoundTrips > 8 || sum.BytesOut > 2*2100*(24+80) {
		t.Errorf("%v, %+v", err, sum)
	}
}

// changing puts something before each workspace.
type changing struct {
	relay.Store
	change func(relay.Workspace) relay.Workspace
}

func (s changing) Workspace(ctx context.Context, id journal.WorkspaceID) (relay.Workspace, error) {
	w, err := s.Store.Workspace(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.change(w), nil
}

// stammering gives every part twice.
type stammering struct{ relay.Workspace }

func (s stammering) Parts(ctx context.Context, places []journal.PartPlace, yield func(int, []byte) error) error {
	return s.Workspace.Parts(ctx, places, func(n int, data []byte) error {
		return errors.Join(yield(n, data), yield(n, data))
	})
}

// One part that was asked for comes once: else a relay could give without end what costs a note each.
func TestAPartThatComesTwiceIsNoAnswer(t *testing.T) {
	a, b := two(t)
	store := sqlite(t)
	net := newNetwork(t, store)
	a.Write(exchangetest.Bodies(5, 100, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	liar := newNetwork(t, changing{store, func(w relay.Workspace) relay.Workspace { return stammering{w} }})
	if _, err := liar.try(b); !errors.Is(err, exchange.ErrProtocol) {
		t.Errorf("%v", err)
	}
}

// A relay was put back to an earlier state and first met a device that holds few parts. Who finds that it holds less than it did
// asks what it lacks, also when it said so a moment before.
func TestARelayThatWasPutBackIsAskedWhatItLacks(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(10, 300, 1)...)
	net.exchange(a)
	if _, err := net.try(b, commitsOnly); err != nil {
		t.Fatal(err)
	}
	a.Write(exchangetest.Bodies(3, 300, 2)...)
	net.exchange(a)
	other := sqlite(t)
	net = newNetwork(t, other)
	b.memory = exchange.Memory{}
	net.exchange(b)
	held, err := other.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := net.try(a); err != nil || !sum.WentBack {
		t.Fatalf("%v, %+v", err, sum)
	}
	exchangetest.Same(t, a.Copy, held)
}
