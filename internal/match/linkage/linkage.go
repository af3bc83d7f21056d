// Package linkage weighs whether two records are of the same person.
//
// It is pure: values in, values out. The method is Fellegi and Sunter's (A theory for record linkage, 1969): each field says how
// much likelier what is seen is if both records are of one person (m) than if they are of two people taken by chance (u), as a
// number of bits, and the bits add up. Three things differ from the textbook, and each was measured to matter more than the
// choice of distance:
//
//   - u is of the value, not of the field: to share the surname Hernández says little, to share Xitumul says much.
//   - Names, sex and nationality hang together, so the frequency of a given name is that among people of the same nationality and
//     sex, and of a surname that among people of the same nationality. Multiplied as if independent they make thousands of
//     false pairs.
//   - How often any pair is one person is counted over all pairs there could be, not over those somebody thought of comparing.
//
// Names are aligned before they are compared: two surnames in the other order, a second one left out, given names joined in one.
// A Model that nobody taught (Default) works with weights measured on generated re-registrations; Learn finds weights for any
// table without a single labelled pair.
//
//	m := linkage.Default()
//	for i := range everybody { m.Count(&everybody[i]) }
//	c := m.Compare(&a, &b)
//	c.Band   // linkage.Likely
//	c.Fields // given: sounds_alike, surname1: same, birth: day_month_swapped …
//
// Nothing here joins anybody: a person decides.
package linkage

import (
	"amparo/internal/match"
)

// Record is what is compared of one person. Everything may be empty; what is empty says nothing.
type Record struct {
	Key                       match.Key
	Given, Surname1, Surname2 string   // as written; Given may hold several names
	Also                      []string // nicknames and other names the person goes by
	Sex                       string   // f or m; anything else says nothing
	Birth                     string   // YYYY-MM-DD, YYYYMMDD, YYYY-MM or YYYY
	Born                      float64  // estimated moment of birth in years (2004.5 is the middle of 2004), when there is no Birth; 0: unknown
	Nationality               []string // ISO 3166-1 alpha-3; STATELESS and UNKNOWN say nothing
	More                      map[string]string
}

// Agreement says in one word how a field speaks.
type Agreement uint8

// From nothing said to a contradiction.
const (
	Unknown Agreement = iota // missing on a side
	Yes                      // the same
	Close                    // alike: a letter, a sound, an order
	No                       // other
)

// String is the agreement's word in answers and catalogues (`agrees.<word>`).
func (a Agreement) String() string {
	return [...]string{"unknown", "yes", "close", "no"}[min(a, No)]
}

// Band is what a person is told instead of a probability that nobody has calibrated.
type Band uint8

// From nothing to see here to look at this first.
const (
	Unlikely Band = iota
	Possible
	Likely
)

// String is the band's word in answers and catalogues (`band.<word>`).
func (b Band) String() string {
	return [...]string{"unlikely", "possible", "likely"}[min(b, Likely)]
}

// Comparison is what comparing two records found.
type Comparison struct {
	Weight float64           // bits: the sum of the fields
	Odds   float64           // bits: the logarithm of the odds that both are one person, with how rare that is among those counted
	Band   Band              // of Odds
	Fields []FieldComparison // in the order given, surname1, surname2, birth or age, sex, nationality, relatives, and More by name
}

// FieldComparison is what one field says.
type FieldComparison struct {
	Field  string    // given, surname1, surname2, birth, age, sex, nationality, relatives (see Model), or a name of Record.More
	Level  string    // a code of Level; catalogue `level.<code>`
	Agrees Agreement // the level in one word
	Weight float64   // bits; below 0 it speaks against
}

// Level says how two values of a field are alike.
type Level uint8

// The levels. Their String is the code that catalogues word.
const (
	None       Level = iota // missing on both sides
	Missing                 // missing on one side
	Same                    // the same, accents and little words aside
	Sounds                  // sounds the same
	Typo                    // a letter missing, added, changed or exchanged with its neighbour
	Nickname                // a short form
	Initial                 // an initial, or cut short
	Weak                    // somewhat alike
	Different               // other
	Swapped                 // in the other order
	Joined                  // written as one word
	Exchanged               // given names where the surnames stand, and the other way round
	Elsewhere               // found in another place of the name
	DaySwapped              // birth: day and month in the other order
	YearOnly                // birth: same year, and one side says no more than the year (or 1 January, which says the same)
	OnePart                 // birth: one of year, month and day differs
	Digit                   // birth: one digit differs or two stand exchanged
	NearYear                // birth: a year or two apart, and one side says no more than the year
	SameYear                // birth: same year, another day
	YearsNear               // birth: a year or two apart
	AgeSame                 // age: same
	AgeNear                 // age: a year apart
	AgeAbout                // age: two or three years apart
	AgeLoose                // age: four or five years apart
	FamilyLike              // relatives: what agrees is what a family shares
	levels
)

var levelCodes = [levels]string{None: "none", Missing: "missing", Same: "same", Sounds: "sounds_alike", Typo: "typo", Nickname: "nickname", Initial: "initial",
	Weak: "somewhat_alike", Different: "different", Swapped: "swapped", Joined: "joined", Exchanged: "exchanged", Elsewhere: "elsewhere", DaySwapped: "day_month_swapped",
	YearOnly: "same_year_only", OnePart: "one_part_differs", Digit: "one_digit_differs", NearYear: "near_year_only", SameYear: "same_year", YearsNear: "years_near",
	AgeSame: "age_same", AgeNear: "age_near", AgeAbout: "age_about", AgeLoose: "age_loose", FamilyLike: "family_like"}

// String is the level's code.
func (l Level) String() string {
	if l < levels {
		return levelCodes[l]
	}
	return ""
}

// Codes lists the codes of all levels, for catalogues to be checked against.
func Codes() []string { return levelCodes[:] }

// agrees is the level in one word.
func (l Level) agrees() Agreement {
	switch l {
	case None, Missing:
		return Unknown
	case Same, AgeSame:
		return Yes
	case Different, YearsNear, SameYear, AgeLoose, FamilyLike:
		return No
	}
	return Close
}
