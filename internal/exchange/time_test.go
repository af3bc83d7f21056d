package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

func TestABusyRelayIsAskedAgainWhenItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := two(t)
		n := newNetwork(t, &memoryStore{})
		n.exchange(a)
		honest, refused := n.handler, 0
		n.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refused < 6 { // it says when to come: that is no failed attempt
				refused++
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintf(w, `{"code":"busy","message":"later","retry_after":30}`)
				return
			}
			honest.ServeHTTP(w, r)
		})
		began := time.Now()
		sum, err := n.try(b, func(o *exchange.Options) { o.Attempts = 2 })
		if err != nil || !sum.Complete {
			t.Fatalf("%+v, %v", sum, err)
		}
		if took := time.Since(began); took < 3*time.Minute || took > 225*time.Second {
			t.Errorf("it came back after %s altogether, not after six times thirty seconds and a little", took)
		}
		refused, began = -20, time.Now()
		if _, err := n.try(b, func(o *exchange.Options) { o.Attempts, o.Patience = 1, 2*time.Minute }); !errors.Is(err, &exchange.Refusal{Code: wire.RefusedBusy}) {
			t.Errorf("always busy: %v", err)
		}
		if took := time.Since(began); took < 2*time.Minute || took > 3*time.Minute {
			t.Errorf("it was patient for %s", took)
		}
		n.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		var refusal *exchange.Refusal
		if _, err := n.try(b, func(o *exchange.Options) { o.Attempts = 3 }); !errors.As(err, &refusal) || refusal.Code != wire.RefusedBusy {
			t.Errorf("a proxy without a relay: %v", err)
		}
	})
}

func TestASilentRelayIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := two(t)
		n := newNetwork(t, &memoryStore{})
		n.handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})
		began := time.Now()
		if _, err := n.try(a); !errors.Is(err, exchange.ErrInterrupted) {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took < 59*time.Second || took > 2*time.Minute {
			t.Errorf("given up after %s", took)
		}
	})
}

// slowly is a line on which every piece takes its time.
type slowly struct {
	net.Conn
	pause time.Duration
	piece int
}

func (c slowly) Read(b []byte) (int, error) {
	time.Sleep(c.pause)
	return c.Conn.Read(b[:min(len(b), c.piece)])
}

func TestASlowLineIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := two(t)
		n := newNetwork(t, &memoryStore{})
		n.exchange(a)
		a.Write(exchangetest.Bodies(60, 2000, 1)...)
		n.exchange(a)
		n.wrap = func(c net.Conn) net.Conn { return slowly{c, 25 * time.Second, 4096} }
		began := time.Now()
		sum := n.exchange(b)
		if sum.Received != 60 || time.Since(began) < 10*time.Minute {
			t.Errorf("received %d in %s: the line was not slow", sum.Received, time.Since(began))
		}
		time.Sleep(time.Hour) // the closed connection notices
	})
}

func TestAnEndedContextEndsItAndKeepsWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := two(t)
		n := newNetwork(t, &memoryStore{})
		n.exchange(a)
		for range 8 {
			a.Batch(exchangetest.Bodies(10, 900, 1)...)
		}
		n.exchange(a)
		n.wrap = func(c net.Conn) net.Conn { return slowly{c, time.Second, 500} }
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		o := exchange.Options{URL: "http://relay", Workspace: b.Workspace.ID, Signer: b.Signer, Certificate: b.Cert, Dial: n.dial}
		sum, err := exchange.WithRelay(ctx, o, b.Copy)
		if !errors.Is(err, exchange.ErrInterrupted) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if sum.Received == 0 || sum.Received == 80 || sum.Complete {
			t.Errorf("received %d of 80", sum.Received)
		}
		n.wrap = nil
		b.memory = sum.Memory
		if rest := n.exchange(b); rest.Received+sum.Received != 80 {
			t.Errorf("received %d, then %d", sum.Received, rest.Received)
		}
		time.Sleep(time.Hour)
	})
}

// Who connects and does not say who asks keeps nobody out for long, and the place it stands in is free in the end.
func TestClientsThatGoSilentKeepNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := two(t)
		n := newNetwork(t, &memoryStore{}, func(c *relay.Config) { c.Limits.AtOnce = 1 })
		n.exchange(a)
		var silent []net.Conn
		for range 4 {
			conn, err := n.dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 1000\r\n\r\n\x00", wire.Path); err != nil {
				t.Fatal(err)
			}
			silent = append(silent, conn)
		}
		synctest.Wait()
		began := time.Now()
		var refusal *exchange.Refusal
		if _, err := n.try(b, func(o *exchange.Options) { o.Attempts, o.Patience = 1, time.Nanosecond }); !errors.As(err, &refusal) || refusal.Code != wire.RefusedBusy || refusal.RetryAfter() == 0 {
			t.Errorf("with no room left: %v", err)
		}
		time.Sleep(4 * time.Second)
		n.exchange(b)
		if took := time.Since(began); took > relay.DefaultLimits.Idle/2 {
			t.Errorf("it took %s", took)
		}
		time.Sleep(relay.DefaultLimits.Idle + time.Second)
		for _, conn := range silent {
			if _, err := io.ReadAll(conn); err != nil {
				t.Errorf("the relay did not end it: %v", err)
			}
			conn.Close()
		}
	})
}
