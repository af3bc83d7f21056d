package relay

import (
	"context"
	"errors"
	"io"
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
// early when others wait, and its client asks again for the rest. Whoever is sent away is told when to come again.

// Shares of the places.
const (
	strangersPart = 4 // strangers have a fourth as many places of their own
	hallTimes     = 4 // in the hall there is room for four times as many as are answered
	ofAWriter     = 3 // places: a connection that broke may not have been noticed yet
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
}

// room is a number of places and who waits for one, in the order in which they came.
type room struct {
	most    int
	taken   []*visit
	waiting []*visit
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
		hall: map[*visit]struct{}{}, known: room{most: l.AtOnce}, stranger: room{most: max(l.AtOnce/strangersPart, 1)}}
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
	if here >= max(most/2, 1) || len(g.hall) >= most && !g.turnOut() {
		return nil, busy(g.limits.Turn, "%d others wait", len(g.hall))
	}
	g.hall[v] = struct{}{}
	return v, nil
}

// sayWho is how long a client may stand in a full hall without having said who asks.
const sayWho = 3 * time.Second

// turnOut ends the one that has stood in the hall longest and did not say who asks.
func (g *gate) turnOut() bool {
	var oldest *visit
	for v := range g.hall {
		if !v.named && time.Since(v.entered) > sayWho && (oldest == nil || v.entered.Before(oldest.entered)) {
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
	room := v.room()
	ahead := slices.Index(room.waiting, v)
	room.waiting = slices.DeleteFunc(room.waiting, func(other *visit) bool { return other == v })
	return v.later(room, ahead)
}

// later sends a client away until all before it had a turn.
func (v *visit) later(r *room, ahead int) *wire.Refusal {
	return busy(v.limits.Turn*time.Duration(1+ahead/r.most), "%d are being answered and %d wait", len(r.taken), ahead)
}

func (v *visit) room() *room {
	if v.vouched {
		return &v.known
	}
	return &v.stranger
}

// line takes a place, or the last in the queue. Of strangers only a few may wait: the hall is for those who are known.
func (v *visit) line(key toldKey, vouched bool) *wire.Refusal {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.key, v.vouched, v.named = key, vouched, true
	room := v.room()
	room.waiting = append(room.waiting, v)
	v.callIn(room)
	if n := len(room.waiting); v.in == nil && !vouched && n > 2*room.most {
		room.waiting = room.waiting[:n-1]
		return v.later(room, n-1)
	}
	return nil
}

// callIn gives places to those who wait, the first first, unless their own have their share already.
func (g *gate) callIn(r *room) {
	still := r.waiting[:0]
	for _, v := range r.waiting {
		if len(r.taken) >= r.most || !r.fair(v) {
			still = append(still, v)
			continue
		}
		delete(g.hall, v)
		v.in, v.placed = r, time.Now()
		r.taken = append(r.taken, v)
		close(v.admit)
	}
	clear(r.waiting[len(still):])
	r.waiting = still
}

// fair reports whether v may have one more place: a writer has three at most, a workspace three of four, an address half.
func (r *room) fair(v *visit) bool {
	writer, workspace, address := 0, 0, 0
	for _, other := range r.taken {
		if other.key == v.key {
			writer++
		}
		if other.key.workspace == v.key.workspace {
			workspace++
		}
		if other.address == v.address {
			address++
		}
	}
	if v.vouched && (writer >= ofAWriter || workspace >= max(r.most*3/4, 1)) {
		return false
	}
	return !v.address.IsValid() || address < max(r.most/2, 1)
}

// giveWay reports whether others wait and this one has had its turn.
func (v *visit) giveWay() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.in != nil && len(v.in.waiting) > 0 && time.Since(v.placed) > v.limits.Turn
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
