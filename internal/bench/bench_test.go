package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"amparo/internal/care"
	"amparo/internal/journal"
	"amparo/internal/node"
	"amparo/internal/observatory"
	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/people/family"
	"amparo/internal/people/journey"
	"amparo/internal/place"
	"amparo/internal/record"
	"amparo/internal/route"
)

func options(t *testing.T, n int) Options {
	t.Helper()
	registry, err := node.Registry(people.Module, family.Module, journey.Module, child.Module, place.Module, care.Module, route.Module, observatory.Module)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Registry: registry, N: n, Dir: t.TempDir()}
}

// Every benchmark that needs no other process and no pages gives figures, and says beside what they stand.
func TestBenchmarksGiveFigures(t *testing.T) {
	for _, b := range []struct {
		name string
		n    int
	}{{"append", 320}, {"project", 400}, {"exchange", 12}, {"find", 150}, {"ingest", 300}, {"crowd", 6}} {
		t.Run(b.name, func(t *testing.T) {
			o := options(t, b.n)
			r, err := Run(t.Context(), b.name, o)
			if err != nil {
				t.Fatal(err)
			}
			against := 0
			for _, m := range r.Results {
				if m.Measure == "" || m.Unit == "" || m.Value < 0 {
					t.Errorf("a figure that says nothing: %+v", m)
				}
				if m.Against != "" {
					against++
				}
			}
			if against == 0 {
				t.Error("no figure stands beside a limit")
			}
			raw, err := json.Marshal(r)
			if err != nil || bytes.Contains(raw, []byte("\n")) {
				t.Errorf("a report must be one line of JSON: %v", err)
			}
			left, err := sizeOf(o.Dir, "*")
			if err != nil || left != 0 {
				t.Errorf("%d bytes are left behind, %v", left, err)
			}
		})
	}
}

func TestRunRefusesWhatItDoesNotKnow(t *testing.T) {
	if _, err := Run(t.Context(), "speed", Options{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	if slices.Contains(Names(), "dictionary") {
		t.Error("`all` would train a dictionary")
	}
}

// The bytes of a commit add up: what the anatomy counts is what travels.
func TestAnatomyCountsEveryByte(t *testing.T) {
	b, err := found(t.Context(), options(t, 0), "node", cheap)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.play(t.Context(), story(3, 10)); err != nil {
		t.Fatal(err)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	a, err := b.anatomy()
	if err != nil {
		t.Fatal(err)
	}
	counted := a.envelope + a.signature + a.headers + a.salt + a.seen + a.partHeaders + a.tags + a.padding + a.frames + a.payload + a.open
	if counted != a.sealed.Len() || a.commits == 0 {
		t.Errorf("%d commits: counted %d bytes of %d", a.commits, counted, a.sealed.Len())
	}
}

// What raw inserts write must be everything that the views hold, or the ratio flatters.
func TestRawRowsAreAllRows(t *testing.T) {
	b, err := found(t.Context(), options(t, 0), "node", cheap)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if err := b.play(t.Context(), story(3, 10)); err != nil {
		t.Fatal(err)
	}
	persons, err := b.session.Word(t.Context(), "SELECT count(*) FROM identity.person")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	rows, err := b.rows()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, table := range rows.tables {
		if table.in == record.Identity && table.name == "_all_person" {
			found = len(table.rows)
		}
	}
	if persons != "10" || found != 10 {
		t.Errorf("%s persons in the view, %d in the rows, want 10", persons, found)
	}
	if _, _, err := b.insertRaw(rows); err != nil {
		t.Error(err)
	}
}

func TestCoverKeepsWhatIsCommonAndRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var samples [][]byte
	for range 300 {
		samples = append(samples, append(random(r, 40), "dolor de cabeza desde ayer"...))
	}
	a := cover(samples, 400, 6, 32)
	if !bytes.Contains(a, []byte("cabeza desde")) {
		t.Errorf("what every sample says is not in the dictionary: %q", a)
	}
	if len(a) > 400 || !bytes.Equal(a, cover(samples, 400, 6, 32)) {
		t.Errorf("%d bytes, or not the same twice", len(a))
	}
	if got := cover(samples[:1], 1<<10, 6, 32); len(got) > 1<<10 {
		t.Errorf("%d bytes of one short sample", len(got))
	}
	if got := cover([][]byte{nil, {1}}, 64, 6, 32); len(got) != 0 {
		t.Errorf("%q out of nothing", got)
	}
}

func TestRedrawnKeepsShapeAndForgetsIDs(t *testing.T) {
	id := bytes.Repeat([]byte{7}, 16)
	card := people.CheckedCard(771_234)
	b := journal.Body{Site: id, Client: id[:12], Facts: []journal.Fact{{Kind: 10, Entity: id, Values: map[uint8]any{1: "uno dos tres cuatro cinco", 2: id, 18: card, 8: int64(30)},
		Replaces: map[uint8][][]byte{1: {id[:8]}}}}}
	one, two := redrawn(b, rand.New(rand.NewPCG(5, 5)), true), redrawn(b, rand.New(rand.NewPCG(5, 5)), true)
	x, err := encoded(one)
	if err != nil {
		t.Fatal(err)
	}
	y, err := encoded(two)
	if err != nil {
		t.Fatal(err)
	}
	before, err := encoded(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) || len(x) != len(before) {
		t.Errorf("%d bytes and %d, from %d: want the same twice, of the same length", len(x), len(y), len(before))
	}
	if bytes.Contains(x, id[:8]) || bytes.Contains(x, []byte(card)) {
		t.Error("an id or a card of this run is still in it")
	}
	words := strings.Fields(one.Facts[0].Values[1].(string))
	slices.Sort(words)
	if strings.Join(words, " ") != "cinco cuatro dos tres uno" {
		t.Errorf("words %q", words)
	}
	if !people.ValidCard(one.Facts[0].Values[18].(string)) {
		t.Error("the card is no longer one")
	}
	if b.Facts[0].Values[18] != card {
		t.Error("the body itself was changed")
	}
}

// The dictionary in use is one that the chosen recipe makes: right number, loads, and packs bodies it was not trained on.
func TestDictionaryInUsePacks(t *testing.T) {
	list, err := bodies(t.Context(), options(t, 0), 9, 15)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := packedNow(list)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := written(list, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	without := 0
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range raw {
		without += min(len(enc.EncodeAll(b, nil))-3, len(b)+1)
	}
	if mean := float64(without) / float64(len(raw)); packed > 0.8*mean || journal.DictionaryID() != 1 {
		t.Errorf("a body takes %.1f bytes with dictionary %d, %.1f without", packed, journal.DictionaryID(), mean)
	}
}

func TestSmallFigures(t *testing.T) {
	if got := elements([]byte("<!doctype html><html><body><p>1 < 2</p><br></body></html>")); got != 4 {
		t.Errorf("%d elements, want 4", got)
	}
	list := []float64{3, 1, 2}
	if median(list) != 2 || quantile(list, 0.99) != 3 || quantile(nil, 0.5) != 0 || mean(nil) != 0 {
		t.Error("medians")
	}
	if round(123456) != 123500 || round(0.00012344) != 0.0001234 {
		t.Error("rounding")
	}
	for packed, want := range map[string]int{"\x00abc": 1, "\x01\x21\x01\x10xyz": 7, "\x01\x61\x01\x10\x00xyz": 8} {
		if got := frameHead([]byte(packed)); got != want {
			t.Errorf("% x: %d bytes of packing, want %d", packed, got, want)
		}
	}
}
