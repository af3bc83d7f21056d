package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// EntityID names a record or a fact; internal/record gives it a written form.
type EntityID [16]byte

// FactID is the id of fact number n of a commit: its place, so that no two machines give one id, and the commit's salt,
// so that a machine put back to an earlier state gives no id again.
func FactID(writer WriterID, seq uint64, salt [8]byte, n int) EntityID {
	b := make([]byte, 0, 48)
	b = append(b, "amparo fact id v1\x00"...)
	b = append(b, writer[:]...)
	b = binary.BigEndian.AppendUint64(b, seq)
	b = append(b, salt[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	sum := sha256.Sum256(b)
	return EntityID(sum[:16])
}

// Body is what a sealed part says.
type Body struct {
	Ago    int64  `cbor:"1,keyasint,omitempty"` // seconds from when it happened to the commit's time
	Zone   int16  `cbor:"2,keyasint,omitempty"` // minutes east of UTC where it happened
	Site   []byte `cbor:"3,keyasint,omitempty"` // where; EntityID
	Client []byte `cbor:"4,keyasint,omitempty"` // short hash of the client's id for the action: a retry finds it
	Facts  []Fact `cbor:"5,keyasint,omitempty"`
}

// Fact is one fact as it is written. Values keep the types of CBOR: text, integer, bool, bytes, array of text, null.
type Fact struct {
	_        struct{} `cbor:",toarray"`
	N        uint32   // its number in the commit, across parts; greater than that of the fact before it
	Kind     uint16
	Entity   []byte // EntityID of the record it is about; nil: its own id, or computed from its key
	Creates  bool
	Values   map[uint8]any
	Replaces map[uint8][][]byte // field → names of eight bytes: of the facts replaced, or of the words removed from a set
	Corrects []byte
}

var bodyModes = controlModes // one strict form of CBOR for all that is written

// Limits of a body. A reader refuses more, so a writer does too.
const (
	MaxFacts = 1 << 17
	maxItems = 1 << 21 // numbers, texts, lists and so on: what they take in memory is some fifty times what they take in bytes
	maxAgo   = 1000 * 366 * 24 * 3600
	maxZone  = 18 * 60
)

// EncodeBody writes and compresses a part's content, and reads it back before anyone signs it: what cannot be read again
// is refused here, with ErrTooLarge or ErrFormat, and not lost later.
func EncodeBody(b Body) ([]byte, error) {
	if len(b.Facts) > MaxFacts {
		return nil, fmt.Errorf("body of a part: %w: %d facts", ErrTooLarge, len(b.Facts))
	}
	enc, _ := bodyModes()
	raw, err := enc.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("body of a part: %w", err)
	}
	if len(raw) > maxBody || items(raw) > maxItems {
		return nil, fmt.Errorf("body of a part: %w: %d bytes", ErrTooLarge, len(raw))
	}
	packed := compress(raw)
	if _, err := DecodeBody(packed); err != nil {
		return nil, err
	}
	return packed, nil
}

// DecodeBody reads it back. Kinds and fields it does not know are kept as they are.
func DecodeBody(data []byte) (Body, error) {
	raw, err := decompress(data)
	if err != nil {
		return Body{}, err
	}
	if items(raw) > maxItems {
		return Body{}, fmt.Errorf("body of a part: %w: more than %d items", ErrFormat, maxItems)
	}
	var b Body
	_, dec := bodyModes()
	if err := dec.Unmarshal(raw, &b); err != nil {
		return Body{}, fmt.Errorf("body of a part: %w: %w", ErrFormat, err)
	}
	if err := b.check(); err != nil {
		return Body{}, fmt.Errorf("body of a part: %w: %w", ErrFormat, err)
	}
	return b, nil
}

// items counts the data items of CBOR without reading them: what bytes will take in memory is known before they do.
func items(raw []byte) (n int) {
	for ; len(raw) > 0; n++ {
		major, arg, head := raw[0]>>5, uint64(raw[0]&0x1f), 1
		if arg >= 24 && arg < 28 {
			if head += 1 << (arg - 24); head > len(raw) {
				return n
			}
			arg = 0
			for _, b := range raw[1:head] {
				arg = arg<<8 | uint64(b)
			}
		}
		raw = raw[head:]
		if major == 2 || major == 3 {
			raw = raw[min(arg, uint64(len(raw))):]
		}
	}
	return n
}

// check refuses what CBOR allows and the journal does not, and gives sets their type.
func (b *Body) check() error {
	if b.Ago < -maxAgo || b.Ago > maxAgo || b.Zone < -maxZone || b.Zone > maxZone {
		return errors.New("a time or zone out of range")
	}
	if len(b.Site) != 0 && len(b.Site) != 16 {
		return fmt.Errorf("a site of %d bytes", len(b.Site))
	}
	for i := range b.Facts {
		f := &b.Facts[i]
		if i > 0 && f.N <= b.Facts[i-1].N { // two facts of one name: copies that meet them in another order would differ
			return fmt.Errorf("fact %d after fact %d", f.N, b.Facts[i-1].N)
		}
		if len(f.Entity) != 0 && len(f.Entity) != 16 || len(f.Corrects) != 0 && len(f.Corrects) != 16 {
			return errors.New("a record id of the wrong length")
		}
		for number, v := range f.Values {
			switch v := v.(type) {
			case nil, string, int64, bool, []byte:
			case []any:
				set := make([]string, len(v))
				for j, e := range v {
					var ok bool
					if set[j], ok = e.(string); !ok {
						return fmt.Errorf("a set that holds a %T", e)
					}
				}
				f.Values[number] = set
			default:
				return fmt.Errorf("a value that is a %T", v)
			}
		}
		for _, refs := range f.Replaces {
			for _, r := range refs {
				if len(r) != 8 {
					return fmt.Errorf("a fact name of %d bytes", len(r))
				}
			}
		}
	}
	return nil
}
