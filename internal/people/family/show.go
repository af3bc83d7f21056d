package family

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"amparo/internal/people"
	"amparo/internal/record"
)

// Shown is the answer to family.show: with whom a person is, who their family is and whom they look for.
type Shown struct {
	Person     people.Brief     `json:"person"`
	Households []HouseholdShown `json:"households"` // those to which they belong first
	Relations  []RelationShown  `json:"relations"`
	Seeks      []Seek           `json:"seeks"` // whom they look for; how far that came says family.proposals, which is not for their eyes
}

// HouseholdShown is a family, or some who travel together, as far as they are known here.
type HouseholdShown struct {
	ID      record.ID     `json:"id"`
	Kind    string        `json:"kind"`   // family, travel, other
	People  int           `json:"people"` // how many they are, with those who are not registered; 0: nobody said it
	Current bool          `json:"current"`
	Members []MemberShown `json:"members"` // those who belong to it first
}

// MemberShown is somebody who belongs to a household, or did.
type MemberShown struct {
	Person people.Brief `json:"person"` // without where they were last met
	Role   string       `json:"role"`
	Since  string       `json:"since"` // day, month or year
	Until  string       `json:"until"` // not any more since then; empty: they belong to it
	Left   string       `json:"left"`  // separated, own_way, mistake
}

// RelationShown is what somebody is to the person.
type RelationShown struct {
	Other    people.Brief `json:"other"` // without where they were last met
	Relation string       `json:"relation"`
	KnownBy  string       `json:"known_by"`
	Rivals   int          `json:"rivals"` // fields of which two places wrote different things
}

var showFamily = func() record.Query {
	q := record.NewQuery("family.show", []record.Compartment{record.Identity, record.FieldWork}, show)
	q.About = "person"
	return q
}()

func show(a *record.Ask, p people.PersonParams) (any, error) {
	id, person, err := people.Someone(a, "person", p.Person)
	if err != nil {
		return nil, err
	}
	out := Shown{Person: person}
	them, err := people.Together(a.Context, a, id) // records of one person say it together
	if err != nil {
		return nil, err
	}
	if out.Households, err = households(a, them); err != nil {
		return nil, err
	}
	if out.Relations, err = relations(a, them); err != nil {
		return nil, err
	}
	marks, args := within(them)
	out.Seeks, err = seeksOf(a.Context, a, "s.person IN ("+marks+")", args...)
	return out, err
}

// within gives ids as the marks and arguments of a statement.
func within(ids []record.ID) (marks string, args []any) {
	for _, id := range ids {
		args = append(args, id)
	}
	return "?" + strings.Repeat(", ?", len(ids)-1), args
}

// others reads persons beside the one whose record is open: who they are, and never where.
func others(ctx context.Context, a *record.Ask, ids []record.ID) (map[record.ID]people.Brief, error) {
	slices.SortFunc(ids, func(x, y record.ID) int { return slices.Compare(x[:], y[:]) })
	briefs, err := people.Briefs(ctx, a, slices.Compact(ids), a.Now)
	if err != nil {
		return nil, err
	}
	out := make(map[record.ID]people.Brief, len(briefs))
	for _, b := range briefs {
		b.LastSeen = nil
		out[b.ID] = b
	}
	return out, nil
}

// households reads those of a person, given as all their records, with who belongs to them. Whose record is not here is left out, and
// not counted.
func households(a *record.Ask, person []record.ID) ([]HouseholdShown, error) {
	type line struct {
		household, person record.ID
		MemberShown
	}
	var lines []line
	var ids []record.ID
	list := []HouseholdShown{}
	at := map[record.ID]int{}
	marks, args := within(person)
	err := a.Select(a.Context, `SELECT h.id, h.household_kind, h.household_people, m.person, m.household_role, m.since, m.until, m.left_why
		FROM identity.household AS h JOIN identity.household_member AS m ON m.household = h.id
		WHERE h.id IN (SELECT mine.household FROM identity.household_member AS mine WHERE mine.person IN (`+marks+`))
		ORDER BY h._rec DESC, h.id, m.until IS NOT NULL, m.since, m.person`, args, func(r record.Row) error {
		id, who := r.ID(0), r.ID(3)
		if _, known := at[id]; !known {
			at[id] = len(list)
			list = append(list, HouseholdShown{ID: id, Kind: r.Text(1), People: int(r.Int(2)), Members: []MemberShown{}})
		}
		if slices.Contains(person, who) {
			who = person[0]
			list[at[id]].Current = list[at[id]].Current || r.Null(6)
		}
		lines = append(lines, line{id, who, MemberShown{Role: r.Text(4), Since: r.Text(5), Until: r.Text(6), Left: r.Text(7)}})
		ids = append(ids, who)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read households: %w", err)
	}
	who, err := others(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		b, here := who[l.person]
		h := &list[at[l.household]]
		if !here || l.Left == "mistake" && l.person != person[0] || slices.ContainsFunc(h.Members, func(m MemberShown) bool { return m.Person.ID == l.person }) {
			continue
		}
		l.MemberShown.Person = b
		h.Members = append(h.Members, l.MemberShown)
	}
	slices.SortStableFunc(list, func(x, y HouseholdShown) int {
		switch {
		case x.Current == y.Current:
			return 0
		case x.Current:
			return -1
		}
		return 1
	})
	return list, nil
}

// relations reads who the family is of a person, given as all their records, as far as records are here.
func relations(a *record.Ask, person []record.ID) ([]RelationShown, error) {
	var lines []RelationShown
	var ids []record.ID
	marks, args := within(person)
	err := a.Select(a.Context, "SELECT other, relation, known_by, _rivals FROM identity.relation WHERE person IN ("+marks+") AND relation IS NOT NULL ORDER BY _rec, id", args, func(r record.Row) error {
		lines = append(lines, RelationShown{Other: people.Brief{ID: r.ID(0)}, Relation: r.Text(1), KnownBy: r.Text(2), Rivals: int(r.Int(3))})
		ids = append(ids, r.ID(0))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read relations: %w", err)
	}
	who, err := others(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	out := []RelationShown{}
	for _, l := range lines {
		b, here := who[l.Other.ID]
		if !here || slices.Contains(person, b.ID) || slices.ContainsFunc(out, func(o RelationShown) bool { return o.Other.ID == b.ID }) {
			continue
		}
		l.Other = b
		out = append(out, l)
	}
	return out, nil
}
