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

// cutWork is two nodes that know a relay, with copies that count what comes twice.
func cutWork(t *testing.T) (n *network, a, b, x *node, atRelay, atB *counting) {
	a, b = two(t)
	x = &node{Device: b.Another("x")} // never at the relay itself
	store := &memoryStore{}
	n = newNetwork(t, store)
	n.exchange(a)
	n.exchange(b)
	n.exchange(a)
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
	return n, a, b, x, atRelay, atB
}

func TestCutAtEveryByteAndResumed(t *testing.T) {
	for _, direction := range []string{"question", "answer"} {
		t.Run(direction, func(t *testing.T) {
			n, a, b, x, atRelay, atB := cutWork(t)
			for at, done := 0, false; !done; at++ {
				// Two runs each way, of several commits and of one.
				seed := uint64(at)
				a.Batch(exchangetest.Bodies(3, 1, 1, seed)...)
				x.Write(exchangetest.Body(20, 2, seed))
				n.exchange(a)
				exchangetest.Carry(t, x.Copy, b.Copy)
				b.Batch(exchangetest.Bodies(2, 20, 3, seed)...)
				*atRelay, *atB = counting{Copy: atRelay.Copy}, counting{Copy: atB.Copy}

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
				n.quiet() // the relay keeps what arrived
				second := n.exchange(b)
				if got := first.Received + second.Received; got != 3 {
					t.Fatalf("cut at %d: received %d commits, not 3", at, got)
				}
				if atRelay.again > 1 || atB.again > 1 {
					t.Fatalf("cut at %d: %d runs were sent again, %d received again", at, atRelay.again, atB.again)
				}
				n.exchange(a)
				if l, r := exchangetest.VectorOf(t, a.Copy), exchangetest.VectorOf(t, b.Copy); wire.DigestOf(l) != wire.DigestOf(r) {
					t.Fatalf("cut at %d: %v and %v", at, l, r)
				}
				if at > 3000 {
					t.Fatal("the cut never came after the last byte")
				}
			}
			exchangetest.Same(t, a.Copy, b.Copy)
			exchangetest.Same(t, a.Copy, atRelay.Copy)
		})
	}
}
