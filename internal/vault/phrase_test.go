package vault

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

func TestPassphrasesThatAreEasyToGuessAreRefused(t *testing.T) {
	names := []string{"Rosa Elvira Cruz", "Casa del Sureste"}
	for phrase, want := range map[string]string{
		"":                                "short_passphrase",
		"nueve car":                       "short_passphrase",
		"ñandú búho":                      "", // ten characters, whatever their bytes
		"password123":                     "weak_passphrase",
		"P@ssw0rd!!":                      "weak_passphrase",
		"passwordpassword":                "weak_passphrase",
		"Contraseña 2026":                 "weak_passphrase",
		"Guatemala2025!":                  "weak_passphrase",
		"1234567890":                      "weak_passphrase",
		"qwertyuiop12":                    "weak_passphrase",
		"aaaaaaaaaaaa":                    "weak_passphrase",
		"abababababab":                    "weak_passphrase",
		"rosaelviracruz":                  "named_passphrase",
		"Rosa Elvira Cruz 1984":           "named_passphrase",
		"casa sureste rosa":               "named_passphrase",
		"mi casa del cerro verde":         "", // a name's word among others is no fault
		"cuatro caballos cruzan despacio": "",
		"tres erizos":                     "",
	} {
		_, err := JudgePassphrase(phrase, names...)
		var refusal *record.Refusal
		if got := ""; errors.As(err, &refusal) {
			if got = refusal.Code; got != want {
				t.Errorf("%q: %s, want %q", phrase, got, want)
			}
		} else if want != "" || err != nil {
			t.Errorf("%q: %v, want %q", phrase, err, want)
		}
	}
}

func TestStrengthIsSaidInThreeSteps(t *testing.T) {
	for phrase, want := range map[string]Strength{
		"tres erizos":                          Enough,
		"cuatro nubes sobre puente":            Good,
		"puente limón cántaro siete nube faro": Strong,
		"x8!kQ2vv#Lm9":                         Enough,
	} {
		if got, err := JudgePassphrase(phrase); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", phrase, got, err, want)
		}
	}
}

// What is asked with any names and any text ends, and a passphrase on the list is refused with digits around it too.
func TestJudgingAPassphraseEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		phrase, name := rapid.String().Draw(t, "phrase"), rapid.String().Draw(t, "name")
		if strength, err := JudgePassphrase(phrase, name); (err == nil) == (strength == "") {
			t.Fatalf("%q: %q, %v", phrase, strength, err)
		}
		tail := rapid.StringMatching(`[0-9]{3,6}[!.]?`).Draw(t, "tail")
		if _, err := JudgePassphrase("sunshine" + tail); err == nil {
			t.Fatalf("sunshine%s is allowed", tail)
		}
	})
}

func TestTheListOfCommonPasswordsIsSorted(t *testing.T) {
	if len(commonDigests)%digestSize != 0 || len(commonDigests) < 10000*digestSize {
		t.Fatalf("%d bytes", len(commonDigests))
	}
	for i := digestSize; i < len(commonDigests); i += digestSize {
		if bytes.Compare(commonDigests[i-digestSize:i], commonDigests[i:i+digestSize]) >= 0 {
			t.Fatalf("entry %d is not in its place: it could not be found", i/digestSize)
		}
	}
	for _, word := range commonHere {
		if foldPhrase(word) != word || strings.TrimSpace(word) == "" {
			t.Errorf("%q is not written as it is looked for", word)
		}
	}
}

// A key file sealed at yesterday's cost is sealed at today's by unlocking it; a new passphrase opens it and the old one does
// not, also not from the bytes that were there before.
func TestResealing(t *testing.T) {
	dir := t.TempDir()
	k, err := OpenKeep(dir, journal.WorkspaceID{1})
	if err != nil {
		t.Fatal(err)
	}
	k.Cost = seal.Cost{Passes: 1, Memory: 64, Threads: 1}
	m, err := NewMember(journal.WorkspaceID{1}, "Ana")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Save(m, []byte("la primera")); err != nil {
		t.Fatal(err)
	}
	if err := k.SetLease(m.ID, time.Unix(5_000_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	k.Cost = seal.Cost{Passes: 2, Memory: 64, Threads: 1}
	if _, err := k.Unlock(m.ID, []byte("otra")); !errors.Is(err, ErrPassphrase) {
		t.Fatal(err)
	}
	cost := func() seal.Cost {
		f, err := k.read(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		return f.Locked.Cost
	}
	if cost() != (seal.Cost{Passes: 1, Memory: 64, Threads: 1}) {
		t.Error("a wrong passphrase resealed the file")
	}
	again, err := k.Unlock(m.ID, []byte("la primera"))
	if err != nil {
		t.Fatal(err)
	}
	if cost() != k.Cost {
		t.Errorf("sealed at %v, today's cost is %v", cost(), k.Cost)
	}
	held, err := os.Open(k.path(m.ID)) // what is left of the old file
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := k.Reseal(again, []byte("la segunda")); err != nil {
		t.Fatal(err)
	}
	left, err := io.ReadAll(held)
	if err != nil || len(left) == 0 || len(bytes.Trim(left, "\x00")) > 0 {
		t.Errorf("the old key file is still to be read: %d bytes, %v", len(left), err)
	}
	if _, err := k.Unlock(m.ID, []byte("la primera")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("the old passphrase: %v", err)
	}
	same, err := k.Unlock(m.ID, []byte("la segunda"))
	if err != nil || same.ID != m.ID || same.WriterID() != m.WriterID() {
		t.Errorf("the new one: %v", err)
	}
	if l, err := k.Find("Ana"); err != nil || l.Lease.Unix() != 5_000_000_000 {
		t.Errorf("the lease is lost: %v, %v", l, err)
	}
}

// The new passphrase could not be written, or the machine went off in the middle: the old one opens as before.
func TestAPassphraseChangeCutOff(t *testing.T) {
	dir := t.TempDir()
	k := keep(t, dir)
	ana := member(t, k, "Ana")
	if err := os.Link(k.path(ana.ID), k.path(ana.ID)+oldFile); err != nil { // as far as it came
		t.Fatal(err)
	}
	k = keep(t, dir)
	if _, err := k.Unlock(ana.ID, []byte(pass)); err != nil {
		t.Fatalf("after opening again: %v", err)
	}
	if err := os.Link(k.path(ana.ID), k.path(ana.ID)+oldFile); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	if err := k.Reseal(ana, []byte("otra frase larga")); err != nil {
		t.Fatal(err)
	}
	if _, err := keep(t, dir).Unlock(ana.ID, []byte("otra frase larga")); err != nil {
		t.Fatalf("after changing it again: %v", err)
	}
	if _, err := os.Stat(k.path(ana.ID) + oldFile); !errors.Is(err, os.ErrNotExist) {
		t.Error("the old file is left")
	}
}
