package node

import (
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
)

// What a relay sees of a commit's time is rounded, and a count line travels without where, when and the client's id:
// nobody reads them there.
func TestACommitSaysNoMoreThanIsRead(t *testing.T) {
	now := time.Date(2026, 3, 17, 12, 4, 37, 123e6, time.UTC)
	n, s := clocked(t, t.TempDir(), &now)
	must(t, do(t, s, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	must(t, do(t, s, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	arrived, err := n.journal.Arrivals(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	counts, last := 0, journal.Time(0)
	for i := range arrived {
		h := &arrived[i].Commit.Header
		if h.Time < last || h.Time.Wall().Truncate(time.Second) != now.Truncate(journal.Grain) {
			t.Errorf("a commit made at %v says %v", now, h.Time.Wall())
		}
		last = h.Time
		opened, err := openPart(s.member.Ring, &arrived[i])
		if err != nil {
			t.Fatal(err)
		}
		onlyCounts(t, &opened, &counts)
	}
	if counts != 2 {
		t.Errorf("%d count lines, want 2", counts)
	}
	at := ""
	if at, err = s.Word(t.Context(), "SELECT _at FROM identity.tree WHERE name = 'ceiba'"); err != nil || at != "1773749077" {
		t.Errorf("it happened at %s, %v; want the very second", at, err)
	}
}

func onlyCounts(t *testing.T, p *store.Opened, counts *int) {
	t.Helper()
	for _, f := range p.Body.Facts {
		if f.Kind != seen.Number || p.In != record.FieldWork {
			return
		}
	}
	*counts += len(p.Body.Facts)
	if p.Body.Site != nil || p.Body.Client != nil || p.Body.Ago != 0 || p.Body.Zone != 0 {
		t.Errorf("a part of count lines says %+v", p.Body)
	}
}
