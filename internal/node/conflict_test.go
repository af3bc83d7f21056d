package node_test

import (
	"testing"

	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

// What is rival in a record is shown and counted to who may read the record, and to nobody else: a role without its
// compartment, a record that is restricted.
func TestConflictsGoByRights(t *testing.T) {
	b := worktest.New(t)
	b.Site("Casa", "07089")
	rosa, lola := colleague(b, "Rosa", "registrar"), colleague(b, "Lola", "logistician")
	maria := registered(b, "María")
	reopen := map[string]any{"record": maria, "kind": "person", "field": "given", "values": []string{"Marina"}}
	if r := run(b, rosa, "conflict.reopen", "", reopen); code(r) != "not_a_rival" {
		t.Fatalf("what nobody ever said is put beside what was: %+v", r)
	}
	for _, name := range []string{"Marina", "María"} {
		worktest.Do[people.Updated](b, "person.update", "", map[string]any{"person": maria, "given": name})
	}
	if r := run(b, rosa, "conflict.reopen", "", reopen); !r.OK {
		t.Fatalf("%+v", r)
	}
	sees := func(s *node.Session, want int) {
		t.Helper()
		got := ask[node.Conflicts](b, s, "conflicts")
		n, err := s.Rivals(t.Context())
		if len(got.Conflicts) != want || got.Records != want || n != want || err != nil {
			t.Errorf("sees %+v and counts %d, %v; want %d", got, n, err, want)
		}
		for _, c := range got.Conflicts {
			if c.Person.String() != maria || c.Compartment.String() != "identity" {
				t.Errorf("of whom it is: %+v", c)
			}
		}
	}
	sees(rosa, 1)
	sees(lola, 0)
	if r := run(b, lola, "conflict.settle", "", map[string]any{"record": maria, "kind": "person", "field": "given", "value": "Marina"}); r.OK {
		t.Error("a logistician settled what a person is called")
	}
	worktest.Do[any](b, "person.restrict", "", map[string]any{"person": maria, "reason": "lo pidió", "authority": "ella"})
	sees(rosa, 0)
}
