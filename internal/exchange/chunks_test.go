package exchange_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// drawer keeps chunks in memory (exchange.ChunkCopy).
type drawer struct {
	place  journal.PartPlace
	here   map[[32]byte][]byte
	order  [][32]byte // those that are here, newest first
	wants  [][32]byte
	urgent bool
	there  map[[32]byte]bool
}

func newDrawer(p journal.PartPlace, chunks ...[]byte) *drawer {
	d := &drawer{place: p, here: map[[32]byte][]byte{}, there: map[[32]byte]bool{}}
	for _, c := range chunks {
		d.here[seal.Digest(c)] = c
		d.order = append(d.order, seal.Digest(c))
	}
	return d
}

func (d *drawer) Wanted(most int) (out []exchange.Chunk, err error) {
	for _, name := range d.wants {
		if d.here[name] == nil && len(out) < most {
			out = append(out, exchange.Chunk{Digest: name, Size: chunkSize, Place: d.place, Urgent: d.urgent})
		}
	}
	return out, nil
}

func (d *drawer) Unsent(most int) (out []exchange.Chunk, err error) {
	for _, name := range d.order {
		if !d.there[name] && len(out) < most {
			out = append(out, exchange.Chunk{Digest: name, Size: len(d.here[name]), Place: d.place})
		}
	}
	return out, nil
}

func (d *drawer) Read(name [32]byte) ([]byte, bool, error) {
	data, here := d.here[name]
	return data, here, nil
}

func (d *drawer) Take(data []byte) error {
	d.here[seal.Digest(data)] = data
	return nil
}

func (d *drawer) There(names [][32]byte) error {
	for _, n := range names {
		d.there[n] = true
	}
	return nil
}

const chunkSize = 60_000

func chunkNumber(n int) []byte { return bytes.Repeat([]byte{byte(n), 7, byte(n >> 8)}, chunkSize/3) }

// filed is a relay that holds two devices' commits, and a part to which files may belong.
func filed(t *testing.T, change ...func(*relay.Config)) (n *network, w *exchangetest.Workspace, b *exchangetest.Device, place journal.PartPlace, store *relay.SQLStore) {
	t.Helper()
	store = sqlite(t)
	n, w = newNetwork(t, store, change...), exchangetest.Found(t, 3, nil)
	b = w.Join("b", nil)
	run := w.Founder.Make(exchangetest.Body(300, 4))
	w.Founder.Keep(run)
	last := run.Last()
	for i, p := range last.Header.Parts {
		if p.Tag != 0 {
			place = journal.PartPlace{Writer: last.Writer, Seq: last.Seq, Index: uint8(i)}
		}
	}
	for _, d := range []*exchangetest.Device{w.Founder, b} {
		n.exchange(&node{Device: d})
	}
	return n, w, b, place, store
}

func (n *network) files(d *exchangetest.Device, c exchange.ChunkCopy, budget int64) (exchange.ChunkSummary, error) {
	n.tb.Helper()
	return exchange.Files(n.tb.Context(), n.asking(d), c, budget)
}

func (n *network) asking(d *exchangetest.Device) exchange.Options {
	return exchange.Options{URL: "http://relay", Workspace: d.Workspace.ID, Signer: d.Signer, Dial: n.dial, Attempts: 1}
}

func TestFilesMoveBothWays(t *testing.T) {
	n, w, b, place, _ := filed(t)
	mine := newDrawer(place, chunkNumber(1), chunkNumber(2), chunkNumber(3))
	sum, err := n.files(w.Founder, mine, -1)
	if err != nil || sum.Sent != 3 || sum.BytesOut != 3*chunkSize {
		t.Fatalf("%+v, %v", sum, err)
	}
	theirs := newDrawer(place)
	theirs.wants = slices.Concat(mine.order, [][32]byte{{9}}) // the last is nowhere
	if sum, err = n.files(b, theirs, -1); err != nil || sum.Received != 3 || !maps.EqualFunc(theirs.here, mine.here, bytes.Equal) {
		t.Fatalf("%+v, %v", sum, err)
	}
	if sum, err = n.files(w.Founder, mine, -1); err != nil || sum.RoundTrips != 0 {
		t.Errorf("with nothing to move: %+v, %v", sum, err)
	}
	// Who forgot what the relay holds asks by name and sends nothing again.
	mine.there = map[[32]byte]bool{}
	if sum, err = n.files(w.Founder, mine, -1); err != nil || sum.Sent != 0 || sum.RoundTrips != 1 || len(mine.there) != 3 {
		t.Errorf("having forgotten: %+v, %v", sum, err)
	}
}

func TestTheBudgetIsKeptAndWhatSomebodyWaitsForComesAllTheSame(t *testing.T) {
	n, w, b, place, _ := filed(t)
	mine := newDrawer(place, chunkNumber(1), chunkNumber(2), chunkNumber(3))
	sum, err := n.files(w.Founder, mine, 2*chunkSize+5)
	if err != nil || sum.Sent != 2 || !sum.Spent {
		t.Fatalf("%+v, %v", sum, err)
	}
	if sum, err = n.files(w.Founder, mine, chunkSize); err != nil || sum.Sent != 1 {
		t.Fatalf("it does not go on: %+v, %v", sum, err)
	}
	theirs := newDrawer(place)
	theirs.wants = mine.order
	if sum, err = n.files(b, theirs, 0); err != nil || sum.Received != 0 || sum.RoundTrips != 0 || !sum.Spent {
		t.Errorf("without a budget: %+v, %v", sum, err)
	}
	theirs.urgent = true
	if sum, err = n.files(b, theirs, 0); err != nil || sum.Received != 3 {
		t.Errorf("somebody waits: %+v, %v", sum, err)
	}
}

// Of what was on its way when the connection broke, every chunk that arrived whole stays, and none is sent twice.
func TestABrokenConnectionCostsOneChunkAtMost(t *testing.T) {
	n, w, _, place, store := filed(t)
	mine := newDrawer(place, chunkNumber(1), chunkNumber(2), chunkNumber(3), chunkNumber(4))
	cut(n, 1000+2*chunkSize+chunkSize/2, -1)
	if _, err := n.files(w.Founder, mine, -1); !errors.Is(err, exchange.ErrInterrupted) {
		t.Fatalf("it was not cut: %v", err)
	}
	n.wrap = nil
	n.quiet()
	have, err := store.HaveChunks(t.Context(), w.ID, mine.order)
	if err != nil || !slices.Equal(have[2:], []bool{false, false}) {
		t.Fatalf("%v, %v", have, err)
	}
	kept := 0
	for _, there := range have {
		if there {
			kept++
		}
	}
	if kept == 0 {
		t.Fatal("nothing that arrived whole was kept")
	}
	sum, err := n.files(w.Founder, mine, -1)
	if err != nil || sum.Sent != 4-kept {
		t.Errorf("%d were kept, and %d were sent after: %v", kept, sum.Sent, err)
	}
}

func TestARelayWithoutFilesIsNoError(t *testing.T) {
	n := newNetwork(t, &memoryStore{})
	w := exchangetest.Found(t, 3, nil)
	n.exchange(&node{Device: w.Founder})
	mine := newDrawer(journal.PartPlace{Writer: w.Founder.Writer(), Seq: 1, Index: 1}, chunkNumber(1))
	if sum, err := n.files(w.Founder, mine, -1); err != nil || !sum.None {
		t.Errorf("%+v, %v", sum, err)
	}
	n.handler = http.NotFoundHandler() // a proxy that lets commits through and nothing else
	if sum, err := n.files(w.Founder, mine, -1); err != nil || !sum.None {
		t.Errorf("behind a proxy: %+v, %v", sum, err)
	}
}

func TestARelayThatIsFullSaysSo(t *testing.T) {
	n, w, _, place, _ := filed(t, func(c *relay.Config) { c.Quota.Bytes = 150_000 })
	mine := newDrawer(place, chunkNumber(1), chunkNumber(2), chunkNumber(3))
	sum, err := n.files(w.Founder, mine, -1)
	if err != nil || !sum.Full || sum.Sent == 0 || sum.Sent == 3 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestStrangersAndTheRevokedAreGivenNoFiles(t *testing.T) {
	n, w, b, place, store := filed(t)
	mine := newDrawer(place, chunkNumber(1))
	if _, err := n.files(w.Founder, mine, -1); err != nil {
		t.Fatal(err)
	}
	theirs := newDrawer(place, chunkNumber(2))
	theirs.wants = mine.order
	stranger := w.Stranger("s", nil)
	w.Founder.Revoke(b)
	if _, err := n.try(&node{Device: w.Founder}); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*exchangetest.Device{"a stranger": stranger, "who was revoked": b} {
		sum, err := n.files(d, theirs, -1)
		if !errors.Is(err, &exchange.Refusal{Code: wire.RefusedWriter}) || sum.Received != 0 {
			t.Errorf("%s: %+v, %v", name, sum, err)
		}
	}
	if have, err := store.HaveChunks(t.Context(), w.ID, [][32]byte{seal.Digest(chunkNumber(2))}); err != nil || have[0] {
		t.Errorf("what they brought was kept: %v", err)
	}
}

// sayingOf answers every question about files with the same frames.
func sayingOf(t *testing.T, frames func(*wire.FrameWriter) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", wire.MediaType)
		if err := frames(wire.NewFrameWriter(w)); err != nil {
			t.Error(err)
		}
	})
}

func TestALyingRelayAboutFilesIsNotBelieved(t *testing.T) {
	n, w, _, place, _ := filed(t)
	hello := func(out *wire.FrameWriter) error {
		raw, err := wire.Marshal(wire.Hello{Version: wire.Version, Time: time.Now().UnixMilli()})
		if err != nil {
			return err
		}
		return out.Write(wire.FrameHello, raw)
	}
	for name, frames := range map[string]func(*wire.FrameWriter) error{
		"a chunk nobody asked for": func(out *wire.FrameWriter) error {
			return errors.Join(hello(out), out.Write(wire.FrameChunk, []byte("anything")), out.End(wire.ChunkEnd{}))
		},
		"no greeting": func(out *wire.FrameWriter) error { return out.End(wire.ChunkEnd{}) },
		"two greetings": func(out *wire.FrameWriter) error {
			return errors.Join(hello(out), hello(out), out.End(wire.ChunkEnd{}))
		},
		"a receipt too many": func(out *wire.FrameWriter) error {
			return errors.Join(hello(out), out.End(wire.ChunkEnd{Have: make([]byte, 40)}))
		},
		"another frame": func(out *wire.FrameWriter) error {
			return errors.Join(hello(out), out.Write(wire.FrameRun, nil), out.End(wire.ChunkEnd{}))
		},
	} {
		n.handler = sayingOf(t, frames)
		d := newDrawer(place, chunkNumber(1))
		d.wants = [][32]byte{{8}}
		if _, err := n.files(w.Founder, d, -1); !errors.Is(err, exchange.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
		if len(d.here) != 1 || len(d.there) != 0 {
			t.Errorf("%s: something of it was taken", name)
		}
	}
}
