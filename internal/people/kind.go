package people

import "amparo/internal/record"

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
	Directions = []string{"north", "south", "staying", "unknown"}
	Groups     = []string{"unaccompanied_child", "separated_child", "woman_alone", "pregnant", "lactating", "older", "disability", "lgbtiq",
		"survivor_violence", "chronic_illness", "family_with_children"}
	Purposes = []string{"care", "sharing", "referral", "statistics", "testimony"}
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
var GoFirst = []string{"unaccompanied_child", "separated_child", "woman_alone", "pregnant", "survivor_violence"}

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
