package node

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// What follows is done by somebody who was let in and has changed the program: they say what their program would not let
// them say. Keys they do not have; a voice they do.

// says writes what a changed program writes.
func says(t testing.TB, s *Session, controls []journal.Control, say func(*record.Change) error) {
	t.Helper()
	end, err := s.use()
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	d := draft{time: s.node.clock.Now(), controls: controls}
	change, err := s.change(t.Context(), "", record.Request{}, &d)
	if err == nil && say != nil {
		err = say(change)
	}
	if err == nil {
		d.facts = change.Facts()
		err = s.commitControls(t.Context(), d)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func puts(k *record.Kind, fields ...record.Fields) func(*record.Change) error {
	return func(c *record.Change) error {
		for _, f := range fields {
			if _, _, err := c.Put(k, f); err != nil {
				return err
			}
		}
		return nil
	}
}

// Somebody who works here and does not administer says of the others what only administrators say, and that it replaces what
// those said: nobody loses a role, a name, a lease or the way back.
func TestTheRosterIsNobodysButTheAdministrators(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, rita := member(t, ana, url, "Rita", Options{}, roles("registrar"))
	inStep(t, url, ana, rita)
	says(t, rita, nil, puts(memberKind,
		record.Fields{"member": record.ID(ana.member.ID), "roles": []string{"logistician"}, "name": "Nadie", "sites": []string{record.ID{9}.String()}},
		record.Fields{"member": record.ID(clara.member.ID), "roles": []string{}, "lease_days": nil, "left": "x", "of": record.ID(rita.member.ID)}))
	says(t, rita, nil, puts(workspaceKind, record.Fields{"key": "workspace", "name": "De Rita"}))
	inStep(t, url, rita, ana, clara)

	roster := rosterOf(t, ana)
	if h := roster[ana.member.ID]; h.Name != "Ana" || len(h.Roles) != len(Roles()) || len(h.Sites) != 0 {
		t.Errorf("the founder is %q with %v at %v", h.Name, h.Roles, h.Sites)
	}
	if h := roster[clara.member.ID]; fmt.Sprint(h.Roles) != "[clinician]" || h.Days != LeaseDays || h.Person() != clara.member.ID || h.Left != "" {
		t.Errorf("Clara: %+v", h)
	}
	if name := must2(ana.Word(t.Context(), "SELECT name FROM field.workspace")); name != "Bosque" {
		t.Errorf("the workspace is called %q", name)
	}
	if name := must2(ana.Word(t.Context(), "SELECT name FROM field.member WHERE member = ?", record.ID(ana.member.ID))); name != "Ana" {
		t.Errorf("on pages the founder is called %q", name)
	}
	if got := fmt.Sprint(opened(ana), opened(clara)); got != "[identity care mind survivor law field public] [identity care survivor field public]" {
		t.Errorf("they open %s", got)
	}
	must(t, do(t, clara, "storm.note", "", map[string]any{"tree": "ceiba", "note": "sigue"}))
	if err := ana.SetRoles(t.Context(), clara.member.ID, []string{"psychologist"}, nil, 0); err != nil {
		t.Errorf("the founder can no longer say who does what: %v", err)
	}
	if h, err := ana.node.Check(t.Context(), ana, nil); err != nil || !slices.ContainsFunc(h.Problems, func(a Ailment) bool { return a.Code == "odd_fact" }) {
		t.Errorf("what was tried is not named: %+v, %v", h.Problems, err)
	}
}

// What somebody said of the roster before they administered is believed once they do, in whatever order it came: the views of
// all who hold the same are the same.
func TestWhoAdministersLaterIsBelievedEverywhereAlike(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, rita := member(t, ana, url, "Rita", Options{}, roles("registrar"))
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	inStep(t, url, rita)
	says(t, rita, nil, puts(memberKind, record.Fields{"member": record.ID(clara.member.ID), "name": "Clara Luz"}))
	inStep(t, url, rita, ana, clara)
	if h := rosterOf(t, clara)[clara.member.ID]; h.Name != "Clara" {
		t.Fatalf("she is called %q", h.Name)
	}
	if err := ana.SetRoles(t.Context(), rita.member.ID, []string{"registrar", "administrator"}, nil, 0); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, clara, rita)
	_, late := member(t, ana, url, "Dora", Options{}, roles("clinician"))
	inStep(t, url, ana, clara, rita, late, ana, clara, rita) // Dora says how her device stands
	var first string
	for _, s := range []*Session{ana, clara, rita, late} {
		digest := must2(s.Digests())[record.FieldWork]
		if h := rosterOf(t, s)[clara.member.ID]; h.Name != "Clara Luz" {
			t.Errorf("at %s she is called %q", s.member.Label, h.Name)
		}
		if first == "" {
			first = digest
		}
		if digest != first {
			t.Errorf("%s has another view of the same", s.member.Label)
		}
	}
}

// Somebody takes out of the roster which keys they were given, so that nobody would change them when they leave.
func TestWhoHidesTheirKeysLosesThemAllTheSame(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
	_, ida := member(t, ana, url, "Ida", Options{}, roles("clinician"))
	_, admin := member(t, ana, url, "Admin", Options{}, roles("administrator")) // holds none of it and cannot give it again
	inStep(t, url, eva, ida)
	for _, s := range []*Session{eva, ida} {
		says(t, s, nil, puts(holdingKind, record.Fields{"member": record.ID(s.member.ID), "compartment": "care", "keys": []string{}}))
		if _, err := s.node.exchange(t.Context(), s.member, url, nil); err != nil { // their program does not say what has arrived
			t.Fatal(err)
		}
	}
	inStep(t, url, admin)
	if err := admin.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "x"); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, admin, clara)
	epoch, key, _ := clara.member.Ring.Current(record.Care)
	if slices.Contains(eva.member.Ring.Keys(record.Care, epoch), key) {
		t.Error("what is written now is open to who was revoked")
	}
	if err := admin.SetRoles(t.Context(), ida.member.ID, []string{"logistician"}, nil, 0); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, admin, clara)
	epoch, key, _ = clara.member.Ring.Current(record.Care)
	if slices.Contains(ida.member.Ring.Keys(record.Care, epoch), key) {
		t.Error("what is written now is open to who was given another role")
	}
}

// Somebody says that a newcomer was given keys that nobody gave them: they are given all the same, and once.
func TestWhoIsSaidToHaveKeysIsGivenThem(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, admin := member(t, ana, url, "Admin", Options{}, roles("administrator"))
	_, luis := member(t, ana, url, "Luis", Options{}, roles("logistician"))
	_, dora := member(t, admin, url, "Dora", Options{}, roles("clinician"))
	inStep(t, url, luis)
	epoch, key, _ := clara.member.Ring.Current(record.Care)
	says(t, luis, nil, puts(holdingKind, record.Fields{"member": record.ID(dora.member.ID), "compartment": "care", "keys": []string{keyName(epoch, key)}}))
	inStep(t, url, luis, clara, dora)
	trees(t, dora)
	if !dora.Opens(record.Care) {
		t.Fatal("a logistician kept a clinician's keys from her by saying that she has them")
	}
	inStep(t, url, dora, clara, ana, dora)
	commits := clara.node.journal.Head(clara.member.WriterID()).Seq
	inStep(t, url, clara, ana, dora, luis, clara)
	if after := clara.node.journal.Head(clara.member.WriterID()).Seq; after != commits {
		t.Errorf("the same keys are given again and again: %d commits, then %d", commits, after)
	}
	if h := rosterOf(t, ana)[dora.member.ID]; len(h.Waits) != 0 {
		t.Errorf("she is said to wait for %v", h.Waits)
	}
}

// Grants that do not read, for everybody: nobody is kept out by them, neither who works here nor who comes back by shares.
func TestGrantsThatDoNotRead(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	list, err := ana.MakeShares(t.Context(), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	clinic, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
	raw := func(v any) cbor.RawMessage {
		b, err := cbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	bad := []journal.Control{{Kind: journal.ControlGrant, Payload: raw("no grant")}, {Kind: journal.ControlGrant, Payload: raw([]any{1, 2, 3})}, {Kind: 77, Payload: raw(nil)}}
	for id := range ana.node.journal.Roll().Members {
		control, err := journal.NewControl(journal.ControlGrant, journal.Grant{Member: id, Sealed: []byte("nothing sealed")})
		if err != nil {
			t.Fatal(err)
		}
		empty, err := seal.SealTo(ana.node.journal.Roll().Members[id].Receiver, "amparo grant v1 "+ana.member.Workspace.String(), []byte{0xa0})
		if err != nil {
			t.Fatal(err)
		}
		other, err := journal.NewControl(journal.ControlGrant, journal.Grant{Member: id, Sealed: empty})
		if err != nil {
			t.Fatal(err)
		}
		bad = append(bad, control, other)
	}
	says(t, eva, bad, nil)
	inStep(t, url, eva, ana, clara)
	for _, n := range []*Node{ana.node, clinic} {
		for _, s := range n.Unlocked() {
			s.Lock()
		}
		s, err := n.Unlock(t.Context(), "", []byte(pass))
		if err != nil {
			t.Fatalf("%v", err)
		}
		plant(t, s, "arbol de "+s.member.Label)
	}
	r, err := ana.node.Recovery(list[:2])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if covered, err := r.Rehearse(); err != nil || len(covered[0].Missing) != 0 {
		t.Errorf("the shares: %+v, %v", covered, err)
	}
}

// A grant whose secret is another's: it would give a newcomer tags and shelves of their own, and shut out all that is right.
func TestASecretOfOnesOwn(t *testing.T) {
	_, ana := founded(t, t.TempDir())
	n, req, err := join(t, must2(ana.Invite(t.Context(), roles("clinician"))))
	if err != nil {
		t.Fatal(err)
	}
	newcomer := must2(n.keep.Unlock(must2(n.keep.Members())[0].ID, []byte(pass)))
	if _, err := ana.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	epoch, key, _ := ana.member.Ring.Current(record.Care)
	forged := vault.NewRing()
	for forged.Tag(record.Care) != ana.member.Ring.Tag(record.Care) { // one in 256: soon found
		forged = vault.NewRing()
	}
	own := forged.Part()
	own.Add(record.Care, epoch, key)
	grant, err := vault.Grant(ana.member.Workspace, newcomer.Keys(), own, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{node: ana.node, member: newcomer}
	roll := ana.node.journal.Roll().Clone()
	mallory := journal.MemberID{6}
	writer := journal.WriterID{6}
	roll.Members = map[journal.MemberID]journal.MemberKeys{mallory: {}, newcomer.ID: newcomer.Keys()}
	roll.Writers = map[journal.WriterID]journal.Certificate{writer: {Member: mallory}}
	open, err := journal.EncodeControls([]journal.Control{grant})
	if err != nil {
		t.Fatal(err)
	}
	c := &journal.Commit{Header: journal.Header{Writer: writer, Seq: 1, Parts: []journal.PartHeader{{}}}, Parts: [][]byte{open}}
	if err := s.take(roll, c); err != nil {
		t.Fatal(err)
	}
	if err := ana.node.journal.OpenParts(0, func(_ int64, c *journal.Commit) error { return s.take(ana.node.journal.Roll(), c) }); err != nil {
		t.Fatal(err)
	}
	if newcomer.Ring == nil || newcomer.Ring.Secret != ana.member.Ring.Secret || len(newcomer.Ring.Holds()) != 5 {
		t.Errorf("the newcomer works with a secret that is not the workspace's: %v", newcomer.Ring.Holds())
	}
}

// Somebody who administers, and is revoked for it, begins the last key there can be: the keys after it are theirs no more.
func TestAKeyAfterWhichNoneCanCome(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	_, eva := member(t, ana, url, "Eva", Options{}, roles("administrator", "clinician"))
	inStep(t, url, ana, clara, eva)
	key := seal.NewCompartmentKey()
	rotation, err := journal.NewControl(journal.ControlRotate, journal.Rotation{Keys: []journal.RotatedKey{{Tag: eva.member.Ring.Tag(record.Care), Epoch: math.MaxUint32, Commitment: key.Commitment()}}, Without: []journal.MemberID{}})
	if err != nil {
		t.Fatal(err)
	}
	controls := []journal.Control{rotation}
	for _, to := range []*Session{ana, clara, eva} {
		part := eva.member.Ring.Part()
		part.Add(record.Care, math.MaxUint32, key)
		grant, err := vault.Grant(eva.member.Workspace, to.member.Keys(), part, 0)
		if err != nil {
			t.Fatal(err)
		}
		controls = append(controls, grant)
	}
	says(t, eva, controls, nil)
	inStep(t, url, eva, ana, clara)
	if err := ana.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "x"); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, clara)
	must(t, do(t, clara, "storm.note", "", map[string]any{"tree": "ceiba", "note": "despues"}))
	if _, now, _ := clara.member.Ring.Current(record.Care); now == key || slices.Contains(eva.member.Ring.Keys(record.Care, 2), now) {
		t.Error("what is written now is open to who was revoked")
	}
	inStep(t, url, clara, ana)
	if got := storms(t, ana); fmt.Sprint(got) != "[despues]" {
		t.Errorf("the others read %q", got)
	}
}

// A colleague who means well, or ill, gives new keys to who was revoked: their program takes nothing any more, and the relay
// gives it nothing sealed.
func TestKeysGivenToWhoWasRevoked(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	plant(t, ana, "ceiba")
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	n, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
	var old []journal.Control // all that ever gave her something, and let her in
	if err := ana.node.journal.OpenParts(0, func(_ int64, c *journal.Commit) error {
		controls, err := c.Controls()
		for _, control := range controls {
			if control.Kind == journal.ControlGrant || control.Kind == journal.ControlAdmit {
				old = append(old, control)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := ana.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "x"); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, ana, clara)
	must(t, do(t, clara, "storm.note", "", map[string]any{"tree": "ceiba", "note": "despues"}))
	part := clara.member.Ring.Part()
	clara.member.Ring.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) { part.Add(c, epoch, key) })
	grant, err := vault.Grant(clara.member.Workspace, eva.member.Keys(), part, vault.NoLease)
	if err != nil {
		t.Fatal(err)
	}
	says(t, clara, []journal.Control{grant}, puts(holdingKind, record.Fields{"member": record.ID(eva.member.ID), "compartment": "care", "keys": []string{"2.00000000"}}))
	says(t, ana, old, nil) // and who administers says again all that once let her in
	inStep(t, url, clara, ana)
	if _, err := eva.Exchange(t.Context(), url, nil); !errors.Is(err, ErrRevoked) {
		t.Errorf("she exchanges: %v", err)
	}
	if err := n.expel(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, ErrRevoked) {
		t.Errorf("she unlocks: %v", err)
	}
	if len(must2(filepath.Glob(filepath.Join(n.Dir(), "vault", "*.member")))) != 0 {
		t.Error("her keys are still there")
	}
	if h := rosterOf(t, ana)[eva.member.ID]; h.Active {
		t.Error("she is back")
	}
}

// What only administrators may say openly is believed of nobody else, and stops nobody's work but the liar's.
func TestControlsOfWhoDoesNotAdminister(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
	for what, control := range map[string]func(*Session) (journal.Control, error){
		"empowering": func(s *Session) (journal.Control, error) {
			return journal.NewControl(journal.ControlEmpower, journal.Empowerment{Member: s.member.ID})
		},
		"revoking": func(s *Session) (journal.Control, error) {
			return journal.NewControl(journal.ControlRevoke, journal.Revocation{Member: ana.member.ID, Heads: []journal.WriterHead{}})
		},
		"erasing": func(s *Session) (journal.Control, error) {
			return journal.NewControl(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{{Writer: ana.member.WriterID(), Seq: 1, Index: 1}}})
		},
		"rotating": func(s *Session) (journal.Control, error) {
			return journal.NewControl(journal.ControlRotate, journal.Rotation{Keys: []journal.RotatedKey{{Tag: s.member.Ring.Tag(record.Care), Epoch: 2}}, Without: []journal.MemberID{}})
		},
		"admitting": func(s *Session) (journal.Control, error) {
			stranger, err := vault.NewMember(s.member.Workspace, "x")
			if err != nil {
				return journal.Control{}, err
			}
			return journal.NewControl(journal.ControlAdmit, stranger.Keys())
		},
	} {
		_, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
		c, err := control(eva)
		if err != nil {
			t.Fatal(err)
		}
		before := *ana.node.journal.Roll()
		func() {
			defer func() { _ = recover() }()
			eva.node.mu.Lock()
			defer eva.node.mu.Unlock()
			_ = eva.commitControls(t.Context(), draft{time: eva.node.clock.Now(), controls: []journal.Control{c}}) // her own program refuses, or not: the others must
		}()
		_, _ = eva.Exchange(t.Context(), url, nil)
		inStep(t, url, ana, clara)
		after := ana.node.journal.Roll()
		if len(after.Admins) != len(before.Admins) || len(after.Revoked) != len(before.Revoked) || len(after.Erased) != len(before.Erased) ||
			len(after.Rotations) != len(before.Rotations) || len(after.Members) != len(before.Members) {
			t.Errorf("%s by who does not administer is believed", what)
		}
		plant(t, ana, "despues de "+what)
		inStep(t, url, ana, clara)
	}
	if got := trees(t, clara); len(got) != 5 {
		t.Errorf("the others' work: %q", got)
	}
}
