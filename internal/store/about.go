package store

import (
	"context"
	"fmt"
	"slices"
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
	of, about := speaksOf(f)
	if !about {
		return nil
	}
	return v.write.exec(fmt.Sprintf("INSERT INTO %s._about (of, writer, seq, idx) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", p.In), of, p.Writer[:], p.Seq, p.Index)
}

// speaksOf is Of, and the hiding record for what somebody typed when they limited the use of a person's record: that goes with
// the person, although it is passed on and read while the record is hidden. That the person is hidden for being erased stays.
func speaksOf(f record.Fact) (of record.ID, about bool) {
	if !f.Kind.Hides {
		return Of(f)
	}
	for number, value := range f.Values {
		field, _ := f.Kind.FieldNumbered(number)
		why, _ := value.([]string)
		switch {
		case field.Name == "why" && slices.Contains(why, "erasure"):
			return of, false
		case field.Type == record.Text && value != nil:
			about = true
		}
	}
	return f.Entity, about
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
	err = r.Select(ctx, fmt.Sprintf("SELECT DISTINCT writer, seq, idx FROM %s._about WHERE %s", c, strings.Join(of, " OR ")), args, placeOf(&list))
	return list, err
}

// RecordsOf lists the records of a person whose parts do not say whose they are: when the parts that do are erased, nothing
// else leads to what is said of these records later.
func (v *Views) RecordsOf(ctx context.Context, r record.Reader, c record.Compartment, person record.ID) (list []record.ID, err error) {
	for _, k := range v.registry.Kinds() {
		if k.In != c || !ofPersons(k) || k.IsPerson {
			continue
		}
		err = r.Select(ctx, fmt.Sprintf("SELECT DISTINCT a.of FROM %s AS t JOIN %s._about AS a ON a.of = t.id WHERE t.%s = ?", v.table(k), c, k.Subject), []any{person}, func(row record.Row) error {
			list = append(list, row.ID(0))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AboutRecord lists the parts that speak of one record and do not say whose it is.
func (v *Views) AboutRecord(ctx context.Context, r record.Reader, c record.Compartment, id record.ID) (list []journal.PartPlace, err error) {
	err = r.Select(ctx, fmt.Sprintf("SELECT writer, seq, idx FROM %s._about WHERE of = ?", c), []any{id}, placeOf(&list))
	return list, err
}

func placeOf(list *[]journal.PartPlace) func(record.Row) error {
	return func(row record.Row) error {
		p := journal.PartPlace{Seq: uint64(row.Int(1)), Index: uint8(row.Int(2))}
		copy(p.Writer[:], row.Blob(0))
		*list = append(*list, p)
		return nil
	}
}

// Knows reports whether anything is known of a person in a compartment, shown or hidden.
func (v *Views) Knows(ctx context.Context, r record.Reader, c record.Compartment, person record.ID) (bool, error) {
	list, err := v.AboutPerson(ctx, r, c, person)
	return len(list) > 0, err
}

// HidingKind is the kind that hides persons in a compartment; nil where there is none.
func (v *Views) HidingKind(c record.Compartment) *record.Kind { return v.hiding[c].by }

// OnlyAbout reports whether every fact of a part is about the person or one of the records. One that this version does not
// know is about who knows whom.
func (v *Views) OnlyAbout(p *Opened, person record.ID, records []record.ID) bool {
	for i := range p.Body.Facts {
		w := &p.Body.Facts[i]
		kind := v.registry.Kind(w.Kind)
		if kind == nil || kind.In != p.In {
			return false
		}
		f, err := fact(kind, w, record.ID(journal.FactID(p.Writer, p.Seq, p.Salt, int(w.N))))
		if err != nil {
			return false
		}
		of, about := speaksOf(f)
		if !about || of != person && !slices.Contains(records, of) {
			return false
		}
	}
	return len(p.Body.Facts) > 0
}

// AboutAll gives every part of a compartment that speaks of a person, with the person.
func (v *Views) AboutAll(ctx context.Context, r record.Reader, c record.Compartment, each func(record.ID, journal.PartPlace) error) error {
	whose := map[record.ID]record.ID{} // a person's records
	for _, k := range v.registry.Kinds() {
		if k.In != c || !ofPersons(k) || k.IsPerson {
			continue
		}
		if err := r.Select(ctx, fmt.Sprintf("SELECT id, %s FROM %s", k.Subject, v.table(k)), nil, func(row record.Row) error {
			whose[row.ID(0)] = row.ID(1)
			return nil
		}); err != nil {
			return err
		}
	}
	type part struct {
		person record.ID
		place  journal.PartPlace
	}
	var all []part // read first: each may ask something itself
	if err := r.Select(ctx, fmt.Sprintf("SELECT of, writer, seq, idx FROM %s._about", c), nil, func(row record.Row) error {
		p := part{person: row.ID(0), place: journal.PartPlace{Seq: uint64(row.Int(2)), Index: uint8(row.Int(3))}}
		if person, of := whose[p.person]; of && !person.IsZero() {
			p.person = person
		}
		copy(p.place.Writer[:], row.Blob(1))
		all = append(all, p)
		return nil
	}); err != nil {
		return err
	}
	for _, p := range all {
		if err := each(p.person, p.place); err != nil {
			return err
		}
	}
	return nil
}
