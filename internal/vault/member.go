package vault

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// Member is a person who works here, unlocked on this device.
type Member struct {
	Workspace journal.WorkspaceID
	ID        journal.MemberID
	Label     string // what the unlock page shows, in clear on this device
	Sign      seal.Signer
	Receiver  seal.Receiver
	Writer    seal.Signer // this device's
	Ring      *Ring       // nil until granted
}

// NewMember draws a member's keys and this device's writer.
func NewMember(w journal.WorkspaceID, label string) (*Member, error) {
	sign, err := seal.NewSigner()
	if err != nil {
		return nil, err
	}
	receiver, err := seal.NewReceiver()
	if err != nil {
		return nil, err
	}
	writer, err := seal.NewSigner()
	if err != nil {
		return nil, err
	}
	m := &Member{Workspace: w, Label: label, Sign: sign, Receiver: receiver, Writer: writer}
	m.ID = m.Keys().Member()
	return m, nil
}

// Keys are the public halves.
func (m *Member) Keys() journal.MemberKeys {
	return journal.MemberKeys{Sign: m.Sign.Public(), Receiver: m.Receiver.Public()}
}

// WriterID names this device's writer.
func (m *Member) WriterID() journal.WriterID { return journal.WriterOf(m.Writer.Public()) }

// Certificate vouches for this device's writer.
func (m *Member) Certificate() journal.Certificate {
	return journal.Certify(m.Workspace, m.ID, m.Sign, m.Writer.Public())
}

// NewWriter starts a new chain: after a restore or in a copied folder the old one must not go on.
func (m *Member) NewWriter() error {
	w, err := seal.NewSigner()
	if err != nil {
		return err
	}
	m.Writer = w
	return nil
}

// deviceKey seals what this device keeps of the member besides the passphrase's file.
func (m *Member) deviceKey() ([32]byte, error) { return m.Sign.Derive("amparo device files v1") }

// Wipe forgets the keys as far as Go allows.
func (m *Member) Wipe() {
	m.Sign.Wipe()
	m.Writer.Wipe()
	if m.Ring != nil {
		m.Ring.Wipe()
	}
}

// ErrNotGranted reports a grant that is not for this member or not from who may give it.
var ErrNotGranted = errors.New("not a grant for this member")

type grantWire struct {
	Ring  ringWire `cbor:"1,keyasint"`
	Role  string   `cbor:"2,keyasint,omitempty"` // of the first version, which had no roster
	Lease int64    `cbor:"3,keyasint,omitempty"` // unix seconds; 0: says nothing of the lease
}

func grantPurpose(w journal.WorkspaceID) string { return "amparo grant v1 " + w.String() }

// Grant seals keys to a member. lease is until when the member's device may keep them without hearing from an
// administrator again, in unix seconds: 0 says nothing of it, NoLease that they do not end.
func Grant(w journal.WorkspaceID, to journal.MemberKeys, keys *Ring, lease int64) (journal.Control, error) {
	plain, err := encode(grantWire{Ring: keys.wire(), Lease: lease})
	if err != nil {
		return journal.Control{}, err
	}
	defer clear(plain)
	sealed, err := seal.SealTo(to.Receiver, grantPurpose(w), plain)
	if err != nil {
		return journal.Control{}, err
	}
	return journal.NewControl(journal.ControlGrant, journal.Grant{Member: to.Member(), Sealed: sealed})
}

// NoLease is the lease of keys that do not end by themselves.
const NoLease = -1

// Received is what a grant brought.
type Received struct {
	New   int   // keys the member did not have
	Lease int64 // see Grant
}

// Receive opens a grant and adds those of its keys that believed approves. A grant for another member is no error and
// changes nothing.
func (m *Member) Receive(g journal.Grant, believed func(*Ring, record.Compartment, uint32, seal.CompartmentKey) bool) (Received, error) {
	if g.Member != m.ID {
		return Received{}, nil
	}
	plain, err := m.Receiver.Open(grantPurpose(m.Workspace), g.Sealed)
	if err != nil {
		return Received{}, fmt.Errorf("grant: %w", err)
	}
	defer clear(plain)
	var w grantWire
	if err := decode(plain, &w); err != nil {
		return Received{}, fmt.Errorf("grant: %w", err)
	}
	given, err := w.Ring.ring()
	if err != nil {
		return Received{}, err
	}
	if m.Ring != nil && given.Secret != m.Ring.Secret {
		return Received{}, fmt.Errorf("%w: of another workspace", ErrNotGranted)
	}
	out := Received{Lease: w.Lease}
	given.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
		if !believed(given, c, epoch, key) {
			return
		}
		if m.Ring == nil {
			m.Ring = given.Part()
		}
		if m.Ring.Add(c, epoch, key) {
			out.New++
		}
	})
	return out, nil
}

func encode(v any) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

func decode(data []byte, v any) error {
	if err := cbor.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	return nil
}
