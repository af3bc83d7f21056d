package exchange_test

import (
	"errors"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

func TestNodesThatNeverMetEndTheSame(t *testing.T) {
	for name, store := range map[string]relay.Store{"memory": &memoryStore{}, "sqlite": sqlite(t)} {
		t.Run(name, func(t *testing.T) {
			a, b := two(t)
			c := &node{Device: a.Join("c", nil)}
			net := newNetwork(t, store)
			a.Write(exchangetest.Bodies(150, 120, 1)...)
			b.Batch(exchangetest.Bodies(90, 120, 2)...)
			c.Write(exchangetest.Bodies(30, 4000, 3)...)
			sent := net.exchange(a).Sent + net.exchange(b).Sent + net.exchange(c).Sent
			if want := uint64(3 + 150 + 1 + 90 + 1 + 30); sent != want {
				t.Errorf("%d commits were sent, not %d", sent, want)
			}
			if got := net.exchange(a).Received; got != 91+31 {
				t.Errorf("a received %d", got)
			}
			net.exchange(b)
			exchangetest.Same(t, a.Copy, b.Copy)
			exchangetest.Same(t, a.Copy, c.Copy)
		})
	}
}

func TestNothingNewIsOneRoundTripOfFewBytes(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	for i := range 100 {
		x := a.Stranger("x", nil)
		a.Admit(x)
		exchangetest.Take(t, a.Copy, x.Control(journal.ControlCertify, x.Cert), x.Make(exchangetest.Bodies(3, 60, uint64(i))...))
	}
	net.exchange(a)
	net.exchange(b)
	net.exchange(a)
	for _, d := range []*node{a, b} {
		sum := net.exchange(d)
		if sum.RoundTrips != 1 || sum.Sent+sum.Received != 0 {
			t.Errorf("%s: %d round trips", d.Name, sum.RoundTrips)
		}
		if total := sum.BytesIn + sum.BytesOut; total > 1000 {
			t.Errorf("%s: %d bytes at %d writers, with all headers", d.Name, total, len(exchangetest.VectorOf(t, d.Copy)))
		}
		if sum.BytesIn < 100 || sum.BytesOut < 200 {
			t.Errorf("%s: %d and %d bytes cannot be all", d.Name, sum.BytesIn, sum.BytesOut)
		}
	}
	// News both ways need no more.
	a.Write(exchangetest.Body(60))
	b.Write(exchangetest.Body(61))
	if sum := net.exchange(a); sum.RoundTrips != 1 || sum.Sent != 1 {
		t.Errorf("%d round trips to send %d", sum.RoundTrips, sum.Sent)
	}
	if sum := net.exchange(b); sum.RoundTrips != 1 || sum.Sent != 1 || sum.Received != 1 {
		t.Errorf("%d round trips to send %d and receive %d", sum.RoundTrips, sum.Sent, sum.Received)
	}
}

func TestMemoryIsOnlyAConvenience(t *testing.T) {
	a, b := two(t)
	store := &memoryStore{}
	net := newNetwork(t, store)
	net.exchange(a)
	net.exchange(b)
	raw, err := b.memory.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if b.memory, err = exchange.ReadMemory(raw); err != nil {
		t.Fatal(err)
	}
	a.Write(exchangetest.Bodies(3, 50, 1)...)
	net.exchange(a)
	if sum := net.exchange(b); sum.RoundTrips != 1 || sum.Received != 3 {
		t.Errorf("%d round trips with the memory read back", sum.RoundTrips)
	}
	b.memory = exchange.Memory{} // lost
	b.Write(exchangetest.Body(50))
	if sum := net.exchange(b); sum.Sent != 1 {
		t.Errorf("sent %d", sum.Sent)
	}
	net.restart(store) // the relay forgot what it told whom
	b.Write(exchangetest.Body(51))
	if sum := net.exchange(b); sum.Sent != 1 {
		t.Errorf("sent %d", sum.Sent)
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
}

func TestARelayThatLostItsStoreIsRefilled(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(10, 50, 1)...)
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	net.exchange(b)
	old := &memoryStore{}
	w, err := old.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	exchangetest.Carry(t, a.Copy, w) // a backup
	a.Write(exchangetest.Bodies(10, 50, 2)...)
	b.Write(exchangetest.Bodies(10, 50, 3)...)
	net.exchange(a)
	net.exchange(b)
	for name, store := range map[string]relay.Store{"an old backup": old, "nothing": &memoryStore{}} {
		net.restart(store)
		a.Write(exchangetest.Body(50, 4))
		net.exchange(b)
		net.exchange(a)
		net.exchange(b)
		exchangetest.Same(t, a.Copy, b.Copy)
		w, err := store.Workspace(t.Context(), a.Workspace.ID)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(name)
		exchangetest.Same(t, a.Copy, w)
	}
}

func TestMoreThanFitsIntoOneRound(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(300, 9000, 1)...) // 2.7 MB
	net := newNetwork(t, &memoryStore{}, func(c *relay.Config) { c.Limits.Answer = 400 << 10 })
	if sum := net.exchange(a); sum.RoundTrips < 2 || sum.RoundTrips > 5 {
		t.Errorf("%d round trips to send", sum.RoundTrips)
	}
	var last exchange.Progress
	sum, err := net.try(b, func(o *exchange.Options) {
		o.Progress = func(p exchange.Progress) {
			if p.Received < last.Received || p.BytesIn < last.BytesIn {
				t.Errorf("progress went back from %+v to %+v", last, p)
			}
			last = p
		}
	})
	if err != nil || sum.RoundTrips < 6 || last.Received != 300 {
		t.Errorf("%d round trips to receive %d: %v", sum.RoundTrips, last.Received, err)
	}
	if net.Dials > 2 {
		t.Errorf("%d connections for two exchanges", net.Dials)
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
}

func TestAClockThreeDaysAheadStillExchanges(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	for _, off := range []time.Duration{72 * time.Hour, -72 * time.Hour} {
		b.now = func() time.Time { return time.Now().Add(off) }
		b.memory = exchange.Memory{}
		b.Write(exchangetest.Body(50))
		sum := net.exchange(b)
		if !sum.Skewed() || (sum.Skew-off).Abs() > time.Minute {
			t.Errorf("a clock %s off is said to be %s off", off, sum.Skew)
		}
		if sum := net.exchange(b); sum.RoundTrips != 1 || !sum.Skewed() {
			t.Errorf("the second time: %d round trips, %s", sum.RoundTrips, sum.Skew)
		}
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
	if sum := net.exchange(a); sum.Skewed() {
		t.Errorf("a right clock is said to be %s off", sum.Skew)
	}
}

func TestWhoNobodyVouchesForIsToldSo(t *testing.T) {
	a, _ := two(t)
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	s := &node{Device: a.Stranger("s", nil)}
	if _, err := net.try(s); !errors.Is(err, exchange.ErrNotAdmitted) {
		t.Errorf("a stranger: %v", err)
	}
	a.Admit(s.Device)
	// The relay has not heard of the admission, but the device has, from its invitation.
	exchangetest.Carry(t, a.Copy, s.Copy)
	s.Begin()
	net.exchange(s)
	net.exchange(a)
	exchangetest.Same(t, a.Copy, s.Copy)
	// Another device of the same member needs nobody.
	s2 := &node{Device: s.Another("s2")}
	net.exchange(s2)
	net.exchange(a)
	exchangetest.Same(t, a.Copy, s2.Copy)
}

func TestWorkspacesDoNotMix(t *testing.T) {
	a, b := two(t)
	other := &node{Device: exchangetest.Found(t, 99, nil).Founder}
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	net.exchange(other)
	net.exchange(b)
	net.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
	// A writer of one workspace is a stranger in another.
	if _, err := net.try(&node{Device: other.Device}, func(o *exchange.Options) { o.Workspace = a.Workspace.ID }); err == nil {
		t.Error("a writer of another workspace was answered")
	}
	if v := exchangetest.VectorOf(t, other.Copy); len(v) != 1 {
		t.Errorf("it holds %d chains", len(v))
	}
}

func TestAForkIsNamedAndStopsNothing(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	net.exchange(b)
	fork := b.Last
	b.Write(exchangetest.Body(50, 1))
	net.exchange(b)
	net.exchange(a)
	// A copied folder that went on by itself.
	twin := *b
	device := *b.Device
	twin.Device = &device
	twin.Copy = exchangetest.NewMemory(b.Workspace.ID)
	for _, run := range exchangetest.RunsOf(t, a.Copy, nil) {
		if run.First().Writer == b.Writer() {
			run.Commits = run.Commits[:fork.Seq]
			last := run.Last()
			run.Sig = b.Signer.Sign(journal.SignPurpose, last.Hash[:])
		}
		exchangetest.Take(t, twin.Copy, run)
	}
	twin.Rewind(fork)
	twin.Write(exchangetest.Body(50, 2))
	twin.Write(exchangetest.Body(50, 3))
	a.Write(exchangetest.Body(50, 4))
	net.exchange(a)
	sum, err := net.try(&twin)
	if err != nil {
		t.Fatal(err)
	}
	if len(sum.Refused) != 1 || sum.Refused[0].Code != wire.FaultForked || sum.Refused[0].Writer != b.Writer() {
		t.Errorf("the relay refused %+v", sum.Refused)
	}
	if sum.Received != 1 {
		t.Errorf("received %d: the fork kept a's commit away", sum.Received)
	}
	if sum := net.exchange(a); sum.Received != 0 {
		t.Error("the fork reached a")
	}
}

func TestDiskFullIsSaidAndNothingIsHalf(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	a.Write(exchangetest.Bodies(10, 50, 1)...)
	net.exchange(a)
	full := errors.New("disk full")
	memory := b.Copy.(*exchangetest.Memory)
	memory.Fail = full
	before := exchangetest.VectorOf(t, b.Copy)
	if _, err := net.try(b); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if wire.Lacking(exchangetest.VectorOf(t, b.Copy), before) != 0 {
		t.Error("something was taken")
	}
	memory.Fail = nil
	net.exchange(b)
	net.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
}

func TestNobodyThere(t *testing.T) {
	a, _ := two(t)
	net := newNetwork(t, &memoryStore{})
	net.Close()
	if _, err := net.try(a); !errors.Is(err, exchange.ErrUnreachable) {
		t.Errorf("%v", err)
	}
}
