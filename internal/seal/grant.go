package seal

import (
	"crypto/hpke"
	"fmt"
)

// Receiver is a member's private key for what is sealed to them: X25519 and ML-KEM-768 together, so what is stored
// today stays sealed should one of them fall.
type Receiver struct{ key hpke.PrivateKey }

// ReceiverKey is the public half, 1,216 bytes.
type ReceiverKey []byte

// NewReceiver draws a key.
func NewReceiver() (Receiver, error) {
	key, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return Receiver{}, fmt.Errorf("draw a receiving key: %w", err)
	}
	return Receiver{key}, nil
}

// ReceiverFromSecret restores a key from what Secret gave.
func ReceiverFromSecret(secret []byte) (Receiver, error) {
	key, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
	if err != nil {
		return Receiver{}, fmt.Errorf("receiving key: %w", err)
	}
	return Receiver{key}, nil
}

// Secret is the key itself, to be sealed.
func (r Receiver) Secret() ([]byte, error) { return r.key.Bytes() }

// Public is the half to show.
func (r Receiver) Public() ReceiverKey { return r.key.PublicKey().Bytes() }

// SealTo seals bytes to a member; purpose must be the same when opening.
func SealTo(to ReceiverKey, purpose string, plain []byte) ([]byte, error) {
	pub, err := hpke.MLKEM768X25519().NewPublicKey(to)
	if err != nil {
		return nil, fmt.Errorf("seal to a member: %w", err)
	}
	sealed, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(purpose), pad(plain))
	if err != nil {
		return nil, fmt.Errorf("seal to a member: %w", err)
	}
	return sealed, nil
}

// Open opens what was sealed to this member. It fails with ErrSealed.
func (r Receiver) Open(purpose string, sealed []byte) ([]byte, error) {
	padded, err := hpke.Open(r.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(purpose), sealed)
	if err != nil {
		return nil, ErrSealed
	}
	return unpad(padded)
}
