package journal_test

import (
	"reflect"
	"testing"

	"amparo/internal/journal"
)

// The control records of keys, as docs/journal-format.md gives them.
func TestControlsOfKeysAreWhatTheyWere(t *testing.T) {
	g := readGolden(t, "testdata/v1-keys.json", *newVersion)
	member := journal.MemberID(counted(0x10, 16))
	writer := journal.WriterID(counted(0x20, 16))
	for _, c := range []struct {
		name    string
		kind    journal.ControlKind
		payload any
		back    any
	}{
		{"empowerment", journal.ControlEmpower, &journal.Empowerment{Member: member}, &journal.Empowerment{}},
		{"rotation", journal.ControlRotate, &journal.Rotation{Keys: []journal.RotatedKey{{Tag: 0xa5, Epoch: 1<<32 - 1, Commitment: [32]byte(counted(0x30, 32))}, {Tag: 1, Epoch: 2}},
			Without: []journal.MemberID{member}}, &journal.Rotation{}},
		{"revocation", journal.ControlRevoke, &journal.Revocation{Member: member, Heads: []journal.WriterHead{{Writer: writer, Seq: 1}, {Writer: journal.WriterID(counted(0x21, 16)), Seq: journal.MaxSeq}}},
			&journal.Revocation{}},
		{"erasure", journal.ControlErase, &journal.Erasure{Parts: []journal.PartPlace{{Writer: writer, Seq: 300, Index: 15}}}, &journal.Erasure{}},
	} {
		say := control(t, c.kind, c.payload)
		open, err := journal.EncodeControls([]journal.Control{say})
		must(t, err)
		g.agree(t, c.name, open)
		list, err := journal.DecodeControls(g.read(t, c.name))
		if err != nil || len(list) != 1 || list[0].Kind != c.kind {
			t.Fatalf("%s reads as %v, %v", c.name, list, err)
		}
		if err := list[0].Into(c.back); err != nil || !reflect.DeepEqual(c.back, c.payload) {
			t.Errorf("%s reads as %+v, %v", c.name, c.back, err)
		}
	}
}
