package node

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/store"
)

// door opens one on this machine alone, and gives the way in.
func door(t testing.TB, n *Node) Link {
	t.Helper()
	d := must2(n.OpenDoor(DoorOptions{Address: "127.0.0.1:0", Silent: true}))
	t.Cleanup(func() { d.Close() })
	links := d.Links()
	if len(links) != 1 {
		t.Fatalf("links: %v", links)
	}
	return links[0]
}

func refusedAs(err error) string {
	var r *record.Refusal
	if !errors.As(err, &r) {
		return ""
	}
	return r.Code
}

// Two laptops that have met before, in a place without a network to anywhere: what each wrote is on both.
func TestNeighboursExchange(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	other, bea := joined(t, ana, url, "Bea")
	inStep(t, url, ana, bea)
	link := door(t, n)
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	must(t, do(t, bea, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	sum := must2(bea.Exchange(t.Context(), link.String(), nil))
	if sum.Sent == 0 || sum.Received == 0 || !sum.Complete || sum.BytesIn == 0 {
		t.Errorf("what was exchanged: %+v", sum)
	}
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Fatalf("the views differ:\n%s\n%s", a, b)
	}
	if got := trees(t, ana); !slices.Contains(got, "mangle 0") {
		t.Errorf("what the neighbour brought is not shown: %q", got)
	}
	if p := must2(bea.Pending()); p.Commits != 0 {
		t.Errorf("what the neighbour holds is only here: %+v", p)
	}
	if other.Relay() != url {
		t.Errorf("the relay is now %q", other.Relay())
	}
	// Nothing new: one question. It is the receipt for whom was asked, too.
	if sum = must2(bea.Exchange(t.Context(), link.String(), nil)); sum.RoundTrips != 1 {
		t.Errorf("with nothing new there were %d round trips", sum.RoundTrips)
	}
	if p := must2(ana.Pending()); p.Commits != 0 || p.Exchanged.IsZero() {
		t.Errorf("what the neighbour says it holds is only here: %+v", p)
	}
	places := must2(n.Places())
	if i := slices.IndexFunc(places, func(p Place) bool { return p.Kind == PlaceGuest }); i < 0 || places[i].Member != record.ID(bea.member.ID) {
		t.Errorf("who asked: %+v", places)
	}
	met := must2(other.Neighbours())
	if len(met) != 1 || met[0].Link != link || met[0].At.IsZero() {
		t.Errorf("neighbours: %+v", met)
	}
}

// Nobody needs to be unlocked for a machine to answer, and its own work waits for no relay.
func TestALockedMachineAnswers(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	_, bea := joined(t, ana, url, "Bea")
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	must(t, do(t, bea, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	ana.Lock()
	link := door(t, n)
	if _, err := bea.Exchange(t.Context(), link.String(), nil); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, bea); !slices.Contains(got, "ceiba 0") {
		t.Errorf("from the locked machine came %q", got)
	}
	ana = must2(n.Unlock(t.Context(), "", []byte(pass)))
	if got := trees(t, ana); !slices.Contains(got, "mangle 0") {
		t.Errorf("what came while it was locked: %q", got)
	}
	must(t, do(t, ana, "tree.plant", "t3", map[string]any{"name": "roble"}))
	if _, err := bea.Exchange(t.Context(), link.String(), nil); err != nil {
		t.Fatal(err)
	}
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Fatalf("the views differ:\n%s\n%s", a, b)
	}
}

// Somebody is let in where there is no relay at all: the answer is carried on paper, the keys come over the air between two
// machines.
func TestJoiningAtANeighbours(t *testing.T) {
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	other, req, err := Join(t.TempDir(), forestRegistry(t), must2(ana.Invite(t.Context(), working())), "Bea", pass, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	link := door(t, n)
	if _, err := other.ExchangeAs(t.Context(), "", []byte(pass), link.String(), nil); refusedAs(err) != "neighbour_does_not_know_you" {
		t.Errorf("before being let in: %v", err)
	}
	must2(ana.Accept(t.Context(), req))
	if _, err := other.ExchangeAs(t.Context(), "", []byte(pass), link.String(), nil); err != nil {
		t.Fatal(err)
	}
	bea := must2(other.Unlock(t.Context(), "", []byte(pass)))
	again := must2(other.Neighbour(link.Pin.String())) // by its code, now that it is known
	must2(bea.Exchange(t.Context(), again.String(), nil))
	if a, b := digestsOf(t, ana), digestsOf(t, bea); !strings.Contains(a, strings.Fields(b)[0]) {
		t.Errorf("the views differ:\n%s\n%s", a, b)
	}
}

// Another key at the same address: nothing is sent, and it is said in words that are not those of a failed network.
func TestAnotherKeyAnswers(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	other, bea := joined(t, ana, url, "Bea")
	link := door(t, n)

	heard := make(chan []byte, 16)
	listener := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		heard <- raw
	}))
	listener.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	listener.Config.ErrorLog = noLog
	listener.StartTLS() // with any certificate, under any name
	defer listener.Close()
	at := hostOf(t, listener.URL)

	wrong := newPin(t)
	for name, l := range map[string]Link{
		"another device that answers for every name": {Address: at, Pin: link.Pin},
		"the right device, another code":             {Address: link.Address, Pin: wrong},
	} {
		sum, err := bea.Exchange(t.Context(), l.String(), nil)
		if refusedAs(err) != "wrong_key" || !errors.Is(err, seal.ErrPin) || sum.RoundTrips > 1 {
			t.Errorf("%s: %v after %d questions", name, err, sum.RoundTrips)
		}
	}
	select {
	case raw := <-heard:
		t.Errorf("who holds another key heard %d bytes", len(raw))
	default:
	}
	if met := must2(other.Neighbours()); len(met) != 0 {
		t.Errorf("who did not hold the key is remembered: %+v", met)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	if _, err := bea.Exchange(t.Context(), Link{Address: hostOf(t, plain.URL), Pin: link.Pin}.String(), nil); refusedAs(err) != "wrong_key" {
		t.Errorf("a page in clear: %v", err)
	}
	gone := must2(net.Listen("tcp", "127.0.0.1:0"))
	gone.Close()
	if _, err := bea.Exchange(t.Context(), Link{Address: gone.Addr().String(), Pin: link.Pin}.String(), nil); refusedAs(err) != "neighbour_unreachable" {
		t.Errorf("nobody: %v", err)
	}
}

func hostOf(t testing.TB, text string) string {
	t.Helper()
	return must2(url.Parse(text)).Host
}

// The revoked learn at a neighbour's that they are, and are given nothing sealed.
func TestTheRevokedAtANeighbours(t *testing.T) {
	relay := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	other, bea := joined(t, ana, relay, "Bea")
	id := bea.member.ID
	must2(0, ana.Revoke(t.Context(), []journal.MemberID{id}, "se fue"))
	must(t, do(t, ana, "tree.plant", "t9", map[string]any{"name": "secreto"}))
	secret := n.journal.Head(ana.member.WriterID()).Seq
	sum, err := bea.Exchange(t.Context(), door(t, n).String(), nil)
	if !sum.Revoked {
		t.Errorf("who is revoked is not told: %+v, %v", sum, err)
	}
	other.later.Wait()
	if _, err := other.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, ErrRevoked) {
		t.Errorf("unlocking afterwards: %v", err)
	}
	w, sealed := ana.member.WriterID(), 0
	run, ok, err := other.journal.NextRun(w, secret, 1)
	if err != nil || !ok {
		t.Fatalf("that something was written is not for the revoked to know: %v, %v", ok, err)
	}
	for j, p := range run.First().Header.Parts {
		if p.Tag != 0 {
			if sealed++; run.First().Parts[j] != nil {
				t.Error("the revoked were given a sealed part")
			}
		}
	}
	if sealed == 0 {
		t.Fatal("nothing sealed was written")
	}
	places := must2(n.Places())
	if slices.ContainsFunc(places, func(p Place) bool { return p.Kind == PlaceGuest }) {
		t.Errorf("what the revoked say they hold counts: %+v", places)
	}
}

// Whoever is not of this workspace, or looks around, learns nothing.
func TestStrangersAtTheDoor(t *testing.T) {
	n, _ := founded(t, t.TempDir())
	defer n.Close()
	stranger, eva := founded(t, t.TempDir())
	defer stranger.Close()
	link := door(t, n)
	if sum, err := eva.Exchange(t.Context(), link.String(), nil); refusedAs(err) != "neighbour_does_not_know_you" || sum.Received != 0 {
		t.Errorf("another workspace: %v, %+v", err, sum)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: link.Pin.TLS()}}
	for _, path := range []string{"/", "/healthz", "/unlock", "/board", "/assets/paper.css", "/api/v1/queries/person.find", wire.Path} {
		response, err := client.Get("https://" + link.Address + path)
		if err != nil {
			t.Fatal(err)
		}
		body := must2(io.ReadAll(response.Body))
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound || len(body) > 0 || response.Header.Get("Server") != "" {
			t.Errorf("%s: %d, %q", path, response.StatusCode, body)
		}
	}
	response, err := client.Post("https://"+link.Address+wire.Path, wire.MediaType, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %d", response.StatusCode)
	}
	if met := must2(n.placeList()); len(met) != 0 {
		t.Errorf("strangers are remembered: %+v", met)
	}
}

// A device that says it holds what is not written yet does not make it count as kept elsewhere, nor as gone from here.
func TestAGuestsWordGoesAsFarAsWhatIsHere(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	_, bea := joined(t, ana, url, "Bea")
	must(t, do(t, bea, "tree.plant", "t0", map[string]any{"name": "mangle"}))
	inStep(t, url, bea, ana)
	own := ana.member.WriterID()
	g := &guest{JournalCopy: n.Copy(), node: n, ask: &wire.Ask{Writer: bea.member.WriterID()}}
	must2(0, g.heard(t.Context(), journal.Vector{own: 1 << 40}))
	head := n.journal.Head(own).Seq
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	if p := must2(ana.Pending()); p.Commits == 0 {
		t.Error("what nobody else can have is not only here")
	}
	if gone := must2(n.gone())[own]; gone > head {
		t.Errorf("commits up to %d have left, and up to %d were written", gone, head)
	}
}

func TestADoorClosesByItself(t *testing.T) {
	now := turning(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	n := must2(Found(t.TempDir(), forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: now.wall}))
	defer n.Close()
	d := must2(n.OpenDoor(DoorOptions{Address: "127.0.0.1:0", Silent: true, Lasts: 8 * time.Hour}))
	if again := must2(n.OpenDoor(DoorOptions{Lasts: 12 * time.Hour})); again != d || n.Door() != d {
		t.Error("a second door beside an open one")
	}
	if want := now.wall().Add(12 * time.Hour); !d.Until().Equal(want) {
		t.Errorf("until %s, want %s", d.Until(), want)
	}
	now.turn(13 * time.Hour)
	d.closing.Reset(time.Millisecond)
	<-d.ended
	if n.Door() != nil {
		t.Error("it is still open")
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	first := must2(n.Pin())
	if again := must2(n.OpenDoor(DoorOptions{Address: "127.0.0.1:0", Silent: true})); again.key.Pin() != first || first != d.key.Pin() {
		t.Error("the device has another key after closing and opening")
	}
}

// The folder was put back to an earlier state and locked; a neighbour brings what was written after that. Who wrote it goes on
// as another writer.
func TestOnesOwnCommitsComeBackWhileLocked(t *testing.T) {
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	w := ana.member.WriterID()
	n.mu.Lock()
	err := errors.Join(n.cameBack(w), n.cameBack(w), n.cameBack(journal.WriterID{9}))
	n.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	ana.Lock()
	ana = must2(n.Unlock(t.Context(), "", []byte(pass)))
	second := ana.member.WriterID()
	if second == w {
		t.Error("it goes on with a chain that somebody else continued")
	}
	ana.Lock()
	if ana = must2(n.Unlock(t.Context(), "", []byte(pass))); ana.member.WriterID() != second {
		t.Error("a new writer at each unlocking")
	}
}

func TestWhoIsNear(t *testing.T) {
	own := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/26")}
	for text, want := range map[string]bool{"127.0.0.1": true, "192.168.4.7": true, "10.1.2.3": true, "172.20.0.1": true, "169.254.3.3": true, "100.100.1.2": true, "::1": true,
		"fd12::4": true, "fe80::1%eth0": true, "203.0.113.9": true, "::ffff:192.168.4.7": true, "203.0.113.99": false, "8.8.8.8": false, "2001:db8::1": false, "172.32.0.1": false, "::ffff:8.8.8.8": false} {
		if got := isNear(netip.MustParseAddr(text), own); got != want {
			t.Errorf("%s: near %v", text, got)
		}
	}
}

// One address cannot take all places, and a place is free again when its connection ends.
func TestPlacesAtTheDoor(t *testing.T) {
	l := nearby(must2(net.Listen("tcp", "127.0.0.1:0"))).(*near)
	defer l.Close()
	var here []net.Conn
	for range mostFromOne {
		c := must2(net.Dial("tcp", l.Addr().String()))
		defer c.Close()
		here = append(here, must2(l.Accept()))
	}
	took := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			took <- c
		}
		close(took)
	}()
	one := must2(net.Dial("tcp", l.Addr().String()))
	if _, err := one.Read(make([]byte, 1)); err == nil {
		t.Error("one too many is let in")
	}
	one.Close()
	here[0].Close()
	here[0].Close()
	two := must2(net.Dial("tcp", l.Addr().String()))
	defer two.Close()
	if c := <-took; c == nil {
		t.Error("the free place is not given")
	}
	for i := range 3 * mostConnections {
		l.enter(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	if l.all != mostConnections {
		t.Errorf("%d connections at once", l.all)
	}
}

// A question that is written by an unchanged program is put back as it was.
func TestTheFirstFrameIsPutBack(t *testing.T) {
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	ask := wire.Ask{Version: wire.Version, Workspace: n.Workspace(), Writer: ana.member.WriterID(), Time: 1}
	signed := must2(ask.Sign(ana.member.Writer))
	var body bytes.Buffer
	out := wire.NewFrameWriter(&body)
	must2(0, errors.Join(out.Write(wire.FrameAsk, signed), out.End(wire.Enough{})))
	whole := slices.Clone(body.Bytes())
	var read, back []byte
	var from journal.WriterID
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := firstFrame(w, r)
		if err == nil {
			from = got.Writer
			back, err = io.ReadAll(r.Body)
		}
		if err != nil {
			read = []byte(err.Error())
		}
	}))
	defer server.Close()
	response := must2(http.Post(server.URL+wire.Path, wire.MediaType, &body))
	response.Body.Close()
	if read != nil || from != ana.member.WriterID() || !bytes.Equal(back, whole) {
		t.Errorf("%s; from %s; %d bytes of %d", read, from, len(back), len(whole))
	}
}

// Files travel between neighbours as through a relay: a chunk is given to who names it, and taken when it is of a file that is
// known here.
func TestFilesAtTheDoor(t *testing.T) {
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	sealed := bytes.Repeat([]byte("sealed"), 100)
	place := journal.PartPlace{Writer: ana.member.WriterID(), Seq: 1, Index: 0}
	other := []byte("of no file")
	must2(0, n.files.Register(store.File{ID: record.ID{1}, Place: place, Time: 1, Size: int64(len(sealed)), Chunks: [][32]byte{seal.Digest(sealed)}}))
	link := door(t, n)
	ask := func(by seal.Signer, bring []byte, names ...[32]byte) (given [][]byte, end wire.ChunkEnd, status int) {
		t.Helper()
		a := wire.ChunkAsk{Version: wire.Version, Workspace: n.Workspace(), Writer: journal.WriterOf(by.Public()), Time: time.Now().UnixMilli(), Have: wire.PackNames(names), Get: wire.PackNames(names)}
		copy(a.Nonce[:], draw(12))
		var body bytes.Buffer
		out := wire.NewFrameWriter(&body)
		err := out.Write(wire.FrameAsk, must2(a.Sign(by)))
		if bring != nil {
			err = errors.Join(err, out.Write(wire.FrameChunk, (&wire.Chunk{Place: place, Data: bring}).Pack()))
		}
		must2(0, errors.Join(err, out.End(wire.Enough{})))
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: link.Pin.TLS()}}
		response := must2(client.Post("https://"+link.Address+wire.ChunksPath, wire.MediaType, &body))
		defer response.Body.Close()
		for frames := wire.NewFrameReader(response.Body); response.StatusCode == http.StatusOK; {
			kind, payload, err := frames.Next()
			if err != nil {
				t.Fatal(err)
			}
			if kind == wire.FrameChunk {
				given = append(given, payload)
			}
			if kind == wire.FrameEnd {
				must2(0, wire.Unmarshal(payload, &end))
				break
			}
		}
		return given, end, response.StatusCode
	}
	name := seal.Digest(sealed)
	if given, end, _ := ask(ana.member.Writer, nil, name); len(given) != 0 || !slices.Equal(end.Have, []byte{0}) || !slices.Equal(end.Missing, []byte{1}) {
		t.Errorf("before it was brought: %d given, %+v", len(given), end)
	}
	if _, end, _ := ask(ana.member.Writer, other); !slices.Equal(end.Took, []byte{wire.ChunkEarly}) {
		t.Errorf("a chunk of no file: %+v", end)
	}
	if _, end, _ := ask(ana.member.Writer, sealed); !slices.Equal(end.Took, []byte{wire.ChunkKept}) {
		t.Errorf("a chunk of a file: %+v", end)
	}
	if given, end, _ := ask(ana.member.Writer, nil, name); len(given) != 1 || !bytes.Equal(given[0], sealed) || !slices.Equal(end.Have, []byte{1}) {
		t.Errorf("afterwards: %d given, %+v", len(given), end)
	}
	must2(0, n.journal.Hold(record.ID{2}, []journal.PartPlace{place}))
	if given, end, _ := ask(ana.member.Writer, nil, name); len(given) != 0 || !slices.Equal(end.Missing, []byte{1}) {
		t.Errorf("a chunk of a part that is held back: %d given, %+v", len(given), end)
	}
	if _, _, status := ask(must2(seal.NewSigner()), nil, name); status != http.StatusForbidden {
		t.Errorf("a stranger: %d", status)
	}
}

func TestTheDeviceOfARevokedMemberIsBroughtNothing(t *testing.T) {
	relay := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	other, bea := joined(t, ana, relay, "Bea")
	link := door(t, other)
	if _, err := ana.Exchange(t.Context(), link.String(), nil); err != nil {
		t.Fatal(err)
	}
	must2(0, ana.Revoke(t.Context(), []journal.MemberID{bea.member.ID}, "se fue"))
	bare := link
	bare.Member = record.ID{} // its member is remembered
	for _, l := range []Link{link, bare} {
		if sum, err := ana.Exchange(t.Context(), l.String(), nil); refusedAs(err) != "neighbour_revoked" || sum.RoundTrips != 0 {
			t.Errorf("%s: %v after %d questions", l, err, sum.RoundTrips)
		}
	}
}
