package exchange_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
)

func writeBundle(t *testing.T, d *node, above journal.Vector) (path string, sum exchange.BundleSummary) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "for b.amparo")
	sum, err := exchange.WriteBundle(context.Background(), path, d.Workspace.ID, d.Copy, above)
	if err != nil {
		t.Fatal(err)
	}
	return path, sum
}

func TestABundleBringsWhatIsLacking(t *testing.T) {
	a, b := two(t)
	a.Write(exchangetest.Bodies(100, 60, 1)...)
	path, wrote := writeBundle(t, a, exchangetest.VectorOf(t, b.Copy))
	if wrote.Commits != 100 || wrote.Runs != 2 {
		t.Errorf("wrote %d commits in %d runs", wrote.Commits, wrote.Runs)
	}
	for i, want := range []uint64{100, 0} {
		sum, err := exchange.ReadBundle(context.Background(), path, b.Workspace.ID, b.Copy)
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
	if _, err := exchange.ReadBundle(context.Background(), path, other.Workspace.ID, other.Copy); !errors.Is(err, exchange.ErrOtherWorkspace) {
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
	sum, err := exchange.ReadBundle(context.Background(), path, b.Workspace.ID, b.Copy)
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
	exchangetest.Carry(t, x.Copy, a.Copy)
	path, _ := writeBundle(t, a, exchangetest.VectorOf(t, b.Copy))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kept := uint64(0)
	for length := range len(whole) {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		copied := exchangetest.NewMemory(b.Workspace.ID)
		exchangetest.Carry(t, b.Copy, copied)
		sum, err := exchange.ReadBundle(context.Background(), path, b.Workspace.ID, copied)
		if !errors.Is(err, exchange.ErrBundleCut) && (!errors.Is(err, exchange.ErrNotBundle) || length > 200) {
			t.Fatalf("cut at %d of %d: %v", length, len(whole), err)
		}
		if sum.New < kept || len(sum.Faults) > 0 {
			t.Fatalf("cut at %d: kept %d, after %d before; faults %v", length, sum.New, kept, sum.Faults)
		}
		kept = sum.New
		honestPart(t, a.Copy, copied)
	}
	if kept != 6 {
		t.Errorf("kept %d of 6 commits when only the end was missing", kept)
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
		changed := append([]byte{}, whole...)
		changed[at] ^= 1 << (at % 8)
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		copied := exchangetest.NewMemory(b.Workspace.ID)
		exchangetest.Carry(t, b.Copy, copied)
		if sum, err := exchange.ReadBundle(context.Background(), path, b.Workspace.ID, copied); err == nil {
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
	if _, err := exchange.WriteBundle(ctx, path, a.Workspace.ID, a.Copy, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files lie there: %v", len(entries), err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "an older one" {
		t.Errorf("the file that was there is %q, %v", raw, err)
	}
	if _, err := exchange.ReadBundle(context.Background(), path, a.Workspace.ID, a.Copy); !errors.Is(err, exchange.ErrNotBundle) {
		t.Errorf("%v", err)
	}
}
