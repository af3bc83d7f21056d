package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// EntityID names a record or a fact; internal/record gives it a written form.
type EntityID [16]byte

// FactID is the id of fact number n of a commit: nothing but its place, so that no two machines give one id.
func FactID(writer WriterID, seq uint64, n int) EntityID {
	b := make([]byte, 0, 48)
	b = append(b, "amparo fact id v1\x00"...)
	b = append(b, writer[:]...)
	b = binary.BigEndian.AppendUint64(b, seq)
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
	N        uint32   // its number in the commit, across parts
	Kind     uint16
	Entity   []byte // EntityID of the record it is about; nil: its own id, or computed from its key
	Creates  bool
	Values   map[uint8]any
	Replaces map[uint8][][]byte // field → first eight bytes of the ids of the facts replaced
	Corrects []byte
}

var bodyModes = controlModes // one strict form of CBOR for all that is written

// EncodeBody writes and compresses a part's content.
func EncodeBody(b Body) ([]byte, error) {
	enc, _ := bodyModes()
	raw, err := enc.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("body of a part: %w", err)
	}
	return compress(raw), nil
}

// DecodeBody reads it back. Kinds and fields it does not know are kept as they are.
func DecodeBody(data []byte) (Body, error) {
	raw, err := decompress(data)
	if err != nil {
		return Body{}, err
	}
	var b Body
	_, dec := bodyModes()
	if err := dec.Unmarshal(raw, &b); err != nil {
		return Body{}, fmt.Errorf("body of a part: %w: %w", ErrFormat, err)
	}
	if len(b.Site) != 0 && len(b.Site) != 16 {
		return Body{}, fmt.Errorf("body of a part: %w: a site of %d bytes", ErrFormat, len(b.Site))
	}
	for i := range b.Facts {
		f := &b.Facts[i]
		if len(f.Entity) != 0 && len(f.Entity) != 16 || len(f.Corrects) != 0 && len(f.Corrects) != 16 {
			return Body{}, fmt.Errorf("body of a part: %w: a record id of the wrong length", ErrFormat)
		}
		for number, v := range f.Values {
			if list, ok := v.([]any); ok {
				set := make([]string, len(list))
				for j, e := range list {
					if set[j], ok = e.(string); !ok {
						return Body{}, fmt.Errorf("body of a part: %w: a set that holds a %T", ErrFormat, e)
					}
				}
				f.Values[number] = set
			}
		}
		for _, refs := range f.Replaces {
			for _, r := range refs {
				if len(r) != 8 {
					return Body{}, fmt.Errorf("body of a part: %w: a fact name of %d bytes", ErrFormat, len(r))
				}
			}
		}
	}
	return b, nil
}
