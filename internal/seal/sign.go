package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrSignature reports a signature that is not of this key over these bytes.
var ErrSignature = errors.New("signature does not verify")

// Signer is a private signing key: of a member, or of a member's writer on one device.
type Signer struct{ key ed25519.PrivateKey }

// VerifyKey is the public half.
type VerifyKey [ed25519.PublicKeySize]byte

// Signature is Ed25519's.
type Signature [ed25519.SignatureSize]byte

// NewSigner draws a key.
func NewSigner() (Signer, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return Signer{}, fmt.Errorf("draw a signing key: %w", err)
	}
	return Signer{key}, nil
}

// SignerFromSeed restores a key from the 32 bytes that Seed gave.
func SignerFromSeed(seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return Signer{}, fmt.Errorf("signing key: %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	return Signer{ed25519.NewKeyFromSeed(seed)}, nil
}

// Seed is the secret itself, to be sealed.
func (s Signer) Seed() []byte { return s.key.Seed() }

// Public is the half to show.
func (s Signer) Public() VerifyKey { return VerifyKey(s.key.Public().(ed25519.PublicKey)) }

// Sign signs bytes for a purpose; a signature for one purpose verifies for no other.
func (s Signer) Sign(purpose string, message []byte) Signature {
	return Signature(ed25519.Sign(s.key, bound(purpose, message)))
}

// Derive is a symmetric key for a purpose that only the holder of this key can compute.
func (s Signer) Derive(purpose string) (key [32]byte, err error) {
	out, err := hkdf.Key(sha256.New, s.key.Seed(), nil, purpose, len(key))
	if err != nil {
		return key, fmt.Errorf("derive a key: %w", err)
	}
	return [32]byte(out), nil
}

// Wipe forgets the key as far as Go allows.
func (s Signer) Wipe() { clear(s.key) }

// Verify checks a signature. It fails with ErrSignature.
func (k VerifyKey) Verify(purpose string, message []byte, sig Signature) error {
	if !ed25519.Verify(k[:], bound(purpose, message), sig[:]) {
		return ErrSignature
	}
	return nil
}

func bound(purpose string, message []byte) []byte {
	out := make([]byte, 0, len(purpose)+1+len(message))
	out = append(out, purpose...)
	out = append(out, 0)
	return append(out, message...)
}
