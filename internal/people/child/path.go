package child

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// The path begins in the change that says that a child is without their parents.
func init() {
	people.ChildPath(func(c *record.Change, person record.ID) error {
		_, _, err := c.Put(Step, record.Fields{"person": person, "step": begun, "step_state": "done"})
		return err
	})
}

// StepData is what child.step takes.
type StepData struct {
	Person    string `json:"person"`
	Step      string `json:"step" jsonschema:"enum=apart,enum=safe,enum=notice,enum=referral,enum=fear,enum=family,enum=papers,enum=plan,enum=urgent"`
	State     string `json:"step_state,omitempty" jsonschema:"enum=done,enum=not_possible,enum=not_needed,description=still to do when empty"`
	Authority string `json:"told_to,omitempty" jsonschema:"enum=procuraduria,enum=dif,enum=comar,enum=health,enum=organisation,enum=other,description=with whom it was done"`
}

// Stepped is the result of child.step.
type Stepped struct {
	ID     record.ID `json:"id"`
	Person record.ID `json:"person"`
	Open   int       `json:"open"` // steps still to do
}

var recordStep = record.NewAction("child.step", []record.Compartment{record.Identity}, func(c *record.Change, d StepData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, duty := range Duties {
		codes = append(codes, duty.Code)
	}
	step, err := typed.OneOf("step", d.Step, codes)
	if err != nil {
		return nil, err
	}
	state, err := typed.Code("step_state", d.State, States)
	if err != nil {
		return nil, err
	}
	authority, err := typed.Code("told_to", d.Authority, Authorities)
	if err != nil {
		return nil, err
	}
	fields := record.Fields{"person": person, "step": step, "step_state": nil, "told_to": nil}
	if state != "" {
		fields["step_state"] = state
	}
	if authority != "" && state != "" {
		fields["told_to"] = authority
	}
	id, _, err := c.Put(Step, fields)
	if err != nil {
		return nil, err
	}
	states, err := read(c.Context, c, person)
	if err != nil {
		return nil, err
	}
	open := 0
	for _, duty := range Duties {
		if s := states[duty.Code].State; duty.Code != step && s == "" || duty.Code == step && state == "" {
			open++
		}
	}
	return Stepped{id, person, open}, nil
})

// CompanyData is what child.company takes.
type CompanyData struct {
	Person     string `json:"person"`
	Company    string `json:"company" jsonschema:"enum=alone,enum=other_adult,enum=family,description=with whom the child travels: with nobody; with an adult who is not their parent or guardian; with their parent or guardian"`
	Identified string `json:"identified,omitempty" jsonschema:"enum=self,enum=family,enum=staff,enum=other_person,enum=organisation"`
}

// Accompanied is the result of child.company.
type Accompanied struct {
	ID     record.ID `json:"id"`
	Person record.ID `json:"person"`
	Child  bool      `json:"child"` // the child path goes on
}

var sayCompany = record.NewAction("child.company", []record.Compartment{record.Identity}, func(c *record.Change, d CompanyData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	company, err := typed.OneOf("company", d.Company, Companies)
	if err != nil {
		return nil, err
	}
	group := map[string]string{"alone": "unaccompanied_child", "other_adult": "separated_child", "family": "family_with_children"}[company]
	said := people.PriorityData{Group: group, Identified: d.Identified, MayRecord: "best_interest"}
	on, err := people.Regroup(c, person, said, slices.DeleteFunc([]string{"unaccompanied_child", "separated_child", "family_with_children"}, func(g string) bool { return g == group }))
	return Accompanied{person, person, on}, err
})

// Path is the answer to child.path: what is due to a child without their parents and how far it has come.
type Path struct {
	Person people.Brief `json:"person"`
	On     bool         `json:"on"`    // the child is without their parents
	Ask    bool         `json:"ask"`   // nobody has said with whom the child travels
	Doubt  bool         `json:"doubt"` // the age is not sure: they are taken for a child
	Steps  []OneStep    `json:"steps"` // in the order in which they are done
	Open   int          `json:"open"`  // still to do
	Began  time.Time    `json:"began,omitzero"`
}

// OneStep is one thing that is due.
type OneStep struct {
	Step      string    `json:"step"`
	Law       []string  `json:"law"`
	State     string    `json:"step_state"` // empty: still to do
	Authority string    `json:"told_to"`
	By        record.ID `json:"by,omitzero"`
	ByName    string    `json:"by_name"`
	SiteName  string    `json:"site_name"`
	At        time.Time `json:"at,omitzero"`
}

var path = func() record.Query {
	q := record.NewQuery("child.path", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p people.PersonParams) (any, error) {
		id, brief, err := people.Someone(a, "person", p.Person)
		if err != nil {
			return nil, err
		}
		sites, members, err := people.Names(a.Context, a)
		if err != nil {
			return nil, err
		}
		states, err := read(a.Context, a, id)
		if err != nil {
			return nil, err
		}
		out := of(brief, states)
		for i := range out.Steps {
			s := &out.Steps[i]
			s.ByName, s.SiteName = members[s.By], sites[states[s.Step].site]
		}
		return out, nil
	})
	q.About = "person"
	return q
}()

// of is the path of somebody with what is said of its steps.
func of(p people.Brief, states map[string]said) Path {
	minor := people.Minor(p.Age, p.AgeBand)
	out := Path{Person: p, On: people.ChildAlone(p.Age, p.AgeBand, p.Groups), Doubt: p.AgeAbout || p.Age == nil, Began: states[begun].At, Steps: []OneStep{}}
	out.Ask = minor && !out.On && !slices.Contains(p.Groups, "family_with_children")
	for _, duty := range Duties {
		s := states[duty.Code].OneStep
		s.Step, s.Law = duty.Code, duty.Law
		if s.State == "" {
			out.Open++
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}

// said is a step with the site where it was said.
type said struct {
	OneStep
	site record.ID
}

// read gives what is said of the steps of one person, by code.
func read(ctx context.Context, r record.Reader, person record.ID) (map[string]said, error) {
	out := map[string]said{}
	err := r.Select(ctx, "SELECT step, step_state, told_to, _by, _site, _at, _zone FROM identity.child_step WHERE person = ?", []any{person}, func(row record.Row) error {
		out[row.Text(0)] = saidOf(row, 1)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the path of a child: %w", err)
	}
	return out, nil
}

func saidOf(row record.Row, at int) said {
	s := said{OneStep{State: row.Text(at), Authority: row.Text(at + 1), By: row.ID(at + 2)}, row.ID(at + 3)}
	if !row.Null(at + 4) {
		s.At = people.When(row.Int(at+4), row.Int(at+5))
	}
	return s
}

// ListParams bound the list.
type ListParams struct {
	Limit int `json:"limit,omitempty" jsonschema:"description=50 when nothing is said"`
}

// List is the answer to child.list: children on the path of whom something is still to do, who has waited longest first.
type List struct {
	Children []Path `json:"children"` // by alias, without who said each step
	Total    int    `json:"total"`
}

var list = record.NewQuery("child.list", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p ListParams) (any, error) {
	limit := p.Limit
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	key := "child.list/" + strconv.Itoa(limit) + "/" + a.Now.Format(time.DateOnly)
	return a.Memo(key, []record.Compartment{record.Identity, record.FieldWork}, func() (any, error) { return waiting(a, limit) })
})

// waiting reads them: the board asks for them every half minute, so they are kept until something is written or the day is over.
func waiting(a *record.Ask, limit int) (any, error) {
	var order []record.ID
	states := map[record.ID]map[string]said{}
	err := a.Select(a.Context, `SELECT s.person, s.step, s.step_state, s.told_to, s._by, s._site, s._at, s._zone FROM identity.child_step AS s
		WHERE s.person IN (SELECT person FROM identity.child_step WHERE step = ?) ORDER BY s.person`, []any{begun}, func(row record.Row) error {
		id := row.ID(0)
		if states[id] == nil {
			states[id], order = map[string]said{}, append(order, id)
		}
		states[id][row.Text(1)] = saidOf(row, 2)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the paths of children: %w", err)
	}
	briefs, err := people.Briefs(a.Context, a, order, a.Now)
	if err != nil {
		return nil, err
	}
	out := List{Children: []Path{}}
	for _, b := range briefs {
		if one := of(b, states[b.ID]); one.On && one.Open > 0 {
			one.Person = b.Listed(false)
			out.Children = append(out.Children, one)
		}
	}
	slices.SortStableFunc(out.Children, func(x, y Path) int { return x.Began.Compare(y.Began) })
	out.Total = len(out.Children)
	out.Children = out.Children[:min(limit, len(out.Children))]
	return out, nil
}
