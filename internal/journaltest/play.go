package journaltest

import (
	"runtime/debug"
	"testing"
	"testing/synctest"
)

// Outcome is what came of a play.
type Outcome struct {
	What    string // went wrong, without names and numbers
	Failure string // empty: everything is as it should be
	Drawing string // the history and what happened, a line each; it reads back as the history
	Counts  Counts
}

// Play plays a history to its end, heals everything and compares.
func Play(t *testing.T, h History) (o Outcome) {
	t.Helper()
	shm := t.TempDir()
	synctest.Test(t, func(*testing.T) { o = play(h, shm) })
	return o
}

func play(h History, shm string) (o Outcome) {
	w := newWorld(h.Seed, h, shm)
	defer func() {
		if r := recover(); r != nil {
			w.failf("it fell over: %v\n%s", r, debug.Stack())
		}
		w.close()
		head := h
		head.Steps = nil
		o = Outcome{What: w.what, Failure: w.failure, Drawing: head.String() + w.log.String(), Counts: w.count}
	}()
	if err := w.found(); err != nil {
		w.failf("it does not begin: %v", err)
		return o
	}
	for w.next < len(h.Steps) && w.failure == "" {
		w.step()
	}
	if w.failure == "" {
		w.heal()
	}
	return o
}

// Check draws the history of a seed, plays it, and when something goes wrong fails with the shortest history that still
// does.
func Check(t *testing.T, class string, seed uint64) Counts {
	t.Helper()
	h := Draw(class, seed)
	o := Play(t, h)
	if o.Failure == "" {
		return o.Counts
	}
	short := Shrink(h, func(h History) bool { return Play(t, h).What == o.What })
	t.Errorf("seed %d of %s: %s\n\nThe shortest history that goes wrong:\n\n%s", seed, class, o.Failure, Play(t, short).Drawing)
	return o.Counts
}

// Shrink takes steps and their troubles out of a history as long as it still goes wrong.
func Shrink(h History, wrong func(History) bool) History {
	for size := max(1, len(h.Steps)/2); ; {
		shorter := false
		for at := 0; at < len(h.Steps); {
			try := h
			try.Steps = append(append([]Step{}, h.Steps[:at]...), h.Steps[min(at+size, len(h.Steps)):]...)
			if wrong(try) {
				h, shorter = try, true
				continue
			}
			at += size
		}
		if size == 1 && !shorter {
			break
		}
		size = max(1, size/2)
	}
	for i := range h.Steps {
		for _, k := range []string{"pause1", "pause2", "pause3", "piece", "up", "down", "stall", "deaf", "twice", "attempts", "size", "batch", "after", "n"} {
			if _, has := h.Steps[i].N[k]; !has {
				continue
			}
			try := h
			try.Steps = append([]Step{}, h.Steps...)
			try.Steps[i].N = map[string]int{}
			for name, n := range h.Steps[i].N {
				if name != k {
					try.Steps[i].N[name] = n
				}
			}
			if wrong(try) {
				h = try
			}
		}
	}
	return h
}
