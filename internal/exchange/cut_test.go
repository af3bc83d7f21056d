package exchange_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// counting is a copy that counts runs of which it holds everything already.
type counting struct {
	wire.Copy
	again int
}

func (c *counting) Take(ctx context.Context, runs []journal.Run) ([]error, error) {
	held, err := c.Vector(ctx)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		if held[runs[i].First().Writer] >= runs[i].Last().Seq {
			c.again++
		}
	}
	return c.Copy.Take(ctx, runs)
}

// cutWork is a little to bring both ways: a and b have two runs each for the other, and know the relay.
func cutWork(t *testing.T) (n *network, a, b *node, atRelay, atB *counting) {
	a, b = two(t)
	store := &memoryStore{}
	n = newNetwork(t, store)
	n.exchange(a)
	n.exchange(b)
	a.Batch(exchangetest.Bodies(journal.RunLength, 1, 1)...) // as long as a run gets
	a.Batch(exchangetest.Bodies(3, 10, 2)...)
	n.exchange(a)
	x := &node{Device: b.Another("x")}
	x.Write(exchangetest.Body(20, 3))
	exchangetest.Carry(t, x.Copy, b.Copy)
	b.Write(exchangetest.Body(20, 4))
	w, err := store.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	atRelay = &counting{Copy: w}
	store.all[a.Workspace.ID] = struct {
		wire.Copy
		wire.Keys
	}{atRelay, w}
	atB = &counting{Copy: b.Copy}
	b.Copy = atB
	return n, a, b, atRelay, atB
}

func TestCutAtEveryByteAndResumed(t *testing.T) {
	for _, direction := range []string{"question", "answer"} {
		t.Run(direction, func(t *testing.T) {
			for at, done := 0, false; !done; at++ {
				n, a, b, atRelay, atB := cutWork(t)
				c := &cutter{out: -1, in: -1}
				if direction == "question" {
					c.out = at
				} else {
					c.in = at
				}
				n.wrap = func(conn net.Conn) net.Conn { c.Conn = conn; return c }
				first, err := n.try(b)
				done = err == nil // the cut came after the last byte
				if err != nil && !errors.Is(err, exchange.ErrInterrupted) && !errors.Is(err, exchange.ErrUnreachable) {
					t.Fatalf("cut at %d: %v", at, err)
				}
				n.wrap = nil
				n.busy.Wait() // the relay keeps what arrived
				second := n.exchange(b)
				if got := first.Received + second.Received; got != 67 {
					t.Fatalf("cut at %d: received %d commits, not 67", at, got)
				}
				if atRelay.again > 1 || atB.again > 1 {
					t.Fatalf("cut at %d: %d runs were sent again, %d received again", at, atRelay.again, atB.again)
				}
				n.exchange(a)
				exchangetest.Same(t, a.Copy, b.Copy)
				n.server.Close()
			}
		})
	}
}
