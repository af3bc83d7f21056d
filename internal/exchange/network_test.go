package exchange_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
)

// memoryStore is a relay's store in memory.
type memoryStore struct {
	mu  sync.Mutex
	all map[journal.WorkspaceID]relay.Workspace
}

func (s *memoryStore) Workspace(_ context.Context, id journal.WorkspaceID) (relay.Workspace, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[journal.WorkspaceID]relay.Workspace{}
	}
	if s.all[id] == nil {
		s.all[id] = exchangetest.NewMemory(id)
	}
	return s.all[id], nil
}

func (s *memoryStore) Ping(context.Context) error { return nil }
func (s *memoryStore) Close() error               { return nil }

// network is a relay and the only way to it: pipes in memory, which a test may cut and look into.
type network struct {
	tb      testing.TB
	store   relay.Store
	config  relay.Config
	conns   chan net.Conn
	closed  chan struct{}
	server  *http.Server
	Dials   int
	wrap    func(net.Conn) net.Conn // on the client's side of the next connections
	handler http.Handler

	mu   sync.Mutex
	idle sync.Cond // no connection is open
	open int
}

func newNetwork(tb testing.TB, store relay.Store, change ...func(*relay.Config)) *network {
	tb.Helper()
	n := &network{tb: tb, store: store, conns: make(chan net.Conn), closed: make(chan struct{})}
	n.config = relay.Config{Store: store}
	for _, c := range change {
		c(&n.config)
	}
	n.handler = relay.New(n.config)
	n.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.handler.ServeHTTP(w, r) })}
	n.idle.L = &n.mu
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := n.server.Serve(n); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			tb.Errorf("serve: %v", err)
		}
	}()
	tb.Cleanup(func() {
		n.server.Close()
		<-ended
	})
	return n
}

// restart is a relay that was stopped and started: what it remembers is gone, what it stored is not.
func (n *network) restart(store relay.Store) {
	n.store, n.config.Store = store, store
	n.handler = relay.New(n.config)
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	select {
	case <-n.closed:
	default:
		close(n.closed)
	}
	return nil
}

// served is the relay's end of a connection.
type served struct {
	net.Conn
	network *network
	once    *sync.Once
}

func (c served) Close() error {
	c.once.Do(func() { c.network.count(-1) })
	return c.Conn.Close()
}

func (n *network) count(by int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open += by; n.open == 0 {
		n.idle.Broadcast()
	}
}

// quiet waits until the relay is done with every connection.
func (n *network) quiet() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.open > 0 {
		n.idle.Wait()
	}
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "relay"} }

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	n.mu.Lock()
	n.Dials++
	n.mu.Unlock()
	if n.wrap != nil {
		client = n.wrap(client)
	}
	select {
	case n.conns <- served{server, n, &sync.Once{}}:
		n.count(1)
		return client, nil
	case <-n.closed:
		return nil, errors.New("no relay listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// node is a device that remembers its relay.
type node struct {
	*exchangetest.Device
	memory exchange.Memory
	now    func() time.Time
}

func (n *network) try(d *node, change ...func(*exchange.Options)) (exchange.Summary, error) {
	n.tb.Helper()
	o := exchange.Options{URL: "http://relay", Workspace: d.Workspace.ID, Signer: d.Signer, Certificate: d.Cert, Memory: d.memory, Dial: n.dial, Attempts: 1, Now: d.now}
	for _, c := range change {
		c(&o)
	}
	sum, err := exchange.WithRelay(context.Background(), o, d.Copy)
	d.memory = sum.Memory
	return sum, err
}

// exchange must go well: complete, and nothing to complain of.
func (n *network) exchange(d *node) exchange.Summary {
	n.tb.Helper()
	sum, err := n.try(d)
	if err != nil {
		n.tb.Fatalf("%s: %v", d.Name, err)
	}
	if !sum.Complete || len(sum.Faults)+len(sum.Hidden)+len(sum.Refused)+sum.Parked > 0 || sum.ToSend+sum.ToCome > 0 {
		n.tb.Fatalf("%s: complete %v, faults %v, hidden %v, refused %v, parked %d, to send %d, to come %d", d.Name, sum.Complete, sum.Faults, sum.Hidden, sum.Refused, sum.Parked,
			sum.ToSend, sum.ToCome)
	}
	return sum
}

// two nodes of one workspace that know of each other only what an invitation says.
func two(tb testing.TB) (a, b *node) {
	w := exchangetest.Found(tb, 1, nil)
	return &node{Device: w.Founder}, &node{Device: w.Join("b", nil)}
}

func sqlite(tb testing.TB) *relay.SQLStore {
	tb.Helper()
	s, err := relay.OpenSQLite(context.Background(), filepath.Join(tb.TempDir(), "relay.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// cutter breaks a connection after so many bytes in one direction.
type cutter struct {
	net.Conn
	out, in int // bytes left; negative: no limit
}

var errCut = errors.New("the line was cut")

func (c *cutter) Write(b []byte) (int, error) {
	if c.out < 0 {
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:min(len(b), c.out)])
	if c.out -= n; c.out == 0 && n < len(b) {
		c.Conn.Close()
		return n, errCut
	}
	return n, err
}

func (c *cutter) Read(b []byte) (int, error) {
	if c.in < 0 {
		return c.Conn.Read(b)
	}
	if c.in == 0 {
		c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(b[:min(len(b), c.in)])
	c.in -= n
	return n, err
}

// cut breaks the next connections after so many bytes out or in.
func cut(n *network, out, in int) {
	c := &cutter{out: out, in: in}
	n.wrap = func(conn net.Conn) net.Conn {
		c.Conn = conn
		return c
	}
}
