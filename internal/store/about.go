package store

import (
	"context"
	"fmt"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// aboutTable says which parts speak of whom, so that erasing a person finds them. "of" is the person where the part says
// so, otherwise the record it speaks of, which says whose it is: what comes first does not matter.
const aboutTable = `CREATE TABLE %[1]s._about (of BLOB NOT NULL, writer BLOB NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (of, writer, seq, idx)) STRICT, WITHOUT ROWID;
`

// about notes of whom a part speaks.
func (v *Views) about(p *Opened, f record.Fact) error {
	of, about := Of(f)
	if !about {
		return nil
	}
	return v.write.exec(fmt.Sprintf("INSERT INTO %s._about (of, writer, seq, idx) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", p.In), of, p.Writer[:], p.Seq, p.Index)
}

// Of is the person a fact is about, as far as the fact itself says, or else the record it is about; about is false for
// facts that are about nobody.
func Of(f record.Fact) (of record.ID, about bool) {
	k := f.Kind
	if !ofPersons(k) {
		return of, false
	}
	if k.IsPerson {
		return f.Entity, true
	}
	subject, _ := k.Field(k.Subject)
	if raw, said := f.Values[subject.Number].([]byte); said && len(raw) == len(of) {
		return record.ID(raw), true
	}
	if !f.Corrects.IsZero() {
		return f.Corrects, true
	}
	return f.Entity, true
}

// AboutPerson lists the parts that speak of a person in a compartment, in no order that means anything; r reads the views,
// what a running batch wrote included when it is Working.
func (v *Views) AboutPerson(ctx context.Context, r record.Reader, c record.Compartment, person record.ID) (list []journal.PartPlace, err error) {
	of, args := []string{"of = ?"}, []any{person}
	for _, k := range v.registry.Kinds() {
		if k.In == c && ofPersons(k) && !k.IsPerson {
			of, args = append(of, fmt.Sprintf("of IN (SELECT id FROM %s WHERE %s = ?)", v.table(k), k.Subject)), append(args, person)
		}
	}
	err = r.Select(ctx, fmt.Sprintf("SELECT DISTINCT writer, seq, idx FROM %s._about WHERE %s", c, strings.Join(of, " OR ")), args, func(row record.Row) error {
		p := journal.PartPlace{Seq: uint64(row.Int(1)), Index: uint8(row.Int(2))}
		copy(p.Writer[:], row.Blob(0))
		list = append(list, p)
		return nil
	})
	return list, err
}
