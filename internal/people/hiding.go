package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Sealed are the compartments that hold something about persons.
var Sealed = []record.Compartment{record.Identity, record.Care, record.Mind, record.Survivor, record.Law}

var sealedNames = func() (names []string) {
	for _, c := range Sealed {
		names = append(names, c.String())
	}
	return names
}()

// Why a person is not shown (code list hiding).
const (
	Restricted = "restricted" // they, or somebody who must decide it, asked that it be used no more
	Erasure    = "erasure"    // erasing was asked for, and somebody who administers has yet to confirm it
	Unshared   = "unshared"   // they did not agree to sharing: shown at its home only
)

// hidings are the five kinds that hide a person, one a compartment: who may open one can neither see nor guess the others.
// They have no subject: what hides a person must reach where the person's record went, and stay when the record is erased.
var hidings = map[record.Compartment]*record.Kind{
	record.Identity: hiding(21, "hiding_identity", record.Identity),
	record.Care:     hiding(22, "hiding_care", record.Care),
	record.Mind:     hiding(23, "hiding_mind", record.Mind),
	record.Survivor: hiding(24, "hiding_survivor", record.Survivor),
	record.Law:      hiding(25, "hiding_law", record.Law),
}

func hiding(number uint16, name string, in record.Compartment) *record.Kind {
	return &record.Kind{Number: number, Name: name, In: in, Form: record.Keyed, Hides: true, Key: []string{"person"}, Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "why", Type: record.Set, Codes: "hiding"},
		{Number: 3, Name: "until", Type: record.Time}, // when to look at it again; nothing is shown again by itself
		{Number: 4, Name: "reason", Type: record.Text},
		{Number: 5, Name: "authority", Type: record.Text}, // who decided
		{Number: 6, Name: "home", Type: record.Ref},       // the site where the record stays when it is not shared
		{Number: 7, Name: "keep_until", Type: record.Date},
		{Number: 8, Name: "keep_reason", Type: record.Text}, // why it is kept longer than its time
	}}
}

// Limits is what limits the use of a person's record in one compartment.
type Limits struct {
	Compartment record.Compartment `json:"compartment"`
	Why         []string           `json:"why"` // restricted, erasure, unshared; empty: nothing is hidden
	Reason      string             `json:"reason"`
	Authority   string             `json:"authority"`
	Until       time.Time          `json:"until,omitzero"` // to be looked at again then
	Home        record.ID          `json:"home,omitzero"`
	HomeName    string             `json:"home_name"`
	KeepUntil   string             `json:"keep_until"` // last day on which it is kept although its time is over
	KeepReason  string             `json:"keep_reason"`
	Since       time.Time          `json:"since,omitzero"`
	By          record.ID          `json:"by,omitzero"`
	ByName      string             `json:"by_name"`
}

// limitsOn reads what limits a person's record in a compartment; nil when nothing was ever said.
func limitsOn(ctx context.Context, r record.Reader, in record.Compartment, person record.ID) (*Limits, error) {
	var out *Limits
	k := hidings[in]
	err := r.Select(ctx, "SELECT why, until, reason, authority, home, keep_until, keep_reason, _state FROM "+k.Table()+" WHERE person = ?", []any{person}, func(row record.Row) error {
		out = &Limits{Compartment: in, Why: list(row.Set(0)), Reason: row.Text(2), Authority: row.Text(3), Home: row.ID(4), KeepUntil: row.Text(5), KeepReason: row.Text(6)}
		if !row.Null(1) {
			out.Until = time.Unix(row.Int(1), 0).UTC()
		}
		state, err := record.DecodeState(row.Blob(7))
		if err != nil {
			return err
		}
		for _, st := range state.Standing(2) { // the latest reason said
			out.Since, out.By = When(st.At, int64(st.Zone)), st.By
			break
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k.Name, err)
	}
	return out, nil
}

// mine lists the compartments of persons in which who acts may write.
func mine(c *record.Change) []record.Compartment {
	return slices.DeleteFunc(slices.Clone(Sealed), func(in record.Compartment) bool { return !c.Writes(in) })
}

// hide adds a reason to hide a person in compartments, with what else is said about it.
func hide(c *record.Change, person record.ID, in []record.Compartment, said record.Fields, why string) error {
	for _, in := range in {
		before, err := limitsOn(c.Context, c, in, person)
		if err != nil {
			return err
		}
		fields := record.Fields{"person": person, "why": []string{why}}
		if before != nil {
			fields["why"] = with(before.Why, why)
		}
		for name, v := range said {
			if home, isID := v.(record.ID); !isID || !home.IsZero() { // where nobody said where it was, there is no home
				fields[name] = v
			}
		}
		if _, _, err := c.Put(hidings[in], fields); err != nil {
			return err
		}
	}
	return nil
}

// unhide takes a reason away wherever who acts may. What is hidden for another reason stays hidden.
func unhide(c *record.Change, person record.ID, why string, in ...record.Compartment) error {
	if in == nil {
		in = mine(c)
	}
	for _, in := range in {
		before, err := limitsOn(c.Context, c, in, person)
		if err != nil {
			return err
		}
		if before == nil || !slices.Contains(before.Why, why) {
			continue
		}
		if _, _, err := c.Put(hidings[in], record.Fields{"person": person, "why": without(before.Why, why)}); err != nil {
			return err
		}
	}
	return nil
}

// followSharing lets the other compartments follow what identity says of sharing: who heard that somebody takes it back, or agrees
// again, may not hold them all.
func followSharing(c *record.Change) error {
	if !c.Opens(record.Identity) {
		return nil
	}
	for _, in := range mine(c) {
		if in == record.Identity {
			continue
		}
		type due struct {
			person, home record.ID
			hides        bool
		}
		var list []due
		here, there := hidings[record.Identity].Table(), hidings[in].Table()
		err := c.Select(c.Context, `SELECT i.person, i.home, `+isUnshared("i")+` FROM `+here+` AS i LEFT JOIN `+there+` AS o ON o.person = i.person
			WHERE `+isUnshared("i")+` <> `+isUnshared("o"), nil, func(r record.Row) error {
			list = append(list, due{r.ID(0), r.ID(1), r.Bool(2)})
			return nil
		})
		if err != nil {
			return fmt.Errorf("read who does not share: %w", err)
		}
		for _, d := range list {
			if !d.hides {
				err = unhide(c, d.person, Unshared, in)
			} else {
				err = hide(c, d.person, []record.Compartment{in}, record.Fields{"home": d.home}, Unshared)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// isUnshared is SQL that says whether a row of a hiding kind names that reason.
func isUnshared(row string) string {
	return "EXISTS (SELECT 1 FROM json_each(coalesce(" + row + ".why, '[]')) AS w WHERE w.value = '" + Unshared + "')"
}

// RestrictData is what person.restrict takes. Restricted, a record is kept and not shown in any list, page or export; lift
// shows it again.
type RestrictData struct {
	Person       string   `json:"person"`
	Compartments []string `json:"compartments,omitempty" jsonschema:"description=all in which the member may write when empty"`
	Reason       string   `json:"reason" jsonschema:"description=why, also when it is lifted: those who work with the person read it"`
	Authority    string   `json:"authority,omitempty" jsonschema:"description=who asked or decided; needed unless it is lifted"`
	Until        string   `json:"until,omitempty" jsonschema:"description=day on which to look at it again as 2026-05-17"`
	Lift         bool     `json:"lift,omitempty"`
}

// RestrictedNow is the result of person.restrict.
type RestrictedNow struct {
	Person       record.ID            `json:"person"`
	Compartments []record.Compartment `json:"compartments"` // where something changed
	Restricted   bool                 `json:"restricted"`
}

// lifting is the engine, which notes who lifted a restriction and why: without it, lifting would be a way round opening a
// restricted record with a reason.
type lifting interface {
	NoteLifted(c *record.Change, person record.ID, in []record.Compartment, reason string) error
}

var errNoLifting = errors.New("this engine does not note who lifts a restriction")

var restrict = record.NewAction("person.restrict", append(slices.Clone(Sealed), record.FieldWork), func(c *record.Change, d RestrictData) (any, error) {
	id, err := knownOrHidden(c, d.Person)
	if err != nil {
		return nil, err
	}
	in, err := chosen(c, d.Compartments)
	if err != nil {
		return nil, err
	}
	if d.Lift {
		var there []record.Compartment
		for _, one := range in {
			l, err := limitsOn(c.Context, c, one, id)
			if err != nil {
				return nil, err
			}
			if l != nil && slices.Contains(l.Why, Restricted) {
				there = append(there, one)
			}
		}
		if len(there) == 0 {
			return nil, record.Refuse("lift", "not_restricted")
		}
		why, err := typed.Line("reason", d.Reason, 300)
		if err == nil && why == "" {
			err = record.Refuse("reason", "required", "field", "reason_given")
		}
		if err != nil {
			return nil, err
		}
		engine, notes := c.Engine.(lifting)
		if !notes {
			return nil, errNoLifting
		}
		if err := engine.NoteLifted(c, id, there, why); err != nil {
			return nil, err
		}
		return RestrictedNow{id, there, false}, unhide(c, id, Restricted, there...)
	}
	said, err := d.check(c)
	if err != nil {
		return nil, err
	}
	return RestrictedNow{id, in, true}, hide(c, id, in, said, Restricted)
})

func (d *RestrictData) check(c *record.Change) (record.Fields, error) {
	fields := record.Fields{"until": nil}
	for _, t := range []struct{ name, value string }{{"reason", d.Reason}, {"authority", d.Authority}} {
		v, err := typed.Line(t.name, t.value, 300)
		if err != nil {
			return nil, err
		}
		if v == "" {
			return nil, record.Refuse(t.name, "required", "field", t.name)
		}
		fields[t.name] = v
	}
	day, err := typed.Coming("until", d.Until, c.At)
	if err != nil || day == "" {
		return fields, err
	}
	at, err := time.ParseInLocation(time.DateOnly, day, c.At.Location())
	if err != nil {
		return nil, fmt.Errorf("read a date: %w", err)
	}
	fields["until"] = at
	return fields, nil
}

// chosen are the compartments named, or all in which who acts may write.
func chosen(c *record.Change, names []string) ([]record.Compartment, error) {
	names, err := typed.Codes("compartments", names, sealedNames)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		in := mine(c)
		if len(in) == 0 {
			return nil, record.Refuse("", "not_allowed")
		}
		return in, nil
	}
	var in []record.Compartment
	for _, name := range names {
		one, _ := record.ParseCompartment(name)
		if !c.Writes(one) {
			return nil, record.Refuse("compartments", "not_allowed")
		}
		in = append(in, one)
	}
	return in, nil
}

// knownOrHidden resolves a person who is on this machine, also one who is not shown any more.
func knownOrHidden(c *record.Change, text string) (record.ID, error) {
	id, err := c.Ref("person", text)
	if err != nil {
		return id, err
	}
	there, err := c.Exists(Person, id)
	if err != nil || there {
		return id, err
	}
	hidden, err := restrictionsOn(c.Context, c, id)
	if err == nil && len(hidden) == 0 {
		err = record.Refuse("person", "unknown_id", "field", "person")
	}
	return id, err
}

// restrictionsOn reads what limits a person's record in every compartment that the reader opens.
func restrictionsOn(ctx context.Context, r record.Reader, person record.ID) ([]Limits, error) {
	var out []Limits
	for _, in := range Sealed {
		if !r.Opens(in) {
			continue
		}
		l, err := limitsOn(ctx, r, in, person)
		if err != nil {
			return nil, err
		}
		if l != nil && (len(l.Why) > 0 || l.KeepUntil != "") {
			out = append(out, *l)
		}
	}
	return out, nil
}

// Restrictions is the answer to person.restrictions: what limits the use of a person's record, in the compartments that
// the member opens, also when the record is not shown at all.
type Restrictions struct {
	Person record.ID `json:"person"`
	Shown  bool      `json:"shown"` // the person's record is shown here and now
	Limits []Limits  `json:"limits"`
}

var restrictions = record.NewQuery("person.restrictions", Sealed, func(a *record.Ask, p PersonParams) (any, error) {
	id, err := a.Ref("person", p.Person)
	if err != nil {
		return nil, err
	}
	row, err := readPerson(a.Context, a, id)
	if err != nil {
		return nil, err
	}
	limits, err := restrictionsOn(a.Context, a, id)
	if err != nil {
		return nil, err
	}
	if row.id.IsZero() && len(limits) == 0 {
		return nil, record.Refuse("person", "unknown_id", "field", "person")
	}
	sites, err := siteNames(a.Context, a)
	if err != nil {
		return nil, err
	}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return nil, err
	}
	for i := range limits {
		limits[i].HomeName, limits[i].ByName = sites[limits[i].Home], members[limits[i].By]
	}
	return Restrictions{id, !row.id.IsZero(), append([]Limits{}, limits...)}, nil
})
