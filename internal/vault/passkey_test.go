package vault

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// authenticator makes and uses passkeys as a browser does.
type authenticator struct {
	id    []byte
	key   crypto.Signer
	count uint32
	kind  string // of signature
}

func newAuthenticator(t testing.TB, kind string) *authenticator {
	t.Helper()
	a := &authenticator{id: []byte("passkey " + kind), kind: kind}
	var err error
	switch kind {
	case "ES256":
		a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, a.key, err = ed25519.GenerateKey(rand.Reader)
	case "RS256":
		a.key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "P-384":
		a.key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func client(kind string, q PasskeyQuestion) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, kind, base64.RawURLEncoding.EncodeToString(q.Challenge), q.Origin)
}

func (a *authenticator) auth(q PasskeyQuestion, flags byte) []byte {
	a.count++
	host := sha256.Sum256([]byte(q.Host))
	return binary.BigEndian.AppendUint32(append(host[:], flags), a.count)
}

func (a *authenticator) made(t testing.TB, q PasskeyQuestion) PasskeyAnswer {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(a.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	auth := append(a.auth(q, flagPresent|flagVerified|flagAttested), make([]byte, 16)...)
	auth = append(binary.BigEndian.AppendUint16(auth, uint16(len(a.id))), a.id...)
	return PasskeyAnswer{ID: a.id, ClientData: client("webauthn.create", q), AuthData: auth, Key: der}
}

func (a *authenticator) used(t testing.TB, q PasskeyQuestion) PasskeyAnswer {
	t.Helper()
	answer := PasskeyAnswer{ID: a.id, ClientData: client("webauthn.get", q), AuthData: a.auth(q, flagPresent|flagVerified)}
	return a.sign(t, answer)
}

func (a *authenticator) sign(t testing.TB, answer PasskeyAnswer) PasskeyAnswer {
	t.Helper()
	sum := sha256.Sum256(answer.ClientData)
	signed := append(bytes.Clone(answer.AuthData), sum[:]...)
	digest := sha256.Sum256(signed)
	var err error
	if a.kind == "EdDSA" {
		answer.Signature, err = a.key.Sign(rand.Reader, signed, crypto.Hash(0))
	} else {
		answer.Signature, err = a.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func question() PasskeyQuestion {
	challenge := make([]byte, 32)
	rand.Read(challenge)
	return PasskeyQuestion{Challenge: challenge, Origin: "http://localhost:8460", Host: "localhost"}
}

func keepWithMember(t testing.TB) (*Keep, *Member) {
	t.Helper()
	k, err := OpenKeep(t.TempDir(), journal.WorkspaceID{1})
	if err != nil {
		t.Fatal(err)
	}
	k.Cost = seal.Cost{Passes: 1, Memory: 64, Threads: 1}
	m, err := NewMember(journal.WorkspaceID{1}, "Ana")
	if err != nil {
		t.Fatal(err)
	}
	return k, m
}

func TestAPasskeyIsMadeUsedAndForgotten(t *testing.T) {
	for _, kind := range []string{"ES256", "EdDSA", "RS256"} {
		t.Run(kind, func(t *testing.T) {
			k, m := keepWithMember(t)
			a, q := newAuthenticator(t, kind), question()
			if err := k.AddPasskey(m, "llave azul", q, a.made(t, q), time.Unix(1_800_000_000, 0)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				q = question()
				if err := k.CheckPasskey(m, q, a.used(t, q)); err != nil {
					t.Fatal(err)
				}
			}
			all, err := k.Passkeys(m)
			if err != nil || len(all) != 1 || all[0].Label != "llave azul" || all[0].Count != 3 {
				t.Errorf("%+v, %v", all, err)
			}
			raw, err := os.ReadFile(k.passkeysPath(m.ID))
			if err != nil || bytes.Contains(raw, a.id) || bytes.Contains(raw, []byte("llave azul")) {
				t.Errorf("the file shows what is in it: %v", err)
			}
			if err := k.RemovePasskey(m, a.id); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(k.passkeysPath(m.ID)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the last passkey is gone and its file is there: %v", err)
			}
			q = question()
			if err := k.CheckPasskey(m, q, a.used(t, q)); !errors.Is(err, ErrPasskey) {
				t.Errorf("a passkey that was forgotten: %v", err)
			}
		})
	}
}

// Each way in which an answer may be another one than was asked for.
func TestAPasskeyIsRefused(t *testing.T) {
	k, m := keepWithMember(t)
	a, q := newAuthenticator(t, "ES256"), question()
	if err := k.AddPasskey(m, "llave", q, a.made(t, q), time.Now()); err != nil {
		t.Fatal(err)
	}
	stranger := newAuthenticator(t, "ES256")
	for name, answer := range map[string]func(q PasskeyQuestion) PasskeyAnswer{
		"an older challenge": func(PasskeyQuestion) PasskeyAnswer { return a.used(t, question()) },
		"another port":       func(q PasskeyQuestion) PasskeyAnswer { q.Origin = "http://localhost:9999"; return a.used(t, q) },
		"another name":       func(q PasskeyQuestion) PasskeyAnswer { q.Host = "elsewhere"; return a.used(t, q) },
		"another key":        func(q PasskeyQuestion) PasskeyAnswer { return stranger.used(t, q) },
		"made, not used": func(q PasskeyQuestion) PasskeyAnswer {
			made := a.made(t, q)
			return a.sign(t, made)
		},
		"nobody verified": func(q PasskeyQuestion) PasskeyAnswer {
			return a.sign(t, PasskeyAnswer{ID: a.id, ClientData: client("webauthn.get", q), AuthData: a.auth(q, flagPresent)})
		},
		"nobody there": func(q PasskeyQuestion) PasskeyAnswer {
			return a.sign(t, PasskeyAnswer{ID: a.id, ClientData: client("webauthn.get", q), AuthData: a.auth(q, flagVerified)})
		},
		"within another page": func(q PasskeyQuestion) PasskeyAnswer {
			used := a.used(t, q)
			used.ClientData = bytes.Replace(used.ClientData, []byte("false"), []byte("true"), 1)
			return a.sign(t, used)
		},
		"a signature of something else": func(q PasskeyQuestion) PasskeyAnswer {
			used := a.used(t, q)
			used.Signature = a.used(t, q).Signature
			return used
		},
		"a copy that counts less": func(q PasskeyQuestion) PasskeyAnswer {
			copied := *a
			copied.count = 0
			return copied.used(t, q)
		},
		"nothing": func(PasskeyQuestion) PasskeyAnswer { return PasskeyAnswer{} },
		"no question yet": func(q PasskeyQuestion) PasskeyAnswer {
			return a.used(t, PasskeyQuestion{Origin: q.Origin, Host: q.Host})
		},
	} {
		q := question()
		if name == "no question yet" {
			q.Challenge = nil
		}
		if err := k.CheckPasskey(m, q, answer(q)); !errors.Is(err, ErrPasskey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	q = question()
	if err := k.CheckPasskey(m, q, a.used(t, q)); err != nil {
		t.Errorf("after all that the passkey itself: %v", err)
	}

	q = question()
	for name, made := range map[string]PasskeyAnswer{
		"a curve nobody asked for": newAuthenticator(t, "P-384").made(t, q),
		"no key":                   {ID: a.id, ClientData: client("webauthn.create", q), AuthData: a.made(t, q).AuthData, Key: []byte("no key")},
		"another id":               {ID: []byte("another"), ClientData: client("webauthn.create", q), AuthData: a.made(t, q).AuthData, Key: a.made(t, q).Key},
		"used, not made":           a.used(t, q),
	} {
		if err := k.AddPasskey(m, "x", q, made, time.Now()); !errors.Is(err, ErrPasskey) {
			t.Errorf("made: %s: %v", name, err)
		}
	}
	if err := WriteFile(k.passkeysPath(m.ID), []byte("somebody else's file")); err != nil {
		t.Fatal(err)
	}
	q = question()
	if err := k.CheckPasskey(m, q, a.used(t, q)); !errors.Is(err, ErrFile) {
		t.Errorf("a file that was put there: %v", err)
	}
}

// Whatever a browser sends, it is refused and nothing panics.
func FuzzPasskeyAnswer(f *testing.F) {
	a, q := newAuthenticator(f, "ES256"), PasskeyQuestion{Challenge: make([]byte, 32), Origin: "http://localhost:8460", Host: "localhost"}
	for _, answer := range []PasskeyAnswer{a.made(f, q), a.used(f, q)} {
		f.Add(answer.ClientData, answer.AuthData, answer.Key, answer.Signature)
	}
	other := PasskeyQuestion{Challenge: bytes.Repeat([]byte{9}, 32), Origin: "http://localhost:1", Host: "localhost"}
	f.Fuzz(func(t *testing.T, clientData, auth, key, signature []byte) {
		answer := PasskeyAnswer{ID: attested(auth), ClientData: clientData, AuthData: auth, Key: key, Signature: signature}
		if _, err := other.check(answer, "webauthn.get"); err == nil {
			if !bytes.Contains(clientData, []byte("localhost:1")) {
				t.Error("an answer from elsewhere is accepted")
			}
		}
		if seal.PasskeyKey(key) == nil && seal.VerifyPasskey(key, auth, signature) == nil && len(signature) == 0 {
			t.Error("no signature is accepted")
		}
	})
}
