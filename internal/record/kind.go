package record

import (
	"fmt"
	"slices"
)

// Form is how facts of a kind become a record, and so how two machines' facts merge.
type Form uint8

const (
	// Entity is a record whose fields are multi-value registers: a value goes only when a later fact says that it
	// replaces it, so two offline changes of one field keep both values until a person settles them.
	Entity Form = 1 + iota
	// Keyed is an Entity whose id is computed from its key fields: the same key written anywhere is the same record.
	Keyed
	// Happening is something that happened: immutable. A correction is a new fact that names the one it corrects.
	Happening
	// Tally is only ever summed: its key fields and an integer field "n".
	Tally
)

// Type is what a field holds.
type Type uint8

const (
	Text Type = 1 + iota // free text, NFC
	Int                  // int64
	Bool                 // bool
	Date                 // "2004", "2004-05" or "2004-05-17"
	Time                 // an instant, unix seconds
	Code                 // one of a code list; text
	Ref                  // an ID of another record
	Set                  // a set of codes or words; add-wins. []string
	Blob                 // bytes, for what only its own package reads
)

// Field is one named value of a kind. Number is part of the journal format: never reused, never changed.
type Field struct {
	Number uint8
	Name   string // column, JSON key and catalogue key `field.<name>`
	Type   Type
	Codes  string // Code and Set: the code list, for labels `code.<list>.<code>`; empty: none
	Index  bool   // the view keeps an index on it
}

// Kind is a kind of fact. Its table in the views is <compartment>.<Name>.
type Kind struct {
	Number uint16 // part of the journal format: never reused, never changed
	Name   string // lower_snake_case
	In     Compartment
	Form   Form
	Fields []Field
	Key    []string // Keyed: the fields that name it. Tally: all fields but n are the key, leave empty
	Title  []string // Entity, Keyed: the fields that say what the record is called
	// Subject is the Ref field that names the person this is about: the fact then stands in that person's timeline.
	Subject string
	// IsPerson marks the kind whose records are the persons themselves; one kind a workspace has it.
	IsPerson bool
	// Brief marks a kind about persons that a device needs of everybody, so that anyone can be found and nobody is shown who
	// must not be. Of other kinds about persons a small device keeps those of its own people. Kinds with IsPerson or Hides are.
	Brief bool
	// Hides marks a Keyed kind whose record hides a person from every query in its compartment while its Set field "why" is
	// not empty: key field "person". One kind a compartment has it.
	Hides bool
	// Twice marks a Keyed kind about two persons that is said under each of them: where it is counted, two are one, and what two
	// places said of it is settled for both. The last two fields of its key are the two persons.
	Twice bool
	// Weighed marks a kind whose own package says what counts of rival values and by what rules it is said anew: they are not among what is
	// to be settled, and nobody chooses one of them.
	Weighed bool
	// File is the Blob field in which the engine says where the bytes of a file are that is kept beside the journal, sealed, and
	// how they open. Change.Keep gives what stands there.
	File string
}

// Mirrored is the record that says the same under the other person, of a kind that is said twice.
func (k *Kind) Mirrored(s *State) (id ID, twice bool, err error) {
	if !k.Twice || len(k.Key) < 2 {
		return id, false, nil
	}
	values := map[uint8]any{}
	for i, name := range k.Key {
		f, _ := k.Field(name)
		from := f
		switch i {
		case len(k.Key) - 1:
			from, _ = k.Field(k.Key[i-1])
		case len(k.Key) - 2:
			from, _ = k.Field(k.Key[i+1])
		}
		values[f.Number] = s.Value(from)
	}
	id, err = k.KeyID(values)
	return id, err == nil, err
}

// AboutPersons reports a kind whose rows belong to one person each: they go when the person's are erased, and are not
// seen while the person is hidden.
func (k *Kind) AboutPersons() bool { return k.IsPerson || k.Subject != "" }

// Detail reports a kind of which a small device keeps only what is about its own people.
func (k *Kind) Detail() bool { return k.Subject != "" && !k.IsPerson && !k.Hides && !k.Brief }

// remembers reports whether what was replaced in a field is kept to be read: of records about persons, but for what names them.
func (k *Kind) remembers(number uint8) bool {
	if k == nil || !k.AboutPersons() {
		return false
	}
	return !slices.ContainsFunc(k.Key, func(name string) bool { f, _ := k.Field(name); return f.Number == number })
}

// Field finds a field by name.
func (k *Kind) Field(name string) (Field, bool) {
	for _, f := range k.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNumbered finds a field by its number in the journal.
func (k *Kind) FieldNumbered(number uint8) (Field, bool) {
	for _, f := range k.Fields {
		if f.Number == number {
			return f, true
		}
	}
	return Field{}, false
}

// Table is the kind's view table with its schema: identity.person.
func (k *Kind) Table() string { return k.In.String() + "." + k.Name }

// Registers reports a kind whose fields are multi-value registers.
func (k *Kind) Registers() bool { return k.Form == Entity || k.Form == Keyed }

func (k *Kind) check() error {
	if k.Number == 0 || k.Name == "" || !k.In.Valid() || k.Form < Entity || k.Form > Tally {
		return fmt.Errorf("kind %q (%d): number, name, compartment and form are all needed", k.Name, k.Number)
	}
	numbers, names := map[uint8]bool{}, map[string]bool{}
	for _, f := range k.Fields {
		if f.Number == 0 || f.Name == "" || f.Name == "id" || f.Name[0] == '_' || f.Type < Text || f.Type > Blob {
			return fmt.Errorf("kind %s: field %q (%d) is not well formed", k.Name, f.Name, f.Number)
		}
		if numbers[f.Number] || names[f.Name] {
			return fmt.Errorf("kind %s: field %q or number %d is there twice", k.Name, f.Name, f.Number)
		}
		numbers[f.Number], names[f.Name] = true, true
	}
	for _, name := range k.Key {
		if !names[name] {
			return fmt.Errorf("kind %s: key field %q is not declared", k.Name, name)
		}
	}
	if k.Form == Keyed && len(k.Key) == 0 {
		return fmt.Errorf("kind %s: a Keyed kind needs key fields", k.Name)
	}
	if n, ok := k.Field("n"); k.Form == Tally && (!ok || n.Type != Int) {
		return fmt.Errorf("kind %s: a Tally needs the field n, an Int", k.Name)
	}
	if k.Subject != "" {
		if f, ok := k.Field(k.Subject); !ok || f.Type != Ref {
			return fmt.Errorf("kind %s: subject %q is not a Ref field", k.Name, k.Subject)
		}
	}
	if f, ok := k.Field(k.File); k.File != "" && (!ok || f.Type != Blob || k.Form != Happening) {
		return fmt.Errorf("kind %s: to have a file, a Happening needs the Blob field %q", k.Name, k.File)
	}
	if k.Hides {
		person, isKey := k.Field("person")
		why, said := k.Field("why")
		if k.Form != Keyed || !isKey || person.Type != Ref || !said || why.Type != Set {
			return fmt.Errorf("kind %s: to hide, a Keyed kind needs the key person, a Ref, and why, a Set", k.Name)
		}
	}
	return nil
}
