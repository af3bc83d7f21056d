package journaltest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/store"
)

// judge looks at what an exchange says.
func (w *world) judge(d *device, to host, sum *exchange.Summary, lying bool) {
	if lying {
		if len(sum.Faults) > 0 {
			w.count.Named++
		}
		return
	}
	for _, f := range sum.Faults {
		if w.forgiven[f.Writer] == "" && !(w.revoked && f.Code == wire.FaultRevoked) {
			w.failf("%s accuses %s falsely: %v", d.name, f.Writer, f)
		}
	}
	for _, r := range sum.Refused {
		if w.forgiven[r.Writer] == "" && r.Code != wire.NoteParked && !(w.revoked && r.Code == wire.FaultRevoked) {
			w.failf("%s hears that %s refuses commit %d by %s (%s) for nothing", d.name, to.label(), r.Seq, r.Writer, r.Code)
		}
	}
	for _, h := range sum.Hidden { // of a chain of which two stories are told, one is missing everywhere
		if w.healed && w.forgiven[h.Writer] == "" {
			w.failf("%s accuses %s of hiding: %v", d.name, to.label(), h)
		}
	}
	if s, ok := to.(*station); ok && s.store != nil && !s.disk.Dead() && !s.everLied {
		_, held, err := s.held()
		if err != nil {
			w.failf("%s does not know what it holds: %v", s.name, err)
			return
		}
		for _, id := range writers(sum.Memory.Known) {
			if n := sum.Memory.Known[id]; n > held[id] && n > s.gone[id] && !s.expelled(id) {
				w.failf("%s has a receipt from %s for %d commits by %s, of which %d are there", d.name, s.name, n, id, held[id])
			}
			s.receipts[id] = max(s.receipts[id], min(sum.Memory.Known[id], held[id]))
		}
	}
}

// inStep checks that an exchange that went to its end left both sides with the same.
func (w *world) inStep(d *device, to host, sum *exchange.Summary) {
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
		if here[id] == there[id] || w.forgiven[id] != "" || w.revoked && slices.ContainsFunc(sum.Refused, func(r exchange.Refused) bool { return r.Writer == id }) {
			continue
		}
		// Who was let in only in the story that is not told here waits, and the exchange says that something waits.
		if _, known := d.journal.Roll().Writers[id]; len(w.forgiven) > 0 && here[id] == 0 && !known && sum.Parked > 0 {
			continue
		}
		if _, revoked, err := d.cut(id); err != nil || !revoked {
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
	w.settle()
	if w.compare(); !slices.ContainsFunc(w.relays, func(r *station) bool { return r.lying != honest }) {
		w.erased()
		return
	}
	for _, r := range w.relays {
		r.lying = honest
	}
	w.settle()
	w.compare()
	w.erased()
}

// settle lets everybody exchange until nothing changes any more.
func (w *world) settle() {
	w.healed = false
	for round, before := 0, ""; w.failure == ""; round++ {
		now := ""
		w.now = w.now.Add(25 * time.Hour) // what was asked in vain is asked again
		for _, d := range w.devices {
			for _, r := range w.relays {
				if d.locked || d.barred {
					break
				}
				w.now = w.now.Add(time.Second)
				if d.journal.Head(d.id()).Seq == 0 && !w.said(d, nil) {
					return
				}
				sum, err := w.exchanged(d, r, (Step{}).journey(), 1)
				if w.failure != "" {
					return
				}
				if r.lying == honest {
					now += fmt.Sprint(sum.Sent, sum.Received, sum.Parts, err, " ")
				}
			}
			now += fmt.Sprint(d.vector(), " ")
		}
		if now == before && w.healed {
			return
		}
		w.healed = now == before // once more: from now on there is nothing to accuse anybody of
		if before = now; round > 20 {
			w.failf("it does not come to rest")
		}
	}
}

// compare checks that everybody who still works here holds the same, whole and undamaged, and that nothing is lost.
func (w *world) compare() {
	if w.failure != "" {
		return
	}
	want, from := map[string]thing(nil), ""
	apart := w.apart()
	same := func(name string, c wire.Copy, scope store.Scope) {
		have, err := content(c, apart)
		if err != nil {
			w.failf("%s cannot be read: %v", name, err)
			return
		}
		if want == nil {
			want, from = have, name
			return
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if have[k] != want[k] && !(have[k].what == absent && !scope.Wants(have[k].shelf)) {
				w.failf("of %s, %s has %q and %s has %q", k, name, have[k].what, from, want[k].what)
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
		if r.lying != honest {
			continue
		}
		c, held, err := r.held()
		if err != nil {
			w.failf("%s cannot be read: %v", r.name, err)
			return
		}
		for _, d := range w.devices {
			w.delivered(d, r, c, held)
		}
		same(r.name, c, store.Scope{})
	}
	for _, d := range w.devices {
		if c, _, err := w.relays[len(w.relays)-1].held(); err != nil || !w.works(d) || !w.admitted(d, c) {
			continue
		}
		same(d.name, d.copy(), d.journal.Scope())
		w.sound(d)
	}
}

// delivered checks that a relay holds what a device said is saved.
func (w *world) delivered(d *device, r *station, c relay.Workspace, held journal.Vector) {
	for _, id := range writers(d.saved) {
		cut, gone, err := c.Cut(context.Background(), id, d.member.id())
		if err != nil {
			w.failf("%s does not know what stands: %v", r.name, err)
			return
		}
		switch {
		case gone:
			w.stands(d, r, id, held[id], cut)
		case !w.works(d): // heard that it is revoked, from somebody whose word does not stand
		case held[id] < d.saved[id] && w.forgiven[id] == "" && w.admitted(d, c):
			w.failf("%d commits by %s were said to be saved, and %s holds %d", d.saved[id], id, r.name, held[id])
		}
	}
	if id := d.id(); w.works(d) && held[id] != d.journal.Head(id).Seq && w.admitted(d, c) {
		w.failf("%s wrote %d commits as %s, and %s holds %d", d.name, d.journal.Head(id).Seq, id, r.name, held[id])
	}
}

// admitted reports whether a relay knows a device's member: somebody may have let them in who could no longer.
func (w *world) admitted(d *device, c relay.Workspace) bool {
	_, known, err := c.Member(context.Background(), d.member.id())
	if err != nil {
		w.failf("%v", err)
	}
	return known
}

// stands checks how much a relay holds of a revoked member's chain: not less than was known to who revoked, and not more than
// stands.
func (w *world) stands(d *device, r *station, id journal.WriterID, held, cut uint64) {
	least := uint64(0)
	for _, k := range w.knew {
		if _, there, err := r.held(); err == nil && k.in <= there[k.by] { // who was revoked before saying so has said nothing
			least = max(least, k.upTo[id])
		}
	}
	if held < least || held > cut {
		w.failf("of %s, who is revoked, %s holds %d commits; %d were known, %d stand", d.name, r.name, held, least, cut)
	}
}

// sound checks a device's journal by itself.
func (w *world) sound(d *device) {
	findings, _, err := d.journal.Verify(nil)
	if err == nil {
		err = d.journal.Integrity()
	}
	if err != nil {
		w.failf("the journal of %s is damaged: %v", d.name, err)
	}
	for _, f := range findings {
		if !f.Revoked && !f.Withheld {
			w.failf("commit %d by %s in the journal of %s: %s", f.Seq, f.Writer, d.name, f.What)
		}
	}
	asides, err := d.journal.Asides()
	if err != nil {
		w.failf("%s does not know what it set aside: %v", d.name, err)
	}
	for _, a := range asides {
		if w.forgiven[a.Writer] == "" && !a.Revoked && w.history.Class != "liars" {
			w.failf("%s set aside commit %d by %s: %s", d.name, a.Seq, a.Writer, a.Reason)
		}
	}
}

// thing is a commit or a part of one.
type thing struct {
	what  string
	shelf uint16
}

const absent = "not here"

// content is everything a copy holds but the chains of some.
func content(c wire.Copy, but map[journal.WriterID]bool) (map[string]thing, error) {
	out := map[string]thing{}
	next := journal.Vector{}
	err := c.Runs(context.Background(), nil, func(run journal.Run) error {
		for i := range run.Commits {
			commit := &run.Commits[i]
			if commit.Seq != next[commit.Writer]+1 {
				return fmt.Errorf("commit %d by %s follows commit %d", commit.Seq, commit.Writer, next[commit.Writer])
			}
			next[commit.Writer] = commit.Seq
			if but[commit.Writer] {
				continue
			}
			name := fmt.Sprintf("commit %d by %s", commit.Seq, commit.Writer)
			for p, data := range commit.Parts {
				state := absent
				if data != nil {
					state = fmt.Sprintf("%d bytes, right %v", len(data), journal.Hash(seal.Digest(data)) == commit.Header.Parts[p].Digest)
				}
				out[fmt.Sprintf("%s part %d", name, p)] = thing{state, commit.Header.Parts[p].Shelf}
			}
			out[name] = thing{what: commit.Hash.String()}
		}
		return nil
	})
	return out, err
}

// apart are the writers who are not held alike: of whom two stories are told, and whom only one of the stories lets in, until
// somebody lets them in again.
func (w *world) apart() map[journal.WriterID]bool {
	all := w.forked()
	if len(all) == 0 {
		return all
	}
	known := map[journal.WriterID]int{}
	rolls := 0
	for _, d := range w.devices {
		if d.journal == nil || !w.works(d) {
			continue
		}
		rolls++
		for id := range d.journal.Roll().Writers {
			known[id]++
		}
	}
	for id, n := range known {
		if n < rolls {
			all[id] = true
		}
	}
	return all
}

// forked are the writers of whom two stories are told, and checks that somebody said so. Whom one of the stories lets in hears
// that nobody vouches for them where the other is held.
func (w *world) forked() map[journal.WriterID]bool {
	all := map[journal.WriterID]bool{}
	for _, id := range slices.SortedFunc(maps.Keys(w.forgiven), func(a, b journal.WriterID) int { return bytes.Compare(a[:], b[:]) }) {
		seqs := map[uint64]journal.Hash{}
		tell := func(name string, c wire.Copy, head uint64) {
			for seq := uint64(1); seq <= head; seq++ {
				hash, held, err := c.Hash(context.Background(), id, seq)
				if err != nil || !held {
					w.failf("%s does not find commit %d by %s: %v", name, seq, id, err)
				}
				if other, is := seqs[seq]; is && other != hash {
					all[id] = true
				}
				seqs[seq] = hash
			}
		}
		for _, d := range w.devices {
			if d.journal != nil {
				tell(d.name, d.copy(), d.journal.Head(id).Seq)
			}
		}
		for _, r := range w.relays {
			c, held, err := r.held()
			if err != nil {
				w.failf("%s cannot be read: %v", r.name, err)
				return all
			}
			tell(r.name, c, held[id])
		}
		if all[id] && !slices.ContainsFunc(w.devices, func(d *device) bool { return d.named[id] || d.stranded }) {
			w.failf("two stories are told of %s, and nobody says so", id)
		}
	}
	return all
}
