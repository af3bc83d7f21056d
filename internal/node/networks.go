package node

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// networks are the local networks that this machine is on. Bridges of containers and virtual machines are none.
func networks() []net.Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(i net.Interface) bool {
		inner := slices.ContainsFunc([]string{"docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "podman", "cni"}, func(p string) bool { return strings.HasPrefix(i.Name, p) })
		return inner || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagPointToPoint != 0 || len(addressesOf(i)) == 0
	})
}

// networks are where this node announces itself and looks.
func (n *Node) networks() []net.Interface {
	if n.options.Networks != nil {
		return n.options.Networks()
	}
	return networks()
}

func addressesOf(i net.Interface) (list []net.IP) {
	all, err := i.Addrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		if n, isNet := a.(*net.IPNet); isNet {
			list = append(list, n.IP)
		}
	}
	return list
}

// sharedAddresses are RFC 6598's, which networks laid over others use.
var sharedAddresses = netip.MustParsePrefix("100.64.0.0/10")

// isNear reports an address that no other network routes to, or one of a network that this machine is on: an address that
// the whole world reaches must not turn a laptop into a server for the whole world.
func isNear(ip netip.Addr, own []netip.Prefix) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || sharedAddresses.Contains(ip) ||
		slices.ContainsFunc(own, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func ownPrefixes() (list []netip.Prefix) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p.Masked())
		}
	}
	return list
}

// How many connections a door holds at once, and of them from one address. Each costs little, and there are few neighbours.
const (
	mostConnections = 64
	mostFromOne     = 8
)

// nearby takes connections from near addresses only, and not many from one.
func nearby(l net.Listener) net.Listener { return &near{Listener: l, from: map[netip.Addr]int{}} }

type near struct {
	net.Listener
	mu   sync.Mutex
	all  int
	from map[netip.Addr]int
}

func (n *near) Accept() (net.Conn, error) {
	for {
		conn, err := n.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err != nil || !isNear(at.Addr(), ownPrefixes()) || !n.enter(at.Addr()) {
			conn.Close()
			continue
		}
		return &nearConn{Conn: conn, leave: sync.OnceFunc(func() { n.leave(at.Addr()) })}, nil
	}
}

func (n *near) enter(ip netip.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all >= mostConnections || n.from[ip] >= mostFromOne {
		return false
	}
	n.all++
	n.from[ip]++
	return true
}

func (n *near) leave(ip netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all--
	if n.from[ip]--; n.from[ip] == 0 {
		delete(n.from, ip)
	}
}

type nearConn struct {
	net.Conn
	leave func()
}

func (c *nearConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
