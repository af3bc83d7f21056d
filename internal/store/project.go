package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Opened is a part that the session could open.
type Opened struct {
	Arrival int64
	In      record.Compartment
	Writer  journal.WriterID
	Seq     uint64
	Index   int // which part of the commit
	Salt    [8]byte
	Time    journal.Time
	By      record.ID // the member behind the writer
	Body    journal.Body
}

// Odd is a fact that could be opened but not understood: it stays in the journal, is named here, and blocks nothing.
type Odd struct {
	Writer journal.WriterID
	Seq    uint64
	Fact   uint32
	Reason string
}

// Project writes opened parts, in order of arrival, into the views, and notes that everything up to the arrival
// `through` has been read. Nothing is visible to Select before Flush.
func (v *Views) Project(parts []Opened, through int64) ([]Odd, error) {
	if err := v.begin(); err != nil {
		return nil, err
	}
	var odd []Odd
	for i := range parts {
		p := &parts[i]
		if !v.Opens(p.In) || p.Arrival <= v.position[p.In] {
			continue
		}
		if err := v.project(p, &odd); err != nil {
			return odd, ofView("project", err)
		}
		v.touched[p.In] = true
	}
	for c := range v.keys {
		if through > v.position[c] {
			v.position[c] = through
		}
	}
	return odd, nil
}

func (v *Views) begin() error {
	if v.inBatch {
		return nil
	}
	if v.write == nil {
		return errNotRenewed
	}
	if err := v.write.exec("BEGIN IMMEDIATE"); err != nil {
		return ofView("begin", err)
	}
	v.inBatch = true
	return nil
}

// Flush makes what was projected visible.
func (v *Views) Flush() error {
	if !v.inBatch {
		return nil
	}
	for c := range v.keys {
		if err := v.write.exec(fmt.Sprintf("UPDATE %s._view SET position = ?", c), v.position[c]); err != nil {
			return errors.Join(ofView("project", err), v.Drop())
		}
	}
	if err := v.write.exec("COMMIT"); err != nil {
		return errors.Join(ofView("project", err), v.Drop())
	}
	v.inBatch = false
	for c := range v.touched {
		v.versions[c].Add(1)
	}
	clear(v.touched)
	return nil
}

// Drop forgets what was projected since the last Flush.
func (v *Views) Drop() error {
	if !v.inBatch {
		return nil
	}
	v.inBatch = false
	if !v.write.conn.GetAutocommit() {
		if err := v.write.exec("ROLLBACK"); err != nil {
			return ofView("roll back", err)
		}
	}
	for c := range v.keys {
		if err := v.write.run(fmt.Sprintf("SELECT position FROM %s._view", c), nil, func(s *sqlite3.Stmt) error {
			v.position[c] = s.ColumnInt64(0)
			return nil
		}); err != nil {
			return ofView("roll back", err)
		}
	}
	return nil
}

func (v *Views) project(p *Opened, odd *[]Odd) error {
	var site record.ID
	copy(site[:], p.Body.Site)
	wall := p.Time.Wall()
	said := record.Said{By: p.By, Site: site, At: wall.Unix() - p.Body.Ago, Zone: p.Body.Zone, Rec: int64(p.Time)}
	for i := range p.Body.Facts {
		w := &p.Body.Facts[i]
		kind := v.registry.Kind(w.Kind)
		if kind == nil || kind.In != p.In {
			continue // of a later version: kept in the journal, projected after an upgrade
		}
		f, err := fact(kind, w, record.ID(journal.FactID(p.Writer, p.Seq, p.Salt, int(w.N))))
		if err != nil {
			*odd = append(*odd, Odd{p.Writer, p.Seq, w.N, err.Error()})
			continue
		}
		if err := v.about(p, f); err != nil {
			return err
		}
		row := rowMeta{said: said, recorded: wall.UnixMilli()}
		switch kind.Form {
		case record.Tally:
			err = v.tally(f)
		case record.Happening:
			err = v.happening(f, row)
		default:
			err = v.registers(f, row)
		}
		if err != nil {
			return fmt.Errorf("%s, commit %d by %s: %w", kind.Name, p.Seq, p.Writer, err)
		}
		if w.N == 0 && len(p.Body.Client) == ClientSize { // an action says first what it is about
			if err := v.write.exec(fmt.Sprintf("INSERT INTO %s._client (hash, id, said) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", p.In),
				p.Body.Client[:clientHash], f.Entity, p.Body.Client[clientHash:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// fact gives a written fact its kind, and refuses what the kind does not allow.
func fact(k *record.Kind, w *journal.Fact, id record.ID) (record.Fact, error) {
	f := record.Fact{Kind: k, ID: id, Entity: id, Creates: w.Creates, Values: map[uint8]any{}, Replaces: map[uint8][]record.FactRef{}}
	for number, value := range w.Values {
		field, known := k.FieldNumbered(number)
		if !known {
			continue // a field of a later version
		}
		if err := field.Check(value); err != nil {
			return f, err
		}
		f.Values[number] = value
	}
	for number, refs := range w.Replaces {
		for _, ref := range refs {
			f.Replaces[number] = append(f.Replaces[number], record.FactRef(ref))
		}
	}
	copy(f.Corrects[:], w.Corrects)
	switch {
	case k.Form == record.Keyed:
		entity, err := k.KeyID(f.Values)
		if err != nil {
			return f, err
		}
		f.Entity = entity
	case len(w.Entity) > 0 && k.Form == record.Entity:
		copy(f.Entity[:], w.Entity)
	}
	if k.Form == record.Tally {
		if n, ok := f.Values[tallyN(k)].(int64); !ok || n == 0 || n > maxTally || n < -maxTally {
			return f, errors.New("a count line whose n is missing or beyond all counting")
		}
	}
	return f, nil
}

// ClientSize is the length of a body's Client: a hash of the client's id, then one of what was asked under it.
const (
	ClientSize = 12
	clientHash = 8
)

// maxTally bounds one count line: a sum of hostile ones must not overflow the column and stop the view.
const maxTally = 1_000_000_000

func tallyN(k *record.Kind) uint8 {
	n, _ := k.Field("n")
	return n.Number
}

type rowMeta struct {
	said     record.Said
	recorded int64 // unix ms
}

func (v *Views) tally(f record.Fact) error {
	names, marks, args, key := []string{}, []string{}, []any{}, []string{}
	for _, field := range f.Kind.Fields {
		value := column(field, f.Values[field.Number])
		if value == nil {
			value = zero(field)
		}
		names, marks, args = append(names, field.Name), append(marks, "?"), append(args, value)
		if field.Name != "n" {
			key = append(key, field.Name)
		}
	}
	return v.write.exec(fmt.Sprintf("INSERT INTO %s (%s, _lines) VALUES (%s, 1) ON CONFLICT (%s) DO UPDATE SET n = n + excluded.n, _lines = _lines + 1",
		f.Kind.Table(), strings.Join(names, ", "), strings.Join(marks, ", "), strings.Join(key, ", ")), args...)
}

func zero(f record.Field) any {
	switch columnType(f.Type) {
	case "INTEGER":
		return int64(0)
	case "BLOB":
		return []byte{}
	}
	return ""
}

func (v *Views) happening(f record.Fact, row rowMeta) error {
	k := f.Kind
	corrected, err := v.correction(f)
	if err != nil {
		return err
	}
	names, marks, args := []string{"id"}, []string{"?"}, []any{f.Entity}
	for _, field := range k.Fields {
		names, marks, args = append(names, field.Name), append(marks, "?"), append(args, column(field, f.Values[field.Number]))
	}
	names = append(names, "_site", "_by", "_at", "_zone", "_rec", "_corrected")
	marks = append(marks, "?", "?", "?", "?", "?", "?")
	args = append(args, row.said.Site, row.said.By, row.said.At, int64(row.said.Zone), row.recorded, corrected)
	if err := v.write.exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (id) DO NOTHING", v.table(k), strings.Join(names, ", "), strings.Join(marks, ", ")), args...); err != nil {
		return err
	}
	return v.timeline(f, row)
}

// correction notes what this fact corrects, and finds what already corrects it: either may come first.
func (v *Views) correction(f record.Fact) (by record.ID, err error) {
	c := f.Kind.In
	if !f.Corrects.IsZero() {
		if err := v.write.exec(fmt.Sprintf("INSERT INTO %s._correction (earlier, later) VALUES (?, ?) ON CONFLICT DO NOTHING", c), f.Corrects, f.Entity); err != nil {
			return by, err
		}
		if err := v.write.exec(fmt.Sprintf("UPDATE %[2]s SET _corrected = (SELECT max(later) FROM %[1]s._correction WHERE earlier = ?1) WHERE id = ?1", c, v.table(f.Kind)), f.Corrects); err != nil {
			return by, err
		}
	}
	err = v.write.run(fmt.Sprintf("SELECT max(later) FROM %s._correction WHERE earlier = ?", c), []any{f.Entity}, func(s *sqlite3.Stmt) error {
		by = answer{s}.ID(0)
		return nil
	})
	return by, err
}

// timeline enters what a fact begins in the timeline of the person it is about: what happened, or a record that can change later.
func (v *Views) timeline(f record.Fact, row rowMeta) error {
	if f.Kind.Subject == "" {
		return nil
	}
	field, _ := f.Kind.Field(f.Kind.Subject)
	subject, ok := f.Values[field.Number].([]byte)
	if !ok {
		return nil
	}
	return v.write.exec(fmt.Sprintf("INSERT INTO %s (subject, at, id, kind) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", v.own(f.Kind.In, "_timeline")),
		subject, row.said.At, f.Entity, int(f.Kind.Number))
}

func (v *Views) registers(f record.Fact, row rowMeta) error {
	k := f.Kind
	state := record.NewState()
	known := false
	err := v.write.run(fmt.Sprintf("SELECT _state FROM %s WHERE id = ?", v.table(k)), []any{f.Entity}, func(s *sqlite3.Stmt) error {
		known = true
		var err error
		state, err = record.DecodeState(s.ColumnRawBlob(0))
		return err
	})
	if err != nil {
		return err
	}
	state.Apply(f, row.said)
	if f.Creates {
		err = v.timeline(f, row)
	} else {
		err = v.change(f, row)
	}
	if err != nil {
		return err
	}
	return v.writeState(k, f.Entity, state, known, row)
}

func (v *Views) writeState(k *record.Kind, id record.ID, state *record.State, known bool, row rowMeta) error {
	encoded, err := state.Encode()
	if err != nil {
		return err
	}
	var names []string
	var args []any
	rivals := 0
	for _, field := range k.Fields {
		names, args = append(names, field.Name), append(args, column(field, state.Value(field)))
		if len(state.Rivals(field)) > 0 {
			rivals++
		}
	}
	names, args = append(names, "_site", "_by", "_at", "_zone", "_rec", "_rivals", "_state"), append(args, nil, nil, nil, nil, nil, rivals, encoded)
	if created, ok := state.Created(); ok {
		copy(args[len(args)-7:], []any{created.Site, created.By, created.At, int64(created.Zone), journal.Time(created.Rec).Wall().UnixMilli()})
	}
	if !known {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)+1), ", ")
		return v.write.exec(fmt.Sprintf("INSERT INTO %s (%s, id) VALUES (%s)", v.table(k), strings.Join(names, ", "), marks), append(args, id)...)
	}
	return v.write.exec(fmt.Sprintf("UPDATE %s SET %s = ? WHERE id = ?", v.table(k), strings.Join(names, " = ?, ")), append(args, id)...)
}

// change keeps who changed which fields, for the timeline.
func (v *Views) change(f record.Fact, row rowMeta) error {
	var names []string
	for _, field := range f.Kind.Fields {
		_, said := f.Values[field.Number]
		if _, replaced := f.Replaces[field.Number]; (said || replaced) && !slices.Contains(f.Kind.Key, field.Name) {
			names = append(names, field.Name)
		}
	}
	slices.Sort(names)
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return v.write.exec(fmt.Sprintf("INSERT INTO %s (entity, id, kind, fields, _site, _by, _at, _zone, _rec) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", v.own(f.Kind.In, "_change")),
		f.Entity, f.ID, int(f.Kind.Number), string(list), row.said.Site, row.said.By, row.said.At, int64(row.said.Zone), row.recorded)
}

// column is how a canonical value stands in a row.
func column(f record.Field, value any) any {
	if f.Type != record.Set {
		return value
	}
	set, _ := value.([]string)
	if set == nil {
		set = []string{}
	}
	list, err := json.Marshal(set)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(list)
}
