package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// watch looks at a first exchange from beside.
type watch struct {
	p      *populated
	begin  time.Time
	states []state
}

// state is what both processes held at a moment, in megabytes; 0 when the system does not tell.
type state struct {
	at            float64 // seconds after the beginning
	device, relay float64
	coming        int // parts
	what          string
}

const (
	lookEvery  = 100 * time.Millisecond
	standstill = 10 * time.Minute // without any change: it will not end
)

func newWatch(p *populated) *watch {
	w := &watch{p: p, begin: time.Now()}
	w.note("started and locked", 0)
	return w
}

// until unlocks the device and asks it until the person registered lately is found, and until nothing is to come: after
// how many seconds. What asking costs the device is part of it.
func (w *watch) until(ctx context.Context) (usable, all float64, err error) {
	unlocked := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.begin = time.Now()
	go func() { unlocked <- w.p.device.unlock(ctx) }()
	ended := false
	defer func() {
		if !ended {
			cancel()
			<-unlocked // what it works with is about to be closed
		}
	}()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	moved := w.begin
	for {
		select {
		case err := <-unlocked:
			ended = true
			if err != nil {
				return 0, 0, err
			}
		case <-tick.C:
		case <-ctx.Done():
			return 0, 0, context.Cause(ctx)
		}
		if usable == 0 {
			found, err := w.finds(ctx, w.p.recent)
			if err != nil {
				return 0, 0, err
			}
			if found {
				usable = w.note("somebody registered lately is found", w.coming())
			}
		}
		coming, exchanged, err := w.p.device.status(ctx)
		if err != nil {
			return 0, 0, err
		}
		last := w.states[len(w.states)-1]
		w.note("", coming)
		if exchanged && coming == 0 && usable > 0 {
			found, err := w.finds(ctx, w.p.oldest)
			if err != nil {
				return 0, 0, err
			}
			if found {
				return usable, w.note("everything is there", 0), nil
			}
		}
		if coming != last.coming || len(w.states) < 3 || !ended {
			moved = time.Now()
		}
		if time.Since(moved) > standstill {
			return 0, 0, fmt.Errorf("%d parts are still to come, and nothing moved for %v", coming, standstill)
		}
	}
}

func (w *watch) finds(ctx context.Context, one somebody) (bool, error) {
	hits, err := w.p.device.find(ctx, one.name)
	return slices.Contains(hits, one.id), err
}

func (w *watch) coming() int { return w.states[len(w.states)-1].coming }

// note keeps what both processes hold now, and gives the time.
func (w *watch) note(what string, coming int) float64 {
	s := state{at: time.Since(w.begin).Seconds(), coming: coming, what: what}
	if o, ok := w.p.device.(*outer); ok {
		s.device, _, _ = o.resident()
	}
	if w.p.relay != nil {
		s.relay, _, _ = w.p.relay.resident()
	}
	w.states = append(w.states, s)
	return s.at
}

// memory says what both held over the time: a whole that grows with what is taken would show in the later half.
func (w *watch) memory(r *Report) {
	first, last := w.states[0], w.states[len(w.states)-1]
	if first.device == 0 || first.relay == 0 {
		return // a system that does not tell, or processes that are this one
	}
	for _, one := range []struct {
		name string
		of   func(state) float64
	}{{"device", func(s state) float64 { return s.device }}, {"relay", func(s state) float64 { return s.relay }}} {
		early, late := 0.0, 0.0
		for _, s := range w.states {
			if s.at <= last.at/2 {
				early = max(early, one.of(s))
			} else {
				late = max(late, one.of(s))
			}
		}
		r.against("memory of the "+one.name+" at most", max(early, late), "MB", "the program started", one.of(first))
		r.against("memory of the "+one.name+" at most, second half of the time", late, "MB", "first half of the time", early)
	}
	t := Table{Title: "memory over the time", Columns: []string{"s", "device, MB", "relay, MB", "parts to come", "when"}}
	next := 0.0
	for _, s := range w.states {
		if s.what == "" && s.at < next {
			continue
		}
		if s.what == "" {
			next = s.at + last.at/8
		}
		t.Rows = append(t.Rows, []any{round(s.at), round(s.device), round(s.relay), s.coming, s.what})
	}
	r.Tables = append(r.Tables, t)
}
