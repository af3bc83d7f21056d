package seal

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// cheap is a cost for tests: one pass over 64 KiB.
var cheap = Cost{Passes: 1, Memory: 64, Threads: 1}

func TestAPassphraseLocksAndUnlocks(t *testing.T) {
	locked, err := Lock([]byte("correct horse"), cheap, "device key", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := locked.Unlock([]byte("correct horse"), "device key"); err != nil || string(plain) != "secret" {
		t.Errorf("unlocked as %q, %v", plain, err)
	}
	again, err := Lock([]byte("correct horse"), cheap, "device key", []byte("secret"))
	if err != nil || bytes.Equal(again.Salt, locked.Salt) || bytes.Equal(again.Sealed, locked.Sealed) {
		t.Errorf("the same salt or nonce twice (%v)", err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another passphrase": func() ([]byte, error) { return locked.Unlock([]byte("correct horse "), "device key") },
		"no passphrase":      func() ([]byte, error) { return locked.Unlock(nil, "device key") },
		"another purpose":    func() ([]byte, error) { return locked.Unlock([]byte("correct horse"), "member key") },
		"another salt": func() ([]byte, error) {
			return Locked{cheap, again.Salt, locked.Sealed}.Unlock([]byte("correct horse"), "device key")
		},
		"no salt": func() ([]byte, error) {
			return Locked{cheap, nil, locked.Sealed}.Unlock([]byte("correct horse"), "device key")
		},
		"another cost": func() ([]byte, error) {
			return Locked{Cost{2, 64, 1}, locked.Salt, locked.Sealed}.Unlock([]byte("correct horse"), "device key")
		},
		"nothing sealed": func() ([]byte, error) {
			return Locked{cheap, locked.Salt, nil}.Unlock([]byte("correct horse"), "device key")
		},
	} {
		if plain, err := try(); !errors.Is(err, ErrSealed) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
}

func TestACostBeyondReasonIsRefusedBeforeItIsPaid(t *testing.T) {
	for _, cost := range []Cost{
		{}, {0, 64, 1}, {1, 0, 1}, {1, 64, 0}, {1, 7, 1}, {65, 64, 1}, {1 << 31, 64, 1}, {1, 1<<20 + 1, 1}, {1, 1<<32 - 1, 255}, {1, 64, 65},
	} {
		if _, err := Lock([]byte("x"), cost, "p", nil); !errors.Is(err, ErrCost) {
			t.Errorf("lock at %+v: %v", cost, err)
		}
		if _, err := (Locked{Cost: cost, Salt: make([]byte, 16), Sealed: make([]byte, 64)}).Unlock([]byte("x"), "p"); !errors.Is(err, ErrCost) {
			t.Errorf("unlock at %+v: %v", cost, err)
		}
	}
	if err := FieldCost.check(); err != nil || FieldCost.Memory < 19<<10 {
		t.Errorf("the cost in use: %+v, %v", FieldCost, err)
	}
}

func TestUnderAKeyEveryBitCounts(t *testing.T) {
	key := NewViewKey()
	sealed, err := SealUnder(key, "view", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := OpenUnder(key, "view", sealed); err != nil || string(plain) != "secret" {
		t.Fatalf("opened as %q, %v", plain, err)
	}
	for i := range sealed {
		bad := slices.Clone(sealed)
		bad[i] ^= 1
		if _, err := OpenUnder(key, "view", bad); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := OpenUnder(key, "view", sealed[:i]); !errors.Is(err, ErrSealed) {
			t.Errorf("cut to %d: %v", i, err)
		}
	}
	if _, err := OpenUnder(key, "key", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another purpose: %v", err)
	}
	if _, err := OpenUnder(NewViewKey(), "view", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another key: %v", err)
	}
}

func TestSignatures(t *testing.T) {
	signer, err := NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	again, err := SignerFromSeed(signer.Seed())
	if err != nil || again.Public() != signer.Public() {
		t.Fatalf("the seed gives another key (%v)", err)
	}
	message := []byte("a commit")
	sig := again.Sign("commit", message)
	if err := signer.Public().Verify("commit", message, sig); err != nil {
		t.Fatal(err)
	}
	for i := range sig {
		for bit := range 8 {
			bad := sig
			bad[i] ^= 1 << bit
			if err := signer.Public().Verify("commit", message, bad); !errors.Is(err, ErrSignature) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
	}
	for name, err := range map[string]error{
		"another purpose":        signer.Public().Verify("certificate", message, sig),
		"another message":        signer.Public().Verify("commit", []byte("a commit."), sig),
		"another key":            other.Public().Verify("commit", message, sig),
		"a key that is no point": VerifyKey{2}.Verify("commit", message, sig),
		"purpose into message":   signer.Public().Verify("com", []byte("mit\x00a commit"), sig),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one, err := signer.Derive("device files")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.Derive("device files"); err != nil || same != one {
		t.Errorf("the same purpose gives another key (%v)", err)
	}
	for name, from := range map[string]Signer{"view files": signer, "device files": other} {
		if key, err := from.Derive(name); err != nil || key == one {
			t.Errorf("%s: the same key for another purpose or signer (%v)", name, err)
		}
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := SignerFromSeed(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes", n)
		}
	}
	again.Wipe()
	if !bytes.Equal(again.Seed(), make([]byte, 32)) {
		t.Error("wiped, and the seed is still there")
	}
}

func TestWhatIsSealedToAMemberOpensForNobodyElse(t *testing.T) {
	receiver, err := NewReceiver()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewReceiver()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := receiver.Secret()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReceiverFromSecret(secret)
	if err != nil || !bytes.Equal(again.Public(), receiver.Public()) || len(again.Public()) != 1216 {
		t.Fatalf("the secret gives another key (%v)", err)
	}
	sealed, err := SealTo(receiver.Public(), "grant", []byte("keys"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open("grant", sealed); err != nil || string(plain) != "keys" {
		t.Errorf("opened as %q, %v", plain, err)
	}
	if twice, err := SealTo(receiver.Public(), "grant", []byte("keys")); err != nil || bytes.Equal(twice, sealed) {
		t.Errorf("sealed twice to the same bytes (%v)", err)
	}
	if _, err := receiver.Open("recovery", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another purpose: %v", err)
	}
	if _, err := other.Open("grant", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another member: %v", err)
	}
	for i := 0; i < len(sealed); i += 7 {
		bad := slices.Clone(sealed)
		bad[i] ^= 0x10
		if _, err := receiver.Open("grant", bad); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := receiver.Open("grant", sealed[:i]); !errors.Is(err, ErrSealed) {
			t.Errorf("cut to %d: %v", i, err)
		}
	}
	for _, n := range []int{0, 32, 1215, 1217} {
		if _, err := SealTo(make(ReceiverKey, n), "grant", nil); err == nil {
			t.Errorf("sealed to a key of %d bytes", n)
		}
	}
	if _, err := SealTo(bytes.Repeat([]byte{0xff}, 1216), "grant", nil); err == nil {
		t.Error("sealed to a key outside the field")
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := ReceiverFromSecret(make([]byte, n)); err == nil {
			t.Errorf("a secret of %d bytes", n)
		}
	}
}

func TestTagsAndShelvesTellWorkspacesApart(t *testing.T) {
	a, b := NewWorkspaceSecret(), NewWorkspaceSecret()
	same := 0
	shelves := map[uint16]int{}
	for i := range 4096 {
		entity := []byte{byte(i), byte(i >> 8)}
		s := a.Shelf(entity)
		if s >= 1<<ShelfBits {
			t.Fatalf("shelf %d", s)
		}
		shelves[s]++
		if s == b.Shelf(entity) {
			same++
		}
	}
	if same > 20 {
		t.Errorf("%d of 4096 entities stand on the same shelf in two workspaces", same)
	}
	if len(shelves) < 2400 { // 4096 · (1 − 1/e) ≈ 2589
		t.Errorf("4096 entities on %d shelves", len(shelves))
	}
	k, v, w := NewCompartmentKey(), NewViewKey(), a
	if [32]byte(k) == [32]byte(v) || k == NewCompartmentKey() || v == NewViewKey() {
		t.Error("a key drawn twice")
	}
	k.Wipe()
	v.Wipe()
	w.Wipe()
	if k != (CompartmentKey{}) || v != (ViewKey{}) || w != (WorkspaceSecret{}) {
		t.Error("wiped, and still there")
	}
}

func FuzzOpenUnder(f *testing.F) {
	v := readVectors(f) // fixed bytes: the fuzzer runs in several processes
	key, sealed := stretch([]byte("correct horse"), v.bytes(f, "salt under a passphrase"), cheap), v.bytes(f, "sealed under a passphrase")
	f.Add(sealed)
	f.Add(sealed[:24])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, err := OpenUnder(key, "a purpose", data)
		if good := bytes.Equal(data, sealed); good != (err == nil) || !good && !errors.Is(err, ErrSealed) {
			t.Errorf("%x opens as %x, %v", data, plain, err)
		}
	})
}

// A key file is read from a disk that others may have had in their hands.
func FuzzLocked(f *testing.F) {
	v := readVectors(f)
	locked := Locked{cheap, v.bytes(f, "salt under a passphrase"), v.bytes(f, "sealed under a passphrase")}
	good, err := cbor.Marshal(locked)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var l Locked
		if cbor.Unmarshal(data, &l) != nil {
			return
		}
		if l.Cost.check() == nil { // what would be paid is bounded; pay little here
			l.Cost = cheap
		}
		plain, err := l.Unlock([]byte("correct horse"), "a purpose")
		if err == nil && !bytes.Equal(l.Sealed, locked.Sealed) {
			t.Errorf("opened as %x", plain)
		} else if err != nil && !errors.Is(err, ErrSealed) && !errors.Is(err, ErrCost) {
			t.Errorf("refused with %v", err)
		}
	})
}

func FuzzReceiverOpen(f *testing.F) {
	receiver, err := ReceiverFromSecret(counted(0x70, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(readVectors(f).bytes(f, "sealed to a member"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := receiver.Open("another purpose", data); !errors.Is(err, ErrSealed) {
			t.Errorf("%v", err)
		}
	})
}
