package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// groves is a forest whose trees are persons who can be hidden.
func groves(t testing.TB) *record.Registry {
	t.Helper()
	kind := *tree
	kind.IsPerson = true
	hides := &record.Kind{Number: 21, Name: "hiding_identity", In: record.Identity, Form: record.Keyed, Hides: true, Key: []string{"person"}, Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true}, {Number: 2, Name: "why", Type: record.Set}}}
	m := forest
	m.Kinds = []*record.Kind{&kind, storm, seen, site, hides}
	m.Actions = []record.Action{record.NewAction("tree.plant", []record.Compartment{record.Identity}, func(c *record.Change, d treeData) (any, error) {
		id, err := c.Create(&kind, d.fields())
		return map[string]record.ID{"id": id}, err
	})}
	r, err := Registry(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Somebody adds another person's parts to an erasing that was confirmed, and says that it was about that person: who
// administers names to every copy only what was listed by who may erase there, of whom the erasing was asked for.
func TestNobodyElseIsErased(t *testing.T) {
	url := relayed(t)
	n, err := Found(t.TempDir(), groves(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	other := letIn(t, ana, groves(t), "Luis", Options{}, roles("logistician"))
	plantOne := func(name string) record.ID {
		return must2(record.ParseID(must(t, do(t, ana, "tree.plant", "", map[string]any{"name": name})).ID))
	}
	ceiba, mangle := plantOne("ceiba"), plantOne("mangle")
	must(t, do(t, ana, "person.erase", "", map[string]any{"person": ceiba.String(), "reason": "court", "authority": "acta"}))
	if got := trees(t, ana); len(got) != 1 {
		t.Fatalf("what was to be erased is there: %q", got)
	}
	inStep(t, url, ana)
	if _, err := other.ExchangeAs(t.Context(), "", []byte(pass), url, nil); err != nil {
		t.Fatal(err)
	}
	luis, err := other.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	end := must2(ana.use())
	parts, err := ana.views.AboutPerson(t.Context(), ana.views, record.Identity, mangle)
	end()
	if err != nil || len(parts) == 0 {
		t.Fatalf("%v, %v", parts, err)
	}
	var erasing record.ID
	end = must2(luis.use())
	err = luis.views.Select(t.Context(), "SELECT id FROM field.erasure", nil, func(r record.Row) error { erasing = r.ID(0); return nil })
	end()
	if err != nil || erasing.IsZero() {
		t.Fatal("no erasing to add to", err)
	}
	says(t, luis, nil, func(c *record.Change) error {
		if _, err := c.Happen(erasurePartsKind, record.Fields{"erasure": erasing, "compartment": "identity", "parts": packPlaces(parts), "records": mangle[:]}); err != nil {
			return err
		}
		_, err := c.Set(erasureKind, erasing, record.Fields{"person": mangle, "compartments": []string{"identity"}, "decision": eraseRefused, "why": "x"})
		return err
	})
	inStep(t, url, luis, ana, luis, ana)
	for _, p := range parts {
		if ana.node.journal.Erased(p) {
			t.Error("a logistician had another person erased")
		}
	}
	if got := trees(t, ana); fmt.Sprint(got) != "[mangle 0]" {
		t.Errorf("trees: %q", got)
	}
	end = must2(ana.use())
	defer end()
	all, err := ana.erasures(t.Context(), ana.views)
	if err != nil || len(all) != 1 || all[0].person != ceiba || all[0].decision != eraseConfirmed {
		t.Errorf("the erasing says now: %+v, %v", all, err)
	}
}

// Somebody with the disk writes another end of the lease into the key file, where it stands in clear, and turns the clock back:
// the grant, and what two who administer know of time, say otherwise.
func TestALeaseTakenOutOfTheFile(t *testing.T) {
	url := relayed(t)
	now := turning(time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC))
	wall := now.wall
	_, ana := by(t, t.TempDir(), now.wall)
	n, bea := member(t, ana, url, "Bea", Options{Wall: wall}, Invite{Roles: []string{"registrar"}, Lease: 20})
	_, eva := member(t, ana, url, "Eva", Options{Wall: wall}, Invite{Roles: []string{"registrar", "administrator"}})
	inStep(t, url, bea)
	id := bea.member.ID
	now.turn(15 * 24 * time.Hour)
	plant(t, bea, "ceiba")
	bea.Lock()
	for what, forge := range map[string]func(){
		"without a lease":   func() { must2(0, n.keep.SetLease(id, time.Time{})) },
		"with another end":  func() { must2(0, n.keep.SetLease(id, now.wall().Add(900*24*time.Hour))) },
		"and the clock too": func() { must2(0, n.keep.SetLease(id, time.Time{})); now.turn(-40 * 24 * time.Hour) },
	} {
		was := now.wall()
		keys := must2(os.ReadFile(filepath.Join(n.Dir(), "vault", id.String()+".member")))
		writer := must2(os.ReadFile(n.keep.WriterPath(id)))
		now.turn(6 * 24 * time.Hour)
		if what == "and the clock too" { // the journal has heard of a later time
			for _, s := range []*Session{ana, eva} {
				plant(t, s, "mangle")
				above := must2(n.Copy().Vector(t.Context()))
				if err := s.node.Copy().Runs(t.Context(), above, func(run journal.Run) error {
					_, err := n.Copy().Take(t.Context(), []journal.Run{run})
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		forge()
		if _, err := n.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, ErrLeaseOver) {
			t.Errorf("%s: %v", what, err)
		}
		if left := must2(filepath.Glob(filepath.Join(n.Dir(), "vault", "*.member"))); len(left) != 0 {
			t.Errorf("%s: %q are left", what, left)
		}
		now.set(was)
		must2(0, errors.Join(os.WriteFile(filepath.Join(n.Dir(), "vault", id.String()+".member"), keys, 0o600), os.WriteFile(n.keep.WriterPath(id), writer, 0o600),
			os.Remove(filepath.Join(n.Dir(), "vault", id.String()+".gone"))))
	}
}

// Who comes chooses their name, with a program of their own: no list may show it as two members or as none.
func TestTheNameOfWhoComes(t *testing.T) {
	_, ana := founded(t, t.TempDir())
	for name, code := range map[string]string{"": "required", "  ": "required", strings.Repeat("ñ", 81): "too_long", "Bea\tadministrator\nEva": "bad_character",
		"Bea\u202e": "bad_character", "B\xffa": "", "Bea Núñez-O’Hara": ""} {
		inv := must2(ana.Invite(t.Context(), roles("registrar")))
		m, err := vault.NewMember(ana.member.Workspace, "x")
		if err != nil {
			t.Fatal(err)
		}
		req, err := inv.answer(m, name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ana.Accept(t.Context(), req)
		if code != "" {
			refusedWith(t, fmt.Sprintf("%q", name), err, code)
		} else if err != nil || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) && r != utf8.RuneError }) {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

// Somebody writes that a colleague opened many records, or broke a glass: nobody is accused, and nothing is opened to them, by
// another's word.
func TestWhatAColleagueOpenedIsTheirsToSay(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, luis := member(t, ana, url, "Luis", Options{}, roles("logistician"))
	for k, name := range map[*record.Kind]string{accessCount: "member", glassKind: "member", alarmKind: "member"} {
		if f, has := k.Field(name); !has || f.Number != readerMember {
			t.Fatalf("%s says elsewhere of whom it speaks", k.Name)
		}
	}
	accuses := func(who *Session) func(*record.Change) error {
		return func(c *record.Change) error {
			_, err := c.Happen(glassKind, record.Fields{"member": record.ID(who.member.ID), "until": c.Now.Add(time.Hour)})
			if err == nil {
				_, err = c.Happen(alarmKind, record.Fields{"member": record.ID(who.member.ID), "n": 99, "since": c.Now})
			}
			return errors.Join(err, c.Count(accessCount, record.Fields{"member": record.ID(who.member.ID), "day": "2026-03-17", "n": 99}))
		}
	}
	says(t, luis, nil, accuses(clara))
	says(t, clara, nil, accuses(clara)) // of oneself one may
	inStep(t, url, luis, clara, ana)
	for _, table := range []string{"glass", "access_alarm", "access_count"} {
		if got := must2(ana.Word(t.Context(), "SELECT count(*) || ' ' || sum("+map[string]string{"glass": "1", "access_alarm": "n", "access_count": "n"}[table]+") FROM field."+table)); got != map[string]string{"glass": "1 1", "access_alarm": "1 99", "access_count": "1 99"}[table] {
			t.Errorf("%s: %s", table, got)
		}
	}
}

// Two who administer say different things of a member: who administers settles it. To anybody else it would seem saved and
// count for nothing.
func TestOnlyAdministratorsSettleWhatAdministratorsSay(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, admin := member(t, ana, url, "Admin", Options{}, roles("administrator"))
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	inStep(t, url, admin)
	for s, name := range map[*Session]string{ana: "Clara Sol", admin: "Clara Luz"} {
		says(t, s, nil, puts(memberKind, record.Fields{"member": record.ID(clara.member.ID), "name": name}))
	}
	inStep(t, url, ana, admin, clara, ana)
	var of record.ID
	end := must2(ana.use())
	err := ana.views.Select(t.Context(), "SELECT id FROM field.member WHERE member = ?", []any{record.ID(clara.member.ID)}, func(r record.Row) error { of = r.ID(0); return nil })
	end()
	if err != nil {
		t.Fatal(err)
	}
	settle := map[string]any{"record": of.String(), "kind": "member", "field": "name", "value": "Clara Sol"}
	if r := do(t, clara, "conflict.settle", "", settle); r.OK || r.Error.Code != "not_allowed" {
		t.Errorf("a clinician settles it: %+v %+v", r, r.Error)
	}
	must(t, do(t, ana, "conflict.settle", "", settle))
	inStep(t, url, ana, clara)
	if h := rosterOf(t, clara)[clara.member.ID]; h.Name != "Clara Sol" {
		t.Errorf("she is called %q", h.Name)
	}
}

// One clock is years ahead, by mistake or on purpose: nobody else loses their keys for it, though it be an administrator's.
func TestAClockAheadEndsNobodysLease(t *testing.T) {
	url := relayed(t)
	now := turning(time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC))
	wall, evas := now.wall, turning(now.wall())
	_, ana := by(t, t.TempDir(), now.wall)
	n, bea := member(t, ana, url, "Bea", Options{Wall: wall}, Invite{Roles: []string{"registrar"}, Lease: 20})
	_, eva := member(t, ana, url, "Eva", Options{Wall: evas.wall}, Invite{Roles: []string{"registrar", "administrator"}})
	evas.turn(3 * 365 * 24 * time.Hour)
	plant(t, eva, "ceiba")
	handed(t, eva, bea)
	bea.Lock()
	bea, err := n.Unlock(t.Context(), "Bea", []byte(pass))
	if err != nil {
		t.Fatalf("Eva's clock ended Bea's lease: %v", err)
	}
	now.turn(21 * 24 * time.Hour) // two who administer know that it is late, whatever this device says
	plant(t, ana, "mangle")
	now.turn(-19 * 24 * time.Hour)
	handed(t, ana, bea)
	n.later.Wait()
	bea.Lock()
	if _, err := n.Unlock(t.Context(), "Bea", []byte(pass)); !errors.Is(err, ErrLeaseOver) {
		t.Errorf("the clock turned back: %v", err)
	}
}
