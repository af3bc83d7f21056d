package node

import (
	"slices"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// copses is a forest whose trees are persons who can be hidden, also from care.
func copses(t testing.TB) *record.Registry {
	t.Helper()
	kind := *tree
	kind.IsPerson = true
	hides := func(number uint16, in record.Compartment) *record.Kind {
		return &record.Kind{Number: number, Name: "hiding_" + in.String(), In: in, Form: record.Keyed, Hides: true, Key: []string{"person"}, Fields: []record.Field{
			{Number: 1, Name: "person", Type: record.Ref, Index: true}, {Number: 2, Name: "why", Type: record.Set}}}
	}
	m := forest
	m.Kinds = []*record.Kind{&kind, storm, seen, site, hides(21, record.Identity), hides(22, record.Care)}
	m.Actions = slices.Clone(m.Actions)
	m.Actions[0] = record.NewAction("tree.plant", []record.Compartment{record.Identity}, func(c *record.Change, d treeData) (any, error) {
		id, err := c.Create(&kind, d.fields())
		return map[string]record.ID{"id": id}, err
	})
	m.Actions[1] = record.NewAction("tree.change", []record.Compartment{record.Identity}, func(c *record.Change, d treeData) (any, error) {
		id, err := c.Ref("tree", d.Tree)
		if err != nil {
			return nil, err
		}
		return c.Set(&kind, id, d.fields())
	})
	r, err := Registry(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whoever could list a person's parts keeps only who came by lately, or only their own site's people. What is to be erased comes
// back to be listed, and then goes everywhere.
func TestWhatIsNotHereIsErasedToo(t *testing.T) {
	url := relayed(t)
	now := turning(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	o := Options{Cost: cheap, Wall: now.wall}
	n, err := Found(t.TempDir(), copses(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana := must2(n.Unlock(t.Context(), "", []byte(pass)))
	north, south := record.ID{1}, record.ID{2}
	ceiba := doAt(t, ana, north, "tree.plant", map[string]any{"name": "ceiba"})
	doAt(t, ana, north, "storm.note", map[string]any{"tree": ceiba.String(), "note": "rayo"})
	end := must2(ana.use())
	care, err := ana.views.AboutPerson(t.Context(), ana.views, record.Care, ceiba)
	end()
	if err != nil || len(care) != 1 {
		t.Fatalf("%v, %v", care, err)
	}
	enter := func(name, role string) *Session {
		t.Helper()
		other := letIn(t, ana, copses(t), name, o, roles(role))
		inStep(t, url, ana)
		s := firstContact(t, url, other)
		inStep(t, url, s, ana)
		return s
	}
	clara, rosa := enter("Clara", "clinician"), enter("Rosa", "registrar")
	if err := clara.node.SetSite(south); err != nil {
		t.Fatal(err)
	}
	if err := clara.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	now.turn(20 * 24 * time.Hour)
	if err := ana.SetFieldDays(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Session{ana, clara} {
		if got := storms(t, s); len(got) != 0 {
			t.Fatalf("%q", got)
		}
	}

	asked := must(t, do(t, rosa, "person.erase", "", map[string]any{"person": ceiba.String(), "reason": "court", "authority": "acta"})).Result.(Erasing)
	inStep(t, url, rosa)
	lists := func(s *Session) bool {
		end := must2(s.use())
		defer end()
		all, err := s.erasures(t.Context(), s.views)
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		_, listed := all[0].listed[care[0]]
		return listed
	}
	inStep(t, url, clara)
	if !lists(clara) {
		t.Error("a device that follows few does not list what it does not hold")
	}
	alone(t, ana, url, care[0], lists)
	must(t, do(t, ana, "erasure.confirm", "", map[string]any{"erasure": asked.ID}))
	inStep(t, url, ana, clara, rosa)
	for _, s := range []*Session{ana, clara, rosa} {
		if !s.node.journal.Erased(care[0]) {
			t.Errorf("%s does not erase", s.member.Label)
		}
	}
	// What the relay was filled with in the same second is asked for once more: it cannot be told which came first.
	if sum := must2(clara.Exchange(t.Context(), url, nil)); sum.RoundTrips > 2 || sum.Sent+sum.Received > 0 {
		t.Errorf("nothing new: %+v", sum)
	}
}

// alone brings what this device had let go of, before it hears that another has listed it.
func alone(t *testing.T, s *Session, url string, p journal.PartPlace, lists func(*Session) bool) {
	t.Helper()
	if here, err := s.node.journal.Holds(p); err != nil || here {
		t.Fatalf("%v, %v", here, err)
	}
	inStep(t, url, s)
	if here, err := s.node.journal.Holds(p); err != nil || !here {
		t.Errorf("a device that lets go does not bring back what it is to list: %v", err)
	}
	if !lists(s) {
		t.Error("not listed")
	}
	inStep(t, url, s)
	if here, err := s.node.journal.Holds(p); err != nil || !here {
		t.Errorf("it is let go of again before it is erased: %v", err)
	}
}
