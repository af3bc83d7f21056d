package record

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// State is what is known of one Entity: for each field the values that no fact has replaced and, of records about persons,
// those that were. It is the same whatever the order in which the same facts arrive; its encoding is the same bytes.
type State struct {
	said map[FactRef]*Said
	live map[uint8]map[FactRef]any
	gone map[uint8]map[FactRef]FactRef // replaced: kept, so that a fact arriving after the one that replaced it stays replaced. By the earliest that did
	past map[uint8]map[FactRef]any     // what the replaced facts had said; of a set, the words that were taken out
}

// Said is who said a value, where and when.
type Said struct {
	By, Site ID
	At       int64 // unix seconds, when it happened
	Zone     int16 // minutes east of UTC, where it happened
	Rec      int64 // hybrid clock of the commit; greater is later
	Creates  bool
}

// Standing is one value that stands for a field.
type Standing struct {
	Ref   FactRef
	Value any
	Said
}

// NewState is the state of a record nothing is known of.
func NewState() *State {
	return &State{map[FactRef]*Said{}, map[uint8]map[FactRef]any{}, map[uint8]map[FactRef]FactRef{}, map[uint8]map[FactRef]any{}}
}

// Apply adds one fact. Applying the same fact twice changes nothing.
func (s *State) Apply(f Fact, said Said) {
	ref := f.ID.Ref()
	said.Creates = f.Creates
	s.said[ref] = &said
	remembers := func(number uint8) bool { return f.Kind.remembers(number) }
	for number, refs := range f.Replaces {
		for _, r := range refs {
			if r == ref {
				continue
			}
			s.take(number, r, remembers(number))
			by := FactRef{}
			if remembers(number) {
				by = s.earlier(s.gone[number][r], ref)
			}
			put(s.gone, number, r, by)
		}
	}
	for number, value := range f.Values {
		if _, gone := s.gone[number][ref]; gone {
			if remembers(number) {
				s.remember(number, ref, value)
			}
			continue
		}
		if set, isSet := value.([]string); isSet {
			gone := func(e string) bool { _, gone := s.gone[number][ref.Element(e)]; return gone }
			left := without(set, gone)
			if len(left) < len(set) && remembers(number) {
				s.remember(number, ref, without(set, func(e string) bool { return !gone(e) }))
			}
			if len(left) == 0 {
				continue
			}
			value = left
		}
		put(s.live, number, ref, value)
	}
}

// take removes the value, or the one word of a set, that r names.
func (s *State) take(number uint8, r FactRef, remembers bool) {
	if value, stood := s.live[number][r]; stood && remembers {
		s.remember(number, r, value)
	}
	delete(s.live[number], r)
	for ref, value := range s.live[number] {
		set, isSet := value.([]string)
		if !isSet {
			continue
		}
		left := without(set, func(e string) bool { return ref.Element(e) == r })
		if remembers && len(left) < len(set) {
			s.remember(number, ref, without(set, func(e string) bool { return ref.Element(e) != r }))
		}
		if len(left) == 0 {
			delete(s.live[number], ref)
		} else {
			s.live[number][ref] = left
		}
	}
}

// remember keeps what a fact said and what stands no more; of a set, with the words that were taken out before.
func (s *State) remember(number uint8, ref FactRef, value any) {
	if set, isSet := value.([]string); isSet {
		if len(set) == 0 {
			return
		}
		before, _ := s.past[number][ref].([]string)
		all := slices.Concat(before, set)
		slices.Sort(all)
		value = slices.Compact(all)
	}
	put(s.past, number, ref, value)
}

// earlier is which of two facts said its word first. The first may be nobody.
func (s *State) earlier(a, b FactRef) FactRef {
	one, other := s.said[a], s.said[b]
	if one == nil || a == (FactRef{}) {
		return b
	}
	if c := cmp.Compare(one.Rec, other.Rec); c < 0 || c == 0 && bytes.Compare(a[:], b[:]) <= 0 {
		return a
	}
	return b
}

func without(set []string, gone func(string) bool) []string {
	if !slices.ContainsFunc(set, gone) {
		return set
	}
	return slices.DeleteFunc(slices.Clone(set), gone)
}

func put[V any](m map[uint8]map[FactRef]V, number uint8, ref FactRef, v V) {
	if m[number] == nil {
		m[number] = map[FactRef]V{}
	}
	m[number][ref] = v
}

// Standing lists the values that stand for a field, latest first.
func (s *State) Standing(number uint8) []Standing {
	out := make([]Standing, 0, len(s.live[number]))
	for ref, value := range s.live[number] {
		st := Standing{Ref: ref, Value: value}
		if said := s.said[ref]; said != nil {
			st.Said = *said
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b Standing) int {
		if c := cmp.Compare(b.Rec, a.Rec); c != 0 {
			return c
		}
		return bytes.Compare(b.Ref[:], a.Ref[:])
	})
	return out
}

// Value is what a field shows: of a set, all that stands together; otherwise the latest value that stands.
func (s *State) Value(f Field) any {
	standing := s.Standing(f.Number)
	if f.Type == Set {
		all := []string{}
		for _, st := range standing {
			if set, ok := st.Value.([]string); ok {
				all = append(all, set...)
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	if len(standing) == 0 {
		return nil
	}
	return standing[0].Value
}

// Rivals lists the differing values that stand for a field, latest first; nil when there is one value or none.
// Equal values said twice are not rivals.
func (s *State) Rivals(f Field) []Standing {
	if f.Type == Set || len(s.live[f.Number]) < 2 {
		return nil
	}
	var out []Standing
	for _, st := range s.Standing(f.Number) {
		if !slices.ContainsFunc(out, func(o Standing) bool { return Equal(o.Value, st.Value) }) {
			out = append(out, st)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// Created is the fact that created the record, when it has arrived.
func (s *State) Created() (Said, bool) {
	var first *Said
	var name FactRef
	for ref, said := range s.said {
		if said.Creates && (first == nil || said.Rec < first.Rec || said.Rec == first.Rec && bytes.Compare(ref[:], name[:]) < 0) {
			first, name = said, ref
		}
	}
	if first == nil {
		return Said{}, false
	}
	return *first, true
}

// Equal compares two canonical values. Any other values are never equal.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case nil, string, int64, bool:
		return a == b
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case []string:
		y, ok := b.([]string)
		return ok && slices.Equal(x, y)
	}
	return false
}

type stateWire struct {
	_    struct{} `cbor:",toarray"`
	Said []saidWire
	Live map[uint8][]liveWire
	Gone map[uint8][][]byte // the name of what was replaced, then the place in Said of what replaced it where that is kept
	Past map[uint8][]liveWire
}

type saidWire struct {
	_       struct{} `cbor:",toarray"`
	Ref     []byte
	By      []byte
	Site    []byte
	At, Rec int64
	Zone    int16
	Creates bool
}

type liveWire struct {
	_     struct{} `cbor:",toarray"`
	Said  int
	Value any
}

var stateModes = sync.OnceValues(func() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // options are constants: wrong ones are a fault of this file
	}
	dec, err := cbor.DecOptions{DefaultMapType: nil, MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32, IntDec: cbor.IntDecConvertSignedOrFail}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
})

// Encode writes the state; the same facts give the same bytes in any order of arrival.
func (s *State) Encode() ([]byte, error) {
	used := map[FactRef]bool{}
	for _, values := range s.live {
		for ref := range values {
			used[ref] = true
		}
	}
	for _, values := range s.past {
		for ref := range values {
			used[ref] = true
		}
	}
	for _, marks := range s.gone {
		for _, by := range marks {
			if by != (FactRef{}) {
				used[by] = true
			}
		}
	}
	for ref, said := range s.said {
		if said.Creates {
			used[ref] = true
		}
	}
	refs := make([]FactRef, 0, len(used))
	for ref := range used {
		refs = append(refs, ref)
	}
	byRef := func(a, b FactRef) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(refs, byRef)
	w := stateWire{Live: map[uint8][]liveWire{}, Gone: map[uint8][][]byte{}, Past: map[uint8][]liveWire{}}
	at := map[FactRef]int{}
	for i, ref := range refs {
		said := s.said[ref]
		if said == nil {
			said = &Said{}
		}
		at[ref] = i
		w.Said = append(w.Said, saidWire{Ref: ref[:], By: short(said.By), Site: short(said.Site), At: said.At, Zone: said.Zone, Rec: said.Rec, Creates: said.Creates})
	}
	for _, list := range []struct {
		from map[uint8]map[FactRef]any
		to   map[uint8][]liveWire
	}{{s.live, w.Live}, {s.past, w.Past}} {
		for number, values := range list.from {
			for _, ref := range slices.SortedFunc(mapKeys(values), byRef) {
				list.to[number] = append(list.to[number], liveWire{Said: at[ref], Value: values[ref]})
			}
		}
	}
	for number, marks := range s.gone {
		for _, ref := range slices.SortedFunc(mapKeys(marks), byRef) {
			mark := ref[:]
			if by := marks[ref]; by != (FactRef{}) {
				mark = binary.AppendUvarint(mark, uint64(at[by]))
			}
			w.Gone[number] = append(w.Gone[number], mark)
		}
	}
	enc, _ := stateModes()
	return enc.Marshal(w)
}

func mapKeys[V any](m map[FactRef]V) func(func(FactRef) bool) {
	return func(yield func(FactRef) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func short(id ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// DecodeState reads what Encode wrote.
func DecodeState(data []byte) (*State, error) {
	s := NewState()
	if len(data) == 0 {
		return s, nil
	}
	var w stateWire
	_, dec := stateModes()
	if err := dec.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("record state: %w", err)
	}
	for _, sw := range w.Said {
		said := &Said{At: sw.At, Zone: sw.Zone, Rec: sw.Rec, Creates: sw.Creates}
		copy(said.By[:], sw.By)
		copy(said.Site[:], sw.Site)
		if len(sw.Ref) != len(FactRef{}) {
			return nil, fmt.Errorf("record state: a fact name of %d bytes", len(sw.Ref))
		}
		s.said[FactRef(sw.Ref)] = said
	}
	for _, list := range []struct {
		from map[uint8][]liveWire
		to   map[uint8]map[FactRef]any
	}{{w.Live, s.live}, {w.Past, s.past}} {
		for number, values := range list.from {
			for _, lw := range values {
				if lw.Said < 0 || lw.Said >= len(w.Said) {
					return nil, fmt.Errorf("record state: value of an unknown fact")
				}
				value, err := fromWire(lw.Value)
				if err != nil {
					return nil, err
				}
				put(list.to, number, FactRef(w.Said[lw.Said].Ref), value)
			}
		}
	}
	for number, marks := range w.Gone {
		for _, mark := range marks {
			if len(mark) < len(FactRef{}) {
				return nil, fmt.Errorf("record state: a fact name of %d bytes", len(mark))
			}
			ref, rest, by := FactRef(mark[:len(FactRef{})]), mark[len(FactRef{}):], FactRef{}
			if len(rest) > 0 {
				at, n := binary.Uvarint(rest)
				if n != len(rest) || at >= uint64(len(w.Said)) {
					return nil, fmt.Errorf("record state: replaced by an unknown fact")
				}
				by = FactRef(w.Said[at].Ref)
			}
			put(s.gone, number, ref, by)
		}
	}
	return s, nil
}

// fromWire makes decoded CBOR canonical: arrays are sets.
func fromWire(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, int64, bool, []byte:
		return v, nil
	case []any:
		set := make([]string, len(v))
		for i, e := range v {
			text, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("record state: a set that holds a %T", e)
			}
			set[i] = text
		}
		return set, nil
	}
	return nil, fmt.Errorf("record state: a value that is a %T", v)
}
