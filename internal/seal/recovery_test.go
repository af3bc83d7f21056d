package seal

import (
	"bytes"
	"testing"
)

// The seed is on paper: what it gives today it must give for ever.
func TestARecoverySeedGivesTheSameKeysForEver(t *testing.T) {
	seed := [32]byte(counted(0x50, 32))
	sign, receiver, err := RecoveryKeys(seed, "workspace")
	if err != nil {
		t.Fatal(err)
	}
	v, public, digest := readVectors(t), sign.Public(), Digest(receiver.Public())
	v.agree(t, "recovery signing key", public[:])
	v.agree(t, "recovery receiving key, digest", digest[:])

	other := seed
	other[0] ^= 1
	for name, c := range map[string]struct {
		seed    [32]byte
		context string
	}{"another seed": {other, "workspace"}, "another workspace": {seed, "workspacf"}} {
		s, r, err := RecoveryKeys(c.seed, c.context)
		if err != nil || s.Public() == sign.Public() || bytes.Equal(r.Public(), receiver.Public()) {
			t.Errorf("%s gives the same keys (%v)", name, err)
		}
	}
	secret, err := receiver.Secret()
	if err != nil || bytes.Equal(secret, sign.Seed()) {
		t.Errorf("one key for two purposes (%v)", err)
	}
}
