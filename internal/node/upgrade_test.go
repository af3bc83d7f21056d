package node

import (
	"slices"
	"testing"

	"amparo/internal/record"
)

// A version that does not know a kind keeps its facts; the one that does shows them, without anybody doing anything.
func TestWhatIsNotKnownYetIsKept(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	must(t, do(t, s, "tree.plant", "t1", map[string]any{"name": "ceiba", "height": 3}))
	must(t, do(t, s, "storm.note", "", map[string]any{"tree": "t1", "note": "granizo"}))
	whole := digestsOf(t, s)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	older := forest
	older.Kinds = slices.DeleteFunc(slices.Clone(forest.Kinds), func(k *record.Kind) bool { return k == storm })
	older.Actions = older.Actions[:2]
	reg, err := Registry(older)
	if err != nil {
		t.Fatal(err)
	}
	n, err = Open(dir, reg, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	s, err = n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if got := trees(t, s); !slices.Equal(got, []string{"ceiba 3"}) {
		t.Errorf("an older version shows %q", got)
	}
	if digestsOf(t, s) == whole {
		t.Error("an older version shows what it does not know")
	}
	if health, err := n.Check(t.Context(), s, nil); err != nil || !health.OK {
		t.Errorf("what an older version does not know is no fault: %+v, %v", health, err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	n, err = Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if s, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if got := digestsOf(t, s); got != whole {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, whole)
	}
}
