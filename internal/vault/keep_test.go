package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

const pass = "una frase larga"

func keep(t testing.TB, dir string) *Keep {
	t.Helper()
	k, err := OpenKeep(dir, journal.WorkspaceID{7})
	if err != nil {
		t.Fatal(err)
	}
	k.Cost = seal.Cost{Passes: 1, Memory: 64, Threads: 1}
	return k
}

func member(t testing.TB, k *Keep, label string) *Member {
	t.Helper()
	m, err := NewMember(journal.WorkspaceID{7}, label)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Save(m, []byte(pass)); err != nil {
		t.Fatal(err)
	}
	return m
}

func granted(t testing.TB, c journal.Control) journal.Grant {
	t.Helper()
	var g journal.Grant
	if err := c.Into(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAMemberIsKeptUnderThePassphrase(t *testing.T) {
	dir := t.TempDir()
	k := keep(t, dir)
	ana := member(t, k, "Ana")
	member(t, k, "Bea")
	if _, err := k.Find(""); !errors.Is(err, ErrNoMember) {
		t.Errorf("no name, and two members: %v", err)
	}
	found, err := k.Find("ana")
	if err != nil || found.ID != ana.ID {
		t.Fatalf("%+v, %v", found, err)
	}
	again, err := keep(t, dir).Unlock(found.ID, []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if again.WriterID() != ana.WriterID() || !bytes.Equal(again.Sign.Seed(), ana.Sign.Seed()) || again.Keys().Member() != ana.ID {
		t.Error("what comes back is somebody else")
	}
	if _, err := k.Unlock(found.ID, []byte(pass+" ")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("another passphrase: %v", err)
	}
	if _, err := k.Unlock(journal.MemberID{1}, []byte(pass)); !errors.Is(err, ErrNoMember) {
		t.Errorf("nobody: %v", err)
	}
	secret, err := ana.Receiver.Secret()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d files, %v; want two members and two writers", len(entries), err)
	}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for what, s := range map[string][]byte{"the signing seed": ana.Sign.Seed(), "the writer's seed": ana.Writer.Seed(), "the receiver's secret": secret, "the passphrase": []byte(pass)} {
			if bytes.Contains(raw, s) || len(s) >= 32 && bytes.Contains(raw, s[:16]) {
				t.Errorf("%s stands in %s", what, e.Name())
			}
		}
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", e.Name(), info.Mode())
		}
	}
}

// A file of one member under another's name opens nothing: what is sealed says for whom.
func TestAMembersFileUnderAnothersName(t *testing.T) {
	k := keep(t, t.TempDir())
	ana, bea := member(t, k, "Ana"), member(t, k, "Bea")
	raw, err := os.ReadFile(k.path(ana.ID))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.path(bea.ID), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := k.Unlock(bea.ID, []byte(pass)); err == nil {
		t.Errorf("%s is let in as %s", m.Label, bea.ID)
	}
	if err := os.Rename(k.WriterPath(ana.ID), k.WriterPath(bea.ID)); err != nil {
		t.Fatal(err)
	}
	m, err := k.Unlock(ana.ID, []byte(pass)) // her writer is gone: a new chain begins
	if err != nil || m.WriterID() == ana.WriterID() {
		t.Errorf("without the writer's file: %v", err)
	}
}

func TestGrantsOpenWhatTheySayAndNothingElse(t *testing.T) {
	k := keep(t, t.TempDir())
	ana, bea, eva := member(t, k, "Ana"), member(t, k, "Bea"), member(t, k, "Eva")
	all := func(*Ring, record.Compartment, uint32, seal.CompartmentKey) bool { return true }
	none := func(*Ring, record.Compartment, uint32, seal.CompartmentKey) bool { return false }
	ana.Ring = NewRing()
	some := func(of ...record.Compartment) *Ring {
		part := ana.Ring.Part()
		ana.Ring.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
			if slices.Contains(of, c) {
				part.Add(c, epoch, key)
			}
		})
		return part
	}
	given, err := Grant(ana.Workspace, bea.Keys(), some(record.Identity, record.FieldWork), 1234)
	if err != nil {
		t.Fatal(err)
	}
	g := granted(t, given)
	if got, err := eva.Receive(g, all); got.New != 0 || err != nil || eva.Ring != nil {
		t.Errorf("somebody else's grant: %v, %v", got, err)
	}
	stolen := g
	stolen.Member = eva.ID
	if _, err := eva.Receive(stolen, all); err == nil || eva.Ring != nil {
		t.Error("a grant under another's name opens")
	}
	if got, err := bea.Receive(g, none); got.New != 0 || err != nil || bea.Ring != nil {
		t.Errorf("a grant that nobody believes: %v, %v", got, err)
	}
	got, err := bea.Receive(g, all)
	if err != nil || got.New != 2 || got.Lease != 1234 {
		t.Fatalf("%v, %v", got, err)
	}
	if got := bea.Ring.Holds(); len(got) != 2 || got[0] != record.Identity && got[1] != record.Identity {
		t.Errorf("holds %v", got)
	}
	_, mine, _ := ana.Ring.Current(record.Identity)
	_, hers, ok := bea.Ring.Current(record.Identity)
	if !ok || mine != hers || ana.Ring.Tag(record.Care) != bea.Ring.Tag(record.Care) {
		t.Error("the keys or tags differ")
	}
	if _, _, ok := bea.Ring.Current(record.Care); ok {
		t.Error("a compartment nobody granted is open")
	}
	if got, err := bea.Receive(g, all); got.New != 0 || err != nil {
		t.Errorf("the same grant twice: %v, %v", got, err)
	}
	rest, err := Grant(ana.Workspace, bea.Keys(), some(record.Care), NoLease)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bea.Receive(granted(t, rest), all); got.New != 1 || err != nil || len(bea.Ring.Holds()) != 3 {
		t.Errorf("a second grant: %v, %v", got, err)
	}
	// Two administrators began the same epoch apart: both keys open, and all who hold both seal with the same one.
	one, two := seal.NewCompartmentKey(), seal.NewCompartmentKey()
	bea.Ring.Add(record.Care, 2, one)
	bea.Ring.Add(record.Care, 2, two)
	ana.Ring.Add(record.Care, 2, two)
	ana.Ring.Add(record.Care, 2, one)
	_, a, _ := ana.Ring.Current(record.Care)
	_, b, _ := bea.Ring.Current(record.Care)
	if len(bea.Ring.Keys(record.Care, 2)) != 2 || a != b {
		t.Error("two keys of one epoch are not held in one order")
	}
	bea.Wipe()
	if len(bea.Ring.Holds()) != 0 {
		t.Error("after wiping a key is left")
	}
}

// Wiped keys are gone from the disk, and why is told to who comes back; a member who is not here is no error.
func TestWipe(t *testing.T) {
	dir := t.TempDir()
	k := keep(t, dir)
	ana := member(t, k, "Ana")
	ana.Ring = NewRing()
	if _, err := k.ViewKeys(ana.ID, ana.Ring, ana.Ring.Holds()); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	if err := k.SetLease(ana.ID, at); err != nil {
		t.Fatal(err)
	}
	if listed, err := k.Members(); err != nil || len(listed) != 1 || !listed[0].Lease.Equal(at) {
		t.Fatalf("%+v, %v", listed, err)
	}
	if _, err := k.Unlock(ana.ID, []byte(pass)); err != nil {
		t.Errorf("with a lease noted the passphrase does not open: %v", err)
	}
	if err := k.Wipe(ana.ID, GoneLease, at); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ana.ID.String()+"*"))
	if err != nil || len(left) != 1 || filepath.Ext(left[0]) != ".gone" {
		t.Errorf("left behind: %q, %v", left, err)
	}
	if gone, err := k.GoneMembers(); err != nil || len(gone) != 1 || gone[0].ID != ana.ID || gone[0].Why != GoneLease || gone[0].Label != "Ana" {
		t.Errorf("%+v, %v", gone, err)
	}
	if err := k.Wipe(ana.ID, GoneLease, at); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// View keys stay the same while they can be opened, and are drawn anew, never failed on, when they cannot.
func TestViewKeys(t *testing.T) {
	dir := t.TempDir()
	k := keep(t, dir)
	ring := NewRing()
	ana := member(t, k, "Ana").ID
	first, err := k.ViewKeys(ana, ring, ring.Holds())
	if err != nil || len(first) != 7 {
		t.Fatalf("%d keys, %v", len(first), err)
	}
	again, err := keep(t, dir).ViewKeys(ana, ring, ring.Holds())
	if err != nil || again[record.Care] != first[record.Care] {
		t.Errorf("not the same the next time: %v", err)
	}
	raw, err := os.ReadFile(k.viewsPath(ana))
	if err != nil {
		t.Fatal(err)
	}
	for c, key := range first {
		if bytes.Contains(raw, key[:]) {
			t.Errorf("the key of %s stands in clear", c)
		}
	}
	for _, bad := range [][]byte{nil, raw[:len(raw)/2], []byte(strings.Repeat("x", 300))} {
		if err := os.WriteFile(k.viewsPath(ana), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		fresh, err := keep(t, dir).ViewKeys(ana, ring, ring.Holds())
		if err != nil || len(fresh) != 7 || fresh[record.Care] == first[record.Care] {
			t.Errorf("after damage: %d keys, %v", len(fresh), err)
		}
	}
}
