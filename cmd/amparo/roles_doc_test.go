package main

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/vault"
	"amparo/internal/web"
)

var update = flag.Bool("update", false, "write docs/roles.md again")

const rolesDoc = "../../docs/roles.md"

// docs/roles.md is made from the data and from what the program can do, so it cannot say anything else.
func TestTheTableOfRolesIsWhatTheProgramDoes(t *testing.T) {
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	want := rolesText(reg)
	if *update {
		if err := os.WriteFile(rolesDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(rolesDoc)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/roles.md is not what the program does: go test ./cmd/amparo -run TestTheTableOfRoles -update")
	}
}

// Every action and query is somebody's, and the data names none that is not there.
func TestRolesNameEveryActionAndQuery(t *testing.T) {
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	all := vault.RightsOf(vault.AllRoles())
	var names []string
	for _, a := range reg.Actions() {
		if names = append(names, a.Name); a.Anyone || !all.Action(a.Name) {
			t.Errorf("action %s is nobody's, or everybody's by accident", a.Name)
		}
	}
	for _, q := range reg.Queries() {
		if names = append(names, q.Name); q.Anyone || !all.Query(q.Name) {
			t.Errorf("query %s is nobody's, or everybody's by accident", q.Name)
		}
	}
	actions, queries := vault.RolePatterns()
	for _, pattern := range append(actions, queries...) {
		noun, star := strings.CutSuffix(pattern, "*")
		if !slices.ContainsFunc(names, func(name string) bool { return name == pattern || star && strings.HasPrefix(name, noun) }) {
			t.Errorf("roles.json names %s, which is not there", pattern)
		}
	}
}

// rolesText is docs/roles.md.
func rolesText(reg *record.Registry) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	roles := vault.AllRoles()
	rights := make([]vault.Rights, len(roles))
	heads := make([]string, len(roles))
	for i, role := range roles {
		rights[i], heads[i] = vault.RightsOf([]string{role}), strings.ReplaceAll(role, "_", " ")
	}
	table := func(first string, rows func(row func(name string, cell func(vault.Rights) string))) {
		line("| %s | %s |", first, strings.Join(heads, " | "))
		line("| --- |%s", strings.Repeat(" --- |", len(roles)))
		rows(func(name string, cell func(vault.Rights) string) {
			cells := make([]string, len(rights))
			for i, r := range rights {
				cells[i] = cell(r)
			}
			line("| %s | %s |", name, strings.Join(cells, " | "))
		})
		line("")
	}

	line("# Roles\n")
	line("What each role may read, write, do and ask. This page is made from `internal/vault/data/roles.json` and from the actions, queries and addresses")
	line("that the program has; a test compares it, and another makes a member of each role and tries every action, query and address.\n")
	line("Somebody with several roles may do what any of them may. Whoever founds a workspace has all ten until they lay them down.")
	line("A role gives keys: a compartment that no role of a member names is on their disk only sealed, and the program could not show it.")
	line("Where the roster names sites, members write at those sites only. Reading follows the compartment and not the site: a person's record is")
	line("to be found again further along the route.\n")

	line("## Compartments\n")
	line("**r**ead, **w**rite, **s**hare, ask to **e**rase, **a**dminister (admit, grant, revoke, confirm an erasure).\n")
	table("Compartment", func(row func(string, func(vault.Rights) string)) {
		for _, c := range record.Compartments() {
			row("`"+c.String()+"`", func(r vault.Rights) string {
				letters := ""
				for _, v := range []record.Verb{record.Read, record.Write, record.Share, record.Erase, record.Administer} {
					if r.May(v, c) {
						letters += string(v)[:1]
					}
				}
				return letters
			})
		}
	})

	line("## Actions\n")
	line("Each cell names the compartments of the action that the role may write: an action is written as a whole or refused as a whole, so one that")
	line("would write anywhere else is refused. Lines that only count go to `field` with whatever action adds them, and who read a record is noted")
	line("by whoever reads it.\n")
	table("Action", func(row func(string, func(vault.Rights) string)) {
		for _, a := range reg.Actions() {
			row(fmt.Sprintf("`%s`: %s", a.Name, lang.T(lang.EN, "action."+a.Name)), func(r vault.Rights) string {
				if !r.Action(a.Name) {
					return ""
				}
				return namesIn(a.In, func(c record.Compartment) bool { return r.May(record.Write, c) })
			})
		}
	})

	line("## Queries\n")
	line("Each cell names the compartments of the query that the role reads; the others are empty to it.\n")
	table("Query", func(row func(string, func(vault.Rights) string)) {
		for _, q := range reg.Queries() {
			name := fmt.Sprintf("`%s`: %s", q.Name, lang.T(lang.EN, "query."+q.Name))
			if q.About != "" {
				name += " *(noted)*"
			}
			row(name, func(r vault.Rights) string {
				if !r.Query(q.Name) {
					return ""
				}
				return namesIn(q.In, func(c record.Compartment) bool { return r.May(record.Read, c) })
			})
		}
	})
	line("*Noted*: who asks, when and what for is written down within a minute, in each compartment that was read.\n")

	line("## Addresses\n")
	line("Pages behind a session, by what they stand on. An address that a role may not use answers 403 and is not offered.\n")
	table("Address", func(row func(string, func(vault.Rights) string)) {
		done := map[string]bool{}
		for _, route := range web.Routes() {
			if route.Need != web.Session || done[route.Pattern] {
				continue
			}
			done[route.Pattern] = true
			row("`"+route.Pattern+"`", func(r vault.Rights) string {
				if mayUse(r, route) {
					return "yes"
				}
				return ""
			})
		}
	})
	line("The addresses under `/api/v1/` are open to every session; each action and each query is asked for by itself.")
	return b.String()
}

func namesIn(in []record.Compartment, may func(record.Compartment) bool) string {
	var names []string
	for _, c := range in {
		if may(c) {
			names = append(names, c.String())
		}
	}
	if len(names) == 0 {
		return "yes"
	}
	return strings.Join(names, ", ")
}

// mayUse is what the table says of an address, computed a second time from the data.
func mayUse(r vault.Rights, route web.Route) bool {
	asks, does, administers, listed := route.Uses()
	listed = listed && (!administers || r.Administers())
	for _, q := range asks {
		listed = listed && r.Query(q)
	}
	for _, a := range does {
		listed = listed && r.Action(a)
	}
	return listed && (route.In == nil || slices.ContainsFunc(route.In, func(c record.Compartment) bool { return r.May(record.Read, c) }))
}

// What an action or a query takes never holds itself: its JSON Schema, and so the document of the API, would have no end.
func TestWhatIsTakenHasAnEnd(t *testing.T) {
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	var walk func(name string, of reflect.Type, within []reflect.Type)
	walk = func(name string, of reflect.Type, within []reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			return
		}
		if slices.Contains(within, of) {
			t.Errorf("%s: %v holds itself", name, of)
			return
		}
		for i := range of.NumField() {
			walk(name+"."+of.Field(i).Name, of.Field(i).Type, append(slices.Clone(within), of))
		}
	}
	for _, a := range reg.Actions() {
		walk(a.Name, a.Input, nil)
	}
	for _, q := range reg.Queries() {
		walk(q.Name, q.Input, nil)
	}
}
