package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// ErrPin reports that what answers holds another key than the one that was pinned. Nothing was said to it.
var ErrPin = errors.New("what answers holds another key")

// ErrPinText reports a pin that was mistyped.
var ErrPinText = errors.New("not the code of a key")

// DoorKey is what a device shows to neighbours that exchange with it over the local network. It signs handshakes and
// nothing else: it opens no record and speaks for no member, so that it may lie on a locked machine.
type DoorKey struct {
	key  ed25519.PrivateKey
	cert tls.Certificate
	pin  Pin
}

// NewDoorKey draws a key and gives the bytes to keep (PKCS #8).
func NewDoorKey() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("draw a key for neighbours: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("draw a key for neighbours: %w", err)
	}
	return raw, nil
}

// ReadDoorKey reads what NewDoorKey gave.
func ReadDoorKey(raw []byte) (DoorKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(raw)
	if err != nil {
		return DoorKey{}, fmt.Errorf("read the key for neighbours: %w", err)
	}
	key, right := parsed.(ed25519.PrivateKey)
	if !right {
		return DoorKey{}, fmt.Errorf("read the key for neighbours: a key of the kind %T", parsed)
	}
	// The certificate says nothing but the key: no name, and no date that a clock without battery could be outside of.
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return DoorKey{}, fmt.Errorf("certify the key for neighbours: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return DoorKey{}, fmt.Errorf("certify the key for neighbours: %w", err)
	}
	return DoorKey{key, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, PinOf(leaf)}, nil
}

// Pin names the key.
func (d DoorKey) Pin() Pin { return d.pin }

// TLS is how the device answers. Who does not name the key that it comes for is shown no certificate: somebody who tries
// every address of a network learns that something listens, and not whose it is.
func (d DoorKey) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{d.cert}, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if !d.pin.named(hello.ServerName) {
				return nil, errors.New("it comes for another key")
			}
			return nil, nil
		},
	}
}

// Pin names a neighbour's key: the first 152 bits of the SHA-256 of its public key (SubjectPublicKeyInfo). Short enough to
// be typed from paper, and nobody makes a second key to it.
type Pin [19]byte

// PinOf is the pin of a certificate's key.
func PinOf(cert *x509.Certificate) Pin {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return Pin(sum[:len(Pin{})])
}

// crockford has no I, L, O and U, so that what was written by hand reads one way.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// check is a byte that finds typing mistakes.
func (p Pin) check() byte {
	return Digest(append([]byte("amparo pin check v1\x00"), p[:]...))[0]
}

// String is the written form: eight groups of four letters and digits.
func (p Pin) String() string {
	var groups []string
	for g := range slices.Chunk([]byte(crockford.EncodeToString(append(p[:], p.check()))), 4) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, "-")
}

// ParsePin reads what String wrote, as people type it: in either case, with or without the hyphens, with O and I for
// nought and one. ErrPinText otherwise.
func ParsePin(text string) (Pin, error) {
	text = strings.NewReplacer("-", "", " ", "", "\u00a0", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(text)))
	raw, err := crockford.DecodeString(text)
	if err != nil || len(text) != crockford.EncodedLen(len(Pin{})+1) || len(raw) != len(Pin{})+1 {
		return Pin{}, ErrPinText
	}
	p := Pin(raw[:len(Pin{})])
	if raw[len(p)] != p.check() {
		return Pin{}, fmt.Errorf("%w: mistyped", ErrPinText)
	}
	return p, nil
}

// nameSalt is drawn for a handshake, which everybody on the network can read: by its name nobody tells that the same device is
// come to as yesterday.
type nameSalt [8]byte

// serverName is what a handshake names instead of an address. It does not give the pin away.
func (p Pin) serverName(salt nameSalt) string {
	sum := Digest(append(append([]byte("amparo door name v1\x00"), p[:]...), salt[:]...))
	return "n" + hex.EncodeToString(salt[:]) + hex.EncodeToString(sum[:10]) + ".local"
}

// named reports whether a handshake names this pin.
func (p Pin) named(name string) bool {
	var salt nameSalt
	if len(name) != len(p.serverName(salt)) {
		return false
	}
	if _, err := hex.Decode(salt[:], []byte(name[1:1+2*len(salt)])); err != nil {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(name), []byte(p.serverName(salt))) == 1
}

// TLS is how to come to the device with that key: every other is refused with ErrPin before anything is said.
func (p Pin) TLS() *tls.Config {
	var salt nameSalt
	rand.Read(salt[:])
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: p.serverName(salt), NextProtos: []string{"http/1.1"},
		InsecureSkipVerify: true, // no authority knows it, and no date counts: the key itself is what was handed over
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return ErrPin
			}
			if held := PinOf(state.PeerCertificates[0]); subtle.ConstantTimeCompare(held[:], p[:]) != 1 {
				return ErrPin
			}
			return nil
		},
	}
}

// Recognition is what a device announces beside a name that it drew for the day, so that those who hold its pin already
// know it again, and nobody else can tell that it is the same as yesterday.
func (p Pin) Recognition(name string) string {
	sum := Digest(append(append([]byte("amparo door recognition v1\x00"), p[:]...), name...))
	return hex.EncodeToString(sum[:8])
}
