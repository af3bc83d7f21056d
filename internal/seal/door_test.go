package seal

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func newDoor(t *testing.T) DoorKey {
	t.Helper()
	raw, err := NewDoorKey()
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDoorKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadDoorKey(raw)
	if err != nil || again.Pin() != d.Pin() {
		t.Fatalf("the same key has two pins: %s, %s, %v", d.Pin(), again.Pin(), err)
	}
	return d
}

// meeting lets a client come to a server and gives what each of them has to say; heard is what the server was told.
func meeting(t *testing.T, server, client *tls.Config) (heard string, served, came error) {
	t.Helper()
	here, there := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn := tls.Server(there, server)
		var raw []byte
		if served = conn.HandshakeContext(t.Context()); served == nil {
			raw, served = io.ReadAll(conn)
		}
		heard = string(raw)
		there.Close()
	}()
	conn := tls.Client(here, client)
	if came = conn.HandshakeContext(t.Context()); came == nil {
		_, came = conn.Write([]byte("sealed"))
		came = errors.Join(came, conn.Close())
	}
	here.Close()
	<-ended
	return heard, served, came
}

func TestAPinnedKeyIsTheOnlyOne(t *testing.T) {
	ours, other := newDoor(t), newDoor(t)
	if heard, served, came := meeting(t, ours.TLS(), ours.Pin().TLS()); served != nil || came != nil || heard != "sealed" {
		t.Fatalf("who holds the pin is not let in: %v, %v, %q", served, came, heard)
	}
	// Somebody who answers under every name, as who sits between does.
	between := other.TLS()
	between.GetConfigForClient = nil
	if heard, _, came := meeting(t, between, ours.Pin().TLS()); !errors.Is(came, ErrPin) || heard != "" {
		t.Errorf("another key: %v, and it heard %q", came, heard)
	}
}

func TestADoorShowsItsKeyOnlyToWhoNamesIt(t *testing.T) {
	ours, other := newDoor(t), newDoor(t)
	for name, client := range map[string]*tls.Config{"no name": {InsecureSkipVerify: true}, "another pin": other.Pin().TLS(), "an older TLS": {InsecureSkipVerify: true, ServerName: ours.Pin().TLS().ServerName, MaxVersion: tls.VersionTLS12}} {
		shown := false
		client.VerifyConnection = func(state tls.ConnectionState) error { shown = len(state.PeerCertificates) > 0; return nil }
		if _, served, came := meeting(t, ours.TLS(), client); served == nil || came == nil || shown {
			t.Errorf("%s: %v, %v, certificate shown: %v", name, served, came, shown)
		}
	}
}

// What a handshake says in clear is another name each time, so that who listens does not follow a device by it.
func TestAHandshakeNamesADeviceAnewEachTime(t *testing.T) {
	p, other := newDoor(t).Pin(), newDoor(t).Pin()
	first, second := p.TLS().ServerName, p.TLS().ServerName
	if first == second || !p.named(first) || !p.named(second) || other.named(first) {
		t.Errorf("%q and then %q", first, second)
	}
	mixed := first[:17] + second[17:]
	for _, name := range []string{"", "n", "localhost", mixed, first[1:], first + "x", strings.Repeat("z", len(first))} {
		if p.named(name) {
			t.Errorf("%q is taken for its name", name)
		}
	}
}

func TestThePinIsRead(t *testing.T) {
	p := newDoor(t).Pin()
	typed := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(strings.ToLower(p.String()))
	for _, text := range []string{p.String(), typed, " " + strings.ReplaceAll(p.String(), "-", "") + "\n"} {
		if got, err := ParsePin(text); err != nil || got != p {
			t.Errorf("%q: %s, %v; want %s", text, got, err, p)
		}
	}
	for _, text := range []string{"", "-", p.String()[:35], p.String() + "0", "https://192.168.1.5", strings.Repeat("U", 32)} {
		if _, err := ParsePin(text); !errors.Is(err, ErrPinText) {
			t.Errorf("%q: %v; want ErrPinText", text, err)
		}
	}
}

// One wrong sign is nearly always found, and never leads to the same key.
func TestAMistypedPin(t *testing.T) {
	p := newDoor(t).Pin()
	found, tried := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(p.String())
		i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		wrong := rapid.SampledFrom([]byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ")).Draw(t, "sign")
		if text[i] == '-' || text[i] == wrong {
			return
		}
		text[i] = wrong
		tried++
		if got, err := ParsePin(string(text)); err != nil {
			found++
		} else if got == p {
			t.Fatalf("%q reads as the pin that was written otherwise", text)
		}
	})
	if found*10 < tried*9 {
		t.Errorf("only %d of %d mistyped pins are noticed", found, tried)
	}
}

func TestWhatIsAnnouncedIsKnownAgainByWhoHoldsThePin(t *testing.T) {
	p, q := newDoor(t).Pin(), newDoor(t).Pin()
	if p.Recognition("a") == p.Recognition("b") || p.Recognition("a") == q.Recognition("a") {
		t.Error("a recognition is not of one key and one name")
	}
}

func FuzzParsePin(f *testing.F) {
	f.Add("0000-0000-0000-0000-0000-0000-0000-0000")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePin(text)
		if err != nil {
			return
		}
		if again, err := ParsePin(p.String()); err != nil || again != p {
			t.Errorf("%q: %s is not read again: %v", text, p, err)
		}
	})
}

func FuzzReadDoorKey(f *testing.F) {
	raw, err := NewDoorKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if d, err := ReadDoorKey(raw); err == nil && d.Pin() == (Pin{}) {
			t.Error("a key without a pin")
		}
	})
}

// Neighbours of different versions know each other: what is made of a key stays as it is. The values were worked out with
// openssl and sha256sum.
func TestWhatNeighboursOfAllVersionsAgreeOn(t *testing.T) {
	raw, err := hex.DecodeString("302e020100300506032b657004220420" + "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDoorKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"pin": {d.Pin().String(), "M188-6ZC5-0W2R-5K7Q-755G-K244-FK1H-5JTB"}, "name in the handshake": {d.Pin().serverName(nameSalt{0, 1, 2, 3, 4, 5, 6, 7}), "n00010203040506079818959f5c839310b0bf.local"}, "recognition": {d.Pin().Recognition("1f2e3d4c5b6a7988"), "18fc65f0e79e7e9c"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
		}
	}
}
