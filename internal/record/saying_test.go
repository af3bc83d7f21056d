package record

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever was ever said is still told, with who said it and who said otherwise first: told from the facts alone, and the same
// whatever the order in which they came.
func TestEverythingEverSaidIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		s := decoded(t, arrive(t, "order", facts))
		for _, field := range person.Fields[:3] {
			want := map[string]string{}
			for _, f := range facts {
				value, said := f.Values[field.Number]
				if !said {
					continue
				}
				if set, isSet := value.([]string); isSet {
					for _, e := range set {
						want[fmt.Sprintf("%x %q by %v", f.ID.Ref(), e, f.Said.By)] = ender(facts, field.Number, f.ID.Ref(), f.ID.Ref().Element(e))
					}
					continue
				}
				want[fmt.Sprintf("%x %v by %v", f.ID.Ref(), value, f.Said.By)] = ender(facts, field.Number, f.ID.Ref())
			}
			got := map[string]string{}
			sayings := s.Sayings(field)
			for _, one := range sayings {
				end := "stands"
				if one.Until != nil {
					end = fmt.Sprintf("%x by %v", one.UntilRef, one.Until.By)
				}
				if set, isSet := one.Value.([]string); isSet {
					for _, e := range set {
						got[fmt.Sprintf("%x %q by %v", one.Ref, e, one.By)] = end
					}
					continue
				}
				got[fmt.Sprintf("%x %v by %v", one.Ref, one.Value, one.By)] = end
			}
			if !maps.Equal(got, want) {
				t.Fatalf("%s: told %v\nwas    %v", field.Name, got, want)
			}
			if !slices.IsSortedFunc(sayings, func(a, b Saying) int { return int(b.Rec - a.Rec) }) {
				t.Fatalf("%s: not the latest first: %v", field.Name, sayings)
			}
		}
	})
}

// ender is who replaced any of the names first. No fact replaces itself, but it may take back a word it says.
func ender(facts []told, number uint8, names ...FactRef) string {
	var first *told
	for i, f := range facts {
		if !slices.ContainsFunc(f.Replaces[number], func(r FactRef) bool { return r != f.ID.Ref() && slices.Contains(names, r) }) {
			continue
		}
		ref := f.ID.Ref()
		if first == nil || f.Said.Rec < first.Said.Rec || f.Said.Rec == first.Said.Rec && string(ref[:]) < string(first.ID[:8]) {
			first = &facts[i]
		}
	}
	if first == nil {
		return "stands"
	}
	return fmt.Sprintf("%x by %v", first.ID.Ref(), first.Said.By)
}

// Of records that are about nobody only names are kept of what was replaced, and of those about persons nothing of what names them.
func TestOnlyWhatWasSaidOfPersonsIsRemembered(t *testing.T) {
	wish := &Kind{Number: 60009, Name: "wish", In: Identity, Form: Keyed, Subject: "person", Key: []string{"person", "what"}, Fields: []Field{
		{Number: 1, Name: "person", Type: Ref}, {Number: 2, Name: "what", Type: Code}, {Number: 3, Name: "answer", Type: Code}}}
	for _, c := range []struct {
		kind   *Kind
		number uint8
		want   int
	}{{shelf, 3, 1}, {wish, 3, 2}, {wish, 2, 1}} {
		s := NewState()
		s.Apply(Fact{Kind: c.kind, ID: ID{1}, Creates: true, Values: map[uint8]any{c.number: "one"}}, Said{Rec: 1})
		s.Apply(Fact{Kind: c.kind, ID: ID{2}, Values: map[uint8]any{c.number: "two"}, Replaces: map[uint8][]FactRef{c.number: {ID{1}.Ref()}}}, Said{Rec: 2})
		got := s.Sayings(Field{Number: c.number, Type: Text})
		if len(got) != c.want || got[0].Value != "two" || got[0].Until != nil {
			t.Errorf("%s, field %d: %v", c.kind.Name, c.number, got)
		}
		if raw := encoded(t, s); bytes.Contains(raw, []byte("one")) != (c.want == 2) {
			t.Errorf("%s, field %d: the state holds %x", c.kind.Name, c.number, raw)
		}
	}
}
