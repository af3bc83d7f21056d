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
	Ring ringWire `cbor:"1,keyasint"`
	Role string   `cbor:"2,keyasint,omitempty"`
}

func grantPurpose(w journal.WorkspaceID) string { return "amparo grant v1 " + w.String() }

// Grant seals this member's keys of the given compartments to another member. Nil compartments means all.
func (m *Member) Grant(to journal.MemberKeys, role string, only []record.Compartment) (journal.Control, error) {
	if m.Ring == nil {
		return journal.Control{}, ErrNotGranted
	}
	plain, err := encode(grantWire{Ring: m.Ring.wire(only), Role: role})
	if err != nil {
		return journal.Control{}, err
	}
	sealed, err := seal.SealTo(to.Receiver, grantPurpose(m.Workspace), plain)
	if err != nil {
		return journal.Control{}, err
	}
	return journal.NewControl(journal.ControlGrant, journal.Grant{Member: to.Member(), Sealed: sealed})
}

// Receive opens a grant and adds its keys to the ring. It reports whether anything was new. A grant for another
// member is no error and changes nothing.
func (m *Member) Receive(g journal.Grant) (bool, error) {
	if g.Member != m.ID {
		return false, nil
	}
	plain, err := m.Receiver.Open(grantPurpose(m.Workspace), g.Sealed)
	if err != nil {
		return false, fmt.Errorf("grant: %w", err)
	}
	var w grantWire
	if err := decode(plain, &w); err != nil {
		return false, fmt.Errorf("grant: %w", err)
	}
	given, err := w.Ring.ring()
	if err != nil {
		return false, err
	}
	if m.Ring == nil {
		m.Ring = given
		return true, nil
	}
	if given.Secret != m.Ring.Secret {
		return false, fmt.Errorf("%w: of another workspace", ErrNotGranted)
	}
	changed := false
	for c, keys := range given.Compartments {
		for epoch, key := range keys {
			if _, had := m.Ring.Key(c, epoch); had {
				continue
			}
			if m.Ring.Compartments[c] == nil {
				m.Ring.Compartments[c] = map[uint32]seal.CompartmentKey{}
			}
			m.Ring.Compartments[c][epoch], changed = key, true
		}
	}
	return changed, nil
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
