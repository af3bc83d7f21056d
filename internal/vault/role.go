package vault

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"amparo/internal/record"
)

//go:embed data/roles.json
var rolesData []byte

// Recovery is what the holders of recovery shares act as: every key and the right to administer. It stands in no roster
// and nobody is invited to it.
const Recovery = "recovery"

// Rights are what one or several roles allow together. The zero Rights allow nothing.
type Rights struct {
	roles            []string
	verbs            map[record.Compartment]map[record.Verb]bool
	actions, queries []string
}

// RightsOf joins the rights of several roles: whoever has two may do what either may. A role that this version does not
// know gives nothing, and is not among Roles.
func RightsOf(roles []string) Rights {
	r := Rights{verbs: map[record.Compartment]map[record.Verb]bool{}}
	for _, one := range knownRoles.all {
		if slices.Contains(roles, one.Role) {
			r.join(one)
		}
	}
	if slices.Contains(roles, Recovery) {
		r.join(recovery())
	}
	if len(r.roles) > 0 {
		r.join(knownRoles.everyone)
	}
	return r
}

func (r *Rights) join(one role) {
	if one.Role != "" {
		r.roles = append(r.roles, one.Role)
	}
	for c, verbs := range one.verbs {
		if r.verbs[c] == nil {
			r.verbs[c] = map[record.Verb]bool{}
		}
		for _, v := range verbs {
			r.verbs[c][v] = true
		}
	}
	r.actions, r.queries = append(r.actions, one.Actions...), append(r.queries, one.Queries...)
}

// Roles names the roles that gave these rights, in the order of AllRoles.
func (r Rights) Roles() []string { return slices.Clone(r.roles) }

// Holds lists the compartments that may be read, and so whose keys the member is given: a key opens a compartment whole.
func (r Rights) Holds() []record.Compartment {
	var out []record.Compartment
	for _, c := range record.Compartments() {
		if r.May(record.Read, c) {
			out = append(out, c)
		}
	}
	return out
}

// May reports whether a verb is allowed in a compartment.
func (r Rights) May(v record.Verb, c record.Compartment) bool { return r.verbs[c][v] }

// Administers reports whether members may be admitted, given keys and revoked, and erasures confirmed.
func (r Rights) Administers() bool { return r.May(record.Administer, record.FieldWork) }

// Action reports whether an action is among those the roles use. What it writes is asked with May.
func (r Rights) Action(name string) bool { return matches(r.actions, name) }

// Query reports whether a query is among those the roles use. What it shows is what the compartments open.
func (r Rights) Query(name string) bool { return matches(r.queries, name) }

// AllRoles lists the ten roles a member can be given, in the order in which they are offered.
func AllRoles() []string {
	out := make([]string, len(knownRoles.all))
	for i, one := range knownRoles.all {
		out[i] = one.Role
	}
	return out
}

// RolePatterns lists the actions and queries that the data names, for the test that each of them exists.
func RolePatterns() (actions, queries []string) {
	for _, one := range append(slices.Clone(knownRoles.all), knownRoles.everyone) {
		actions, queries = append(actions, one.Actions...), append(queries, one.Queries...)
	}
	slices.Sort(actions)
	slices.Sort(queries)
	return slices.Compact(actions), slices.Compact(queries)
}

// role is one entry of roles.json.
type role struct {
	Role         string                   `json:"role"`
	Compartments map[string][]record.Verb `json:"compartments"`
	Actions      []string                 `json:"actions"` // names, or noun.* for all of a noun
	Queries      []string                 `json:"queries"`

	verbs map[record.Compartment][]record.Verb
}

// rolesFile is roles.json: what everybody who works here may, and the ten roles.
type rolesFile struct {
	Everyone role   `json:"everyone"`
	Roles    []role `json:"roles"`
}

type roleTable struct {
	everyone role
	all      []role
}

// knownRoles is part of the program: data that does not read is a fault of the build.
var knownRoles = func() roleTable {
	t, err := readRoles(rolesData)
	if err != nil {
		panic(err)
	}
	return t
}()

var allVerbs = []record.Verb{record.Read, record.Write, record.Share, record.Erase, record.Administer}

// recovery holds every key and administers.
func recovery() role {
	r := role{Role: Recovery, verbs: map[record.Compartment][]record.Verb{}, Actions: []string{"erasure.confirm"}}
	for _, c := range record.Compartments() {
		r.verbs[c] = []record.Verb{record.Read}
	}
	r.verbs[record.FieldWork] = []record.Verb{record.Read, record.Write, record.Administer}
	return r
}

// readRoles reads roles.json and refuses what is unknown, there twice or makes no sense.
func readRoles(raw []byte) (roleTable, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var data rolesFile
	if err := dec.Decode(&data); err != nil {
		return roleTable{}, fmt.Errorf("roles: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return roleTable{}, errors.New("roles: more than one document")
	}
	t := roleTable{everyone: data.Everyone, all: data.Roles}
	if t.everyone.Role != "" {
		return roleTable{}, fmt.Errorf("roles: everyone is no role, it is called %q", t.everyone.Role)
	}
	if err := t.everyone.check(); err != nil {
		return roleTable{}, fmt.Errorf("roles: everyone: %w", err)
	}
	seen := map[string]bool{"": true, Recovery: true}
	for i := range t.all {
		one := &t.all[i]
		if seen[one.Role] {
			return roleTable{}, fmt.Errorf("roles: %q is there twice, is kept or has no name", one.Role)
		}
		seen[one.Role] = true
		if err := one.check(); err != nil {
			return roleTable{}, fmt.Errorf("roles: %s: %w", one.Role, err)
		}
	}
	return t, nil
}

var namePattern = regexp.MustCompile(`^[a-z_]+(\.([a-z_]+|\*))?$`)

func (r *role) check() error {
	r.verbs = map[record.Compartment][]record.Verb{}
	for name, verbs := range r.Compartments {
		c, known := record.ParseCompartment(name)
		if !known {
			return fmt.Errorf("unknown compartment %q", name)
		}
		if twice(verbs) {
			return fmt.Errorf("%s: a verb is there twice", name)
		}
		for _, v := range verbs {
			if !slices.Contains(allVerbs, v) {
				return fmt.Errorf("%s: unknown verb %q", name, v)
			}
			if v == record.Administer && c != record.FieldWork {
				return fmt.Errorf("%s: members are administered in field", name)
			}
		}
		if !slices.Contains(verbs, record.Read) { // a key opens a compartment whole
			return fmt.Errorf("%s: whoever may anything may read", name)
		}
		r.verbs[c] = verbs
	}
	for _, list := range [][]string{r.Actions, r.Queries} {
		if twice(list) {
			return errors.New("an action or query is there twice")
		}
		for _, name := range list {
			if !namePattern.MatchString(name) {
				return fmt.Errorf("%q is no name of an action or query", name)
			}
		}
	}
	return nil
}

func twice[T ~string](list []T) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}

// matches finds a name in a list of names and of nouns with a star.
func matches(list []string, name string) bool {
	for _, one := range list {
		noun, all := strings.CutSuffix(one, "*")
		if one == name || all && strings.HasPrefix(name, noun) {
			return true
		}
	}
	return false
}
