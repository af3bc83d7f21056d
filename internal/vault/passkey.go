package vault

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// A passkey shows the pages of a member again while their keys are open; it opens nothing by itself and stands in no place of the
// passphrase. Of the two ceremonies of WebAuthn (W3C, Level 3, §7.1 and §7.2) this is what is left when no authenticator is asked
// to prove its make: the checks of what was asked, by whom, with the person present and verified, and one signature.

// ErrPasskey reports an answer to another question, from another place, without the person, or with another key.
var ErrPasskey = errors.New("the passkey was not accepted")

// Passkey is one that a member has made on this device: public, and sealed in their folder all the same, so that nobody adds
// another.
type Passkey struct {
	ID    []byte `cbor:"1,keyasint"`
	Key   []byte `cbor:"2,keyasint"` // public, DER
	Label string `cbor:"3,keyasint"`
	Count uint32 `cbor:"4,keyasint"` // of signatures, when the authenticator counts them
	Made  int64  `cbor:"5,keyasint"` // unix seconds
}

// PasskeyQuestion is what this machine asked.
type PasskeyQuestion struct {
	Challenge []byte
	Origin    string // scheme, host and port of the page
	Host      string // the name the passkey is made for
}

// PasskeyAnswer is what the browser answered: with Key when one was made, with Signature when one was used.
type PasskeyAnswer struct {
	ID         []byte
	ClientData []byte
	AuthData   []byte
	Key        []byte
	Signature  []byte
}

// What an authenticator says of itself (WebAuthn §6.1).
const (
	flagPresent  = 1 << 0
	flagVerified = 1 << 2
	flagAttested = 1 << 6
	authHead     = sha256.Size + 1 + 4
)

// check holds an answer against the question and gives the authenticator's count.
func (q PasskeyQuestion) check(a PasskeyAnswer, kind string) (count uint32, err error) {
	var client struct {
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
	}
	if err := json.Unmarshal(a.ClientData, &client); err != nil {
		return 0, errors.Join(ErrPasskey, err)
	}
	asked, err := base64.RawURLEncoding.DecodeString(client.Challenge)
	host := sha256.Sum256([]byte(q.Host))
	switch {
	case err != nil || len(q.Challenge) < 16 || subtle.ConstantTimeCompare(asked, q.Challenge) != 1:
		return 0, fmt.Errorf("%w: another challenge", ErrPasskey)
	case client.Type != kind || client.Origin != q.Origin || client.CrossOrigin:
		return 0, fmt.Errorf("%w: %s at %s", ErrPasskey, client.Type, client.Origin)
	case len(a.AuthData) < authHead || !bytes.Equal(a.AuthData[:sha256.Size], host[:]):
		return 0, fmt.Errorf("%w: made for another name", ErrPasskey)
	}
	if flags := a.AuthData[sha256.Size]; flags&flagPresent == 0 || flags&flagVerified == 0 {
		return 0, fmt.Errorf("%w: nobody was there, or it was not verified who", ErrPasskey)
	}
	return binary.BigEndian.Uint32(a.AuthData[sha256.Size+1:]), nil
}

// attested reads the id of the passkey that the authenticator has just made.
func attested(auth []byte) []byte {
	const aaguid = 16
	if len(auth) < authHead+aaguid+2 || auth[sha256.Size]&flagAttested == 0 {
		return nil
	}
	rest := auth[authHead+aaguid:]
	n := int(binary.BigEndian.Uint16(rest))
	if rest = rest[2:]; n == 0 || n > 1023 || len(rest) < n {
		return nil
	}
	return rest[:n]
}

// mostPasskeys bounds what one member keeps on a device.
const mostPasskeys = 10

// Passkeys lists a member's on this device.
func (k *Keep) Passkeys(m *Member) ([]Passkey, error) {
	sealed, err := os.ReadFile(k.passkeysPath(m.ID))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	key, err := m.deviceKey()
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	raw, err := seal.OpenUnder(key, k.passkeyPurpose(m), sealed)
	var out []Passkey
	if err == nil {
		err = decode(raw, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w: %w", ErrFile, err)
	}
	return out, nil
}

func (k *Keep) passkeysPath(id journal.MemberID) string {
	return filepath.Join(k.dir, id.String()+".passkeys")
}

func (k *Keep) passkeyPurpose(m *Member) string { return k.purpose(m.ID) + " passkeys" }

func (k *Keep) savePasskeys(m *Member, all []Passkey) error {
	if len(all) == 0 {
		return shred(k.passkeysPath(m.ID))
	}
	raw, err := encode(all)
	if err != nil {
		return fmt.Errorf("passkeys: %w", err)
	}
	key, err := m.deviceKey()
	if err != nil {
		return fmt.Errorf("passkeys: %w", err)
	}
	sealed, err := seal.SealUnder(key, k.passkeyPurpose(m), raw)
	if err != nil {
		return fmt.Errorf("passkeys: %w", err)
	}
	return WriteFile(k.passkeysPath(m.ID), sealed)
}

// AddPasskey keeps one that has just been made.
func (k *Keep) AddPasskey(m *Member, label string, q PasskeyQuestion, a PasskeyAnswer, at time.Time) error {
	count, err := q.check(a, "webauthn.create")
	if err != nil {
		return err
	}
	if id := attested(a.AuthData); id == nil || !bytes.Equal(id, a.ID) {
		return fmt.Errorf("%w: it does not say its own name", ErrPasskey)
	}
	if err := seal.PasskeyKey(a.Key); err != nil {
		return errors.Join(ErrPasskey, err)
	}
	all, err := k.Passkeys(m)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(p Passkey) bool { return bytes.Equal(p.ID, a.ID) })
	if len(all) >= mostPasskeys {
		return fmt.Errorf("%w: there are %d already", ErrPasskey, len(all))
	}
	return k.savePasskeys(m, append(all, Passkey{ID: a.ID, Key: a.Key, Label: label, Count: count, Made: at.Unix()}))
}

// RemovePasskey forgets one. One that is not there is no error.
func (k *Keep) RemovePasskey(m *Member, id []byte) error {
	all, err := k.Passkeys(m)
	if err != nil {
		return err
	}
	return k.savePasskeys(m, slices.DeleteFunc(all, func(p Passkey) bool { return bytes.Equal(p.ID, id) }))
}

// CheckPasskey accepts the answer of one of the member's passkeys. One whose count of signatures does not grow may have been
// copied, and is not accepted.
func (k *Keep) CheckPasskey(m *Member, q PasskeyQuestion, a PasskeyAnswer) error {
	count, err := q.check(a, "webauthn.get")
	if err != nil {
		return err
	}
	all, err := k.Passkeys(m)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(p Passkey) bool { return bytes.Equal(p.ID, a.ID) })
	if i < 0 {
		return fmt.Errorf("%w: it is not one of this member's", ErrPasskey)
	}
	client := sha256.Sum256(a.ClientData)
	if err := seal.VerifyPasskey(all[i].Key, append(slices.Clone(a.AuthData), client[:]...), a.Signature); err != nil {
		return errors.Join(ErrPasskey, err)
	}
	if count == 0 && all[i].Count == 0 { // it does not count
		return nil
	}
	if count <= all[i].Count {
		return fmt.Errorf("%w: its count went from %d to %d", ErrPasskey, all[i].Count, count)
	}
	all[i].Count = count
	return k.savePasskeys(m, all)
}
