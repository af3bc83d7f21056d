package place

import (
	"context"
	"fmt"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Headcount is how many people stay at a site at a moment: a stock, never a flow, never names.
var Headcount = &record.Kind{Number: 31, Name: "headcount", In: record.FieldWork, Form: record.Happening, Fields: []record.Field{
	{Number: 1, Name: "total", Type: record.Int},
	{Number: 2, Name: "method", Type: record.Code, Codes: "count_method"},
	{Number: 3, Name: "low", Type: record.Int}, // what the counter is sure of, when the total is an estimate
	{Number: 4, Name: "high", Type: record.Int},
	{Number: 5, Name: "women", Type: record.Int},
	{Number: 6, Name: "men", Type: record.Int},
	{Number: 7, Name: "girls", Type: record.Int},
	{Number: 8, Name: "boys", Type: record.Int},
}}

// Methods are the ways of counting (labels `code.count_method.<code>`).
var Methods = []string{"count", "registration", "occupancy", "informant"}

// MostPeople is the greatest number of people that one count is believed to hold.
const MostPeople = 200_000

// CountData is what site.count takes.
type CountData struct {
	Total  *int   `json:"total"`
	Method string `json:"method,omitempty" jsonschema:"enum=count,enum=registration,enum=occupancy,enum=informant"`
	Low    *int   `json:"low,omitempty"`
	High   *int   `json:"high,omitempty"`
	Women  *int   `json:"women,omitempty"`
	Men    *int   `json:"men,omitempty"`
	Girls  *int   `json:"girls,omitempty"`
	Boys   *int   `json:"boys,omitempty"`
}

// CountedID is the result of a count.
type CountedID struct {
	ID record.ID `json:"id"`
}

var countSite = record.NewAction("site.count", []record.Compartment{record.FieldWork}, func(c *record.Change, d CountData) (any, error) {
	if _, err := Here(c); err != nil {
		return nil, err
	}
	fields, err := HeadFields(d.Total, d.Women, d.Men, d.Girls, d.Boys)
	if err != nil {
		return nil, err
	}
	method, err := typed.Code("method", d.Method, Methods)
	if err != nil {
		return nil, err
	}
	if method == "" {
		method = "count"
	}
	fields["method"] = method
	total := fields["total"].(int)
	if err := typed.Whole("low", d.Low, 0, total); err != nil {
		return nil, err
	}
	if err := typed.Whole("high", d.High, total, MostPeople); err != nil {
		return nil, err
	}
	Say(fields, "low", d.Low)
	Say(fields, "high", d.High)
	id, err := c.Happen(Headcount, fields)
	return CountedID{ID: id}, err
})

// HeadFields checks heads counted by sex and age. Without a total, the parts together are it; they may be fewer than the total
// (some were not told apart) and never more.
func HeadFields(total, women, men, girls, boys *int) (record.Fields, error) {
	fields, sum, said := record.Fields{}, 0, false
	for _, part := range []struct {
		name string
		n    *int
	}{{"women", women}, {"men", men}, {"girls", girls}, {"boys", boys}} {
		if err := typed.Whole(part.name, part.n, 0, MostPeople); err != nil {
			return nil, err
		}
		Say(fields, part.name, part.n)
		if part.n != nil {
			sum, said = sum+*part.n, true
		}
	}
	if total == nil {
		if !said {
			return nil, record.Refuse("total", "required", "field", "total")
		}
		total = &sum
	}
	if err := typed.Whole("total", total, sum, MostPeople); err != nil {
		return nil, err
	}
	fields["total"] = *total
	return fields, nil
}

// Say adds a number to fields when there is one.
func Say(fields record.Fields, name string, n *int) {
	if n != nil {
		fields[name] = *n
	}
}

// LatestCount is the last headcount of a site before an instant; nil when there is none.
func LatestCount(ctx context.Context, r record.Reader, site record.ID, before time.Time) (*Counted, error) {
	var found *Counted
	err := r.Select(ctx, `SELECT id, _at, _zone, total, low, high, women, men, girls, boys, method FROM field.headcount
		WHERE _site = ? AND _at < ? AND _corrected IS NULL ORDER BY _at DESC, id DESC LIMIT 1`, []any{site, before.Unix()}, func(row record.Row) error {
		found = &Counted{ID: row.ID(0), At: time.Unix(row.Int(1), 0).In(time.FixedZone("", int(row.Int(2))*60)), Total: int(row.Int(3)),
			Low: Maybe(row, 4), High: Maybe(row, 5), Women: Maybe(row, 6), Men: Maybe(row, 7), Girls: Maybe(row, 8), Boys: Maybe(row, 9), Method: row.Text(10)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read headcounts: %w", err)
	}
	return found, nil
}

// Maybe reads a number that may not be there.
func Maybe(row record.Row, column int) *int {
	if row.Null(column) {
		return nil
	}
	n := int(row.Int(column))
	return &n
}

// Counted is a headcount of the people staying at a site, as queries show it. What was not counted is null.
type Counted struct {
	ID     record.ID `json:"id"`
	At     time.Time `json:"at"`
	Total  int       `json:"total"`
	Low    *int      `json:"low"`
	High   *int      `json:"high"`
	Women  *int      `json:"women"`
	Men    *int      `json:"men"`
	Girls  *int      `json:"girls"`
	Boys   *int      `json:"boys"`
	Method string    `json:"method"` // count, registration, occupancy, informant
}
