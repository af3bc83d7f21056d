package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/age"
	"pgregory.net/rapid"
)

func drawn(t failing, n int) (private []Receiver, public []ReceiverKey) {
	for range n {
		r, err := NewReceiver()
		if err != nil {
			t.Fatal(err)
		}
		private, public = append(private, r), append(public, r.Public())
	}
	return private, public
}

func sealedFor(t testing.TB, plain []byte, keys ...ReceiverKey) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := SealFile(&file, keys)
	if err != nil {
		t.Fatal(err)
	}
	for piece := plain; len(piece) > 0; piece = piece[min(len(piece), 5000):] {
		if _, err := w.Write(piece[:min(len(piece), 5000)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func opened(from io.Reader, keys ...Receiver) ([]byte, error) {
	r, err := OpenFile(from, keys...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestAFileOpensForThoseItIsFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := bytes.Repeat([]byte("amparo "), rapid.IntRange(0, 30_000).Draw(t, "words"))
		private, public := drawn(t, rapid.IntRange(1, 3).Draw(t, "keys"))
		stranger, _ := drawn(t, 1)
		file := sealedAsForetold(t, plain, public)
		for i, key := range private {
			got, err := opened(iotest.HalfReader(bytes.NewReader(file)), key)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("key %d: %d bytes of %d, %v", i, len(got), len(plain), err)
			}
		}
		if _, err := opened(bytes.NewReader(file), stranger...); !errors.Is(err, ErrSealed) {
			t.Fatalf("a stranger: %v", err)
		}
		if length, under, err := CheckFile(bytes.NewReader(file)); err != nil || under || length != int64(len(file)) {
			t.Fatalf("without a key: %d of %d, %v, %v", length, len(file), under, err)
		}
	})
}

type failing interface{ Fatal(...any) }

func sealedAsForetold(t *rapid.T, plain []byte, keys []ReceiverKey) []byte {
	var file bytes.Buffer
	w, err := SealFile(&file, keys)
	if err != nil {
		t.Fatal(err)
	}
	head := int64(file.Len())
	if _, err = w.Write(plain); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := SealedLength(head, int64(len(plain))); want != int64(file.Len()) {
		t.Fatalf("%d bytes, foretold %d", file.Len(), want)
	}
	return file.Bytes()
}

// Wherever a file is cut, it is said that it was cut, and what came whole before is given.
func TestACutFile(t *testing.T) {
	private, public := drawn(t, 1)
	plain := bytes.Repeat([]byte("0123456789abcdef"), 10_000) // three chunks
	file := sealedFor(t, plain, public...)
	chunk := 0
	for cut := range len(file) {
		if cut%997 != 0 && cut > 40 && cut < len(file)-60 {
			continue
		}
		got, err := opened(bytes.NewReader(file[:cut]), private...)
		if !errors.Is(err, ErrFileCut) && (cut >= len(FileMagic) || !errors.Is(err, ErrNotFile)) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if !bytes.HasPrefix(plain, got) || len(got) < chunk {
			t.Fatalf("cut at %d: %d bytes given, %d before", cut, len(got), chunk)
		}
		chunk = len(got)
		if _, _, err := CheckFile(bytes.NewReader(file[:cut])); !errors.Is(err, ErrFileCut) && cut >= len(FileMagic) {
			t.Fatalf("cut at %d, without a key: %v", cut, err)
		}
	}
	if chunk != 2*64<<10 {
		t.Errorf("of three chunks %d bytes were given when the tail was missing", chunk)
	}
}

func TestAChangedFile(t *testing.T) {
	private, public := drawn(t, 1)
	file := sealedFor(t, bytes.Repeat([]byte("x"), 70_000), public...)
	for at := range file {
		if at%977 != 0 && at > 200 && at < len(file)-60 {
			continue
		}
		changed := bytes.Clone(file)
		changed[at] ^= 1 << (at % 8)
		inLength := at >= len(file)-tailLen && at < len(file)-tailLen+8 // looks cut
		want := ErrFileChanged
		if inLength {
			want = ErrFileCut
		} else if at < len(FileMagic) {
			want = ErrNotFile
		}
		if _, err := opened(bytes.NewReader(changed), private...); !errors.Is(err, want) {
			t.Fatalf("byte %d of %d: %v", at, len(file), err)
		}
		if _, _, err := CheckFile(bytes.NewReader(changed)); !errors.Is(err, want) {
			t.Fatalf("byte %d of %d, without a key: %v", at, len(file), err)
		}
	}
	longer := append(bytes.Clone(file), "more"...)
	if _, err := opened(bytes.NewReader(longer), private...); err == nil {
		t.Error("bytes behind the end were not noticed")
	}
	// Somebody who can change the file makes the tail anew: without a key nobody can tell, with one everybody.
	forged := bytes.Clone(file[:len(file)-tailLen])
	forged[len(forged)-9] ^= 4
	w := &tailWriter{w: io.Discard, digest: newTailReader(nil).digest}
	w.Write(forged)
	forged = append(forged, tail(w.digest, w.length)...)
	if _, _, err := CheckFile(bytes.NewReader(forged)); err != nil {
		t.Errorf("the tail that was made anew: %v", err)
	}
	if _, err := opened(bytes.NewReader(forged), private...); !errors.Is(err, ErrFileChanged) {
		t.Errorf("a forged file: %v", err)
	}
}

// Who finds a file cannot count the team.
func TestAFileDoesNotSayForHowManyItIs(t *testing.T) {
	_, public := drawn(t, 9)
	for n, want := range map[int]int{1: 8, 2: 8, 8: 8, 9: 16} {
		file := sealedFor(t, []byte("x"), public[:n]...)
		if got := strings.Count(string(file), "\n-> "+hybridStanza+" "); got != want {
			t.Errorf("for %d there are %d stanzas, want %d", n, got, want)
		}
	}
	if _, err := SealFile(io.Discard, []ReceiverKey{{1, 2, 3}}); err == nil {
		t.Error("a file was sealed to nobody")
	}
	private, public := drawn(t, 1)
	file := sealedFor(t, []byte("x"), ReceiverKey("no key"), public[0])
	if got, err := opened(bytes.NewReader(file), private...); err != nil || string(got) != "x" {
		t.Errorf("beside a key that is none: %q, %v", got, err)
	}
}

// A file for more than its format allows would open for nobody: it is not written. For as many as it allows it opens.
func TestAFileForVeryMany(t *testing.T) {
	private, public := drawn(t, 1)
	for _, n := range []int{1024, 1025} {
		for len(public) < n {
			public = append(public, public[0])
		}
		var file bytes.Buffer
		w, err := SealFile(&file, public)
		if n > 1024 {
			if err == nil {
				t.Errorf("to %d a file is sealed", n)
			}
			continue
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := opened(bytes.NewReader(file.Bytes()), private...); err != nil {
			t.Errorf("for %d: %v", n, err)
		}
	}
}

func TestAFileUnderAPassphrase(t *testing.T) {
	cheap := Cost{Passes: 1, Memory: 8, Threads: 1}
	var file bytes.Buffer
	w, err := SealFileUnder(&file, []byte("una frase larga"), cheap)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Write([]byte("contents")); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	read := func(raw []byte, phrase string) (string, error) {
		r, err := OpenFileUnder(bytes.NewReader(raw), []byte(phrase))
		if err != nil {
			return "", err
		}
		got, err := io.ReadAll(r)
		return string(got), err
	}
	if got, err := read(file.Bytes(), "una frase larga"); err != nil || got != "contents" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := read(file.Bytes(), "otra frase"); !errors.Is(err, ErrSealed) {
		t.Errorf("another passphrase: %v", err)
	}
	if _, under, err := CheckFile(bytes.NewReader(file.Bytes())); err != nil || !under {
		t.Errorf("without a key: %v, %v", under, err)
	}
	dear := bytes.Replace(file.Bytes(), []byte(" 4\n"), []byte(" 25\n"), 1)
	if _, err := read(dear, "una frase larga"); !errors.Is(err, ErrCost) {
		t.Errorf("a file that asks for 32 GiB: %v", err)
	}
	if got := FieldCost.scrypt(); got != 17 {
		t.Errorf("the field's cost becomes the work factor %d", got)
	}
}

// Other programs of the age format read what this one writes, and this one what they write: whoever has the key gets the
// contents back without Amparo.
func TestFilesAreOfTheAgeFormat(t *testing.T) {
	private, public := drawn(t, 1)
	file := sealedFor(t, []byte("contents"), public...)
	secret, err := private[0].Secret()
	if err != nil {
		t.Fatal(err)
	}
	identity, err := age.ParseHybridIdentity(strings.ToUpper(bech32("age-secret-key-pq-", secret)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := age.Decrypt(bytes.NewReader(file[:len(file)-tailLen]), identity)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(plain); err != nil || string(got) != "contents" {
		t.Errorf("age reads %q, %v", got, err)
	}
	theirs := func(to age.Recipient) []byte {
		var out bytes.Buffer
		w, err := age.Encrypt(&out, to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.Write([]byte("theirs")); err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		length := uint64(out.Len())
		digest := newTailReader(nil).digest
		digest.Write(out.Bytes())
		return append(out.Bytes(), tail(digest, length)...)
	}
	if got, err := opened(bytes.NewReader(theirs(identity.Recipient())), private...); err != nil || string(got) != "theirs" {
		t.Errorf("this program reads %q, %v", got, err)
	}
	phrase, err := age.NewScryptRecipient("una frase larga")
	if err != nil {
		t.Fatal(err)
	}
	phrase.SetWorkFactor(4)
	r, err := OpenFileUnder(bytes.NewReader(theirs(phrase)), []byte("una frase larga"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "theirs" {
		t.Errorf("under a passphrase: %q, %v", got, err)
	}
	var ours bytes.Buffer
	w, err := SealFileUnder(&ours, []byte("una frase larga"), Cost{Passes: 1, Memory: 8, Threads: 1})
	if err == nil {
		err = errors.Join(w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	known, err := age.NewScryptIdentity("una frase larga")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(bytes.NewReader(ours.Bytes()[:ours.Len()-tailLen]), known); err != nil {
		t.Errorf("age does not read a file under a passphrase: %v", err)
	}
}

// bech32 is how the age program spells keys (BIP 173).
func bech32(prefix string, data []byte) string {
	const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var five []byte
	acc, bits := 0, 0
	for _, b := range data {
		for acc, bits = acc<<8|int(b), bits+8; bits >= 5; bits -= 5 {
			five = append(five, byte(acc>>(bits-5)&31))
		}
	}
	if bits > 0 {
		five = append(five, byte(acc<<(5-bits)&31))
	}
	sum := 1
	step := func(v byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ int(v)
		for i, g := range []int{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for _, c := range []byte(prefix) {
		step(c >> 5)
	}
	step(0)
	for _, c := range []byte(prefix) {
		step(c & 31)
	}
	for _, v := range append(bytes.Clone(five), 0, 0, 0, 0, 0, 0) {
		step(v)
	}
	for i := range 6 {
		five = append(five, byte((sum^1)>>(5*(5-i))&31))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s1", prefix)
	for _, v := range five {
		out.WriteByte(letters[v])
	}
	return out.String()
}

func FuzzOpenFile(f *testing.F) {
	private, public := drawn(f, 1)
	f.Add(sealedFor(f, []byte("contents"), public...))
	f.Add([]byte(FileMagic + "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 1\nAAAA\n--- AAAA\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _, unkeyed := CheckFile(bytes.NewReader(raw))
		if _, err := opened(bytes.NewReader(raw), private...); err == nil && unkeyed != nil {
			t.Errorf("opens, and is said to be %v", unkeyed)
		}
		if bytes.Contains(raw, []byte("-> scrypt")) {
			return // each would cost a second
		}
		if r, err := OpenFileUnder(bytes.NewReader(raw), []byte("x")); err == nil {
			if _, err := io.ReadAll(r); err == nil {
				t.Error("a file under no passphrase opens under one")
			}
		}
	})
}
