package node

import (
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/relay"
)

// relayed starts a relay on a file of its own.
func relayed(t testing.TB) string {
	t.Helper()
	store, err := relay.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "relay.db"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(relay.New(relay.Config{Store: store}))
	t.Cleanup(func() { server.Close(); store.Close() })
	return server.URL
}

// joined makes a second node of the same workspace, by invitation, whose member may do everything.
func joined(t testing.TB, admin *Session, url, name string) (*Node, *Session) {
	t.Helper()
	inStep(t, url, admin)
	return member(t, admin, url, name, Options{}, working())
}

func inStep(t testing.TB, url string, sessions ...*Session) {
	t.Helper()
	for _, s := range sessions {
		if _, err := s.Exchange(t.Context(), url, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoNodesThatNeverMet(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	_, bea := joined(t, ana, url, "Bea")

	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba", "height": 3, "birds": []string{"loro"}}))
	must(t, do(t, bea, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	inStep(t, url, ana, bea, ana)
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Fatalf("the views differ:\n%s\n%s", a, b)
	}

	// Apart: the same field twice, other fields once each.
	must(t, do(t, ana, "tree.change", "", map[string]any{"tree": "t1", "height": 4, "birds": []string{"loro", "tucán"}}))
	must(t, do(t, bea, "tree.change", "", map[string]any{"tree": "t1", "height": 5, "name": "ceiba vieja"}))
	if p, err := ana.Pending(); err != nil || p.Commits != 1 {
		t.Errorf("only here: %+v, %v; want 1 commit", p, err)
	}
	inStep(t, url, ana, bea, ana)
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Fatalf("after changes made apart the views differ:\n%s\n%s", a, b)
	}
	got, err := bea.Query(t.Context(), lang.ES, "conflicts", nil)
	if err != nil {
		t.Fatal(err)
	}
	list := got.(Conflicts).Conflicts
	if len(list) != 1 || list[0].Field != "height" || len(list[0].Values) != 2 || list[0].Title != "ceiba vieja" {
		t.Fatalf("conflicts %+v, want one, of the height", list)
	}
	names := []string{list[0].Values[0].ByName, list[0].Values[1].ByName}
	slices.Sort(names)
	if !slices.Equal(names, []string{"Ana", "Bea"}) {
		t.Errorf("who said the rival values: %q", names)
	}
	must(t, do(t, bea, "conflict.settle", "", map[string]any{"record": list[0].Record, "kind": "tree", "field": "height", "value": 4}))
	inStep(t, url, bea, ana)
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Fatal("after settling the views differ")
	}
	if got := trees(t, ana); !slices.Equal(got, []string{"ceiba vieja 4", "mangle 0"}) {
		t.Errorf("trees: %q", got)
	}
	health, err := n.Check(t.Context(), ana, nil)
	if err != nil || !health.OK {
		t.Errorf("check: %+v, %v", health, err)
	}
}
