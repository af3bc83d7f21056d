package node

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"amparo/internal/record"
)

func refusedWith(t testing.TB, what string, err error, codes ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s is taken", what)
		return
	}
	code := AsRefusal(err).Code
	for _, want := range codes {
		if code == want {
			return
		}
	}
	t.Errorf("%s: %s (%v), want %v", what, code, err, codes)
}

// clocked founds a workspace whose clock the test turns.
func clocked(t testing.TB, dir string, now *time.Time) (*Node, *Session) {
	t.Helper()
	return by(t, dir, func() time.Time { return *now })
}

// by founds a workspace that goes by a clock.
func by(t testing.TB, dir string, wall func() time.Time) (*Node, *Session) {
	t.Helper()
	n, err := Found(dir, forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"},
		Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return n, s
}

func join(t testing.TB, inv Invitation) (*Node, Request, error) {
	t.Helper()
	n, req, err := Join(filepath.Join(t.TempDir(), "joined"), forestRegistry(t), inv, "Bea", pass, Options{Cost: cheap})
	if err == nil {
		t.Cleanup(func() { n.Close() })
	}
	return n, req, err
}

// working invites somebody who may do everything but administer.
func working() Invite {
	return Invite{Roles: slices.DeleteFunc(Roles(), func(r string) bool { return r == "administrator" })}
}

func TestInvitationsThatMustNotLetAnybodyIn(t *testing.T) {
	now := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	_, ana := clocked(t, t.TempDir(), &now)
	_, other := clocked(t, t.TempDir(), &now)
	invite := func(s *Session) Invitation {
		inv, err := s.Invite(t.Context(), working())
		if err != nil {
			t.Fatal(err)
		}
		return inv
	}
	t.Run("used twice", func(t *testing.T) {
		inv := invite(ana)
		_, first, err := join(t, inv)
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := join(t, inv)
		if err != nil {
			t.Fatal(err)
		}
		if name, err := ana.Accept(t.Context(), first); err != nil || name != "Bea" {
			t.Fatalf("%q, %v", name, err)
		}
		_, err = ana.Accept(t.Context(), first)
		refusedWith(t, "the same request twice", err, "invitation_used")
		_, err = ana.Accept(t.Context(), second)
		refusedWith(t, "a second answer to one invitation", err, "invitation_used")
	})
	t.Run("of another workspace", func(t *testing.T) {
		_, req, err := join(t, invite(other))
		if err != nil {
			t.Fatal(err)
		}
		_, err = ana.Accept(t.Context(), req)
		refusedWith(t, "a request to another workspace", err, "wrong_workspace")
		req.Workspace = ana.Node().Workspace().String()
		_, err = ana.Accept(t.Context(), req)
		refusedWith(t, "a request to another workspace under our name", err, "not_your_invitation")
	})
	t.Run("expired", func(t *testing.T) {
		_, req, err := join(t, invite(ana))
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(InviteLasts + time.Minute)
		_, err = ana.Accept(t.Context(), req)
		refusedWith(t, "an answer that comes too late", err, "invitation_expired")
	})
	t.Run("another role", func(t *testing.T) {
		inv := invite(ana)
		inv.Roles = []string{"administrator"}
		_, req, err := join(t, inv)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ana.Accept(t.Context(), req)
		refusedWith(t, "a role nobody gave", err, "not_your_invitation")
	})
	t.Run("an unknown role", func(t *testing.T) {
		_, err := ana.Invite(t.Context(), Invite{Roles: []string{"king"}})
		refusedWith(t, "an unknown role", err, "not_in_list")
	})
}

// An invitation travels in clear, by hand or by mail. Whatever one byte of it is changed to, either somebody refuses, or
// it still says the same.
func TestAnInvitationChangedByOneByte(t *testing.T) {
	now := time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)
	n, ana := clocked(t, t.TempDir(), &now)
	if err := n.SetRelay("http://relay.example:8461"); err != nil {
		t.Fatal(err)
	}
	site := record.ID{1, 2, 3}.String()
	taken := 0
	for i, length := 0, 1; i < length; i++ {
		inv, err := ana.Invite(t.Context(), Invite{Roles: []string{"registrar"}, Sites: []record.ID{{1, 2, 3}}}) // each anew: it lets in once
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(inv)
		if err != nil {
			t.Fatal(err)
		}
		if length = len(raw); i%3 != 0 { // here and there
			continue
		}
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		var got Invitation
		if json.Unmarshal(changed, &got) != nil {
			continue
		}
		m, req, err := Join(filepath.Join(t.TempDir(), "joined"), forestRegistry(t), got, "Bea", pass, Options{Cost: cheap})
		if err != nil {
			refusedWith(t, "a changed invitation", err, "not_an_invitation")
			continue
		}
		relay, at := m.Relay(), m.Site().String()
		closed(t, m)
		if _, err := ana.Accept(t.Context(), req); err != nil {
			refusedWith(t, "a changed invitation", err, "not_your_invitation", "wrong_workspace", "invitation_expired")
			continue
		}
		taken++
		if relay != "http://relay.example:8461" || at != site {
			t.Fatalf("byte %d (…%s…): who was let in stands at %s and exchanges with %s", i, changed[max(0, i-8):min(len(changed), i+8)], at, relay)
		}
	}
	if taken > 8 { // a letter's case in a name, the spare bits of base64
		t.Errorf("%d changed invitations let somebody in", taken)
	}
}

func TestAMemberWhoIsNotYetAccepted(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	if _, err := ana.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	plant(t, ana, "ceiba")
	inv, err := ana.Invite(t.Context(), working())
	if err != nil {
		t.Fatal(err)
	}
	b, req, err := join(t, inv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, ErrNotYetGranted) {
		t.Errorf("unlocking before being accepted: %v", err)
	}
	_, err = b.ExchangeAs(t.Context(), "", []byte(pass), url, nil)
	refusedWith(t, "an exchange before being accepted", err, "not_yet_admitted")
	if _, _, err := Join(b.Dir(), forestRegistry(t), inv, "Eva", pass, Options{Cost: cheap}); !errors.Is(err, ErrFounded) {
		t.Errorf("joining twice in one folder: %v", err)
	}

	// Accepted, and no network: the grant comes by stick.
	if _, err := ana.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	stick := filepath.Join(t.TempDir(), "stick")
	if _, err := ana.WriteBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	if _, err := b.TakeBundleAs(t.Context(), "Bea", []byte(pass), stick, nil); err != nil {
		t.Fatal(err)
	}
	bea, err := b.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if got := trees(t, bea); len(got) != 1 {
		t.Errorf("from the stick: %q", got)
	}
	plant(t, bea, "mangle")
	if _, err := bea.WriteBundle(t.Context(), stick+"2"); err != nil {
		t.Fatal(err)
	}
	if sum, err := ana.ReadBundle(t.Context(), stick+"2"); err != nil || sum.Received == 0 {
		t.Errorf("the way back: %+v, %v", sum, err)
	}
	if a, b := digestsOf(t, ana), digestsOf(t, bea); a != b {
		t.Error("after two journeys by stick the views differ")
	}
}
