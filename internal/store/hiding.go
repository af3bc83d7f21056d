package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/record"
)

// Hiding: in a compartment that has a kind which hides persons, every kind about persons is stored in a table whose name
// begins with _all_, and under its own name there is an SQL view of the rows of those who are not hidden. So no query that
// any package writes can show a hidden person by forgetting to ask. Projection, digests and erasure work on the tables.

// hiding is how one compartment hides persons; by is nil where nobody can be hidden.
type hiding struct {
	in record.Compartment
	by *record.Kind
}

func hidingIn(c record.Compartment, kinds []*record.Kind) hiding {
	for _, k := range kinds {
		if k.In == c && k.Hides {
			return hiding{c, k}
		}
	}
	return hiding{in: c}
}

// ofPersons reports a kind whose rows belong to persons. What hides a person is not one: it must outlast what it hides.
func ofPersons(k *record.Kind) bool { return k.AboutPersons() && !k.Hides }

// name is the table behind one of the engine's own.
func (h hiding) name(own string) string {
	if h.by == nil {
		return own
	}
	return "_all" + own
}

// table is where the rows of a kind are stored.
func (h hiding) table(k *record.Kind) string {
	if h.by == nil || !ofPersons(k) {
		return k.Name
	}
	return "_all_" + k.Name
}

// views makes what queries read under the names of the tables.
func (h hiding) views(b *strings.Builder, kinds []*record.Kind) {
	if h.by == nil {
		return
	}
	home := "NULL"
	if _, has := h.by.Field("home"); has {
		home = "h.home"
	}
	view := func(name, table, columns, person string) {
		// The first question is asked once a statement: while nobody is hidden it is all that hiding costs.
		fmt.Fprintf(b, "CREATE VIEW %[1]s.%[2]s AS SELECT %[3]s FROM %[4]s AS t WHERE NOT EXISTS (SELECT 1 FROM %[5]s) OR NOT EXISTS (SELECT 1 FROM %[5]s AS h WHERE h.person = %[6]s AND hides(h.person, h.why, %[7]s));\n",
			h.in, name, columns, table, h.by.Name, person, home)
	}
	// Whose a change is: of a person's own record the person's, of another about a person that person's.
	whose := "CASE t.kind"
	for _, k := range kinds {
		if k.In != h.in || !ofPersons(k) {
			continue
		}
		person := "t.id"
		if !k.IsPerson {
			person = "t." + k.Subject
		}
		view(k.Name, h.table(k), "*, rowid", person)
		switch {
		case k.IsPerson:
			whose += fmt.Sprintf(" WHEN %d THEN t.entity", k.Number)
		case k.Registers():
			whose += fmt.Sprintf(" WHEN %d THEN (SELECT s.%s FROM %s AS s WHERE s.id = t.entity)", k.Number, k.Subject, h.table(k))
		}
	}
	view("_timeline", h.name("_timeline"), "*", "t.subject")
	if whose == "CASE t.kind" { // no record about a person can change
		whose = "NULL"
	} else {
		whose += " END"
	}
	view("_change", h.name("_change"), "*, rowid", whose) // numbered as they come, for who follows what changes
}

// table is where a kind's rows are stored, with its schema.
func (v *Views) table(k *record.Kind) string { return k.In.String() + "." + v.hiding[k.In].table(k) }

// own is where the rows of one of the engine's own tables are stored, with its schema.
func (v *Views) own(c record.Compartment, name string) string {
	return c.String() + "." + v.hiding[c].name(name)
}

// hidingFunction makes the SQL function that the views ask: is this person hidden, for these reasons, from who reads here?
func (v *Views) hidingFunction(conn *sqlite3.Conn) error {
	// Innocuous, since it only answers: views of an attached file may then call it whatever the connection trusts.
	return conn.CreateFunction("hides", 3, sqlite3.INNOCUOUS, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		why := wordsOf(arg[1].RawText())
		hidden := len(why) > 0
		if hidden && v.Hides != nil {
			hidden = v.Hides(idOf(arg[0].RawBlob()), why, idOf(arg[2].RawBlob()))
		}
		ctx.ResultBool(hidden)
	})
}

// wordsOf reads a Set as it stands in a row; one that does not read hides nobody less.
func wordsOf(raw []byte) (set []string) {
	if len(raw) > 0 && json.Unmarshal(raw, &set) != nil {
		return []string{string(raw)}
	}
	return set
}

func idOf(raw []byte) (id record.ID) {
	if len(raw) == len(id) {
		copy(id[:], raw)
	}
	return id
}

// Hidden lists why a person is hidden in a compartment; nil when they are not, or when it is not open.
func (v *Views) Hidden(ctx context.Context, r record.Reader, c record.Compartment, person record.ID) (why []string, err error) {
	h := v.hiding[c]
	if h.by == nil || !v.Opens(c) {
		return nil, nil
	}
	err = r.Select(ctx, "SELECT why FROM "+h.by.Table()+" WHERE person = ?", []any{person}, func(row record.Row) error {
		why = append(why, row.Set(0)...)
		return nil
	})
	slices.Sort(why)
	return slices.Compact(why), err
}

// Rows is where a kind's rows stand, also those of persons who are hidden: for the engine, which must know whose a record is.
func Rows(k *record.Kind, kinds []*record.Kind) string {
	return k.In.String() + "." + hidingIn(k.In, kinds).table(k)
}
