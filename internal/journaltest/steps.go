package journaltest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// verbs is what can happen.
var verbs map[string]func(*world, Step)

func init() { // reading a history needs the list, and a step may read on
	verbs = map[string]func(*world, Step){
		"write": (*world).write, "exchange": (*world).exchange, "carry": (*world).carry, "admit": (*world).admit,
		"fail": (*world).fail, "stop": (*world).stop, "full": (*world).full, "roomy": (*world).roomy,
		"clock": (*world).clock, "away": (*world).awayStep, "part": (*world).part, "ghost": (*world).ghost,
		"start": (*world).startStep, "backup": (*world).backupStep, "restore": (*world).restore,
		"folder": (*world).folder, "another": (*world).another, "scope": (*world).scope,
		"empower": (*world).empower, "revoke": (*world).revoke, "erase": (*world).erase, "rogue": (*world).rogueStep,
		"lie": (*world).lie, "deaf": (*world).deaf,
	}
}

// step plays the next step of the history.
func (w *world) step() {
	s := w.history.Steps[w.next]
	w.next++
	w.count.Steps++
	w.now = w.now.Add(time.Duration(s.N["after"]) * time.Second)
	fmt.Fprintf(&w.log, "%*s%s\n", 2*w.depth, "", s)
	verbs[s.Verb](w, s)
	for _, r := range w.relays {
		r.fall()
	}
}

// meanwhile plays the next step in the middle of another.
func (w *world) meanwhile() {
	if w.healing || w.failure != "" || w.depth >= 2 || w.next >= len(w.history.Steps) {
		return
	}
	w.depth++
	w.count.Meanwhile++
	defer func() {
		w.depth--
		if r := recover(); r != nil { // this may be a goroutine of the HTTP client's
			w.failf("it fell over: %v\n%s", r, debug.Stack())
		}
	}()
	w.step()
}

// up makes sure that a device runs, and reports whether it does.
func (w *world) up(d *device) bool {
	if d == nil || w.failure != "" {
		return false
	}
	if d.journal != nil && !d.disk.Dead() {
		return true
	}
	if d.busy > 0 { // its last exchange has not noticed yet
		return false
	}
	d.stop()
	if d.disk.Dead() {
		d.disk.Start(false, d.draw)
	}
	return w.started(d)
}

// started opens the journal after a crash and looks for what was said to be saved.
func (w *world) started(d *device) bool {
	hits := d.disk.Hits()
	if err := d.start(); err != nil {
		d.stop()
		if d.disk.Hits() == hits {
			w.failf("%s does not start: %v", d.name, err)
		}
		return false
	}
	for _, id := range writers(d.kept) {
		if have := d.journal.Head(id).Seq; have < d.kept[id] {
			w.failf("%s said that %d commits by %s are durable, and has %d after a crash", d.name, d.kept[id], id, have)
		}
	}
	if have, saved := d.journal.Head(d.id()).Seq, d.saved[d.id()]; have < saved {
		w.failf("%s said that its commit %d is saved, and has %d after a crash", d.name, saved, have)
	}
	return w.failure == ""
}

func (w *world) write(s Step) {
	d := w.device(s.Who)
	if !w.up(d) || d.locked || !d.active() && !d.rogue {
		return
	}
	var commits [][]part
	for i := range max(1, s.N["n"]) {
		var parts []part
		for p := range 1 + (s.N["luck"]+i)%3 {
			shelf := uint16(p)
			if p > 0 {
				shelf |= journal.DetailShelf
			}
			text := drawKey(w.seed, fmt.Sprintf("text %s %d %d %d", d.name, d.again, i, p))
			body := append([]byte(nil), text[:]...)
			for range s.N["size"] {
				body = append(body, text[:]...)
			}
			parts = append(parts, part{tag: uint8(7 + p), shelf: shelf, data: body})
		}
		commits = append(commits, parts)
	}
	if s.N["batch"] == 0 {
		for _, c := range commits {
			if !w.said(d, c) {
				return
			}
		}
		return
	}
	w.said(d, commits...)
}

// said lets a device write; a failure must be its disk's.
func (w *world) said(d *device, commits ...[]part) bool {
	hits := d.disk.Hits()
	err := d.say(commits...)
	if err == nil {
		w.count.Commits += len(commits)
		return true
	}
	w.note("%s cannot write: %v", d.name, err)
	if d.disk.Hits() == hits {
		w.failf("%s cannot write, and its disk is good: %v", d.name, err)
	}
	return false
}

func (s Step) journey() *journey {
	t := &journey{up: -1, down: -1, piece: 1 << 20, stall: s.N["stall"] > 0, deaf: s.N["deaf"] > 0, twice: s.N["twice"] > 0}
	if n, has := s.N["up"]; has {
		t.up = n
	}
	if n, has := s.N["down"]; has {
		t.down = n
	}
	if n := s.N["piece"]; n > 0 {
		t.piece = n
	}
	for _, k := range []string{"pause1", "pause2", "pause3"} {
		if n := s.N[k]; n > 0 {
			t.pauses = append(t.pauses, n)
		}
	}
	return t
}

func (t *journey) good() bool { return t.up < 0 && t.down < 0 && !t.twice }

func (w *world) exchange(s Step) {
	d, to := w.device(s.Who), w.host(s.Whom)
	if n, same := to.(*neighbour); to == nil || !w.up(d) || d.busy > 0 || d.locked || d.barred || same && (n.device == d || !w.up(n.device)) {
		return
	}
	if d.journal.Head(d.id()).Seq == 0 && !w.said(d, nil) { // a chain begins before its device speaks with anybody
		return
	}
	w.exchanged(d, to, s.journey(), max(1, s.N["attempts"]))
}

// exchanged brings a device in step with a host and checks what both say.
func (w *world) exchanged(d *device, to host, trip *journey, attempts int) (exchange.Summary, error) {
	w.count.Exchanges++
	memory, err := d.remembered(to.label())
	if err != nil {
		w.failf("%s does not know what it remembers: %v", d.name, err)
		return exchange.Summary{}, err
	}
	liar, _ := to.(*station)
	lying, lied := liar != nil && liar.lying != honest, 0
	if liar != nil {
		lied = liar.lied
	}
	good, hits, step := !lying && trip.good() && !d.away && to.handler() != nil && !w.cut[to.label()], w.hits(), w.next
	life := d.disk.Life()
	d.busy++
	sum, err := exchange.WithRelay(context.Background(), exchange.Options{URL: "http://relay", Workspace: w.workspace, Signer: d.writer, Certificate: d.certificate(),
		Memory: memory, Narrow: d.journal.Scope().Narrow, Dial: func(context.Context, string, string) (net.Conn, error) { return w.dial(d, to, trip) }, Now: d.wall, Attempts: attempts}, d.copy())
	d.busy--
	w.note("%s: sent %d, received %d, in %d questions%s", d.name, sum.Sent, sum.Received, sum.RoundTrips, said(err))
	if w.failure != "" {
		return sum, err
	}
	if sum.RoundTrips > 60 {
		w.failf("%s asked %d times", d.name, sum.RoundTrips)
	}
	undisturbed := w.hits() == hits && w.next == step
	d.stranded = errors.Is(err, exchange.ErrNotAdmitted)
	if err != nil {
		w.count.Broken++
		if good && undisturbed && !errors.Is(err, exchange.ErrNotAdmitted) {
			w.failf("%s cannot exchange with %s, and nothing stands in the way: %v", d.name, to.label(), err)
		}
	}
	lying = lying || liar != nil && liar.lied > lied
	w.judge(d, to, &sum, lying)
	if d.fall() || d.disk.Life() != life {
		return sum, err
	}
	d.leaveFork(&sum)
	d.barred = d.barred || sum.Revoked
	d.locked = d.locked || sum.Revoked && !d.rogue
	defer w.tend(d)
	if kept := d.remember(to.label(), sum.Memory); kept != nil {
		w.note("%s cannot remember: %v", d.name, kept)
		if w.hits() == hits {
			w.failf("%s cannot remember an exchange, and its disk is good: %v", d.name, kept)
		}
	}
	if err == nil && undisturbed && sum.Complete && !sum.Revoked && !lying {
		w.inStep(d, to, &sum)
	}
	if err == nil && undisturbed && w.history.Class == "liars" {
		w.known(d, to, &sum)
	}
	return sum, err
}

func said(err error) string {
	if err == nil {
		return ""
	}
	for _, broke := range []error{exchange.ErrInterrupted, exchange.ErrUnreachable} {
		if errors.Is(err, broke) { // how the line broke net/http says in one way or another
			return fmt.Sprint("; ", broke)
		}
	}
	return fmt.Sprint("; ", err)
}

// hits counts the faults of all disks so far.
func (w *world) hits() (n int) {
	for _, d := range w.devices {
		n += d.disk.Hits()
	}
	for _, r := range w.relays {
		n += r.disk.Hits()
	}
	return n
}

// carry brings to one device what it lacks of what another holds, as a file on a stick does. Of that, only so many runs
// may arrive; -1: all.
func carry(from, to *device, most int) error {
	ctx := context.Background()
	intake, err := wire.NewIntake(ctx, to.copy())
	if err != nil {
		return err
	}
	enough := errors.New("enough")
	err = from.copy().Runs(ctx, to.vector(), func(run journal.Run) error {
		if most == 0 {
			return enough
		}
		most--
		return intake.Offer(ctx, run.Encode())
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return errors.Join(err, intake.Flush(ctx))
}

func (w *world) carry(s Step) {
	from, to := w.device(s.Who), w.device(s.Whom)
	if from == to || !w.up(from) || !w.up(to) || from.locked || to.locked || from.barred {
		return
	}
	most := -1
	if n, has := s.N["runs"]; has {
		most = n
	}
	hits := w.hits()
	if err := carry(from, to, most); err != nil {
		w.note("%v", err)
		if w.hits() == hits {
			w.failf("%s cannot be carried to %s: %v", from.name, to.name, err)
		}
	}
	w.tend(to)
}

func (w *world) rogueStep(s Step) {
	if d := w.device(s.Who); d != nil {
		d.rogue = true
	}
}

// admit lets an administrator let somebody in.
func (w *world) admit(s Step) {
	by := w.device(s.Who)
	if w.device(s.Whom) != nil || !w.up(by) || by.locked || !by.administers() {
		return
	}
	hits := w.hits()
	if _, err := w.join(by, s.Whom); err != nil {
		w.note("%v", err)
		if w.hits() == hits {
			w.failf("%s cannot let %s in: %v", by.name, s.Whom, err)
		}
	}
}

// disk of a device or relay.
func (w *world) disk(name string) *Disk {
	if d := w.device(name); d != nil {
		return d.disk
	}
	if s, ok := w.host(name).(*station); ok {
		return s.disk
	}
	return nil
}

func (w *world) fail(s Step) {
	if d := w.disk(s.Who); d != nil && !d.Dead() {
		d.Fail(Fault(s.N["how"]%4), 1+s.N["n"])
	}
}

// deaf makes a disk one of those that answer a sync and do nothing. No history that is drawn has it: what such a disk loses is
// lost, and the simulator must notice.
func (w *world) deaf(s Step) {
	if d := w.disk(s.Who); d != nil {
		d.deaf = true
	}
}

// stop ends a machine at once, in whatever it is doing, and starts it again if that is over.
func (w *world) stop(s Step) {
	disk := w.disk(s.Who)
	if disk == nil {
		return
	}
	w.count.Crashes++
	disk.Kill(s.N["power"] > 0)
	if d := w.device(s.Who); d != nil && d.busy == 0 {
		w.up(d)
	}
	if r, ok := w.host(s.Who).(*station); ok && w.depth == 0 {
		w.startRelay(r)
	}
}

// startRelay starts a relay that is down.
func (w *world) startRelay(r *station) bool {
	if r.fall(); r.store != nil {
		return true
	}
	hits := r.disk.Hits()
	r.disk.Start(false, rand.New(rand.NewPCG(w.seed, uint64(w.next))))
	if err := r.start(); err != nil {
		r.stop()
		if r.disk.Hits() == hits {
			w.failf("%s does not start: %v", r.name, err)
		}
		return false
	}
	_, held, err := r.held()
	if err != nil {
		w.failf("%s does not know what it holds: %v", r.name, err)
		return false
	}
	for _, id := range writers(r.receipts) {
		if held[id] < r.receipts[id] && !r.expelled(id) {
			w.failf("%s said that it holds %d commits by %s, and holds %d after a crash", r.name, r.receipts[id], id, held[id])
		}
	}
	return w.failure == ""
}

func (w *world) startStep(s Step) {
	if r, ok := w.host(s.Who).(*station); ok {
		w.startRelay(r)
	}
}

func (w *world) full(s Step) {
	if d := w.disk(s.Who); d != nil {
		w.count.Full++
		d.Room(d.Used() + int64(s.N["room"]))
	}
}

func (w *world) roomy(s Step) {
	if d := w.disk(s.Who); d != nil {
		d.Room(0)
	}
	if r, ok := w.host(s.Who).(*station); ok {
		w.startRelay(r)
	}
}

func (w *world) clock(s Step) {
	by := time.Duration(s.N["by"]) * time.Second
	if d := w.device(s.Who); d != nil {
		d.skew += by
	} else if r, ok := w.host(s.Who).(*station); ok {
		r.skew += by
	}
}

func (w *world) awayStep(s Step) {
	if d := w.device(s.Who); d != nil {
		d.away = !d.away
	}
}

func (w *world) part(s Step) {
	if to := w.host(s.Who); to != nil {
		w.cut[to.label()] = !w.cut[to.label()]
	}
}

// ghost lets a question arrive once more, long after it was asked; nobody reads the answer.
func (w *world) ghost(s Step) {
	if len(w.heard) == 0 {
		return
	}
	h := w.heard[s.N["n"]%len(w.heard)]
	question := h.question
	if cut := s.N["cut"]; cut > 0 {
		question = question[:min(cut, len(question))]
	}
	w.ask(h.to, question, nil)
}
