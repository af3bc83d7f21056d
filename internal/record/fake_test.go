package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// person and shelf are two kinds made up for these tests: an Entity and a Keyed record with one field of every type
// that merges in its own way.
var (
	person = &Kind{Number: 60001, Name: "person", IsPerson: true, In: Identity, Form: Entity, Fields: []Field{
		{Number: 1, Name: "given", Type: Text},
		{Number: 2, Name: "age", Type: Int},
		{Number: 3, Name: "consent", Type: Set},
		{Number: 4, Name: "minor", Type: Bool},
		{Number: 5, Name: "mother", Type: Ref},
		{Number: 6, Name: "photo", Type: Blob},
	}}
	shelf = &Kind{Number: 60002, Name: "shelf", In: FieldWork, Form: Keyed, Key: []string{"room", "number"}, Fields: []Field{
		{Number: 1, Name: "room", Type: Text},
		{Number: 2, Name: "number", Type: Int},
		{Number: 3, Name: "label", Type: Text},
		{Number: 4, Name: "holds", Type: Set},
	}}
	visit   = &Kind{Number: 60003, Name: "visit", In: Identity, Form: Happening, Fields: []Field{{Number: 1, Name: "reason", Type: Text}}}
	counted = &Kind{Number: 60004, Name: "counted", In: FieldWork, Form: Tally, Fields: []Field{{Number: 1, Name: "day", Type: Date}, {Number: 2, Name: "n", Type: Int}}}
)

// machine is one machine's copy: it keeps of every record what the store keeps, the encoded state.
type machine struct {
	number byte
	clock  int64
	facts  int
	states map[string]map[ID][]byte // by table
	wrote  []told
}

// told is a fact with its circumstances, as it travels.
type told struct {
	Fact
	Said
}

func newMachine(number byte) *machine {
	return &machine{number: number, states: map[string]map[ID][]byte{}}
}

// Select answers the two statements Change asks.
func (m *machine) Select(_ context.Context, statement string, args []any, row func(Row) error) error {
	what, rest, _ := strings.Cut(strings.TrimPrefix(statement, "SELECT "), " FROM ")
	table, _, _ := strings.Cut(rest, " WHERE id = ?")
	state, known := m.states[table][args[0].(ID)]
	switch {
	case !known:
		return nil
	case what == "_state" || what == "1":
		return row(blobRow{state})
	}
	return fmt.Errorf("a statement nobody expected: %s", statement)
}

func (m *machine) Opens(Compartment) bool { return true }

type blobRow struct{ blob []byte }

func (r blobRow) Blob(int) []byte { return r.blob }
func (blobRow) Text(int) string   { return "" }
func (blobRow) Int(int) int64     { return 1 }
func (blobRow) Bool(int) bool     { return true }
func (blobRow) Float(int) float64 { return 1 }
func (blobRow) ID(int) ID         { return ID{} }
func (blobRow) Set(int) []string  { return nil }
func (blobRow) Null(int) bool     { return false }

// act runs one action on the machine: what it says is applied here and remembered for the others.
func (m *machine) act(do func(*Change) error) error {
	c := NewChange(Change{Reader: m, Context: context.Background(), Now: time.Unix(1, 0)},
		func(n int) ID { return m.name(m.facts + n) },
		func(string) (ID, bool) { return ID{}, false })
	if err := do(c); err != nil {
		return err
	}
	m.facts += len(c.Facts())
	m.clock++
	for _, f := range c.Facts() {
		t := told{f, Said{By: ID{m.number}, Site: ID{0xee, m.number}, At: m.clock, Rec: m.clock << 16}}
		m.wrote = append(m.wrote, t)
		if err := m.take(t); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) name(n int) (id ID) {
	id[0] = m.number
	binary.BigEndian.PutUint32(id[4:], uint32(n)+1)
	return id
}

// take applies one fact as the store does: decode, apply, encode.
func (m *machine) take(t told) error {
	if !t.Kind.Registers() {
		return nil
	}
	table := t.Kind.Table()
	if m.states[table] == nil {
		m.states[table] = map[ID][]byte{}
	}
	state, err := DecodeState(m.states[table][t.Entity])
	if err != nil {
		return err
	}
	for number, value := range t.Values {
		f, ok := t.Kind.FieldNumbered(number)
		if !ok {
			return errors.New("a field nobody declared")
		}
		if err := f.Check(value); err != nil {
			return err
		}
	}
	state.Apply(t.Fact, t.Said)
	m.states[table][t.Entity], err = state.Encode()
	m.clock = max(m.clock, t.At)
	return err
}

// show is what a field of a record shows on the machine.
func (m *machine) show(t testing.TB, k *Kind, id ID, field string) any {
	t.Helper()
	f, ok := k.Field(field)
	if !ok {
		t.Fatalf("no field %s", field)
	}
	return m.state(t, k, id).Value(f)
}

func (m *machine) state(t testing.TB, k *Kind, id ID) *State {
	t.Helper()
	s, err := DecodeState(m.states[k.Table()][id])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// meet brings each of the machines everything the others wrote.
func meet(t testing.TB, machines ...*machine) {
	t.Helper()
	for _, to := range machines {
		for _, from := range machines {
			for _, f := range from.wrote {
				if err := to.take(f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
