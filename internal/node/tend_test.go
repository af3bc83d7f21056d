package node

import (
	"fmt"
	"testing"
)

// What is due for many persons at once is more than one commit holds: all of it is done all the same, and with it whatever
// else is due.
func TestMuchIsDueAtOnce(t *testing.T) {
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
	req, err := n.JoinHere(must2(ana.Invite(t.Context(), roles("registrar"))), "Rita", pass)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	const many = 40
	for i := range many {
		tree := fmt.Sprint("arbol ", i)
		must(t, do(t, ana, "tree.plant", tree, map[string]any{"name": tree, "birds": []string{"owl"}}))
		must(t, do(t, ana, "storm.note", "", map[string]any{"tree": tree, "note": "granizo"}))
	}
	ana.Lock()
	rita, err := n.Unlock(t.Context(), "Rita", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		must(t, do(t, rita, "tree.owl", "", map[string]any{"tree": fmt.Sprint("arbol ", i), "birds": []string{}}))
	}
	inStep(t, url, rita)
	if held := n.journal.Held(); held != many {
		t.Fatalf("%d parts are held, the medical ones were expected", held)
	}
	if ana, err = n.Unlock(t.Context(), "Ana", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if held := n.journal.Held(); held != 0 {
		t.Errorf("%d parts are held after the clinician came", held)
	}
	if h, err := n.Check(t.Context(), ana, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h.Problems, err)
	}
}
