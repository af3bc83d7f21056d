package route_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
	"amparo/internal/route"
)

type m = map[string]any

func persons(b *worktest.Bed) int {
	b.Helper()
	return b.Sum("(SELECT 1 AS n FROM identity.person UNION ALL SELECT 1 FROM identity.household UNION ALL SELECT 1 FROM field.flow)", "1")
}

// A bus of forty: some by name, a family in one line, the rest as a number, all in one commit.
func TestABusArrives(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	lines := []m{
		{"given": "Rosa", "surname1": "Paz", "sex": "f", "age": 31, "family_size": 4},
		{"given": "Luis", "sex": "m", "age": 40, "languages": []string{"mam"}, "nationality": []string{"GTM"}, "consent": []string{"care", "sharing", "statistics"}},
		{"given": "Eva", "family": "A", "role": "head"}, {"given": "Noé", "family": "A", "age": 7, "role": "child"},
		{"given": "Eli", "age": 15, "alone": true},
	}
	for i := range 30 {
		lines = append(lines, m{"given": fmt.Sprint("Viajera ", i)})
	}
	r := worktest.Do[route.Grouped](b, "group.register", site, m{"people": lines, "nationality": []string{"HND"}, "direction": "north", "together": true,
		"count": m{"total": 40, "women": 20, "boys": 3, "mode": "bus"}})
	if len(r.People) != 35 || len(r.Households) != 3 || r.Count.IsZero() || r.ID != r.People[0].Person || r.Incomplete != 34 || !r.People[4].Child {
		t.Errorf("%d people, %d households, %d to complete, %+v", len(r.People), len(r.Households), r.Incomplete, r.People[4])
	}
	rosa := worktest.Ask[people.Shown](b, "person.show", "person", r.People[0].Person.String())
	if !slices.Equal(rosa.Nationality, []string{"HND"}) || rosa.Direction != "north" || !rosa.Incomplete || rosa.Card == "" {
		t.Errorf("%+v", rosa)
	}
	luis := worktest.Ask[people.Shown](b, "person.show", "person", r.People[1].Person.String())
	if !slices.Equal(luis.Nationality, []string{"GTM"}) || luis.Incomplete {
		t.Errorf("what a line says itself stands: %+v", luis)
	}
	if s := worktest.Ask[family.Shown](b, "family.show", "person", r.People[2].Person.String()); len(s.Households) != 2 {
		t.Errorf("Eva belongs to %+v", s.Households)
	}
	flows := worktest.Ask[route.Flows](b, "flows", "site", site)
	if len(flows.Counts) != 1 || flows.Counts[0].Total != 40 || flows.Counts[0].Mode != "bus" || flows.Counts[0].Nationality != "HND" || flows.Counts[0].Direction != "north" {
		t.Errorf("counted %+v", flows.Counts)
	}
	list := worktest.Ask[route.Incompletes](b, "group.incomplete", "limit", "5")
	if list.Total != 35 || len(list.People) != 5 || len(list.Families) != 1 || list.Families[0].Size != 4 || list.Families[0].Named != 1 || list.Families[0].Person.ID != rosa.ID {
		t.Errorf("to complete: %d, %+v", list.Total, list.Families)
	}
	for _, one := range list.People { // called by their first name: a list of who came is nobody's to read
		if strings.Contains(one.Person.Name, " ") || one.Person.Birth != "" {
			t.Errorf("listed as %+v", one.Person)
		}
	}
	if list.Families[0].Person.Name != "Rosa" {
		t.Errorf("listed as %+v", list.Families[0].Person)
	}
	worktest.Do[people.Updated](b, "person.update", site, m{"person": rosa.ID.String(), "languages": []string{"es"}})
	if list := worktest.Ask[route.Incompletes](b, "group.incomplete"); list.Total != 34 {
		t.Errorf("completed by saying what was missing, and yet %d", list.Total)
	}
}

// Whole or not at all, and it says which line is wrong.
func TestAGroupIsTakenWhole(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	good := m{"given": "Rosa"}
	for _, c := range []struct {
		data        m
		field, code string
	}{
		{m{}, "people", "group_empty"},
		{m{"people": []m{good, {"given": "Luis", "birth": "2031-01-01"}}}, "people.1.birth", "in_line"},
		{m{"people": []m{good, good, {"sex": "f"}}}, "people.2.given", "in_line"},
		{m{"people": []m{good, {"given": "L\x00"}}}, "people.1.given", "in_line"},
		{m{"people": []m{{"given": "Rosa", "card": "572800000003"}, {"given": "Luis", "card": "5728 0000 0003"}}}, "people.1.card", "in_line"},
		{m{"people": []m{good, {"given": "Luis", "family_size": 31}}}, "people.1.family_size", "in_line"},
		{m{"people": []m{good, {"given": "Luis", "family": "A", "role": "chief"}}}, "people.1.role", "in_line"},
		{m{"people": slices.Repeat([]m{good}, 121)}, "people", "out_of_range"},
		{m{"people": []m{good}, "nationality": []string{"XXX"}}, "nationality", "not_in_list"},
		{m{"people": []m{good}, "count": m{"women": -1}}, "count.women", "out_of_range"},
		{m{"people": []m{good}, "count": m{}}, "count.total", "required"},
		{m{"people": []m{good, {"given": "Luis", "family_size": 5}}, "count": m{"total": 5}}, "count.total", "count_less"},
		{m{"people": []m{good}, "count": m{"total": 5, "mode": "boat"}}, "count.mode", "not_in_list"},
		{m{"people": []m{{"given": "Rosa", "typo": "x"}}}, "typo", "unknown_field"},
	} {
		b.Refused("group.register", site, c.data, c.field, c.code)
	}
	b.Refused("group.register", "", m{"count": m{"total": 5}}, "site", "no_site")
	if n := persons(b); n != 0 {
		t.Errorf("%d records after what was refused", n)
	}
	// The last of many is wrong, after hundreds of facts were said: nothing of them is there.
	many := slices.Repeat([]m{good}, 40)
	b.Refused("group.register", site, m{"people": append(many, m{"given": "Luis", "with": "nobody"})}, "people.40.with", "in_line")
	if n := persons(b); n != 0 {
		t.Errorf("%d records after the last line was refused", n)
	}
	r := worktest.Do[route.Grouped](b, "group.register", site, m{"count": m{"total": 12}, "direction": "returned"})
	if r.ID != r.Count || len(r.People) != 0 {
		t.Errorf("only a number: %+v", r)
	}
}

// The same request sent again, as a page or a script does that heard no answer, writes nothing a second time.
func TestAGroupSentAgain(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	raw, err := json.Marshal(m{"people": []m{{"given": "Rosa", "family": "A"}, {"given": "Luis", "family": "A"}}, "count": m{"total": 2}})
	if err != nil {
		t.Fatal(err)
	}
	request := record.Request{Action: "group.register", ID: "bus-del-martes", Site: site, At: b.Now, Data: raw}
	first := b.Session.Apply(b.Context(), lang.ES, request)
	again := b.Session.Apply(b.Context(), lang.ES, request)
	one, two := first.Result.(route.Grouped), again.Result.(route.Grouped)
	if !first.OK || !again.OK || first.Commit == "" || again.Commit != "" || one.ID != two.ID || two.People[1].Person != one.People[1].Person || one.Households[0] != two.Households[0] {
		t.Errorf("%+v\n%+v", first, again)
	}
	if n := persons(b); n != 4 {
		t.Errorf("%d records, want two persons, a family and a count", n)
	}
}

// Of a family who came whole nothing is left that says how many they were, once one of them is not shown.
func TestAFamilyOfWhomOneIsHiddenLacksNobody(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	r := worktest.Do[route.Grouped](b, "group.register", site, map[string]any{"people": []map[string]any{{"given": "Beto", "family": "A"}, {"given": "Carla", "family": "A"}}})
	he, she := r.People[0].Person.String(), r.People[1].Person.String()
	if got := worktest.Ask[family.Shown](b, "family.show", "person", he).Households; len(got) != 1 || len(got[0].Members) != 2 {
		t.Fatalf("together: %+v", got)
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, map[string]any{"person": she, "reason": "lo pidió", "authority": "ella"})
	if got := worktest.Ask[family.Shown](b, "family.show", "person", he).Households; len(got) != 1 || len(got[0].Members) != 1 || got[0].People > 1 {
		t.Errorf("one is hidden: %+v", got)
	}
	if got := worktest.Ask[route.Incompletes](b, "group.incomplete"); len(got.Families) != 0 {
		t.Errorf("somebody is said to be missing: %+v", got.Families)
	}
}
