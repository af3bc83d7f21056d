package relay

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// The gate decides who is answered when more ask than can be. A client first stands in the hall until its question says
// who asks; then it takes a place among the writers somebody vouches for, or one of the few for strangers. Strangers never
// stand in a known writer's way, no writer and no workspace has all places, and who waits is let in by turn: an answer ends
// early when others wait, and its client asks again for the rest. A place is free again after a turn even if its client is
// still at it: what is slow is the line, which costs little here, so slow lines fill no places. Whoever is sent away is told
// when to come again.

// Shares of the places.
const (
	strangersPart = 4 // strangers have a fourth as many places of their own
	hallTimes     = 4 // in the hall there is room for four times as many as are answered
	ofAWriter     = 3 // places: a connection that broke may not have been noticed yet
	overtime      = 4 // times as many may be there at all, those included that had their turn and are slow
)

// Slowest is what a client must send or take on average once it had some time: slower is standing in the way, not slow.
const (
	slowestKnown    = 40  // bytes a second
	slowestStranger = 200 //
	paceAfter       = 30 * time.Second
)

var errTooSlow = errors.New("slower than any line")

type gate struct {
	limits    Limits
	proxies   []netip.Prefix
	addresses *buckets[netip.Addr]
	writers   *buckets[toldKey]
	spaces    *buckets[journal.WorkspaceID]
	foundings *buckets[netip.Addr]

	mu              sync.Mutex
	hall            map[*visit]struct{}
	known, stranger room
	usual           time.Duration         // that a place is held, lately
	tickets         map[toldKey]time.Time // of who was sent away: since when they wait
	swept           time.Time
}

// A writer that was sent away keeps its turn for a while: whoever comes back is let in before those who came later.
const (
	ticketKept = 10 * time.Minute
	maxTickets = 10_000
)

// room is a number of places and who waits for one, in the order in which they first came.
type room struct {
	most    int
	taken   []*visit
	waiting []*visit
	next    *time.Timer // the next turn that ends while others wait
}

// visit is one question's way through the gate.
type visit struct {
	*gate
	address netip.Addr // not valid: not known, or of this machine or a private network
	key     toldKey
	in      *room         // where it has a place
	admit   chan struct{} // closed when it gets one
	control *http.ResponseController
	entered time.Time
	since   time.Time // it waits, whatever times it was sent away
	placed  time.Time
	named   bool // who asks is known
	vouched bool
	ended   atomic.Bool   // it gave way to others
	moved   int64         // bytes, in both directions
	spent   time.Duration // waiting for the client
}

func newGate(l Limits, r Rates, proxies []netip.Prefix, now func() time.Time) *gate {
	return &gate{limits: l, proxies: proxies, addresses: newBuckets[netip.Addr](r.Address, now), writers: newBuckets[toldKey](r.Writer, now),
		spaces: newBuckets[journal.WorkspaceID](r.Workspace, now), foundings: newBuckets[netip.Addr](r.Founding, now),
		hall: map[*visit]struct{}{}, tickets: map[toldKey]time.Time{}, usual: time.Second, known: room{most: l.AtOnce}, stranger: room{most: max(l.AtOnce/strangersPart, 1)}}
}

// busy is a refusal that says when to come again. It is the one that every client knows how to take.
func busy(after time.Duration, format string, args ...any) *wire.Refusal {
	r := wire.Refuse(wire.RefusedBusy, format, args...)
	r.Retry = max(int64((after+time.Second-1)/time.Second), 1)
	return r
}

// enter lets a client into the hall. Leave must be called in the end.
func (g *gate) enter(control *http.ResponseController, r *http.Request) (*visit, *wire.Refusal) {
	v := &visit{gate: g, address: g.addressOf(r), admit: make(chan struct{}), control: control, entered: time.Now()}
	if v.address.IsValid() {
		if wait := g.addresses.spend(v.address); wait > 0 {
			return nil, busy(wait, "too many questions from this address")
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	most, here := hallTimes*g.limits.AtOnce, 0
	for other := range g.hall {
		if v.address.IsValid() && other.address == v.address {
			here++
		}
	}
	if here >= max(most/2, 1) && !g.turnOut(v.address) || len(g.hall) >= most && !g.turnOut(netip.Addr{}) {
		return nil, busy(g.usual*time.Duration(1+len(g.hall)/g.known.most), "%d others wait", len(g.hall))
	}
	g.hall[v] = struct{}{}
	return v, nil
}

// sayWho is how long a client may stand in a full hall without having said who asks.
const sayWho = 3 * time.Second

// turnOut ends the one that has stood in the hall longest and did not say who asks; with an address, of those that came from
// there: one of many behind it that opens connections and says nothing must not keep the others out.
func (g *gate) turnOut(from netip.Addr) bool {
	var oldest *visit
	for v := range g.hall {
		if (!from.IsValid() || v.address == from) && !v.named && time.Since(v.entered) > sayWho && (oldest == nil || v.entered.Before(oldest.entered)) {
			oldest = v
		}
	}
	if oldest == nil {
		return false
	}
	delete(g.hall, oldest)
	oldest.ended.Store(true)                        // before the deadline, which its own next read may move again
	oldest.control.SetReadDeadline(time.Unix(1, 0)) // a connection without deadlines is a test's
	return true
}

// addressOf is what a client is counted by.
func (g *gate) addressOf(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := at.Addr().Unmap()
	trusted := address.IsLoopback() || slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(address) })
	if said := r.Header.Values("X-Forwarded-For"); trusted && len(said) > 0 {
		// The last one is the proxy's own word; those before may be the client's.
		list := strings.Split(said[len(said)-1], ",")
		if a, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			address = a.Unmap()
		}
	}
	if address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast() {
		return netip.Addr{}
	}
	if address.Is6() { // a household or an attacker has at least that many
		if p, err := address.Prefix(64); err == nil {
			address = p.Addr()
		}
	}
	return address
}

// sit lets a question whose asker is known wait for its turn.
func (q *question) sit(ctx context.Context, vouched bool) *wire.Refusal {
	if !vouched && q.visit.address.IsValid() {
		held, err := q.copy.Vector(ctx)
		if err != nil {
			return q.failed(err)
		}
		if len(held) == 0 {
			if wait := q.gate.foundings.spend(q.visit.address); wait > 0 {
				return busy(wait, "too many workspaces are brought from this address")
			}
		}
	}
	return q.visit.sit(ctx, q.asker, vouched)
}

// sit gives a place to a client of whom it is known who asks, after it waited for its turn.
func (v *visit) sit(ctx context.Context, key toldKey, vouched bool) *wire.Refusal {
	if vouched {
		if wait := v.writers.spend(key); wait > 0 {
			return busy(wait, "too many questions of this writer")
		}
		if wait := v.spaces.spend(key.workspace); wait > 0 {
			return busy(wait, "too many questions of this workspace")
		}
	}
	if full := v.line(key, vouched); full != nil {
		return full
	}
	timer := time.NewTimer(v.limits.Wait)
	defer timer.Stop()
	select {
	case <-v.admit:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.in != nil {
		return nil // at the last moment
	}
	return v.later()
}

// later sends a client away until those before it will have had a turn.
func (v *visit) later() *wire.Refusal {
	r := v.room()
	ahead := slices.Index(r.waiting, v)
	r.waiting = slices.DeleteFunc(r.waiting, func(other *visit) bool { return other == v })
	if v.vouched {
		now := time.Now()
		v.sweep(now)
		for _, since := range v.tickets {
			if since.Before(v.since) {
				ahead++
			}
		}
		if len(v.tickets) < maxTickets {
			v.tickets[v.key] = v.since
		}
	}
	return busy(v.usual*time.Duration(1+ahead/r.most), "%d are being answered and %d wait", len(r.taken), ahead)
}

// sweep forgets who did not come back.
func (g *gate) sweep(now time.Time) {
	if now.Sub(g.swept) < time.Minute {
		return
	}
	g.swept = now
	maps.DeleteFunc(g.tickets, func(_ toldKey, since time.Time) bool { return now.Sub(since) > ticketKept })
}

func (v *visit) room() *room {
	if v.vouched {
		return &v.known
	}
	return &v.stranger
}

// line takes a place, or one in the queue. Of strangers only a few may wait: the hall is for those who are known.
func (v *visit) line(key toldKey, vouched bool) *wire.Refusal {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.key, v.vouched, v.named, v.since = key, vouched, true, time.Now()
	if ticket, has := v.tickets[key]; has && vouched {
		v.since = ticket
	}
	room := v.room()
	at := len(room.waiting)
	for at > 0 && room.waiting[at-1].since.After(v.since) {
		at--
	}
	room.waiting = slices.Insert(room.waiting, at, v)
	v.callIn(room)
	if v.in == nil && !vouched && len(room.waiting) > 2*room.most {
		return v.later()
	}
	return nil
}

// callIn gives places to those who wait, the first first, unless their own have their share already.
func (g *gate) callIn(r *room) {
	now := time.Now()
	still := r.waiting[:0]
	for _, v := range r.waiting {
		if !r.fits(v, now, g.limits.Turn) {
			still = append(still, v)
			continue
		}
		delete(g.hall, v)
		delete(g.tickets, v.key)
		v.in, v.placed = r, now
		r.taken = append(r.taken, v)
		close(v.admit)
	}
	clear(r.waiting[len(still):])
	r.waiting = still
	if r.next != nil {
		r.next.Stop()
		r.next = nil
	}
	if len(r.waiting) == 0 {
		return
	}
	for _, v := range r.taken {
		if left := g.limits.Turn - now.Sub(v.placed); left > 0 { // they are in the order in which they were let in
			r.next = time.AfterFunc(left, func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.callIn(r)
			})
			return
		}
	}
}

// fits reports whether there is a place for v, and one that it may have: a writer has three at most, a workspace three of
// four, an address half.
func (r *room) fits(v *visit, now time.Time, turn time.Duration) bool {
	writer := 0
	var all, workspace, address struct{ turn, ever int }
	for _, other := range r.taken {
		n := 0
		if now.Sub(other.placed) < turn {
			n = 1
		}
		all.turn, all.ever = all.turn+n, all.ever+1
		if other.key == v.key {
			writer++
		}
		if other.key.workspace == v.key.workspace {
			workspace.turn, workspace.ever = workspace.turn+n, workspace.ever+1
		}
		if other.address == v.address {
			address.turn, address.ever = address.turn+n, address.ever+1
		}
	}
	within := func(n struct{ turn, ever int }, share int) bool {
		return n.turn < max(share, 1) && n.ever < max(share, 1)*overtime
	}
	if !within(all, r.most) || v.vouched && (writer >= ofAWriter || !within(workspace, r.most*3/4)) {
		return false
	}
	return !v.address.IsValid() || within(address, r.most/2)
}

// giveWay reports whether others wait and this one has had its turn.
func (v *visit) giveWay() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.in != nil && len(v.in.waiting) > 0 && time.Since(v.placed) >= v.limits.Turn
}

// leave ends a visit and counts what it moved.
func (v *visit) leave() {
	if v.vouched {
		v.writers.charge(v.key, v.moved)
		v.spaces.charge(v.key.workspace, v.moved)
	}
	if v.address.IsValid() {
		v.addresses.charge(v.address, v.moved)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.hall, v)
	if v.in != nil {
		if v.vouched {
			v.usual = (7*v.usual + min(time.Since(v.placed), v.limits.Turn)) / 8
		}
		v.in.taken = slices.DeleteFunc(v.in.taken, func(other *visit) bool { return other == v })
		v.callIn(v.in)
	}
}

// pace counts bytes and the time they took, and fails when no line that is alive is as slow.
func (v *visit) pace(n int, took time.Duration) error {
	v.moved, v.spent = v.moved+int64(n), v.spent+took
	slowest := int64(slowestStranger)
	if v.vouched {
		slowest = slowestKnown
	}
	if v.ended.Load() || v.spent > paceAfter && v.moved < slowest*int64((v.spent-paceAfter)/time.Second) {
		return errTooSlow
	}
	return nil
}

// pacedBody is a question's body on its way through the gate.
type pacedBody struct {
	io.Reader
	*visit
}

func (p pacedBody) Read(into []byte) (int, error) {
	if p.ended.Load() {
		return 0, errTooSlow
	}
	began := time.Now()
	n, err := p.Reader.Read(into)
	if slow := p.pace(n, time.Since(began)); slow != nil {
		err = slow
	}
	return n, err
}

// pacedWriter is an answer's.
type pacedWriter struct {
	http.ResponseWriter
	*visit
}

func (p pacedWriter) Write(b []byte) (int, error) {
	began := time.Now()
	n, err := p.ResponseWriter.Write(b)
	if slow := p.pace(n, time.Since(began)); slow != nil && err == nil {
		err = slow
	}
	return n, err
}

func (p pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// crowd counts who is answered and who waits, for the operator.
func (g *gate) crowd() (known, strangers, waiting, hall int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.known.taken), len(g.stranger.taken), len(g.known.waiting) + len(g.stranger.waiting), len(g.hall)
}
