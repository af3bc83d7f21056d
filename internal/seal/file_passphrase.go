package seal

import (
	"crypto/rand"
	"fmt"
	"math/bits"
	"strconv"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"
)

// scrypt is the work factor (a power of two) that takes twice the memory of this cost: scrypt goes over it once where Argon2id
// goes several times. FieldCost becomes 17, 128 MiB.
func (c Cost) scrypt() int { return bits.Len32(c.Memory-1) + 1 }

// mostScrypt bounds what a file may ask of the machine that opens it, 1 GiB.
const mostScrypt = 20

const (
	scryptStanza = "scrypt"
	scryptLabel  = "age-encryption.org/v1/scrypt"
)

// underPassphrase is a passphrase as recipient and as identity of the age format. age's own takes a string, which cannot be
// wiped.
type underPassphrase struct {
	phrase []byte
	factor int // for sealing
}

func (u underPassphrase) key(salt []byte, factor int) ([]byte, error) {
	return scrypt.Key(u.phrase, append([]byte(scryptLabel), salt...), 1<<factor, 8, 1, chacha20poly1305.KeySize)
}

// Wrap is age's.
func (u underPassphrase) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	key, err := u.key(salt, u.factor)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	body := aead.Seal(nil, make([]byte, chacha20poly1305.NonceSize), fileKey, nil)
	return []*age.Stanza{{Type: scryptStanza, Args: []string{stanza64.EncodeToString(salt), strconv.Itoa(u.factor)}, Body: body}}, nil
}

// Unwrap is age's. A file that asks for more work than mostScrypt fails with ErrCost.
func (u underPassphrase) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != scryptStanza || len(stanzas[0].Args) != 2 {
		return nil, age.ErrIncorrectIdentity
	}
	s := stanzas[0]
	salt, err := stanza64.DecodeString(s.Args[0])
	if err != nil || len(salt) != 16 || len(s.Body) != 16+chacha20poly1305.Overhead {
		return nil, fmt.Errorf("a passphrase's stanza: %w", ErrFileChanged)
	}
	factor, err := strconv.Atoi(s.Args[1])
	if err != nil || factor < 1 || strconv.Itoa(factor) != s.Args[1] {
		return nil, fmt.Errorf("a passphrase's stanza: %w", ErrFileChanged)
	}
	if factor > mostScrypt {
		return nil, fmt.Errorf("%w: scrypt with a work factor of %d", ErrCost, factor)
	}
	key, err := u.key(salt, factor)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	fileKey, err := aead.Open(nil, make([]byte, chacha20poly1305.NonceSize), s.Body, nil)
	if err != nil {
		return nil, age.ErrIncorrectIdentity
	}
	return fileKey, nil
}
