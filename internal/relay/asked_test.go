package relay

import (
	"testing"
	"time"

	"amparo/internal/relay/wire"
)

// A relay whose machine started with a clock that was hours ahead, and was put right, answers; what was asked before is not
// answered twice.
func TestAClockThatIsPutBack(t *testing.T) {
	right := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	ask := func(n byte, at time.Time) *wire.Ask { return &wire.Ask{Nonce: [12]byte{n}, Time: at.UnixMilli()} }
	code := func(r *wire.Refusal) string {
		if r == nil {
			return ""
		}
		return r.Code
	}

	a := newAsked(right.Add(10 * time.Hour))
	before := ask(1, right.Add(-time.Second)) // of the process before this one, which forgot it
	for _, x := range []struct {
		say  *wire.Ask
		at   time.Time
		want string
	}{
		{before, right, wire.RefusedClock},
		{ask(2, right.Add(time.Second)), right.Add(time.Second), ""},
		{before, right.Add(2 * time.Second), wire.RefusedClock},
	} {
		if got := code(a.clock(x.say, x.at)); got != x.want {
			t.Errorf("asked at %v, and it is %v: %q, want %q", time.UnixMilli(x.say.Time).UTC(), x.at, got, x.want)
		}
	}

	// Forward and back again: what was forgotten meanwhile is not believed once more.
	b := newAsked(right)
	said := ask(3, right.Add(time.Minute))
	for _, x := range []struct {
		say *wire.Ask
		at  time.Duration
	}{{said, time.Minute}, {ask(4, right.Add(10*time.Hour)), 10 * time.Hour}} {
		if r := b.clock(x.say, right.Add(x.at)); r != nil {
			t.Fatal(r)
		}
		if r := b.once(x.say, right.Add(x.at)); r != nil {
			t.Fatal(r)
		}
	}
	if got := code(b.clock(said, right.Add(2*time.Minute))); got != wire.RefusedClock {
		t.Errorf("a question from before is believed again after the clock went forward and back: %q", got)
	}
	if r := b.clock(ask(9, right.Add(3*time.Minute)), right.Add(3*time.Minute)); r != nil {
		t.Errorf("and a new one is not: %v", r)
	}
}
