package family

import (
	"amparo/internal/people"
	"amparo/internal/record"
)

// Household is a family, or some who travel together. It says nothing about anybody: who belongs to it stands under each of them.
var Household = &record.Kind{Number: 14, Name: "household", In: record.Identity, Form: record.Entity, Fields: []record.Field{
	{Number: 1, Name: "household_kind", Type: record.Code, Codes: "household_kind"},
	{Number: 2, Name: "household_people", Type: record.Int}, // how many they are, with those who are not registered
}}

// Member is that a person belongs to a household.
var Member = people.About(&record.Kind{Number: 15, Name: "household_member", In: record.Identity, Form: record.Keyed, Key: []string{"person", "household"}, Subject: "person", Brief: true,
	Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "household", Type: record.Ref, Index: true},
		{Number: 3, Name: "household_role", Type: record.Code, Codes: "household_role"},
		{Number: 4, Name: "since", Type: record.Date},
		{Number: 5, Name: "until", Type: record.Date}, // not any more since then
		{Number: 6, Name: "left_why", Type: record.Code, Codes: "household_left"},
	}})

// Relation is what another person is to this one. It is written under both, each from their side.
var Relation = people.About(&record.Kind{Number: 16, Name: "relation", In: record.Identity, Form: record.Keyed, Key: []string{"person", "other"}, Subject: "person", Brief: true, Twice: true,
	Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "other", Type: record.Ref, Index: true},
		{Number: 3, Name: "relation", Type: record.Code, Codes: "relation"}, // empty: it was a mistake
		{Number: 4, Name: "known_by", Type: record.Code, Codes: "relation_known"},
	}})

// Sought is that a person looks for somebody of their family: whom, how they were parted, and what they agreed to.
var Sought = people.About(&record.Kind{Number: 17, Name: "family_sought", In: record.Identity, Form: record.Entity, Subject: "person", Brief: true, Fields: []record.Field{
	{Number: 1, Name: "person", Type: record.Ref, Index: true},
	{Number: 2, Name: "sought", Type: record.Ref, Index: true}, // somebody registered, when it is known who
	{Number: 3, Name: "given", Type: record.Text},
	{Number: 4, Name: "surname1", Type: record.Text},
	{Number: 5, Name: "surname2", Type: record.Text},
	{Number: 6, Name: "nickname", Type: record.Text},
	{Number: 7, Name: "sex", Type: record.Code, Codes: "sex"},
	{Number: 8, Name: "birth", Type: record.Date},
	{Number: 9, Name: "age", Type: record.Int}, // completed years, as told on age_on
	{Number: 10, Name: "age_about", Type: record.Bool},
	{Number: 11, Name: "age_on", Type: record.Date},
	{Number: 12, Name: "nationality", Type: record.Set, Codes: "country"},
	{Number: 13, Name: "relation", Type: record.Code, Codes: "relation"},  // what they are to the one who looks for them
	{Number: 14, Name: "separated_in", Type: record.Code, Codes: "place"}, // a municipality, a state or a country, never finer
	{Number: 15, Name: "separated_on", Type: record.Date},
	{Number: 16, Name: "separated_how", Type: record.Set, Codes: "separation_how"},
	{Number: 17, Name: "separated_by", Type: record.Code, Codes: "separation_by"},
	{Number: 18, Name: "tracing", Type: record.Code, Codes: "consent_answer"}, // that they are looked for here
	{Number: 19, Name: "language", Type: record.Code, Codes: "language"},      // in which it was explained
	{Number: 20, Name: "medium", Type: record.Code, Codes: "consent_medium"},
	{Number: 21, Name: "understood", Type: record.Bool},
	{Number: 22, Name: "assent", Type: record.Bool},                           // the child's own yes
	{Number: 23, Name: "contact", Type: record.Code, Codes: "family_contact"}, // what may be said of the one who seeks to the one who is found
	{Number: 24, Name: "services", Type: record.Set, Codes: "family_service"}, // to whom the request may be handed over
	{Number: 25, Name: "share", Type: record.Set, Codes: "family_share"},      // and what of it
	{Number: 26, Name: "search_state", Type: record.Code, Codes: "family_state"},
	{Number: 27, Name: "closed_why", Type: record.Code, Codes: "family_closed"},
	{Number: 28, Name: "handed_to", Type: record.Set, Codes: "family_service"},
	{Number: 29, Name: "handed_on", Type: record.Date},
}, Title: []string{"given", "surname1", "surname2", "nickname"}})

// Tracing is how far somebody has come with the proposal that a person is the one who is sought. It is written under both, and stands
// in the timeline and in the copy of neither: whoever seeks must not read in their own copy that somebody was found and said no.
var Tracing = &record.Kind{Number: 18, Name: "tracing", In: record.Identity, Form: record.Keyed, Key: []string{"seek", "person", "other"}, Subject: "person", Brief: true, Twice: true, Weighed: true,
	Fields: []record.Field{
		{Number: 1, Name: "seek", Type: record.Ref, Index: true},
		{Number: 2, Name: "person", Type: record.Ref, Index: true},
		{Number: 3, Name: "other", Type: record.Ref, Index: true},
		{Number: 4, Name: "tracing_verdict", Type: record.Code, Codes: "tracing_verdict"}, // of who looked at both records
		{Number: 5, Name: "tracing_answer", Type: record.Code, Codes: "tracing_answer"},   // of the person found, asked alone
		{Number: 6, Name: "best_interest", Type: record.Bool},                             // of a child: who answers for protection looked at it
		{Number: 7, Name: "told", Type: record.Date},                                      // the one who seeks was told
	}}

// Code lists. Their labels are `code.<list>.<code>`.
var (
	HouseholdKinds = []string{"family", "travel", "other"}
	Roles          = []string{"head", "partner", "child", "parent", "sibling", "grandparent", "grandchild", "relative", "companion", "other"}
	LeftWhys       = []string{"separated", "own_way", "mistake"}
	Relations      = []string{"partner", "parent", "child", "sibling", "grandparent", "grandchild", "uncle_aunt", "nephew_niece", "cousin", "guardian", "ward", "in_law",
		"relative", "companion", "other"}
	KnownBys = []string{"said_it", "papers", "seen_together", "other"}
	// How and by whom families are parted: the causes of CPIMS+ (domain/4) that belong to the route, and its own.
	Hows     = []string{"detention", "deportation", "transfer", "kidnapping", "raid", "transport", "crowd", "illness", "left_behind", "sent_ahead", "agreed", "other", "unknown"}
	Bys      = []string{"authority_mx", "authority_us", "authority_other", "armed_group", "smuggler", "family", "nobody", "other", "unknown"}
	Contacts = []string{"name", "relation", "nothing"}
	Services = []string{"cruz_roja", "cicr", "busqueda", "procuraduria", "other"}
	Shares   = []string{"name", "age_sex", "nationality", "sought", "circumstances", "site"}
	States   = []string{Open, Found, Closed}
	Whys     = []string{"together", "in_contact", "withdrawn", "mistaken", "died", "other"}
	Verdicts = []string{Same, NotSame}
	Answers  = []string{Agrees, Refuses, Later}
)

// Where a search stands, what is said of a proposal, and what the person found answers.
const (
	Open    = "open"
	Found   = "found"
	Closed  = "closed"
	Same    = "same"
	NotSame = "not_same"
	Agrees  = "agrees"
	Refuses = "refuses"
	Later   = "later"
)

// inverses say what the one is to the other when the other is this to the one; what is not listed is the same from both sides.
var inverses = map[string]string{"parent": "child", "child": "parent", "grandparent": "grandchild", "grandchild": "grandparent",
	"uncle_aunt": "nephew_niece", "nephew_niece": "uncle_aunt", "guardian": "ward", "ward": "guardian"}

// Inverse is a relation from the other side.
func Inverse(relation string) string {
	if other, ok := inverses[relation]; ok {
		return other
	}
	return relation
}
