package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
)

// ErrPasskey reports a passkey of a kind that is not taken, or a signature that is not its.
var ErrPasskey = errors.New("the passkey is of an unknown kind, or did not sign this")

// smallestRSA is the fewest bits of an RSA key.
const smallestRSA = 2048

// PasskeyKey checks the public key of a passkey, as the browser gives it (SubjectPublicKeyInfo, DER). Taken are the three kinds
// that authenticators make: ES256, EdDSA with Ed25519, RS256.
func PasskeyKey(der []byte) error {
	_, err := passkeyKey(der)
	return err
}

func passkeyKey(der []byte) (any, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.Join(ErrPasskey, err)
	}
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return key, nil
		}
	case ed25519.PublicKey:
		return key, nil
	case *rsa.PublicKey:
		if key.N.BitLen() >= smallestRSA {
			return key, nil
		}
	}
	return nil, ErrPasskey
}

// VerifyPasskey checks the signature of a passkey.
func VerifyPasskey(der, signed, signature []byte) error {
	key, err := passkeyKey(der)
	if err != nil {
		return err
	}
	sum, ok := sha256.Sum256(signed), false
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(key, sum[:], signature)
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, signed, signature)
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	if !ok {
		return ErrPasskey
	}
	return nil
}
