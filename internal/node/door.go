package node

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"amparo/internal/record"
	"amparo/internal/relay"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// Door is where this device answers its neighbours on the local network, by the protocol of a relay: from its journal, which
// needs no key, so that a locked machine answers too. It gives sealed parts only to writers of its own workspace who are not
// revoked. No page is behind it.
type Door struct {
	node      *Node
	key       seal.DoorKey
	listener  net.Listener
	server    *http.Server
	on        []net.Interface // nil: every network of this machine
	silent    bool
	announced []stopper
	names     string // for which day and on which networks its names were drawn
	until     time.Time
	closing   *time.Ticker
	ended     chan struct{}
	answering sync.WaitGroup // questions under way
}

// DoorOptions are what an open door needs to know. All have a default.
type DoorOptions struct {
	Address string        // host:port; every address of this machine and NeighbourPort
	Lasts   time.Duration // after which it closes by itself; zero: it stays open until it is closed
	Log     *slog.Logger
	On      []net.Interface // where it is announced; nil: every network of this machine
	Silent  bool            // it is not announced
}

type stopper interface{ Shutdown() error }

// doorLimits suit a laptop that is worked on meanwhile.
var doorLimits = relay.Limits{Question: 24 << 20, Stranger: 6 << 20, Answer: 4 << 20, AtOnce: 4, Idle: 30 * time.Second}

// doorFile keeps the key, beside node.json. It is in clear: a locked machine must be able to answer.
const doorFile = "neighbour.key"

// doorKey is the device's own, drawn when it is first needed.
func (n *Node) doorKey() (seal.DoorKey, error) {
	n.doorMu.Lock()
	defer n.doorMu.Unlock()
	path := filepath.Join(n.dir, doorFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if raw, err = seal.NewDoorKey(); err == nil {
			err = vault.WriteFile(path, raw)
		}
	}
	if err != nil {
		return seal.DoorKey{}, fmt.Errorf("the key for neighbours: %w", err)
	}
	return seal.ReadDoorKey(raw)
}

// Pin is the code by which neighbours know this device.
func (n *Node) Pin() (seal.Pin, error) {
	key, err := n.doorKey()
	return key.Pin(), err
}

// OpenDoor answers neighbours from now on. A door that is open already stays as it is, and closes when the new options say so.
// It refuses with `address_taken`.
func (n *Node) OpenDoor(o DoorOptions) (*Door, error) {
	key, err := n.doorKey()
	if err != nil {
		return nil, err
	}
	n.doorMu.Lock()
	defer n.doorMu.Unlock()
	until := time.Time{}
	if o.Lasts > 0 {
		until = n.options.Wall().Add(o.Lasts)
	}
	if n.door != nil {
		n.door.until = until
		return n.door, nil
	}
	if o.Address == "" {
		o.Address = ":" + NeighbourPort
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, record.Refuse("addr", "address_taken", "address", o.Address).Because(err)
	}
	d := &Door{node: n, key: key, listener: l, on: o.On, silent: o.Silent, until: until, closing: time.NewTicker(time.Minute), ended: make(chan struct{})}
	d.server = &http.Server{Handler: d.counting(n.answering(o.Log)), TLSConfig: key.TLS(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: log.New(discard{}, "", 0)} // who does not hold the code fails at the handshake: nothing to tell anybody
	_ = d.announce() // nothing to stop yet
	go func() {
		defer close(d.ended)
		_ = d.server.ServeTLS(nearby(l), "", "") // it ends with Close
	}()
	go d.watch()
	n.door = d
	return d, nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// watch closes a door whose time is over. By the wall clock: a machine that slept meanwhile has been carried elsewhere.
func (d *Door) watch() {
	for {
		select {
		case <-d.ended:
			return
		case <-d.closing.C:
		}
		if until := d.Until(); !until.IsZero() && !d.node.options.Wall().Before(until) {
			d.Close()
			return
		}
		d.node.doorMu.Lock()
		if d.node.door == d {
			_ = d.announce() // what could not be stopped ends with the process
		}
		d.node.doorMu.Unlock()
	}
}

// announce announces the door under new names when the day or the networks are others than before: a door that stays open is
// not to be followed by its name from one to the next, and where it was carried it has another address. Node.doorMu is held.
func (d *Door) announce() error {
	on := d.on
	if on == nil {
		on = d.node.networks()
	}
	names := d.node.options.Wall().UTC().Format(time.DateOnly)
	for _, i := range on {
		names += fmt.Sprint(" ", i.Name, addressesOf(i))
	}
	if d.silent || names == d.names {
		return nil
	}
	err := d.silence()
	d.announced, d.names = d.node.announceDoor(d, on), names
	return err
}

// silence ends what announces it. Node.doorMu is held.
func (d *Door) silence() (err error) {
	for _, a := range d.announced {
		err = errors.Join(err, a.Shutdown())
	}
	d.announced = nil
	return err
}

// Door is the one that is open; nil when none is.
func (n *Node) Door() *Door {
	n.doorMu.Lock()
	defer n.doorMu.Unlock()
	return n.door
}

// Until is when the door closes by itself; zero: when somebody closes it.
func (d *Door) Until() time.Time {
	d.node.doorMu.Lock()
	defer d.node.doorMu.Unlock()
	return d.until
}

// Close answers nobody any more. Who is being answered is cut off, and resumes elsewhere. It may be called more than once.
func (d *Door) Close() error {
	d.node.doorMu.Lock()
	if d.node.door == d {
		d.node.door = nil
	}
	err := d.silence()
	d.node.doorMu.Unlock()
	d.closing.Stop()
	last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if d.server.Shutdown(last) != nil {
		err = errors.Join(err, d.server.Close())
	}
	<-d.ended
	d.answering.Wait() // who was cut off still ends before the journal does
	return err
}

func (d *Door) counting(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.answering.Add(1)
		defer d.answering.Done()
		h.ServeHTTP(w, r)
	})
}

// port is where it listens.
func (d *Door) port() int {
	if at, isTCP := d.listener.Addr().(*net.TCPAddr); isTCP {
		return at.Port
	}
	return 0
}

// Links are the ways to come here, the likeliest first: one for each address of this machine that others can reach.
func (d *Door) Links() []Link {
	l := Link{Pin: d.key.Pin()}
	if listed, err := d.node.keep.Members(); err == nil && len(listed) > 0 {
		l.Member = record.ID(listed[0].ID)
	}
	var list []Link
	for _, ip := range d.addresses() {
		l.Address = net.JoinHostPort(ip, strconv.Itoa(d.port()))
		list = append(list, l)
	}
	return list
}

func (d *Door) addresses() (list []string) {
	if at, isTCP := d.listener.Addr().(*net.TCPAddr); isTCP && !at.IP.IsUnspecified() {
		return []string{at.IP.String()}
	}
	var six []string
	for _, i := range networks() {
		for _, ip := range addressesOf(i) {
			if ip.To4() != nil {
				list = append(list, ip.String())
			} else if !ip.IsLinkLocalUnicast() { // those need the name of an interface, which differs from machine to machine
				six = append(six, ip.String())
			}
		}
	}
	return append(list, six...)
}
