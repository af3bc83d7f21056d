package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

var cheap = seal.Cost{Passes: 1, Memory: 64, Threads: 1}

// A little domain of its own: the node knows none.
var (
	tree = &record.Kind{Number: 10, Name: "tree", In: record.Identity, Form: record.Entity, Title: []string{"name"}, Fields: []record.Field{
		{Number: 1, Name: "name", Type: record.Text}, {Number: 2, Name: "height", Type: record.Int}, {Number: 3, Name: "birds", Type: record.Set}}}
	storm = &record.Kind{Number: 11, Name: "storm", In: record.Care, Form: record.Happening, Subject: "tree", Fields: []record.Field{
		{Number: 1, Name: "tree", Type: record.Ref}, {Number: 2, Name: "note", Type: record.Text}}}
	seen = &record.Kind{Number: 12, Name: "seen", In: record.FieldWork, Form: record.Tally, Fields: []record.Field{
		{Number: 1, Name: "day", Type: record.Date}, {Number: 2, Name: "n", Type: record.Int}}}
	site = &record.Kind{Number: 30, Name: "site", In: record.FieldWork, Form: record.Entity, Fields: []record.Field{{Number: 1, Name: "name", Type: record.Text}}}
)

type treeData struct {
	Tree   string   `json:"tree"`
	Name   *string  `json:"name"`
	Height *int     `json:"height"`
	Birds  []string `json:"birds"`
}

func (d treeData) fields() record.Fields {
	f := record.Fields{}
	if d.Name != nil {
		f["name"] = *d.Name
	}
	if d.Height != nil {
		f["height"] = *d.Height
	}
	if d.Birds != nil {
		f["birds"] = d.Birds
	}
	return f
}

type stormData struct {
	Tree     string `json:"tree"`
	Note     string `json:"note"`
	Corrects string `json:"corrects"`
}

var forest = record.Module{Name: "forest", Anyone: true, Kinds: []*record.Kind{tree, storm, seen, site},
	Actions: []record.Action{
		record.NewAction("tree.plant", []record.Compartment{record.Identity, record.FieldWork}, func(c *record.Change, d treeData) (any, error) {
			if d.Name == nil {
				return nil, record.Refuse("name", "required")
			}
			id, err := c.Create(tree, d.fields())
			if err != nil {
				return nil, err
			}
			return map[string]record.ID{"id": id}, c.Count(seen, record.Fields{"day": c.At.Format("2006-01-02")})
		}),
		record.NewAction("tree.change", []record.Compartment{record.Identity}, func(c *record.Change, d treeData) (any, error) {
			id, err := c.Ref("tree", d.Tree)
			if err != nil {
				return nil, err
			}
			return c.Set(tree, id, d.fields())
		}),
		record.NewAction("storm.note", []record.Compartment{record.Care}, func(c *record.Change, d stormData) (any, error) {
			id, err := c.Ref("tree", d.Tree)
			if err != nil {
				return nil, err
			}
			f := record.Fields{"tree": id, "note": d.Note}
			if d.Corrects != "" {
				earlier, err := c.Ref("corrects", d.Corrects)
				if err != nil {
					return nil, err
				}
				return c.Correct(storm, earlier, f)
			}
			return c.Happen(storm, f)
		}),
	},
	Queries: []record.Query{record.NewQuery("trees", []record.Compartment{record.Identity}, func(a *record.Ask, _ struct{}) (any, error) {
		var out []string
		err := a.Select(a.Context, "SELECT name, height FROM identity.tree ORDER BY name", nil, func(r record.Row) error {
			out = append(out, fmt.Sprintf("%s %d", r.Text(0), r.Int(1)))
			return nil
		})
		return out, err
	})},
}

func forestRegistry(t testing.TB) *record.Registry {
	t.Helper()
	r, err := Registry(forest)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const pass = "una frase larga"

func founded(t testing.TB, dir string) (*Node, *Session) {
	t.Helper()
	n, err := Found(dir, forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return n, s
}

func do(t testing.TB, s *Session, action, id string, data any) record.Result {
	t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return s.Apply(t.Context(), lang.ES, record.Request{Action: action, ID: id, Data: raw})
}

func must(t testing.TB, r record.Result) record.Result {
	t.Helper()
	if !r.OK {
		t.Fatalf("%s refused: %+v", r.Action, r.Error)
	}
	return r
}

func trees(t testing.TB, s *Session) []string {
	t.Helper()
	got, err := s.Query(context.Background(), lang.ES, "trees", nil)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := got.([]string)
	return list
}

func TestActionsBecomeCommitsAndViews(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	planted := must(t, do(t, s, "tree.plant", "t1", map[string]any{"name": "ceiba", "height": 3, "birds": []string{"loro"}}))
	if planted.Commit == "" || planted.ID != "t1" {
		t.Errorf("result %+v: no commit, or the client's id is lost", planted)
	}
	again := must(t, do(t, s, "tree.plant", "t1", map[string]any{"name": "ceiba", "height": 3, "birds": []string{"loro"}}))
	if again.Commit != "" {
		t.Error("the same client id wrote twice")
	}
	if r := do(t, s, "tree.plant", "t1", map[string]any{"name": "mangle"}); r.OK || r.Error.Code != "id_used" {
		t.Errorf("other data under the same id: %+v; to say \"saved\" would lose them", r)
	}
	if r := do(t, s, "storm.note", planted.Result.(map[string]record.ID)["id"].String(), map[string]any{"tree": "t1", "note": "x"}); r.OK || r.Error.Code != "record_id_as_client_id" {
		t.Errorf("a record's id as a client's: %+v", r)
	}
	must(t, do(t, s, "tree.change", "", map[string]any{"tree": "t1", "height": 4}))
	storm1 := must(t, do(t, s, "storm.note", "", map[string]any{"tree": "t1", "note": "granizo"}))
	must(t, do(t, s, "storm.note", "", map[string]any{"tree": "t1", "note": "viento", "corrects": storm1.ID}))
	if r := do(t, s, "tree.plant", "", map[string]any{"nme": "x"}); r.OK || r.Error.Code != "unknown_field" || r.Error.Field != "nme" {
		t.Errorf("a misspelled field: %+v", r)
	}
	if got := trees(t, s); len(got) != 1 || got[0] != "ceiba 4" {
		t.Errorf("trees: %q", got)
	}
	before := digestsOf(t, s)
	s.Lock()
	if _, err := s.Query(t.Context(), lang.ES, "trees", nil); !errors.Is(err, ErrLocked) {
		t.Errorf("a locked session answers: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	n, err := Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Unlock(t.Context(), "Ana", []byte("otra frase larga")); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := Open(dir, forestRegistry(t), Options{Cost: cheap}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second process: %v", err)
	}
	s, err = n.Unlock(t.Context(), "Ana", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if after := digestsOf(t, s); after != before {
		t.Errorf("after reopening the views differ:\n%s\n%s", before, after)
	}
}

func digestsOf(t testing.TB, s *Session) string {
	t.Helper()
	d, err := s.Digests()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(d)
}
