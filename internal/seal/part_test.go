package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/bits"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write testdata again; what is sealed today must open for ever, so only for a new version")

// counted is n bytes that count up from start.
func counted(start byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = start + byte(i)
	}
	return out
}

// samplePlace is the place of the vectors in testdata.
func samplePlace() Place {
	return Place{
		Workspace: [16]byte(counted(0x10, 16)), Writer: [16]byte(counted(0x20, 16)), Seq: 0x0102030405060708,
		Salt: [8]byte(counted(0x30, 8)), Index: 3, Tag: 0xa5, Epoch: 7, Shelf: 0x0fff,
	}
}

func sampleKey() CompartmentKey { return CompartmentKey(counted(0x40, 32)) }

// vectors are pairs of name and hexadecimal kept in testdata.
type vectors map[string]string

func readVectors(t testing.TB) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/v1.json")
	if err != nil {
		t.Fatal(err)
	}
	v := vectors{}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// agree compares with what version 1 wrote, or with -update writes it.
func (v vectors) agree(t testing.TB, name string, got []byte) {
	t.Helper()
	text := hex.EncodeToString(got)
	if *update {
		v[name] = text
		raw, err := json.MarshalIndent(v, "", "\t")
		if err == nil {
			err = os.WriteFile("testdata/v1.json", append(raw, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if v[name] != text {
		t.Errorf("%s\n is %s\nwas %s", name, text, v[name])
	}
}

func TestWhatVersion1SealedOpensForEver(t *testing.T) {
	v := readVectors(t)
	for name, plain := range map[string][]byte{"part empty": {}, "part short": []byte("hola"), "part of 300": counted(0, 300)} {
		sealed, err := SealPart(sampleKey(), samplePlace(), plain)
		if err != nil {
			t.Fatal(err)
		}
		v.agree(t, name, sealed)
		kept, err := hex.DecodeString(v[name])
		if err != nil {
			t.Fatal(err)
		}
		if opened, err := OpenPart(sampleKey(), samplePlace(), kept); err != nil || !bytes.Equal(opened, plain) {
			t.Errorf("%s opens as %x, %v", name, opened, err)
		}
	}
	secret := WorkspaceSecret(counted(0x50, 32))
	var tags, shelves []byte
	for c := range uint8(8) {
		tags = append(tags, secret.Tag(c))
		shelves = binary.BigEndian.AppendUint16(shelves, secret.Shelf([]byte{c}))
	}
	v.agree(t, "tags of compartments 0 to 7", tags)
	v.agree(t, "shelves of entities 00 to 07", shelves)
	signer, err := SignerFromSeed(counted(0x60, 32))
	if err != nil {
		t.Fatal(err)
	}
	public, sig := signer.Public(), signer.Sign("a purpose", []byte("a message"))
	v.agree(t, "verifying key", public[:])
	v.agree(t, "signature", sig[:])
	derived, err := signer.Derive("a purpose")
	if err != nil {
		t.Fatal(err)
	}
	v.agree(t, "derived key", derived[:])
	receiver, err := ReceiverFromSecret(counted(0x70, 32))
	if err != nil {
		t.Fatal(err)
	}
	digest := Digest(receiver.Public())
	v.agree(t, "digest of a receiving key", digest[:])
	if *update {
		sealed, err := SealTo(receiver.Public(), "a purpose", []byte("a grant"))
		if err != nil {
			t.Fatal(err)
		}
		v.agree(t, "sealed to a member", sealed)
		locked, err := Lock([]byte("correct horse"), cheap, "a purpose", []byte("a key"))
		if err != nil {
			t.Fatal(err)
		}
		v.agree(t, "salt under a passphrase", locked.Salt)
		v.agree(t, "sealed under a passphrase", locked.Sealed)
	}
	if opened, err := receiver.Open("a purpose", v.bytes(t, "sealed to a member")); err != nil || string(opened) != "a grant" {
		t.Errorf("a grant opens as %q, %v", opened, err)
	}
	locked := Locked{Cost: cheap, Salt: v.bytes(t, "salt under a passphrase"), Sealed: v.bytes(t, "sealed under a passphrase")}
	if opened, err := locked.Unlock([]byte("correct horse"), "a purpose"); err != nil || string(opened) != "a key" {
		t.Errorf("a key file opens as %q, %v", opened, err)
	}
}

func (v vectors) bytes(t testing.TB, name string) []byte {
	t.Helper()
	out, err := hex.DecodeString(v[name])
	if err != nil || len(out) == 0 {
		t.Fatalf("no vector %q (%v)", name, err)
	}
	return out
}

func TestEveryBitOfASealedPartCounts(t *testing.T) {
	key, place, plain := sampleKey(), samplePlace(), counted(0, 40)
	sealed, err := SealPart(key, place, plain)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		for bit := range 8 {
			bad := slices.Clone(sealed)
			bad[i] ^= 1 << bit
			if opened, err := OpenPart(key, place, bad); !errors.Is(err, ErrSealed) || opened != nil {
				t.Fatalf("bit %d of byte %d flipped: %x, %v", bit, i, opened, err)
			}
		}
	}
	for n := range sealed {
		if _, err := OpenPart(key, place, sealed[:n]); !errors.Is(err, ErrSealed) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := OpenPart(key, place, append(slices.Clone(sealed), 0)); !errors.Is(err, ErrSealed) {
		t.Errorf("a byte too many: %v", err)
	}
	for i := range key {
		other := key
		other[i] ^= 1
		if _, err := OpenPart(other, place, sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("another key: %v", err)
		}
	}
}

func TestAPartMovedElsewhereDoesNotOpen(t *testing.T) {
	key, place := sampleKey(), samplePlace()
	sealed, err := SealPart(key, place, []byte("hola"))
	if err != nil {
		t.Fatal(err)
	}
	moves := map[string]func(*Place){
		"another workspace": func(p *Place) { p.Workspace[15]++ }, "another writer": func(p *Place) { p.Writer[0]++ },
		"the next commit": func(p *Place) { p.Seq++ }, "another salt": func(p *Place) { p.Salt[7]++ }, "another index": func(p *Place) { p.Index++ },
		"another compartment": func(p *Place) { p.Tag++ }, "another epoch": func(p *Place) { p.Epoch++ }, "another shelf": func(p *Place) { p.Shelf++ },
	}
	for name, move := range moves {
		to := place
		move(&to)
		if _, err := OpenPart(key, to, sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := SealPart(key, to, []byte("hola")); err != nil || bytes.Equal(again[:16], sealed[:16]) {
			t.Errorf("%s: sealed with the same nonce (%v)", name, err)
		}
	}
	if fields := 8; len(moves) != fields {
		t.Errorf("%d moves for %d fields", len(moves), fields)
	}
}

// The bytes that are bound must tell every place from every other.
func TestPlacesAreBoundWithoutAmbiguity(t *testing.T) {
	if got := len(samplePlace().bytes()); got != 15+16+16+8+8+1+1+4+2 {
		t.Errorf("%d bytes; every field has a fixed length", got)
	}
}

// padmeLength is the rule of the paper (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication
// with PURBs", PoPETs 2019, algorithm 1), written out in floating point as it is printed there.
func padmeLength(length int) int {
	if length < 2 {
		return length
	}
	e := math.Floor(math.Log2(float64(length)))
	s := math.Floor(math.Log2(e)) + 1
	if e == 0 {
		s = 0
	}
	last := e - s
	mask := int(math.Pow(2, last)) - 1
	return (length + mask) / (mask + 1) * (mask + 1)
}

func TestPaddedLengthsFollowThePaper(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 7: 7, 8: 8, 9: 10, 10: 10, 11: 12, 15: 16, 17: 18, 33: 36, 63: 64, 64: 64, 65: 72, 100: 104, 129: 144, 150: 160, 1000: 1024, 1025: 1088, 1 << 20: 1 << 20, 1<<20 + 1: 1<<20 + 1<<15} {
		if got := padme(n); got != want {
			t.Errorf("%d is padded to %d, should be %d", n, got, want)
		}
	}
	lengths := map[int]bool{}
	for n := range 1 << 17 {
		got := padme(n)
		if got < n || float64(got) > 1.12*float64(n)+0.001 {
			t.Fatalf("%d is padded to %d", n, got)
		}
		if n < 1<<14 && got != padmeLength(n) {
			t.Fatalf("%d is padded to %d, the paper says %d", n, got, padmeLength(n))
		}
		if padme(got) != got {
			t.Fatalf("%d is padded to %d and that to %d", n, got, padme(got))
		}
		lengths[got] = true
	}
	if most := 17 * 17 * 2; len(lengths) > most { // O(log log n) bits: some e steps between powers of two
		t.Errorf("%d different lengths can be seen, more than %d", len(lengths), most)
	}
}

func TestPaddingComesOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "plain")
		padded := pad(plain)
		if len(padded) != padme(len(plain)+(bits.Len(uint(len(plain))|1)+6)/7) {
			t.Fatalf("%d bytes padded to %d", len(plain), len(padded))
		}
		got, err := unpad(padded)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%x became %x, %v", plain, got, err)
		}
	})
}

func TestTheSealedLengthTellsOnlyThePaddedLength(t *testing.T) {
	seen := map[int]int{}
	for n := range 2000 {
		sealed, err := SealPart(sampleKey(), samplePlace(), make([]byte, n))
		if err != nil {
			t.Fatal(err)
		}
		seen[len(sealed)]++
	}
	if len(seen) > 130 {
		t.Errorf("2000 lengths show as %d", len(seen))
	}
}

func FuzzUnpad(f *testing.F) {
	f.Add([]byte{})
	f.Add(pad(nil))
	f.Add(pad(counted(0, 200)))
	f.Add([]byte(strings.Repeat("\xff", 12)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, padded []byte) {
		plain, err := unpad(padded)
		if err != nil {
			if !errors.Is(err, ErrSealed) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if len(plain) > len(padded) {
			t.Errorf("%d bytes out of %d", len(plain), len(padded))
		}
	})
}

func FuzzOpenPart(f *testing.F) {
	sealed, err := SealPart(sampleKey(), samplePlace(), []byte("hola"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, uint64(0))
	f.Add([]byte{}, uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seq uint64) {
		place := samplePlace()
		place.Seq += seq
		if plain, err := OpenPart(sampleKey(), place, data); err == nil && (seq != 0 || !bytes.Equal(data, sealed)) {
			t.Errorf("%x opened as %x", data, plain)
		} else if err != nil && !errors.Is(err, ErrSealed) {
			t.Errorf("refused with %v", err)
		}
	})
}
