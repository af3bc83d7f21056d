package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// RecoveryKeys derives the signing and the receiving key that a recovery seed stands for, in a context (the workspace):
// HKDF-SHA256 (RFC 5869) without salt, each key from a purpose of its own. The seed is 32 random bytes, so nothing needs to
// be stretched. What it gives never changes: the seed is on paper.
func RecoveryKeys(seed [32]byte, context string) (Signer, Receiver, error) {
	var keys [2][]byte
	for i, purpose := range []string{"amparo recovery sign v1 ", "amparo recovery receive v1 "} {
		var err error
		if keys[i], err = hkdf.Key(sha256.New, seed[:], nil, purpose+context, 32); err != nil {
			return Signer{}, Receiver{}, fmt.Errorf("derive the recovery keys: %w", err)
		}
		defer clear(keys[i])
	}
	sign, err := SignerFromSeed(keys[0])
	if err != nil {
		return Signer{}, Receiver{}, err
	}
	receiver, err := ReceiverFromSecret(keys[1])
	return sign, receiver, err
}
