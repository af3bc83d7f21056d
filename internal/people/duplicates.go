package people

import (
	"strings"
	"time"

	"amparo/internal/match/linkage"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// DuplicatesParams are the parameters of person.duplicates.
type DuplicatesParams struct {
	Person string `json:"person,omitempty" jsonschema:"description=only whom this record may be the same person as"`
	Look   int    `json:"look,omitempty" jsonschema:"description=how many more records to look at in this call,minimum=0,maximum=2000"`
	Limit  int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=200"`
	Peek   bool   `json:"peek,omitempty" jsonschema:"description=only what is known already"`
}

// Duplicates is the answer to person.duplicates: pairs of records that may be of one person, and that nobody has decided.
type Duplicates struct {
	Pairs  []Duplicate `json:"pairs"`  // the likeliest first
	Likely int         `json:"likely"` // of those known, how many are likely
	More   int         `json:"more"`   // known and not listed
	Looked int         `json:"looked"` // records looked at so far in this session
	Total  int         `json:"total"`  // records there are
	Doubts []Doubt     `json:"doubts"` // of whom contradicting things are said: somebody has to settle it
}

// Duplicate is a pair of records that may be of one person.
type Duplicate struct {
	Person Brief            `json:"person"`
	Other  Brief            `json:"other"`
	Score  float64          `json:"score"` // bits: the logarithm of the odds that both are one person
	Band   string           `json:"band"`  // likely, possible, unlikely; catalogue `band.<band>`
	Fields []FieldAgreement `json:"fields"`
}

// FieldAgreement is how one field speaks: agreeing, close to it, or against.
type FieldAgreement struct {
	Field  string  `json:"field"`  // given, surname1, surname2, birth, age, sex, nationality, relatives; catalogue `field.<field>`
	Level  string  `json:"level"`  // catalogue `level.<level>`
	Agrees string  `json:"agrees"` // yes, close, no, unknown
	Weight float64 `json:"weight"` // bits; below 0 it speaks against
}

// Doubt is a pair of records of which contradicting things are said.
type Doubt struct {
	Person Brief    `json:"person"`
	Other  Brief    `json:"other"`
	Said   []Saying `json:"said"`
}

const (
	lookUsual = 60
	lookMost  = 2000
	pairsMost = 200
)

var duplicates = record.NewQuery("person.duplicates", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p DuplicatesParams) (any, error) {
	if err := typed.Whole("look", &p.Look, 0, lookMost); err != nil {
		return nil, err
	}
	if err := typed.Whole("limit", &p.Limit, 0, pairsMost); err != nil {
		return nil, err
	}
	if p.Limit == 0 {
		p.Limit = alikeShown
	}
	if p.Look == 0 {
		p.Look = lookUsual
	}
	l, err := linkerOf(a)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.Person != "" {
		return l.duplicatesOf(a, p)
	}
	if !p.Peek {
		ix, err := indexOf(a)
		if err != nil {
			return nil, err
		}
		if err := l.upToDate(a); err != nil {
			return nil, err
		}
		if err := l.look(a, ix, p.Look); err != nil {
			return nil, err
		}
	}
	out := Duplicates{Pairs: []Duplicate{}}
	if out.Looked, out.Total, err = l.looked(a); err != nil {
		return nil, err
	}
	open, err := l.open(a, l.ranked())
	if err != nil {
		return nil, err
	}
	for _, pr := range open {
		if l.pairs[pr].Band == linkage.Likely {
			out.Likely++
		}
	}
	if out.Pairs, err = l.tell(a, open[:min(len(open), p.Limit)]); err != nil {
		return nil, err
	}
	out.More = max(0, len(open)-p.Limit)
	out.Doubts, err = doubts(a)
	return out, err
})

// duplicatesOf looks at one person only.
func (l *linker) duplicatesOf(a *record.Ask, p DuplicatesParams) (Duplicates, error) {
	out := Duplicates{Pairs: []Duplicate{}, Doubts: []Doubt{}}
	id, row, err := asked(a, p.Person)
	if err != nil {
		return out, err
	}
	ix, err := indexOf(a)
	if err != nil {
		return out, err
	}
	if err := l.upToDate(a); err != nil {
		return out, err
	}
	found, err := l.near(a, ix, row, alikeNear)
	if err != nil {
		return out, err
	}
	ranked := make([]pair, len(found))
	for i, f := range found {
		ranked[i] = pairOf(id, f.row.id)
		l.pairs[ranked[i]] = f.Comparison
	}
	if out.Looked, out.Total, err = l.looked(a); err != nil {
		return out, err
	}
	open, err := l.open(a, ranked)
	if err != nil {
		return out, err
	}
	out.Pairs, err = l.tell(a, open[:min(len(open), p.Limit)])
	for i := range out.Pairs {
		if pr := &out.Pairs[i]; pr.Person.ID != id {
			pr.Person, pr.Other = pr.Other, pr.Person
		}
		if l.pairs[open[i]].Band == linkage.Likely {
			out.Likely++
		}
	}
	return out, err
}

// open leaves of the pairs those who are shown and of whom nothing is decided: not by anybody, not by links through others, and of two persons with
// several records one pair.
func (l *linker) open(a *record.Ask, ranked []pair) ([]pair, error) {
	var ids []record.ID
	for _, p := range ranked {
		ids = append(ids, p.a, p.b)
	}
	w, err := webOf(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	here, err := shown(a, ids)
	if err != nil {
		return nil, err
	}
	out, seen := []pair{}, map[pair]bool{}
	for _, p := range ranked {
		one, two := w.rootOf(p.a), w.rootOf(p.b)
		if !here[p.a] || !here[p.b] || len(w.said[p]) > 0 || one == two || seen[pairOf(one, two)] || len(w.apartBetween(w.with(p.a), w.with(p.b))) > 0 {
			continue
		}
		seen[pairOf(one, two)] = true
		out = append(out, p)
	}
	return out, nil
}

// tell writes pairs with what is known of both; who is not shown here is left out.
func (l *linker) tell(a *record.Ask, pairs []pair) ([]Duplicate, error) {
	by, err := briefsBy(a, pairs)
	if err != nil {
		return nil, err
	}
	out := []Duplicate{}
	for _, p := range pairs {
		one, here := by[p.a]
		two, there := by[p.b]
		if !here || !there {
			continue
		}
		c := l.pairs[p]
		out = append(out, Duplicate{Person: one, Other: two, Score: bits(c.Odds), Band: c.Band.String(), Fields: agreements(c)})
	}
	return out, nil
}

func agreements(c linkage.Comparison) []FieldAgreement {
	out := make([]FieldAgreement, 0, len(c.Fields))
	for _, f := range c.Fields {
		out = append(out, FieldAgreement{Field: f.Field, Level: f.Level, Agrees: f.Agrees.String(), Weight: bits(f.Weight)})
	}
	return out
}

func briefsBy(a *record.Ask, pairs []pair) (map[record.ID]Brief, error) {
	var ids []record.ID
	for _, p := range pairs {
		ids = append(ids, p.a, p.b)
	}
	briefs, err := Briefs(a.Context, a, ids, a.Now)
	by := map[record.ID]Brief{}
	for _, b := range briefs {
		by[b.ID] = b
	}
	return by, err
}

// AlikeParams describe somebody who is being registered.
type AlikeParams struct {
	Given       string   `json:"given,omitempty"`
	Surname1    string   `json:"surname1,omitempty"`
	Surname2    string   `json:"surname2,omitempty"`
	Nickname    string   `json:"nickname,omitempty"`
	Spoken      string   `json:"spoken,omitempty"`
	Sex         string   `json:"sex,omitempty"`
	Birth       string   `json:"birth,omitempty"`
	Age         int      `json:"age,omitempty" jsonschema:"description=-1 when it is not known"`
	Nationality []string `json:"nationality,omitempty"`
	Limit       int      `json:"limit,omitempty" jsonschema:"minimum=1,maximum=20"`
}

// Alike is the answer to person.alike: who is here already and may be the person described, the likeliest first.
type Alike struct {
	People []AlikePerson `json:"people"`
}

// AlikePerson is one of them, with the other records of the same person.
type AlikePerson struct {
	Person Brief            `json:"person"`
	Linked []Brief          `json:"linked"`
	Score  float64          `json:"score"`
	Band   string           `json:"band"`
	Fields []FieldAgreement `json:"fields"`
}

var alikeQuery = record.NewQuery("person.alike", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p AlikeParams) (any, error) {
	described, err := p.row(a.Now)
	if err != nil {
		return nil, err
	}
	if err := typed.Whole("limit", &p.Limit, 0, 20); err != nil {
		return nil, err
	}
	if p.Limit == 0 {
		p.Limit = 4
	}
	l, err := linkerOf(a)
	if err != nil {
		return nil, err
	}
	ix, err := indexOf(a)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.upToDate(a); err != nil {
		return nil, err
	}
	found, err := l.near(a, ix, described, alikeNear)
	if err != nil {
		return nil, err
	}
	ids := make([]record.ID, len(found))
	for i, f := range found {
		ids[i] = f.row.id
	}
	w, err := webOf(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	out, shown := Alike{People: []AlikePerson{}}, map[record.ID]bool{}
	for _, f := range found {
		cluster := w.with(f.row.id)
		if shown[w.rootOf(f.row.id)] || len(out.People) == p.Limit {
			continue
		}
		shown[w.rootOf(f.row.id)] = true
		briefs, err := Briefs(a.Context, a, cluster, a.Now)
		if err != nil {
			return nil, err
		}
		one := AlikePerson{Linked: []Brief{}, Score: bits(f.Odds), Band: f.Band.String(), Fields: agreements(f.Comparison)}
		for _, b := range briefs {
			if b.ID == f.row.id {
				one.Person = b
			} else {
				one.Linked = append(one.Linked, b)
			}
		}
		out.People = append(out.People, one)
	}
	return out, nil
})

// row is the person described, as their row would be.
func (p *AlikeParams) row(now time.Time) (stored, error) {
	s := stored{sex: p.Sex, birth: strings.TrimSpace(p.Birth), nationality: p.Nationality}
	for _, t := range []struct {
		name string
		from string
		to   *string
	}{{"given", p.Given, &s.given}, {"surname1", p.Surname1, &s.surname1}, {"surname2", p.Surname2, &s.surname2}, {"nickname", p.Nickname, &s.nickname},
		{"spoken", p.Spoken, &s.spoken}} {
		v, err := typed.Line(t.name, t.from, 2*typed.Name)
		if err != nil {
			return s, err
		}
		*t.to = v
	}
	if p.Age > 0 {
		s.age, s.ageOn = &p.Age, now.Format(time.DateOnly)
	}
	return s, nil
}
