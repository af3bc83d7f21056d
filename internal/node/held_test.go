package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// quiet is a forest in which a tree with an owl in it has not agreed that anything about it leaves the machine.
func quiet(t testing.TB) *record.Registry {
	t.Helper()
	m := forest
	kind := *tree
	kind.IsPerson = true
	nest := &record.Kind{Number: 40, Name: "nest", In: record.Identity, Form: record.Happening, Subject: "tree", Fields: []record.Field{{Number: 1, Name: "tree", Type: record.Ref}, {Number: 2, Name: "note", Type: record.Text}}}
	m.Kinds = []*record.Kind{&kind, storm, nest, seen, site}
	m.Actions = slices.Clone(forest.Actions)
	m.Actions = append(m.Actions, record.NewAction("nest.note", []record.Compartment{record.Identity}, func(c *record.Change, d stormData) (any, error) {
		id, err := c.Ref("tree", d.Tree)
		if err != nil {
			return nil, err
		}
		return c.Happen(nest, record.Fields{"tree": id, "note": d.Note})
	}))
	m.Actions = append(m.Actions, record.NewAction("tree.owl", []record.Compartment{record.Identity}, func(c *record.Change, d treeData) (any, error) {
		id, err := c.Ref("tree", d.Tree)
		if err != nil {
			return nil, err
		}
		if slices.Contains(d.Birds, "owl") {
			c.Hold(id)
		} else {
			c.Release(id)
		}
		return c.Set(&kind, id, d.fields())
	}))
	for i, a := range m.Actions {
		if a.Name == "tree.plant" {
			m.Actions[i] = record.NewAction("tree.plant", []record.Compartment{record.Identity}, func(c *record.Change, d treeData) (any, error) {
				id, err := c.Create(&kind, d.fields())
				return map[string]record.ID{"id": id}, err
			})
		}
	}
	m.Travels = func(ctx context.Context, r record.Reader, person record.ID, _ time.Time) (bool, error) {
		may := true
		err := r.Select(ctx, "SELECT birds FROM identity.tree WHERE id = ?", []any{person}, func(row record.Row) error {
			may = !slices.Contains(row.Set(0), "owl")
			return nil
		})
		return may, err
	}
	r, err := Registry(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What somebody has not agreed to share stays on the machine where it was written, on every road; it follows whole when they
// agree, and those who hold other compartments send theirs by themselves.
func TestWhatStaysUntilSomebodyAgrees(t *testing.T) {
	url := relayed(t)
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana)
	join := func(name string, i Invite) (*Node, *Session) {
		n := letIn(t, ana, quiet(t), name, Options{}, i)
		inStep(t, url, ana)
		return n, firstContact(t, url, n)
	}
	_, bea := join("Bea", working())

	must(t, do(t, ana, "tree.plant", "ceiba", map[string]any{"name": "ceiba", "birds": []string{"owl"}}))
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": "granizo"}))
	must(t, do(t, ana, "tree.plant", "mangle", map[string]any{"name": "mangle"}))
	inStep(t, url, ana, bea)
	if got := trees(t, bea); len(got) != 1 || got[0] != "mangle 0" {
		t.Fatalf("at the other site: %q", got)
	}
	if got := storms(t, bea); len(got) != 0 {
		t.Fatalf("at the other site: %q", got)
	}
	stick := filepath.Join(t.TempDir(), "stick")
	if _, err := ana.WriteBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	if _, err := bea.ReadBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, bea); len(got) != 1 {
		t.Fatalf("by stick: %q", got)
	}
	held := n.journal.Held()
	if held != 2 {
		t.Errorf("%d parts are held", held)
	}
	for _, s := range []*Session{ana, bea} {
		if h, err := s.Node().Check(t.Context(), s, nil); err != nil || !h.OK {
			t.Errorf("check: %+v, %v", h, err)
		}
	}
	parts, err := n.journal.HeldOf(must2(n.journal.HeldPersons())[0])
	if err != nil || len(parts) != 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	raw, err := os.ReadFile(stick)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if bytes.Contains(raw, p.Data) {
			t.Error("a held part is on the stick, sealed as it is")
		}
	}

	must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
	inStep(t, url, ana, bea)
	if got := trees(t, bea); len(got) != 2 || len(storms(t, bea)) != 1 {
		t.Errorf("after they agreed: %q, %q", got, storms(t, bea))
	}
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Errorf("the views differ\n%s\n%s", a, b)
	}
	if n.journal.Held() != 0 {
		t.Error("something is held still")
	}
	_, late := join("Carla", working()) // who comes afterwards finds everything
	if a, b := digestsOf(t, ana), digestsOf(t, late); a != b {
		t.Errorf("a newcomer's views differ\n%s\n%s", a, b)
	}

	// Withdrawn before it left: it stays.
	must(t, do(t, bea, "tree.plant", "roble", map[string]any{"name": "roble"}))
	must(t, do(t, bea, "tree.owl", "", map[string]any{"tree": "roble", "birds": []string{"owl"}}))
	inStep(t, url, bea, ana)
	if got := trees(t, ana); len(got) != 2 {
		t.Errorf("withdrawn before the first exchange, and yet at the other site: %q", got)
	}
}

// A registrar notes that somebody agrees; the medical part, which the registrar cannot open, follows when the clinician of that
// machine unlocks.
func TestReleasedByWhoHoldsTheCompartment(t *testing.T) {
	url := relayed(t)
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	letInHere(t, ana, n, "Rita", pass, roles("registrar"))
	must(t, do(t, ana, "tree.plant", "ceiba", map[string]any{"name": "ceiba", "birds": []string{"owl"}}))
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": "granizo"}))
	ana.Lock()
	rita, err := n.Unlock(t.Context(), "Rita", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	must(t, do(t, rita, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
	inStep(t, url, rita)
	if held := n.journal.Held(); held != 1 {
		t.Errorf("%d parts are held, the medical one was expected", held)
	}
	if _, err = n.Unlock(t.Context(), "Ana", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if held := n.journal.Held(); held != 0 {
		t.Errorf("%d parts are held after the clinician came", held)
	}
}

// What a colleague carries arrives before the commit it belongs to, or the machine goes off between: it finds its place.
func TestCarriedBeforeItsCommit(t *testing.T) {
	url := relayed(t)
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Rita", "Bea"} {
		letInHere(t, ana, n, name, pass, working())
	}
	rita := must2(n.Unlock(t.Context(), "Rita", []byte(pass)))
	bea := must2(n.Unlock(t.Context(), "Bea", []byte(pass)))
	plant(t, bea, "roble")
	far := letIn(t, ana, quiet(t), "Eva", Options{}, working())
	inStep(t, url, ana)
	eva := firstContact(t, url, far)

	must(t, do(t, bea, "tree.plant", "ceiba", map[string]any{"name": "ceiba", "birds": []string{"owl"}}))
	must(t, do(t, rita, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
	take := func(only func(journal.WriterID) bool) {
		above := must2(far.Copy().Vector(t.Context()))
		if err := n.Copy().Runs(t.Context(), above, func(run journal.Run) error {
			if !only(run.First().Writer) {
				return nil
			}
			for i := range run.Commits {
				if run.First().Writer == bea.member.WriterID() { // it left before anybody agreed
					run.Commits[i].Parts = make([][]byte, len(run.Commits[i].Parts))
				}
			}
			_, err := far.Copy().Take(t.Context(), []journal.Run{run})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	take(func(w journal.WriterID) bool { return w == rita.member.WriterID() })
	if got := trees(t, eva); slices.Contains(got, "ceiba 0") {
		t.Fatalf("without the commit: %q", got)
	}
	take(func(w journal.WriterID) bool { return w == bea.member.WriterID() })
	if got := trees(t, eva); !slices.Contains(got, "ceiba 0") {
		t.Errorf("with the commit: %q", got)
	}
	if a, b := digestsOf(t, ana), digestsOf(t, eva); a != b {
		t.Errorf("the views differ\n%s\n%s", a, b)
	}
	place := journal.PartPlace{Writer: bea.member.WriterID(), Seq: must2(n.Copy().Vector(t.Context()))[bea.member.WriterID()]}
	plant(t, eva, "mangle")
	if dropped, err := far.journal.LetGo([]journal.PartPlace{place}); err != nil || dropped != 1 { // as if it had not been written any more
		t.Fatalf("%d, %v", dropped, err)
	}
	eva.Lock()
	must2(far.Unlock(t.Context(), "", []byte(pass)))
	if held, err := far.journal.Holds(place); err != nil || !held {
		t.Errorf("after the machine went off: %v, %v", held, err)
	}
}

// Agreed and taken back before anything left: what had been held back before stays too, on every road, and follows when they
// agree after all.
func TestTakenBackBeforeItLeft(t *testing.T) {
	url := relayed(t)
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana := must2(n.Unlock(t.Context(), "", []byte(pass)))
	far := letIn(t, ana, quiet(t), "Bea", Options{}, working())
	must(t, do(t, ana, "tree.plant", "ceiba", map[string]any{"name": "ceiba", "birds": []string{"owl"}}))
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": "granizo"}))
	inStep(t, url, ana) // the commits leave, the parts do not
	bea := firstContact(t, url, far)
	for range 2 {
		must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
		must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{"owl"}}))
	}
	handed(t, ana, bea)
	inStep(t, url, ana, bea)
	if got, more := trees(t, bea), storms(t, bea); slices.Contains(got, "ceiba 0") || slices.Contains(got, "ceiba 1") || len(more) > 0 {
		t.Errorf("taken back before it left, and yet elsewhere: %q, %q", got, more)
	}
	must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
	inStep(t, url, ana, bea)
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b || len(storms(t, bea)) != 1 {
		t.Errorf("agreed after all, and the views differ\n%s\n%s", a, b)
	}
	if held := n.journal.Held(); held != 0 {
		t.Errorf("%d parts are held still", held)
	}
}

// More is held of one person than a commit carries: they can agree all the same, and it follows in several.
func TestMuchIsHeldOfOnePerson(t *testing.T) {
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana := must2(n.Unlock(t.Context(), "", []byte(pass)))
	must(t, do(t, ana, "tree.plant", "ceiba", map[string]any{"name": "ceiba", "birds": []string{"owl"}}))
	long := make([]byte, 3<<20)
	for range 8 {
		rand.Read(long)
		must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": base64.StdEncoding.EncodeToString(long)}))
	}
	must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
	if held := n.journal.Held(); held == 0 || held > 8 {
		t.Errorf("%d parts are held at first", held)
	}
	must2(ana.arrive(t.Context()))
	if held := n.journal.Held(); held != 0 {
		t.Errorf("%d parts are held at last", held)
	}
}
