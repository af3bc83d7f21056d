package place

import (
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// A coarse place is the finest that is written down about where a person was outside the sites of the organisation: a country
// (ISO 3166-1 alpha-3, "HND"), a Mexican state (two digits of INEGI, "07") or a municipality (five digits, "07089"). It is always
// a code: words would let in a street.

// Reach is how much ground a coarse place covers.
type Reach uint8

// From none to the finest.
const (
	Nowhere Reach = iota
	WholeCountry
	WholeState
	OneMunicipality
)

// ReachOf says what a code names; Nowhere when it names nothing.
func ReachOf(code string) Reach {
	switch len(code) {
	case 2:
		if _, ok := stateOf(code); ok {
			return WholeState
		}
	case 3:
		if lang.CountryConfirmed(lang.ES, code) {
			return WholeCountry
		}
	case 5:
		if _, ok := Municipality(code); ok {
			return OneMunicipality
		}
	}
	return Nowhere
}

// Coarse checks the code of a coarse place that somebody sent. Empty is allowed: not known.
func Coarse(field, code string) (string, error) {
	code = strings.TrimSpace(code)
	if code == "" || ReachOf(code) != Nowhere {
		return code, nil
	}
	if up := strings.ToUpper(code); ReachOf(up) != Nowhere {
		return up, nil
	}
	return "", record.Refuse(field, "place_code", "field", field, "got", typed.Got(code))
}

// Widen gives the state of a municipality and leaves wider places as they are: where somebody may still be is not written finer.
func Widen(code string) string {
	if ReachOf(code) == OneMunicipality {
		return code[:2]
	}
	return code
}

// CoarseName is what a coarse place is called; the code itself when it names nothing here.
func CoarseName(tag lang.Tag, code string) string {
	switch ReachOf(code) {
	case WholeCountry:
		return lang.Country(tag, code)
	case WholeState:
		s, _ := stateOf(code)
		return s.Name
	case OneMunicipality:
		a, _ := Municipality(code)
		return a.Label()
	}
	return code
}

// NamedCoarse finds the coarse place that somebody meant by a name: a country in the language of the page, a state, or a
// municipality if only one answers to the words. Of a name that several bear, the widest is meant: it says the least.
func NamedCoarse(tag lang.Tag, text string) (code string, ok bool) {
	text = strings.TrimSpace(text)
	if code, err := Coarse("", text); err == nil && code != "" {
		return code, true
	}
	plain := typed.Plain(text)
	if plain == "" {
		return "", false
	}
	if codes, unknown := typed.NamedCountries(tag, text); len(codes) == 1 && len(unknown) == 0 && ReachOf(codes[0]) == WholeCountry {
		return codes[0], true
	}
	for _, s := range FederalStates() {
		if typed.Plain(s.Name) == plain || typed.Plain(s.Official) == plain {
			return s.Code, true
		}
	}
	found := SearchMunicipality(strings.ReplaceAll(text, ",", " "), 2)
	switch {
	case len(found) == 0:
		return "", false
	case len(found) == 1, typed.Plain(found[0].Name) == plain && typed.Plain(found[1].Name) != plain, typed.Plain(found[0].Label()) == plain:
		return found[0].Code, true
	}
	return "", false
}

// CoarseChoices are places to offer while somebody types: the states and the countries by name, and the municipalities of the borders.
func CoarseChoices(tag lang.Tag) []lang.Choice {
	var out []lang.Choice
	for _, s := range FederalStates() {
		out = append(out, lang.Choice{Code: s.Code, Name: s.Name})
	}
	seen := map[string]bool{}
	for _, l := range BorderLocalities() {
		if a, ok := Municipality(l.Municipality); ok && !seen[a.Code] {
			seen[a.Code] = true
			out = append(out, lang.Choice{Code: a.Code, Name: a.Label()})
		}
	}
	for _, c := range lang.Countries(tag) {
		if ReachOf(c.Code) == WholeCountry {
			out = append(out, c)
		}
	}
	return out
}

func stateOf(code string) (FederalState, bool) {
	for _, s := range loaded().states {
		if s.Code == code {
			return s, true
		}
	}
	return FederalState{}, false
}
