package node

import (
	"errors"
	"testing"

	"amparo/internal/vault"
)

// A passphrase is changed by who knows the one before, and not to one that is easy to guess. What is open stays open, and
// the device's chain goes on.
func TestChangingThePassphrase(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	must(t, plant(t, s, "ceiba"))
	const after = "tres erizos bajo lluvia"
	if _, err := s.ChangePassphrase(t.Context(), []byte("no es esta frase"), []byte(after)); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("somebody else: %v", err)
	}
	for weak, code := range map[string]string{"corta": "short_passphrase", "password1234": "weak_passphrase", "Ana del Bosque": "named_passphrase"} {
		_, err := s.ChangePassphrase(t.Context(), []byte(pass), []byte(weak))
		refusedWith(t, weak, err, code)
	}
	writer := s.member.WriterID()
	strength, err := s.ChangePassphrase(t.Context(), []byte(pass), []byte(after))
	if err != nil || strength != vault.Good {
		t.Fatalf("%q, %v", strength, err)
	}
	must(t, plant(t, s, "nopal"))
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, err = Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	if _, err := n.Unlock(t.Context(), "", []byte(pass)); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("the passphrase before: %v", err)
	}
	s, err = n.Unlock(t.Context(), "", []byte(after))
	if err != nil {
		t.Fatal(err)
	}
	if got := trees(t, s); len(got) != 2 || s.member.WriterID() != writer {
		t.Errorf("%v, and the chain of the device: %v", got, s.member.WriterID() == writer)
	}
	s.Lock()
	if _, err := s.ChangePassphrase(t.Context(), []byte(after), []byte(pass)); !errors.Is(err, ErrLocked) {
		t.Errorf("a locked session: %v", err)
	}
	if _, err := s.Passkeys(); !errors.Is(err, ErrLocked) {
		t.Errorf("passkeys of a locked session: %v", err)
	}
	if err := s.CheckPasskey(vault.PasskeyQuestion{}, vault.PasskeyAnswer{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a passkey at a locked session: %v", err)
	}
}
