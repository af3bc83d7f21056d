package journal_test

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
	"amparo/internal/seal"
)

// saying is a commit of the writer that says these things openly. (Learn is for commits whose run was verified; how
// they were signed does not matter here.)
func saying(t testing.TB, h *journaltest.History, writer string, seq uint64, say ...journal.Control) *journal.Commit {
	t.Helper()
	open, err := journal.EncodeControls(say)
	must(t, err)
	return &journal.Commit{Header: journal.Header{Workspace: h.Workspace, Writer: h.Writer(writer), Seq: seq,
		Parts: []journal.PartHeader{{Size: uint32(len(open)), Digest: seal.Digest(open)}}}, Parts: [][]byte{open}}
}

func control(t testing.TB, kind journal.ControlKind, payload any) journal.Control {
	t.Helper()
	c, err := journal.NewControl(kind, payload)
	must(t, err)
	return c
}

// open is what the commit says openly, as it was drawn.
func open(t testing.TB, c *journal.Commit) []journal.Control {
	t.Helper()
	list, err := c.Controls()
	must(t, err)
	return list
}

func TestTheRollLearnsWhoMayWrite(t *testing.T) {
	h := journaltest.Draw(t, "A1 B1(A1) B2 C1")
	roll := h.Roll()
	run := func(first, last string) *journal.Run { r := decodedRun(t, h.Run(first, last)); return &r }
	if _, err := roll.KeyFor(run("B1", "B1")); !errors.Is(err, journal.ErrUnknownWriter) {
		t.Errorf("before B is admitted: %v", err)
	}
	key, err := roll.KeyFor(run("A1", "A1"))
	if err != nil || key != h.WriterSigner("A").Public() {
		t.Fatalf("the founding: %v", err)
	}
	if len(roll.Members)+len(roll.Writers) > 0 {
		t.Error("asking for a key taught the roll something")
	}
	must(t, roll.Learn(h.Commit("A1")))
	must(t, roll.Learn(h.Commit("A1"))) // again changes nothing
	if len(roll.Members) != 3 || len(roll.Writers) != 1 || roll.Founder != h.Member("A").Member() {
		t.Errorf("the roll: %d members, %d writers", len(roll.Members), len(roll.Writers))
	}
	if _, err := roll.KeyFor(run("B2", "B2")); !errors.Is(err, journal.ErrUnknownWriter) {
		t.Errorf("B2 before B1: %v", err)
	}
	if key, err := roll.KeyFor(run("B1", "B2")); err != nil || key != h.WriterSigner("B").Public() {
		t.Errorf("B1 to B2: %v", err)
	}
	must(t, roll.Learn(h.Commit("B1")))
	must(t, roll.Learn(h.Commit("B2"))) // says nothing openly
	if key, err := roll.KeyFor(run("B2", "B2")); err != nil || key != h.WriterSigner("B").Public() || roll.MemberOf(h.Writer("B")) != h.Member("B").Member() {
		t.Errorf("B2: %v", err)
	}
	if roll.MemberOf(h.Writer("C")) != (journal.MemberID{}) {
		t.Error("a writer nobody vouched for has a member")
	}
	elsewhere := run("B2", "B2")
	elsewhere.Commits[0].Workspace[0]++
	if _, err := roll.KeyFor(elsewhere); !errors.Is(err, journal.ErrChain) {
		t.Errorf("another workspace: %v", err)
	}
}

func TestWhatTheRollDoesNotBelieve(t *testing.T) {
	h := journaltest.Draw(t, "A1 B1(A1) M1 X1")
	stranger := journaltest.Draw(t, "Z1")
	certify := func(member, writer, signer string) journal.Control {
		return control(t, journal.ControlCertify, journal.Certify(h.Workspace, h.Member(member).Member(), h.MemberSigner(signer), h.WriterSigner(writer).Public()))
	}
	admitZ := control(t, journal.ControlAdmit, stranger.Member("Z"))
	founding := open(t, h.Commit("A1"))[0]
	otherFounding := control(t, journal.ControlFound, journal.Founding{Admin: stranger.Member("Z")})
	forged := journal.Certify(h.Workspace, h.Member("M").Member(), h.MemberSigner("M"), h.WriterSigner("M").Public())
	forged.Sig[5]++
	certElsewhere := journal.Certify(journal.WorkspaceID{9}, h.Member("M").Member(), h.MemberSigner("M"), h.WriterSigner("M").Public())
	half := journal.Control{Kind: journal.ControlCertify, Payload: []byte{0x82, 0x01, 0x02}}
	short := control(t, journal.ControlAdmit, []any{[]byte("short"), []byte{}})
	seen := saying(t, h, "X", 1, founding)
	seen.Seen = []journal.Seen{{Seq: 1}}

	for name, c := range map[string]struct {
		commit *journal.Commit
		want   error
	}{
		"a second founding":                     {saying(t, h, "B", 1, otherFounding), journal.ErrChain},
		"a second founding by the founder":      {saying(t, h, "A", 2, founding), journal.ErrChain},
		"the founding said again by another":    {saying(t, h, "B", 1, founding), journal.ErrChain},
		"a founding after something was seen":   {seen, journal.ErrChain},
		"a member not admitted":                 {saying(t, stranger, "Z", 1, open(t, stranger.Commit("Z1"))[1]), journal.ErrUnknownWriter},
		"admitted by a writer nobody knows":     {saying(t, h, "X", 1, admitZ), journal.ErrUnknownWriter},
		"a certificate with a changed bit":      {saying(t, h, "M", 1, control(t, journal.ControlCertify, forged)), seal.ErrSignature},
		"a certificate of another workspace":    {saying(t, h, "M", 1, control(t, journal.ControlCertify, certElsewhere)), seal.ErrSignature},
		"signed by another member":              {saying(t, h, "M", 1, certify("M", "M", "B")), seal.ErrSignature},
		"signed by the writer itself":           {saying(t, h, "M", 1, control(t, journal.ControlCertify, journal.Certify(h.Workspace, h.Member("M").Member(), h.WriterSigner("M"), h.WriterSigner("M").Public()))), seal.ErrSignature},
		"another's writer claimed":              {saying(t, h, "M", 1, certify("M", "B", "M")), journal.ErrChain},
		"another's writer claimed later":        {saying(t, h, "B", 3, certify("M", "B", "M")), journal.ErrChain},
		"one's own writer given to another":     {saying(t, h, "B", 1, certify("M", "B", "M")), journal.ErrChain},
		"a writer of two members":               {saying(t, h, "M", 1, certify("M", "M", "M"), certify("X", "M", "X")), journal.ErrChain},
		"half a certificate":                    {saying(t, h, "M", 1, half), journal.ErrFormat},
		"a key too short":                       {saying(t, h, "A", 2, short), journal.ErrFormat},
		"half an open part":                     {&journal.Commit{Header: journal.Header{Parts: make([]journal.PartHeader, 1)}, Parts: [][]byte{{0x81}}}, journal.ErrFormat},
		"two open parts":                        {&journal.Commit{Header: journal.Header{Parts: make([]journal.PartHeader, 2)}, Parts: [][]byte{{0x80}, nil}}, journal.ErrFormat},
		"something good before something wrong": {saying(t, h, "A", 2, admitZ, short), journal.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			roll := h.Roll()
			must(t, roll.Learn(h.Commit("A1")))
			must(t, roll.Learn(h.Commit("B1")))
			before := &journal.Roll{Workspace: roll.Workspace, Founder: roll.Founder, Members: maps.Clone(roll.Members), Writers: maps.Clone(roll.Writers)}
			if err := roll.Learn(c.commit); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if !reflect.DeepEqual(roll, before) {
				t.Error("what is not believed has changed the roll")
			}
		})
	}
}

// Who joins must know the founder beforehand: then a relay cannot show a workspace of its own under the same number.
func TestWhoKnowsTheFounderIsNotGivenAnother(t *testing.T) {
	h := journaltest.Draw(t, "A1 M1")
	mine := saying(t, h, "M", 1, control(t, journal.ControlFound, journal.Founding{Admin: h.Member("M")}), open(t, h.Commit("M1"))[0])
	run := &journal.Run{Commits: []journal.Commit{*mine}}
	if _, err := h.Roll().KeyFor(run); !errors.Is(err, journal.ErrChain) {
		t.Errorf("a founding by another: %v", err)
	}
	naive := journal.NewRoll(h.Workspace)
	if _, err := naive.KeyFor(run); err != nil {
		t.Errorf("who knows nothing believes the first: %v", err)
	}
	// Nor can a stranger found in the founder's name, known or not.
	inNameOf := &journal.Run{Commits: []journal.Commit{*saying(t, h, "M", 1, open(t, h.Commit("A1"))[0], open(t, h.Commit("M1"))[0])}}
	for _, roll := range []*journal.Roll{h.Roll(), naive} {
		if _, err := roll.KeyFor(inNameOf); err == nil {
			t.Error("founded in the name of another")
		}
	}
	cert := open(t, h.Commit("A1"))[1]
	if err := journal.NewRoll(h.Workspace).Learn(saying(t, h, "M", 1, open(t, h.Commit("A1"))[0], cert)); !errors.Is(err, journal.ErrChain) {
		t.Errorf("the founder's certificate in another's commit: %v", err)
	}
}

func TestUnknownControlsAreKeptAndPassedOn(t *testing.T) {
	h := journaltest.Draw(t, "A1")
	roll := h.Roll()
	must(t, roll.Learn(h.Commit("A1")))
	later := journal.Control{Kind: 77, Payload: []byte{0x82, 0x01, 0x02}}
	c := saying(t, h, "A", 2, later, control(t, journal.ControlGrant, journal.Grant{Sealed: []byte{1}}))
	must(t, roll.Learn(c))
	list := open(t, c)
	if len(list) != 2 || list[0].Kind != 77 || !bytes.Equal(list[0].Payload, later.Payload) {
		t.Errorf("the open part says %v", list)
	}
	var grant journal.Grant
	if err := list[1].Into(&grant); err != nil || !bytes.Equal(grant.Sealed, []byte{1}) {
		t.Errorf("the grant: %v", err)
	}
}

func TestOpenPartsHaveOneSpelling(t *testing.T) {
	h := journaltest.Draw(t, "A1")
	good, err := journal.EncodeControls(open(t, h.Commit("A1")))
	must(t, err)
	if list, err := journal.DecodeControls(good); err != nil || len(list) != 2 {
		t.Fatalf("%d controls, %v", len(list), err)
	}
	for name, data := range map[string][]byte{
		"nothing":               {},
		"a number spelled long": append([]byte{0x98, 0x02}, good[1:]...),
		"a list without end":    slices.Concat([]byte{0x9f}, good[1:], []byte{0xff}),
		"a byte too many":       append(bytes.Clone(good), 0),
		"a control of three":    {0x81, 0x83, 0x01, 0x02, 0x03},
		"a control of one":      {0x81, 0x81, 0x01},
		"a map":                 {0xa0},
		"a tag":                 {0x81, 0x82, 0x01, 0xc1, 0x00},
		"kind 256":              {0x81, 0x82, 0x19, 0x01, 0x00, 0x00},
		"a list of a billion":   {0x9a, 0x3b, 0x9a, 0xca, 0x00},
	} {
		if list, err := journal.DecodeControls(data); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	for n := range good {
		if _, err := journal.DecodeControls(good[:n]); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func FuzzDecodeControls(f *testing.F) {
	h := journaltest.Draw(f, "A1 B1")
	f.Add(h.Commit("A1").Parts[0])
	f.Add(h.Commit("B1").Parts[0])
	f.Add(readGolden(f, "testdata/v1.json", false).read(f, "open part"))
	for _, name := range []string{"empowerment", "rotation", "revocation", "erasure"} {
		f.Add(readGolden(f, "testdata/v1-keys.json", false).read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := journal.DecodeControls(data)
		if err != nil {
			if !errors.Is(err, journal.ErrFormat) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if again, err := journal.EncodeControls(list); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x was read and is written %x, %v", data, again, err)
		}
		for _, c := range list {
			for _, into := range []any{&journal.Founding{}, &journal.Certificate{}, &journal.MemberKeys{}, &journal.Grant{}, &journal.Empowerment{}, &journal.Rotation{}, &journal.Revocation{}, &journal.Erasure{}} {
				if err := c.Into(into); err != nil && !errors.Is(err, journal.ErrFormat) {
					t.Errorf("refused with %v", err)
				}
			}
		}
		commit := &journal.Commit{Header: journal.Header{Seq: 1, Parts: make([]journal.PartHeader, 1)}, Parts: [][]byte{data}}
		roll := journal.NewRoll(h.Workspace)
		if err := roll.Learn(commit); err != nil && (roll.Founder != journal.MemberID{} || len(roll.Members)+len(roll.Writers) > 0) {
			t.Errorf("not believed (%v), and the roll has changed", err)
		}
	})
}
