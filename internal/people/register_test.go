package people_test

import (
	"slices"
	"strings"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

type fields = map[string]any

func TestRegister(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa del Río", "07089")
	r := worktest.Do[people.Registered](b, "person.register", site, fields{
		"given": "  María   José ", "surname1": "López", "surname2": "Hernández", "sex": "f", "birth": "1999-05", "nationality": []string{"hnd", "HND"},
		"languages": []string{"es", "quc"}, "direction": "north", "groups": []string{"pregnant"}, "note": "viene con\r\nsu hermana \n",
		"consent": []string{"care", "statistics"}})
	if r.ID != r.Person || r.ID.IsZero() {
		t.Errorf("id %s and person %s", r.ID, r.Person)
	}
	if !people.ValidCard(r.Card) {
		t.Errorf("card %q does not check", r.Card)
	}
	s := worktest.Ask[people.Shown](b, "person.show", "person", r.Person.String())
	if s.Name != "María José López Hernández" || s.Given != "María José" || *s.Age != 26 || s.AgeAbout || s.Note != "viene con\nsu hermana" ||
		!slices.Equal(s.Nationality, []string{"HND"}) || !slices.Equal(s.Languages, []string{"es", "quc"}) || s.Direction != "north" {
		t.Errorf("shown %+v", s)
	}
	if s.LastSeen == nil || s.LastSeen.SiteName != "Casa del Río" || s.ByName != "Ana" || s.Sites != 1 {
		t.Errorf("seen %+v, by %q, %d sites", s.LastSeen, s.ByName, s.Sites)
	}
	if n := b.Sum("field.registration", "day = '2026-03-17' AND sex = 'f' AND age_band = '25_49' AND nationality = 'HND' AND direction = 'north'"); n != 1 {
		t.Errorf("counted %d times", n)
	}
}

// Who did not agree to be counted is not, and nothing else is needed than one word of a name.
func TestRegisterLittle(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	for _, d := range []fields{{"given": "Ana"}, {"surname1": "Pérez"}, {"surname2": "Pérez"}, {"nickname": "El Chino"}, {"given": "O", "consent": []string{"care"}}} {
		worktest.Do[people.Registered](b, "person.register", site, d)
	}
	if n := b.Sum("field.registration", "1"); n != 0 {
		t.Errorf("%d persons were counted without having agreed", n)
	}
	worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Luz", "consent": []string{"statistics"}, "nationality": []string{"HND", "GTM"}})
	if n := b.Sum("field.registration", "nationality = 'SEVERAL' AND age_band = 'unknown' AND sex = 'unknown' AND direction = 'unknown'"); n != 1 {
		t.Errorf("somebody of whom little is known is counted %d times", n)
	}
}

func TestRegisterRefuses(t *testing.T) {
	b := worktest.New(t)
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{}, "given", "name_required"},
		{fields{"given": "  \t "}, "given", "name_required"},
		{fields{"given": "..."}, "given", "name_required"},
		{fields{"given": "Ana", "birth": "mayo"}, "birth", "bad_date"},
		{fields{"given": "Ana", "birth": "2004-13"}, "birth", "bad_date"},
		{fields{"given": "Ana", "birth": "2004-02-30"}, "birth", "bad_date"},
		{fields{"given": "Ana", "birth": "17/05/2004"}, "birth", "bad_date"},
		{fields{"given": "Ana", "birth": "2027"}, "birth", "future_date"},
		{fields{"given": "Ana", "birth": "2026-03-18"}, "birth", "future_date"},
		{fields{"given": "Ana", "birth": "1890"}, "birth", "out_of_range"},
		{fields{"given": "Ana", "age": -1}, "age", "out_of_range"},
		{fields{"given": "Ana", "age": 121}, "age", "out_of_range"},
		{fields{"given": "Ana", "age": "veinte"}, "age", "not_a_number"},
		{fields{"given": "Ana", "sex": "mujer"}, "sex", "not_in_list"},
		{fields{"given": "Ana", "nationality": []string{"XYZ"}}, "nationality", "not_in_list"},
		{fields{"given": "Ana", "nationality": []string{"HN"}}, "nationality", "not_in_list"},
		{fields{"given": "Ana", "languages": []string{"español"}}, "languages", "not_in_list"},
		{fields{"given": "Ana", "direction": "up"}, "direction", "not_in_list"},
		{fields{"given": "Ana", "groups": []string{"vip"}}, "groups", "not_in_list"},
		{fields{"given": "Ana", "consent": []string{"all"}}, "consent", "not_in_list"},
		{fields{"given": strings.Repeat("á", 101)}, "given", "too_long"},
		{fields{"given": "Ana\u0007"}, "given", "bad_character"},
		{fields{"given": "Ana\u202eanA"}, "given", "bad_character"},
		{fields{"given": "Ana", "note": "a\u0000b"}, "note", "bad_character"},
		{fields{"given": "Ana", "surname": "López"}, "surname", "unknown_field"},
	} {
		b.Refused("person.register", "", c.data, c.field, c.code)
	}
	for _, ok := range []fields{{"given": "Ana", "nationality": []string{"STATELESS"}}, {"given": "Ana", "nationality": []string{"UNKNOWN"}}, {"given": "Ana", "age": 0},
		{"given": "Ana", "birth": "2026-03-17"}, {"given": strings.Repeat("á", 100)}} {
		worktest.Do[people.Registered](b, "person.register", "", ok)
	}
}

// A child is never marked as alone by the program; it only asks.
func TestRegisterSuggests(t *testing.T) {
	b := worktest.New(t)
	r := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Luis", "age": 15})
	if !slices.Equal(r.Suggest, []string{"unaccompanied_child"}) {
		t.Errorf("suggests %v", r.Suggest)
	}
	if s := worktest.Ask[people.Shown](b, "person.show", "person", r.Person.String()); len(s.Groups) != 0 {
		t.Errorf("groups were set: %v", s.Groups)
	}
	r = worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Eva", "age": 15, "groups": []string{"family_with_children"}})
	if len(r.Suggest) != 0 {
		t.Errorf("suggests %v to a child with family", r.Suggest)
	}
}

func TestUpdate(t *testing.T) {
	b := worktest.New(t)
	id := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana", "surname1": "Ruiz", "age": 30, "age_about": true, "phone": "55 1234",
		"groups": []string{"pregnant", "lactating"}}).Person.String()
	do := func(d fields) []string {
		t.Helper()
		d["person"] = id
		return worktest.Do[people.Updated](b, "person.update", "", d).Changed
	}
	if got := do(fields{"given": "Ana", "age": 30}); len(got) != 0 {
		t.Errorf("saying what stands changes %v", got)
	}
	if got := do(fields{"given": "Anna", "phone": nil, "groups": []string{"lactating"}}); !slices.Equal(got, []string{"given", "groups", "phone"}) {
		t.Errorf("changed %v", got)
	}
	s := worktest.Ask[people.Shown](b, "person.show", "person", id)
	if s.Given != "Anna" || s.Surname1 != "Ruiz" || s.Phone != "" || !slices.Equal(s.Groups, []string{"lactating"}) || *s.AgeTold != 30 {
		t.Errorf("after the change %+v", s)
	}
	b.Now = b.Now.AddDate(2, 0, 1)
	if s := worktest.Ask[people.Shown](b, "person.show", "person", id); *s.Age != 32 || !s.AgeAbout {
		t.Errorf("an age told two years ago is now %d, about %v", *s.Age, s.AgeAbout)
	}
	if got := do(fields{"age": 40, "age_about": false}); !slices.Equal(got, []string{"age", "age_about"}) {
		t.Errorf("changed %v", got)
	}
	if s := worktest.Ask[people.Shown](b, "person.show", "person", id); *s.Age != 40 || s.AgeOn != "2028-03-18" || s.AgeAbout {
		t.Errorf("a new age: %d on %s", *s.Age, s.AgeOn)
	}
	if got := do(fields{"age": nil}); !slices.Equal(got, []string{"age"}) {
		t.Errorf("changed %v", got)
	}
	if s := worktest.Ask[people.Shown](b, "person.show", "person", id); s.Age != nil || s.AgeOn != "" {
		t.Errorf("a cleared age stays: %v on %q", s.Age, s.AgeOn)
	}

	b.Refused("person.update", "", fields{"person": id, "given": nil, "surname1": ""}, "given", "name_required")
	b.Refused("person.update", "", fields{"person": id, "sex": "q"}, "sex", "not_in_list")
	b.Refused("person.update", "", fields{"person": id, "age": "x"}, "age", "not_a_number")
	b.Refused("person.update", "", fields{"person": "nobody", "sex": "f"}, "person", "unknown_id")
	b.Refused("person.update", "", fields{"person": strings.Repeat("0", 26), "sex": "f"}, "person", "unknown_id")
	b.Refused("person.update", "", fields{"sex": "f"}, "person", "required")
	b.Refused("person.update", "", fields{"person": id, "card": "1"}, "card", "unknown_field")
}
