package record

import (
	"encoding/base32"
	"errors"
	"fmt"
)

// ID names a record or a single fact. It is derived from the writer, the place in the writer's chain and the number
// of the fact in its commit, so two machines that never met cannot give the same one.
type ID [16]byte

// ErrBadID reports text that is not the written form of an [ID].
var ErrBadID = errors.New("not a record id")

var idText = base32.HexEncoding.WithPadding(base32.NoPadding)

// String is the written form: 26 characters, lower-case base32hex; empty for the zero id.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	text := []byte(idText.EncodeToString(id[:]))
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return string(text)
}

// IsZero reports the id of nothing.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads the written form. The empty string is the zero id.
func ParseID(text string) (ID, error) {
	var id ID
	if text == "" {
		return id, nil
	}
	if len(text) != 26 {
		return id, fmt.Errorf("%w: %d characters, not 26", ErrBadID, len(text))
	}
	upper := []byte(text)
	for i, c := range upper {
		if c >= 'a' && c <= 'z' {
			upper[i] = c - ('a' - 'A')
		}
	}
	if n, err := idText.Decode(id[:], upper); err != nil || n != len(id) {
		return ID{}, fmt.Errorf("%w: %q", ErrBadID, text)
	}
	if id.String() != string(lower(text)) { // the last character carries spare bits: only one spelling is accepted
		return ID{}, fmt.Errorf("%w: %q", ErrBadID, text)
	}
	return id, nil
}

func lower(text string) []byte {
	out := []byte(text)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// MarshalText makes an id a JSON string.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the written form.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
