package exchange_test

import (
	"slices"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// A machine is put back to an earlier state that nothing shows, and writes as much as it had written before. The relay holds as
// many commits of it, and they are others.
func TestTwoStoriesOfOneLength(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, sqlite(t))
	a.Write(exchangetest.Bodies(3, 40, 1)...)
	net.exchange(a)
	head, memory := a.Last, a.memory
	image := exchangetest.NewMemory(a.Workspace.ID)
	exchangetest.Carry(t, a.Copy, image)
	a.Write(exchangetest.Bodies(4, 40, 2)...)
	net.exchange(a)
	a.Copy, a.memory = image, memory
	a.Rewind(head)
	a.Write(exchangetest.Bodies(4, 40, 3)...)
	sum, err := net.try(a)
	if err != nil {
		t.Fatal(err)
	}
	want := exchange.Refused{Writer: a.Writer(), Seq: head.Seq + 1, Code: wire.FaultForked}
	if !slices.Contains(sum.Refused, want) || sum.Sent != 0 {
		t.Errorf("refused %v, sent %d", sum.Refused, sum.Sent)
	}
	if again, err := net.try(a); err != nil || !slices.Contains(again.Refused, want) || again.RoundTrips > 3 {
		t.Errorf("it stays named: %v, %+v", err, again)
	}
	net.exchange(b) // nobody else is told a second story
}

// A file was cut off: what its commits had seen is not here, and the relay has not got it either.
func TestWhatOthersHadSeenIsMissedWhicheverWayTheyCame(t *testing.T) {
	a, b := two(t)
	store := &memoryStore{}
	net := newNetwork(t, store)
	net.exchange(a)
	net.exchange(b)
	x := &node{Device: a.Join("x", nil)}
	net.exchange(a)
	net.exchange(x)
	net.exchange(b)
	x.Write(exchangetest.Bodies(2, 30, 1)...)
	exchangetest.Carry(t, x.Copy, a.Copy) // by hand
	a.Write(exchangetest.Body(30, 2))     // has seen them
	for _, run := range exchangetest.RunsOf(t, a.Copy, exchangetest.VectorOf(t, b.Copy)) {
		if run.First().Writer == a.Writer() {
			exchangetest.Take(t, b.Copy, run)
		}
	}
	sum, err := net.try(b)
	if err != nil || len(sum.Hidden) != 1 || sum.Hidden[0].Writer != x.Writer() || sum.Hidden[0].SeenBy != a.Writer() {
		t.Errorf("%v, hidden %v", err, sum.Hidden)
	}
	net.exchange(x)
	net.exchange(b)
	if v := exchangetest.VectorOf(t, b.Copy); v[x.Writer()] != exchangetest.VectorOf(t, x.Copy)[x.Writer()] {
		t.Errorf("%v", journal.Vector(v))
	}
}
