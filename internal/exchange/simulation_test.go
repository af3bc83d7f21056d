package exchange_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// A workspace is played: members write, exchange with a relay, carry files to each other and are cut off from the relay;
// administrators revoke members, also each other, without having heard of everything. Some of the revoked go on as if
// nothing had happened. When the relay can be reached again, everybody who still works here must hold the same.

// player is a device and what its owner does.
type player struct {
	*node
	said   journal.Vector // what was held when it last vouched
	rogue  bool           // goes on as before when revoked
	away   bool           // the relay cannot be reached
	barred bool           // the relay withholds what is sealed from it: it passes nothing on
	locked bool           // the device heard that it is revoked, and wiped its keys; nothing brings them back
}

func (p *player) roll() *journal.Roll { return p.Copy.(*exchangetest.Memory).Roll() }

// active reports whether the device thinks that it may write.
func (p *player) active() bool { return p.roll().Active(p.Keys.Member()) }

type play struct {
	*testing.T
	rand    *rand.Rand
	relay   *network
	founder *player
	players []*player
	wrote   map[journal.WriterID]uint64 // before the writer knew of being revoked
	knew    []knew
	path    string
	healed  bool // everybody has brought what they have
}

func (g *play) pick(from []*player) *player { return from[g.rand.IntN(len(from))] }

func (g *play) administrators() (list []*player) {
	for _, p := range g.players {
		if !p.locked && p.active() && p.roll().Administers(p.Keys.Member()) {
			list = append(list, p)
		}
	}
	return list
}

// write lets a player write, if they would.
func (g *play) write(p *player) {
	if p.locked || !p.active() && !p.rogue {
		return
	}
	bodies := exchangetest.Bodies(1+g.rand.IntN(3), 30, g.rand.Uint64())
	if g.rand.IntN(2) == 0 {
		p.Copy.(*exchangetest.Memory).Trust(p.Make(bodies...))
	} else {
		for _, body := range bodies {
			p.Copy.(*exchangetest.Memory).Trust(p.Make(body))
		}
	}
	g.note(p)
}

func (g *play) note(p *player) {
	if p.active() {
		g.wrote[p.Writer()] = p.Last.Seq
	}
}

// tend is what a node does after something arrived: it vouches for what it had before it heard of a revocation.
func (g *play) tend(p *player) {
	if p.locked || !p.active() {
		return
	}
	held := exchangetest.VectorOf(g, p.Copy)
	for w, seq := range held {
		if cut, revoked, err := p.Copy.(wire.Keys).Cut(g.Context(), w, journal.MemberID{}); err != nil {
			g.Fatal(err)
		} else if revoked && seq > cut && seq > p.said[w] {
			p.Vouch()
			p.said = held
			g.Logf("%s vouches %d for %s %d beyond %d", p.Name, p.Last.Seq, w, seq, cut)
			g.note(p)
			return
		}
	}
}

func (g *play) exchange(p *player) exchange.Summary {
	if p.away || p.locked || p.barred || exchangetest.VectorOf(g, p.Copy)[p.Writer()] == 0 {
		return exchange.Summary{}
	}
	sum, err := g.relay.try(p.node)
	if err != nil && !errors.Is(err, exchange.ErrNotAdmitted) {
		g.Fatalf("%s: %v", p.Name, err)
	}
	g.Logf("%s exchanges: sent %d received %d refused %v faults %v revoked %v active %v", p.Name, sum.Sent, sum.Received, sum.Refused, sum.Faults, sum.Revoked, g.whoActive(p))
	if mine := p.Writer(); err == nil && sum.Revoked && sum.Memory.Known[mine] < p.Last.Seq && !refusedAs(sum, mine, wire.FaultRevoked) {
		g.Fatalf("%s wrote %d commits, of which the relay holds %d, and nobody said why", p.Name, p.Last.Seq, sum.Memory.Known[mine])
	}
	p.barred = p.barred || sum.Revoked
	p.locked = p.locked || sum.Revoked && !p.rogue
	if len(sum.Hidden) > 0 && g.healed { // until then it may not have been brought yet
		g.Fatalf("%s accuses the relay: %v", p.Name, sum.Hidden)
	}
	for _, f := range sum.Faults {
		if f.Code != wire.FaultRevoked {
			g.Fatalf("%s: %v", p.Name, f)
		}
	}
	for _, r := range sum.Refused {
		if r.Code != wire.FaultRevoked && r.Code != wire.NoteParked {
			g.Fatalf("%s: %v", p.Name, r)
		}
	}
	g.tend(p)
	return sum
}

func (g *play) whoActive(p *player) (names string) {
	for _, o := range g.players {
		if _, known := p.roll().Members[o.Keys.Member()]; known {
			cut, revoked := p.roll().RevokedCut(o.Writer())
			if revoked {
				names += fmt.Sprintf("%s(%d of %d) ", o.Name, cut, exchangetest.VectorOf(g, p.Copy)[o.Writer()])
			} else {
				names += fmt.Sprintf("%s:%d ", o.Name, exchangetest.VectorOf(g, p.Copy)[o.Writer()])
			}
		}
	}
	return names
}

func (g *play) carry(from, to *player) {
	if from.locked || to.locked || from.barred {
		return
	}
	if _, err := exchange.WriteBundle(g.Context(), g.path, bundleFor(from.Workspace.ID, nil), from.Copy); err != nil {
		g.Fatal(err)
	}
	if _, err := exchange.ReadBundle(g.Context(), g.path, reading(from.Workspace.ID), to.Copy); err != nil {
		g.Fatal(err)
	}
	g.Logf("%s carries to %s: %s", from.Name, to.Name, g.whoActive(to))
	g.tend(to)
}

// knew is what who revoked a member knew of the member's chains.
type knew struct {
	by   *player
	in   uint64 // the commit that says so
	upTo journal.Vector
}

func (g *play) revoke(by, of *player) {
	if by == of || !by.roll().Active(of.Keys.Member()) {
		return
	}
	known := journal.Vector{}
	for w, seq := range exchangetest.VectorOf(g, by.Copy) {
		if by.roll().MemberOf(w) == of.Keys.Member() {
			known[w] = seq
		}
	}
	var devices []*exchangetest.Device
	for _, p := range g.players {
		if p.Keys.Member() == of.Keys.Member() {
			devices = append(devices, p.Device)
		}
	}
	by.Revoke(devices...)
	g.knew = append(g.knew, knew{by, by.Last.Seq, known})
	g.Logf("%s revokes %s in %d: %s", by.Name, of.Name, by.Last.Seq, g.whoActive(by))
	g.note(by)
}

func (g *play) step() {
	p := g.pick(g.players)
	switch g.rand.IntN(12) {
	case 0, 1, 2:
		g.write(p)
	case 3, 4, 5, 6:
		g.exchange(p)
	case 7, 8:
		g.carry(p, g.pick(g.players))
	case 9:
		p.away = !p.away
	case 10:
		if by := g.administrators(); len(by) > 0 {
			g.revoke(g.pick(by), p)
		}
	case 11: // an administrator lets somebody in, who comes with what the administrator holds
		if by := g.administrators(); len(by) > 0 && len(g.players) < 8 {
			host := g.pick(by)
			guest := &player{node: &node{Device: g.founder.Stranger(fmt.Sprint("guest ", len(g.players)), nil)}, away: g.rand.IntN(2) == 0}
			host.Keep(host.Control(journal.ControlAdmit, guest.Keys))
			g.note(host)
			g.carry(host, guest)
			guest.Begin()
			g.note(guest)
			g.players = append(g.players, guest)
			g.Logf("%s lets %s in", host.Name, guest.Name)
		}
	}
}

// heal lets everybody exchange until nothing changes any more.
func (g *play) heal() {
	for round, before := 0, ""; ; round++ {
		now := ""
		for _, p := range g.players {
			p.away = false
			sum := g.exchange(p)
			now += fmt.Sprint(p.Last.Seq, sum.Sent, sum.Received, missing(g.T, p.Copy), " ")
		}
		if now == before && g.healed {
			return
		}
		g.healed = now == before // once more: now there is nothing to accuse anybody of
		if before = now; round > 20 {
			g.Fatal("it does not come to rest")
		}
	}
}

func playOut(t *testing.T, store relay.Store, seed uint64) (revoked, lost int) {
	w := exchangetest.Found(t, 1000+seed, nil)
	g := &play{T: t, rand: rand.New(rand.NewPCG(seed, 7)), relay: newNetwork(t, store), wrote: map[journal.WriterID]uint64{},
		path: filepath.Join(t.TempDir(), "carried")}
	g.founder = &player{node: &node{Device: w.Founder}}
	g.players = []*player{g.founder}
	for i := range 2 + g.rand.IntN(3) {
		p := &player{node: &node{Device: w.Join(fmt.Sprint("m", i), nil)}, rogue: g.rand.IntN(3) == 0}
		if i < 2 {
			w.Founder.Empower(p.Device)
		}
		g.players = append(g.players, p)
	}
	if second := g.players[1].Another("m0's other device"); true {
		g.players = append(g.players, &player{node: &node{Device: second}})
	}
	for _, p := range g.players {
		g.note(p)
		g.Logf("%s %s rogue %v", p.Name, p.Writer(), p.rogue)
	}
	for range 30 + g.rand.IntN(40) {
		g.step()
	}
	g.heal()

	// Somebody is left, and whoever is left has lost nothing.
	held, err := store.Workspace(t.Context(), w.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := exchangetest.VectorOf(t, held)
	least := journal.Vector{}
	for _, k := range g.knew {
		for w, seq := range k.upTo {
			if k.in <= want[k.by.Writer()] { // who was revoked before saying so has said nothing
				least[w] = max(least[w], seq)
			}
		}
	}
	var reference *player
	for _, p := range g.players {
		keys := held.(wire.Keys)
		cut, gone, err := keys.Cut(t.Context(), p.Writer(), p.Keys.Member())
		if err != nil {
			t.Fatal(err)
		}
		if _, admitted, err := keys.Member(t.Context(), p.Keys.Member()); err != nil {
			t.Fatal(err)
		} else if !admitted {
			continue // let in by somebody who could no longer, and nobody heard of it in time
		}
		if gone {
			revoked++
			if want[p.Writer()] < least[p.Writer()] || want[p.Writer()] > cut {
				t.Errorf("of %s, who is revoked, %d commits are held; %d were known, %d stand", p.Name, want[p.Writer()], least[p.Writer()], cut)
			}
			if p.Last.Seq > want[p.Writer()] {
				lost++
			}
			if p.active() {
				t.Errorf("%s is revoked and does not know", p.Name)
			}
			continue
		}
		if p.locked || !p.active() { // heard that it is revoked, by somebody whose word does not stand: administrators revoked each other
			continue
		}
		if want[p.Writer()] != g.wrote[p.Writer()] || p.Last.Seq != want[p.Writer()] {
			t.Errorf("%s works here and wrote %d commits (%d), of which %d are held", p.Name, p.Last.Seq, g.wrote[p.Writer()], want[p.Writer()])
		}
		exchangetest.Same(t, p.Copy, held)
		if reference == nil {
			reference = p
		} else if !reflect.DeepEqual(reference.roll(), p.roll()) {
			t.Errorf("%s and %s believe different people", reference.Name, p.Name)
		}
	}
	return revoked, lost
}

func TestRevokedDuringAPartition(t *testing.T) {
	store := sqlite(t)
	const seeds = 40 // internal/journaltest plays hundreds on real disks
	revoked, lost := 0, 0
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r, l := playOut(t, store, seed)
			revoked, lost = revoked+r, lost+l
		})
	}
	if revoked < seeds/2 || lost < seeds/8 {
		t.Errorf("%d revoked, %d of them with work that was refused: that shows little", revoked, lost)
	}
}
