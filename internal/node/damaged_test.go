//go:build !race

// One thread opens hundreds of damaged folders here, one after the other: the race detector has nothing to find and makes each
// ten times slower. `make unit` plays this file without it.

package node

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/vault"
)

// grown is the folder of a node with some work from two writers, closed, and what it shows.
func grown(t testing.TB) (dir, digests string, want []string) {
	t.Helper()
	url, dir := relayed(t), t.TempDir()
	n, ana := founded(t, dir)
	_, bea := joined(t, ana, url, "Bea")
	for i := range 25 {
		name := fmt.Sprintf("tree %02d", i)
		who := ana
		if i%3 == 0 {
			who = bea
		}
		must(t, do(t, who, "tree.plant", name, map[string]any{"name": name, "height": i, "birds": []string{strings.Repeat("loro", 300)}}))
		must(t, do(t, who, "storm.note", "", map[string]any{"tree": name, "note": strings.Repeat("granizo ", 50)}))
	}
	inStep(t, url, bea, ana)
	digests, want = digestsOf(t, ana), trees(t, ana)
	closed(t, n)
	return dir, digests, want
}

// state opens a folder and says what came of it: "whole", or the sentence that names what is wrong. Whatever is said to
// be whole shows what was there before.
func state(t testing.TB, what, dir, digests string) string {
	t.Helper()
	n, err := Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		return sentence(t, what, err)
	}
	defer n.Close()
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		return sentence(t, what, err)
	}
	h, err := n.Check(t.Context(), s, nil)
	if err != nil {
		return sentence(t, what, err)
	}
	if !h.OK {
		for _, p := range h.Problems {
			if !lang.Has("check." + p.Code) {
				t.Errorf("%s: no sentence for %s", what, p.Code)
			}
		}
		return h.Problems[0].Code
	}
	if got := digestsOf(t, s); got != digests {
		t.Errorf("%s: said to be sound, and shows something else:\n%s\n%s", what, digests, got)
	}
	return "whole"
}

func sentence(t testing.TB, what string, err error) string {
	t.Helper()
	p := AsProblem(lang.EN, err)
	if p.Code == "internal" || p.Message == "" {
		t.Errorf("%s is not named: %v", what, err)
	}
	return p.Code
}

// damageSeed is the same for everybody, so that a change is judged by what it does; AMPARO_TEST_SEED gives another, and
// "random" one that the test prints (make soak).
func damageSeed(t *testing.T) uint64 {
	t.Helper()
	switch given := os.Getenv("AMPARO_TEST_SEED"); given {
	case "":
		return 1
	case "random":
		return uint64(time.Now().UnixNano())
	default:
		seed, err := strconv.ParseUint(given, 10, 64)
		if err != nil {
			t.Fatalf("AMPARO_TEST_SEED: %v", err)
		}
		return seed
	}
}

// One changed byte anywhere in the journal file is named, or changes nothing. The views are taken away, so that all that is
// shown comes from the journal.
func TestAChangedByteInTheJournal(t *testing.T) {
	seed := damageSeed(t)
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	dir, digests, _ := grown(t)
	whole, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "views")); err != nil {
		t.Fatal(err)
	}
	var offsets []int
	for i := 0; i < 100; i += 3 {
		offsets = append(offsets, i) // the header of the file
	}
	for page := 0; page < len(whole)/4096; page++ {
		offsets = append(offsets, page*4096+random.IntN(12)) // the header of each page
	}
	for range 40 {
		offsets = append(offsets, random.IntN(len(whole)))
	}
	definitions := bytes.Index(whole, []byte("CREATE TABLE"))
	for range 12 {
		offsets = append(offsets, definitions+random.IntN(4096-definitions)) // the definitions of the tables
	}
	came := map[string]int{}
	for _, at := range offsets {
		bad := append([]byte(nil), whole...)
		bad[at] ^= byte(1 + random.IntN(255))
		other := filepath.Join(t.TempDir(), "bad")
		copyFolder(t, dir, other)
		if err := os.WriteFile(filepath.Join(other, "journal"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		came[state(t, fmt.Sprintf("byte %d of the journal, %#x instead of %#x", at, bad[at], whole[at]), other, digests)]++
	}
	t.Logf("%d changed bytes: %v", len(offsets), came)
	if came["whole"] == len(offsets) {
		t.Error("no changed byte was noticed")
	}
}

// A journal cut at any length is named, too, unless nothing but padding is gone: SQLite ends some pages with zeros, and reads
// what is missing from the last page of a file as zeros.
func TestAJournalCutShort(t *testing.T) {
	dir, digests, _ := grown(t)
	whole, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	last := int64(len(bytes.TrimRight(whole, "\x00"))) - 1 // the last byte that says anything
	full := int64(len(whole))
	for _, size := range []int64{0, 50, 100, 4096, 5000, 8192, full / 2, full - 4096, last} {
		other := filepath.Join(t.TempDir(), "cut")
		copyFolder(t, dir, other)
		if err := os.Truncate(filepath.Join(other, "journal"), size); err != nil {
			t.Fatal(err)
		}
		if got := state(t, fmt.Sprintf("a journal of %d bytes", size), other, digests); got == "whole" {
			t.Errorf("a journal cut to %d of %d bytes passes as whole", size, full)
		}
	}
}

// Views are projections: deleted, cut or changed anywhere, they are made anew by themselves and say the same.
func TestADamagedViewIsMadeAnew(t *testing.T) {
	seed := damageSeed(t)
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 3))
	dir, digests, want := grown(t)
	view := viewFile(t, dir, "identity.view")
	info, err := os.Stat(filepath.Join(dir, view))
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string]func(path string) error{
		"deleted":       os.Remove,
		"emptied":       func(p string) error { return os.Truncate(p, 0) },
		"cut to a page": func(p string) error { return os.Truncate(p, 4096) },
		"cut in half":   func(p string) error { return os.Truncate(p, info.Size()/2) },
		"text":          func(p string) error { return os.WriteFile(p, []byte("not a view"), 0o600) },
		"its folder":    func(p string) error { return os.RemoveAll(filepath.Dir(p)) },
		"its key": func(p string) error {
			return os.Truncate(filepath.Join(filepath.Dir(p), "..", "..", "vault", filepath.Base(filepath.Dir(p))+".views"), 20)
		},
	}
	for page := int64(0); page < info.Size()/4096; page++ {
		at := page*4096 + int64(random.IntN(4096))
		damages[fmt.Sprintf("byte %d changed", at)] = func(p string) error {
			raw, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			raw[at] ^= 0x55
			return os.WriteFile(p, raw, 0o600)
		}
	}
	for name, damage := range damages {
		other := filepath.Join(t.TempDir(), "bad")
		copyFolder(t, dir, other)
		if err := damage(filepath.Join(other, view)); err != nil {
			t.Fatal(err)
		}
		n, err := Open(other, forestRegistry(t), Options{Cost: cheap})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, err := n.Unlock(t.Context(), "", []byte(pass))
		if err != nil {
			t.Errorf("%s: unlock: %v", name, err)
			closed(t, n)
			continue
		}
		got, err := s.Query(t.Context(), lang.ES, "trees", nil)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v", name, err, got)
		}
		if r := do(t, s, "tree.change", "", map[string]any{"tree": "tree 01", "height": 1}); !r.OK && r.Error.Code != "nothing_changed" {
			t.Errorf("%s: a change is refused: %+v", name, r.Error)
		}
		if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
			t.Errorf("%s: check: %+v, %v", name, h.Problems, err)
		}
		if d, err := s.Digests(); err != nil || fmt.Sprint(d) != digests {
			t.Errorf("%s: the views differ: %v", name, err)
		}
		closed(t, n)
	}
}

// What is torn off the end of the log is what was never durable; what is left is a journal that holds, and the views follow
// it, even where they were ahead.
func TestATornLog(t *testing.T) {
	seed := damageSeed(t)
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 4))
	dir := t.TempDir()
	n, s := founded(t, dir)
	log := filepath.Join(dir, "journal-wal")
	var sizes []int64
	for i := range 20 {
		must(t, do(t, s, "tree.plant", fmt.Sprint(i), map[string]any{"name": fmt.Sprintf("tree %02d", i)}))
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size()) // as long as the log is this long, all up to here is durable
	}
	image := filepath.Join(t.TempDir(), "image")
	copyFolder(t, dir, image)
	closed(t, n)
	for range 15 {
		other := filepath.Join(t.TempDir(), "torn")
		copyFolder(t, image, other)
		size := sizes[0] + random.Int64N(sizes[19]-sizes[0]+1)
		if err := os.Truncate(filepath.Join(other, "journal-wal"), size); err != nil {
			t.Fatal(err)
		}
		durable := 0
		for durable < 20 && sizes[durable] <= size {
			durable++
		}
		n, s := reopen(t, other)
		got := trees(t, s)
		if len(got) < durable || len(got) > 0 && got[len(got)-1] != fmt.Sprintf("tree %02d 0", len(got)-1) {
			t.Errorf("cut at %d: %d trees, want %d at least: %q", size, len(got), durable, got)
		}
		must(t, do(t, s, "tree.plant", "later", map[string]any{"name": "tree later"}))
		if now := trees(t, s); len(now) != len(got)+1 {
			t.Errorf("cut at %d: what is written afterwards is not shown: %q", size, now)
		}
		if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
			t.Errorf("cut at %d: check: %+v, %v", size, h.Problems, err)
		}
		closed(t, n)
	}
}

// A damaged key file is called that, and not a forgotten passphrase.
func TestADamagedKeyFileIsNamed(t *testing.T) {
	seed := damageSeed(t)
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 5))
	dir := t.TempDir()
	n, s := founded(t, dir)
	plant(t, s, "ceiba")
	closed(t, n)
	for _, pattern := range []string{"*.member", "*.writer"} {
		found, err := filepath.Glob(filepath.Join(dir, "vault", pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		whole, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			bad := append([]byte(nil), whole...)
			at := random.IntN(len(bad))
			bad[at] ^= byte(1 + random.IntN(255))
			if random.IntN(8) == 0 {
				bad = bad[:at]
			}
			if err := os.WriteFile(found[0], bad, 0o600); err != nil {
				t.Fatal(err)
			}
			n, err := Open(dir, forestRegistry(t), Options{Cost: cheap})
			if err != nil {
				t.Fatal(err)
			}
			_, err = n.Unlock(t.Context(), "", []byte(pass))
			if !errors.Is(err, vault.ErrFile) || errors.Is(err, vault.ErrPassphrase) {
				t.Errorf("%s, byte %d of %d changed: %v", pattern, at, len(whole), err)
			}
			closed(t, n)
		}
		if err := os.WriteFile(found[0], whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, err := Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "node.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed(t, n)
	if got := state(t, "a node.json that is none", dir, ""); got != "damaged_journal" {
		t.Errorf("a node.json that is none: %s", got)
	}
}
