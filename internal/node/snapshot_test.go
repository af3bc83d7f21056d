package node

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/record"
)

// A whole machine put back to an earlier state, as by a disk image: nothing in the folder shows it. What is written
// then is somebody else, never lands on the record that had its place before, and is never called delivered.
func TestAMachinePutBack(t *testing.T) {
	url, root := relayed(t), t.TempDir()
	dir, snapshot := filepath.Join(root, "node"), filepath.Join(root, "snapshot")
	n, ana := founded(t, dir)
	_, bea := joined(t, ana, url, "Bea")
	plant(t, ana, "root")
	inStep(t, url, ana)
	closed(t, n)
	copyFolder(t, dir, snapshot)
	n, ana = reopen(t, dir)
	before := must(t, do(t, ana, "tree.plant", "", map[string]any{"name": "ALICE"}))
	inStep(t, url, ana, bea)
	closed(t, n)

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, snapshot, dir)
	pretendItNeverMoved(t, dir)
	_, ana = reopen(t, dir)
	after := must(t, do(t, ana, "tree.plant", "", map[string]any{"name": "BOB"}))
	if before.ID == after.ID {
		t.Fatal("two records have one id")
	}
	for range 2 { // the first finds the fork; what is written afterwards travels as a new writer's
		if _, err := ana.Exchange(t.Context(), url, nil); err != nil {
			t.Fatal(err)
		}
	}
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": after.ID, "note": "BOB has fever"}))
	inStep(t, url, ana, bea)
	if p, err := ana.Pending(); err != nil || p.Commits == 0 {
		t.Errorf("%+v, %v: BOB is nowhere else", p, err)
	}
	err := bea.views.Select(t.Context(), "SELECT t.name, s.note FROM care.storm s JOIN identity.tree t ON t.id = s.tree", nil, func(r record.Row) error {
		t.Errorf("on another device %s reads %q", r.Text(0), r.Text(1))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func pretendItNeverMoved(t *testing.T, dir string) {
	t.Helper()
	writers, err := filepath.Glob(filepath.Join(dir, "vault", "*.writer"))
	if err != nil || len(writers) != 1 {
		t.Fatalf("%q, %v", writers, err)
	}
	path := filepath.Join(dir, "node.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{}
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatal(err)
	}
	said["places"] = map[string]string{strings.TrimSuffix(filepath.Base(writers[0]), ".writer"): filePlace(writers[0])}
	if raw, err = json.Marshal(said); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Founding that was cut off after the keys were written is not begun again over them.
func TestAFoundingCutOff(t *testing.T) {
	dir := t.TempDir()
	n, _ := founded(t, dir)
	closed(t, n)
	if err := os.Remove(filepath.Join(dir, "node.json")); err != nil {
		t.Fatal(err)
	}
	_, err := Found(dir, forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	refusedWith(t, "founding over what was left", err, "unfinished_founding")
	if left, err := filepath.Glob(filepath.Join(dir, "vault", "*.member")); err != nil || len(left) != 1 {
		t.Errorf("%q, %v: something was touched", left, err)
	}
}

// viewFile is the path of a view below the folder of a node with one member.
func viewFile(t testing.TB, dir, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "views", "*", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", name, found, err)
	}
	path, err := filepath.Rel(dir, found[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}
