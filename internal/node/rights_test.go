package node

import (
	"testing"

	"amparo/internal/record"
	"amparo/internal/vault"
)

// A fact may be written when the role writes there and has the action's verb where the person's record lies; a count line
// goes with its action, and the note of having read with reading.
func TestWhichFactsARoleMayWrite(t *testing.T) {
	in := func(c record.Compartment, f record.Form) *record.Kind {
		return &record.Kind{Number: 999, In: c, Form: f}
	}
	for _, c := range []struct {
		role string
		verb record.Verb
		kind *record.Kind
		want bool
	}{
		{"registrar", record.Write, in(record.Identity, record.Entity), true},
		{"registrar", record.Write, in(record.Care, record.Happening), false},
		{"registrar", record.Write, in(record.Public, record.Entity), false}, // reads it only
		{"registrar", record.Erase, in(record.Identity, record.Entity), true},
		{"registrar", record.Erase, in(record.FieldWork, record.Entity), true}, // what says that it was asked names nobody
		{"registrar", record.Administer, in(record.FieldWork, record.Entity), false},
		{"administrator", record.Administer, in(record.FieldWork, record.Entity), true},
		{"administrator", record.Write, in(record.Identity, record.Entity), false},
		{"epidemiologist", record.Write, in(record.FieldWork, record.Entity), false},
		{"epidemiologist", record.Write, in(record.FieldWork, record.Tally), true},
		{"epidemiologist", record.Write, in(record.Identity, record.Tally), false},
		{"coordinator", record.Share, in(record.Public, record.Entity), true},
		{"epidemiologist", record.Erase, in(record.Public, record.Entity), false},
		{"auditor", record.Write, in(record.Identity, record.Entity), false},
		{"auditor", record.Write, accessKinds[record.Identity], true},
		{"auditor", record.Write, glassReasons[record.Identity], true},
		{"auditor", record.Write, glassKind, true},
		{"auditor", record.Write, accessKinds[record.Care], false},
		{"clinician", record.Write, accessKinds[record.Care], true},
		{"", record.Read, in(record.Public, record.Entity), false},
	} {
		if got := mayWrite(vault.RightsOf([]string{c.role}), c.verb, c.kind); got != c.want {
			t.Errorf("%s, %s, %s in %s: %v, want %v", c.role, c.verb, c.kind.Name, c.kind.In, got, c.want)
		}
	}
	for _, k := range accessModuleKinds() {
		if !isAccess(k) {
			t.Errorf("%s (%d) is written by whoever reads and is not counted among them", k.Name, k.Number)
		}
	}
}
