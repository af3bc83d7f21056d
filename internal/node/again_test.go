package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// copyFolder copies a node's folder as a person would. Into a folder that is there, it writes over its files.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		short, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, short), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, short), data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// reopen opens a folder and unlocks the only member in it.
func reopen(t testing.TB, dir string) (*Node, *Session) {
	t.Helper()
	n, err := Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return n, s
}

func closed(t testing.TB, n *Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

func plant(t testing.TB, s *Session, name string) record.Result {
	t.Helper()
	return must(t, do(t, s, "tree.plant", name, map[string]any{"name": name}))
}

func request(action, id string, data any) record.Request {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return record.Request{Action: action, ID: id, Data: raw}
}

func TestAClientIDIsDoneOnceAlsoAfterARestartAndACrash(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	first := plant(t, s, "ceiba")
	crashed := filepath.Join(t.TempDir(), "crashed")
	copyFolder(t, dir, crashed) // what the disk holds when the power goes: the journal was not closed
	closed(t, n)
	for _, where := range []string{dir, crashed} {
		_, s := reopen(t, where)
		again := plant(t, s, "ceiba")
		if a, ok := again.Result.(Again); !ok || !a.Again || again.Commit != "" {
			t.Errorf("%s: a retry after a restart gives %+v", where, again)
		} else if made := fmt.Sprint(first.Result); !strings.Contains(made, a.ID.String()) {
			t.Errorf("%s: the retry names %s, made was %s", where, a.ID, made)
		}
		if got := trees(t, s); len(got) != 1 {
			t.Errorf("%s: after a retry %q", where, got)
		}
	}
}

func TestARefusedLineInTheMiddleOfAGroup(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	results := s.ApplyAll(t.Context(), lang.ES, []record.Request{
		request("tree.plant", "a", map[string]any{"name": "a"}),
		request("tree.plant", "b", map[string]any{"height": 3}), // no name
		request("tree.grow", "c", map[string]any{}),
		request("tree.plant", "a", map[string]any{"name": "a"}), // the same id within the group
		request("tree.change", "", map[string]any{"tree": "a", "height": 7}),
		request("tree.plant", "d", map[string]any{"name": "d"}),
	})
	want := []string{"", "required", "unknown_action", "", "", ""}
	for i, r := range results {
		code := ""
		if r.Error != nil {
			code = r.Error.Code
			if r.Error.Message == "" || strings.Contains(r.Error.Message, "refuse.") {
				t.Errorf("line %d: no sentence for %s: %q", i, code, r.Error.Message)
			}
		}
		if code != want[i] || r.OK != (want[i] == "") {
			t.Errorf("line %d: %+v, want %q", i, r, want[i])
		}
	}
	if _, ok := results[3].Result.(Again); !ok {
		t.Errorf("the same id twice in a group: %+v", results[3])
	}
	if want := []string{"a 7", "d 0"}; !slices.Equal(trees(t, s), want) {
		t.Errorf("trees %q, want %q", trees(t, s), want)
	}
	closed(t, n)
	n, s = reopen(t, dir)
	if got := trees(t, s); !slices.Equal(got, []string{"a 7", "d 0"}) {
		t.Errorf("after a restart: %q", got)
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
}

func TestCorrectionsKeepWhatWasSaid(t *testing.T) {
	_, s := founded(t, t.TempDir())
	defer s.Node().Close()
	plant(t, s, "ceiba")
	first := must(t, do(t, s, "storm.note", "s1", map[string]any{"tree": "ceiba", "note": "granizo"}))
	must(t, do(t, s, "storm.note", "s2", map[string]any{"tree": "ceiba", "note": "viento", "corrects": first.ID}))
	said := func() string {
		text, err := s.Word(t.Context(), "SELECT group_concat(note || ' ' || (_corrected IS NOT NULL), ', ') FROM (SELECT * FROM care.storm ORDER BY note)")
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if got := said(); got != "granizo 1, viento 0" {
		t.Errorf("after a correction: %q", got)
	}
	if r := do(t, s, "storm.note", "", map[string]any{"tree": "ceiba", "note": "x", "corrects": "nobody"}); r.OK {
		t.Error("a correction of nothing was taken")
	}
	if err := s.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := said(); got != "granizo 1, viento 0" {
		t.Errorf("after rebuilding: %q", got)
	}
}

// A batch that is given up leaves nothing, neither on the disk nor before the eyes of who asks meanwhile.
func TestABatchThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var s *Session
	during := ""
	trip := record.Module{Name: "trip", Anyone: true, Actions: []record.Action{
		record.NewAction("trip", []record.Compartment{record.Identity}, func(c *record.Change, _ struct{}) (any, error) {
			got, err := s.Query(context.Background(), lang.ES, "trees", nil)
			during = fmt.Sprint(got, err)
			cancel()
			return nil, nil
		})}}
	registry, err := Registry(forest, trip)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Found(dir, registry, Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	plant(t, s, "before")
	before := digestsOf(t, s)
	results := s.ApplyAll(ctx, lang.ES, []record.Request{
		request("tree.plant", "x", map[string]any{"name": "x"}), request("trip", "", struct{}{}), request("tree.plant", "y", map[string]any{"name": "y"})})
	for i, r := range results {
		if r.OK || r.Error == nil || r.Error.Code != "interrupted" {
			t.Errorf("line %d of a batch that was given up: %+v %+v", i, r, r.Error)
		}
	}
	if during != "[before 0] <nil>" {
		t.Errorf("a question during the batch sees %s", during)
	}
	if got := digestsOf(t, s); got != before {
		t.Errorf("the batch left something:\n%s\n%s", before, got)
	}
	plant(t, s, "x") // the same client id is free
	closed(t, n)
	n, s = reopen(t, dir)
	if got := trees(t, s); !slices.Equal(got, []string{"before 0", "x 0"}) {
		t.Errorf("afterwards: %q", got)
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
}

// What a query keeps in mind is forgotten when something changes, also when views are made anew.
func TestWhatIsKeptInMindIsNeverStale(t *testing.T) {
	built := 0
	counting := record.Module{Name: "counting", Anyone: true, Queries: []record.Query{
		record.NewQuery("count", []record.Compartment{record.Identity}, func(a *record.Ask, _ struct{}) (any, error) {
			return a.Memo("count", []record.Compartment{record.Identity}, func() (any, error) {
				built++
				n := int64(0)
				err := a.Select(a.Context, "SELECT count(*) FROM identity.tree", nil, func(r record.Row) error { n = r.Int(0); return nil })
				return n, err
			})
		})}}
	registry, err := Registry(forest, counting)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Found(t.TempDir(), registry, Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want int64) {
		t.Helper()
		got, err := s.Query(t.Context(), lang.ES, "count", nil)
		if err != nil || got != want {
			t.Errorf("count: %v, %v; want %d", got, err, want)
		}
	}
	plant(t, s, "a")
	ask(1)
	ask(1)
	if built != 1 {
		t.Errorf("built %d times with nothing changed", built)
	}
	plant(t, s, "b")
	ask(2)
	must(t, do(t, s, "storm.note", "", map[string]any{"tree": "a", "note": "another compartment"}))
	ask(2)
	if built != 2 {
		t.Errorf("built %d times; another compartment's change is none of its business", built)
	}
	for range 3 { // as often as the versions of new views need to come by the old number again
		if err := s.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		plant(t, s, fmt.Sprintf("c%d", built))
		got, err := s.Word(t.Context(), "SELECT count(*) FROM identity.tree")
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Query(t.Context(), lang.ES, "count", nil)
		if err != nil || fmt.Sprint(answer) != got {
			t.Errorf("after rebuilding: %v, %v; there are %s", answer, err, got)
		}
	}
}

// Every code under which the engine's errors are told has its sentence in the five languages.
func TestEveryErrorOfTheEngineHasASentence(t *testing.T) {
	for _, known := range knownErrors {
		for _, tag := range lang.Tags() {
			p := AsProblem(tag, fmt.Errorf("somewhere: %w", known.is))
			if p.Code != known.code || p.Message == "" || strings.Contains(p.Message, "refuse.") {
				t.Errorf("%v in %s: %q", known.is, tag, p.Message)
			}
		}
	}
	if p := AsProblem(lang.EN, errors.New("odd")); p.Code != "internal" {
		t.Errorf("an unknown error: %+v", p)
	}
}

var _ = signal.Ignore
var _ = time.Now
