package record

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestIDsHaveOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text := id.String()
		if id.IsZero() != (text == "") || !id.IsZero() && (len(text) != 26 || strings.ToLower(text) != text) {
			t.Fatalf("written as %q", text)
		}
		for _, spelled := range []string{text, strings.ToUpper(text)} { // upper case is read, for who types a card's number
			if back, err := ParseID(spelled); err != nil || back != id {
				t.Fatalf("%q reads as %v, %v", spelled, back, err)
			}
		}
		raw, err := json.Marshal(map[ID]ID{id: id})
		if err != nil || string(raw) != `{"`+text+`":"`+text+`"}` {
			t.Fatalf("JSON %s, %v", raw, err)
		}
		var back map[ID]ID
		if err := json.Unmarshal(raw, &back); err != nil || back[id] != id {
			t.Fatalf("JSON reads as %v, %v", back, err)
		}
	})
}

func TestWhatIsNotAnIDIsRefused(t *testing.T) {
	good := ID{1, 2, 3}.String()
	for name, text := range map[string]string{
		"short": good[:25], "long": good + "0", "a letter outside the alphabet": good[:25] + "w", "zeros": strings.Repeat("0", 26),
		"spare bits set": good[:25] + "1", "a line break": good[:12] + "\n" + good[13:], "padding": good[:24] + "==", "spaces": good[:25] + " ",
		"not ASCII": good[:24] + "é", "a hyphen": good[:25] + "-",
	} {
		if id, err := ParseID(text); !errors.Is(err, ErrBadID) || !id.IsZero() {
			t.Errorf("%s: %q reads as %v, %v", name, text, id, err)
		}
	}
	var id ID
	if err := json.Unmarshal([]byte(`"x"`), &id); !errors.Is(err, ErrBadID) {
		t.Errorf("JSON: %v", err)
	}
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", ID{1}.String(), strings.ToUpper(ID{0xff, 15: 0xff}.String()), strings.Repeat("0", 26), strings.Repeat("v", 26)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err == nil && !strings.EqualFold(id.String(), text) {
			t.Errorf("%q reads as %v", text, id)
		}
		if err != nil && !id.IsZero() {
			t.Errorf("%q is refused and gives %v", text, id)
		}
	})
}

func TestKeyIDFollowsFromTheKeyAlone(t *testing.T) {
	a, err := shelf.KeyID(map[uint8]any{1: "A", 2: int64(1), 3: "soap"})
	must(t, err)
	b, err := shelf.KeyID(map[uint8]any{1: "A", 2: int64(1)})
	must(t, err)
	// A golden value: were it to change, a site and its shelves would become two records on an upgrade.
	if a != b || a.String() != "2u0rvfe5n9nnimgdl5k4ellc1g" {
		t.Errorf("ids %v and %v", a, b)
	}
	other, err := shelf.KeyID(map[uint8]any{1: "A1", 2: int64(1)})
	must(t, err)
	if other == a {
		t.Error("two keys, one id")
	}
	for _, values := range []map[uint8]any{{}, {1: "A"}, {1: nil, 2: int64(1)}} {
		if id, err := shelf.KeyID(values); err == nil {
			t.Errorf("%v has the id %v", values, id)
		}
	}
}

func TestElementNamesAreFixed(t *testing.T) {
	// Part of the journal format: a removal written today must be understood by every later version.
	if got := (FactRef{1, 2, 3, 4, 5, 6, 7, 8}).Element("care").String(); got != "7ca2ec647b37b249" {
		t.Errorf("the name is %s", got)
	}
}
