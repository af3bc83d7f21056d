package people_test

import (
	"slices"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

func groupsOf(b *worktest.Bed, person string) []string {
	b.Helper()
	return worktest.Ask[people.Shown](b, "person.show", "person", person).Groups
}

// survivorsInIdentity counts the records of the compartment identity in which the word stands, in whatever field.
func survivorsInIdentity(b *worktest.Bed) int {
	b.Helper()
	return b.Sum("(SELECT 1 AS n, groups FROM identity.person UNION ALL SELECT 1, priority FROM identity.priority)", "groups LIKE '%survivor%'")
}

// What a survivor told is for those who care for them. At the reception stays that somebody wants to talk in private, and the
// answer says that no more was kept.
func TestASurvivorIsKnownOnlyBehindTheirCompartment(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t) // opens everything
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	clinic := b.Join(url, "Carla", site, "clinician")

	r := worktest.Do[people.Registered](desk, "person.register", site, fields{"given": "Ana", "groups": []string{"pregnant", people.SurvivorGroup}})
	ana := r.Person.String()
	if !r.Private || !slices.Equal(groupsOf(desk, ana), []string{"pregnant", people.PrivateTalk}) {
		t.Errorf("at the desk: %+v, %v", r, groupsOf(desk, ana))
	}
	worktest.Meet(url, desk, clinic, b)
	p := worktest.Do[people.Prioritised](clinic, "person.priority", site, fields{"person": ana, "group": people.SurvivorGroup, "identified": "self", "may_record": "agreed"})
	if p.Private || !slices.Contains(p.Groups, people.SurvivorGroup) {
		t.Errorf("the clinic's own answer: %+v", p)
	}
	worktest.Meet(url, clinic, desk, b)
	if got := groupsOf(clinic, ana); !slices.Equal(got, []string{"pregnant", people.PrivateTalk, people.SurvivorGroup}) {
		t.Errorf("the clinic reads %v", got)
	}
	if got := groupsOf(desk, ana); slices.Contains(got, people.SurvivorGroup) {
		t.Errorf("the desk reads %v", got)
	}
	for _, at := range []*worktest.Bed{b, desk, clinic} {
		if n := survivorsInIdentity(at); n != 0 {
			t.Errorf("%d records of the compartment identity say it", n)
		}
	}
	// The desk changes the list that it sees: what it does not see stays.
	worktest.Do[people.Updated](desk, "person.update", site, fields{"person": ana, "groups": []string{"lactating", people.PrivateTalk}})
	worktest.Meet(url, desk, clinic)
	if got := groupsOf(clinic, ana); !slices.Equal(got, []string{"lactating", people.PrivateTalk, people.SurvivorGroup}) {
		t.Errorf("after a change at the desk the clinic reads %v", got)
	}
	s := worktest.Ask[people.Shown](clinic, "person.show", "person", ana)
	if i := slices.IndexFunc(s.Priorities, func(p people.OnePriority) bool { return p.Group == people.SurvivorGroup }); i < 0 || s.Priorities[i].ByName != "Carla" {
		t.Errorf("who said it: %+v", s.Priorities)
	}
	worktest.Do[people.Prioritised](clinic, "person.priority", site, fields{"person": ana, "group": people.SurvivorGroup, "end": true})
	if got := groupsOf(clinic, ana); slices.Contains(got, people.SurvivorGroup) {
		t.Errorf("taken back, and yet %v", got)
	}
}

// An earlier version wrote it among the others. It is read by nobody who may not know it.
func TestOldWordsOfSurvivorsAreCovered(t *testing.T) {
	url := worktest.Relay(t)
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	worktest.Meet(url, b)
	desk := b.Join(url, "Bea", site, "registrar")
	ana := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana"}).Person.String()
	b.OldGroup(ana, people.SurvivorGroup)
	worktest.Meet(url, b, desk)
	if survivorsInIdentity(b) != 1 {
		t.Fatal("the old word is not there")
	}
	if got := groupsOf(b, ana); !slices.Equal(got, []string{people.SurvivorGroup}) {
		t.Errorf("who opens the compartment reads %v", got)
	}
	if got := groupsOf(desk, ana); !slices.Equal(got, []string{people.PrivateTalk}) {
		t.Errorf("the desk reads %v", got)
	}
	if hits := worktest.Ask[people.Found](desk, "person.find", "q", "ana"); len(hits.Hits) != 1 || slices.Contains(hits.Hits[0].Person.Groups, people.SurvivorGroup) {
		t.Errorf("the search tells it: %+v", hits.Hits)
	}
}

func TestPriorities(t *testing.T) {
	b := worktest.New(t)
	r := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Luz", "groups": []string{"older"},
		"priorities": []fields{{"group": "disability", "identified": "family", "may_record": "guardian"}, {"group": "pregnant"}}})
	luz := r.Person.String()
	s := worktest.Ask[people.Shown](b, "person.show", "person", luz)
	said := map[string]string{}
	for _, p := range s.Priorities {
		said[p.Group] = p.Identified + "/" + p.MayRecord
	}
	if len(said) != 3 || said["older"] != "self/agreed" || said["disability"] != "family/guardian" || said["pregnant"] != "self/agreed" {
		t.Errorf("%v", said)
	}
	got := worktest.Do[people.Prioritised](b, "person.priority", "", fields{"person": luz, "group": "pregnant", "end": true})
	if !slices.Equal(got.Groups, []string{"disability", "older"}) || !slices.Equal(groupsOf(b, luz), []string{"disability", "older"}) {
		t.Errorf("ended: %+v, %v", got, groupsOf(b, luz))
	}
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"person": luz}, "group", "required"},
		{fields{"person": luz, "group": "vip"}, "group", "not_in_list"},
		{fields{"person": luz, "group": "older", "identified": "police"}, "identified", "not_in_list"},
		{fields{"person": luz, "group": "older", "may_record": "no"}, "may_record", "not_in_list"},
		{fields{"group": "older"}, "person", "required"},
	} {
		b.Refused("person.priority", "", c.data, c.field, c.code)
	}
	b.Refused("person.register", "", fields{"given": "Eva", "priorities": []fields{{"group": "older"}, {"group": "x"}}}, "groups", "not_in_list")
	b.Refused("person.register", "", fields{"given": "Eva", "priorities": []fields{{"group": "older"}, {"group": "older", "identified": "x"}}}, "priorities.1.identified", "not_in_list")
}

func TestAChildAlone(t *testing.T) {
	b := worktest.New(t)
	register := func(d fields) people.Registered {
		t.Helper()
		return worktest.Do[people.Registered](b, "person.register", "", d)
	}
	mother := register(fields{"given": "Rosa", "age": 31}).Person.String()
	for _, c := range []struct {
		name       string
		data       fields
		child, ask bool
		groups     []string
	}{
		{"said to be alone", fields{"given": "Eli", "age": 16, "alone": true}, true, false, []string{"unaccompanied_child"}},
		{"by what was seen of the age", fields{"given": "Eli", "age_band": "child", "alone": true}, true, false, []string{"unaccompanied_child"}},
		{"separated", fields{"given": "Eli", "age": 16, "groups": []string{"separated_child"}}, true, false, []string{"separated_child"}},
		{"the age is not known: taken for a child", fields{"given": "Eli", "groups": []string{"unaccompanied_child"}}, true, false, []string{"unaccompanied_child"}},
		{"nobody said with whom", fields{"given": "Eli", "birth": "2012"}, false, true, []string{}},
		{"with the mother", fields{"given": "Eli", "age": 9, "with": mother, "with_as": "family", "role": "child"}, false, false, []string{}},
		{"grown and alone", fields{"given": "Eli", "age": 18, "alone": true}, false, false, []string{}},
		{"grown, by what was seen", fields{"given": "Eli", "age_band": "adult", "groups": []string{"unaccompanied_child"}}, false, false, []string{"unaccompanied_child"}},
	} {
		r := register(c.data)
		if r.Child != c.child || r.Ask != c.ask || !slices.Equal(groupsOf(b, r.Person.String()), c.groups) || r.Household.IsZero() == (c.data["with"] != nil) {
			t.Errorf("%s: %+v, %v", c.name, r, groupsOf(b, r.Person.String()))
		}
	}
	b.Refused("person.register", "", fields{"given": "Eli", "alone": true, "with": mother}, "alone", "alone_with")
	b.Refused("person.register", "", fields{"given": "Eli", "with": "nobody"}, "with", "unknown_id")
	b.Refused("person.register", "", fields{"given": "Eli", "with": mother, "role": "chief"}, "role", "not_in_list")
}

func TestRegisterSaysMore(t *testing.T) {
	b := worktest.New(t)
	said := fields{"given": "Oumar", "surname1": "Ndiaye", "spoken": "Umar Indiái", "written": "عمر", "aliases": []string{" El  Senegalés ", "Omar", "Omar"},
		"age_band": "adult", "languages": []string{"wo", "fr"}, "interpreter": "wo", "direction": "returned", "intention": "undecided", "motives": []string{"deported", "money"},
		"incomplete": true, "card": "572 800 000 003"}
	r := worktest.Do[people.Registered](b, "person.register", "", said)
	s := worktest.Ask[people.Shown](b, "person.show", "person", r.Person.String())
	if s.Spoken != "Umar Indiái" || s.Written != "عمر" || !slices.Equal(s.Aliases, []string{"El Senegalés", "Omar"}) || s.AgeBand != "adult" || s.Interpreter != "wo" ||
		s.Direction != "returned" || s.Intention != "undecided" || !slices.Equal(s.Motives, []string{"deported", "money"}) || !s.Incomplete || s.Card != r.Card || r.Card != "572800000003" {
		t.Errorf("%+v", s)
	}
	worktest.Do[people.Updated](b, "person.update", "", fields{"person": r.Person.String(), "age_band": nil, "age": 30, "interpreter": nil, "incomplete": false, "aliases": []string{"Omar"}, "intention": "stay"})
	s = worktest.Ask[people.Shown](b, "person.show", "person", r.Person.String())
	if s.AgeBand != "" || s.Interpreter != "" || s.Incomplete || !slices.Equal(s.Aliases, []string{"Omar"}) || s.Intention != "stay" || *s.Age != 30 || s.Written != "عمر" {
		t.Errorf("after the change %+v", s)
	}
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"given": "😀"}, "given", "no_pictures"},
		{fields{"given": "Ana", "aliases": []string{"La 🌸"}}, "aliases", "no_pictures"},
		{fields{"given": "Ana", "aliases": slices.Repeat([]string{"x"}, 11)}, "aliases", "out_of_range"},
		{fields{"given": "Ana", "interpreter": "klingon language"}, "interpreter", "not_in_list"},
		{fields{"given": "Ana", "age_band": "old"}, "age_band", "not_in_list"},
		{fields{"given": "Ana", "intention": "moon"}, "intention", "not_in_list"},
		{fields{"given": "Ana", "motives": []string{"x"}}, "motives", "not_in_list"},
		{fields{"given": "Ana", "card": "572 800 000 003"}, "card", "card_taken"},
		{fields{"given": "Ana", "card": "123"}, "card", "card_short"},
		{fields{"spoken": "Ana"}, "given", "name_required"},
	} {
		b.Refused("person.register", "", c.data, c.field, c.code)
	}
	if n := b.Sum("(SELECT 1 AS n FROM identity.person)", "1"); n != 1 {
		t.Errorf("%d persons after what was refused, want 1", n)
	}
}
