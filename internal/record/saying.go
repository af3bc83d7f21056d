package record

import (
	"bytes"
	"cmp"
	"slices"
)

// Saying is a value that somebody said of a field of a record about a person, whether it still stands or not.
type Saying struct {
	Standing
	Until    *Said   // who said otherwise first; nil while the value stands
	UntilRef FactRef // the fact that said it
}

// Sayings lists every value that was ever said of a field, the latest first. A nil value says that nothing is known any more. Words
// that were taken out of a set together are one saying, beside those that still stand. Of records that are about nobody only
// what stands is known.
func (s *State) Sayings(f Field) []Saying {
	out := []Saying{}
	for _, st := range s.Standing(f.Number) {
		out = append(out, Saying{Standing: st})
	}
	for ref, value := range s.past[f.Number] {
		set, isSet := value.([]string)
		if !isSet {
			out = append(out, s.ended(ref, value, s.gone[f.Number][ref]))
			continue
		}
		by := map[FactRef][]string{}
		for _, e := range set {
			end, word := s.gone[f.Number][ref.Element(e)]
			whole, all := s.gone[f.Number][ref]
			switch {
			case word && all:
				end = s.earlier(end, whole)
			case all:
				end = whole
			}
			by[end] = append(by[end], e)
		}
		for end, words := range by {
			out = append(out, s.ended(ref, words, end))
		}
	}
	slices.SortFunc(out, func(a, b Saying) int {
		return cmp.Or(cmp.Compare(b.Rec, a.Rec), bytes.Compare(b.Ref[:], a.Ref[:]), cmp.Compare(ranked(a), ranked(b)), bytes.Compare(a.UntilRef[:], b.UntilRef[:]))
	})
	return out
}

func ranked(s Saying) int {
	if s.Until == nil {
		return 0
	}
	return 1
}

func (s *State) ended(ref FactRef, value any, by FactRef) Saying {
	out := Saying{Standing: Standing{Ref: ref, Value: value}, UntilRef: by, Until: &Said{}}
	if said := s.said[ref]; said != nil {
		out.Said = *said
	}
	if said := s.said[by]; said != nil {
		out.Until = said
	}
	return out
}
