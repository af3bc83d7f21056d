package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

func writeBundle(t *testing.T, d *node, above journal.Vector) (path string, sum exchange.BundleSummary) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "for b.amparo")
	sum, err := exchange.WriteBundle(context.Background(), path, bundleFor(d.Workspace.ID, above), d.Copy)
	if err != nil {
		t.Fatal(err)
	}
	return path, sum
}

// team is the key that opens the bundles of these tests.
var team = sync.OnceValue(func() seal.Receiver {
	r, err := seal.ReceiverFromSecret(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	return r
})

func bundleFor(w journal.WorkspaceID, above journal.Vector) exchange.Bundle {
	return exchange.Bundle{Workspace: w, To: []seal.ReceiverKey{team().Public()}, Above: above}
}

func reading(w journal.WorkspaceID) exchange.Reading {
	return exchange.Reading{Workspace: w, Keys: []seal.Receiver{team()}}
}

func TestABundleBringsWhatIsLacking(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(100, 60, 1)...)
	path, wrote := writeBundle(t, a, exchangetest.VectorOf(t, b.Copy))
	if wrote.Commits != 100 || wrote.Runs != 2 {
		t.Errorf("wrote %d commits in %d runs", wrote.Commits, wrote.Runs)
	}
	for i, want := range []uint64{100, 0} {
		sum, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), b.Copy)
		if err != nil || sum.New != want || sum.Commits != 100 || sum.Bytes != wrote.Bytes {
			t.Fatalf("reading %d: %+v, %v", i, sum, err)
		}
	}
	exchangetest.Carry(t, b.Copy, a.Copy)
	exchangetest.Same(t, a.Copy, b.Copy)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files lie there: %v", len(entries), err)
	}
}

func TestABundleOfAnotherWorkspaceIsRefused(t *testing.T) {
	a, _ := two(t)
	other := exchangetest.Found(t, 5, nil).Founder
	path, _ := writeBundle(t, a, nil)
	if _, err := exchange.ReadBundle(context.Background(), path, reading(other.Workspace.ID), other.Copy); !errors.Is(err, exchange.ErrOtherWorkspace) {
		t.Errorf("%v", err)
	}
	if len(exchangetest.VectorOf(t, other.Copy)) != 1 {
		t.Error("something of it was taken")
	}
}

func TestABundleThatWaits(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(2, 60, 1)...)
	before := exchangetest.VectorOf(t, a.Copy)
	a.Write(exchangetest.Bodies(2, 60, 2)...)
	path, _ := writeBundle(t, a, before) // b lacks what comes before
	sum, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), b.Copy)
	if err != nil || sum.Parked != 1 || sum.New != 0 || len(sum.Faults) != 0 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestATruncatedBundleKeepsWhatIsWhole(t *testing.T) {
	a, b := two(t)
	exchangetest.Carry(t, b.Copy, a.Copy)
	a.Batch(exchangetest.Bodies(3, 20, 1)...)
	x := a.Join("x", nil)
	x.Write(exchangetest.Body(20, 2))
	for range 6 { // more than one sealed piece of 64 KiB
		a.Write(exchangetest.Body(40_000, 3))
	}
	exchangetest.Carry(t, x.Copy, a.Copy)
	path, wrote := writeBundle(t, a, exchangetest.VectorOf(t, b.Copy))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kept := uint64(0)
	for length := range len(whole) {
		if length%2003 != 0 && length > 40 && length < len(whole)-60 {
			continue
		}
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		copied := exchangetest.NewMemory(b.Workspace.ID)
		exchangetest.Carry(t, b.Copy, copied)
		sum, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), copied)
		if !errors.Is(err, exchange.ErrBundleCut) && (!errors.Is(err, exchange.ErrNotBundle) || length > 21) {
			t.Fatalf("cut at %d of %d: %v", length, len(whole), err)
		}
		if sum.New < kept || len(sum.Faults) > 0 {
			t.Fatalf("cut at %d: kept %d, after %d before; faults %v", length, sum.New, kept, sum.Faults)
		}
		kept = sum.New
		honestPart(t, a.Copy, copied)
		if length == len(whole)-1 { // copied again, whole: the rest comes, and only the rest
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			sum, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), copied)
			if err != nil || sum.New != wrote.Commits-kept {
				t.Errorf("the whole file after %d commits: %+v, %v", kept, sum, err)
			}
			exchangetest.Same(t, a.Copy, copied)
		}
	}
	if kept < 8 || kept == wrote.Commits {
		t.Errorf("kept %d of %d commits when only the end was missing", kept, wrote.Commits)
	}
}

func TestAChangedBundleIsNoticed(t *testing.T) {
	a, b := two(t)
	exchangetest.Carry(t, b.Copy, a.Copy)
	a.Batch(exchangetest.Bodies(3, 20, 1)...)
	a.Write(exchangetest.Body(20, 2))
	path, _ := writeBundle(t, a, exchangetest.VectorOf(t, b.Copy))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		if at%101 != 0 && at > 100 && at < len(whole)-60 {
			continue
		}
		changed := append([]byte{}, whole...)
		changed[at] ^= 1 << (at % 8)
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		copied := exchangetest.NewMemory(b.Workspace.ID)
		exchangetest.Carry(t, b.Copy, copied)
		if sum, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), copied); err == nil {
			t.Fatalf("byte %d was changed and nobody noticed: %+v", at, sum)
		}
		honestPart(t, a.Copy, copied)
	}
}

func TestABundleThatCannotBeWrittenLeavesNothing(t *testing.T) {
	a, _ := two(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := filepath.Join(dir, "b.amparo")
	if err := os.WriteFile(path, []byte("an older one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := exchange.WriteBundle(ctx, path, bundleFor(a.Workspace.ID, nil), a.Copy); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files lie there: %v", len(entries), err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "an older one" {
		t.Errorf("the file that was there is %q, %v", raw, err)
	}
	if _, err := exchange.ReadBundle(context.Background(), path, reading(a.Workspace.ID), a.Copy); !errors.Is(err, exchange.ErrNotBundle) {
		t.Errorf("%v", err)
	}
}

// Only who it is for reads it; who finds it learns nothing of the workspace, not even which it is.
func TestABundleIsSealed(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(20, 60, 1)...)
	path, _ := writeBundle(t, a, nil)
	stranger, err := seal.NewReceiver()
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]seal.Receiver{"no key": nil, "a stranger's key": {stranger}} {
		sum, err := exchange.ReadBundle(context.Background(), path, exchange.Reading{Workspace: b.Workspace.ID, Keys: keys}, b.Copy)
		if !errors.Is(err, exchange.ErrNotForYou) || sum.Commits != 0 {
			t.Errorf("%s: %+v, %v", name, sum, err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writer := a.Writer()
	for name, secret := range map[string][]byte{"the workspace": a.Workspace.ID[:], "a writer": writer[:], "the magic": []byte(wire.BundleMagic)} {
		if bytes.Contains(raw, secret) {
			t.Errorf("%s stands in the file in clear", name)
		}
	}
}

// A bundle in volumes: each is no longer than asked, is read in order from any first one, and what is missing is named.
func TestABundleInVolumes(t *testing.T) {
	a, b := two(t)
	for range 40 {
		a.Write(exchangetest.Body(20_000, 1))
	}
	exchangetest.Carry(t, b.Copy, a.Copy)
	lacking := wire.Lacking(exchangetest.VectorOf(t, a.Copy), exchangetest.VectorOf(t, b.Copy))
	path := filepath.Join(t.TempDir(), "stick")
	const split = 200_000
	told := uint64(0)
	wrote, err := exchange.WriteBundle(context.Background(), path, exchange.Bundle{Workspace: a.Workspace.ID, To: []seal.ReceiverKey{team().Public()}, Split: split,
		Progress: func(done, all uint64) {
			if done < told || done > all {
				t.Errorf("%d of %d written, after %d", done, all, told)
			}
			told = done
		}}, a.Copy)
	if err != nil || len(wrote.Files) < 4 || told != wrote.Commits {
		t.Fatalf("%+v, %v; told of %d", wrote, err, told)
	}
	total := int64(0)
	for _, name := range wrote.Files {
		info, err := os.Stat(name)
		if err != nil || info.Size() > split {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		total += info.Size()
	}
	if total != wrote.Bytes {
		t.Errorf("%d bytes are there, %d were said to be written", total, wrote.Bytes)
	}
	third, away := wrote.Files[2], wrote.Files[2]+" away"
	if err := os.Rename(third, away); err != nil {
		t.Fatal(err)
	}
	sum, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), b.Copy)
	var next *exchange.NextVolume
	if !errors.As(err, &next) || next.Name != third || len(sum.Files) != 2 || sum.New == 0 {
		t.Errorf("without the third: %+v, %v", sum, err)
	}
	if err := os.Rename(away, third); err != nil {
		t.Fatal(err)
	}
	rest, err := exchange.ReadBundle(context.Background(), third, reading(b.Workspace.ID), b.Copy)
	if err != nil || rest.New+sum.New != lacking || rest.Parked > 0 {
		t.Errorf("the rest: %+v, %v", rest, err)
	}
	exchangetest.Same(t, a.Copy, b.Copy)
	if _, err := exchange.WriteBundle(context.Background(), path, exchange.Bundle{Workspace: a.Workspace.ID, To: []seal.ReceiverKey{team().Public()}, Split: split}, a.Copy); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(third, wrote.Files[1]); err != nil { // a file out of its place
		t.Fatal(err)
	}
	if _, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), b.Copy); !errors.Is(err, exchange.ErrBundleChanged) {
		t.Errorf("with the third in the second's place: %v", err)
	}
}

// What a bundle says of itself is what who wrote it held, so that the answer to it is no longer than it must be.
func TestTheAnswerToABundle(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(10, 60, 1)...)
	exchangetest.Carry(t, a.Copy, b.Copy)
	exchangetest.Carry(t, b.Copy, a.Copy)
	asks, _ := writeBundle(t, b, exchangetest.VectorOf(t, b.Copy))
	a.Write(exchangetest.Bodies(3, 60, 1)...)
	about, err := exchange.AboutBundle(asks, reading(a.Workspace.ID))
	if err != nil || !about.Sealed || !maps.Equal(about.Vector, exchangetest.VectorOf(t, b.Copy)) {
		t.Fatalf("%+v, %v", about, err)
	}
	path, wrote := writeBundle(t, a, about.Vector)
	if wrote.Commits != 3 {
		t.Errorf("the answer has %d commits", wrote.Commits)
	}
	if _, err := exchange.ReadBundle(context.Background(), path, reading(b.Workspace.ID), b.Copy); err != nil {
		t.Fatal(err)
	}
	exchangetest.Same(t, a.Copy, b.Copy)
}

// A bundle of before bundles were sealed, as it was written then.
func TestAPlainBundleIsRead(t *testing.T) {
	path := filepath.Join("testdata", "bundle-1")
	about, err := exchange.AboutBundle(path, exchange.Reading{})
	if err != nil || about.Sealed {
		t.Fatalf("%+v, %v", about, err)
	}
	c := exchangetest.NewMemory(about.Workspace)
	sum, err := exchange.ReadBundle(context.Background(), path, exchange.Reading{Workspace: about.Workspace}, c)
	if err != nil || sum.New != 16 || len(sum.Faults)+sum.Parked != 0 {
		t.Errorf("%+v, %v", sum, err)
	}
	if got := exchangetest.VectorOf(t, c); !maps.Equal(got, sum.Vector) {
		t.Errorf("holds %v, the bundle brings %v", got, sum.Vector)
	}
}

// With nothing but the file it can be said whether a bundle is whole, and with a key whether it would be taken.
func TestABundleIsChecked(t *testing.T) {
	a, _ := two(t)
	a.Write(exchangetest.Bodies(20, 60, 1)...)
	sealed, _ := writeBundle(t, a, nil)
	for name, path := range map[string]string{"sealed": sealed, "plain": filepath.Join("testdata", "bundle-1")} {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if about, err := exchange.CheckFile(bytes.NewReader(whole)); err != nil || about.Bytes != int64(len(whole)) || about.Backup {
			t.Errorf("%s: %+v, %v", name, about, err)
		}
		if _, err := exchange.CheckFile(bytes.NewReader(whole[:len(whole)-1])); !errors.Is(err, exchange.ErrBundleCut) {
			t.Errorf("%s, cut: %v", name, err)
		}
		whole[len(whole)/2] ^= 1
		if _, err := exchange.CheckFile(bytes.NewReader(whole)); !errors.Is(err, exchange.ErrBundleChanged) {
			t.Errorf("%s, changed: %v", name, err)
		}
	}
	if _, err := exchange.CheckFile(strings.NewReader("holiday pictures")); !errors.Is(err, exchange.ErrNotBundle) {
		t.Errorf("something else: %v", err)
	}
}

// What earlier programs remembered of a relay is read as it was meant.
func TestAMemoryOfBefore(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "memory-1"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := exchange.ReadMemory(raw)
	if err != nil {
		t.Fatal(err)
	}
	total := uint64(0)
	for _, seq := range m.Known {
		total += seq
	}
	if len(m.Known) != 2 || total != 8 || m.Unsure {
		t.Errorf("%+v", m)
	}
}

func FuzzBundle(f *testing.F) {
	w := exchangetest.Found(f, 1, nil)
	a := w.Founder
	before := exchangetest.VectorOf(f, a.Copy)
	exchangetest.Carry(f, w.Join("b", nil).Copy, a.Copy)
	a.Batch(exchangetest.Bodies(2, 20, 1)...)
	var sealed, plain bytes.Buffer
	if _, err := exchange.WriteBundleTo(f.Context(), &sealed, bundleFor(w.ID, before), a.Copy); err != nil {
		f.Fatal(err)
	}
	inside, err := seal.OpenFile(bytes.NewReader(sealed.Bytes()), team())
	if err != nil {
		f.Fatal(err)
	}
	if _, err := io.Copy(&plain, inside); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{sealed.Bytes(), plain.Bytes(), plain.Bytes()[:plain.Len()-20]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := exchangetest.NewMemory(w.ID)
		exchangetest.Take(t, c, exchangetest.RunsOf(t, a.Copy, nil)[0])
		held := exchangetest.VectorOf(t, c)
		sum, err := exchange.ReadBundleFrom(context.Background(), bytes.NewReader(data), reading(w.ID), c)
		if sum.New != wire.Lacking(exchangetest.VectorOf(t, c), held) {
			t.Errorf("%d commits are said to be kept", sum.New)
		}
		if err == nil && !bytes.HasPrefix(data, []byte(seal.FileMagic)) && !bytes.HasPrefix(data[5:], []byte(wire.BundleMagic)) {
			t.Error("no bundle, and taken for one")
		}
		for id, seq := range exchangetest.VectorOf(t, c) {
			mine, _, _ := c.Hash(context.Background(), id, seq)
			if theirs, _, _ := a.Copy.Hash(context.Background(), id, seq); theirs != mine {
				t.Errorf("commit %d by %s is not the one that was written", seq, id)
			}
		}
	})
}
