package node

import (
	"context"
	"slices"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Erasing a person takes three steps. Who works with the record asks, and it is hidden at once. Everybody who holds one of
// its compartments lists which sealed parts speak of the person: nobody else can see it. Who administers confirms, and then
// names those parts to every copy in the open: each drops them and never takes them again. Who administers reads none of it:
// that a listed part is the person's shows in its shelf.

var (
	erasureKind = &record.Kind{Number: 210, Name: "erasure", In: record.FieldWork, Form: record.Entity, Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "compartments", Type: record.Set, Codes: "data_class"},
		{Number: 3, Name: "reason", Type: record.Code, Codes: "erase_reason"},
		{Number: 4, Name: "authority", Type: record.Text}, // who decided it, or the paper that says so; no names of persons
		{Number: 5, Name: "decision", Type: record.Code, Codes: "erase_decision"},
		{Number: 6, Name: "why", Type: record.Text}, // of a refusal
	}}
	// erasurePartsKind lists parts of one compartment; without any it says that somebody looked.
	erasurePartsKind = &record.Kind{Number: 211, Name: "erasure_parts", In: record.FieldWork, Form: record.Happening, Fields: []record.Field{
		{Number: 1, Name: "erasure", Type: record.Ref, Index: true},
		{Number: 2, Name: "compartment", Type: record.Text},
		{Number: 3, Name: "parts", Type: record.Blob},   // writer, 16 bytes; seq, 8; index, 1
		{Number: 4, Name: "records", Type: record.Blob}, // the person's records that parts name without the person, 16 bytes each
		{Number: 5, Name: "others", Type: record.Int},   // parts that speak of somebody else too: they stay
	}}
)

// Why a record is erased, and what was decided: code lists erase_reason and erase_decision.
var eraseReasons = []string{"asked_by_person", "retention", "mistake", "court"}

const (
	eraseConfirmed = "confirmed"
	eraseRefused   = "refused"
	hiddenErasure  = "erasure" // why the person is hidden
)

type eraseData struct {
	Person       string   `json:"person" jsonschema:"description=id of the record"`
	Compartments []string `json:"compartments,omitempty" jsonschema:"description=what to erase; all when absent"`
	Reason       string   `json:"reason" jsonschema:"enum=asked_by_person,enum=retention,enum=mistake,enum=court"`
	Authority    string   `json:"authority" jsonschema:"description=who decided it or the paper that says so"`
}

// Erasing is the result of person.erase.
type Erasing struct {
	ID        record.ID `json:"id"`
	Parts     int       `json:"parts"`     // listed here and now
	Confirmed bool      `json:"confirmed"` // who asks administers too
}

func eraseAction(c *record.Change, d eraseData) (any, error) {
	s, ok := c.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	person, err := c.Ref("person", d.Person)
	if err != nil {
		return nil, err
	}
	in, err := s.erasable(d.Compartments)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(eraseReasons, d.Reason) {
		return nil, record.Refuse("reason", "not_in_list", "field", "reason", "got", d.Reason)
	}
	authority, err := reason("authority", d.Authority, true)
	if err != nil {
		return nil, err
	}
	if err := s.mayErase(c, person, in); err != nil {
		return nil, err
	}
	fields := record.Fields{"person": person, "compartments": namesOf(in), "reason": d.Reason, "authority": authority}
	out := Erasing{Confirmed: s.node.journal.Roll().Administers(s.member.ID)}
	if out.Confirmed {
		fields["decision"] = eraseConfirmed
	}
	if out.ID, err = c.Create(erasureKind, fields); err != nil {
		return nil, err
	}
	for _, one := range in {
		if !s.erases(one) {
			continue
		}
		if err := s.hideErased(c, person, one); err != nil {
			return nil, err
		}
		n, err := s.listParts(c, erasure{id: out.ID, person: person, in: in, listed: map[journal.PartPlace]record.Compartment{}}, one)
		if err != nil {
			return nil, err
		}
		out.Parts += n
	}
	return out, nil
}

// erasable reads the names of compartments that hold persons' records.
func (s *Session) erasable(given []string) (in []record.Compartment, err error) {
	for _, c := range record.Compartments() {
		if s.views.HidingKind(c) != nil && (len(given) == 0 || slices.Contains(given, c.String())) {
			in = append(in, c)
		}
	}
	for _, name := range given {
		if c, known := record.ParseCompartment(name); !known || !slices.Contains(in, c) {
			return nil, record.Refuse("compartments", "not_in_list", "field", "compartments", "got", name)
		}
	}
	return in, nil
}

func namesOf(in []record.Compartment) (out []string) {
	for _, c := range in {
		out = append(out, c.String())
	}
	return out
}

// erases reports whether this member lists parts of a compartment: who may ask for erasing there.
func (s *Session) erases(c record.Compartment) bool {
	return s.views.Opens(c) && s.Rights().May(record.Erase, c) && s.Rights().May(record.Write, c)
}

// mayErase refuses what nobody here knows of, and what was asked already.
func (s *Session) mayErase(c *record.Change, person record.ID, in []record.Compartment) error {
	known, mine := false, false
	for _, one := range record.Compartments() {
		if s.views.HidingKind(one) == nil || !s.views.Opens(one) {
			continue
		}
		here, err := s.views.Knows(c.Context, c.Reader, one, person)
		if err != nil {
			return err
		}
		known = known || here
		mine = mine || slices.Contains(in, one) && s.erases(one)
	}
	switch {
	case !known:
		return record.Refuse("person", "unknown_id", "field", "person")
	case !mine:
		return record.Refuse("", "not_allowed")
	}
	before, err := s.erasures(c.Context, c.Reader)
	if err != nil {
		return err
	}
	for _, e := range before {
		if e.person == person && e.decision == "" && !slices.ContainsFunc(in, func(one record.Compartment) bool { return !slices.Contains(e.in, one) }) {
			return record.Refuse("person", "erasure_asked")
		}
	}
	return nil
}

// hideErased hides a person whose record is to be erased.
func (s *Session) hideErased(c *record.Change, person record.ID, in record.Compartment) error {
	k := s.views.HidingKind(in)
	why, err := s.views.Hidden(c.Context, c.Reader, in, person)
	if err != nil || slices.Contains(why, hiddenErasure) {
		return err
	}
	_, _, err = c.Put(k, record.Fields{"person": person, "why": append(why, hiddenErasure)})
	return err
}

// showRefused shows a person again whose record stays.
func (s *Session) showRefused(c *record.Change, person record.ID, in record.Compartment) error {
	k := s.views.HidingKind(in)
	why, err := s.views.Hidden(c.Context, c.Reader, in, person)
	if err != nil || !slices.Contains(why, hiddenErasure) {
		return err
	}
	_, _, err = c.Put(k, record.Fields{"person": person, "why": slices.DeleteFunc(why, func(w string) bool { return w == hiddenErasure })})
	return err
}

type decideData struct {
	Erasure string `json:"erasure" jsonschema:"description=id of the erasure"`
	Reason  string `json:"reason,omitempty" jsonschema:"description=why it is refused"`
}

// Decided is the result of erasure.confirm and erasure.refuse.
type Decided struct {
	ID       record.ID `json:"id"`
	Decision string    `json:"decision"`
}

// decideErasure confirms or refuses. What is confirmed cannot be taken back; what was refused can be confirmed after all.
func decideErasure(decision string) func(*record.Change, decideData) (any, error) {
	return func(c *record.Change, d decideData) (any, error) {
		s, ok := c.Engine.(*Session)
		if !ok {
			return nil, errNoEngine
		}
		if !s.node.journal.Roll().Administers(s.member.ID) {
			return nil, record.Refuse("", "not_allowed")
		}
		id, err := c.Ref("erasure", d.Erasure)
		if err != nil {
			return nil, err
		}
		all, err := s.erasures(c.Context, c.Reader)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(all, func(e erasure) bool { return e.id == id })
		switch {
		case at < 0:
			return nil, record.Refuse("erasure", "unknown_id", "field", "erasure")
		case all[at].decision == eraseConfirmed:
			return nil, record.Refuse("erasure", "erasure_decided")
		}
		fields := record.Fields{"decision": decision}
		if decision == eraseRefused {
			why, err := reason("reason", d.Reason, true)
			if err != nil {
				return nil, err
			}
			fields["why"] = why
		}
		_, err = c.Set(erasureKind, id, fields)
		return Decided{ID: id, Decision: decision}, err
	}
}

// packPlaces and unpackPlaces are the field parts.
func packPlaces(list []journal.PartPlace) (out []byte) {
	for _, p := range list {
		out = append(out, p.Writer[:]...)
		for shift := 56; shift >= 0; shift -= 8 {
			out = append(out, byte(p.Seq>>shift))
		}
		out = append(out, p.Index)
	}
	return out
}

const placeSize = 16 + 8 + 1

func unpackPlaces(raw []byte) (out []journal.PartPlace) {
	for ; len(raw) >= placeSize; raw = raw[placeSize:] {
		p := journal.PartPlace{Index: raw[24]}
		copy(p.Writer[:], raw)
		for _, b := range raw[16:24] {
			p.Seq = p.Seq<<8 | uint64(b)
		}
		out = append(out, p)
	}
	return out
}

func unpackIDs(raw []byte) (out []record.ID) {
	for ; len(raw) >= len(record.ID{}); raw = raw[len(record.ID{}):] {
		out = append(out, record.ID(raw[:len(record.ID{})]))
	}
	return out
}

// erasing are the engine's actions of erasing.
func erasing() []record.Action {
	ask := record.NewAction("person.erase", withField(), eraseAction)
	confirm := record.NewAction("erasure.confirm", []record.Compartment{record.FieldWork}, decideErasure(eraseConfirmed))
	refuse := record.NewAction("erasure.refuse", []record.Compartment{record.FieldWork}, decideErasure(eraseRefused))
	ask.Verb, confirm.Verb, refuse.Verb = record.Erase, record.Administer, record.Administer
	return []record.Action{ask, confirm, refuse}
}

// eraseNow does at once what became due by asking, confirming or refusing. What cannot be done now waits for the next
// unlocking or arrival. Node.mu is held and no batch is running.
func (s *Session) eraseNow(ctx context.Context, results []record.Result) {
	due := slices.ContainsFunc(results, func(r record.Result) bool {
		return r.OK && (r.Action == "person.erase" || strings.HasPrefix(r.Action, "erasure."))
	})
	for range 3 { // to list and then to name takes two commits
		if !due {
			return
		}
		wrote, err := s.tend(ctx)
		due = wrote && err == nil
	}
}
