package node

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"amparo/internal/journal"
)

// A sealed part rots on the disk. Checking names it, and the next exchange brings it again from the relay.
func TestWhatRottedIsBroughtAgain(t *testing.T) {
	url := relayed(t)
	dir := t.TempDir()
	n, ana := founded(t, dir)
	must(t, do(t, ana, "tree.plant", "a", map[string]any{"name": "abeto"}))
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "a", "note": "rayo"}))
	inStep(t, url, ana)
	place := journal.PartPlace{Writer: ana.member.WriterID(), Seq: n.journal.Head(ana.member.WriterID()).Seq}
	data, here, err := n.journal.Sealed(place)
	if err != nil || !here {
		t.Fatalf("the part is here: %v, %v", here, err)
	}
	closed(t, n)
	path := filepath.Join(dir, "journal")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, data)
	if at < 0 {
		t.Fatal("the part is not in the file")
	}
	raw[at+len(data)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}

	if n, err = Open(dir, forestRegistry(t), Options{Cost: cheap}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || h.OK || h.Problems[0].Code != "damaged_commit" {
		t.Fatalf("check: %+v, %v", h, err)
	}
	sum, err := s.Exchange(t.Context(), url, nil)
	if err != nil || sum.Parts != 1 {
		t.Fatalf("%v, %+v", err, sum)
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check after the exchange: %+v, %v", h, err)
	}
	if err := s.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := storms(t, s); len(got) != 1 || got[0] != "rayo" {
		t.Errorf("%q", got)
	}
}
