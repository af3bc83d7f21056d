package people

import (
	"amparo/internal/record"
)

// CompareParams name two records.
type CompareParams struct {
	Person string `json:"person"`
	Other  string `json:"other"`
}

// Compared is the answer to person.compare: two records side by side, and what was said of them.
type Compared struct {
	Person  Brief            `json:"person"`
	Other   Brief            `json:"other"`
	Score   float64          `json:"score"` // bits: the logarithm of the odds that both are one person
	Band    string           `json:"band"`  // likely, possible, unlikely
	Fields  []FieldAgreement `json:"fields"`
	Rows    []LinkedField    `json:"rows"`    // what the two say, field by field, whatever kind it is
	Said    []Saying         `json:"said"`    // latest first; more than one: they contradict each other
	Same    bool             `json:"same"`    // they are held to be the same person now
	Waits   bool             `json:"waits"`   // said to be the same, and not counted: it would join records said to be different
	Through *Brief           `json:"through"` // the record that joins them, when nobody linked the two directly
	Against []Doubt          `json:"against"` // of whom somebody said that they are different, among the records that linking the two would join
}

var compareTwo = func() record.Query {
	q := record.NewQuery("person.compare", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p CompareParams) (any, error) { return compareRecords(a, p) })
	q.About = "person"
	return q
}()

func compareRecords(a *record.Ask, p CompareParams) (Compared, error) {
	one, row, err := asked(a, p.Person)
	if err != nil {
		return Compared{}, err
	}
	two, err := a.Ref("other", p.Other)
	if err != nil {
		return Compared{}, err
	}
	other, err := readPerson(a.Context, a, two)
	if err != nil {
		return Compared{}, err
	}
	if other.id.IsZero() || one == two {
		return Compared{}, record.Refuse("other", "unknown_id", "field", "other")
	}
	a.Opened(two)
	briefs, err := Briefs(a.Context, a, []record.ID{one, two}, a.Now)
	if err != nil {
		return Compared{}, err
	}
	out := Compared{Person: briefs[0], Other: briefs[1], Against: []Doubt{}}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return Compared{}, err
	}
	if out.Rows, err = linkedFields(a, []record.ID{one, two}, map[record.ID]string{one: out.Person.Card, two: out.Other.Card}, members); err != nil {
		return Compared{}, err
	}
	if err := out.standing(a, members); err != nil {
		return Compared{}, err
	}
	l, err := linkerOf(a)
	if err != nil {
		return Compared{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.upToDate(a); err != nil {
		return Compared{}, err
	}
	mine, theirs := row.compared(), other.compared()
	c := l.model.Compare(&mine, &theirs)
	out.Score, out.Band, out.Fields = bits(c.Odds), c.Band.String(), agreements(c)
	return out, nil
}

// standing says what was said of the two, and what linking them would bring together.
func (out *Compared) standing(a *record.Ask, members map[record.ID]string) error {
	one, two := out.Person.ID, out.Other.ID
	w, err := webOf(a.Context, a, []record.ID{one, two})
	if err != nil {
		return err
	}
	p := pairOf(one, two)
	out.Said, out.Same = whoSaid(w.said[p], members), w.rootOf(one) == w.rootOf(two)
	out.Waits = w.said.verdict(p) == Same && !out.Same
	if out.Same && w.said.verdict(p) != Same {
		through, err := Briefs(a.Context, a, []record.ID{w.between(one, two)}, a.Now)
		if err != nil {
			return err
		}
		if len(through) > 0 {
			out.Through = &through[0]
		}
	}
	if out.Same {
		return nil
	}
	var not []pair
	for _, n := range w.apartBetween(w.with(one), w.with(two)) {
		if n != p {
			not = append(not, n)
		}
	}
	by, err := briefsBy(a, not)
	if err != nil {
		return err
	}
	for _, n := range not {
		out.Against = append(out.Against, Doubt{Person: by[n.a], Other: by[n.b], Said: whoSaid(w.said[n], members)})
	}
	return nil
}
