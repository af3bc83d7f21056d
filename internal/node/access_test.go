package node_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

const phrase = "otra frase larga"

// colleague lets somebody in on the same laptop and unlocks them.
func colleague(b *worktest.Bed, name string, roles ...string) *node.Session {
	b.Helper()
	inv, err := b.Session.Invite(b.Context(), node.Invite{Roles: roles})
	if err != nil {
		b.Fatal(err)
	}
	n := b.Session.Node()
	req, err := n.JoinHere(inv, name, phrase)
	if err == nil {
		_, err = b.Session.Accept(b.Context(), req)
	}
	if err != nil {
		b.Fatal(err)
	}
	return unlock(b, name)
}

func unlock(b *worktest.Bed, name string) *node.Session {
	b.Helper()
	s, err := b.Session.Node().Unlock(b.Context(), name, []byte(phrase))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// ask runs a query that must answer.
func ask[A any](b *worktest.Bed, s *node.Session, query string, params ...string) A {
	b.Helper()
	got, err := tryAsk(b, s, query, params...)
	if err != nil {
		b.Fatalf("%s %v: %v", query, params, err)
	}
	answer, ok := got.(A)
	if !ok {
		b.Fatalf("%s answers %T", query, got)
	}
	return answer
}

func tryAsk(b *worktest.Bed, s *node.Session, query string, params ...string) (any, error) {
	given := map[string][]string{}
	for i := 0; i+1 < len(params); i += 2 {
		given[params[i]] = append(given[params[i]], params[i+1])
	}
	return s.Query(b.Context(), lang.EN, query, given)
}

func run(b *worktest.Bed, s *node.Session, action, site string, data any) record.Result {
	b.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		b.Fatal(err)
	}
	return s.Apply(b.Context(), lang.EN, record.Request{Action: action, At: b.Now, Site: site, Data: raw})
}

func code(r record.Result) string {
	if r.Error == nil {
		return ""
	}
	return r.Error.Code
}

// said writes an access log for comparing: who, where, why, how often.
func said(list []node.Access) string {
	var out []string
	for _, one := range list {
		out = append(out, fmt.Sprintf("%s %v %s %d", one.ByName, one.Compartments, one.Why, one.Times))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func registered(b *worktest.Bed, given string) string {
	b.Helper()
	return worktest.Do[people.Registered](b, "person.register", "", map[string]any{"given": given}).Person.String()
}

// Who opens a record is noted within a minute in each compartment that was read, and only who holds one sees who read there.
func TestWhoReadWhat(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, clara := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician")
	maria, jose := registered(b, "María"), registered(b, "José")
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, map[string]any{"person": maria, "service": "medical", "note": "tos"})

	read := func(s *node.Session, person string) {
		t.Helper()
		ask[people.Shown](b, s, "person.show", "person", person)
		ask[people.Timeline](b, s, "person.timeline", "person", person)
	}
	log := func(s *node.Session, person string) string {
		t.Helper()
		return said(ask[node.Accesses](b, s, "access", "person", person).Entries)
	}
	read(rosa, maria)
	read(clara, maria)
	read(clara, jose)
	if got := log(b.Session, maria); got != "" {
		t.Fatalf("written at once: %s", got) // it gathers, so that reading is not slower than it must be
	}
	b.Now = b.Now.Add(61 * time.Second)
	ask[people.Shown](b, rosa, "person.show", "person", maria)
	ask[people.Shown](b, clara, "person.show", "person", maria)
	if got, want := log(b.Session, maria), "Clara [identity care] opened 3; Rosa [identity] opened 3"; got != want {
		t.Errorf("Ana, who holds all, sees %q, want %q", got, want)
	}
	if got, want := log(rosa, maria), "Clara [identity] opened 3; Rosa [identity] opened 3"; got != want {
		t.Errorf("a registrar sees %q, want %q", got, want)
	}
	if got := log(b.Session, jose); got != "Clara [identity] opened 2" { // nothing medical is known of him, so nothing medical was read
		t.Errorf("of José: %q", got)
	}

	b.Now = b.Now.Add(11 * time.Minute) // another opening
	ask[people.Shown](b, rosa, "person.show", "person", maria)
	rosa.Lock()
	if got := log(b.Session, maria); strings.Count(got, "Rosa") != 2 {
		t.Errorf("what was open when the desk locked is lost, or counted into the first: %q", got)
	}
	b.Now = b.Now.Add(time.Minute)
	rosa = unlock(b, "Rosa")
	ask[people.Shown](b, rosa, "person.show", "person", maria)
	rosa.Lock()
	if got := log(b.Session, maria); strings.Count(got, "Rosa") != 2 {
		t.Errorf("within ten minutes the same record is one opening, also after unlocking again: %q", got)
	}
	rosa = unlock(b, "Rosa")
	if got := ask[node.Accesses](b, rosa, "access", "member", rosaID(rosa)); len(got.Entries) != 2 {
		t.Errorf("by member: %+v", got.Entries)
	}
	if got := ask[node.Accesses](b, b.Session, "access", "person", maria, "to", b.Now.AddDate(0, 0, -1).Format(time.DateOnly)); len(got.Entries) != 0 {
		t.Errorf("before yesterday: %+v", got.Entries)
	}
	if got := ask[node.Accesses](b, b.Session, "access", "person", maria, "limit", "1"); len(got.Entries) != 1 || !got.More {
		t.Errorf("one at most: %+v", got)
	}
	for _, wrong := range [][]string{{"from", "yesterday"}, {"person", "nobody"}} {
		if _, err := tryAsk(b, b.Session, "access", wrong...); err == nil {
			t.Errorf("%v is understood", wrong)
		}
	}
}

func rosaID(s *node.Session) string {
	id, _ := s.Member()
	return id.String()
}

// Reading costs one commit however much was read, and what was not found was not read.
func TestReadingIsOneCommit(t *testing.T) {
	b := worktest.New(t)
	rosa := colleague(b, "Rosa", "registrar")
	var all []string
	for i := range 12 {
		all = append(all, registered(b, fmt.Sprint("Uno", i)))
	}
	commits := func() int {
		p, err := b.Session.Status()
		if err != nil {
			t.Fatal(err)
		}
		return p.Commits
	}
	before := commits()
	if _, err := tryAsk(b, rosa, "person.show", "person", record.ID{9}.String()); err == nil {
		t.Fatal("somebody who is not there")
	}
	ask[people.Found](b, rosa, "person.find", "q", "Uno")
	rosa.Lock()
	if got := commits(); got != before {
		t.Errorf("%d commits for reading nobody's record", got-before)
	}
	rosa = unlock(b, "Rosa")
	before = commits()
	for _, id := range all {
		ask[people.Shown](b, rosa, "person.show", "person", id)
	}
	rosa.Lock()
	rosa.Lock()
	if got := commits(); got != before+1 {
		t.Errorf("%d commits for reading twelve records, want 1", got-before)
	}
	if got := ask[node.Audit](b, b.Session, "audit"); len(got.Volume) != 1 || got.Volume[0].N != 12 || got.Volume[0].Name != "Rosa" {
		t.Errorf("the volume without names: %+v", got.Volume)
	}
}

// More than twenty different records within ten minutes are an alarm, once, also over several sessions.
func TestManyRecordsInAShortTime(t *testing.T) {
	b := worktest.New(t)
	rosa, carmen := colleague(b, "Rosa", "registrar"), colleague(b, "Carmen", "coordinator")
	var all []string
	for i := range 45 {
		all = append(all, registered(b, fmt.Sprint("Uno", i)))
	}
	alarms := func() (n []int) {
		for _, e := range ask[node.Audit](b, carmen, "audit").Events {
			if e.What == "alarm" {
				n = append(n, e.N)
			}
		}
		return n
	}
	open := func(ids []string) {
		for _, id := range ids {
			ask[people.Shown](b, rosa, "person.show", "person", id)
		}
	}
	open(all[:20])
	open(all[:20])
	rosa.Lock()
	if got := alarms(); got != nil {
		t.Fatalf("twenty are not unusual: %v", got)
	}
	rosa = unlock(b, "Rosa")
	open(all[20:21])
	if got := alarms(); !slices.Equal(got, []int{21}) { // at once, not after a minute
		t.Errorf("the twenty-first: %v", got)
	}
	if got := ask[node.Audit](b, carmen, "audit", "only", "alarms"); len(got.Events) != 1 || len(got.Volume) != 0 {
		t.Errorf("only the alarms: %+v", got)
	}
	if _, err := tryAsk(b, carmen, "audit", "only", "people"); node.AsRefusal(err).Code != "not_in_list" {
		t.Errorf("only something else: %v", err)
	}
	open(all[21:30])
	b.Now = b.Now.Add(9 * time.Minute)
	open(all[30:31])
	rosa.Lock()
	if got := alarms(); len(got) != 1 {
		t.Errorf("one alarm for one stretch: %v", got)
	}
	b.Now = b.Now.Add(12 * time.Minute)
	rosa = unlock(b, "Rosa")
	open(all[:20])
	b.Now = b.Now.Add(11 * time.Minute)
	open(all[20:40]) // twenty in each ten minutes
	if got := alarms(); len(got) != 1 {
		t.Errorf("forty in twenty minutes are not unusual: %v", got)
	}
	if _, err := tryAsk(b, rosa, "audit"); node.AsRefusal(err).Code != "not_allowed" {
		t.Errorf("a registrar reads the audit: %v", err)
	}
}

// Fifty openings do not wait for the minute to end.
func TestFiftyOpeningsAreWritten(t *testing.T) {
	b := worktest.New(t)
	rosa := colleague(b, "Rosa", "registrar")
	var all []string
	for i := range 71 { // the alarm at 21 writes the first
		all = append(all, registered(b, fmt.Sprint("Uno", i)))
	}
	for _, id := range all {
		ask[people.Shown](b, rosa, "person.show", "person", id)
	}
	if got := ask[node.Audit](b, b.Session, "audit"); len(got.Volume) != 1 || got.Volume[0].N != 71 {
		t.Errorf("without a minute passing: %+v", got.Volume)
	}
}
