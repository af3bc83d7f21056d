package family

import (
	"context"
	"fmt"
	"slices"

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
	id, person, err := someone(a, "person", p.Person)
	if err != nil {
		return nil, err
	}
	out := Shown{Person: person}
	if out.Households, err = households(a, id); err != nil {
		return nil, err
	}
	if out.Relations, err = relations(a, id); err != nil {
		return nil, err
	}
	out.Seeks, err = seeksOf(a.Context, a, "s.person = ?", id)
	return out, err
}

// someone resolves a person of a question.
func someone(a *record.Ask, field, text string) (record.ID, people.Brief, error) {
	id, err := a.Ref(field, text)
	if err != nil {
		return id, people.Brief{}, err
	}
	briefs, err := people.Briefs(a.Context, a, []record.ID{id}, a.Now)
	if err == nil && len(briefs) == 0 {
		err = record.Refuse(field, "unknown_id", "field", field)
	}
	if err != nil {
		return id, people.Brief{}, err
	}
	return id, briefs[0], nil
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

// households reads those of a person, with who belongs to them. Whose record is not here is left out, and not counted.
func households(a *record.Ask, person record.ID) ([]HouseholdShown, error) {
	type line struct {
		household, person record.ID
		MemberShown
	}
	var lines []line
	var ids []record.ID
	list := []HouseholdShown{}
	at := map[record.ID]int{}
	err := a.Select(a.Context, `SELECT h.id, h.household_kind, h.household_people, mine.until IS NULL, m.person, m.household_role, m.since, m.until, m.left_why
		FROM identity.household_member AS mine JOIN identity.household AS h ON h.id = mine.household JOIN identity.household_member AS m ON m.household = h.id
		WHERE mine.person = ? ORDER BY mine.until IS NOT NULL, h._rec DESC, h.id, m.until IS NOT NULL, m.since, m.person`, []any{person}, func(r record.Row) error {
		id := r.ID(0)
		if _, known := at[id]; !known {
			at[id] = len(list)
			list = append(list, HouseholdShown{ID: id, Kind: r.Text(1), People: int(r.Int(2)), Current: r.Bool(3), Members: []MemberShown{}})
		}
		lines = append(lines, line{id, r.ID(4), MemberShown{Role: r.Text(5), Since: r.Text(6), Until: r.Text(7), Left: r.Text(8)}})
		ids = append(ids, r.ID(4))
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
		if !here || l.Left == "mistake" && l.person != person {
			continue
		}
		l.MemberShown.Person = b
		h := &list[at[l.household]]
		h.Members = append(h.Members, l.MemberShown)
	}
	return list, nil
}

// relations reads who somebody's family is, as far as their records are here.
func relations(a *record.Ask, person record.ID) ([]RelationShown, error) {
	var lines []RelationShown
	var ids []record.ID
	err := a.Select(a.Context, "SELECT other, relation, known_by, _rivals FROM identity.relation WHERE person = ? AND relation IS NOT NULL ORDER BY _rec, id", []any{person}, func(r record.Row) error {
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
		if b, here := who[l.Other.ID]; here {
			l.Other = b
			out = append(out, l)
		}
	}
	return out, nil
}
