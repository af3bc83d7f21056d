package node

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// limited lets no file of this process grow beyond size until the function it gives is called: as near to a full disk as
// a test can come without rights over the machine. Tests here do not run beside each other.
func limited(t testing.TB, size int64) (free func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	set := func(r syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
			t.Fatal(err)
		}
	}
	set(syscall.Rlimit{Cur: uint64(size), Max: before.Max})
	done := false
	free = func() {
		if !done {
			done = true
			set(before)
		}
	}
	t.Cleanup(free)
	return free
}

func sizeOf(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func group(prefix string, n int) (list []record.Request) {
	for i := range n {
		name := fmt.Sprintf("%s %02d", prefix, i)
		list = append(list, request("tree.plant", name, map[string]any{"name": name, "birds": []string{strings.Repeat("loro", 400)}}))
	}
	return list
}

// When the journal cannot grow, a whole group is refused, and none of it is visible or comes back; with room again the
// same group is taken.
func TestAGroupThatCannotBeMadeDurable(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	plant(t, s, "before")
	before := digestsOf(t, s)
	free := limited(t, sizeOf(t, filepath.Join(dir, "journal-wal"))+3000)
	results := s.ApplyAll(t.Context(), lang.ES, group("full", 20))
	for i, r := range results {
		if r.OK || r.Error == nil || r.Error.Code != "disk_full" {
			t.Fatalf("line %d on a full disk: %+v %+v", i, r, r.Error)
		}
	}
	if got := trees(t, s); !slices.Equal(got, []string{"before 0"}) {
		t.Errorf("a refused group is visible: %q", got)
	}
	if got := digestsOf(t, s); got != before {
		t.Error("a refused group left something in the views")
	}
	free()
	for i, r := range s.ApplyAll(t.Context(), lang.ES, group("full", 20)) {
		if !r.OK || r.Commit == "" {
			t.Fatalf("line %d with room again: %+v %+v", i, r, r.Error)
		}
	}
	closed(t, n)
	n, s = reopen(t, dir)
	if got := trees(t, s); len(got) != 21 {
		t.Errorf("%d trees, want 21", len(got))
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
}

// When only the views cannot grow, what is durable is saved and said to be saved; it shows as soon as there is room.
func TestAViewThatCannotGrow(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	plant(t, s, "before")
	journal, view := sizeOf(t, filepath.Join(dir, "journal-wal")), sizeOf(t, filepath.Join(dir, viewFile(t, dir, "identity.view-wal")))
	for i := 0; view < journal+100_000; i++ { // the view's log must be the longer one
		must(t, do(t, s, "tree.change", "", map[string]any{"tree": "before", "birds": []string{strings.Repeat("loro", 100), fmt.Sprint(i)}}))
		journal, view = sizeOf(t, filepath.Join(dir, "journal-wal")), sizeOf(t, filepath.Join(dir, viewFile(t, dir, "identity.view-wal")))
		if i == 60 {
			break
		}
	}
	if view < journal+30_000 {
		t.Logf("the journal's log is %d bytes long, the view's %d: only that nothing is lost is tried", journal, view)
	}
	free := limited(t, view)
	taken := map[string]bool{}
	for i, r := range s.ApplyAll(t.Context(), lang.ES, group("tight", 5)) {
		if r.OK {
			taken[fmt.Sprintf("tight %02d 0", i)] = true
		} else if r.Error.Code != "disk_full" {
			t.Errorf("line %d: %+v", i, r.Error)
		}
	}
	free()
	plant(t, s, "later")
	taken["before 0"], taken["later 0"] = true, true
	got := trees(t, s)
	if len(got) != len(taken) {
		t.Errorf("%d trees, %d were said to be saved", len(got), len(taken))
	}
	for _, name := range got {
		if !taken[name] {
			t.Errorf("%q was refused and is there", name)
		}
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
	closed(t, n)
}
