package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
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
	letInHere(t, ana, n, "Rita", pass, roles("registrar"))
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

// An administrator with a changed program lets in somebody to whose keys nothing can be sealed: everybody else gets what is due to
// them all the same.
func TestKeysToWhichNothingCanBeSealed(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	keys := must2(vault.NewMember(ana.member.Workspace, "Nadie")).Keys()
	keys.Receiver = slices.Repeat([]byte{0xff}, len(keys.Receiver))
	says(t, ana, []journal.Control{must2(journal.NewControl(journal.ControlAdmit, keys))},
		puts(memberKind, record.Fields{"member": record.ID(keys.Member()), "name": "Nadie", "roles": []string{"clinician"}, "lease_days": 60}))
	_, bea := member(t, ana, url, "Bea", Options{}, roles("clinician"))
	if got := opened(bea); !slices.Contains(got, "care") {
		t.Errorf("Bea was given %q", got)
	}
	for range 2 {
		if wrote := must2(ana.arrive(t.Context())); wrote {
			t.Error("there is always something due")
		}
	}
}

// The administrator's clock is behind: leases are renewed by the time that the others agree on, and one of them alone who is years
// ahead stretches nobody's.
func TestLeasesAreRenewedWhenTheAdministratorsClockIsBehind(t *testing.T) {
	url := relayed(t)
	now := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	began, others, ahead := now, turning(now), turning(now)
	_, ana := clocked(t, t.TempDir(), &now)
	registrar := Invite{Roles: []string{"registrar"}, Lease: 20}
	_, bea := member(t, ana, url, "Bea", Options{Wall: others.wall}, registrar)
	_, eva := member(t, ana, url, "Eva", Options{Wall: others.wall}, registrar)
	_, ida := member(t, ana, url, "Ida", Options{Wall: ahead.wall}, Invite{Roles: []string{"registrar"}, Lease: -1})
	others.turn(15 * 24 * time.Hour)
	ahead.turn(9 * 365 * 24 * time.Hour)
	for _, s := range []*Session{bea, eva, ida} {
		plant(t, s, "ceiba")
		handed(t, s, ana)
	}
	for _, h := range []*Holder{rosterOf(t, ana)[bea.member.ID], rosterOf(t, ana)[eva.member.ID]} {
		if days := h.Lease.Sub(began).Hours() / 24; days < 34 || days > 36 {
			t.Errorf("the lease of %s ends after %.0f days", h.Name, days)
		}
	}
}
