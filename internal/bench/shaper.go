package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is a path between two machines, the same both ways.
type link struct {
	Rate  float64       // bits a second; 0: no limit
	Delay time.Duration // one way
	Loss  float64       // part of all segments that never arrive
}

// Sizes of TCP over IPv4 on Ethernet, without options.
const (
	segment = 1460 // bytes that a full segment carries
	headers = 40   // that every segment costs besides
)

// shaper carries TCP connections to a server on this machine as a slow link with losses would, in user space, so that it
// needs no rights and runs anywhere. Whatever talks through it is treated alike.
//
// What is read from one side is cut into segments of at most 1,460 bytes. A segment waits until the link is free, takes
// its bytes and 40 for headers at the link's rate, and arrives a delay later. All connections of one direction share the
// rate, segment by segment. A lost segment takes its turn on the link all the same, and is sent again: as soon as the
// sender hears that three later ones arrived (fast retransmission: about a round trip), or else when its time-out runs
// out (a round trip and 200 ms more, at least half a round trip; doubled each time). Until then everything behind it
// waits, as TCP promises order. A connection is usable one round trip after it was asked for; a lost first packet of it
// costs a second, as systems do.
//
// It flatters both sides alike in what it leaves out: acknowledgements take no room, and nobody slows down after a loss.
// Ten segments in flight, with which TCP begins, are more than 64 kbit/s and 600 ms hold, so a window would hardly bind.
type shaper struct {
	target   string
	listener net.Listener
	seed     uint64
	link     atomic.Pointer[link]
	up, down lane
	done     sync.WaitGroup

	mu    sync.Mutex
	next  uint64 // number of the next connection
	conns map[net.Conn]bool
	shut  bool
}

// lane is one direction of the link.
type lane struct {
	mu    sync.Mutex
	free  time.Time // when the sender at its beginning has sent everything it was given
	bytes atomic.Int64
	sent  atomic.Int64 // segments, those sent again among them
	lost  atomic.Int64
}

// carriedOver is what went over a link.
type carriedOver struct {
	Up, Down    int64 // bytes, without headers and what was sent again
	Segments    int64
	Lost        int64
	Connections uint64
}

// newShaper listens on this machine and carries what comes to target.
func newShaper(target string, l link, seed uint64) (*shaper, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &shaper{target: target, listener: listener, seed: seed, conns: map[net.Conn]bool{}}
	s.turn(l)
	s.done.Add(1)
	go s.accept()
	return s, nil
}

func (s *shaper) url() string { return "http://" + s.listener.Addr().String() }

// turn changes the link for what is sent from now on.
func (s *shaper) turn(l link) { s.link.Store(&l) }

func (s *shaper) carried() carriedOver {
	s.mu.Lock()
	defer s.mu.Unlock()
	return carriedOver{s.up.bytes.Load(), s.down.bytes.Load(), s.up.sent.Load() + s.down.sent.Load(), s.up.lost.Load() + s.down.lost.Load(), s.next}
}

// since is what was carried after before.
func (c carriedOver) since(before carriedOver) carriedOver {
	return carriedOver{c.Up - before.Up, c.Down - before.Down, c.Segments - before.Segments, c.Lost - before.Lost, c.Connections - before.Connections}
}

func (c carriedOver) bytes() int64 { return c.Up + c.Down }

// least is how long the link needs for so many bytes when nothing is lost and nobody ever waits: one round trip, and the
// bytes at its rate in full segments.
func (l link) least(c carriedOver) time.Duration {
	wait := 2 * l.Delay
	if l.Rate > 0 {
		segments := (c.Up+segment-1)/segment + (c.Down+segment-1)/segment
		wait += l.takes(c.bytes() + headers*segments)
	}
	return wait
}

func (l link) takes(bytes int64) time.Duration {
	if l.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(bytes) * 8 / l.Rate * float64(time.Second))
}

// patience is how long TCP waits for an acknowledgement before it sends again, the first time.
func (l link) patience() time.Duration { return 2*l.Delay + max(200*time.Millisecond, l.Delay) }

func (s *shaper) close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.shut = true
	for c := range s.conns {
		c.Close() // a second closing of a connection says so; nobody wants to know
	}
	s.mu.Unlock()
	s.done.Wait()
	return err
}

// keep notes a connection to be closed at the end; false: it has come.
func (s *shaper) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		c.Close()
		return false
	}
	s.conns[c] = true
	return true
}

func (s *shaper) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	c.Close()
}

func (s *shaper) accept() {
	defer s.done.Done()
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		number := s.next
		s.next++
		s.mu.Unlock()
		s.done.Add(1)
		go s.connect(c, number)
	}
}

// connect carries one connection until both its directions have ended.
func (s *shaper) connect(near net.Conn, number uint64) {
	defer s.done.Done()
	asked := time.Now()
	if !s.keep(near) {
		return
	}
	defer s.forget(near)
	far, err := net.Dial("tcp", s.target)
	if err != nil || !s.keep(far) {
		return // the near side sees its connection closed
	}
	defer s.forget(far)
	for _, c := range []net.Conn{near, far} {
		// Small, so that who writes feels the link and not this machine's memory.
		if err := c.(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
			return
		}
	}
	// The handshake: a packet there and one back, each as easily lost as any.
	l := s.link.Load()
	r := rand.New(rand.NewPCG(s.seed, number))
	open := asked
	arrive := (1 - l.Loss) * (1 - l.Loss) // both of them
	for wait := time.Second; r.Float64() >= arrive; wait *= 2 {
		open = open.Add(wait)
	}
	open = open.Add(2 * l.Delay)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var both sync.WaitGroup
	for i, way := range []struct {
		lane     *lane
		from, to net.Conn
	}{{&s.up, near, far}, {&s.down, far, near}} {
		both.Go(func() {
			f := &flow{shaper: s, lane: way.lane, r: rand.New(rand.NewPCG(s.seed+1+uint64(i), number)), open: open}
			if err := f.carry(ctx, way.from, way.to); err != nil {
				near.Close() // what breaks one way breaks the other
				far.Close()
				cancel()
			}
		})
	}
	both.Wait()
}

// flow is one direction of one connection.
type flow struct {
	shaper *shaper
	lane   *lane
	r      *rand.Rand
	open   time.Time // when the handshake is done
	lost   []*parcel // lost lately, whose sender does not know yet
}

// parcel is one segment on its way.
type parcel struct {
	data    []byte
	arrives time.Time
	lost    int            // times: drawn beforehand, so that a run repeats
	later   int            // later ones that arrived
	heard   chan time.Time // when the sender hears of the third of those
	there   chan struct{}  // closed when a lost one has arrived after all
}

// enough segments for whatever is in flight.
const inFlight = 4096

// catchUp is how far behind its own clock a sender may be and still use the whole rate: sleeping is not exact.
const catchUp = 5 * time.Millisecond

func (f *flow) carry(ctx context.Context, from, to net.Conn) error {
	on := make(chan *parcel, inFlight)
	ended := make(chan error, 1)
	go func() { ended <- f.deliver(ctx, to, on) }()
	var waiting sync.WaitGroup
	err := f.send(ctx, from, on, &waiting)
	close(on)
	err = errors.Join(err, <-ended)
	waiting.Wait()
	if err == nil {
		err = to.(*net.TCPConn).CloseWrite()
	}
	return err
}

// send reads, and puts segments on the link; nil at the end of what comes.
func (f *flow) send(ctx context.Context, from net.Conn, on chan<- *parcel, waiting *sync.WaitGroup) error {
	if err := sleepUntil(ctx, f.open); err != nil {
		return err
	}
	for {
		buffer := make([]byte, segment)
		n, err := from.Read(buffer)
		if n > 0 {
			l := f.shaper.link.Load()
			p := &parcel{data: buffer[:n]}
			for f.r.Float64() < l.Loss {
				p.lost++
			}
			sent := f.lane.take(*l, n)
			p.arrives = sent.Add(l.Delay)
			f.lane.bytes.Add(int64(n))
			if p.lost > 0 {
				f.lane.lost.Add(int64(p.lost))
				p.heard, p.there = make(chan time.Time, 1), make(chan struct{})
				f.lost = append(f.lost, p)
				waiting.Go(func() { f.sendAgain(ctx, p, sent, *l) })
			} else {
				f.acknowledge(p.arrives.Add(l.Delay))
			}
			select {
			case on <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := sleepUntil(ctx, sent.Add(-catchUp)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// acknowledge tells lost ones that a later one arrived, and when their sender hears of it.
func (f *flow) acknowledge(heard time.Time) {
	kept := f.lost[:0]
	for _, p := range f.lost {
		if p.later++; p.later == 3 {
			p.heard <- heard
			continue
		}
		kept = append(kept, p)
	}
	f.lost = kept
}

// sendAgain waits as a sender would, and sends a lost one until it arrives.
func (f *flow) sendAgain(ctx context.Context, p *parcel, sent time.Time, l link) {
	defer close(p.there)
	patience := l.patience()
	timer := time.NewTimer(time.Until(sent.Add(patience)))
	defer timer.Stop()
	select {
	case <-timer.C:
		patience *= 2
	case at := <-p.heard:
		if sleepUntil(ctx, at) != nil {
			return
		}
	case <-ctx.Done():
		return
	}
	sent = f.lane.take(l, len(p.data))
	for range p.lost - 1 {
		if sleepUntil(ctx, sent.Add(patience)) != nil {
			return
		}
		patience *= 2
		sent = f.lane.take(l, len(p.data))
	}
	p.arrives = sent.Add(l.Delay)
}

// take gives a segment its turn: the moment at which its last bit has left.
func (l *lane) take(over link, bytes int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.free.Before(now.Add(-catchUp)) {
		l.free = now
	}
	l.free = l.free.Add(over.takes(int64(bytes + headers)))
	l.sent.Add(1)
	return l.free
}

// deliver writes segments in order, each when it has arrived.
func (f *flow) deliver(ctx context.Context, to net.Conn, on <-chan *parcel) error {
	for p := range on {
		if p.lost > 0 {
			select {
			case <-p.there:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := sleepUntil(ctx, p.arrives); err != nil {
			return err
		}
		if _, err := to.Write(p.data); err != nil {
			return fmt.Errorf("shaper: %w", err)
		}
	}
	return nil
}

func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
