package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/sheet"
)

// ErrRejected reports a list of which rows were rejected: nothing of it was recorded. Taken.Rejected says which and why.
var ErrRejected = errors.New("nothing was registered: the list has rows that cannot be taken")

// How says what is to be done with a list.
type How uint8

// A list is tried, taken when all of it is good, or taken as far as it is good.
const (
	Try How = iota
	Whole
	Good
)

// Apply runs actions, all or none; none, too, when it is a trial. It reports whether they were kept.
type Apply func(requests []record.Request, trial bool) ([]record.Result, bool, error)

// Taken is what became of a list.
type Taken struct {
	Added     int         `json:"added"`     // persons registered, or who would be
	Changed   int         `json:"changed"`   // always 0: a list adds and never overwrites
	Unchanged int         `json:"unchanged"` // rows that were brought before
	Rejected  []Rejection `json:"rejected"`  // by line
	DryRun    bool        `json:"dry_run"`
	People    []record.ID `json:"people,omitempty"` // who was registered
}

// Take registers the people of a list through apply. Whole leaves nothing of a list in which anything is wrong; Good takes the other
// rows, all together.
func (l *List) Take(how How, apply Apply) (Taken, error) {
	out := Taken{Rejected: []Rejection{}, DryRun: how == Try}
	for {
		rows := slices.DeleteFunc(slices.Clone(l.Rows), func(r *Row) bool { return r.bad })
		requests := make([]record.Request, len(rows))
		for i, r := range rows {
			requests[i] = r.Request
		}
		trial := how == Try || how == Whole && len(l.Rejected) > 0
		results, kept, err := apply(requests, trial)
		if err != nil {
			return out, fmt.Errorf("register a list: %w", err)
		}
		out.Added, out.Unchanged, out.People = 0, 0, nil
		refused := false
		for i, r := range results {
			if !r.OK {
				refused = true
				l.refuse(rows[i], r.Error)
				continue
			}
			who, err := record.ResultAs[made](r)
			if err != nil {
				return out, err
			}
			if who.Again {
				out.Unchanged++
				continue
			}
			out.Added++
			if kept {
				out.People = append(out.People, who.Person)
			}
		}
		if refused && how == Good { // again without them
			continue
		}
		slices.SortStableFunc(l.Rejected, func(a, b Rejection) int { return a.Line - b.Line })
		out.Rejected = append(out.Rejected, l.Rejected...)
		if len(out.Rejected) > 0 && how == Whole {
			out.Added, out.People = 0, nil
			return out, ErrRejected
		}
		return out, nil
	}
}

// refuse notes what an action said no to.
func (l *List) refuse(row *Row, p *record.Problem) {
	row.bad = true
	r := Rejection{Line: row.Line}
	if p != nil {
		field := p.Field
		for _, joint := range []string{fullName, surnames} { // the cell in which the field stood
			if _, there := row.columns[field]; !there && row.columns[joint] > 0 {
				field = joint
			}
		}
		r.Column, r.Field, r.Code, r.Reason = row.columns[field], p.Field, p.Code, p.Message
	}
	l.reject(r)
}

// made is what person.register answers.
type made struct {
	Person record.ID `json:"person"`
	Again  bool      `json:"again"`
}

// WriteRejected writes the rows that were not taken as a table to mend and bring again: as they came, with the reason in a first
// column that is passed over when the table is read.
func (l *List) WriteRejected(to io.Writer) error {
	w := sheet.NewWriter(to)
	if err := w.Write(append([]string{"#" + lang.T(l.tag, "intake.reason")}, l.Header...)...); err != nil {
		return err
	}
	for _, r := range l.Rows {
		if !r.bad {
			continue
		}
		why := []string{}
		for _, one := range l.Rejected {
			if one.Line == r.Line {
				why = append(why, one.Reason)
			}
		}
		line := lang.T(l.tag, "intake.line", "line", strconv.Itoa(r.Line), "reason", strings.Join(why, " "))
		if err := w.Write(append([]string{line}, r.Cells...)...); err != nil {
			return err
		}
	}
	return w.Flush()
}
