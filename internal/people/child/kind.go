package child

import (
	"amparo/internal/people"
	"amparo/internal/record"
)

// Step is how far one thing has come that is due to a child without their parents. It holds codes and no words of the child: those stand
// where social work writes them.
var Step = people.About(&record.Kind{Number: 28, Name: "child_step", In: record.Identity, Form: record.Keyed, Subject: "person", Key: []string{"person", "step"},
	Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "step", Type: record.Code, Codes: "child_step"},
		{Number: 3, Name: "step_state", Type: record.Code, Codes: "step_state"}, // empty: still to do
		{Number: 4, Name: "told_to", Type: record.Code, Codes: "child_authority"},
	}})

// begun is the step that says that the path began, so that who is on it is found without reading everybody.
const begun = "path"

// Duty is one thing that is due, and the law that says so. The articles are those of the laws as published on 15 January 2026; that on
// refugees on 18 February 2022.
type Duty struct {
	Code string   // label `code.child_step.<code>`, what it means `child.step.<code>`
	Law  []string // as people quote them
}

// Duties are what is due to a child without their parents, in the order in which it is done.
var Duties = []Duty{
	{"apart", []string{"LGDNNA 92"}},
	{"safe", []string{"LGDNNA 95"}},
	{"notice", []string{"LM 98", "LM 112-I"}},
	{"referral", []string{"LM 98", "LM 112-I"}},
	{"fear", []string{"LM 112-V", "LRPCAP 20"}},
	{"family", []string{"CDN 22"}},
	{"papers", []string{"LM 52-V", "LM 74", "LM 112-I"}},
	{"plan", []string{"LM 74", "LGDNNA 123"}},
	{"urgent", []string{"LGDNNA 122-VI"}},
}

// Never are what must not happen, with the law that forbids it (text `child.never.<code>`).
var Never = []Duty{
	{"locked_up", []string{"LM 6", "LM 11", "LM 99", "LRPCAP 20"}},
	{"sent_back", []string{"LM 74", "LM 112-III", "LM 120", "LGDNNA 96", "LGDNNA 97"}},
	{"taken_for_grown", []string{"LM 3-XVI"}},
}

// Code lists.
var (
	// States are how a step ends; nothing: it is still to do.
	States = []string{"done", "not_possible", "not_needed"}
	// Authorities are with whom it was done.
	Authorities = []string{"procuraduria", "dif", "comar", "health", "organisation", "other"}
	// Companies are with whom a child travels.
	Companies = []string{"alone", "other_adult", "family"}
)
