package people

import (
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Person is who someone is.
var Person = &record.Kind{Number: 10, Name: "person", IsPerson: true, In: record.Identity, Form: record.Entity, Fields: []record.Field{
	{Number: 1, Name: "given", Type: record.Text},
	{Number: 2, Name: "surname1", Type: record.Text},
	{Number: 3, Name: "surname2", Type: record.Text},
	{Number: 4, Name: "nickname", Type: record.Text},
	{Number: 5, Name: "sex", Type: record.Code, Codes: "sex"},
	{Number: 6, Name: "gender", Type: record.Text}, // in the person's own words
	{Number: 7, Name: "birth", Type: record.Date},
	{Number: 8, Name: "age", Type: record.Int},        // completed years, as told on age_on
	{Number: 9, Name: "age_about", Type: record.Bool}, // the age is a guess
	{Number: 10, Name: "age_on", Type: record.Date},   // so that an age told moves on with time
	{Number: 11, Name: "nationality", Type: record.Set, Codes: "country"},
	{Number: 12, Name: "languages", Type: record.Set, Codes: "language"},
	{Number: 13, Name: "direction", Type: record.Code, Codes: "direction"},
	{Number: 14, Name: "groups", Type: record.Set, Codes: "group"},
	{Number: 15, Name: "phone", Type: record.Text},
	{Number: 16, Name: "note", Type: record.Text},
	{Number: 17, Name: "consent", Type: record.Set, Codes: "consent"},
	{Number: 18, Name: "card", Type: record.Code, Index: true},        // digits; see Card
	{Number: 19, Name: "refused", Type: record.Set, Codes: "consent"}, // what the person said no to, or took back: wins over consent
	{Number: 20, Name: "referral_to", Type: record.Set},               // organisations to which the person agreed to be referred
	{Number: 21, Name: "spoken", Type: record.Text},                   // the name as they say it, when it is written otherwise
	{Number: 22, Name: "written", Type: record.Text},                  // the name in the script in which they write it
	{Number: 23, Name: "aliases", Type: record.Set},                   // other names they go by
	{Number: 24, Name: "intention", Type: record.Code, Codes: "intention"},
	{Number: 25, Name: "motives", Type: record.Set, Codes: "motive"},        // why they go, stay or return
	{Number: 26, Name: "interpreter", Type: record.Code, Codes: "language"}, // the language for which they need one; und: not known which
	{Number: 27, Name: "age_band", Type: record.Code, Codes: "age_band"},    // as told, where neither birth nor age is known
	{Number: 28, Name: "incomplete", Type: record.Bool, Index: true},        // taken up in a hurry: the rest is still to be asked
}, Title: []string{"given", "surname1", "surname2", "nickname"}}

// Registration counts persons registered, without saying who: only of those who agreed to be counted.
var Registration = &record.Kind{Number: 11, Name: "registration", In: record.FieldWork, Form: record.Tally, Fields: []record.Field{
	{Number: 1, Name: "site", Type: record.Ref},
	{Number: 2, Name: "day", Type: record.Date}, // local day of the site
	{Number: 3, Name: "sex", Type: record.Code, Codes: "sex"},
	{Number: 4, Name: "age_band", Type: record.Code, Codes: "age_band"},
	{Number: 5, Name: "nationality", Type: record.Code, Codes: "country"},
	{Number: 6, Name: "direction", Type: record.Code, Codes: "direction"},
	{Number: 7, Name: "n", Type: record.Int},
}}

// Code lists. Their labels are `code.<list>.<code>`.
var (
	Sexes      = []string{"f", "m", "x", "unknown"}
	Directions = []string{"north", "south", "staying", "returned", "unknown"} // returned: sent back, or come back from further north
	Groups     = []string{"unaccompanied_child", "separated_child", "woman_alone", "pregnant", "lactating", "older", "disability", "lgbtiq",
		SurvivorGroup, "chronic_illness", "family_with_children", PrivateTalk}
	Intentions = []string{"north", "south", "stay", "return", "undecided"}
	// Motives are why somebody goes, stays or returns; none says what was done to them.
	Motives = []string{"family", "work", "study", "safety", "health", "papers", "asylum", "deported", "money", "route_closed", "homesick", "rather_not_say"}
	// AgeBands are the ages that can be told in words: those in which people are counted, and the two that need no more than a look.
	AgeBands = typed.Bands
	Purposes = []string{"care", "sharing", "referral", "statistics", "testimony"}
)

// What is told of an age by whoever only looks.
const (
	Child = "child" // younger than 18
	Adult = "adult"
)

// SurvivorGroup is never written in the compartment identity: what is known of it stands in the compartment survivor. PrivateTalk
// stands there for everybody else: somebody wants to talk in private, for whatever reason.
const (
	SurvivorGroup = "survivor_violence"
	PrivateTalk   = "private_talk"
)

// What a person may agree to, or not.
const (
	ToCare     = "care"       // that their data are kept to care for them; care itself never depends on it
	Sharing    = "sharing"    // that other sites along the route see their record
	Referral   = "referral"   // that a named organisation is told about them
	Statistics = "statistics" // to be counted without a name
	Testimony  = "testimony"  // that what they told is kept as testimony and may be used as such
)

// GoFirst are the groups who are seen before others in a queue.
var GoFirst = []string{"unaccompanied_child", "separated_child", "woman_alone", "pregnant", SurvivorGroup, PrivateTalk}

// subjects are the kinds declared with About, by number.
var subjects = map[uint16]*record.Kind{}

// About declares a kind whose facts are about a person and stand in the person's timeline: k.Subject must name the field of the
// person. Call it where the kind is declared, before any node runs.
func About(k *record.Kind) *record.Kind {
	if k.Subject == "" || subjects[k.Number] != nil {
		panic("people: kind " + k.Name + " has no subject, or its number is taken") // wrong from the first start, so never after a test
	}
	subjects[k.Number] = k
	return k
}
