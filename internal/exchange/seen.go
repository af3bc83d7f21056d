package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// witness compares what commits say their writers had seen with what this copy holds: a relay that hides commits, or
// shows one story here and another there, cannot change that.
type witness struct {
	copy   Copy
	open   []Expected          // not here yet
	known  map[seenCommit]bool // already checked or open
	faults []*Fault
}

type seenCommit struct {
	writer journal.WriterID
	seq    uint64
	hash   [16]byte
}

func newWitness(c Copy, expect []Expected) *witness {
	w := &witness{copy: c, known: map[seenCommit]bool{}}
	for _, e := range expect {
		w.add(e)
	}
	return w
}

// forget bounds how many references are remembered only to save a second look.
const forget = 1 << 16

func (w *witness) add(e Expected) {
	key := seenCommit{e.Writer, e.Seq, e.Hash}
	if w.known[key] {
		return
	}
	if len(w.known) >= forget {
		clear(w.known)
	}
	w.known[key] = true
	if len(w.open) >= forget {
		return
	}
	w.open = append(w.open, e)
}

func (w *witness) arrived(run *journal.Run) {
	for i := range run.Commits {
		for _, s := range run.Commits[i].Seen {
			w.add(Expected{Writer: s.Writer, Seq: s.Seq, Hash: s.Hash, SeenBy: run.Commits[i].Writer})
		}
	}
}

// compare settles what is here by now.
func (w *witness) compare(ctx context.Context, held journal.Vector) error {
	still := w.open[:0]
	for _, e := range w.open {
		if held[e.Writer] < e.Seq {
			still = append(still, e)
			continue
		}
		if e.Hash == ([16]byte{}) { // only how far is known; it was compared when it came
			continue
		}
		hash, ok, err := w.copy.Hash(ctx, e.Writer, e.Seq)
		if err != nil {
			return err
		}
		if !ok || [16]byte(hash[:16]) != e.Hash {
			w.faults = append(w.faults, &Fault{Writer: e.Writer, Seq: e.Seq, Code: wire.FaultForked,
				Err: fmt.Errorf("%w: %s had seen another commit %d than the one here", journal.ErrChain, e.SeenBy, e.Seq)})
		}
	}
	w.open = still
	return nil
}

// excuse forgets what need not be here. beyond tells.
func (w *witness) excuse(beyond func(Expected) (bool, error)) error {
	var failed error
	w.open = slices.DeleteFunc(w.open, func(e Expected) bool {
		gone, err := beyond(e)
		failed = errors.Join(failed, err)
		return gone
	})
	return failed
}

// hidden lists what is missing though the exchange went to its end: what somebody had seen, and what the relay says it
// holds and does not give. Of excused writers it is known why.
func (w *witness) hidden(held, relay journal.Vector, excused map[journal.WriterID]bool) []Hidden {
	missing := map[journal.WriterID]*Hidden{}
	for id, seq := range relay {
		if seq > held[id] && !excused[id] {
			missing[id] = &Hidden{Writer: id, From: held[id] + 1, To: seq, Claimed: true}
		}
	}
	for _, e := range w.open {
		if excused[e.Writer] {
			continue
		}
		h := missing[e.Writer]
		if h == nil {
			h = &Hidden{Writer: e.Writer, From: held[e.Writer] + 1}
			missing[e.Writer] = h
		}
		if e.Seq >= h.To {
			h.To, h.SeenBy = e.Seq, e.SeenBy
		}
	}
	var all []Hidden
	for _, id := range slices.SortedFunc(maps.Keys(missing), func(a, b journal.WriterID) int { return bytes.Compare(a[:], b[:]) }) {
		all = append(all, *missing[id])
	}
	return all
}
