package vault

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/record"
)

// Who reads what is the promise of the whole program: it stands here a second time, by hand.
func TestRolesOpenWhatTheirWorkNeeds(t *testing.T) {
	const identity, care, mind, survivor, law, field, public = record.Identity, record.Care, record.Mind, record.Survivor, record.Law, record.FieldWork, record.Public
	people := []record.Compartment{identity, care, mind, survivor, law}
	for _, c := range []struct {
		role           string
		reads, writes  []record.Compartment
		administers    bool
		reachesNobody  bool
		asksForErasure []record.Compartment
	}{
		{role: "registrar", reads: []record.Compartment{identity, field, public}, writes: []record.Compartment{identity, field}, asksForErasure: []record.Compartment{identity}},
		{role: "clinician", reads: []record.Compartment{identity, care, survivor, field, public}, writes: []record.Compartment{identity, care, survivor, field},
			asksForErasure: []record.Compartment{identity, care, survivor}},
		{role: "psychologist", reads: []record.Compartment{identity, mind, survivor, field, public}, writes: []record.Compartment{identity, mind, survivor, field},
			asksForErasure: []record.Compartment{identity, mind, survivor}},
		{role: "social_worker", reads: []record.Compartment{identity, law, field, public}, writes: []record.Compartment{identity, law, field}, asksForErasure: []record.Compartment{identity, law}},
		{role: "monitor", reads: []record.Compartment{identity, law, field, public}, writes: []record.Compartment{identity, law, field}, asksForErasure: []record.Compartment{identity, law}},
		{role: "logistician", reads: []record.Compartment{field, public}, writes: []record.Compartment{field}, reachesNobody: true},
		{role: "coordinator", reads: []record.Compartment{field, public}, writes: []record.Compartment{field, public}, reachesNobody: true},
		{role: "epidemiologist", reads: []record.Compartment{field, public}, writes: []record.Compartment{public}, reachesNobody: true},
		{role: "administrator", reads: []record.Compartment{field, public}, writes: []record.Compartment{field}, administers: true, reachesNobody: true, asksForErasure: []record.Compartment{field}},
		{role: "auditor", reads: []record.Compartment{identity, field, public}},
		{role: Recovery, reads: record.Compartments(), writes: []record.Compartment{field}, administers: true},
		{role: "director"}, // unknown: nothing, not even what everybody may
	} {
		r := RightsOf([]string{c.role})
		if got := r.Holds(); !slices.Equal(got, c.reads) {
			t.Errorf("%s reads %v, want %v", c.role, got, c.reads)
		}
		for _, one := range record.Compartments() {
			if got, want := r.May(record.Write, one), slices.Contains(c.writes, one); got != want {
				t.Errorf("%s writes %s: %v, want %v", c.role, one, got, want)
			}
			if got, want := r.May(record.Erase, one), slices.Contains(c.asksForErasure, one); got != want {
				t.Errorf("%s asks to erase in %s: %v, want %v", c.role, one, got, want)
			}
		}
		if r.Administers() != c.administers {
			t.Errorf("%s administers: %v", c.role, r.Administers())
		}
		if c.reachesNobody && slices.ContainsFunc(people, func(p record.Compartment) bool { return r.May(record.Read, p) }) {
			t.Errorf("%s reads a person", c.role)
		}
		for _, query := range []string{"person.find", "person.show", "person.timeline"} {
			if reads := r.May(record.Read, identity) && c.role != Recovery; r.Query(query) != reads {
				t.Errorf("%s asks %s: %v", c.role, query, r.Query(query))
			}
		}
	}
}

func TestAllRolesAreTheTenInTheirOrder(t *testing.T) {
	want := []string{"registrar", "clinician", "psychologist", "social_worker", "monitor", "logistician", "coordinator", "epidemiologist", "administrator", "auditor"}
	if got := AllRoles(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := RightsOf(AllRoles()); !slices.Equal(got.Roles(), want) || !slices.Equal(got.Holds(), record.Compartments()) || !got.Administers() {
		t.Errorf("all ten together: %v open %v", got.Roles(), got.Holds())
	}
	if none := RightsOf(nil); none.Holds() != nil || none.Query("site.list") || none.Roles() != nil {
		t.Errorf("no role at all may %+v", none)
	}
	if (Rights{}).May(record.Read, record.Public) {
		t.Error("the zero rights read")
	}
}

// Several roles allow exactly what one of them allows.
func TestRolesTogetherAreTheirUnion(t *testing.T) {
	actions, queries := RolePatterns()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfDistinct(rapid.SampledFrom(append(AllRoles(), Recovery)), rapid.ID[string]).Draw(t, "roles")
		together := RightsOf(some)
		any := func(ask func(Rights) bool) bool {
			return slices.ContainsFunc(some, func(one string) bool { return ask(RightsOf([]string{one})) })
		}
		same := func(what string, ask func(Rights) bool) {
			if got, want := ask(together), any(ask); got != want {
				t.Fatalf("%v, %s: %v, of one by one %v", some, what, got, want)
			}
		}
		for _, c := range record.Compartments() {
			for _, v := range allVerbs {
				same(string(v)+" "+c.String(), func(r Rights) bool { return r.May(v, c) })
			}
		}
		for _, name := range actions {
			same(name, func(r Rights) bool { return r.Action(name) })
		}
		for _, name := range queries {
			same(name, func(r Rights) bool { return r.Query(name) })
		}
		if len(together.Roles()) != len(some) {
			t.Fatalf("%v became %v", some, together.Roles())
		}
	})
}

func TestRolesAreReadStrictly(t *testing.T) {
	const good = `{"everyone":{"queries":["site.list"]},"roles":[{"role":"a","compartments":{"care":["read","write"]},"actions":["person.*"],"queries":["alerts"]}]}`
	if _, err := readRoles([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, says string }{
		{`"actions"`, `"action"`, "unknown field"},
		{`"care"`, `"clinical"`, "unknown compartment"},
		{`"write"`, `"edit"`, "unknown verb"},
		{`"read","write"`, `"read","read"`, "twice"},
		{`"read","write"`, `"write"`, "may read"},
		{`"read","write"`, `"read","administer"`, "administered in field"},
		{`"person.*"`, `"*"`, "no name"},
		{`"person.*"`, `"Person.show"`, "no name"},
		{`"person.*"`, `"person.show","person.show"`, "twice"},
		{`"alerts"`, `""`, "no name"},
		{`"role":"a"`, `"role":"recovery"`, "kept"},
		{`"role":"a"`, `"role":""`, "no name"},
		{`[{"role":"a"`, `[{"role":"a"},{"role":"a"`, "twice"},
		{`"everyone":{`, `"everyone":{"role":"b",`, "everyone is no role"},
		{`]}]}`, `]}]}{}`, "more than one"},
	} {
		raw := strings.Replace(good, c.from, c.to, 1)
		if raw == good {
			t.Fatalf("%s is not in the data", c.from)
		}
		if _, err := readRoles([]byte(raw)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s instead of %s: %v", c.to, c.from, err)
		}
	}
}

func TestAStarStandsForANounsVerbs(t *testing.T) {
	for _, c := range []struct {
		list, name string
		want       bool
	}{
		{"person.*", "person.show", true}, {"person.*", "person", false}, {"person.*", "persons.show", false},
		{"person.show", "person.show", true}, {"person.show", "person.shown", false}, {"alerts", "alerts", true}, {"alerts", "", false},
	} {
		if got := matches([]string{c.list}, c.name); got != c.want {
			t.Errorf("%s allows %q: %v", c.list, c.name, got)
		}
	}
}
