package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
)

// A device whose clock is three days ahead: its records are kept and travel, the exchange and check name it, and the
// clocks of the others do not run after it.
func TestAClockThreeDaysAhead(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	b, _ := joined(t, ana, url, "Bea")
	dir := b.Dir()
	closed(t, b)
	ahead := 3 * 24 * time.Hour
	wall := func() time.Time { return time.Now().Add(ahead) }
	b, err := Open(dir, forestRegistry(t), Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	bea, err := b.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	plant(t, bea, "from the future")
	sum, err := bea.Exchange(t.Context(), url, nil)
	if err != nil {
		t.Fatalf("a clock that runs ahead keeps its records from travelling: %v", err)
	}
	if !sum.Skewed() || sum.Skew < ahead-time.Hour || sum.Skew > ahead+time.Hour {
		t.Errorf("the exchange says that the clocks differ by %v", sum.Skew)
	}
	says := func(n *Node, s *Session) string {
		h, err := n.Check(t.Context(), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, p := range h.Problems {
			codes = append(codes, p.Code)
		}
		return strings.Join(codes, " ")
	}
	if got := says(b, bea); got != "clock_wrong_ahead" {
		t.Errorf("check where the clock is wrong: %q", got)
	}
	inStep(t, url, ana)
	if got := trees(t, ana); !slices.Equal(got, []string{"from the future 0"}) {
		t.Errorf("elsewhere: %q", got)
	}
	if got := says(n, ana); got != "clock_ahead" {
		t.Errorf("check elsewhere: %q", got)
	}
	plant(t, ana, "from now")
	mine := n.journal.Head(ana.member.WriterID()).Time
	if d := time.Until(mine.Wall()); d > time.Hour {
		t.Errorf("our clock ran after theirs, by %v", d)
	}
	// Set right, they go on, and both see the same.
	closed(t, b)
	b, bea = reopen(t, dir)
	plant(t, bea, "set right")
	inStep(t, url, bea, ana, bea)
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Errorf("the views differ:\n%s\n%s", a, b)
	}
	if got := says(b, bea); strings.Contains(got, "clock_wrong") {
		t.Errorf("check after setting the clock: %q", got)
	}
}

// A clock that jumps back, while running and over a restart: nothing is refused, and time goes on from where it was.
func TestAClockThatJumpsBack(t *testing.T) {
	now := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	n, s := clocked(t, dir, &now)
	var last journal.Time
	step := func(name string) {
		t.Helper()
		plant(t, s, name)
		if got := n.journal.Head(s.member.WriterID()).Time; got <= last {
			t.Errorf("%s: time went back from %v to %v", name, last.Wall(), got.Wall())
		} else {
			last = got
		}
	}
	step("noon")
	now = now.Add(-2 * time.Hour)
	step("two hours back")
	step("again")
	closed(t, n)
	now = now.Add(-10 * 24 * time.Hour)
	n, err := Open(dir, forestRegistry(t), Options{Cost: cheap, Wall: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if s, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	plant(t, s, "ten days back")
	if h, err := n.Check(t.Context(), s, nil); err != nil {
		t.Error(err)
	} else if len(h.Problems) > 0 && h.Problems[0].Code != "clock_ahead" {
		t.Errorf("check: %+v", h.Problems)
	}
	if got := trees(t, s); len(got) != 4 {
		t.Errorf("trees %q", got)
	}
}
