package node

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

func newPin(t testing.TB) seal.Pin {
	t.Helper()
	d := must2(seal.ReadDoorKey(must2(seal.NewDoorKey())))
	return d.Pin()
}

// What one relay holds is kept when another is asked, and says nothing of the other.
func TestEveryPlaceIsRememberedByItself(t *testing.T) {
	first, second := relayed(t), relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	inStep(t, first, ana)
	if p := must2(ana.Pending()); p.Commits != 0 || p.Exchanged.IsZero() {
		t.Fatalf("after an exchange: %+v", p)
	}
	if err := n.SetRelay(second); err != nil {
		t.Fatal(err)
	}
	if p := must2(ana.Pending()); p.Commits == 0 || p.Exchanged.IsZero() {
		t.Errorf("before another relay has answered: %+v", p)
	}
	inStep(t, second, ana)
	must(t, do(t, ana, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	sum := must2(ana.Exchange(t.Context(), first, nil))
	if sum.RoundTrips > 2 || sum.Sent != 1 {
		t.Errorf("back with the first: %d round trips, %d commits sent; want what is new and no more", sum.RoundTrips, sum.Sent)
	}
	places := must2(n.Places())
	if len(places) != 1 || places[0].Kind != PlaceRelay || places[0].Name != first || len(places[0].Known) == 0 || places[0].At.IsZero() {
		t.Errorf("places: %+v", places)
	}
}

// The memory of versions that knew one relay only is that relay's.
func TestTheMemoryOfAVersionBefore(t *testing.T) {
	dir, url := t.TempDir(), relayed(t)
	n, ana := founded(t, dir)
	inStep(t, url, ana)
	p := n.relayPlace()
	raw := must2(n.journal.ReadNote(exchangeNote + " " + p.key()))
	before, at, err := n.remembered(p)
	if err != nil || len(before.Known) == 0 {
		t.Fatal(before, err)
	}
	for note, value := range map[string][]byte{exchangeNote: raw, exchangeNote + " " + p.key(): {}, placesNote: {}} {
		if err := n.note(note, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n = must2(Open(dir, forestRegistry(t), Options{Cost: cheap}))
		after, then, err := n.remembered(n.relayPlace())
		if err != nil || !maps.Equal(after.Known, before.Known) || !then.Equal(at) {
			t.Errorf("%v at %s, %v; want %v at %s", after.Known, then, err, before.Known, at)
		}
		if err := errors.Join(n.SetRelay("http://127.0.0.1:9"), func() error { m, err := n.relayMemory(); return errors.Join(err, wants(len(m.Known) == 0)) }(), n.SetRelay(url), n.Close()); err != nil {
			t.Error(err)
		}
	}
}

func wants(right bool) error {
	if !right {
		return errors.New("what one relay holds is said of another")
	}
	return nil
}

func TestANeighbourIsForgotten(t *testing.T) {
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	who, _ := ana.Member()
	l := Link{Address: "192.168.1.5:8462", Pin: newPin(t), Member: who}
	p, pin, err := n.place(l.String())
	if err != nil || *pin != l.Pin {
		t.Fatal(pin, err)
	}
	all := must2(n.Copy().Vector(t.Context()))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if err := errors.Join(n.met(p), n.remember(p, exchange.Memory{Known: all}, at)); err != nil {
		t.Fatal(err)
	}
	if got := must2(ana.Pending()); got.Commits != 0 || !got.Exchanged.Equal(at) {
		t.Errorf("what a neighbour holds is only here: %+v", got)
	}
	if m := must2(n.relayMemory()); len(m.Known) != 0 {
		t.Error("what a neighbour holds, the relay holds")
	}
	for _, text := range []string{l.Pin.String(), "192.168.1.5", "https://192.168.1.5:8462/", strings.ToLower(l.Pin.String())} {
		if got, err := n.Neighbour(text); err != nil || got != l {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	moved := l
	moved.Address, moved.Member = "10.0.0.7:8462", record.ID{}
	if err := n.met(Place{Kind: PlaceNeighbour, Name: l.Pin.String(), Address: moved.Address}); err != nil {
		t.Fatal(err)
	}
	if met := must2(n.Neighbours()); len(met) != 1 || met[0].Address != moved.Address || met[0].Member != who {
		t.Errorf("met again elsewhere: %+v", met)
	}
	if err := n.ForgetNeighbour(l.Pin); err != nil {
		t.Fatal(err)
	}
	if got := must2(ana.Pending()); got.Commits == 0 {
		t.Error("what a forgotten neighbour holds still counts as being elsewhere")
	}
	if gone := must2(n.gone()); !maps.Equal(gone, all) {
		t.Errorf("what went to a neighbour was %v, after forgetting it %v", all, gone)
	}
	var r *record.Refusal
	if _, err := n.Neighbour(l.Pin.String()); !errors.As(err, &r) || r.Code != "unknown_neighbour" {
		t.Errorf("a forgotten neighbour: %v", err)
	}
	if err := n.ForgetNeighbour(l.Pin); !errors.As(err, &r) || r.Code != "unknown_neighbour" {
		t.Errorf("forgotten twice: %v", err)
	}
}

// However many others asked here over the years, the relay and the neighbours stay, and what went anywhere is known.
func TestPlacesAreBounded(t *testing.T) {
	n, _ := founded(t, t.TempDir())
	defer n.Close()
	if err := n.SetRelay("http://127.0.0.1:9"); err != nil {
		t.Fatal(err)
	}
	pin := newPin(t)
	keep := []Place{n.relayPlace(), {Kind: PlaceNeighbour, Name: pin.String(), Address: "10.0.0.1:1"}}
	want := journal.Vector{}
	for i := range mostPlaces + 20 {
		p := Place{Kind: PlaceRelay, Name: "http://127.0.0.1/" + strings.Repeat("x", i+1)}
		if i < len(keep) {
			p = keep[i]
		}
		v := journal.Vector{journal.WriterID{byte(i + 1)}: uint64(i + 1)}
		joinInto(want, v)
		if err := errors.Join(n.met(p), n.remember(p, exchange.Memory{Known: v}, time.Time{})); err != nil {
			t.Fatal(err)
		}
	}
	list := must2(n.placeList())
	if len(list) != mostPlaces || list[0].key() != keep[0].key() || list[1].key() != keep[1].key() {
		t.Errorf("%d places are kept, first %+v", len(list), list[:2])
	}
	if gone := must2(n.gone()); !maps.Equal(gone, want) {
		t.Errorf("what went elsewhere: %d writers, want %d", len(gone), len(want))
	}
}

func TestLinks(t *testing.T) {
	pin, who := newPin(t), record.ID(journal.MemberID{1, 2, 3})
	whole := Link{Address: "192.168.1.5:9000", Pin: pin, Member: who}
	for text, want := range map[string]Link{
		whole.String():                                                        whole,
		" " + whole.String() + "\n":                                           whole,
		"https://192.168.1.5/#" + pin.String():                                {Address: "192.168.1.5:8462", Pin: pin},
		"192.168.1.5#" + strings.ToLower(pin.String()):                        {Address: "192.168.1.5:8462", Pin: pin},
		"https://[fd00::5]:8462/#" + pin.String():                             {Address: "[fd00::5]:8462", Pin: pin},
		"HTTPS://LAPTOP.local/#" + pin.String()[:9] + " " + pin.String()[10:]: {Address: "LAPTOP.local:8462", Pin: pin},
	} {
		if got, err := ParseLink(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, code := range map[string]string{
		"": "not_a_link", "192.168.1.5": "not_a_link", "#" + pin.String(): "not_a_link", "http://192.168.1.5/#" + pin.String(): "not_a_link",
		"https://192.168.1.5/people#" + pin.String(): "not_a_link", "https://a:b@192.168.1.5/#" + pin.String(): "not_a_link", "https://192.168.1.5/#": "mistyped_code",
		"https://192.168.1.5/#" + pin.String()[1:]: "mistyped_code", "https://192.168.1.5/#" + pin.String() + ".x": "mistyped_code", "https://%/#" + pin.String(): "not_a_link",
	} {
		var r *record.Refusal
		if _, err := ParseLink(text); !errors.As(err, &r) || r.Code != code {
			t.Errorf("%q: %v; want %s", text, err, code)
		}
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add("https://192.168.1.5:8462/#0000-0000-0000-0000-0000-0000-0000-0000.x")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLink(text)
		if err != nil {
			return
		}
		if again, err := ParseLink(l.String()); err != nil || again != l {
			t.Errorf("%q: %q is not read again: %+v, %v", text, l, again, err)
		}
	})
}
