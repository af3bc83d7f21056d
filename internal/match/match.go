// Package match compares the names of people: the same person written by two tired registrars, heard by a third, and typed
// with one thumb by a fourth.
//
// It is pure: values in, values out, no files, no clock, no randomness. It knows nothing of records or screens; the package
// people feeds it and words its reasons.
//
// People are ranked by how likely it is that the line was typed if they are meant. A hundred thousand people carry only some twenty
// thousand distinct name parts, so a typed part is compared with every part that exists (slips of the finger, writing by ear,
// nicknames, beginnings: channel.go) and only the people behind the alike parts are scored, then the foremost exactly, with the order
// of the parts and what was left out (exact.go). A shared rare part is worth more than two shared common ones, because what counts is
// how much more likely the typed text is if this is the person than if it is anybody. There is no blocking rule that could hide
// somebody, and what else is known (age, nationality, language, where and when somebody was met: hint.go) moves a person up or down
// but never out. Decision 27 says why.
//
//	ix := match.NewIndex()
//	ix.Put(match.Entry{Key: k, Names: []match.Name{{Field: match.Given, Text: "María José"}, {Field: match.Surname1, Text: "López"}}})
//	hits := ix.Search(match.Parse("maria lopes 27 hnd", now, countryByWord), 10)
//
// Every hit says why it is there.
package match

// Key names an entry: the sixteen bytes of a record's id.
type Key [16]byte

// Field says which part of a name a text is.
type Field uint8

// The parts of a name. Surname1 is the father's and Surname2 the mother's in Spanish-speaking countries; people with one
// surname have it in Surname1.
const (
	Given Field = iota
	Surname1
	Surname2
	Nickname
	Other // another name somebody goes by, or the same name as heard or in another script
)

// String is the field's word in records and catalogues.
func (f Field) String() string {
	switch f {
	case Given:
		return "given"
	case Surname1:
		return "surname1"
	case Surname2:
		return "surname2"
	case Nickname:
		return "nickname"
	case Other:
		return "other_name"
	}
	return ""
}

// Name is one part of a name as it was written. The same field may come more than once (two sites wrote it differently).
type Name struct {
	Field Field
	Text  string
}

// Entry is what the index knows of one person.
type Entry struct {
	Key         Key
	Names       []Name
	Born        float64    // estimated moment of birth in years (2004.5 is the middle of 2004); 0 when unknown
	Nationality []string   // ISO 3166-1 alpha-3; STATELESS and UNKNOWN say nothing and are ignored
	Languages   []string   // BCP 47
	Seen        []Sighting // where and when the person was met, in any order; the latest eight are kept
	Cards       []Card
}

// Sighting is a place and a month in which somebody was met.
type Sighting struct {
	Place string // any name that the query's hints use too; empty: not known
	Month int    // year*12 + month - 1; 0: not known
}

// Card is a card's digits. What is not a digit is ignored; of more than fifteen the last count.
type Card struct {
	Digits string
	Lost   bool // whoever holds it may be somebody else
}
