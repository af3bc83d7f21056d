package node

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"amparo/internal/journal"
)

// On the networks of this machine alone, over its loopback: what is announced is found by who holds the pin, and says nothing
// to anybody else.
func TestDevicesFindEachOther(t *testing.T) {
	t.Parallel()
	on := loopback(t)
	relay := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	other, bea := joined(t, ana, relay, "Bea")
	foreign, _ := founded(t, t.TempDir())
	defer foreign.Close()
	if found := must2(other.Look(t.Context(), on)); len(found) != 0 {
		t.Errorf("before a door is open: %+v", found)
	}
	d := must2(n.OpenDoor(DoorOptions{Address: "127.0.0.1:0", On: on}))
	found := must2(other.Look(t.Context(), on))
	if len(found) != 1 || found[0].Met || !strings.HasSuffix(found[0].Address, d.Links()[0].Address[len("127.0.0.1"):]) {
		t.Fatalf("found: %+v, want %v", found, d.Links())
	}
	must2(bea.Exchange(t.Context(), d.Links()[0].String(), nil))
	if found = must2(other.Look(t.Context(), on)); len(found) != 1 || !found[0].Met || found[0].Link.Pin != d.key.Pin() {
		t.Errorf("met before: %+v", found)
	}
	if found := must2(n.Look(t.Context(), on)); len(found) != 0 {
		t.Errorf("it finds itself: %+v", found)
	}
	if found := must2(foreign.Look(t.Context(), on)); len(found) != 0 {
		t.Errorf("another workspace finds it: %+v", found)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if found := must2(other.Look(t.Context(), on)); len(found) != 0 {
		t.Errorf("after closing: %+v", found)
	}
}

// Two that know each other and are both open find each other and exchange, without anybody pressing anything; whose member was
// revoked is not brought anything.
func TestNeighboursExchangeByThemselves(t *testing.T) {
	t.Parallel()
	on := loopback(t)
	relay := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	other, bea := joined(t, ana, relay, "Bea")
	other.options.Networks = func() []net.Interface { return on }
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	d := must2(n.OpenDoor(DoorOptions{Address: "127.0.0.1:0", On: on}))
	if err := bea.ExchangeNearby(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, bea); slices.Contains(got, "ceiba 0") {
		t.Error("it exchanges with a device that it never met")
	}
	stale := d.Links()[0]
	stale.Address = "127.0.0.1:1" // where it was on another network
	must2(0, other.met(Place{Kind: PlaceNeighbour, Name: stale.Pin.String(), Address: stale.Address, Member: stale.Member}))
	if err := bea.ExchangeNearby(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, bea); !slices.Contains(got, "ceiba 0") {
		t.Errorf("from a device that was met came %q", got)
	}
	must(t, do(t, bea, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	must2(0, other.met(Place{Kind: PlaceNeighbour, Name: stale.Pin.String(), Address: stale.Address}))
	if sum := must2(bea.ExchangeNeighbour(t.Context(), stale.Pin.String(), nil)); sum.Sent != 1 {
		t.Errorf("by its code, where it is now: %+v", sum)
	}
}

// What goes over the network in the clear, asked by somebody who knows the workspace, names neither it nor the machine, and is
// not the same the day after, nor after the next opening.
func TestWhatIsAnnouncedNamesNobody(t *testing.T) {
	now := turning(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	n := must2(Found(t.TempDir(), forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: now.wall}))
	defer n.Close()
	pin := must2(n.Pin())
	a := &announcement{node: n, instance: "1f2e3d4c5b6a7988", port: 8462, ips: []net.IP{net.IPv4(192, 168, 1, 5)}, text: []string{"h=" + pin.Recognition("1f2e3d4c5b6a7988")}}
	question := func(day time.Time) dns.Question {
		return dns.Question{Name: service(n.Workspace(), day) + ".local.", Qtype: dns.TypePTR, Qclass: dns.ClassINET}
	}
	records := a.Records(question(now.wall()))
	if len(records) < 4 {
		t.Fatalf("%d records", len(records))
	}
	machine := must2(os.Hostname())
	for _, r := range records {
		text := strings.ToLower(r.String())
		for _, name := range []string{"amparo", n.Workspace().String(), strings.ToLower(machine), strings.ToLower(pin.String()), strings.ToLower(strings.ReplaceAll(pin.String(), "-", "")), "bosque", "ana"} {
			if strings.Contains(text, name) {
				t.Errorf("%s says %q", r, name)
			}
		}
	}
	for days, want := range map[int]bool{-2: false, -1: true, 1: true, 2: false} {
		if got := len(a.Records(question(now.wall().AddDate(0, 0, days)))) > 0; got != want {
			t.Errorf("asked as %d days from now: answered %v", days, got)
		}
	}
	for _, name := range []string{"_services._dns-sd._udp.local.", "_https._tcp.local.", machine + ".local.", service(journal.WorkspaceID{1}, now.wall()) + ".local."} {
		for _, kind := range []uint16{dns.TypePTR, dns.TypeANY, dns.TypeA} {
			if got := a.Records(dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET}); len(got) > 0 {
				t.Errorf("%s is answered with %v", name, got)
			}
		}
	}
}

// A door that stays open, as on a machine that is a site's own, has another name every day.
func TestAnOpenDoorHasAnotherNameEveryDay(t *testing.T) {
	now := turning(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	n := must2(Found(t.TempDir(), forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: now.wall}))
	defer n.Close()
	d := must2(n.OpenDoor(DoorOptions{Address: "127.0.0.1:0", On: loopback(t)}))
	defer d.Close()
	name := func() string {
		for e := range n.ask(t.Context(), loopback(t)) {
			if e.Port == d.port() {
				name, _, _ := strings.Cut(e.Name, ".")
				return name
			}
		}
		return ""
	}
	announced := func() []stopper {
		n.doorMu.Lock()
		defer n.doorMu.Unlock()
		must2(0, d.announce())
		return slices.Clone(d.announced)
	}
	first, same := name(), announced()
	now.turn(2 * time.Hour)
	if first == "" || !slices.Equal(announced(), same) || name() != first {
		t.Fatalf("two hours later it is no longer called %q", first)
	}
	now.turn(24 * time.Hour)
	announced()
	if next := name(); next == "" || next == first {
		t.Errorf("a day later it is called %q, as before", next)
	}
}

func loopback(t testing.TB) []net.Interface {
	t.Helper()
	all := must2(net.Interfaces())
	i := slices.IndexFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 })
	if i < 0 {
		t.Fatal("no loopback")
	}
	return all[i : i+1]
}

// Devices of different versions find each other. The value was worked out with sha256sum.
func TestTheKindOfServiceStays(t *testing.T) {
	id := journal.WorkspaceID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	for at, want := range map[time.Time]string{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC): "_nc5a9b4720e._tcp", time.Date(2026, 3, 1, 23, 0, 0, 0, time.FixedZone("", -6*3600)): service(id, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))} {
		if got := service(id, at); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}
