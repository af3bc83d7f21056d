package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// FactRef names a fact among those about one record: the first eight bytes of its id.
type FactRef [8]byte

// Ref is the short name of the fact id.
func (id ID) Ref() FactRef { return FactRef(id[:8]) }

// Element names one word of a set that the fact said. To remove a word is to replace its names and nothing else, so
// that two people who remove different words at the same time both have their way.
func (r FactRef) Element(word string) FactRef {
	b := make([]byte, 0, 64)
	b = append(b, "amparo set element v1\x00"...)
	b = append(b, r[:]...)
	sum := sha256.Sum256(append(b, word...))
	return FactRef(sum[:len(r)])
}

// String is hexadecimal.
func (r FactRef) String() string { return hex.EncodeToString(r[:]) }

// Fields are values by field name, as actions write them: string (Text, Code, Date), int or int64 (Int), bool,
// time.Time or int64 (Time), ID (Ref), []string (Set), []byte (Blob); nil clears.
type Fields map[string]any

// Fact is one thing said: about a record (Entity, Keyed), by itself (Happening), or to be added up (Tally).
// Values are canonical: string, int64, bool, []byte, []string sorted without doubles, nil.
type Fact struct {
	Kind     *Kind
	ID       ID // of this fact
	Entity   ID // the record it is about; for a Happening its own id
	Creates  bool
	Values   map[uint8]any
	Replaces map[uint8][]FactRef // Entity: the facts whose value of the field this one replaces; of a set, the words (Element) it removes
	Corrects ID                  // Happening: the one it corrects
}

// Canonical turns fields into values by field number, checked against the kind.
func (k *Kind) Canonical(fields Fields) (map[uint8]any, error) {
	out := make(map[uint8]any, len(fields))
	for name, value := range fields {
		f, ok := k.Field(name)
		if !ok {
			return nil, fmt.Errorf("kind %s has no field %q", k.Name, name)
		}
		v, err := f.canonical(value)
		if err != nil {
			return nil, fmt.Errorf("kind %s: %w", k.Name, err)
		}
		out[f.Number] = v
	}
	return out, nil
}

func (f Field) canonical(value any) (any, error) {
	wrong := fmt.Errorf("field %s cannot hold a %T", f.Name, value)
	switch f.Type {
	case Text, Code, Date:
		switch v := value.(type) {
		case nil:
			return nil, nil
		case string:
			if !utf8.ValidString(v) {
				return nil, fmt.Errorf("field %s: not UTF-8", f.Name)
			}
			return v, nil
		}
	case Int:
		switch v := value.(type) {
		case nil:
			return nil, nil
		case int:
			return int64(v), nil
		case int64:
			return v, nil
		}
	case Bool:
		switch v := value.(type) {
		case nil:
			return nil, nil
		case bool:
			return v, nil
		}
	case Time:
		switch v := value.(type) {
		case nil:
			return nil, nil
		case time.Time:
			return v.Unix(), nil
		case int64:
			return v, nil
		}
	case Ref:
		switch v := value.(type) {
		case nil:
			return nil, nil
		case ID:
			if v.IsZero() {
				return nil, nil
			}
			return v[:], nil
		case []byte:
			if len(v) == len(ID{}) {
				return v, nil
			}
		}
	case Set:
		switch v := value.(type) {
		case nil:
			return []string{}, nil
		case []string:
			if slices.ContainsFunc(v, func(e string) bool { return !utf8.ValidString(e) }) {
				return nil, fmt.Errorf("field %s: not UTF-8", f.Name)
			}
			out := slices.Clone(v)
			slices.Sort(out)
			return slices.Compact(out), nil
		}
	case Blob:
		switch v := value.(type) {
		case nil:
			return nil, nil
		case []byte:
			return v, nil
		}
	}
	return nil, wrong
}

// Check reports whether a decoded value is canonical for the field; the journal's decoder calls it on what arrived
// from elsewhere.
func (f Field) Check(value any) error {
	if f.Type == Set {
		set, ok := value.([]string)
		if !ok || !slices.IsSorted(set) || len(slices.Compact(slices.Clone(set))) != len(set) {
			return fmt.Errorf("field %s: not a sorted set without doubles", f.Name)
		}
		return nil
	}
	_, err := f.canonical(value)
	return err
}
