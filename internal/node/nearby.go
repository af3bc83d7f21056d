package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/mdns"
	"github.com/miekg/dns"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// Devices find each other on a local network by multicast DNS (RFC 6762), while their doors are open. What is announced names
// neither the program, nor the workspace, nor the machine: the kind of service is a digest of the workspace and the day, the
// name is drawn for each opening and each day, and beside it stands what only those who hold the pin can make again.

// service is what a device looks for on a day.
func service(id journal.WorkspaceID, day time.Time) string {
	sum := seal.Digest(append(append([]byte("amparo nearby v1\x00"), id[:]...), day.UTC().Format(time.DateOnly)...))
	return "_n" + hex.EncodeToString(sum[:5]) + "._tcp" // no longer than RFC 6763 allows
}

// announcement answers who asks for a device of this workspace.
type announcement struct {
	node     *Node
	instance string
	port     int
	ips      []net.IP
	text     []string
}

// announceDoor begins to answer on the given networks. A network that does not allow it is left out: links are typed and scanned
// all the same.
func (n *Node) announceDoor(d *Door, on []net.Interface) (list []stopper) {
	only, _ := d.listener.Addr().(*net.TCPAddr)
	for _, i := range on {
		ips := slices.DeleteFunc(addressesOf(i), func(ip net.IP) bool {
			return only != nil && !only.IP.IsUnspecified() && !only.IP.Equal(ip) || ip.To4() == nil && ip.IsLinkLocalUnicast() // of no use without the name of an interface
		})
		if len(ips) == 0 {
			continue
		}
		var name [8]byte
		rand.Read(name[:])
		a := &announcement{node: n, instance: hex.EncodeToString(name[:]), port: d.port(), ips: ips}
		a.text = []string{"h=" + d.key.Pin().Recognition(a.instance)}
		if s, err := mdns.NewServer(&mdns.Config{Zone: a, Iface: &i, Logger: noLog}); err == nil {
			list = append(list, s)
		}
	}
	return list
}

var noLog = log.New(discard{}, "", 0)

// Records is mdns.Zone's. The day before and the day after are today somewhere, and on machines whose clock is a little off.
// Who asks what kinds of service there are is not answered.
func (a *announcement) Records(q dns.Question) []dns.RR {
	now := a.node.options.Wall()
	for _, day := range []time.Time{now, now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)} {
		kind := service(a.node.Workspace(), day)
		name, host := strings.ToLower(q.Name), a.instance+".local."
		if !strings.HasSuffix(name, kind+".local.") && name != host {
			continue
		}
		s, err := mdns.NewMDNSService(a.instance, kind, "local.", host, a.port, a.ips, a.text)
		if err != nil {
			return nil
		}
		return s.Records(q)
	}
	return nil
}

// Nearby is a device of this workspace that answered on the local network.
type Nearby struct {
	Address string // host:port
	Met     bool   // it is known by its pin
	Link    Link   // when it was met
}

// lookFor is how long answers are waited for.
const lookFor = 1500 * time.Millisecond

// Look looks which devices of this workspace have their doors open on the given networks, those that were met first; nil: every
// network of this machine. Whoever is found is still to be known by a pin. It says nothing about this device but that somebody
// looks.
func (n *Node) Look(ctx context.Context, on []net.Interface) ([]Nearby, error) {
	met, err := n.Neighbours()
	if err != nil {
		return nil, err
	}
	links := make([]Link, len(met))
	for i, m := range met {
		links[i] = m.Link
	}
	return n.look(ctx, on, links)
}

// look is Look for who knows these.
func (n *Node) look(ctx context.Context, on []net.Interface, known []Link) ([]Nearby, error) {
	own, err := n.Pin()
	if err != nil {
		return nil, err
	}
	if on == nil {
		on = n.networks()
	}
	var list []Nearby
	for e := range n.ask(ctx, on) {
		ip := e.AddrV4
		if ip == nil && e.AddrV6IPAddr != nil {
			ip = e.AddrV6IPAddr.IP
		}
		instance, _, _ := strings.Cut(e.Name, ".")
		mark := ""
		for _, field := range e.InfoFields {
			if h, is := strings.CutPrefix(field, "h="); is {
				mark = h
			}
		}
		if ip == nil || mark == "" || mark == own.Recognition(instance) {
			continue
		}
		found := Nearby{Address: net.JoinHostPort(ip.String(), strconv.Itoa(e.Port))}
		for _, l := range known {
			if l.Pin.Recognition(instance) == mark {
				found.Met, found.Link = true, l
				found.Link.Address = found.Address
			}
		}
		if !slices.Contains(list, found) {
			list = append(list, found)
		}
	}
	slices.SortStableFunc(list, func(a, b Nearby) int {
		if a.Met != b.Met {
			return map[bool]int{true: -1, false: 1}[a.Met]
		}
		return strings.Compare(a.Address, b.Address)
	})
	return list, nil
}

// ask asks once on each network and gives what was answered.
func (n *Node) ask(ctx context.Context, on []net.Interface) <-chan *mdns.ServiceEntry {
	found := make(chan *mdns.ServiceEntry, 64)
	kind := service(n.Workspace(), n.options.Wall())
	var all sync.WaitGroup
	for _, i := range on {
		for _, six := range []bool{false, true} { // by themselves: where one of them is missing, the other still asks
			all.Go(func() {
				// A network that does not let us ask is as one where nobody answers.
				_ = mdns.QueryContext(ctx, &mdns.QueryParam{Service: kind, Timeout: lookFor, Interface: &i, Entries: found, DisableIPv4: six, DisableIPv6: !six, Logger: noLog})
			})
		}
	}
	out := make(chan *mdns.ServiceEntry, 64)
	go func() {
		all.Wait()
		close(found)
		defer close(out)
		for e := range found {
			if strings.Contains(strings.ToLower(e.Name), kind) {
				out <- e
			}
		}
	}()
	return out
}

// whereverItIs exchanges with a neighbour where it was last, and when nobody answers there, where it says that it is now: laptops
// are given another address by every network.
func (n *Node) whereverItIs(ctx context.Context, text string, exchanging func(link string) (exchange.Summary, error)) (exchange.Summary, error) {
	l, err := n.Neighbour(text)
	if err != nil {
		return exchange.Summary{}, err
	}
	sum, err := exchanging(l.String())
	var refusal *record.Refusal
	if !errors.As(err, &refusal) || refusal.Code != "neighbour_unreachable" && refusal.Code != "wrong_key" {
		return sum, err
	}
	found, failed := n.look(ctx, nil, []Link{l})
	if failed != nil {
		return sum, err
	}
	for _, f := range found {
		if f.Met && f.Link.Address != l.Address {
			return exchanging(f.Link.String())
		}
	}
	return sum, err
}

// ExchangeNeighbour is Exchange with a neighbour, which may also be named by the code or the address of one that was met.
func (s *Session) ExchangeNeighbour(ctx context.Context, text string, progress func(exchange.Progress)) (exchange.Summary, error) {
	return s.node.whereverItIs(ctx, text, func(link string) (exchange.Summary, error) { return s.Exchange(ctx, link, progress) })
}

// ExchangeNearby exchanges with the devices that were met and answer on the local network now. It goes on when one of them
// fails, and gives what failed.
func (s *Session) ExchangeNearby(ctx context.Context) error {
	found, err := s.node.Look(ctx, nil)
	for _, f := range found {
		if f.Met {
			_, failed := s.Exchange(ctx, f.Link.String(), nil)
			err = errors.Join(err, failed)
		}
	}
	return err
}

// ExchangeNeighbourAs is ExchangeAs with a neighbour.
func (n *Node) ExchangeNeighbourAs(ctx context.Context, name string, passphrase []byte, text string) (exchange.Summary, error) {
	return n.whereverItIs(ctx, text, func(link string) (exchange.Summary, error) { return n.ExchangeAs(ctx, name, passphrase, link, nil) })
}
