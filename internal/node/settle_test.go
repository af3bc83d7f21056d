package node

import (
	"encoding/json"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
)

func conflictsOf(t testing.TB, s *Session) []Conflict {
	t.Helper()
	answer, ok := must2(s.Query(t.Context(), lang.ES, "conflicts", nil)).(Conflicts)
	if !ok {
		t.Fatal("the query conflicts answers something else")
	}
	if n := must2(s.Rivals(t.Context())); n != answer.Records {
		t.Errorf("the count says %d records, the list %d", n, answer.Records)
	}
	return answer.Conflicts
}

// Settling is one step, by the value or by who said it, and one step takes it back: the values stand beside each other again,
// where and when they happened.
func TestSettlingAndTakingBack(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	_, bea := joined(t, ana, url, "Bea")
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba", "height": 3}))
	inStep(t, url, ana, bea)
	must(t, do(t, ana, "tree.change", "", map[string]any{"tree": "t1", "height": 4}))
	must(t, do(t, bea, "tree.change", "", map[string]any{"tree": "t1", "height": 5}))
	inStep(t, url, ana, bea, ana)
	list := conflictsOf(t, bea)
	if len(list) != 1 || len(list[0].Values) != 2 {
		t.Fatalf("conflicts: %+v", list)
	}
	c := list[0]
	var keep, lose RivalValue
	for _, v := range c.Values {
		if v.Recorded.IsZero() || v.At.IsZero() || v.ByName == "" || v.Says == "" {
			t.Errorf("of a value it is not said who, when and when it was written down: %+v", v)
		}
		if v.ByName == "Ana" {
			keep = v
		} else {
			lose = v
		}
	}
	if r := do(t, bea, "conflict.settle", "", map[string]any{"record": c.Record, "kind": "tree", "field": "height", "says": "0000000000000000"}); r.OK || r.Error.Code != "not_a_rival" {
		t.Errorf("what nobody said was chosen: %+v", r)
	}
	r := must(t, do(t, bea, "conflict.settle", "", map[string]any{"record": c.Record, "kind": "tree", "field": "height", "says": keep.Says}))
	done, ok := r.Result.(settled)
	if !ok || done.Undo == nil || done.Value != keep.Value {
		t.Fatalf("settled: %+v", r.Result)
	}
	if left := conflictsOf(t, bea); len(left) != 0 {
		t.Errorf("after settling: %+v", left)
	}
	data := must2(json.Marshal(done.Undo.Data))
	must(t, bea.Apply(t.Context(), lang.ES, record.Request{Action: done.Undo.Action, At: done.Undo.At, Site: done.Undo.Site, Data: data}))
	inStep(t, url, bea, ana)
	for _, s := range []*Session{ana, bea} {
		back := conflictsOf(t, s)
		if len(back) != 1 || len(back[0].Values) != 2 {
			t.Fatalf("taken back: %+v", back)
		}
		for _, v := range back[0].Values {
			if record.Equal(v.Value, lose.Value) && !v.At.Equal(lose.At) {
				t.Errorf("what had lost happened at %s, not at %s", lose.At, v.At)
			}
		}
	}
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Error("the views differ")
	}
	again := must(t, bea.Apply(t.Context(), lang.ES, record.Request{Action: done.Undo.Action, At: done.Undo.At, Data: data}))
	if again.Commit != "" {
		t.Error("what stands already was said once more")
	}
}

// What a person is called is for administrators to say, to settle and to open again; and a record that its key names keeps it.
func TestSettlingWhatAdministratorsSay(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, rita := member(t, ana, url, "Rita", Options{}, roles("administrator", "registrar"))
	_, clara := member(t, ana, url, "Clara", Options{}, roles("registrar"))
	inStep(t, url, rita)
	who := record.ID(clara.member.ID)
	says(t, ana, nil, puts(memberKind, record.Fields{"member": who, "name": "Clara Sol"}))
	says(t, rita, nil, puts(memberKind, record.Fields{"member": who, "name": "Clara Luz"}))
	inStep(t, url, ana, rita, ana, clara)
	list := conflictsOf(t, clara)
	if len(list) != 1 || list[0].Kind != "member" {
		t.Fatalf("conflicts: %+v", list)
	}
	settle := map[string]any{"record": list[0].Record, "kind": "member", "field": "name", "value": "Clara Luz"}
	if r := do(t, clara, "conflict.settle", "", settle); r.OK || r.Error.Code != "not_allowed" {
		t.Errorf("Clara chose her own name: %+v", r)
	}
	must(t, do(t, ana, "conflict.settle", "", settle))
	back := map[string]any{"record": list[0].Record, "kind": "member", "field": "name", "values": []string{"Clara Sol"}}
	if r := do(t, clara, "conflict.reopen", "", back); r.OK || r.Error.Code != "not_allowed" {
		t.Errorf("Clara opened it again: %+v", r)
	}
	must(t, do(t, ana, "conflict.reopen", "", back))
	if list = conflictsOf(t, ana); len(list) != 1 || len(list[0].Values) != 2 {
		t.Errorf("opened again: %+v", list)
	}
}
