package relay_test

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/relaytest"
	"amparo/internal/relay/wire"
)

func holds(t *testing.T, c wire.Copy, want map[*exchangetest.Device]uint64) {
	t.Helper()
	got, all := exchangetest.VectorOf(t, c), journal.Vector{}
	for d, seq := range want {
		if all[d.Writer()] = seq; got[d.Writer()] != seq {
			t.Errorf("%d commits of %s are held, not %d", got[d.Writer()], d.Name, seq)
		}
	}
	for w, seq := range got {
		if all[w] == 0 {
			t.Errorf("%d commits of %s are held", seq, w)
		}
	}
}

// beyond is what the device's copy holds and the relay does not.
func beyond(t *testing.T, d *exchangetest.Device, c wire.Copy) []journal.Run {
	t.Helper()
	return exchangetest.RunsOf(t, d.Copy, exchangetest.VectorOf(t, c))
}

func TestARelayGoesBackToWhatStands(t *testing.T) { relaytest.Each(t, aRelayGoesBackToWhatStands) }

func aRelayGoesBackToWhatStands(t *testing.T, d *relaytest.Database) {
	place := d.New(t)
	w := exchangetest.Found(t, 4, nil)
	f := w.Founder
	x := w.Join("x", nil)
	exchangetest.Carry(t, x.Copy, f.Copy)
	f.Empower(x)
	y := w.Join("y", nil)
	exchangetest.Carry(t, f.Copy, x.Copy)
	x.Write(exchangetest.Bodies(2, 50, 1)...)
	exchangetest.Carry(t, x.Copy, f.Copy)
	one, two := workspace(t, d.Open(t, place), w.ID), workspace(t, d.Open(t, place), w.ID)
	exchangetest.Carry(t, f.Copy, one)
	exchangetest.Carry(t, y.Copy, one)
	exchangetest.Carry(t, f.Copy, two)

	// x goes on, and so does somebody whom x admits, before the relay hears that x is revoked.
	revocation := f.Revoking(x)
	z := w.Stranger("z", nil)
	x.Keep(x.Control(journal.ControlAdmit, z.Keys))
	x.Write(exchangetest.Bodies(2, 50, 2)...)
	exchangetest.Carry(t, x.Copy, z.Copy)
	z.Begin()
	z.Write(exchangetest.Body(50, 3))
	exchangetest.Carry(t, z.Copy, one)
	holds(t, one, map[*exchangetest.Device]uint64{f: 4, x: 6, y: 1, z: 2})

	// y has only the first of it.
	exchangetest.Carry(t, f.Copy, y.Copy)
	all := exchangetest.RunsOf(t, x.Copy, journal.Vector{f.Writer(): 100, x.Writer(): 3})
	admission := journal.Run{Commits: all[0].Commits[:1]}
	admission.Sig = x.Signer.Sign(journal.SignPurpose, admission.Commits[0].Hash[:])
	exchangetest.Take(t, y.Copy, admission)

	exchangetest.Take(t, one, revocation)
	for _, c := range []wire.Copy{one, two, workspace(t, d.Open(t, place), w.ID)} {
		holds(t, c, map[*exchangetest.Device]uint64{f: 5, x: 3, y: 1})
		if got := exchangetest.RunsOf(t, c, nil); len(got) == 0 {
			t.Error("nothing is given")
		}
	}
	if _, known, err := two.(wire.Keys).Member(context.Background(), z.Keys.Member()); known || err != nil {
		t.Errorf("who was admitted by a revoked member is believed: %v", err)
	}
	f.Keep(revocation)
	exchangetest.Same(t, f.Copy, withY(t, one, y))

	// What y had built on comes back; z is admitted after all, and what x wrote after that is not.
	exchangetest.Take(t, y.Copy, revocation)
	y.Vouch()
	exchangetest.Take(t, one, exchangetest.RunsOf(t, y.Copy, journal.Vector{f.Writer(): 100, x.Writer(): 100, y.Writer(): 1})...)
	verdicts, err := one.Take(context.Background(), exchangetest.Travelled(t, admission, all[0]))
	if err != nil || verdicts[0] != nil || verdicts[1] == nil {
		t.Fatalf("%v, %v", verdicts, err)
	}
	holds(t, one, map[*exchangetest.Device]uint64{f: 5, x: 4, y: 2})
	exchangetest.Take(t, one, exchangetest.RunsOf(t, z.Copy, journal.Vector{f.Writer(): 100, x.Writer(): 100})...)
	holds(t, two, map[*exchangetest.Device]uint64{f: 5, x: 4, y: 2, z: 2})
}

// withY gives the founder's view of a relay: a copy that holds all the relay holds, so that both can be compared.
func withY(t *testing.T, c wire.Copy, y *exchangetest.Device) wire.Copy {
	t.Helper()
	exchangetest.Carry(t, c, y.Workspace.Founder.Copy)
	return c
}

// A chain can only end where its writer signed: what stands and has no signature here comes again from who has it.
func TestARelayGoesBackToASignature(t *testing.T) { relaytest.Each(t, aRelayGoesBackToASignature) }

func aRelayGoesBackToASignature(t *testing.T, d *relaytest.Database) {
	w := exchangetest.Found(t, 5, nil)
	f, x := w.Founder, w.Join("x", nil)
	exchangetest.Carry(t, x.Copy, f.Copy)
	x.Write(exchangetest.Bodies(2, 50, 1)...)
	exchangetest.Carry(t, x.Copy, f.Copy)
	revocation := f.Revoking(x)
	x.Batch(exchangetest.Bodies(2, 50, 2)...)
	c := workspace(t, d.Open(t, d.New(t)), w.ID)
	exchangetest.Take(t, c, exchangetest.RunsOf(t, x.Copy, nil)...) // x's five in one run
	holds(t, c, map[*exchangetest.Device]uint64{f: 2, x: 5})
	exchangetest.Take(t, c, revocation)
	holds(t, c, map[*exchangetest.Device]uint64{f: 3})
	f.Keep(revocation)
	exchangetest.Carry(t, f.Copy, c)
	exchangetest.Same(t, f.Copy, c)
	holds(t, c, map[*exchangetest.Device]uint64{f: 3, x: 3})
}

// A batch that brings what does not stand before the revocation says so in its verdicts.
func TestARevocationWithinABatch(t *testing.T) { relaytest.Each(t, aRevocationWithinABatch) }

func aRevocationWithinABatch(t *testing.T, d *relaytest.Database) {
	w := exchangetest.Found(t, 6, nil)
	f, x := w.Founder, w.Join("x", nil)
	exchangetest.Carry(t, x.Copy, f.Copy)
	revocation := f.Revoking(x)
	x.Write(exchangetest.Body(50, 1))
	c := workspace(t, d.Open(t, d.New(t)), w.ID)
	exchangetest.Carry(t, f.Copy, c)
	later := beyond(t, x, c)
	verdicts, err := c.Take(context.Background(), exchangetest.Travelled(t, append(later, revocation)...))
	if err != nil || verdicts[0] == nil || verdicts[1] != nil {
		t.Fatalf("%v, %v", verdicts, err)
	}
	if fault := wire.FaultOf(&later[0], verdicts[0]); fault.Code != wire.FaultRevoked || fault.Seq != 2 {
		t.Errorf("%v", fault)
	}
	holds(t, c, map[*exchangetest.Device]uint64{f: 3, x: 1})
}

// A store of version 1 is brought up to date as it is opened: who vouches for whom is read from its headers.
func TestAStoreOfVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	old, err := os.Open("testdata/relay-1.db")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(file, old); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	// What the program of version 1 wrote into it.
	w := exchangetest.Found(t, 11, nil)
	f, x, y := w.Founder, w.Join("x", nil), w.Join("y", nil)
	x.Write(exchangetest.Bodies(3, 40, 1)...)
	exchangetest.Carry(t, x.Copy, y.Copy)
	y.Write(exchangetest.Bodies(2, 40, 2)...)
	exchangetest.Carry(t, y.Copy, f.Copy)
	f.Write(exchangetest.Body(40, 3))
	store := openStore(t, path)
	exchangetest.Same(t, f.Copy, workspace(t, store, w.ID))
	got, err := relay.Vouches(store, w.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[[2]journal.WriterID]uint64{}
	for _, run := range exchangetest.RunsOf(t, f.Copy, nil) {
		for i := range run.Commits {
			for _, s := range run.Commits[i].Seen {
				pair := [2]journal.WriterID{s.Writer, run.Commits[i].Writer}
				want[pair] = max(want[pair], s.Seq)
			}
		}
	}
	if len(want) < 4 || !maps.Equal(got, want) {
		t.Errorf("vouched is %v, not %v", got, want)
	}
}
