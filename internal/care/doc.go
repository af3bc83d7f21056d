// Package care holds what is done for a person: the visit (who came, where, for which service, in which order), and what each
// professional wrote about it.
//
// A visit is identity: whoever works at the site sees the queue. What was said and found is not. It goes where only those of the
// same work can open it, and each has its own kind, because a compartment is decided by the kind:
//
//	consultation   medical               compartment care
//	session        mental health         compartment mind
//	social         social work           compartment law
//
// The words are those of the medical forms in use on the route (consulta, sesión, trabajo social). One action, consultation.record,
// writes all three; the member's role decides which of them they may write and read.
//
// That somebody was seen is written beside the visit (visit_outcome), so that the queue moves on for a registrar who may read none of
// the three. An anonymous line (contact) goes to field when the person agreed to be counted.
package care

import (
	"amparo/internal/people"
	"amparo/internal/record"
)

// Module is what package node runs.
var Module = record.Module{
	Name:    "care",
	Kinds:   []*record.Kind{Visit, VisitOutcome, Consultation, Session, Social, Contact},
	Actions: []record.Action{openVisit, closeVisit, recordConsultation},
	Queries: []record.Query{board},
}

// Visit is that a person came to a site for a service.
var Visit = people.About(&record.Kind{Number: 50, Name: "visit", In: record.Identity, Form: record.Happening, Subject: "person", Fields: []record.Field{
	{Number: 1, Name: "person", Type: record.Ref, Index: true},
	{Number: 2, Name: "service", Type: record.Code, Codes: "service"},
	{Number: 3, Name: "reason", Type: record.Text},
	{Number: 4, Name: "type", Type: record.Code, Codes: "visit_type"},
	{Number: 5, Name: "number", Type: record.Int}, // in the queue of the day at the site
}})

// VisitOutcome is how a visit ended. It has the person as its subject so that it travels with them, but says nothing new in the
// timeline and is not shown there.
var VisitOutcome = &record.Kind{Number: 51, Name: "visit_outcome", In: record.Identity, Form: record.Happening, Subject: "person", Fields: []record.Field{
	{Number: 1, Name: "person", Type: record.Ref},
	{Number: 2, Name: "visit", Type: record.Ref, Index: true},
	{Number: 3, Name: "outcome", Type: record.Code, Codes: "visit_state"},
}}

// Consultation is what a doctor, nurse or midwife wrote.
var Consultation = people.About(&record.Kind{Number: 52, Name: "consultation", In: record.Care, Form: record.Happening, Subject: "person", Fields: written})

// Session is what a psychologist wrote.
var Session = people.About(&record.Kind{Number: 53, Name: "session", In: record.Mind, Form: record.Happening, Subject: "person", Fields: written})

// Social is what a social worker wrote.
var Social = people.About(&record.Kind{Number: 54, Name: "social", In: record.Law, Form: record.Happening, Subject: "person", Fields: written})

// written are the fields of the three: they differ in who may open them.
var written = []record.Field{
	{Number: 1, Name: "person", Type: record.Ref, Index: true},
	{Number: 2, Name: "visit", Type: record.Ref, Index: true},
	{Number: 3, Name: "service", Type: record.Code, Codes: "service"},
	{Number: 4, Name: "type", Type: record.Code, Codes: "visit_type"},
	{Number: 5, Name: "reason", Type: record.Text},
	{Number: 6, Name: "syndrome", Type: record.Text},
	{Number: 7, Name: "diagnosis", Type: record.Text},
	{Number: 8, Name: "note", Type: record.Text},
	{Number: 9, Name: "treatment", Type: record.Text},
	{Number: 10, Name: "plan", Type: record.Text},
	{Number: 11, Name: "referral", Type: record.Text},
	{Number: 12, Name: "severity", Type: record.Int},    // 0 none … 4 very severe
	{Number: 13, Name: "next", Type: record.Date},       // when to be seen again
	{Number: 14, Name: "correction", Type: record.Text}, // why it corrects the earlier one
}

// Contact counts contacts between a professional and a person, without saying who: only of those who agreed to be counted.
var Contact = &record.Kind{Number: 55, Name: "contact", In: record.FieldWork, Form: record.Tally, Fields: []record.Field{
	{Number: 1, Name: "site", Type: record.Ref},
	{Number: 2, Name: "day", Type: record.Date}, // local day of the site
	{Number: 3, Name: "service", Type: record.Code, Codes: "service"},
	{Number: 4, Name: "sex", Type: record.Code, Codes: "sex"},
	{Number: 5, Name: "age_band", Type: record.Code, Codes: "age_band"},
	{Number: 6, Name: "nationality", Type: record.Code, Codes: "country"},
	{Number: 7, Name: "type", Type: record.Code, Codes: "visit_type"},
	{Number: 8, Name: "n", Type: record.Int},
}}

// The types of a visit: first is the first visit of a person for a service at any site.
const (
	First    = "first"
	FollowUp = "follow_up"
)

// The ways in which a visit stands.
const (
	Waiting = "waiting"
	Seen    = "seen"
	Left    = "left" // went away before being seen
)

// kindOf is where what is written about a service goes.
var kindOf = map[string]*record.Kind{"medical": Consultation, "mental_health": Session, "social": Social}

// consulted are the services with a consultation, in the order in which they are offered.
var consulted = []string{"medical", "mental_health", "social"}
