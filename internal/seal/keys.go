package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// ErrSealed reports bytes that this key does not open: a wrong key, or bytes that were changed.
var ErrSealed = errors.New("sealed bytes do not open with this key")

// CompartmentKey seals the parts of one compartment in one epoch.
type CompartmentKey [32]byte

// ViewKey encrypts one view file on one device.
type ViewKey [32]byte

// WorkspaceSecret is known to every member of a workspace and to nobody else. From it come what the relay may see but
// not understand: compartment tags and shelves.
type WorkspaceSecret [32]byte

// NewCompartmentKey draws a key.
func NewCompartmentKey() CompartmentKey { return CompartmentKey(draw()) }

// NewViewKey draws a key.
func NewViewKey() ViewKey { return ViewKey(draw()) }

// NewWorkspaceSecret draws a secret.
func NewWorkspaceSecret() WorkspaceSecret { return WorkspaceSecret(draw()) }

func draw() (key [32]byte) {
	rand.Read(key[:]) // never fails: Go ends the program first
	return key
}

// Commitment names the key without telling it: the key is 32 random bytes, so a digest can neither be turned round nor met
// by another key.
func (k CompartmentKey) Commitment() [32]byte {
	return sha256.Sum256(append([]byte("amparo compartment key v1\x00"), k[:]...))
}

// Wipe forgets the key as far as Go allows: copies the runtime made are out of reach.
func (k *CompartmentKey) Wipe() { clear(k[:]) }

// Wipe forgets the key as far as Go allows.
func (k *ViewKey) Wipe() { clear(k[:]) }

// Wipe forgets the secret as far as Go allows.
func (k *WorkspaceSecret) Wipe() { clear(k[:]) }

// Tag is the byte that stands for a compartment in headers: it means nothing to who does not know the secret. The
// caller draws secrets until all its tags differ and none is 0, which marks an open part.
func (k WorkspaceSecret) Tag(compartment uint8) uint8 {
	return k.mac("amparo tag v1", []byte{compartment})[0]
}

// ShelfBits is how coarse a shelf is: 4,096 buckets.
const ShelfBits = 12

// Shelf is the bucket of an entity.
func (k WorkspaceSecret) Shelf(entity []byte) uint16 {
	return binary.BigEndian.Uint16(k.mac("amparo shelf v1", entity)) >> (16 - ShelfBits)
}

func (k WorkspaceSecret) mac(purpose string, data []byte) []byte {
	sub, err := hkdf.Expand(sha256.New, k[:], purpose, 32)
	if err != nil {
		panic(err) // only for lengths beyond 255 hashes
	}
	m := hmac.New(sha256.New, sub)
	m.Write(data)
	return m.Sum(nil)
}

// Digest is SHA-256.
func Digest(data []byte) [32]byte { return sha256.Sum256(data) }

// Same compares without telling by its duration where two secrets differ.
func Same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
