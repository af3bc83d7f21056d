package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

func asker(workspace, writer byte) toldKey {
	return toldKey{journal.WorkspaceID{workspace}, journal.WriterID{writer}}
}

func testGate(l Limits, r Rates) *gate { return newGate(l.orDefault(), r, nil, time.Now) }

func (g *gate) mustEnter(t *testing.T, address string) *visit {
	t.Helper()
	v, refusal := g.entering(address)
	if refusal != nil {
		t.Fatalf("%s is not let in: %v", address, refusal)
	}
	return v
}

func (g *gate) entering(address string) (*visit, *wire.Refusal) {
	r := httptest.NewRequest("POST", "/", nil)
	r.RemoteAddr = address + ":1234"
	return g.enter(http.NewResponseController(httptest.NewRecorder()), r)
}

func mustSit(t *testing.T, v *visit, key toldKey, vouched bool) {
	t.Helper()
	if refusal := v.sit(t.Context(), key, vouched); refusal != nil {
		t.Fatalf("no place: %v", refusal)
	}
}

func TestPlacesAreTakenByTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := testGate(Limits{AtOnce: 2, Wait: time.Hour}, Rates{})
		first, second := g.mustEnter(t, "127.0.0.1"), g.mustEnter(t, "127.0.0.1")
		mustSit(t, first, asker(1, 1), true)
		mustSit(t, second, asker(2, 2), true)
		if first.giveWay() {
			t.Error("it gives way to nobody")
		}
		var mu sync.Mutex // who is let in at the same moment says so in any order
		var order []int
		var sitting [8]*visit
		letIn := func() string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			slices.Sort(order)
			return fmt.Sprint(order)
		}
		for i := range 8 {
			v := g.mustEnter(t, "127.0.0.1")
			go func() {
				if v.sit(t.Context(), asker(3+byte(i), 9), true) == nil {
					mu.Lock()
					defer mu.Unlock()
					order, sitting[i] = append(order, i), v
				}
			}()
			synctest.Wait()
		}
		if first.giveWay() || letIn() != "[]" {
			t.Errorf("it gives way before its turn is over; let in: %v", order)
		}
		first.leave()
		if letIn() != "[0]" {
			t.Errorf("after one left: %v", order)
		}
		// Who had its turn and is slow is in nobody's way, and is asked to come to an end.
		time.Sleep(g.limits.Turn)
		if letIn() != "[0 1 2]" || !second.giveWay() || !sitting[0].giveWay() || sitting[1].giveWay() {
			t.Errorf("after a turn: %v", order)
		}
		time.Sleep(10 * g.limits.Turn)
		if letIn() != "[0 1 2 3 4 5 6]" { // and the second: eight in all, of two at once
			t.Errorf("after many turns: %v", order)
		}
		second.leave()
		if letIn() != "[0 1 2 3 4 5 6 7]" {
			t.Errorf("in the end: %v", order)
		}
		for _, v := range sitting {
			v.leave()
		}
		if known, strangers, waiting, hall := g.crowd(); known+strangers+waiting+hall != 0 {
			t.Errorf("left behind: %d %d %d %d", known, strangers, waiting, hall)
		}
	})
}

func TestWhoWaitsTooLongIsToldWhenToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := testGate(Limits{AtOnce: 1, Wait: 5 * time.Second, Turn: time.Hour}, Rates{})
		for range 60 { // places are held for eight seconds here
			v := g.mustEnter(t, "127.0.0.1")
			mustSit(t, v, asker(9, 9), true)
			time.Sleep(8 * time.Second)
			v.leave()
		}
		v := g.mustEnter(t, "127.0.0.1")
		mustSit(t, v, asker(1, 1), true)
		for i, want := range []int64{8, 16, 24} { // each after those who were sent away before
			late := g.mustEnter(t, "127.0.0.1")
			began := time.Now()
			refusal := late.sit(t.Context(), asker(2, byte(i)), true)
			if refusal == nil || refusal.Code != wire.RefusedBusy || refusal.Retry != want || time.Since(began) != 5*time.Second {
				t.Errorf("%v after %s", refusal, time.Since(began))
			}
			late.leave()
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		third := g.mustEnter(t, "127.0.0.1")
		if refusal := third.sit(gone, asker(2, 7), true); refusal == nil {
			t.Error("who went away got a place")
		}
		third.leave()
		v.leave()
		if _, _, waiting, hall := g.crowd(); waiting+hall != 0 {
			t.Errorf("%d wait, %d stand in the hall", waiting, hall)
		}
	})
}

// Whoever was sent away and comes back goes before those who came later.
func TestWhoComesBackKeepsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := testGate(Limits{AtOnce: 1, Wait: 5 * time.Second}, Rates{})
		holder := g.mustEnter(t, "127.0.0.1")
		mustSit(t, holder, asker(1, 1), true)
		first := g.mustEnter(t, "127.0.0.1")
		if first.sit(t.Context(), asker(2, 2), true) == nil {
			t.Fatal("there is no place")
		}
		first.leave()
		var mu sync.Mutex
		var order []string
		come := func(name string, key toldKey) {
			v := g.mustEnter(t, "127.0.0.1")
			go func() {
				if v.sit(t.Context(), key, true) == nil {
					mu.Lock()
					order = append(order, name)
					mu.Unlock()
				}
				v.leave()
			}()
			synctest.Wait()
			time.Sleep(time.Second)
		}
		come("later", asker(3, 3))
		come("back", asker(2, 2))
		holder.leave()
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if fmt.Sprint(order) != "[back later]" {
			t.Errorf("%v", order)
		}
		if len(g.tickets) != 0 {
			t.Errorf("%d turns are kept for who had theirs", len(g.tickets))
		}
	})
}

func TestNobodyHasAllPlaces(t *testing.T) {
	for _, c := range []struct {
		name    string
		key     func(i byte) toldKey
		address func(i int) string
		vouched bool
		most    int
	}{
		{"one writer", func(byte) toldKey { return asker(1, 1) }, func(int) string { return "127.0.0.1" }, true, ofAWriter},
		{"one workspace", func(i byte) toldKey { return asker(1, i) }, func(int) string { return "127.0.0.1" }, true, 6},
		{"one address", func(i byte) toldKey { return asker(i, i) }, func(int) string { return "203.0.113.9" }, true, 4},
		{"a network of the sixth version", func(i byte) toldKey { return asker(i, i) }, func(i int) string { return fmt.Sprintf("[2001:db8:0:7::%x]", i+1) }, true, 4},
		{"all of many", func(i byte) toldKey { return asker(i, i) }, func(i int) string { return fmt.Sprintf("203.0.113.%d", i+1) }, true, 8},
		{"strangers", func(i byte) toldKey { return asker(i, i) }, func(i int) string { return fmt.Sprintf("203.0.113.%d", i+1) }, false, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := testGate(Limits{AtOnce: 8, Wait: time.Second, Turn: time.Hour}, Rates{})
				got := 0
				for i := range 12 {
					v := g.mustEnter(t, c.address(i))
					if v.sit(t.Context(), c.key(byte(i)), c.vouched) == nil {
						got++
					} else {
						v.leave()
					}
				}
				if got != c.most {
					t.Errorf("%d places of 8", got)
				}
				other := g.mustEnter(t, "198.51.100.1")
				if refusal := other.sit(t.Context(), asker(200, 200), true); (refusal == nil) != (got < 8) {
					t.Errorf("somebody else: %v", refusal)
				}
			})
		})
	}
}

// Whoever connects and does not say who asks keeps nobody out.
func TestTheSilentGiveWayInAFullHall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := testGate(Limits{AtOnce: 1}, Rates{})
		var silent []*visit
		for i := range hallTimes {
			silent = append(silent, g.mustEnter(t, fmt.Sprintf("203.0.113.%d", i+1)))
			time.Sleep(time.Millisecond) // one after the other
		}
		if _, refusal := g.entering("198.51.100.1"); refusal == nil || refusal.Retry == 0 {
			t.Errorf("the hall is full, and they only just came: %v", refusal)
		}
		time.Sleep(sayWho + time.Second)
		g.mustEnter(t, "198.51.100.1")
		if !silent[0].ended.Load() || silent[1].ended.Load() {
			t.Error("not the one that stood there longest went")
		}
		if _, err := (pacedBody{strings.NewReader("late"), silent[0]}).Read(make([]byte, 4)); !errors.Is(err, errTooSlow) {
			t.Errorf("it goes on: %v", err)
		}
		if n, err := (pacedBody{strings.NewReader("late"), silent[1]}).Read(make([]byte, 4)); n != 4 || err != nil {
			t.Errorf("the others: %d %v", n, err)
		}
	})
}

// A shelter is one address. Somebody on its network who connects and says nothing does not keep its devices out.
func TestTheSilentGiveWayToTheirNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := testGate(Limits{AtOnce: 2}, Rates{})
		other := g.mustEnter(t, "198.51.100.1")
		time.Sleep(time.Millisecond)
		var silent []*visit
		for range 4 {
			silent = append(silent, g.mustEnter(t, "203.0.113.9"))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(sayWho + time.Second)
		g.mustEnter(t, "203.0.113.9")
		if !silent[0].ended.Load() || silent[1].ended.Load() || other.ended.Load() {
			t.Error("not the one of that address that stood there longest went")
		}
	})
}

func TestOneAddressDoesNotFillTheHall(t *testing.T) {
	g := testGate(Limits{AtOnce: 2}, Rates{})
	for range 4 {
		g.mustEnter(t, "203.0.113.9")
	}
	if _, refusal := g.entering("203.0.113.9"); refusal == nil {
		t.Error("it has all the room it likes")
	}
	g.mustEnter(t, "198.51.100.1")
}

func TestStrangersDoNotQueueWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := testGate(Limits{AtOnce: 8, Wait: time.Hour}, Rates{})
		var sat, away atomic.Int64
		for i := range 20 {
			v := g.mustEnter(t, fmt.Sprintf("203.0.113.%d", i+1))
			go func() {
				if v.sit(t.Context(), asker(byte(i), byte(i)), false) == nil {
					sat.Add(1)
				} else {
					away.Add(1)
				}
			}()
			synctest.Wait()
		}
		if sat.Load() != 2 || away.Load() != 14 {
			t.Errorf("%d have a place, %d were sent away", sat.Load(), away.Load())
		}
		known := g.mustEnter(t, "198.51.100.1")
		mustSit(t, known, asker(100, 1), true)
		time.Sleep(2 * time.Hour)
	})
}

// slowReader gives a byte at a time.
type slowReader struct{ each time.Duration }

func (s slowReader) Read(b []byte) (int, error) {
	time.Sleep(s.each)
	b[0] = 'x'
	return 1, nil
}

func TestDribblingIsCutAndSlowIsNot(t *testing.T) {
	for _, c := range []struct {
		name    string
		each    time.Duration
		vouched bool
		cut     bool
	}{
		{"a byte a second, known", time.Second, true, true},
		{"60 bytes a second, known", time.Second / 60, true, false},
		{"60 bytes a second, a stranger", time.Second / 60, false, true},
		{"300 bytes a second, a stranger", time.Second / 300, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &visit{vouched: c.vouched}
				began := time.Now()
				_, err := io.CopyN(io.Discard, pacedBody{slowReader{c.each}, v}, 5*60*int64(time.Second/c.each))
				if cut := errors.Is(err, errTooSlow); cut != c.cut {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
			})
		})
	}
}

func TestAddresses(t *testing.T) {
	proxy := netip.MustParsePrefix("192.0.2.0/24")
	for _, c := range []struct{ peer, said, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "198.51.100.1", "203.0.113.9"}, // anybody may say so
		{"192.0.2.4:1", "198.51.100.1", "198.51.100.1"},
		{"192.0.2.4:1", "1.1.1.1, 198.51.100.1", "198.51.100.1"},
		{"192.0.2.4:1", "nonsense", "192.0.2.4"},
		{"127.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"[::1]:1", "2001:db8:1:2:3::4", "2001:db8:1:2::"},
		{"[::ffff:203.0.113.9]:1", "", "203.0.113.9"},
		{"127.0.0.1:1", "", "invalid IP"},
		{"10.1.2.3:1", "", "invalid IP"},
		{"192.168.4.4:1", "", "invalid IP"},
		{"pipe", "", "invalid IP"},
	} {
		g := newGate(DefaultLimits, Rates{}, []netip.Prefix{proxy}, time.Now)
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = c.peer
		if c.said != "" {
			r.Header.Set("X-Forwarded-For", c.said)
		}
		if got := g.addressOf(r).String(); got != c.want {
			t.Errorf("%s for %q: %s, not %s", c.peer, c.said, got, c.want)
		}
	}
}

func TestRates(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	b := newBuckets[string](Rate{PerSecond: 0.5, Burst: 3}, func() time.Time { return now })
	for i := range 3 {
		if wait := b.spend("a"); wait != 0 {
			t.Fatalf("question %d: come again after %s", i, wait)
		}
	}
	if wait := b.spend("a"); wait != 2*time.Second {
		t.Errorf("come again after %s", wait)
	}
	if wait := b.spend("b"); wait != 0 {
		t.Errorf("another pays for it: %s", wait)
	}
	now = now.Add(2 * time.Second)
	if wait := b.spend("a"); wait != 0 {
		t.Errorf("it came when it was told: %s", wait)
	}
	b.charge("b", 7*costBytes) // beyond what it has: seven more and two left
	if wait := b.spend("b"); wait < 10*time.Second {
		t.Errorf("bytes cost nothing: %s", wait)
	}
	now = now.Add(time.Hour)
	b.spend("c")
	if len(b.of) != 1 {
		t.Errorf("%d are remembered", len(b.of))
	}
	if free := newBuckets[string](Rate{}, time.Now); free.spend("a") != 0 || len(free.of) != 0 {
		t.Error("without a rate nothing is counted")
	}
}

func TestRatesSaySo(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		rates Rates
	}{
		{"address", Rates{Address: Rate{1, 2}}}, {"writer", Rates{Writer: Rate{1, 2}}}, {"workspace", Rates{Workspace: Rate{1, 2}}},
	} {
		g := newGate(DefaultLimits, c.rates, nil, func() time.Time { return now })
		var refusal *wire.Refusal
		for range 3 {
			var v *visit
			if v, refusal = g.entering("203.0.113.9"); refusal != nil {
				break
			}
			refusal = v.sit(t.Context(), asker(1, 1), true)
			v.leave()
		}
		if refusal == nil || refusal.Code != wire.RefusedBusy || refusal.Retry != 1 {
			t.Errorf("%s: %v", c.name, refusal)
		}
	}
}
