package store

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// A domain of its own, with every form and every type of field.
var (
	house = &record.Kind{Number: 10, Name: "house", In: record.Identity, Form: record.Entity, Title: []string{"name"}, Fields: []record.Field{
		{Number: 1, Name: "name", Type: record.Text, Index: true}, {Number: 2, Name: "rooms", Type: record.Int}, {Number: 3, Name: "colours", Type: record.Set},
		{Number: 4, Name: "empty", Type: record.Bool}, {Number: 5, Name: "built", Type: record.Date}}}
	street = &record.Kind{Number: 11, Name: "street", In: record.Identity, Form: record.Keyed, Key: []string{"code"}, Fields: []record.Field{
		{Number: 1, Name: "code", Type: record.Text}, {Number: 2, Name: "name", Type: record.Text}}}
	fire = &record.Kind{Number: 12, Name: "fire", In: record.Care, Form: record.Happening, Subject: "house", Fields: []record.Field{
		{Number: 1, Name: "house", Type: record.Ref, Index: true}, {Number: 2, Name: "note", Type: record.Text}, {Number: 3, Name: "seen", Type: record.Time}}}
	passer = &record.Kind{Number: 13, Name: "passer", In: record.FieldWork, Form: record.Tally, Fields: []record.Field{
		{Number: 1, Name: "day", Type: record.Date}, {Number: 2, Name: "n", Type: record.Int}}}
)

func townRegistry(t testing.TB) *record.Registry {
	t.Helper()
	r, err := record.NewRegistry(record.Module{Name: "town", Kinds: []*record.Kind{house, street, fire, passer}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var updating = flag.Bool("update", false, "write the schema files anew")

// The schema of a view follows from the kinds. A change of it means that every view is made anew, so it must be seen.
func TestSchemaIsWhatItWas(t *testing.T) {
	for _, c := range []record.Compartment{record.Identity, record.Care, record.FieldWork, record.Public} {
		path := filepath.Join("testdata", "schema", c.String()+".sql")
		got := Schema(c, townRegistry(t).Kinds())
		if *updating {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the view of %s changed: every node makes its views anew. If that is meant, run with -update.\n%s", c, got)
		}
	}
}

// drawn is a history of several writers who know more or less of each other: each commit says facts about records that
// exist, and replaces some of what was said of them before. Each chain is in order.
func drawn(t *rapid.T) (chains [][]Opened) {
	type said struct {
		id     record.ID
		entity record.ID
		kind   *record.Kind
		values map[uint8]any
	}
	var before []said
	chains = make([][]Opened, rapid.IntRange(1, 4).Draw(t, "writers"))
	word := rapid.SampledFrom([]string{"uno", "dos", "tres", "ñandú", ""})
	for i := range rapid.IntRange(1, 40).Draw(t, "commits") {
		w := rapid.IntRange(0, len(chains)-1).Draw(t, "writer")
		writer := journal.WriterID{byte(w + 1)}
		seq := uint64(len(chains[w]) + 1)
		kind := rapid.SampledFrom([]*record.Kind{house, house, street, fire, passer}).Draw(t, "kind")
		id := record.ID(journal.FactID(writer, seq, [8]byte{}, 0))
		fact := journal.Fact{Kind: kind.Number, Values: map[uint8]any{}}
		entity := id
		var earlier []said
		switch kind {
		case house:
			var known []record.ID
			for _, s := range before {
				if s.kind == house && !slices.Contains(known, s.entity) {
					known = append(known, s.entity)
				}
			}
			if fact.Creates = len(known) == 0 || rapid.Bool().Draw(t, "creates"); !fact.Creates {
				entity = rapid.SampledFrom(known).Draw(t, "which")
				fact.Entity = entity[:]
			}
			for _, number := range rapid.SliceOfNDistinct(rapid.Uint8Range(1, 5), 1, 4, rapid.ID).Draw(t, "fields") {
				switch number {
				case 1:
					fact.Values[1] = word.Draw(t, "name")
				case 2:
					fact.Values[2] = rapid.Int64Range(-3, 3).Draw(t, "rooms")
				case 3:
					set := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"azul", "rojo", "verde"}), rapid.ID).Draw(t, "colours")
					slices.Sort(set)
					fact.Values[3] = append([]string{}, set...)
				case 4:
					fact.Values[4] = rapid.Bool().Draw(t, "empty")
				case 5:
					fact.Values[5] = rapid.SampledFrom([]string{"1991", "1991-03"}).Draw(t, "built")
				}
			}
		case street:
			fact.Values[1] = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "code")
			fact.Values[2] = word.Draw(t, "street")
			var err error
			if entity, err = street.KeyID(fact.Values); err != nil {
				t.Fatal(err)
			}
		case fire:
			subject := record.ID{byte(rapid.IntRange(1, 3).Draw(t, "house"))}
			fact.Values[1], fact.Values[2] = subject[:], word.Draw(t, "note")
			for _, s := range before {
				if s.kind == fire && rapid.IntRange(0, 4).Draw(t, "corrects") == 0 {
					fact.Corrects = append([]byte(nil), s.id[:]...)
				}
			}
		case passer:
			fact.Values[1], fact.Values[2] = "2026-03-17", rapid.SampledFrom([]int64{-2, 1, 5}).Draw(t, "n")
		}
		for _, s := range before {
			if s.entity == entity && s.kind == kind {
				earlier = append(earlier, s)
			}
		}
		for number := range fact.Values {
			for _, s := range earlier {
				if _, there := s.values[number]; there && kind.Registers() && rapid.Bool().Draw(t, "replaces") {
					if fact.Replaces == nil {
						fact.Replaces = map[uint8][][]byte{}
					}
					ref := s.id.Ref()
					fact.Replaces[number] = append(fact.Replaces[number], ref[:])
				}
			}
		}
		before = append(before, said{id, entity, kind, fact.Values})
		body := journal.Body{Ago: int64(i), Zone: -360, Facts: []journal.Fact{fact}}
		if rapid.IntRange(0, 2).Draw(t, "client") == 0 {
			body.Client = []byte{byte(rapid.IntRange(0, 2).Draw(t, "client id")), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
		}
		chains[w] = append(chains[w], Opened{In: kind.In, Writer: writer, Seq: seq, Time: journal.Time(uint64(1_770_000_000_000+rapid.IntRange(0, 5).Draw(t, "ms")) << 16),
			By: record.ID{byte(w + 1)}, Body: body})
	}
	return chains
}

// arrival is one order in which the chains may arrive.
func arrival(t *rapid.T, chains [][]Opened) (all []Opened) {
	next := make([]int, len(chains))
	for {
		var open []int
		for w := range chains {
			if next[w] < len(chains[w]) {
				open = append(open, w)
			}
		}
		if len(open) == 0 {
			return all
		}
		w := rapid.SampledFrom(open).Draw(t, "next")
		part := chains[w][next[w]]
		next[w]++
		part.Arrival = int64(len(all) + 1)
		all = append(all, part)
	}
}

// shown projects parts in batches cut at random, closing and opening the views now and then, and gives their digests.
func shown(t *rapid.T, dir string, registry *record.Registry, parts []Opened) string {
	keys := map[record.Compartment]seal.ViewKey{}
	for _, c := range []record.Compartment{record.Identity, record.Care, record.FieldWork} {
		keys[c] = seal.NewViewKey()
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	v, err := OpenViews(dir, registry, keys)
	check(err)
	defer func() { check(v.Close()); check(os.RemoveAll(dir)) }()
	for len(parts) > 0 {
		n := rapid.IntRange(1, len(parts)).Draw(t, "batch")
		project := func() {
			odd, err := v.Project(parts[:n], parts[n-1].Arrival)
			check(err)
			if len(odd) > 0 {
				t.Fatalf("odd: %+v", odd)
			}
		}
		project()
		switch rapid.IntRange(0, 9).Draw(t, "then") {
		case 0: // given up, and again
			check(v.Drop())
			project()
		case 1: // said twice: what was read is passed over
			project()
		case 2:
			check(v.Flush())
			check(v.Close())
			v, err = OpenViews(dir, registry, keys)
			check(err)
		}
		check(v.Flush())
		parts = parts[n:]
	}
	out := ""
	for _, c := range []record.Compartment{record.Identity, record.Care, record.FieldWork} {
		d, err := v.Digest(c)
		check(err)
		out += fmt.Sprintf("%s %s\n", c, d)
	}
	return out
}

// G2: the same commits give the same state, byte for byte, in whatever order they arrive and however the reading of them
// was cut into batches.
func TestSameCommitsSameState(t *testing.T) {
	registry, base := townRegistry(t), t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		chains := drawn(t)
		n++
		one := shown(t, filepath.Join(base, fmt.Sprint(n, "a")), registry, arrival(t, chains))
		two := shown(t, filepath.Join(base, fmt.Sprint(n, "b")), registry, arrival(t, chains))
		if one != two {
			t.Fatalf("two orders of arrival, two states:\n%s\n%s", one, two)
		}
	})
}
