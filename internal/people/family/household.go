package family

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// mostMembers is how many a household takes at once: a bus, and more than any family.
const mostMembers = 200

// New is a household to be formed in the change of another action. The persons may be registered in the same change.
type New struct {
	Kind    string // of HouseholdKinds
	People  int    // how many they are, with those who are not registered; 0: nobody said it
	Members []Belongs
}

// Belongs is one person of a household and what they are in it; the role may be empty.
type Belongs struct {
	Person record.ID
	Role   string // of Roles
}

// Form says a household and who belongs to it, in the change of an action that has checked that the persons are there.
func Form(c *record.Change, n New) (record.ID, error) {
	kind, err := typed.Code("kind", n.Kind, HouseholdKinds)
	if err != nil {
		return record.ID{}, err
	}
	if kind == "" {
		kind = "family"
	}
	if len(n.Members) > mostMembers {
		return record.ID{}, record.Refuse("members", "out_of_range", "field", "members", "got", strconv.Itoa(len(n.Members)), "low", "1", "high", strconv.Itoa(mostMembers))
	}
	fields := record.Fields{"household_kind": kind}
	if n.People > 0 {
		fields["household_people"] = max(n.People, len(n.Members))
	}
	id, err := c.Create(Household, fields)
	if err != nil {
		return id, err
	}
	for _, one := range n.Members {
		if err := Join(c, id, one); err != nil {
			return id, err
		}
	}
	return id, nil
}

// Join says that a person belongs to a household, in the change of an action that has checked that both are there. Who left it and is
// back belongs to it again.
func Join(c *record.Change, household record.ID, who Belongs) error {
	role, err := typed.Code("role", who.Role, Roles)
	if err != nil {
		return err
	}
	fields := record.Fields{"person": who.Person, "household": household, "until": nil, "left_why": nil}
	if role != "" {
		fields["household_role"] = role
	}
	now, err := belonging(c, who.Person, household)
	if err != nil {
		return err
	}
	if now == nil || now.Until != "" {
		fields["since"] = c.At.Format(time.DateOnly)
	}
	_, _, err = c.Put(Member, fields)
	return err
}

// belonging reads whether and how a person belongs to a household; nil when they never did.
func belonging(c *record.Change, person, household record.ID) (*MemberShown, error) {
	var out *MemberShown
	err := c.Select(c.Context, "SELECT household_role, since, until, left_why FROM identity.household_member WHERE person = ? AND household = ?", []any{person, household}, func(r record.Row) error {
		out = &MemberShown{Role: r.Text(0), Since: r.Text(1), Until: r.Text(2), Left: r.Text(3)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who belongs to a household: %w", err)
	}
	return out, nil
}

// FormData is what household.form takes.
type FormData struct {
	Kind    string       `json:"kind,omitempty" jsonschema:"description=family when empty,enum=family,enum=travel,enum=other"`
	People  *int         `json:"people,omitempty" jsonschema:"description=how many they are with those who are not registered,minimum=1,maximum=200"`
	Members []MemberData `json:"members" jsonschema:"description=who of them is registered: objects with person and role; a person alone is taken too"`
}

// MemberData is one member, registered before.
type MemberData struct {
	Person string `json:"person"`
	Role   string `json:"role,omitempty" jsonschema:"enum=head,enum=partner,enum=child,enum=parent,enum=sibling,enum=grandparent,enum=grandchild,enum=relative,enum=companion,enum=other"`
}

// UnmarshalJSON takes the person alone too.
func (m *MemberData) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &m.Person)
	}
	type whole MemberData
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode((*whole)(m))
}

// Formed is the result of household.form and household.join.
type Formed struct {
	ID        record.ID `json:"id"`
	Household record.ID `json:"household"` // the same id, under the name by which later actions ask for it
	Members   int       `json:"members"`   // who belongs to it now, of those known here
}

var formHousehold = record.NewAction("household.form", []record.Compartment{record.Identity}, func(c *record.Change, d FormData) (any, error) {
	if len(d.Members) == 0 {
		return nil, record.Refuse("members", "required", "field", "members")
	}
	if err := typed.Whole("people", d.People, 1, mostMembers); err != nil {
		return nil, err
	}
	n := New{Kind: d.Kind}
	if d.People != nil {
		n.People = *d.People
	}
	seen := map[record.ID]bool{}
	for _, m := range d.Members {
		person, err := people.Known(c, "members", m.Person)
		if err != nil {
			return nil, err
		}
		if !seen[person] {
			seen[person] = true
			n.Members = append(n.Members, Belongs{person, m.Role})
		}
	}
	id, err := Form(c, n)
	return Formed{id, id, len(n.Members)}, err
})

// JoinData is what household.join takes: a household, or somebody with whom the person is.
type JoinData struct {
	Person    string `json:"person"`
	Household string `json:"household,omitempty"`
	With      string `json:"with,omitempty" jsonschema:"description=a person: the household of that kind to which they belong and otherwise a new one with both"`
	Kind      string `json:"kind,omitempty" jsonschema:"description=with somebody: travel when empty,enum=family,enum=travel,enum=other"`
	Role      string `json:"role,omitempty" jsonschema:"enum=head,enum=partner,enum=child,enum=parent,enum=sibling,enum=grandparent,enum=grandchild,enum=relative,enum=companion,enum=other"`
}

var joinHousehold = record.NewAction("household.join", []record.Compartment{record.Identity}, func(c *record.Change, d JoinData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	if (d.Household == "") == (d.With == "") {
		return nil, record.Refuse("household", "household_or_with")
	}
	if d.With != "" {
		with, err := people.Known(c, "with", d.With)
		if err != nil {
			return nil, err
		}
		return joined(With(c, with, d.Kind, Belongs{person, d.Role}))
	}
	id, err := c.Ref("household", d.Household)
	if err != nil {
		return nil, err
	}
	there, err := c.Exists(Household, id)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, record.Refuse("household", "unknown_id", "field", "household")
	}
	if err := Join(c, id, Belongs{person, d.Role}); err != nil {
		return nil, err
	}
	n, err := membersNow(c, id)
	if now, already := n[person]; err == nil && (!already || now.Until != "") {
		n[person] = MemberShown{}
	}
	return Formed{id, id, standing(n)}, err
})

func joined(id record.ID, members int, err error) (any, error) { return Formed{id, id, members}, err }

// With says that a person is with another, in the change of an action that has checked that the other is there: in the household of
// that kind to which the other belongs, otherwise in a new one. It gives the household and how many belong to it.
func With(c *record.Change, other record.ID, kind string, who Belongs) (household record.ID, members int, err error) {
	if kind, err = typed.Code("kind", kind, HouseholdKinds); err != nil {
		return household, 0, err
	}
	if kind == "" {
		kind = "travel"
	}
	if who.Person == other {
		return household, 0, record.Refuse("with", "same_person")
	}
	err = c.Select(c.Context, `SELECT h.id FROM identity.household AS h JOIN identity.household_member AS m ON m.household = h.id
		WHERE m.person = ? AND m.until IS NULL AND h.household_kind = ? ORDER BY h._rec DESC, h.id LIMIT 1`, []any{other, kind}, func(r record.Row) error {
		household = r.ID(0)
		return nil
	})
	if err != nil {
		return household, 0, fmt.Errorf("read the household of a person: %w", err)
	}
	if household.IsZero() {
		household, err = Form(c, New{Kind: kind, Members: []Belongs{{Person: other}, who}})
		return household, 2, err
	}
	now, err := membersNow(c, household)
	if err != nil {
		return household, 0, err
	}
	now[who.Person] = MemberShown{}
	return household, standing(now), Join(c, household, who)
}

// membersNow reads who belongs or belonged to a household.
func membersNow(c *record.Change, household record.ID) (map[record.ID]MemberShown, error) {
	out := map[record.ID]MemberShown{}
	err := c.Select(c.Context, "SELECT m.person, m.until FROM identity.household_member AS m JOIN identity.person AS p ON p.id = m.person WHERE m.household = ?", []any{household}, func(r record.Row) error {
		out[r.ID(0)] = MemberShown{Until: r.Text(1)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read a household: %w", err)
	}
	return out, nil
}

func standing(members map[record.ID]MemberShown) (n int) {
	for _, m := range members {
		if m.Until == "" {
			n++
		}
	}
	return n
}

// LeaveData is what household.leave takes.
type LeaveData struct {
	Person    string `json:"person"`
	Household string `json:"household"`
	Why       string `json:"why,omitempty" jsonschema:"enum=separated,enum=own_way,enum=mistake"`
	Until     string `json:"until,omitempty" jsonschema:"description=since when they are apart as 2026 or 2026-05 or 2026-05-17; the day it is said when empty"`
}

// Left is the result of household.leave.
type Left struct {
	Person    record.ID `json:"person"`
	Household record.ID `json:"household"`
	Separated bool      `json:"separated"` // they were parted: who is sought can be written down (family.seek)
}

var leaveHousehold = record.NewAction("household.leave", []record.Compartment{record.Identity}, func(c *record.Change, d LeaveData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	household, err := c.Ref("household", d.Household)
	if err != nil {
		return nil, err
	}
	why, err := typed.Code("why", d.Why, LeftWhys)
	if err != nil {
		return nil, err
	}
	until, err := typed.Past("until", d.Until, c.Now)
	if err != nil {
		return nil, err
	}
	if until == "" {
		until = c.At.Format(time.DateOnly)
	}
	now, err := belonging(c, person, household)
	if err != nil {
		return nil, err
	}
	if now == nil || now.Until != "" {
		return nil, record.Refuse("household", "not_a_member")
	}
	fields := record.Fields{"person": person, "household": household, "until": until, "left_why": nil}
	if why != "" {
		fields["left_why"] = why
	}
	_, _, err = c.Put(Member, fields)
	return Left{person, household, why == "separated"}, err
})
