package journaltest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/store"
)

// backup is a machine's disk at some moment.
type backup struct {
	image   Image
	saved   map[journal.WriterID]uint64
	kept    journal.Vector
	writers int
}

// backupStep copies a disk while the machine runs.
func (w *world) backupStep(s Step) {
	if d := w.device(s.Who); d != nil && w.up(d) {
		w.backups[s.Who] = backup{d.disk.Image(), maps.Clone(d.saved), maps.Clone(d.kept), d.writers}
	} else if r, ok := w.host(s.Who).(*station); ok && r.store != nil && !r.disk.Dead() {
		if _, held, err := r.held(); err == nil {
			w.backups[s.Who] = backup{image: r.disk.Image(), kept: held}
		}
	}
}

// restore puts a disk back to what it was, or to nothing when there is no backup. A node sees that its folder is not the one
// it wrote last, and begins a chain of its own; with unseen the whole machine was put back and nothing shows it.
func (w *world) restore(s Step) {
	b, has := w.backups[s.Who]
	if r, ok := w.host(s.Who).(*station); ok {
		if w.depth > 0 {
			return // somebody is speaking with it
		}
		r.stop()
		r.disk.Put(b.image)
		for id, n := range r.receipts {
			r.gone[id] = max(r.gone[id], n)
		}
		r.receipts = maps.Clone(b.kept)
		if r.receipts == nil {
			r.receipts = journal.Vector{}
		}
		if err := r.start(); err != nil {
			w.failf("%s does not start from its backup: %v", r.name, err)
		}
		w.cap()
		return
	}
	d := w.device(s.Who)
	if d == nil || !has || d.busy > 0 {
		return
	}
	d.stop()
	d.disk.Put(b.image)
	d.saved, d.kept = maps.Clone(b.saved), maps.Clone(b.kept)
	if s.N["unseen"] > 0 {
		d.writers = b.writers
		d.writer = signer(d.seed, fmt.Sprintf("writer %s %d", d.name, d.writers))
		w.forgiven[d.id()] = "its machine was put back to an earlier state"
	} else {
		d.newWriter()
	}
	w.started(d)
	w.cap()
}

// cap takes out of what must be found at the end what nobody holds any more.
func (w *world) cap() {
	for _, d := range w.devices {
		for id, n := range d.saved {
			most := uint64(0)
			for _, o := range w.devices {
				most = max(most, o.kept[id])
			}
			for _, r := range w.relays {
				if r.store == nil || r.disk.Dead() {
					most = max(most, r.receipts[id])
				} else if _, held, err := r.held(); err == nil {
					most = max(most, held[id])
				}
			}
			d.saved[id] = min(n, most)
		}
	}
}

// folder copies a device's folder to another machine of the same member.
func (w *world) folder(s Step) {
	from := w.device(s.Who)
	if w.device(s.Whom) != nil || !w.up(from) || from.locked {
		return
	}
	d := &device{world: w, name: s.Whom, member: from.member, disk: NewDisk(w.shm), saved: map[journal.WriterID]uint64{}, kept: maps.Clone(from.kept),
		draw: rand.New(rand.NewPCG(w.seed, uint64(len(w.devices))))}
	d.disk.Put(from.disk.Image())
	d.newWriter()
	w.devices = append(w.devices, d)
	w.started(d)
}

// another is one more device of a member, set up from the first.
func (w *world) another(s Step) {
	from := w.device(s.Who)
	if w.device(s.Whom) != nil || !w.up(from) || from.locked || !from.active() {
		return
	}
	hits := w.hits()
	d, err := w.newDevice(s.Whom, from.member)
	if err == nil {
		if err = carry(from, d, -1); err == nil {
			err = d.say([]part(nil))
		}
	}
	if err != nil && w.hits() == hits {
		w.failf("%s cannot set up another device: %v", from.name, err)
	}
}

// leaveFork does what a node does when the other side tells another story of its chain.
func (d *device) leaveFork(sum *exchange.Summary) {
	less := func(w journal.WriterID, seq uint64, code string) {
		if code != wire.FaultForked {
			return
		}
		d.named[w] = true
		if sum.Memory.Known[w] >= seq {
			if sum.Memory.Known[w] = seq - 1; seq <= 1 {
				delete(sum.Memory.Known, w)
			}
		}
		if w == d.id() {
			d.note("%s leaves its fork", d.name)
			d.newWriter()
		}
	}
	for _, r := range sum.Refused {
		less(r.Writer, r.Seq, r.Code)
	}
	for _, f := range sum.Faults {
		less(f.Writer, f.Seq, f.Code)
	}
}

// scope makes a device small: it wants of whole records only those on some shelves.
func (w *world) scope(s Step) {
	d := w.device(s.Who)
	if !w.up(d) || d.busy > 0 {
		return
	}
	scope := store.Scope{}
	if s.N["narrow"] > 0 {
		scope = store.Scope{Narrow: true, Shelves: map[uint16]bool{uint16(s.N["shelf"]): true}}
	}
	hits := w.hits()
	d.lock.Lock()
	defer d.lock.Unlock()
	if err := d.journal.SetScope(scope); err != nil {
		w.note("%v", err)
		if w.hits() == hits {
			w.failf("%s cannot choose what it wants: %v", d.name, err)
		}
	}
}

// empower lets an administrator make another.
func (w *world) empower(s Step) {
	by, of := w.device(s.Who), w.device(s.Whom)
	if of == nil || !w.up(by) || by.locked || !by.administers() || !by.journal.Roll().Active(of.member.id()) {
		return
	}
	w.said(by, []part{{data: controls(journal.ControlEmpower, journal.Empowerment{Member: of.member.id()})}})
}

// revoke lets an administrator revoke a member, as far as they know the chains of the member's devices.
func (w *world) revoke(s Step) {
	by, of := w.device(s.Who), w.device(s.Whom)
	if of == nil || by == of || !w.up(by) || by.locked || !by.administers() || !by.journal.Roll().Active(of.member.id()) {
		return
	}
	r := journal.Revocation{Member: of.member.id(), Heads: []journal.WriterHead{}}
	held, known := by.vector(), journal.Vector{}
	for _, id := range writers(held) {
		if by.journal.Roll().MemberOf(id) == r.Member {
			r.Heads = append(r.Heads, journal.WriterHead{Writer: id, Seq: held[id]})
			known[id] = held[id]
		}
	}
	if w.said(by, []part{{data: controls(journal.ControlRevoke, r)}}) {
		w.knew = append(w.knew, knew{by.id(), by.journal.Head(by.id()).Seq, known})
	}
	w.revoked = true
}

// knew is what who revoked a member knew of the member's chains.
type knew struct {
	by   journal.WriterID
	in   uint64 // the commit that says so
	upTo journal.Vector
}

// tend lets a device vouch for what it had before it heard of a revocation.
func (w *world) tend(d *device) {
	if d.locked || d.journal == nil || d.disk.Dead() || !d.active() {
		return
	}
	held := d.vector()
	for _, id := range writers(held) {
		cut, revoked, err := d.cut(id)
		if err != nil {
			w.failf("%s does not know what stands: %v", d.name, err)
			return
		}
		if revoked && held[id] > cut && held[id] > d.vouched[id] {
			w.note("%s vouches for %d commits by %s, beyond %d", d.name, held[id], id, cut)
			if w.said(d, []part(nil)) {
				d.vouched = held
			}
			return
		}
	}
}

// erase lets an administrator erase sealed parts.
func (w *world) erase(s Step) {
	by := w.device(s.Who)
	if !w.up(by) || by.locked || !by.administers() {
		return
	}
	var all []journal.PartPlace
	err := by.copy().Runs(context.Background(), nil, func(run journal.Run) error {
		for i := range run.Commits {
			for p, h := range run.Commits[i].Header.Parts {
				if place := (journal.PartPlace{Writer: run.Commits[i].Writer, Seq: run.Commits[i].Seq, Index: uint8(p)}); h.Tag != 0 && !by.journal.Roll().Erased[place] {
					all = append(all, place)
				}
			}
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		return
	}
	pick := rand.New(rand.NewPCG(uint64(s.N["luck"]), 3))
	pick.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:min(len(all), 1+s.N["n"])]
	slices.SortFunc(all, wire.ComparePlaces)
	w.said(by, []part{{data: controls(journal.ControlErase, journal.Erasure{Parts: all})}})
}

// erased checks that nothing of what was erased stands on the disk of anybody who heard of it.
func (w *world) erased() {
	if w.failure != "" {
		return
	}
	// What a disk in trouble could not overwrite is overwritten after the next batch, or when the file is opened again.
	for _, d := range w.devices {
		if d.disk.Hits() > 0 {
			d.stop()
			if !w.started(d) {
				return
			}
		}
	}
	for _, r := range w.relays {
		if r.disk.Hits() > 0 {
			r.stop()
			if !w.startRelay(r) {
				return
			}
		}
	}
	look := func(name string, disk *Disk, roll map[journal.PartPlace]bool) {
		image := disk.Image()
		for place := range roll {
			data := w.sealed[place]
			if len(data) == 0 {
				continue
			}
			for file, bits := range image {
				if bytes.Contains(bits, data) {
					w.failf("part %d of commit %d by %s was erased and stands in %s of %s", place.Index, place.Seq, place.Writer, file, name)
				}
			}
		}
	}
	var everything map[journal.PartPlace]bool
	for _, d := range w.devices {
		if c, _, err := w.relays[len(w.relays)-1].held(); err == nil && w.works(d) && w.admitted(d, c) {
			if roll := d.journal.Roll(); len(roll.Erased) > len(everything) {
				everything = roll.Erased
			}
			look(d.name, d.disk, d.journal.Roll().Erased)
		}
	}
	for _, r := range w.relays {
		look(r.name, r.disk, everything)
	}
}

// works reports whether a device belongs to somebody who still works here, as far as it knows itself.
func (w *world) works(d *device) bool { return !d.locked && d.journal != nil && d.active() }
