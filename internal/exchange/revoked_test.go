package exchange_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// missing counts the sealed parts that a copy lacks.
func missing(t *testing.T, c wire.Copy) (n int) {
	t.Helper()
	for _, run := range exchangetest.RunsOf(t, c, nil) {
		for i := range run.Commits {
			for _, data := range run.Commits[i].Parts {
				if data == nil {
					n++
				}
			}
		}
	}
	return n
}

func refusedAs(sum exchange.Summary, w journal.WriterID, code string) bool {
	return slices.ContainsFunc(sum.Refused, func(r exchange.Refused) bool { return r.Writer == w && r.Code == code })
}

func TestARevokedDeviceLearnsOfItFromWhoRevoked(t *testing.T) {
	for name, store := range map[string]relay.Store{"memory": &memoryStore{}, "sqlite": sqlite(t)} {
		t.Run(name, func(t *testing.T) {
			a, x := two(t)
			y := &node{Device: a.Join("y", nil)}
			net := newNetwork(t, store)
			x.Write(exchangetest.Bodies(2, 50, 1)...)
			net.exchange(a)
			net.exchange(x)
			net.exchange(a)
			a.Revoke(x.Device)
			a.Write(exchangetest.Bodies(3, 50, 2)...) // under keys that x was not given
			net.exchange(a)
			x.Write(exchangetest.Bodies(2, 50, 3)...)
			sum, err := net.try(x)
			if err != nil || !sum.Revoked || !sum.Complete || !refusedAs(sum, x.Writer(), wire.FaultRevoked) || len(sum.Hidden)+len(sum.Faults) > 0 {
				t.Fatalf("%v, %+v", err, sum)
			}
			if sum.Received != 4 {
				t.Errorf("%d commits were received", sum.Received)
			}
			if n := missing(t, x.Copy); n != 3 {
				t.Errorf("%d sealed parts were withheld from who is revoked", n)
			}
			if cut, revoked := x.Copy.(*exchangetest.Memory).Roll().RevokedCut(x.Writer()); !revoked || cut != 3 {
				t.Errorf("the device knows that it is revoked: %v, beyond commit %d", revoked, cut)
			}
			if again, err := net.try(x); err != nil || !again.Revoked || again.Received != 0 {
				t.Errorf("once more: %v, %+v", err, again)
			}
			net.exchange(y) // loses nothing, and hears of nothing that it lacks
			held, err := store.Workspace(t.Context(), a.Workspace.ID)
			if err != nil {
				t.Fatal(err)
			}
			net.exchange(a)
			exchangetest.Same(t, y.Copy, held)
			exchangetest.Same(t, a.Copy, held)
			if seq := exchangetest.VectorOf(t, held)[x.Writer()]; seq != 3 {
				t.Errorf("%d commits of who is revoked are held", seq)
			}
		})
	}
}

// Two members of one laptop have one journal. What was withheld from the one who is revoked comes when the other asks.
func TestWhatWasWithheldFromOneIsGivenToAnother(t *testing.T) {
	a, x := two(t)
	net := newNetwork(t, sqlite(t))
	x.Write(exchangetest.Body(50, 1))
	net.exchange(a)
	net.exchange(x)
	net.exchange(a)
	a.Revoke(x.Device)
	a.Write(exchangetest.Bodies(5, 60<<10, 2)...)
	net.exchange(a)
	if sum, err := net.try(x); err != nil || !sum.Revoked || missing(t, x.Copy) != 5 {
		t.Fatalf("%v, %+v", err, sum)
	}
	y := &node{Device: a.Stranger("y", x.Copy)}
	a.Admit(y.Device)
	net.exchange(a)
	if sum, err := net.try(x); err != nil || sum.Received != 1 { // brings the admission, which is said openly
		t.Fatalf("%v, %+v", err, sum)
	}
	y.Begin()
	raw, err := x.memory.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if y.memory, err = exchange.ReadMemory(raw); err != nil {
		t.Fatal(err)
	}
	sum, err := net.try(y)
	if err != nil || sum.Revoked {
		t.Fatalf("%v, %+v", err, sum)
	}
	if n := missing(t, y.Copy); n != 0 {
		t.Errorf("%d sealed parts are still missing", n)
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, y.Copy)
}

// accuser is a relay's copy that says of a writer that it is revoked, though nobody did.
type accuser struct {
	relay.Workspace
	of *exchangetest.Device
}

func (a *accuser) Cut(ctx context.Context, w journal.WriterID, m journal.MemberID) (uint64, bool, error) {
	if w == a.of.Writer() {
		return 0, true, nil
	}
	return a.Workspace.Cut(ctx, w, m)
}

func (a *accuser) Take(ctx context.Context, runs []journal.Run) ([]error, error) {
	verdicts := make([]error, len(runs))
	for i := range runs {
		if first := runs[i].First(); first.Writer == a.of.Writer() {
			verdicts[i] = &wire.Fault{Writer: first.Writer, Seq: first.Seq, Code: wire.FaultRevoked, Err: errors.New("because I say so")}
			continue
		}
		one, err := a.Workspace.Take(ctx, runs[i:i+1])
		if err != nil {
			return nil, err
		}
		verdicts[i] = one[0]
	}
	return verdicts, nil
}

type accusing struct {
	memoryStore
	of *exchangetest.Device
}

func (s *accusing) Workspace(ctx context.Context, id journal.WorkspaceID) (relay.Workspace, error) {
	w, err := s.memoryStore.Workspace(ctx, id)
	return &accuser{w, s.of}, err
}

func TestARelayAloneRevokesNobody(t *testing.T) {
	a, x := two(t)
	store := &accusing{of: x.Device}
	net := newNetwork(t, store)
	net.exchange(a)
	x.Write(exchangetest.Bodies(2, 50, 1)...)
	sum, err := net.try(x)
	if err != nil || sum.Revoked || !refusedAs(sum, x.Writer(), wire.FaultRevoked) || sum.ToSend != 3 {
		t.Fatalf("%v, %+v", err, sum)
	}
	if !x.Copy.(*exchangetest.Memory).Roll().Active(x.Keys.Member()) {
		t.Fatal("the device believes the relay")
	}
	honest := newNetwork(t, &memoryStore{})
	honest.exchange(a)
	x.memory = exchange.Memory{}
	honest.exchange(x)
	honest.exchange(a)
	exchangetest.Same(t, a.Copy, x.Copy)
}

// Who had it before hearing of the revocation brings it, with the commit that says so, in one exchange: whichever of them
// the line takes first.
func TestWhatSomebodyBuiltOnIsTakenInOneExchange(t *testing.T) {
	a, x := two(t)
	y := &node{Device: a.Join("y", nil)}
	net := newNetwork(t, sqlite(t))
	net.exchange(a)
	net.exchange(x)
	net.exchange(y)
	net.exchange(a)
	x.Write(exchangetest.Bodies(60, 8<<10, 1)...) // more than one question holds
	if _, err := exchange.ReadBundle(t.Context(), bundleOf(t, x), reading(a.Workspace.ID), y.Copy); err != nil {
		t.Fatal(err)
	}
	a.Revoke(x.Device)
	net.exchange(a)
	y.Write(exchangetest.Bodies(40, 8<<10, 2)...) // the first of them has seen what x wrote
	y.memory = exchange.Memory{}
	if sum, err := net.try(y); err != nil || !sum.Complete || len(sum.Refused)+len(sum.Faults)+len(sum.Hidden) > 0 || sum.ToSend > 0 {
		t.Fatalf("%v, %+v", err, sum)
	}
	net.exchange(a)
	exchangetest.Same(t, a.Copy, y.Copy)
	if seq := exchangetest.VectorOf(t, a.Copy)[x.Writer()]; seq != 61 {
		t.Errorf("%d of 61 commits that y had built on stand", seq)
	}
	x.Write(exchangetest.Body(50, 3)) // and no more
	if sum, err := net.try(x); err != nil || !refusedAs(sum, x.Writer(), wire.FaultRevoked) {
		t.Errorf("%v, %+v", err, sum)
	}
}

func bundleOf(t *testing.T, d *node) string {
	t.Helper()
	path, _ := writeBundle(t, d, nil)
	return path
}

// A bundle is taken as far as it stands, and says what was not.
func TestABundleOfTheRevoked(t *testing.T) {
	a, x := two(t)
	x.Write(exchangetest.Body(50, 1))
	exchangetest.Carry(t, x.Copy, a.Copy)
	a.Revoke(x.Device)
	x.Write(exchangetest.Bodies(3, 50, 2)...)
	sum, err := exchange.ReadBundle(t.Context(), bundleOf(t, x), reading(a.Workspace.ID), a.Copy)
	if err != nil || len(sum.Faults) != 1 || sum.Faults[0].Code != wire.FaultRevoked || sum.Faults[0].Seq != 3 || sum.New != 0 {
		t.Errorf("%v, %+v", err, sum)
	}
}

// The file of somebody who had built on it brings the commit that says so, after what it vouches for.
func TestABundleOfWhoHadBuiltOnIt(t *testing.T) {
	a, x := two(t)
	y := &node{Device: a.Join("y", nil)}
	exchangetest.Carry(t, x.Copy, a.Copy)
	x.Write(exchangetest.Bodies(3, 50, 1)...)
	exchangetest.Carry(t, x.Copy, y.Copy)
	a.Revoke(x.Device)
	y.Write(exchangetest.Body(50, 2))
	x.Write(exchangetest.Body(50, 3))
	sum, err := exchange.ReadBundle(t.Context(), bundleOf(t, y), reading(a.Workspace.ID), a.Copy)
	if err != nil || len(sum.Faults) > 0 || sum.Parked > 0 || sum.New != 5 {
		t.Errorf("%v, %+v", err, sum)
	}
	if sum, err = exchange.ReadBundle(t.Context(), bundleOf(t, x), reading(a.Workspace.ID), a.Copy); err != nil || len(sum.Faults) != 1 || sum.New != 0 {
		t.Errorf("%v, %+v", err, sum)
	}
}
