package journal

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/seal"
)

// Open parts (tag 0) carry what every copy must be able to read to tell whom to believe: public keys, certificates
// and sealed grants. They hold no name, no role and no place.

// ControlKind is what a control record says. Unknown ones are kept and passed on.
type ControlKind uint8

const (
	ControlFound   ControlKind = 1 // Founding
	ControlCertify ControlKind = 2 // Certificate
	ControlAdmit   ControlKind = 3 // MemberKeys
	ControlGrant   ControlKind = 4 // Grant
	ControlEmpower ControlKind = 5 // Empowerment
	ControlRotate  ControlKind = 6 // Rotation
	ControlRevoke  ControlKind = 7 // Revocation
	ControlErase   ControlKind = 8 // Erasure
)

// Control is one record of an open part.
type Control struct {
	_       struct{} `cbor:",toarray"`
	Kind    ControlKind
	Payload cbor.RawMessage
}

// MemberKeys are what others need of a member.
type MemberKeys struct {
	_        struct{} `cbor:",toarray"`
	Sign     seal.VerifyKey
	Receiver []byte // seal.ReceiverKey
}

// Member is the id that follows from the keys.
func (m MemberKeys) Member() MemberID {
	d := sha256.New()
	d.Write([]byte("amparo member id v1\x00"))
	d.Write(m.Sign[:])
	d.Write(m.Receiver)
	return MemberID(d.Sum(nil)[:16])
}

// Founding is the first thing in a workspace: its first administrator, and to whom recovery is sealed.
type Founding struct {
	_        struct{} `cbor:",toarray"`
	Admin    MemberKeys
	Recovery [][]byte
}

// Certificate says that a writer's key is a member's on one device. It stands in the writer's own first commit and nowhere
// else: the writer's signature shows that the writer agrees.
type Certificate struct {
	_      struct{} `cbor:",toarray"`
	Writer seal.VerifyKey
	Member MemberID
	Sig    seal.Signature
}

const certifyPurpose = "amparo writer certificate v1"

func (c Certificate) message(w WorkspaceID) []byte {
	return append(append(append([]byte{}, w[:]...), c.Writer[:]...), c.Member[:]...)
}

// Certify makes a certificate with the member's key.
func Certify(w WorkspaceID, member MemberID, by seal.Signer, writer seal.VerifyKey) Certificate {
	c := Certificate{Writer: writer, Member: member}
	c.Sig = by.Sign(certifyPurpose, c.message(w))
	return c
}

// Verify checks the certificate against the member's key.
func (c Certificate) Verify(w WorkspaceID, member seal.VerifyKey) error {
	if err := member.Verify(certifyPurpose, c.message(w), c.Sig); err != nil {
		return fmt.Errorf("writer certificate: %w", err)
	}
	return nil
}

// Grant is keys sealed to one member.
type Grant struct {
	_      struct{} `cbor:",toarray"`
	Member MemberID
	Sealed []byte
}

// Empowerment lets a member administer: admit, empower, rotate keys, revoke and erase. It is never taken back but by
// revoking the member. Only who administers empowers; the founder always administers.
type Empowerment struct {
	_      struct{} `cbor:",toarray"`
	Member MemberID
}

// Rotation begins new keys. Every copy learns their commitments, so that a grant can come from anybody who holds the key
// and nobody can slip in a key of their own.
type Rotation struct {
	_       struct{} `cbor:",toarray"`
	Keys    []RotatedKey
	Without []MemberID // who must not be given them
}

// RotatedKey is a compartment's key of one epoch: the tag says which compartment to who knows the workspace's secret.
type RotatedKey struct {
	_          struct{} `cbor:",toarray"`
	Tag        uint8
	Epoch      uint32
	Commitment [32]byte // seal.CompartmentKey.Commitment
}

// Revocation ends a member: of what the member's writers wrote, only what the revoker knew stands, and what others had
// built on before they heard of it. A writer that is not among the heads is believed nothing.
type Revocation struct {
	_      struct{} `cbor:",toarray"`
	Member MemberID
	Heads  []WriterHead
}

// WriterHead is how far a writer's chain went.
type WriterHead struct {
	_      struct{} `cbor:",toarray"`
	Writer WriterID
	Seq    uint64
}

// Erasure names sealed parts that every copy drops and never takes again. It says nothing of what or whom they were about.
type Erasure struct {
	_     struct{} `cbor:",toarray"`
	Parts []PartPlace
}

// PartPlace is one part of one commit.
type PartPlace struct {
	_      struct{} `cbor:",toarray"`
	Writer WriterID
	Seq    uint64
	Index  uint8
}

var controlModes = sync.OnceValues(func() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // options are constants
	}
	dec, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxArrayElements: 1 << 17, MaxMapPairs: 1 << 16, IntDec: cbor.IntDecConvertSignedOrFail}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
})

// NewControl makes a control record.
func NewControl(kind ControlKind, payload any) (Control, error) {
	enc, _ := controlModes()
	raw, err := enc.Marshal(payload)
	if err != nil {
		return Control{}, fmt.Errorf("control record: %w", err)
	}
	return Control{Kind: kind, Payload: raw}, nil
}

// Into reads the payload.
func (c Control) Into(payload any) error {
	_, dec := controlModes()
	if err := dec.Unmarshal(c.Payload, payload); err != nil {
		return fmt.Errorf("control record %d: %w: %w", c.Kind, ErrFormat, err)
	}
	return spelled(fmt.Sprintf("control record %d", c.Kind), payload, c.Payload)
}

// spelled refuses bytes that are not the ones we would write: keys and ids must have one spelling, and CBOR left to
// itself fills a short key up with zeros.
func spelled(what string, value any, as []byte) error {
	enc, _ := controlModes()
	if again, err := enc.Marshal(value); err != nil || !bytes.Equal(again, as) {
		return fmt.Errorf("%s: %w: not the only spelling", what, ErrFormat)
	}
	return nil
}

// EncodeControls writes an open part.
func EncodeControls(list []Control) ([]byte, error) {
	enc, _ := controlModes()
	raw, err := enc.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("open part: %w", err)
	}
	return raw, nil
}

// DecodeControls reads an open part.
func DecodeControls(data []byte) ([]Control, error) {
	_, dec := controlModes()
	var list []Control
	if err := dec.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("open part: %w: %w", ErrFormat, err)
	}
	return list, spelled("open part", list, data)
}

// Controls lists what the commit says openly. It has one open part at most, so that what it says is believed as a whole.
func (c *Commit) Controls() ([]Control, error) {
	open := -1
	for i, p := range c.Header.Parts {
		if p.Tag != 0 {
			continue
		}
		if open >= 0 {
			return nil, fmt.Errorf("%w: two open parts", ErrFormat)
		}
		open = i
	}
	if open < 0 || c.Parts[open] == nil {
		return nil, nil
	}
	return DecodeControls(c.Parts[open])
}
