package node

import (
	"slices"

	"amparo/internal/record"
)

// Why a record was opened: the code list access_why.
const (
	whyOpened   = "opened"
	whyGlass    = "glass"    // although it is restricted, with a reason
	whyReviewed = "reviewed" // somebody looked at why the glass was broken
	whyLifted   = "lifted"   // a restriction was lifted, with a reason
)

// accessFields say that somebody opened a person's record: who, where and when stand beside every fact. The person is no
// Subject: reading is not part of what happened to the person, and it must stay known after their record was erased.
var accessFields = []record.Field{
	{Number: 1, Name: "person", Type: record.Ref, Index: true},
	{Number: 2, Name: "why", Type: record.Code, Codes: "access_why"},
	{Number: 4, Name: "n", Type: record.Int},                    // how often, when more than once while it was noted
	{Number: 5, Name: "opened", Type: record.Time, Index: true}, // the first time
	{Number: 6, Name: "glass", Type: record.Ref},                // glass, reviewed: the glass fact in field
}

// accessKinds note who read what, in the compartment that was read: only who holds it sees who else reads there.
var accessKinds = func() map[record.Compartment]*record.Kind {
	out := map[record.Compartment]*record.Kind{}
	for i, c := range []record.Compartment{record.Identity, record.Care, record.Mind, record.Survivor, record.Law} {
		out[c] = &record.Kind{Number: 200 + uint16(i), Name: "access_" + c.String(), In: c, Form: record.Happening, Fields: accessFields}
	}
	return out
}()

// glassReasons are the words that go with the breaking of a glass, with its review, and with the lifting of a restriction. In an hour of need people write names:
// so they are about the person, sealed apart, and go when the person's record is erased, while that it was opened stays known.
var glassReasons = func() map[record.Compartment]*record.Kind {
	out := map[record.Compartment]*record.Kind{}
	for c, k := range accessKinds {
		out[c] = &record.Kind{Number: k.Number + 20, Name: "glass_reason_" + c.String(), In: c, Form: record.Happening, Subject: "person", Fields: []record.Field{
			{Number: 1, Name: "person", Type: record.Ref},
			{Number: 2, Name: "glass", Type: record.Ref, Index: true},
			{Number: 3, Name: "reason", Type: record.Text},
			{Number: 4, Name: "review", Type: record.Bool},
		}}
	}
	return out
}()

var (
	// accessCount says in field how many records a member opened on a day, and no word of whose.
	accessCount = &record.Kind{Number: 205, Name: "access_count", In: record.FieldWork, Form: record.Tally, Fields: []record.Field{
		{Number: 1, Name: "member", Type: record.Ref},
		{Number: 2, Name: "day", Type: record.Date},
		{Number: 3, Name: "n", Type: record.Int},
	}}
	// glassKind says in field that somebody opened a restricted record or lifted the restriction, and later what became of it. The reason stands with
	// the record, see glassReasons.
	glassKind = &record.Kind{Number: 206, Name: "glass", In: record.FieldWork, Form: record.Happening, Fields: []record.Field{
		{Number: 1, Name: "member", Type: record.Ref},
		{Number: 2, Name: "until", Type: record.Time},
		{Number: 3, Name: "of", Type: record.Ref, Index: true},                  // of a review: the opening that was looked at
		{Number: 4, Name: "finding", Type: record.Code, Codes: "glass_finding"}, // of a review; lifted: of no opening
	}}
	// alarmKind says in field that somebody opened unusually many records in a short time.
	alarmKind = &record.Kind{Number: 207, Name: "access_alarm", In: record.FieldWork, Form: record.Happening, Fields: []record.Field{
		{Number: 1, Name: "member", Type: record.Ref},
		{Number: 2, Name: "n", Type: record.Int},
		{Number: 3, Name: "since", Type: record.Time},
	}}
)

// accessModuleKinds lists all of them by number.
func accessModuleKinds() []*record.Kind {
	out := []*record.Kind{accessCount, glassKind, alarmKind}
	for c, k := range accessKinds {
		out = append(out, k, glassReasons[c])
	}
	slices.SortFunc(out, func(a, b *record.Kind) int { return int(a.Number) - int(b.Number) })
	return out
}

// isAccess reports a kind that says who read what.
func isAccess(k *record.Kind) bool {
	return k.Number >= 200 && k.Number <= 207 || k.Number >= 220 && k.Number <= 224
}

// withField are the compartments of persons, and field.
func withField() []record.Compartment {
	return []record.Compartment{record.Identity, record.Care, record.Mind, record.Survivor, record.Law, record.FieldWork}
}
