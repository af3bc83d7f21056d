package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
	"amparo/internal/vault/shares"
)

const newPass = "otra frase muy distinta"

func shared(t testing.TB, s *Session, n, k int) []shares.Share {
	t.Helper()
	list, err := s.MakeShares(t.Context(), n, k)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func recovering(t testing.TB, n *Node, list []shares.Share) *Recovery {
	t.Helper()
	r, err := n.Recovery(list)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// lacking names the compartments of which shares lack a key.
func lacking(t testing.TB, r *Recovery) string {
	t.Helper()
	all, err := r.Rehearse()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(record.Compartments()) {
		t.Fatalf("%d compartments rehearsed", len(all))
	}
	var out []string
	for _, c := range all {
		if len(c.Missing) > 0 {
			out = append(out, fmt.Sprintf("%s%v", c.Name, c.Missing))
		}
	}
	return strings.Join(out, " ")
}

func code(err error) string {
	var r *record.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return fmt.Sprint(err)
}

// files lists all that a folder holds, with what is in it, but for what the program notes while a folder is merely open.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-wal") {
			return err
		}
		raw, err := os.ReadFile(path)
		out[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The passphrase is forgotten, the folder is there: three of five people let Ana in again, as who she was.
func TestAForgottenPassphraseIsReplaced(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	tree := plant(t, ana, "ceiba").ID
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": tree, "note": "granizo"}))
	_, bea := member(t, ana, url, "Bea", Options{}, roles("registrar"))
	list := shared(t, ana, 5, 3)
	inStep(t, url, ana, bea)
	old, epoch := ana.member.ID, func(s *Session) uint32 { e, _, _ := s.member.Ring.Current(record.Care); return e }
	before := epoch(ana)
	ana.Lock()

	if _, err := n.Recovery(list[:2]); !errors.Is(err, shares.ErrTooFew) {
		t.Errorf("two of five: %v", err)
	}
	r := recovering(t, n, []shares.Share{list[4], list[0], list[2]})
	was := files(t, n.Dir())
	if got := lacking(t, r); got != "" {
		t.Errorf("the shares lack %s", got)
	}
	for path, now := range files(t, n.Dir()) {
		if was[path] != now {
			t.Errorf("the rehearsal changed %s", path)
		}
	}
	if _, err := r.Readmit(t.Context(), "Nadie", newPass); code(err) != "unknown_member" {
		t.Errorf("somebody who is not here: %v", err)
	}
	if _, err := r.Readmit(t.Context(), "Ana", "corta"); code(err) != "short_passphrase" {
		t.Errorf("a short passphrase: %v", err)
	}
	for range 3 { // the machine went off, three times: in the order of ids one comes before her
		must2(n.newKeys("Ana", newPass))
	}
	back, err := r.Readmit(t.Context(), "Ana", newPass)
	if err != nil || back.Name != "Ana" || back.Revoked != 1 || !slices.Equal(back.Roles, sorted(Roles())) {
		t.Fatalf("%+v, %v", back, err)
	}
	if _, err := r.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for path := range files(t, n.Dir()) {
		if strings.Contains(path, old.String()) && !strings.HasSuffix(path, ".gone") || strings.Contains(path, r.member.ID.String()) {
			t.Errorf("left behind: %s", path)
		}
	}

	if _, err := n.Unlock(t.Context(), "Ana", []byte(pass)); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("the forgotten passphrase: %v", err)
	}
	again, err := n.Unlock(t.Context(), "Ana", []byte(newPass))
	if err != nil {
		t.Fatal(err)
	}
	if got := storms(t, again); fmt.Sprint(got) != "[granizo]" || len(opened(again)) != 7 {
		t.Errorf("she reads %q in %q", got, opened(again))
	}
	if epoch(again) <= before {
		t.Error("what is written from now on is under the old keys")
	}
	must(t, do(t, again, "tree.plant", "", map[string]any{"name": "roble"}))
	inStep(t, url, again, bea)
	if got := trees(t, bea); len(got) != 2 {
		t.Errorf("Bea reads %q", got)
	}
	roster := rosterOf(t, again)
	if h := roster[old]; h.Active || h.Left != leftReplaced {
		t.Errorf("the earlier key-holder: %+v", h)
	}
	if h := roster[back.ID]; h.Of != old || len(h.Waits) != 0 {
		t.Errorf("the new one: %+v", h)
	}
	_, carla := member(t, again, url, "Carla", Options{}, roles("clinician")) // she administers as before
	if got := storms(t, carla); fmt.Sprint(got) != "[granizo]" {
		t.Errorf("whom she lets in reads %q", got)
	}
}

// Every machine burned but the relay's: from three papers on an empty machine everything is there again.
func TestAWorkspaceComesBackFromPaperAndRelay(t *testing.T) {
	url := relayed(t)
	dir := t.TempDir()
	n, ana := founded(t, dir)
	if err := n.SetRelay(url); err != nil {
		t.Fatal(err)
	}
	tree := plant(t, ana, "ceiba").ID
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": tree, "note": "granizo"}))
	_, bea := member(t, ana, url, "Bea", Options{}, roles("clinician"))
	list := shared(t, ana, 5, 3)
	inStep(t, url, ana, bea)
	must(t, do(t, bea, "storm.note", "", map[string]any{"tree": tree, "note": "viento"}))
	inStep(t, url, bea)
	if err := errors.Join(n.Close(), os.RemoveAll(dir)); err != nil {
		t.Fatal(err)
	}

	empty := filepath.Join(t.TempDir(), "node")
	found := shares.Found{Shares: list[1:4], Home: list[1].Home}
	for name, c := range map[string]struct {
		found shares.Found
		want  string
	}{
		"words alone do not say where": {shares.Found{Shares: brief(list[1:4])}, "recovery_where"},
		"too few":                      {shares.Found{Shares: list[1:3], Home: found.Home}, "share_too_few"},
		"no relay":                     {shares.Found{Shares: brief(list[1:4]), Home: shares.Home{Workspace: found.Home.Workspace, Founder: found.Home.Founder}}, "recovery_relay"},
	} {
		if _, err := Rebuild(empty, forestRegistry(t), c.found, "", Options{Cost: cheap}); code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(empty); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("%s: something was made", name)
		}
	}
	fresh, err := Rebuild(empty, forestRegistry(t), found, "", Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	r := recovering(t, fresh, found.Shares)
	if err := r.Stands(); code(err) != "recovery_unknown" {
		t.Errorf("before anything arrived: %v", err)
	}
	if _, err := r.Exchange(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	back, err := r.Readmit(t.Context(), "Ana", newPass)
	if err != nil || back.Revoked != 1 {
		t.Fatal(back, err)
	}
	if _, err := r.Exchange(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	again, err := fresh.Unlock(t.Context(), "", []byte(newPass))
	if err != nil {
		t.Fatal(err)
	}
	if got := storms(t, again); fmt.Sprint(got) != "[granizo viento]" {
		t.Errorf("from paper and relay: %q", got)
	}
	inStep(t, url, bea)
	must(t, do(t, bea, "storm.note", "", map[string]any{"tree": tree, "note": "despues"}))
	inStep(t, url, bea, again)
	if got := storms(t, again); fmt.Sprint(got) != "[despues granizo viento]" {
		t.Errorf("what others write afterwards: %q", got)
	}
	if a, b := must2(again.Digests())[record.Care], must2(bea.Digests())[record.Care]; a != b {
		t.Error("the views differ")
	}
}

func brief(list []shares.Share) []shares.Share {
	list = slices.Clone(list)
	for i := range list {
		list[i].Home = shares.Home{}
	}
	return list
}

// Somebody whom nobody knows, on a machine with nobody's keys, becomes who a founder is; elsewhere the name must be known.
func TestANewAdministratorOnAnEmptyMachine(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	list := shared(t, ana, 2, 2)
	inStep(t, url, ana)
	fresh, err := Rebuild(filepath.Join(t.TempDir(), "node"), forestRegistry(t), shares.Found{Shares: list, Home: list[0].Home}, url, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	r := recovering(t, fresh, list)
	if _, err := r.Exchange(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	back, err := r.Readmit(t.Context(), "Zoe", newPass)
	if err != nil || back.Revoked != 0 || !slices.Equal(sorted(back.Roles), sorted(Roles())) {
		t.Fatalf("%+v, %v", back, err)
	}
	if _, err := r.Exchange(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	zoe, err := fresh.Unlock(t.Context(), "Zoe", []byte(newPass))
	if err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana) // Ana was not ended
	if err := zoe.Revoke(t.Context(), []journal.MemberID{ana.member.ID}, "x"); code(err) != "founder_stays" {
		t.Errorf("who came by paper ends the founder: %v", err)
	}
}

// A new set ends the one before: its papers say so, and open nothing written later.
func TestANewSetEndsTheOneBefore(t *testing.T) {
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	first := shared(t, ana, 3, 2)
	second := shared(t, ana, 5, 3)
	if _, err := n.Recovery([]shares.Share{first[0], second[1], second[2]}); !errors.Is(err, shares.ErrOtherSet) {
		t.Errorf("mixed: %v", err)
	}
	old := recovering(t, n, first[:2])
	if _, err := old.Rehearse(); code(err) != "recovery_replaced" {
		t.Errorf("the old set: %v", err)
	}
	if _, err := old.Readmit(t.Context(), "Ana", newPass); code(err) != "recovery_replaced" {
		t.Errorf("the old set lets in: %v", err)
	}
	if _, _, err := n.collect(old.member); err != nil {
		t.Fatal(err)
	}
	for _, c := range record.Compartments() {
		epoch, key, _ := ana.member.Ring.Current(c)
		if slices.Contains(old.member.Ring.Keys(c, epoch), key) {
			t.Errorf("the old papers open what is written now in %s", c)
		}
	}
	if got := lacking(t, recovering(t, n, second[2:])); got != "" {
		t.Errorf("the new set lacks %s", got)
	}
}

// Who administers without reading people makes shares; those who hold the keys give them by themselves, and the rehearsal says
// when all are there.
func TestSharesFillUpFromWhoHoldsTheKeys(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	n, admin := member(t, ana, url, "Admin", Options{}, roles("administrator"))
	list := shared(t, admin, 2, 2)
	r := recovering(t, n, list)
	if got := lacking(t, r); got != "identity[1] care[1] mind[1] survivor[1] law[1]" {
		t.Errorf("before anybody could give more the shares lack %s", got)
	}
	inStep(t, url, admin, ana, admin)
	if got := lacking(t, r); got != "" {
		t.Errorf("afterwards they lack %s", got)
	}
	_, bea := member(t, ana, url, "Bea", Options{}, roles("registrar"))
	if _, err := bea.MakeShares(t.Context(), 2, 2); code(err) != "not_allowed" {
		t.Errorf("somebody who does not administer makes shares: %v", err)
	}
	if _, err := admin.MakeShares(t.Context(), 2, 3); !errors.Is(err, shares.ErrNumber) {
		t.Errorf("three of two: %v", err)
	}
}

// Sheets give back what somebody was, and no more.
func TestWhoComesBackIsWhoTheyWere(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	list := shared(t, ana, 3, 2)
	n, bea := member(t, ana, url, "Bea", Options{}, Invite{Roles: []string{"registrar"}, Lease: 20})
	plant(t, bea, "ceiba")
	inStep(t, url, bea)
	bea.Lock()
	r := recovering(t, n, list[1:])
	back, err := r.Readmit(t.Context(), "", newPass) // the only one here
	if err != nil || back.Name != "Bea" || fmt.Sprint(back.Roles) != "[registrar]" {
		t.Fatalf("%+v, %v", back, err)
	}
	if _, err := r.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	again, err := n.Unlock(t.Context(), "Bea", []byte(newPass))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(opened(again)); got != "[identity field public]" {
		t.Errorf("she opens %s", got)
	}
	if roll := n.journal.Roll(); roll.Administers(back.ID) || !roll.Active(back.ID) || roll.Active(bea.member.ID) {
		t.Error("she administers, or is not who is active")
	}
	if _, err := again.MakeShares(t.Context(), 2, 2); code(err) != "not_allowed" {
		t.Errorf("she makes shares: %v", err)
	}
	inStep(t, url, again, ana)
	if h := rosterOf(t, ana)[back.ID]; h.Days != 20 || h.Lease.IsZero() || len(trees(t, ana)) != 1 {
		t.Errorf("%+v", h)
	}
}

// Two administrators make a set without hearing of each other: both hold until the next one ends both.
func TestTwoSetsMadeApart(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	_, berta := member(t, ana, url, "Berta", Options{}, roles("administrator"))
	one, other := shared(t, ana, 2, 2), shared(t, berta, 2, 2)
	inStep(t, url, ana, berta, ana)
	for name, list := range map[string][]shares.Share{"the founder's": one, "the other's": other} {
		if got := lacking(t, recovering(t, n, list)); got != "" {
			t.Errorf("%s lacks %s", name, got)
		}
	}
	shared(t, berta, 2, 2)
	inStep(t, url, berta, ana)
	for name, list := range map[string][]shares.Share{"the founder's": one, "the other's": other} {
		if err := recovering(t, n, list).Stands(); code(err) != "recovery_replaced" {
			t.Errorf("%s after the next: %v", name, err)
		}
	}
}
