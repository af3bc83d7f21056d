package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// letIn makes a node for somebody on a device of their own, and lets them in: they have not heard of it yet. One invitation
// lets in once.
func letIn(t testing.TB, admin *Session, reg *record.Registry, name string, o Options, i Invite) *Node {
	t.Helper()
	o.Cost = cheap
	n, req, err := Join(filepath.Join(t.TempDir(), "node"), reg, must2(admin.Invite(t.Context(), i)), name, pass, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	must2(admin.Accept(t.Context(), req))
	if _, err := admin.Accept(t.Context(), req); err == nil {
		t.Error("one invitation let somebody in twice")
	}
	return n
}

// letInHere lets somebody in on a device where others work.
func letInHere(t testing.TB, admin *Session, n *Node, name, phrase string, i Invite) {
	t.Helper()
	req, err := n.JoinHere(must2(admin.Invite(t.Context(), i)), name, phrase)
	if err != nil {
		t.Fatal(err)
	}
	must2(admin.Accept(t.Context(), req))
}

// firstContact brings the grant of somebody who was let in, and unlocks them.
func firstContact(t testing.TB, url string, n *Node) *Session {
	t.Helper()
	must2(n.ExchangeAs(t.Context(), "", []byte(pass), url, nil))
	return must2(n.Unlock(t.Context(), "", []byte(pass)))
}

// member makes a node for somebody with the given roles and brings it in step.
func member(t testing.TB, admin *Session, url, name string, o Options, i Invite) (*Node, *Session) {
	t.Helper()
	n := letIn(t, admin, forestRegistry(t), name, o, i)
	inStep(t, url, admin)
	return n, firstContact(t, url, n)
}

func roles(names ...string) Invite { return Invite{Roles: names} }

func storms(t testing.TB, s *Session) (out []string) {
	t.Helper()
	end, err := s.use()
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if err := s.views.Select(t.Context(), "SELECT note FROM care.storm ORDER BY note", nil, func(r record.Row) error {
		out = append(out, r.Text(0))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func opened(s *Session) (out []string) {
	for _, c := range record.Compartments() {
		if s.Opens(c) {
			out = append(out, c.String())
		}
	}
	return out
}

func rosterOf(t testing.TB, s *Session) Roster {
	t.Helper()
	r, err := s.Roster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each sees what their role names, and nothing else is on their disk.
func TestARoleOpensItsCompartments(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": "granizo"}))
	for role, want := range map[string]string{
		"registrar": "[identity field public]", "clinician": "[identity care survivor field public]", "psychologist": "[identity mind survivor field public]",
		"social_worker": "[identity law field public]", "logistician": "[field public]", "administrator": "[field public]",
	} {
		n, s := member(t, ana, url, role, Options{}, roles(role))
		if got := fmt.Sprint(opened(s)); got != want {
			t.Errorf("%s opens %s, want %s", role, got, want)
		}
		files, err := filepath.Glob(filepath.Join(n.Dir(), "views", "*", "*.view"))
		if err != nil || len(files) != len(opened(s)) {
			t.Errorf("%s has %d view files, %v", role, len(files), err)
		}
		if role == "registrar" {
			if got := storms(t, s); len(got) != 0 {
				t.Errorf("a registrar reads %q", got)
			}
			if r := do(t, s, "storm.note", "", map[string]any{"tree": "ceiba", "note": "x"}); r.OK || r.Error.Code != "not_allowed" {
				t.Errorf("a registrar writes medical notes: %+v", r)
			}
		}
	}
}

// An administrator who reads nobody lets a clinician in; the keys come from another clinician, by itself.
func TestKeysComeFromWhoHoldsThem(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": "granizo"}))
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, admin := member(t, ana, url, "Admin", Options{}, roles("administrator"))
	_, dora := member(t, admin, url, "Dora", Options{}, roles("clinician"))
	if got := fmt.Sprint(opened(dora)); got != "[field public]" {
		t.Fatalf("before anybody could give her more she opens %s", got)
	}
	if h := rosterOf(t, admin)[dora.member.ID]; !slices.Contains(h.Waits, record.Care) {
		t.Errorf("nobody is told that she waits for keys: %+v", h)
	}
	inStep(t, url, clara, dora)
	if got := storms(t, dora); len(got) != 0 {
		t.Fatal("the views were not to be looked at before they are opened anew")
	}
	if trees := trees(t, dora); len(trees) != 1 { // the next question opens them
		t.Errorf("trees: %q", trees)
	}
	if got := storms(t, dora); len(got) != 1 {
		t.Errorf("after a clinician exchanged she reads %q", got)
	}
	if h := rosterOf(t, dora)[dora.member.ID]; len(h.Waits) != 0 {
		t.Errorf("she still waits for %v", h.Waits)
	}
}

// What is written after a revocation stays closed to who was revoked; their keys go at the next contact, and what they had
// written stands.
func TestRevoked(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	n, eva := member(t, ana, url, "Eva", Options{}, roles("clinician", "registrar"))
	must(t, do(t, eva, "storm.note", "", map[string]any{"tree": "ceiba", "note": "antes"}))
	inStep(t, url, eva, ana)
	ring := *eva.member.Ring

	before, _, _ := ana.member.Ring.Current(record.Care)
	if err := ana.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "perdió la tableta"); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, clara)
	must(t, do(t, clara, "storm.note", "", map[string]any{"tree": "ceiba", "note": "despues"}))
	inStep(t, url, clara, ana)
	if got := storms(t, ana); fmt.Sprint(got) != "[antes despues]" {
		t.Errorf("the others read %q", got)
	}
	epoch, key, _ := clara.member.Ring.Current(record.Care)
	if epoch == before || slices.Contains(ring.Keys(record.Care, epoch), key) {
		t.Errorf("epoch %d then, %d now", before, epoch)
	}
	if held := clara.node.journal; held.Head(clara.member.WriterID()).Seq == 0 {
		t.Fatal("nothing was written")
	}

	must(t, do(t, eva, "storm.note", "", map[string]any{"tree": "ceiba", "note": "tarde"}))
	_, err := eva.Exchange(t.Context(), url, nil)
	if !errors.Is(err, ErrRevoked) {
		t.Errorf("the revoked member exchanges: %v", err)
	}
	if err := n.expel(); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(n.Dir(), "vault", "*.member")); len(files) != 0 {
		t.Errorf("keys left on the revoked device: %q", files)
	}
	if _, err := os.Stat(filepath.Join(n.Dir(), "views", eva.member.ID.String())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("views left on the revoked device: %v", err)
	}
	if _, err := n.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, ErrRevoked) {
		t.Errorf("unlocking afterwards: %v", err)
	}
	inStep(t, url, ana, clara)
	if got := storms(t, clara); fmt.Sprint(got) != "[antes despues]" {
		t.Errorf("after the revoked member tried, the others read %q", got)
	}
	if h := rosterOf(t, clara)[eva.member.ID]; h.Active || h.Left != "perdió la tableta" {
		t.Errorf("roster: %+v", h)
	}
	if a, c := must2(ana.Digests())[record.Identity], must2(clara.Digests())[record.Identity]; a != c {
		t.Error("the views differ")
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Two administrators revoke two people without hearing of each other: each gave the new key to the one whom the other
// revoked. As soon as they hear of it a key begins that neither has.
func TestTwoRevocationsApart(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, berta := member(t, ana, url, "Berta", Options{}, roles("administrator", "clinician"))
	_, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
	_, ida := member(t, ana, url, "Ida", Options{}, roles("clinician"))
	inStep(t, url, ana, berta, eva, ida)
	if err := ana.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "a"); err != nil {
		t.Fatal(err)
	}
	if err := berta.Revoke(t.Context(), []journal.MemberID{ida.member.ID}, "b"); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, berta, ana, berta)
	epoch, key, _ := ana.member.Ring.Current(record.Care)
	if _, other, _ := berta.member.Ring.Current(record.Care); other != key {
		t.Error("the two do not seal with the same key")
	}
	for _, gone := range []*Session{eva, ida} {
		_, _ = gone.Exchange(t.Context(), url, nil)
		gone.node.later.Wait() // who hears of it wipes its keys
		if slices.Contains(gone.member.Ring.Keys(record.Care, epoch), key) {
			t.Errorf("%s holds the newest key", gone.member.Label)
		}
	}
}

// Keys that nobody renews end by themselves, with the device's clock or with what the journal knows of time; who exchanges
// with an administrator now and then never notices.
func TestLeases(t *testing.T) {
	url := relayed(t)
	now := turning(time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC))
	wall := now.wall
	n, err := Found(t.TempDir(), forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	here, bea := member(t, ana, url, "Bea", Options{Wall: wall}, Invite{Roles: []string{"registrar"}, Lease: 20})
	lost, _ := member(t, ana, url, "Eva", Options{Wall: wall}, Invite{Roles: []string{"registrar"}, Lease: 20})
	for range 5 { // fifteen days at a time
		now.turn(15 * 24 * time.Hour)
		inStep(t, url, ana)
		if here.leaseOver(must2(here.Members())[0].Lease) {
			t.Fatal("who is in contact lost their keys")
		}
		inStep(t, url, bea)
	}
	if _, err := lost.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, ErrLeaseOver) {
		t.Errorf("after 75 days without contact: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(lost.Dir(), "vault", "*.member")); len(files) != 0 {
		t.Errorf("keys left: %q", files)
	}
	if members := must2(n.Members()); len(members) != 1 || !members[0].Lease.IsZero() {
		t.Errorf("the founder's keys end: %+v", members)
	}
	now.turn(21 * 24 * time.Hour)
	if _, err := bea.Query(t.Context(), "es", "trees", nil); !errors.Is(err, ErrLeaseOver) {
		t.Errorf("a session goes on beyond its lease: %v", err)
	}
	dir := here.Dir()
	closed(t, here)
	now.turn(-60 * 24 * time.Hour) // somebody turns the clock back
	here, err = Open(dir, forestRegistry(t), Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if _, err := here.Unlock(t.Context(), "", []byte(pass)); err == nil {
		t.Error("turning the clock back brings wiped keys back")
	}
}

// Two people on one laptop, both unlocked: each reads only what is theirs, and what one writes the other sees.
func TestTwoMembersOnOneLaptop(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	inStep(t, url, ana)
	inv := must2(ana.Invite(t.Context(), roles("registrar")))
	if _, err := n.JoinHere(inv, "ana", pass); err == nil {
		t.Error("two of one name on one device")
	}
	letInHere(t, ana, n, "Rita", pass+" dos", roles("registrar"))
	rita, err := n.Unlock(t.Context(), "Rita", []byte(pass+" dos"))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Unlocked()) != 2 {
		t.Fatal("not both are unlocked")
	}
	plant(t, ana, "ceiba")
	must(t, do(t, ana, "storm.note", "", map[string]any{"tree": "ceiba", "note": "granizo"}))
	if got := trees(t, rita); len(got) != 1 {
		t.Errorf("Rita sees %q", got)
	}
	plant(t, rita, "mangle")
	if got := trees(t, ana); len(got) != 2 {
		t.Errorf("Ana sees %q", got)
	}
	if got := storms(t, rita); len(got) != 0 {
		t.Errorf("Rita reads %q", got)
	}
	ana.Lock()
	if got := trees(t, rita); len(got) != 2 {
		t.Errorf("after Ana left, Rita sees %q", got)
	}
	inStep(t, url, rita)
	if h, err := n.Check(t.Context(), rita, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
}

// Whoever founded a workspace lays down what others do now; keys change, and never so that nobody holds them.
func TestLayingDownRoles(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician", "psychologist", "social_worker"))
	err := ana.SetRoles(t.Context(), ana.member.ID, []string{"registrar"}, nil, 0)
	refusedWith(t, "laying down administration", err, "administrator_stays")
	_, bruno := member(t, ana, url, "Bruno", Options{}, roles("logistician"))
	if err := ana.SetRoles(t.Context(), ana.member.ID, []string{"administrator"}, nil, 0); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, ana); len(got) != 0 {
		t.Errorf("she still reads %q", got)
	}
	if got := fmt.Sprint(opened(ana)); got != "[field public]" {
		t.Errorf("she opens %s", got)
	}
	inStep(t, url, ana, clara)
	must(t, do(t, clara, "storm.note", "", map[string]any{"tree": "ceiba", "note": "despues"}))
	epoch, key, _ := clara.member.Ring.Current(record.Care)
	if slices.Contains(ana.member.Ring.Keys(record.Care, epoch), key) || epoch < 2 {
		t.Errorf("epoch %d is open to who laid the role down", epoch)
	}
	ana.Lock()
	n := ana.node
	stale := filepath.Join(n.viewsDir(ana.member.ID), "care.view")
	if err := os.WriteFile(stale, []byte("of before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if ana, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a view of what she no longer reads is left: %v", err)
	}
	before := &Session{node: n, member: ana.member} // as it was while her roles were not read yet
	if got := fmt.Sprint(before.compartments()); got != "[field public]" {
		t.Errorf("on the way to learning her roles %s is read again", got)
	}
	err = ana.Revoke(t.Context(), []journal.MemberID{clara.member.ID}, "x")
	refusedWith(t, "revoking the last who holds the keys", err, "last_holder")
	err = bruno.Revoke(t.Context(), []journal.MemberID{clara.member.ID}, "x")
	refusedWith(t, "revoking without administering", err, "not_allowed")
	err = ana.Revoke(t.Context(), []journal.MemberID{ana.member.ID}, "x")
	refusedWith(t, "revoking oneself", err, "revoke_yourself")
	if err := ana.SetRoles(t.Context(), bruno.member.ID, []string{"logistician", "clinician"}, []record.ID{{7}}, 0); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, clara, bruno)
	if got := trees(t, bruno); len(got) != 1 {
		t.Errorf("with a new role he sees %q", got)
	}
	if h := rosterOf(t, bruno)[bruno.member.ID]; len(h.Sites) != 1 || h.Sites[0] != (record.ID{7}) {
		t.Errorf("sites: %v", h.Sites)
	}
}

// A second device has keys of its own under the same name, and goes alone when it is lost.
func TestASecondDevice(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	phone, second := member(t, ana, url, "Clara", Options{}, Invite{Of: clara.member.ID})
	if fmt.Sprint(opened(second)) != fmt.Sprint(opened(clara)) {
		t.Errorf("the second device opens %v", opened(second))
	}
	must(t, do(t, second, "storm.note", "", map[string]any{"tree": "ceiba", "note": "del telefono"}))
	inStep(t, url, second, clara)
	if err := ana.Revoke(t.Context(), []journal.MemberID{second.member.ID}, "teléfono robado"); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, clara)
	if h := rosterOf(t, clara); !h[clara.member.ID].Active || h[second.member.ID].Active || h[second.member.ID].Person() != clara.member.ID {
		t.Errorf("%+v %+v", h[clara.member.ID], h[second.member.ID])
	}
	must(t, do(t, clara, "storm.note", "", map[string]any{"tree": "ceiba", "note": "sigue"}))
	if _, err := second.Exchange(t.Context(), url, nil); !errors.Is(err, ErrRevoked) {
		t.Errorf("the stolen phone exchanges: %v", err)
	}
	_ = phone
}

// A key that nobody who administers published is not taken, whoever grants it.
func TestAKeyOfOnesOwn(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
	own := eva.member.Ring.Part()
	own.Add(record.Care, 99, [32]byte{1, 2, 3})
	grant, err := vault.Grant(eva.member.Workspace, eva.node.journal.Roll().Members[clara.member.ID], own, 0)
	if err != nil {
		t.Fatal(err)
	}
	eva.node.mu.Lock()
	err = eva.manage(t.Context(), []journal.Control{grant}, nil, nil)
	eva.node.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	inStep(t, url, eva, clara)
	if epoch, _, _ := clara.member.Ring.Current(record.Care); epoch == 99 {
		t.Error("a colleague's own key is sealed with")
	}
}

// Roles that somebody writes into the roster without administering give nothing.
func TestARoleOfOnesOwn(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, rita := member(t, ana, url, "Rita", Options{}, roles("registrar"))
	rita.node.mu.Lock()
	err := rita.manage(context.Background(), nil, func(c *record.Change) error {
		_, _, err := c.Put(memberKind, record.Fields{"member": record.ID(rita.member.ID), "roles": []string{"clinician", "registrar"}})
		return err
	}, nil)
	rita.node.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	inStep(t, url, rita, ana, rita)
	trees(t, rita)
	if got := strings.Join(opened(rita), " "); strings.Contains(got, "care") {
		t.Errorf("she made herself a clinician and opens %s", got)
	}
}
