package people

import (
	"context"
	"fmt"
	"time"

	"amparo/internal/record"
)

// ToComplete is somebody who was taken up in a hurry, and what is still to be asked.
type ToComplete struct {
	Person  Brief    `json:"person"`
	Missing []string `json:"missing"` // fields of the record; consent: nobody asked
}

// Incomplete reads who was taken up in a hurry, at most limit of them, the latest first, and how many there are in all.
func Incomplete(ctx context.Context, r record.Reader, limit int, today time.Time) (list []ToComplete, total int, err error) {
	var ids []record.ID
	missing := map[record.ID][]string{}
	err = r.Select(ctx, "SELECT "+personColumns+" FROM identity.person WHERE incomplete = 1 ORDER BY _rec DESC, id", nil, func(row record.Row) error {
		if total++; total <= limit {
			p := scanPerson(row)
			ids, missing[p.id] = append(ids, p.id), p.missing()
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read who is to be completed: %w", err)
	}
	briefs, err := Briefs(ctx, r, ids, today)
	if err != nil {
		return nil, 0, err
	}
	list = []ToComplete{}
	for _, b := range briefs {
		list = append(list, ToComplete{b, missing[b.ID]})
	}
	return list, total, nil
}

// missing names what is asked of everybody and not known of this person.
func (p *stored) missing() []string {
	out := []string{}
	for _, f := range []struct {
		name  string
		known bool
	}{
		{"sex", p.sex != ""}, {"birth", p.birth != "" || p.age != nil || p.ageBand != ""}, {"nationality", len(p.nationality) > 0},
		{"languages", len(p.languages) > 0}, {"consent", len(p.consent)+len(p.refused) > 0},
	} {
		if !f.known {
			out = append(out, f.name)
		}
	}
	return out
}
