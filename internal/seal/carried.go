package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// Carried is a text that a person takes along under a PIN, in the ciphers that browsers bring: whoever has the PIN opens it on any
// telephone, without a network and without Amparo. PBKDF2-SHA-256 makes a guess dear by time alone, not by memory as Argon2id does, and
// twelve digits are 40 bits: it holds against who finds a telephone, and not against who has many machines and wants this one file.
type Carried struct {
	Rounds int    `json:"rounds"` // of PBKDF2
	Salt   []byte `json:"salt"`
	Nonce  []byte `json:"nonce"`
	Sealed []byte `json:"sealed"` // AES-256-GCM
}

const (
	carriedRounds  = 1_000_000
	carriedPurpose = "summary v1" // authenticated beside the text
	carriedPIN     = 12
	carriedBlock   = 8 << 10 // lengths come in steps of it: how much there is to say of somebody is nobody's to see
	leastRounds    = 100_000
	mostRounds     = 10_000_000
)

// PIN is the twelve digits under which something is carried.
type PIN string

// NewPIN draws one.
func NewPIN() PIN {
	var raw [8]byte
	for {
		_, _ = rand.Read(raw[:]) // crypto/rand does not fail: it ends the program instead
		// Numbers from the incomplete last round of 10^12 would come up more often than the others.
		if n := binary.BigEndian.Uint64(raw[:]); n < 18_446_744*1_000_000_000_000 {
			return PIN(fmt.Sprintf("%0*d", carriedPIN, n%1_000_000_000_000))
		}
	}
}

// Carry seals a text under a PIN. The text is padded with spaces, which its reader takes off or does not mind.
func Carry(pin PIN, text []byte) (Carried, error) { return carry(pin, text, carriedRounds) }

func carry(pin PIN, text []byte, rounds int) (Carried, error) {
	c := Carried{Rounds: rounds, Salt: make([]byte, 16), Nonce: make([]byte, 12)}
	_, _ = rand.Read(c.Salt)
	_, _ = rand.Read(c.Nonce)
	aead, err := c.under(pin)
	if err != nil {
		return Carried{}, err
	}
	padded := append(text[:len(text):len(text)], strings.Repeat(" ", (carriedBlock-len(text)%carriedBlock)%carriedBlock)...)
	c.Sealed = aead.Seal(nil, c.Nonce, padded, []byte(carriedPurpose))
	return c, nil
}

// Open gives the text with its padding. A wrong PIN, or a text that was changed, fails with ErrSealed.
func (c Carried) Open(pin PIN) ([]byte, error) {
	if c.Rounds < leastRounds || c.Rounds > mostRounds || len(c.Nonce) != 12 {
		return nil, fmt.Errorf("%w: %d rounds, a nonce of %d bytes", ErrCost, c.Rounds, len(c.Nonce))
	}
	aead, err := c.under(pin)
	if err != nil {
		return nil, err
	}
	text, err := aead.Open(nil, c.Nonce, c.Sealed, []byte(carriedPurpose))
	if err != nil {
		return nil, ErrSealed
	}
	return text, nil
}

func (c Carried) under(pin PIN) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha256.New, string(pin), c.Salt, c.Rounds, 32)
	if err != nil {
		return nil, fmt.Errorf("a key from a PIN: %w", err)
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("a key from a PIN: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("a key from a PIN: %w", err)
	}
	return aead, nil
}
