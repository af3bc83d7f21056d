package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Priority says of a group a person stands in who saw it, and that it may be written down. That they stand in it is said by the field
// groups of their record; a group of which nothing is said here is what they told themselves.
var Priority = About(&record.Kind{Number: 19, Name: "priority", In: record.Identity, Form: record.Keyed, Subject: "person", Brief: true, Key: []string{"person", "priority"},
	Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "priority", Type: record.Code, Codes: "group"},
		{Number: 3, Name: "identified", Type: record.Code, Codes: "identified"},
		{Number: 4, Name: "may_record", Type: record.Code, Codes: "may_record"},
	}})

// SurvivorPriority says that a person survived sexual violence or torture. It is the only place where that is said outside of what is
// written to treat them, and opens to nobody but those who do.
var SurvivorPriority = About(&record.Kind{Number: 26, Name: "priority_survivor", In: record.Survivor, Form: record.Keyed, Subject: "person", Key: []string{"person"},
	Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "identified", Type: record.Code, Codes: "identified"}, // nothing: taken back
		{Number: 3, Name: "may_record", Type: record.Code, Codes: "may_record"},
	}})

// Code lists of a priority.
var (
	// Identifiers are who saw that a person stands in a group.
	Identifiers = []string{"self", "family", "staff", "other_person", "organisation"}
	// MayRecord is why it may be written down: the person agreed; or they cannot be asked, and it is in their interest.
	MayRecord = []string{"agreed", "guardian", "best_interest"}
)

// PriorityData is a group a person stands in, with who saw it and why it may be written down.
type PriorityData struct {
	Group      string `json:"group"`
	Identified string `json:"identified,omitempty" jsonschema:"enum=self,enum=family,enum=staff,enum=other_person,enum=organisation,description=who saw it; self when nothing is said"`
	MayRecord  string `json:"may_record,omitempty" jsonschema:"enum=agreed,enum=guardian,enum=best_interest,description=why it may be written down; agreed when nothing is said"`
}

func (d PriorityData) check() (PriorityData, error) {
	group, err := typed.OneOf("group", d.Group, Groups)
	if err != nil {
		return d, err
	}
	identified, err := typed.Code("identified", d.Identified, Identifiers)
	if err != nil {
		return d, err
	}
	may, err := typed.Code("may_record", d.MayRecord, MayRecord)
	if err != nil {
		return d, err
	}
	return PriorityData{group, or(identified, "self"), or(may, "agreed")}, nil
}

// OnePriority is a group a person stands in, as their record shows it.
type OnePriority struct {
	Group      string    `json:"group"`
	Identified string    `json:"identified"` // code list identified
	MayRecord  string    `json:"may_record"` // code list may_record
	By         record.ID `json:"by,omitzero"`
	ByName     string    `json:"by_name"`
	At         time.Time `json:"at,omitzero"` // when it was said, where more is known than that they told it themselves
}

// PersonPriorityData is what person.priority takes.
type PersonPriorityData struct {
	Person string `json:"person"`
	PriorityData
	End bool `json:"end,omitempty" jsonschema:"description=they no longer stand in the group, or it was a mistake"`
}

// Prioritised is the result of person.priority.
type Prioritised struct {
	ID      record.ID `json:"id"`
	Person  record.ID `json:"person"`
	Groups  []string  `json:"groups"`            // as they stand now, for who asks
	Child   bool      `json:"child,omitempty"`   // a child without their parents: the child path is open
	Private bool      `json:"private,omitempty"` // only that they want to talk in private was kept: the member does not open more
}

var prioritise = record.NewAction("person.priority", []record.Compartment{record.Identity, record.Survivor}, func(c *record.Change, d PersonPriorityData) (any, error) {
	id, err := Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	said, err := d.check()
	if err != nil {
		return nil, err
	}
	now, err := readPerson(c.Context, c, id)
	if err != nil {
		return nil, err
	}
	out := Prioritised{ID: id, Person: id}
	if d.End {
		out.Groups = slices.DeleteFunc(slices.Clone(now.groups), func(g string) bool { return g == said.Group })
		if said.Group == SurvivorGroup && c.Writes(record.Survivor) {
			if err := notSurvivor(c, id); err != nil {
				return nil, err
			}
		}
	} else {
		out.Groups = append(slices.Clone(now.groups), said.Group)
	}
	kept, private, err := sayGroups(c, id, out.Groups, []PriorityData{said}, d.End)
	if err != nil {
		return nil, err
	}
	standing, err := withOld(c, id, kept)
	if err != nil {
		return nil, err
	}
	if _, err := c.Set(Person, id, record.Fields{"groups": standing}); err != nil {
		return nil, err
	}
	if private && !d.End {
		out.Groups = kept
	}
	if out.Child = ChildAlone(ageOf(now, c.At), now.ageBand, out.Groups); out.Child {
		if err := beginChildPath(c, id); err != nil {
			return nil, err
		}
	}
	slices.Sort(out.Groups)
	out.Groups, out.Private = slices.Compact(out.Groups), private && !d.End
	return out, nil
})

// Regroup says, in the change of an action that has checked that the person is there, that they stand in one group and not in others. It
// reports whether they are a child without their parents now.
func Regroup(c *record.Change, person record.ID, in PriorityData, not []string) (child bool, err error) {
	said, err := in.check()
	if err != nil {
		return false, err
	}
	now, err := readPerson(c.Context, c, person)
	if err != nil {
		return false, err
	}
	groups := append(slices.DeleteFunc(slices.Clone(now.groups), func(g string) bool { return slices.Contains(not, g) }), said.Group)
	kept, _, err := sayGroups(c, person, groups, []PriorityData{said}, false)
	if err != nil {
		return false, err
	}
	standing, err := withOld(c, person, kept)
	if err != nil {
		return false, err
	}
	if _, err := c.Set(Person, person, record.Fields{"groups": standing}); err != nil {
		return false, err
	}
	if child = ChildAlone(ageOf(now, c.At), now.ageBand, kept); child {
		err = beginChildPath(c, person)
	}
	return child, err
}

// sayGroups writes what is said of each group and gives the groups that may stand in the person's own record: all but the one of
// survivors. Who may write that writes it where it belongs; from everybody else only stays that somebody wants to talk in private.
func sayGroups(c *record.Change, person record.ID, groups []string, said []PriorityData, ends bool) (kept []string, private bool, err error) {
	for _, g := range groups {
		if g != SurvivorGroup {
			kept = append(kept, g)
			continue
		}
		if !c.Writes(record.Survivor) {
			kept, private = append(kept, PrivateTalk), true
			said = slices.Clone(said)
			for i := range said { // as of everybody who wants to talk in private, so that they stand apart from nobody
				if said[i].Group == SurvivorGroup {
					said[i].Group = PrivateTalk
				}
			}
			continue
		}
		why := PriorityData{SurvivorGroup, "self", "agreed"}
		for _, one := range said {
			if one.Group == SurvivorGroup {
				why = one
			}
		}
		fields := record.Fields{"person": person, "identified": why.Identified, "may_record": why.MayRecord}
		if stands, err := survivorStands(c.Context, c, person); err != nil {
			return nil, false, err
		} else if stands != nil && !slices.ContainsFunc(said, func(one PriorityData) bool { return one.Group == SurvivorGroup }) {
			continue // said again by a list of groups: who saw it stays
		}
		if _, _, err := c.Put(SurvivorPriority, fields); err != nil {
			return nil, false, err
		}
	}
	slices.Sort(kept)
	kept = slices.Compact(kept)
	if ends {
		return kept, private, nil
	}
	for _, one := range said {
		if one.Group == SurvivorGroup {
			continue
		}
		if _, _, err := c.Put(Priority, record.Fields{"person": person, "priority": one.Group, "identified": one.Identified, "may_record": one.MayRecord}); err != nil {
			return nil, false, err
		}
	}
	return kept, private, nil
}

// withOld are the groups as they are to stand in the person's own record: whoever may not write of survivors says nothing of what an
// earlier version of the program wrote there, and was shown instead that somebody wants to talk in private.
func withOld(c *record.Change, person record.ID, kept []string) ([]string, error) {
	if c.Writes(record.Survivor) {
		return kept, nil
	}
	var before []string
	err := c.Select(c.Context, "SELECT groups FROM identity.person WHERE id = ?", []any{person}, func(row record.Row) error {
		before = row.Set(0)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	if !slices.Contains(before, SurvivorGroup) {
		return kept, nil
	}
	kept = slices.DeleteFunc(slices.Clone(kept), func(g string) bool { return g == PrivateTalk && !slices.Contains(before, PrivateTalk) })
	return append(kept, SurvivorGroup), nil
}

// notSurvivor takes it back.
func notSurvivor(c *record.Change, person record.ID) error {
	stands, err := survivorStands(c.Context, c, person)
	if err != nil || stands == nil {
		return err
	}
	_, _, err = c.Put(SurvivorPriority, record.Fields{"person": person, "identified": nil, "may_record": nil})
	return err
}

// survivorStands reads what is said of one person; nil when nothing is, or when it is not for who asks.
func survivorStands(ctx context.Context, r record.Reader, person record.ID) (*OnePriority, error) {
	all, err := survivors(ctx, r, []record.ID{person})
	if err != nil {
		return nil, err
	}
	if one, ok := all[person]; ok {
		return &one, nil
	}
	return nil, nil
}

func survivors(ctx context.Context, r record.Reader, ids []record.ID) (map[record.ID]OnePriority, error) {
	out := map[record.ID]OnePriority{}
	if !r.Opens(record.Survivor) || len(ids) == 0 {
		return out, nil
	}
	err := inChunks(ids, func(marks string, args []any) error {
		return r.Select(ctx, "SELECT person, identified, may_record, _by, _at, _zone FROM survivor.priority_survivor WHERE identified IS NOT NULL AND person IN ("+marks+")", args, func(row record.Row) error {
			out[row.ID(0)] = saidPriority(SurvivorGroup, row, 1)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read who talks in private: %w", err)
	}
	return out, nil
}

func saidPriority(group string, row record.Row, at int) OnePriority {
	p := OnePriority{Group: group, Identified: row.Text(at), MayRecord: row.Text(at + 1), By: row.ID(at + 2)}
	if !row.Null(at + 3) {
		p.At = When(row.Int(at+3), row.Int(at+4))
	}
	return p
}

// groupsFor is what the reader may know of the groups of several persons: who does not open the compartment survivor reads that
// somebody wants to talk in private where an earlier version of the program wrote more.
func groupsFor(ctx context.Context, r record.Reader, persons []*stored) error {
	ids := make([]record.ID, len(persons))
	for i, p := range persons {
		ids[i] = p.id
	}
	known, err := survivors(ctx, r, ids)
	if err != nil {
		return err
	}
	for _, p := range persons {
		groups := slices.Clone(p.groups)
		if at := slices.Index(groups, SurvivorGroup); at >= 0 && !r.Opens(record.Survivor) {
			groups[at] = PrivateTalk
		}
		if _, is := known[p.id]; is {
			groups = append(groups, SurvivorGroup)
		}
		slices.Sort(groups)
		p.groups = slices.Compact(groups)
	}
	return nil
}

// priorities lists the groups of one person, each with what is said of it.
func priorities(ctx context.Context, r record.Reader, p stored, members map[record.ID]string) ([]OnePriority, error) {
	said := map[string]OnePriority{}
	err := r.Select(ctx, "SELECT priority, identified, may_record, _by, _at, _zone FROM identity.priority WHERE person = ?", []any{p.id}, func(row record.Row) error {
		said[row.Text(0)] = saidPriority(row.Text(0), row, 1)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read priorities: %w", err)
	}
	if one, err := survivorStands(ctx, r, p.id); err != nil {
		return nil, err
	} else if one != nil {
		said[SurvivorGroup] = *one
	}
	out := []OnePriority{}
	for _, g := range p.groups {
		one, known := said[g]
		if !known {
			one = OnePriority{Group: g, Identified: "self", MayRecord: "agreed"}
		}
		one.ByName = members[one.By]
		out = append(out, one)
	}
	return out, nil
}
