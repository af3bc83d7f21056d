package node

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// A device that travels keeps who was met in the last days, whole, and what nobody else has; the rest goes from its files and
// comes back with a bundle.
func TestFieldMode(t *testing.T) {
	url := relayed(t)
	now := turning(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	wall := now.wall
	dir := t.TempDir()
	n, err := Found(dir, quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	ana, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"old", "again", "alone", "young"} {
		if name == "alone" {
			inStep(t, url, ana)
			must(t, do(t, ana, "tree.plant", name, map[string]any{"name": name, "birds": []string{"owl"}})) // never leaves
			must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "old", "note": "granizo"}))
		} else {
			must(t, do(t, ana, "tree.plant", name, map[string]any{"name": name}))
		}
		if name == "alone" {
			now.turn(20 * 24 * time.Hour)
		}
	}
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "again", "note": "viento"}))
	inStep(t, url, ana)
	whole := trees(t, ana)
	stick := filepath.Join(t.TempDir(), "stick")
	if _, err := ana.WriteBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	sealed := sealedOf(t, ana, "old")

	if err := ana.SetFieldDays(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, ana); len(got) != 3 || got[0] != "again 0" || got[1] != "alone 0" {
		t.Fatalf("kept: %q", got)
	}
	if got := storms(t, ana); len(got) != 1 || got[0] != "viento" {
		t.Errorf("kept: %q", got)
	}
	if h, err := n.Check(t.Context(), ana, nil); err != nil || h.Withheld == 0 || len(h.Problems) != 1 || h.Problems[0].Code != "clock_wrong_behind" { // the test's clock is not the relay's
		t.Errorf("check: %+v, %v", h, err)
	}
	must(t, do(t, ana, "tree.plant", "new", map[string]any{"name": "new"}))
	if got := trees(t, ana); len(got) != 4 {
		t.Errorf("what is written afterwards does not show: %q", got)
	}
	closed(t, n)
	for _, name := range []string{"journal", "journal-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, part := range sealed {
			if bytes.Contains(raw, part) {
				t.Errorf("%s still holds a sealed part that was let go of", name)
			}
		}
	}

	n, err = Open(dir, quiet(t), Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if ana, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, ana); len(got) != 4 {
		t.Errorf("after opening again: %q", got)
	}
	if err := ana.SetFieldDays(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := ana.ReadBundle(t.Context(), stick); err != nil { // made before "alone" was exchanged
		t.Fatal(err)
	}
	if got := trees(t, ana); len(got) != len(whole)+1 {
		t.Errorf("after a bundle from a whole copy: %q", got)
	}

	// And from the relay, without a file.
	if err := ana.SetFieldDays(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, ana); len(got) != 4 {
		t.Fatalf("let go of again: %q", got)
	}
	if err := ana.SetFieldDays(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	sum, err := ana.Exchange(t.Context(), url, nil)
	if err != nil || sum.Parts == 0 {
		t.Fatalf("%v, %+v", err, sum)
	}
	if got := trees(t, ana); len(got) != len(whole)+1 {
		t.Errorf("after an exchange: %q", got)
	}
}

// sealedOf are the sealed parts about a tree.
func sealedOf(t *testing.T, s *Session, name string) (out [][]byte) {
	t.Helper()
	end, err := s.use()
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	id, found, err := s.resolve(t.Context(), s.views, name)
	if err != nil || !found {
		t.Fatalf("%v, %v", found, err)
	}
	for _, c := range []record.Compartment{record.Identity, record.Care} {
		about, err := s.views.AboutPerson(t.Context(), s.views, c, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range about {
			arrived, err := s.node.journal.Arrivals(0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range arrived {
				if a.Commit.Writer == p.Writer && a.Commit.Seq == p.Seq && a.Index == int(p.Index) {
					out = append(out, a.Data)
				}
			}
		}
	}
	if len(out) < 2 {
		t.Fatalf("%d parts about %s in %s", len(out), name, lang.ES)
	}
	return out
}

// Field mode keeps what nobody else is known to have: what a relay that was left behind had confirmed, and what was agreed to
// and has not gone out yet.
func TestFieldModeKeepsTheOnlyCopy(t *testing.T) {
	url := relayed(t)
	now := turning(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: now.wall})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana := must2(n.Unlock(t.Context(), "", []byte(pass)))
	plant(t, ana, "roble")
	must(t, do(t, ana, "tree.plant", "ceiba", map[string]any{"name": "ceiba", "birds": []string{"owl"}}))
	inStep(t, url, ana)
	must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "ceiba", "birds": []string{}}))
	ceiba := sealedOf(t, ana, "ceiba")
	plant(t, ana, "mangle")
	now.turn(20 * 24 * time.Hour)
	relay := n.Relay()
	if err := n.SetRelay("http://127.0.0.1:9"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"roble 0", "ceiba 0", "mangle 0"} {
		if err := ana.SetFieldDays(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		if got := trees(t, ana); !slices.Contains(got, want) {
			t.Errorf("%s is gone: %q", want, got)
		}
	}
	if err := n.SetRelay(relay); err != nil {
		t.Fatal(err)
	}
	memory, at, err := n.remembered(n.relayPlace())
	if err != nil || len(memory.Known) == 0 || at.IsZero() {
		t.Fatalf("what the relay held is forgotten when another was asked meanwhile: %+v, %v, %v", memory, at, err)
	}
	memory.Known = must2(n.Copy().Vector(t.Context())) // the relay has what was here before she agreed
	memory.Known[ana.member.WriterID()] -= 2
	must2(0, n.remember(n.relayPlace(), memory, at))
	must2(0, ana.SetFieldDays(t.Context(), 3))
	if got := sealedOf(t, ana, "ceiba"); len(got) != len(ceiba) {
		t.Errorf("of %d parts of who agreed and whose record has not left, %d are here", len(ceiba), len(got))
	}
	if got := trees(t, ana); slices.Contains(got, "roble 0") {
		t.Errorf("what the relay has is still here: %q", got)
	}
}
