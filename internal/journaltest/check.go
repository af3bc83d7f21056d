package journaltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// judge looks at what an exchange says.
func (w *world) judge(d *device, to host, sum *exchange.Summary) {
	for _, f := range sum.Faults {
		if w.forgiven[f.Writer] == "" {
			w.failf("%s accuses %s falsely: %v", d.name, f.Writer, f)
		}
	}
	for _, r := range sum.Refused {
		if w.forgiven[r.Writer] == "" && r.Code != wire.NoteParked {
			w.failf("%s hears that %s refuses commit %d by %s (%s) for nothing", d.name, to.label(), r.Seq, r.Writer, r.Code)
		}
	}
	if s, ok := to.(*station); ok && s.store != nil && !s.disk.Dead() {
		_, held, err := s.held()
		if err != nil {
			w.failf("%s does not know what it holds: %v", s.name, err)
			return
		}
		for _, id := range writers(sum.Memory.Known) {
			if n := sum.Memory.Known[id]; n > held[id] && n > s.gone[id] {
				w.failf("%s has a receipt from %s for %d commits by %s, of which %d are there", d.name, s.name, n, id, held[id])
			}
			s.receipts[id] = max(s.receipts[id], min(sum.Memory.Known[id], held[id]))
		}
	}
}

// inStep checks that an exchange that went to its end left both sides with the same.
func (w *world) inStep(d *device, to host) {
	var there journal.Vector
	switch s := to.(type) {
	case *station:
		var err error
		if _, there, err = s.held(); err != nil {
			w.failf("%s does not know what it holds: %v", s.name, err)
			return
		}
	case *neighbour:
		there = s.vector()
	}
	here := d.vector()
	for _, id := range union(here, there) {
		if here[id] != there[id] && w.forgiven[id] == "" {
			w.failf("%s is in step with %s, it says, and of %s it has %d commits, there are %d there", d.name, to.label(), id, here[id], there[id])
		}
	}
}

func union(a, b journal.Vector) []journal.WriterID {
	all := maps.Clone(a)
	for id := range b {
		all[id] = 0
	}
	return writers(all)
}

// heal takes all troubles away and lets everybody exchange until nothing changes any more.
func (w *world) heal() {
	w.healing = true
	clear(w.cut)
	for _, d := range w.devices {
		d.away = false
		d.disk.Fail(PowerFails, 0)
		d.disk.Room(0)
		if !w.up(d) {
			return
		}
	}
	for _, r := range w.relays {
		r.disk.Fail(PowerFails, 0)
		r.disk.Room(0)
		if !w.startRelay(r) {
			return
		}
	}
	for round, before := 0, ""; w.failure == ""; round++ {
		now := ""
		for _, d := range w.devices {
			if d.locked {
				continue
			}
			for _, r := range w.relays {
				w.now = w.now.Add(time.Second)
				sum, err := w.exchanged(d, r, (Step{}).journey(), 1)
				if w.failure != "" {
					return
				}
				now += fmt.Sprint(sum.Sent, sum.Received, err, " ")
			}
			now += fmt.Sprint(d.vector(), " ")
		}
		if now == before {
			break
		}
		if before = now; round > 20 {
			w.failf("it does not come to rest")
		}
	}
	if w.failure == "" {
		w.compare()
	}
}

// compare checks that everybody who still works here holds the same, whole and undamaged, and that nothing is lost.
func (w *world) compare() {
	want, from := map[string]string(nil), ""
	same := func(name string, c wire.Copy) {
		have, err := content(c)
		if err != nil {
			w.failf("%s cannot be read: %v", name, err)
			return
		}
		if want == nil {
			want, from = have, name
			return
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if have[k] != want[k] {
				w.failf("of %s, %s has %q and %s has %q", k, name, have[k], from, want[k])
				return
			}
		}
		for _, k := range slices.Sorted(maps.Keys(have)) {
			if _, is := want[k]; !is {
				w.failf("%s is with %s and not with %s", k, name, from)
				return
			}
		}
	}
	for _, r := range w.relays {
		c, held, err := r.held()
		if err != nil {
			w.failf("%s cannot be read: %v", r.name, err)
			return
		}
		for _, d := range w.devices {
			for _, id := range writers(d.saved) {
				if held[id] < d.saved[id] && w.forgiven[id] == "" {
					w.failf("%d commits by %s were said to be saved, and %s holds %d", d.saved[id], d.name, r.name, held[id])
				}
			}
		}
		same(r.name, c)
	}
	for _, d := range w.devices {
		same(d.name, d.copy())
		findings, _, err := d.journal.Verify(nil)
		if err == nil {
			err = d.journal.Integrity()
		}
		if err != nil {
			w.failf("the journal of %s is damaged: %v", d.name, err)
		}
		for _, f := range findings {
			w.failf("commit %d by %s in the journal of %s: %s", f.Seq, f.Writer, d.name, f.What)
		}
		asides, err := d.journal.Asides()
		if err != nil || len(asides) > 0 && len(w.forgiven) == 0 {
			w.failf("%s set %d runs aside: %v", d.name, len(asides), err)
		}
	}
}

// content is everything a copy holds.
func content(c wire.Copy) (map[string]string, error) {
	out := map[string]string{}
	next := journal.Vector{}
	err := c.Runs(context.Background(), nil, func(run journal.Run) error {
		for i := range run.Commits {
			commit := &run.Commits[i]
			if commit.Seq != next[commit.Writer]+1 {
				return fmt.Errorf("commit %d by %s follows commit %d", commit.Seq, commit.Writer, next[commit.Writer])
			}
			next[commit.Writer] = commit.Seq
			name := fmt.Sprintf("commit %d by %s", commit.Seq, commit.Writer)
			for p, data := range commit.Parts {
				state := "not here"
				if data != nil {
					state = fmt.Sprintf("%d bytes, right %v", len(data), journal.Hash(seal.Digest(data)) == commit.Header.Parts[p].Digest)
				}
				out[fmt.Sprintf("%s part %d", name, p)] = state
			}
			out[name] = commit.Hash.String()
		}
		return nil
	})
	return out, err
}
