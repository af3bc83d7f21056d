package record

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyFacts draws facts about one record as hostile as a member can make them: they replace what has not arrived, what
// does not exist, each other and themselves, and remove words nobody said.
func anyFacts(t *rapid.T) []told {
	n := rapid.IntRange(1, 12).Draw(t, "facts")
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = ID{1, byte(i + 1)}
	}
	words := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"care", "sharing", "statistics", ""}), rapid.ID[string])
	ref := rapid.Custom(func(t *rapid.T) FactRef {
		if rapid.IntRange(0, 9).Draw(t, "stranger") == 0 {
			return FactRef{0xff, 1}
		}
		r := rapid.SampledFrom(ids).Draw(t, "ref").Ref()
		if rapid.Bool().Draw(t, "word") {
			r = r.Element(rapid.SampledFrom([]string{"care", "sharing", "statistics", ""}).Draw(t, "element"))
		}
		return r
	})
	facts := make([]told, n)
	for i := range facts {
		f := Fact{Kind: person, ID: ids[i], Entity: ids[0], Creates: rapid.IntRange(0, 4).Draw(t, "creates") == 0, Values: map[uint8]any{}, Replaces: map[uint8][]FactRef{}}
		for _, number := range rapid.SliceOfDistinct(rapid.SampledFrom([]uint8{1, 2, 3}), rapid.ID[uint8]).Draw(t, "said") {
			switch number {
			case 1:
				f.Values[1] = rapid.SampledFrom([]any{"Ana", "Anna", nil}).Draw(t, "given")
			case 2:
				f.Values[2] = rapid.SampledFrom([]any{int64(1), int64(-1 << 63), nil}).Draw(t, "age")
			case 3:
				set := words.Draw(t, "words")
				slices.Sort(set)
				f.Values[3] = set
			}
		}
		for _, number := range rapid.SliceOfDistinct(rapid.SampledFrom([]uint8{1, 2, 3, 9}), rapid.ID[uint8]).Draw(t, "replaced") {
			f.Replaces[number] = rapid.SliceOfN(ref, 1, 3).Draw(t, "refs")
		}
		facts[i] = told{f, Said{
			By: ID{rapid.Byte().Draw(t, "by")}, Site: ID{rapid.ByteRange(0, 1).Draw(t, "site")}, At: rapid.Int64Range(-5, 5).Draw(t, "at"),
			Zone: rapid.Int16().Draw(t, "zone"), Rec: rapid.Int64Range(1, 3).Draw(t, "rec"),
		}}
	}
	return facts
}

// arrive applies the facts in a drawn order, some of them again, now and then through the encoding, as the store does.
func arrive(t *rapid.T, label string, facts []told) []byte {
	order := rapid.Permutation(indices(len(facts))).Draw(t, label)
	order = append(order, rapid.SliceOfN(rapid.SampledFrom(order), 0, 4).Draw(t, label+" again")...)
	through := rapid.SliceOfN(rapid.Bool(), len(order), len(order)).Draw(t, label+" encoded")
	s := NewState()
	for i, at := range order {
		s.Apply(facts[at].Fact, facts[at].Said)
		if through[i] {
			s = decoded(t, encoded(t, s))
		}
	}
	return encoded(t, s)
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

type fatal interface{ Fatal(...any) }

func encoded(t fatal, s *State) []byte {
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decoded(t fatal, data []byte) *State {
	s, err := DecodeState(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSameFactsInAnyOrderGiveTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		one, other := arrive(t, "one copy", facts), arrive(t, "another", facts)
		if !bytes.Equal(one, other) {
			t.Fatalf("two copies differ:\n%x\n%x", one, other)
		}
		a, b := decoded(t, one), decoded(t, other)
		for _, f := range person.Fields {
			if !reflect.DeepEqual(a.Value(f), b.Value(f)) || !reflect.DeepEqual(a.Rivals(f), b.Rivals(f)) {
				t.Fatalf("%s: %v and %v", f.Name, a.Value(f), b.Value(f))
			}
		}
		first, ok := a.Created()
		for range 5 { // maps are walked in another order each time
			if again, still := decoded(t, one).Created(); again != first || still != ok {
				t.Fatalf("created by %v or by %v", first, again)
			}
		}
	})
}

// What stands must be what the rule says, told from the facts alone: a value stands unless some fact names it as
// replaced; a word of a set stands as long as one fact's saying of it is not named.
func TestWhatStandsIsWhatNobodyReplaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		replaced := map[uint8]map[FactRef]bool{}
		for _, f := range facts {
			for number, refs := range f.Replaces {
				for _, r := range refs {
					if r != f.ID.Ref() {
						if replaced[number] == nil {
							replaced[number] = map[FactRef]bool{}
						}
						replaced[number][r] = true
					}
				}
			}
		}
		s := decoded(t, arrive(t, "order", facts))
		for _, field := range person.Fields[:3] {
			want := map[FactRef]any{}
			all := map[string]bool{}
			for _, f := range facts {
				value, said := f.Values[field.Number]
				if !said || replaced[field.Number][f.ID.Ref()] {
					continue
				}
				if set, isSet := value.([]string); isSet {
					var left []string
					for _, e := range set {
						if !replaced[field.Number][f.ID.Ref().Element(e)] {
							left, all[e] = append(left, e), true
						}
					}
					if value = left; len(left) == 0 {
						continue
					}
				}
				want[f.ID.Ref()] = value
			}
			got := map[FactRef]any{}
			for _, st := range s.Standing(field.Number) {
				got[st.Ref] = st.Value
				for _, f := range facts {
					if want := f.Said; f.ID.Ref() == st.Ref && (want.By != st.By || want.Site != st.Site || want.At != st.At || want.Zone != st.Zone || want.Rec != st.Rec) {
						t.Fatalf("%s: said by %+v, shown as %+v", field.Name, want, st.Said)
					}
				}
			}
			if !maps.EqualFunc(got, want, Equal) {
				t.Fatalf("%s: stands %v, should %v", field.Name, got, want)
			}
			if field.Type == Set {
				if value := s.Value(field).([]string); !slices.Equal(value, slices.Sorted(maps.Keys(all))) {
					t.Fatalf("shows %v of %v", value, all)
				}
			}
		}
	})
}

// Machines that act on what each of them knows, exchange now and then in part, and in the end wholly, show the same
// and hold the same bytes.
func TestMachinesThatMeetAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		machines := []*machine{newMachine(1), newMachine(2), newMachine(3)}
		var id ID
		check(t, machines[0].act(func(c *Change) (err error) {
			id, err = c.Create(person, Fields{"given": "Ana", "consent": []string{"care", "sharing"}})
			return err
		}))
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			m := rapid.SampledFrom(machines).Draw(t, "machine")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0: // one takes some of what another wrote, in any order
				from := rapid.SampledFrom(machines).Draw(t, "from")
				if len(from.wrote) > 0 {
					for _, f := range rapid.SliceOfN(rapid.SampledFrom(from.wrote), 0, 5).Draw(t, "some") {
						check(t, m.take(f))
					}
				}
			case 1:
				check(t, m.act(func(c *Change) error {
					_, _, err := c.Put(shelf, Fields{"room": "A", "number": 1, "label": rapid.SampledFrom([]any{"soap", "bread", nil}).Draw(t, "label")})
					return err
				}))
			default:
				fields := Fields{}
				for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"given", "age", "consent"}), 1, 3, rapid.ID[string]).Draw(t, "fields") {
					switch name {
					case "given":
						fields[name] = rapid.SampledFrom([]any{"Ana", "Anna", nil}).Draw(t, name)
					case "age":
						fields[name] = rapid.SampledFrom([]any{1, 2, nil}).Draw(t, name)
					case "consent":
						fields[name] = rapid.SliceOf(rapid.SampledFrom([]string{"care", "sharing", "statistics"})).Draw(t, name)
					}
				}
				check(t, m.act(func(c *Change) error { _, err := c.Set(person, id, fields); return err }))
				// Read your own writing: what was set is what shows, and it settled every rival.
				s := decoded(t, m.states[person.Table()][id])
				for name, given := range fields {
					f, _ := person.Field(name)
					want, err := f.canonical(given)
					check(t, err)
					if got := s.Value(f); !Equal(got, want) && !(f.Type == Set && len(got.([]string)) == 0 && len(want.([]string)) == 0) {
						t.Fatalf("%s was set to %v and shows %v", name, want, got)
					}
					if r := s.Rivals(f); r != nil {
						t.Fatalf("%s was set and has rivals %v", name, r)
					}
				}
			}
		}
		var all []told
		for _, m := range machines {
			all = append(all, m.wrote...)
		}
		for i, m := range machines {
			for _, at := range rapid.Permutation(indices(len(all))).Draw(t, fmt.Sprint("order ", i)) {
				check(t, m.take(all[at]))
			}
			if !reflect.DeepEqual(m.states, machines[0].states) && !sameStates(m.states, machines[0].states) {
				t.Fatal("two machines hold the same facts and different states")
			}
		}
	})
}

func check(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// sameStates leaves tables without rows aside.
func sameStates(a, b map[string]map[ID][]byte) bool {
	return maps.EqualFunc(a, b, func(x, y map[ID][]byte) bool { return maps.EqualFunc(x, y, bytes.Equal) })
}

func TestTwoWhoCreateOneKeyedRecordAtOneInstantAreToldApartEverywhere(t *testing.T) {
	s := NewState()
	for i := range byte(20) {
		s.Apply(Fact{Kind: shelf, ID: ID{i}, Creates: true}, Said{By: ID{1}, Site: ID{i}, Rec: 7})
	}
	for range 50 {
		if first, _ := s.Created(); first.Site != (ID{0}) {
			t.Fatalf("created at site %d, at another time at site 0", first.Site[0])
		}
	}
	if _, ok := NewState().Created(); ok {
		t.Error("nothing was created")
	}
}

// A member may write any CBOR into a field; no copy may fall over comparing it.
func TestValuesNoFieldCanHoldAreNeverEqualAndNeverPanic(t *testing.T) {
	odd := []any{[]any{1}, map[any]any{}, 1.5, uint64(1), []string{"a"}, []byte{1}, nil, "", int64(1), true}
	for i, a := range odd {
		for j, b := range odd {
			if Equal(a, b) != (i == j && i > 3) {
				t.Errorf("%T and %T", a, b)
			}
		}
	}
	s := NewState()
	for i, v := range odd[:5] {
		s.Apply(Fact{Kind: person, ID: ID{byte(i)}, Values: map[uint8]any{1: v}}, Said{})
		s.Apply(Fact{Kind: person, ID: ID{100 + byte(i)}, Values: map[uint8]any{1: v}}, Said{})
	}
	s.Rivals(person.Fields[0])
}

func TestFieldsRefuseValuesOfAnotherType(t *testing.T) {
	good := map[Type][]any{
		Text: {nil, "", "x"}, Code: {nil, "x"}, Date: {nil, "2004"}, Int: {nil, int64(5)}, Bool: {nil, true}, Time: {nil, int64(5)},
		Ref: {nil, make([]byte, 16)}, Set: {[]string{}, []string{"a", "b"}}, Blob: {nil, []byte{}, []byte{1}},
	}
	bad := map[Type][]any{
		Text: {int64(1), true, []byte{1}, []string{}, 1.0, "\xff"}, Int: {"1", true, 1.0, uint64(1)}, Bool: {int64(1)}, Time: {"now", 1.0},
		Ref: {make([]byte, 15), "x", []byte{}}, Set: {nil, []string{"b", "a"}, []string{"a", "a"}, "a", []any{"a"}}, Blob: {"x"},
	}
	for typ, values := range good {
		for _, v := range values {
			if err := (Field{Name: "f", Type: typ}).Check(v); err != nil {
				t.Errorf("%#v: %v", v, err)
			}
		}
	}
	for typ, values := range bad {
		for _, v := range values {
			if (Field{Name: "f", Type: typ}).Check(v) == nil {
				t.Errorf("type %d holds %#v", typ, v)
			}
		}
	}
}

func TestAStateNobodyWroteIsRefused(t *testing.T) {
	s := NewState()
	s.Apply(Fact{Kind: person, ID: ID{1}, Creates: true, Values: map[uint8]any{1: "Ana", 3: []string{"care"}}}, Said{By: ID{2}, Rec: 5})
	good := encoded(t, s)
	for n := 1; n < len(good); n++ {
		if _, err := DecodeState(good[:n]); err == nil {
			t.Errorf("cut after %d bytes and read all the same", n)
		}
	}
	if _, err := DecodeState(append(slices.Clone(good), 0)); err == nil {
		t.Error("one byte too many and read all the same")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 { // changed at random: refused or read, never a panic
		bad := slices.Clone(good)
		bad[r.IntN(len(bad))] ^= byte(1 << r.IntN(8))
		if s, err := DecodeState(bad); err == nil {
			encoded(t, s)
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	s := NewState()
	f.Add(encoded(f, s))
	s.Apply(Fact{Kind: person, ID: ID{1}, Creates: true, Values: map[uint8]any{1: "Ana", 2: int64(-5), 3: []string{"care", "x"}, 4: true, 5: make([]byte, 16), 6: nil}}, Said{By: ID{2}, Site: ID{3}, At: 4, Zone: -360, Rec: 5})
	s.Apply(Fact{Kind: person, ID: ID{2}, Values: map[uint8]any{1: "Anna"}, Replaces: map[uint8][]FactRef{1: {ID{1}.Ref()}, 3: {ID{1}.Ref().Element("x")}}}, Said{By: ID{2}, Rec: 6})
	f.Add(encoded(f, s))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeState(data)
		if err != nil {
			return
		}
		for _, field := range person.Fields {
			s.Value(field)
			s.Rivals(field)
		}
		s.Created()
		once := encoded(t, s)
		if twice := encoded(t, decoded(t, once)); !bytes.Equal(once, twice) {
			t.Errorf("written once %x, read and written again %x", once, twice)
		}
	})
}
