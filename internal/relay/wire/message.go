package wire

import (
	"errors"
	"fmt"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// Version of the protocol.
const Version = 1

// Method and Path of a question to a relay; both are signed. Path is the end of the address, whatever a proxy puts
// before it.
const (
	Method = "POST"
	Path   = "/v1/exchange"
)

// AskPurpose is what the signature of a question is for.
const AskPurpose = "amparo exchange request v1"

// MaxClockDifference is how far the time in a question may be from the relay's: within it the relay remembers every
// question, so that none can be asked twice.
const MaxClockDifference = 5 * time.Minute

// Ask is the first frame of a question: who asks, and what that copy holds.
type Ask struct {
	Version     uint                 `cbor:"1,keyasint"`
	Workspace   journal.WorkspaceID  `cbor:"2,keyasint"`
	Writer      journal.WriterID     `cbor:"3,keyasint"`
	Time        int64                `cbor:"4,keyasint"` // milliseconds since 1970
	Nonce       [12]byte             `cbor:"5,keyasint"`
	Certificate *journal.Certificate `cbor:"6,keyasint,omitempty"`  // at first contact
	Base        []byte               `cbor:"7,keyasint,omitempty"`  // Digest of the vector the relay told last; none: Vector is whole
	Vector      []byte               `cbor:"8,keyasint,omitempty"`  // PackVector of what the asker holds, against the base
	Digest      Digest               `cbor:"9,keyasint"`            // of what the asker holds
	Room        uint64               `cbor:"10,keyasint,omitempty"` // bytes the asker wants at most in one answer; 0: as the relay likes
	Bare        uint64               `cbor:"11,keyasint,omitempty"` // when at least so many commits are coming, without their sealed parts; 0: never
	Parts       []byte               `cbor:"12,keyasint,omitempty"` // PackPlaces of the sealed parts asked for
	Help        bool                 `cbor:"13,keyasint,omitempty"` // the asker would bring what the relay lacks
	Head        []byte               `cbor:"14,keyasint,omitempty"` // first half of the hash of the asker's own newest commit
}

func askMessage(raw []byte) []byte { return append([]byte(Method+" "+Path+"\n"), raw...) }

// Sign writes the frame's payload.
func (a *Ask) Sign(by seal.Signer) ([]byte, error) {
	raw, err := Marshal(a)
	if err != nil {
		return nil, err
	}
	sig := by.Sign(AskPurpose, askMessage(raw))
	return append(sig[:], raw...), nil
}

// SignedAsk is an ask as it came.
type SignedAsk struct {
	Ask
	raw []byte
	sig seal.Signature
}

// ReadAsk reads what Sign wrote. It believes nothing yet.
func ReadAsk(payload []byte) (*SignedAsk, error) {
	var a SignedAsk
	if len(payload) < len(a.sig) {
		return nil, fmt.Errorf("question: %w: cut short", journal.ErrFormat)
	}
	copy(a.sig[:], payload)
	a.raw = payload[len(a.sig):]
	if err := Unmarshal(a.raw, &a.Ask); err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	if n := len(a.Base); n != 0 && n != len(Digest{}) {
		return nil, fmt.Errorf("question: %w: a digest of %d bytes", journal.ErrFormat, n)
	}
	if a.Certificate != nil && journal.WriterOf(a.Certificate.Writer) != a.Writer {
		return nil, fmt.Errorf("question: %w: the certificate is another writer's", journal.ErrFormat)
	}
	return &a, nil
}

// Verify checks the signature.
func (a *SignedAsk) Verify(key seal.VerifyKey) error {
	if journal.WriterOf(key) != a.Writer {
		return fmt.Errorf("question: the key is not this writer's: %w", seal.ErrSignature)
	}
	if err := key.Verify(AskPurpose, askMessage(a.raw), a.sig); err != nil {
		return fmt.Errorf("question: %w", err)
	}
	return nil
}

// ErrBase reports a vector told against one that is not remembered: it must be told whole.
var ErrBase = errors.New("the vector it refers to is not remembered")

// Held is what the asker holds. known gives a remembered vector.
func (a *Ask) Held(known func(Digest) (journal.Vector, bool)) (journal.Vector, error) {
	return resolve(a.Base, a.Vector, a.Digest, known)
}

func resolve(base, packed []byte, digest Digest, known func(Digest) (journal.Vector, bool)) (journal.Vector, error) {
	var from journal.Vector
	if len(base) > 0 {
		if len(base) != len(Digest{}) {
			return nil, fmt.Errorf("vector: %w: a digest of %d bytes", journal.ErrFormat, len(base))
		}
		var ok bool
		if from, ok = known(Digest(base)); !ok {
			return nil, ErrBase
		}
	}
	v, err := UnpackVector(packed, from)
	if err != nil {
		return nil, err
	}
	if DigestOf(v) != digest {
		return nil, fmt.Errorf("vector: %w: its digest differs", journal.ErrFormat)
	}
	return v, nil
}

// Enough ends a question.
type Enough struct {
	Runs uint64 `cbor:"1,keyasint"`
}

// Hello begins an answer.
type Hello struct {
	Version uint   `cbor:"1,keyasint"`
	Time    int64  `cbor:"2,keyasint"` // the relay's, milliseconds since 1970
	Coming  uint64 `cbor:"3,keyasint"` // commits that the asker lacks
}

// Note says what became of a run that the relay does not hold now.
type Note struct {
	Writer journal.WriterID `cbor:"1,keyasint"`
	Seq    uint64           `cbor:"2,keyasint"`
	Code   string           `cbor:"3,keyasint"` // of a Fault, or NoteParked
}

// Codes of notes that are of no fault.
const (
	NoteParked = "parked" // a run waits for what comes before it
	NoteHead   = "head"   // another commit with the number of the asker's newest is held here
)

// End ends an answer.
type End struct {
	Base   []byte `cbor:"1,keyasint,omitempty"` // Digest of the vector Vector is told against: the one the asker named
	Vector []byte `cbor:"2,keyasint,omitempty"`
	Digest Digest `cbor:"3,keyasint"`           // of what the relay held when it began to answer: the receipt
	More   bool   `cbor:"4,keyasint,omitempty"` // there was no room for all: ask again
	Whole  bool   `cbor:"5,keyasint,omitempty"` // the base in the question is not remembered: ask again with the vector whole
	Runs   uint64 `cbor:"6,keyasint,omitempty"` // in this answer
	Unread uint64 `cbor:"7,keyasint,omitempty"` // how many of the parts asked for, the last of them, found no room: ask again
	Lacks  []byte `cbor:"8,keyasint,omitempty"` // PackPlaces of sealed parts that the relay should have and has not
	Filled int64  `cbor:"9,keyasint,omitempty"` // when parts that it lacked were last brought, milliseconds since 1970: who asked in vain before may ask again
}

// Held is what the relay holds.
func (e *End) Held(known func(Digest) (journal.Vector, bool)) (journal.Vector, error) {
	return resolve(e.Base, e.Vector, e.Digest, known)
}

// BundleMagic begins the first frame of a bundle.
const BundleMagic = "amparo bundle\x00"
