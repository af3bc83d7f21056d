package journal_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
	"amparo/internal/seal"
)

var (
	update     = flag.Bool("update", false, "write testdata/v1-dictionary.json again: whenever data/dictionary-1 was trained again, and never after a release")
	newVersion = flag.Bool("new-version", false, "write testdata/v1.json again: only while no release has written format 1")
)

// golden is what format 1 looks like, by name, in hexadecimal. Once released it is never written again: every later
// version of the program must read it.
type golden struct {
	file  string
	write bool
	bytes map[string]string
}

func readGolden(t testing.TB, file string, write bool) *golden {
	t.Helper()
	g := &golden{file, write, map[string]string{}}
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &g.bytes)
	}
	if err != nil && !write {
		t.Fatal(err)
	}
	return g
}

func (g *golden) agree(t testing.TB, name string, got []byte) {
	t.Helper()
	if g.write {
		g.bytes[name] = hex.EncodeToString(got)
		raw, err := json.MarshalIndent(g.bytes, "", "\t")
		if err == nil {
			err = os.WriteFile(g.file, append(raw, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if g.bytes[name] != hex.EncodeToString(got) {
		t.Errorf("%s\n is %x\nwas %s", name, got, g.bytes[name])
	}
}

func (g *golden) read(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(g.bytes[name])
	if err != nil || len(raw) == 0 {
		t.Fatalf("no vector %q (%v)", name, err)
	}
	return raw
}

func counted(start byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = start + byte(i)
	}
	return out
}

// sampleHeader has one of everything, at both ends of what numbers may be.
func sampleHeader() journal.Header {
	return journal.Header{
		Workspace: journal.WorkspaceID(counted(0x10, 16)), Writer: journal.WriterID(counted(0x20, 16)), Seq: 300, Prev: journal.Hash(counted(0x30, 32)),
		Time: journal.Time(0x0199_0000_0000_0007), Salt: [8]byte(counted(0x60, 8)),
		Seen: []journal.Seen{
			{Writer: journal.WriterID(counted(0x70, 16)), Seq: 1, Hash: [16]byte(counted(0x80, 16))},
			{Writer: journal.WriterID(counted(0x71, 16)), Seq: journal.MaxSeq, Hash: [16]byte(counted(0x81, 16))},
		},
		Parts: []journal.PartHeader{
			{Size: 5, Digest: journal.Hash(counted(0x90, 32))},
			{Tag: 0xa5, Epoch: 1<<32 - 1, Shelf: 0x0fff, Size: journal.MaxPartSize, Digest: journal.Hash(counted(0xb0, 32))},
		},
	}
}

// sampleBody has a fact of every form and a value of every type.
func sampleBody() journal.Body {
	return journal.Body{Ago: -90, Zone: -360, Site: counted(1, 16), Client: counted(2, 12), Facts: []journal.Fact{
		{N: 0, Kind: 10, Creates: true, Values: map[uint8]any{1: "Ana María", 2: int64(-1 << 63), 3: true, 4: []byte{1, 2}, 5: []string{"care", "sharing"}, 6: []string{}}},
		{N: 2, Kind: 10, Entity: counted(3, 16), Values: map[uint8]any{1: nil, 200: int64(1<<63 - 1)}, Replaces: map[uint8][][]byte{1: {counted(4, 8), counted(5, 8)}}},
		{N: 1 << 31, Kind: 65535, Corrects: counted(6, 16)},
	}}
}

func TestFormat1IsWhatItWas(t *testing.T) {
	g := readGolden(t, "testdata/v1.json", *newVersion)
	h := sampleHeader()
	g.agree(t, "header", h.Encode())
	hash := journal.HashOf(h.Encode())
	g.agree(t, "hash of the header", hash[:])
	if back, err := journal.DecodeHeader(g.read(t, "header")); err != nil || !reflect.DeepEqual(back, h) {
		t.Errorf("the header reads as %+v, %v", back, err)
	}

	history := journaltest.Draw(t, "A1 A2 B1(A2) A3(B1)", func(string) journal.Body { return journal.Body{} })
	keys := history.Member("B")
	member, writer := keys.Member(), history.Writer("B")
	g.agree(t, "member id", member[:])
	g.agree(t, "writer id", writer[:])
	cert, err := journal.NewControl(journal.ControlCertify, journal.Certify(history.Workspace, member, history.MemberSigner("B"), history.WriterSigner("B").Public()))
	must(t, err)
	grant, err := journal.NewControl(journal.ControlGrant, journal.Grant{Member: member, Sealed: counted(7, 20)})
	must(t, err)
	founding, err := journal.NewControl(journal.ControlFound, journal.Founding{Admin: journal.MemberKeys{Sign: keys.Sign, Receiver: counted(8, 10)}, Recovery: [][]byte{counted(9, 3)}})
	must(t, err)
	unknown := journal.Control{Kind: 200, Payload: cbor.RawMessage{0xa1, 0x01, 0x02}}
	open, err := journal.EncodeControls([]journal.Control{cert, grant, founding, unknown})
	must(t, err)
	g.agree(t, "open part", open)
	if list, err := journal.DecodeControls(g.read(t, "open part")); err != nil || len(list) != 4 || list[3].Kind != 200 {
		t.Errorf("the open part reads as %v, %v", list, err)
	}

	small := history.Run("A2", "A3")
	for i := range small.Commits { // sealed bytes depend on the dictionary: fixed ones in their place
		sealed := counted(byte(i), 20)
		c := &small.Commits[i]
		c.Header.Parts = []journal.PartHeader{{Tag: 0xa5, Epoch: 1, Shelf: 9, Size: 20, Digest: seal.Digest(sealed)}}
		c.Parts = [][]byte{sealed}
	}
	small.Commits[0].Prev = journal.Hash(counted(0x30, 32))
	first := journal.HashOf(small.Commits[0].Header.Encode())
	small.Commits[1].Prev, small.Commits[1].Parts[0] = first, nil
	small.Commits[1].Seen[0].Hash = [16]byte(counted(0x80, 16))
	last := journal.HashOf(small.Commits[1].Header.Encode())
	small.Sig = history.WriterSigner("A").Sign(journal.SignPurpose, last[:])
	g.agree(t, "run", small.Encode())
	g.agree(t, "hash of the last commit in the run", last[:])
	if back, err := journal.DecodeRun(g.read(t, "run")); err != nil {
		t.Error(err)
	} else if err := back.Verify(journal.Head{Seq: 1, Hash: journal.Hash(counted(0x30, 32))}, history.WriterSigner("A").Public()); err != nil || back.Last().Hash != last {
		t.Errorf("the run: %v", err)
	}

	for name, id := range map[string]journal.EntityID{"fact id 0": journal.FactID(writer, 1, [8]byte{}, 0), "fact id 70000": journal.FactID(writer, 1<<40, [8]byte{1}, 70000)} {
		g.agree(t, name, id[:])
	}
	at := journal.TimeOf(time.Date(2026, 11, 21, 8, 10, 0, 5e6, time.UTC))
	g.agree(t, "time", []byte(time.UnixMilli(int64(at>>16)).UTC().Format(time.RFC3339Nano)+" "+hex.EncodeToString([]byte{byte(at >> 56), byte(at >> 48), byte(at >> 40), byte(at >> 32), byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)})))

	plain := append([]byte{0}, bodyCBOR(t, sampleBody())...) // packing 0
	g.agree(t, "body, not packed", plain)
	if back, err := journal.DecodeBody(g.read(t, "body, not packed")); err != nil || !reflect.DeepEqual(back, sampleBody()) {
		t.Errorf("the body reads as %+v, %v", back, err)
	}
}

// bodyCBOR is a body as it is before packing, by the rules that docs/journal-format.md gives.
func bodyCBOR(t testing.TB, b journal.Body) []byte {
	t.Helper()
	enc, err := cbor.CoreDetEncOptions().EncMode()
	must(t, err)
	raw, err := enc.Marshal(b)
	must(t, err)
	return raw
}

// What the dictionary packed must unpack with it for ever. While the dictionary is still being trained, `go test
// ./internal/journal -update` writes the vector again.
func TestWhatTheDictionaryPackedUnpacks(t *testing.T) {
	g := readGolden(t, "testdata/v1-dictionary.json", *update)
	dictionary, err := os.ReadFile("data/dictionary-1")
	must(t, err)
	digest := seal.Digest(dictionary)
	g.agree(t, "digest of dictionary-1", digest[:])
	if *update {
		packed, err := journal.EncodeBody(sampleBody())
		must(t, err)
		if packed[0] != 1 {
			t.Fatal("the sample was not packed with the dictionary")
		}
		g.agree(t, "body", packed)
	}
	if back, err := journal.DecodeBody(g.read(t, "body")); err != nil || !reflect.DeepEqual(back, sampleBody()) {
		t.Errorf("the body reads as %+v, %v", back, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
