package seal

import (
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Cost is how dear one guess of a passphrase is. It is stored beside what it protects, so it can be raised later.
type Cost struct {
	Passes  uint32 `cbor:"1,keyasint"`
	Memory  uint32 `cbor:"2,keyasint"` // KiB
	Threads uint8  `cbor:"3,keyasint"`
}

// FieldCost is the second recommended option of RFC 9106 §4: 64 MiB, three passes; it leaves room for the program on
// a machine with 2 GB.
var FieldCost = Cost{Passes: 3, Memory: 64 << 10, Threads: 4}

// Below reports whether a guess at this cost is cheaper than at the other: memory times passes is the work.
func (c Cost) Below(other Cost) bool {
	return uint64(c.Memory)*uint64(c.Passes) < uint64(other.Memory)*uint64(other.Passes)
}

// ErrCost reports a stored cost beyond what this program will spend: a damaged or hostile key file.
var ErrCost = errors.New("the cost stored with the key is out of bounds")

// maxMemory is what unlocking may take, 1 GiB: a key file that asks for more would end the program on the machines it
// is made for, instead of being refused.
const maxMemory = 1 << 20 // KiB

func (c Cost) check() error {
	if c.Passes == 0 || c.Passes > 64 || c.Memory < 8 || c.Memory > maxMemory || c.Threads == 0 || c.Threads > 64 {
		return fmt.Errorf("%w: %d passes, %d KiB, %d threads", ErrCost, c.Passes, c.Memory, c.Threads)
	}
	return nil
}

// Locked is bytes under a passphrase.
type Locked struct {
	Cost   Cost   `cbor:"1,keyasint"`
	Salt   []byte `cbor:"2,keyasint"`
	Sealed []byte `cbor:"3,keyasint"`
}

// Lock seals bytes under a passphrase.
func Lock(passphrase []byte, cost Cost, purpose string, plain []byte) (Locked, error) {
	if err := cost.check(); err != nil {
		return Locked{}, err
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	sealed, err := SealUnder(stretch(passphrase, salt, cost), purpose, plain)
	if err != nil {
		return Locked{}, err
	}
	return Locked{Cost: cost, Salt: salt, Sealed: sealed}, nil
}

// Unlock opens them. A wrong passphrase fails with ErrSealed.
func (l Locked) Unlock(passphrase []byte, purpose string) ([]byte, error) {
	if err := l.Cost.check(); err != nil {
		return nil, err
	}
	return OpenUnder(stretch(passphrase, l.Salt, l.Cost), purpose, l.Sealed)
}

func stretch(passphrase, salt []byte, cost Cost) [32]byte {
	return [32]byte(argon2.IDKey(passphrase, salt, cost.Passes, cost.Memory, cost.Threads, 32))
}

// SealUnder seals bytes under a symmetric key with a random nonce: for key files, not for parts.
func SealUnder[K ~[32]byte](key K, purpose string, plain []byte) ([]byte, error) {
	k := [32]byte(key)
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		return nil, fmt.Errorf("seal under a key: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+PartOverhead)
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, []byte(purpose)), nil
}

// OpenUnder opens what SealUnder sealed. It fails with ErrSealed.
func OpenUnder[K ~[32]byte](key K, purpose string, sealed []byte) ([]byte, error) {
	k := [32]byte(key)
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		return nil, fmt.Errorf("open under a key: %w", err)
	}
	if len(sealed) < chacha20poly1305.NonceSizeX {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
