package node

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/journal"
)

// A bundle opens for who is a member when it is written: not for who left before, nor for who comes after.
func TestABundleIsForWhoIsActive(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, bea := joined(t, ana, url, "Bea")
	at := t.TempDir()
	early := filepath.Join(at, "early")
	if _, err := ana.WriteBundle(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	_, eva := joined(t, ana, url, "Eva")
	inStep(t, url, bea)
	if _, err := eva.ReadBundle(t.Context(), early); !errors.Is(err, exchange.ErrNotForYou) {
		t.Errorf("who came after it was written: %v", err)
	}
	if _, err := bea.ReadBundle(t.Context(), early); err != nil {
		t.Errorf("who was there: %v", err)
	}
	id, _ := bea.Member()
	if err := ana.Revoke(t.Context(), []journal.MemberID{journal.MemberID(id)}, "se va"); err != nil {
		t.Fatal(err)
	}
	late := filepath.Join(at, "late")
	if _, err := ana.WriteBundle(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	if _, err := bea.ReadBundle(t.Context(), late); !errors.Is(err, exchange.ErrNotForYou) {
		t.Errorf("who was revoked: %v", err)
	}
	if _, err := eva.ReadBundle(t.Context(), late); err != nil {
		t.Errorf("who is here: %v", err)
	}
}

// Two devices without a network: each bundle says what its writer has, so the next one brings no more than is lacking.
func TestBundlesThereAndBack(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, bea := joined(t, ana, url, "Bea")
	inStep(t, url, ana, bea)
	at := t.TempDir()
	plant(t, ana, "mangle")
	there, back := filepath.Join(at, "there"), filepath.Join(at, "back")
	first, err := ana.WriteBundleFor(t.Context(), there, Outgoing{Since: SinceRelay})
	if err != nil || first.Sent != 1 {
		t.Fatalf("what the relay lacks: %d commits, %v", first.Sent, err)
	}
	if _, err := bea.ReadBundle(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	plant(t, bea, "cedro")
	second, err := bea.WriteBundleFor(t.Context(), back, Outgoing{Since: there})
	all, _ := bea.Node().Copy().Vector(t.Context())
	total := uint64(0)
	for _, seq := range all {
		total += seq
	}
	if err != nil || second.Sent == 0 || second.Sent > 2 || total < 8 || !slices.Equal(second.Names, []string{back}) { // what was planted, and what follows from what came
		t.Fatalf("the answer: %d commits of %d in %v, %v", second.Sent, total, second.Names, err)
	}
	if _, err := ana.ReadBundle(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Error("after one journey there and one back the views differ")
	}
	if p, err := ana.Pending(); err != nil || p.Commits == 0 {
		t.Errorf("what left as a file counts as exchanged: %+v, %v", p, err)
	}
	_, err = ana.WriteBundleFor(t.Context(), there, Outgoing{Split: 1000})
	refusedWith(t, "files of a kilobyte", err, "split_small")
	_, err = ana.WriteBundleFor(t.Context(), there, Outgoing{Since: filepath.Join(at, "nothing")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("since a file that is not there: %v", err)
	}
}

// Looking through a bundle says what would come, and keeps nothing.
func TestLookingThroughABundle(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	n, bea := joined(t, ana, url, "Bea")
	inStep(t, url, ana, bea)
	plant(t, ana, "ceiba")
	plant(t, ana, "mangle")
	stick := filepath.Join(t.TempDir(), "stick")
	if _, err := ana.WriteBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	before := digestsOf(t, bea)
	for range 2 {
		sum, err := n.CheckBundleAs(t.Context(), "Bea", []byte(pass), stick, nil)
		if err != nil || sum.New != 2 || len(sum.Faults)+sum.Parked != 0 {
			t.Errorf("%+v, %v", sum, err)
		}
	}
	if digestsOf(t, bea) != before {
		t.Error("looking through a bundle changed the views")
	}
	raw, err := os.ReadFile(stick)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-200] ^= 1
	if err := os.WriteFile(stick, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = n.CheckBundleAs(t.Context(), "Bea", []byte(pass), stick, nil)
	refusedWith(t, "a changed bundle", err, "bundle_changed")
}
