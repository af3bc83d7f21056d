package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// mostLines is how many people, or families, one group takes: two buses.
const mostLines = 120

// GroupData is what group.register takes: those who arrive together, a line for each or one for a whole family, and how many they were
// without names. What is said beside the lines goes for every line that does not say it itself.
type GroupData struct {
	People      []GroupLine `json:"people,omitempty"`
	Nationality []string    `json:"nationality,omitempty" jsonschema:"description=of every line that says none"`
	Languages   []string    `json:"languages,omitempty" jsonschema:"description=of every line that says none"`
	Direction   string      `json:"direction,omitempty" jsonschema:"description=of every line that says none and of the count,enum=north,enum=south,enum=staying,enum=returned,enum=unknown"`
	Consent     []string    `json:"consent,omitempty" jsonschema:"description=of every line that says none"`
	Together    bool        `json:"together,omitempty" jsonschema:"description=all of them travel together and are to be found through each other"`
	Count       *GroupCount `json:"count,omitempty"`
}

// GroupLine is one person, or the one who speaks for a family.
type GroupLine struct {
	people.RegisterData
	Family     string `json:"family,omitempty" jsonschema:"description=lines with the same word are one family"`
	FamilySize *int   `json:"family_size,omitempty" jsonschema:"description=the line stands for a family of so many; the others are registered later,minimum=1,maximum=30"`
}

// GroupCount is how many arrived, without names: with those who are registered and those who are not.
type GroupCount struct {
	Total *int   `json:"total,omitempty"`
	Women *int   `json:"women,omitempty"`
	Men   *int   `json:"men,omitempty"`
	Girls *int   `json:"girls,omitempty"`
	Boys  *int   `json:"boys,omitempty"`
	Mode  string `json:"mode,omitempty" jsonschema:"enum=foot,enum=bus,enum=train,enum=truck,enum=plane,enum=other"`
}

// Grouped is the result of group.register.
type Grouped struct {
	ID         record.ID   `json:"id"`     // of the first person, otherwise of the count
	People     []Enrolled  `json:"people"` // in the order of the lines
	Households []record.ID `json:"households"`
	Count      record.ID   `json:"count,omitzero"`
	Incomplete int         `json:"incomplete"` // of whom more is to be asked
}

// Enrolled is one of them.
type Enrolled struct {
	Person  record.ID `json:"person"`
	Card    string    `json:"card,omitempty"`    // empty when it was registered by an earlier request of the same id
	Child   bool      `json:"child,omitempty"`   // alone, or with nobody of their own: the child path begins at once
	Ask     bool      `json:"ask,omitempty"`     // a child, and nobody said with whom they travel
	Private bool      `json:"private,omitempty"` // of a survivor only that they want to talk in private was kept
}

// togetherAtOnce is how many persons are said to belong to a household at once: each is a part of the commit.
const togetherAtOnce = 10

var registerGroup = record.NewSteps("group.register", []record.Compartment{record.Identity, record.Survivor, record.FieldWork}, func(c *record.Change, name func(int) string, d GroupData) (*record.Steps, error) {
	if len(d.People) == 0 && d.Count == nil {
		return nil, record.Refuse("people", "group_empty")
	}
	if len(d.People) > mostLines {
		return nil, record.Refuse("people", "out_of_range", "field", "people", "got", strconv.Itoa(len(d.People)), "low", "0", "high", strconv.Itoa(mostLines))
	}
	if err := d.check(c); err != nil {
		return nil, err
	}
	g := &group{name: name}
	for i := range d.People {
		line := d.line(i)
		if line.Incomplete {
			g.incomplete++
		}
		g.step("person.register", line.RegisterData)
	}
	g.lines = len(d.People)
	d.households(g)
	if d.Count != nil {
		data, err := d.count()
		if err != nil {
			return nil, err
		}
		g.counts = len(g.requests)
		g.step("flow.count", data)
	}
	return &record.Steps{Requests: g.requests, Refused: func(step int, p record.Problem) *record.Refusal { return g.refused(c, step, p) },
		Done: func(results []record.Result) any { return g.done(results) }}, nil
})

// group is the actions by which one is registered: first a person for each line, then the households, then the count.
type group struct {
	name       func(int) string
	requests   []record.Request
	lines      int
	forms      []int // the steps that form a household
	counts     int   // the step that counts; 0: none does
	incomplete int
}

func (g *group) step(action string, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err) // text, numbers and lists always have a JSON form
	}
	g.requests = append(g.requests, record.Request{Action: action, Data: raw})
}

// refused says what is wrong: of a person in which line.
func (g *group) refused(c *record.Change, step int, p record.Problem) *record.Refusal {
	switch {
	case p.Field == "site" || p.Code == "not_allowed":
		return record.Refuse(p.Field, p.Code)
	case step < g.lines:
		return record.Refuse("people."+strconv.Itoa(step)+"."+p.Field, "in_line", "line", step+1, "says", p.Message)
	case g.counts > 0 && step == g.counts || g.lines == 0:
		return record.Refuse("count."+p.Field, "group_part", "says", p.Message)
	}
	return record.Refuse("people", "group_part", "says", p.Message)
}

func (g *group) done(results []record.Result) Grouped {
	out := Grouped{People: []Enrolled{}, Households: []record.ID{}, Incomplete: g.incomplete}
	for i, r := range results[:g.lines] {
		var one Enrolled
		if reg, fresh := r.Result.(people.Registered); fresh {
			one = Enrolled{reg.Person, reg.Card, reg.Child, reg.Ask, reg.Private}
		} else {
			one.Person = made(r)
		}
		if i == 0 {
			out.ID = one.Person
		}
		out.People = append(out.People, one)
	}
	for _, step := range g.forms {
		out.Households = append(out.Households, made(results[step]))
	}
	if g.counts > 0 || g.lines == 0 {
		out.Count = made(results[len(results)-1])
	}
	if g.lines == 0 {
		out.ID = out.Count
	}
	return out
}

// made is the id of what a step made, now or at an earlier request of the same id.
func made(r record.Result) (id record.ID) {
	raw, err := json.Marshal(r.Result)
	var named struct {
		ID record.ID `json:"id"`
	}
	if err == nil && json.Unmarshal(raw, &named) == nil {
		id = named.ID
	}
	return id
}

// check refuses what is wrong of the group as a whole.
func (d *GroupData) check(c *record.Change) error {
	if _, err := typed.Countries("nationality", d.Nationality); err != nil {
		return err
	}
	if _, err := typed.Languages("languages", d.Languages); err != nil {
		return err
	}
	if _, err := typed.Code("direction", d.Direction, people.Directions); err != nil {
		return err
	}
	if _, err := typed.Codes("consent", d.Consent, people.Purposes); err != nil {
		return err
	}
	for i := range d.People {
		if err := typed.Whole("family_size", d.People[i].FamilySize, 1, 30); err != nil {
			return inLine(c, i, err)
		}
		if _, err := typed.Code("role", d.People[i].Role, family.Roles); err != nil {
			return inLine(c, i, err)
		}
		name, err := typed.Line("family", d.People[i].Family, typed.Name)
		if err != nil {
			return inLine(c, i, err)
		}
		d.People[i].Family = name
	}
	return nil
}

// line is one of them with what was said for all.
func (d *GroupData) line(i int) GroupLine {
	line := d.People[i]
	if len(line.Nationality) == 0 {
		line.Nationality = d.Nationality
	}
	if len(line.Languages) == 0 {
		line.Languages = d.Languages
	}
	if line.Direction == "" {
		line.Direction = d.Direction
	}
	if len(line.Consent) == 0 {
		line.Consent = d.Consent
	}
	line.Incomplete = line.Incomplete || !line.Complete() || len(line.Consent) == 0
	return line
}

// inLine says of a refusal in which line it is: to a program by the field, to people in the sentence.
func inLine(c *record.Change, i int, err error) error {
	var r *record.Refusal
	if !errors.As(err, &r) {
		return err
	}
	at := record.Refuse(r.Field, "in_line", "line", i+1, "says", lang.T(lang.Tag(c.Lang), "refuse."+r.Code, r.Args...)).Because(err)
	return people.Within("people", i, at)
}

// households says who is one family, and who arrived together.
func (d *GroupData) households(g *group) {
	families, order := map[string]*family.FormData{}, []string{}
	all := family.FormData{Kind: "travel"}
	for i, line := range d.People {
		name := line.Family
		if name == "" && line.FamilySize != nil && *line.FamilySize > 1 {
			name = "\x00" + strconv.Itoa(i) // a family of which one is here by name
		}
		all.Members = append(all.Members, family.MemberData{Person: g.name(i)})
		if name == "" {
			continue
		}
		if families[name] == nil {
			families[name] = &family.FormData{Kind: "family", People: new(int)}
			order = append(order, name)
		}
		one := families[name]
		one.Members = append(one.Members, family.MemberData{Person: g.name(i), Role: line.Role})
		*one.People++
		if line.FamilySize != nil {
			*one.People += *line.FamilySize - 1
		}
	}
	for _, name := range order {
		one := families[name]
		if *one.People == len(one.Members) { // all are named: a number would go on counting who is hidden or erased later
			one.People = nil
		}
		g.form(*one)
	}
	if d.Together && len(all.Members) > 1 {
		g.form(all)
	}
}

// form forms a household, of as many as one commit holds, and lets the others join it.
func (g *group) form(d family.FormData) {
	rest := d.Members[min(len(d.Members), togetherAtOnce):]
	d.Members = d.Members[:len(d.Members)-len(rest)]
	household := g.name(len(g.requests))
	g.forms = append(g.forms, len(g.requests))
	g.step("household.form", d)
	for _, one := range rest {
		g.step("household.join", family.JoinData{Person: one.Person, Household: household, Role: one.Role})
	}
}

// count is how many arrived. They are never fewer than those who are named.
func (d *GroupData) count() (FlowData, error) {
	fields, err := place.HeadFields(d.Count.Total, d.Count.Women, d.Count.Men, d.Count.Girls, d.Count.Boys)
	if err != nil {
		return FlowData{}, people.Inside("count", err)
	}
	named := 0
	for _, line := range d.People {
		named++
		if line.FamilySize != nil {
			named += *line.FamilySize - 1
		}
	}
	total, _ := fields["total"].(int)
	if total < named {
		return FlowData{}, record.Refuse("count.total", "count_less", "total", total, "named", named)
	}
	if _, err := typed.Code("mode", d.Count.Mode, Modes); err != nil {
		return FlowData{}, people.Inside("count", err)
	}
	data := FlowData{Direction: way(d.Direction), Total: &total, Women: d.Count.Women, Men: d.Count.Men, Girls: d.Count.Girls, Boys: d.Count.Boys, Mode: d.Count.Mode}
	if len(d.Nationality) == 1 {
		data.Nationality = d.Nationality[0]
	}
	return data, nil
}

// way is the direction of a flow: who was sent back goes south.
func way(direction string) string {
	switch direction {
	case "":
		return "unknown"
	case "returned":
		return "south"
	}
	return direction
}

// IncompleteParams bound the list.
type IncompleteParams struct {
	Limit int `json:"limit,omitempty" jsonschema:"description=100 when nothing is said"`
}

// Incompletes is the answer to group.incomplete: who was taken up in a hurry and is still to be asked, the latest first, each by the name by
// which they are called.
type Incompletes struct {
	People   []people.ToComplete `json:"people"`
	Families []Unnamed           `json:"families"` // of which fewer are registered than they said they are
	Total    int                 `json:"total"`    // of both, with those beyond the limit
}

// Unnamed is a family of whom some are not registered yet.
type Unnamed struct {
	Household record.ID    `json:"household"`
	Person    people.Brief `json:"person"` // one of those who are
	Size      int          `json:"size"`
	Named     int          `json:"named"`
}

var incomplete = record.NewQuery("group.incomplete", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p IncompleteParams) (any, error) {
	limit := p.Limit
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	return a.Memo("group.incomplete/"+strconv.Itoa(limit), []record.Compartment{record.Identity, record.FieldWork}, func() (any, error) { return toComplete(a, limit) })
})

// toComplete reads them: the board asks for them every half minute, so they are kept until something is written.
func toComplete(a *record.Ask, limit int) (any, error) {
	list, total, err := people.Incomplete(a.Context, a, limit, a.Now)
	if err != nil {
		return nil, err
	}
	out := Incompletes{People: list, Families: []Unnamed{}, Total: total}
	var first []record.ID
	err = a.Select(a.Context, `SELECT h.id, h.household_people, count(m.person), min(m.person) FROM identity.household AS h
		JOIN identity.household_member AS m ON m.household = h.id AND m.until IS NULL JOIN identity.person AS p ON p.id = m.person
		WHERE h.household_people > 1 AND h.household_kind = 'family' GROUP BY h.id HAVING count(m.person) < h.household_people ORDER BY h._rec DESC, h.id`, nil, func(row record.Row) error {
		if out.Total++; len(out.Families) < limit {
			first = append(first, row.ID(3))
			out.Families = append(out.Families, Unnamed{Household: row.ID(0), Size: int(row.Int(1)), Named: int(row.Int(2))})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read families to complete: %w", err)
	}
	briefs, err := people.Briefs(a.Context, a, first, a.Now)
	if err != nil {
		return nil, err
	}
	known := map[record.ID]people.Brief{}
	for _, b := range briefs {
		known[b.ID] = b
	}
	for i := range list {
		list[i].Person = list[i].Person.Listed(true)
	}
	for i, id := range first {
		out.Families[i].Person = known[id].Listed(true)
	}
	return out, nil

}
