package record

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestARegistryHoldsEveryNumberAndNameOnce(t *testing.T) {
	text := Field{Number: 1, Name: "a", Type: Text}
	kind := func(number uint16, name string, fields ...Field) *Kind {
		return &Kind{Number: number, Name: name, In: Care, Form: Entity, Fields: fields}
	}
	one := Module{Name: "one", Kinds: []*Kind{kind(1, "one", text)}, Actions: []Action{{Name: "one.do"}}, Queries: []Query{{Name: "one.show"}}}
	for name, c := range map[string]struct {
		modules []Module
		refused string
	}{
		"two modules":            {[]Module{one, {Name: "two", Kinds: []*Kind{kind(2, "two")}}}, ""},
		"a number twice":         {[]Module{one, {Name: "two", Kinds: []*Kind{kind(1, "two")}}}, "number 1 of one"},
		"a name twice":           {[]Module{one, {Name: "two", Kinds: []*Kind{kind(2, "one")}}}, "twice"},
		"an action twice":        {[]Module{one, {Name: "two", Actions: []Action{{Name: "one.do"}}}}, "twice"},
		"a query twice":          {[]Module{one, {Name: "two", Queries: []Query{{Name: "one.show"}}}}, "twice"},
		"a nameless action":      {[]Module{{Actions: []Action{{}}}}, "no name"},
		"a nameless query":       {[]Module{{Queries: []Query{{}}}}, "no name"},
		"number 0":               {[]Module{{Kinds: []*Kind{kind(0, "zero")}}}, "needed"},
		"no compartment":         {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", Form: Entity}}}}, "needed"},
		"no form":                {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", In: Care}}}}, "needed"},
		"a field number twice":   {[]Module{{Kinds: []*Kind{kind(1, "x", text, Field{Number: 1, Name: "b", Type: Text})}}}, "twice"},
		"a field name twice":     {[]Module{{Kinds: []*Kind{kind(1, "x", text, Field{Number: 2, Name: "a", Type: Text})}}}, "twice"},
		"a field 0":              {[]Module{{Kinds: []*Kind{kind(1, "x", Field{Name: "a", Type: Text})}}}, "well formed"},
		"the engine's column":    {[]Module{{Kinds: []*Kind{kind(1, "x", Field{Number: 1, Name: "_site", Type: Text})}}}, "well formed"},
		"the column of the id":   {[]Module{{Kinds: []*Kind{kind(1, "x", Field{Number: 1, Name: "id", Type: Text})}}}, "well formed"},
		"a field without type":   {[]Module{{Kinds: []*Kind{kind(1, "x", Field{Number: 1, Name: "a"})}}}, "well formed"},
		"keyed without a key":    {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", In: Care, Form: Keyed}}}}, "key"},
		"a key nobody declared":  {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", In: Care, Form: Keyed, Key: []string{"a"}}}}}, "key"},
		"a tally without n":      {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", In: Care, Form: Tally}}}}, "needs"},
		"a tally of words":       {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", In: Care, Form: Tally, Fields: []Field{{Number: 1, Name: "n", Type: Text}}}}}}, "needs"},
		"a subject that is none": {[]Module{{Kinds: []*Kind{{Number: 1, Name: "x", In: Care, Form: Happening, Subject: "a", Fields: []Field{text}}}}}, "subject"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewRegistry(c.modules...)
			switch {
			case c.refused == "" && err != nil:
				t.Fatal(err)
			case c.refused == "" && (r.Kind(1).Name != "one" || r.KindNamed("two").Number != 2 || len(r.Kinds()) != 2 || r.Kind(3) != nil):
				t.Error("the registry does not hold what it was given")
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("error %v, want %q", err, c.refused)
			}
		})
	}
}

func TestOneModuleSaysWhoTravels(t *testing.T) {
	stays := Module{Name: "people", Travels: func(_ context.Context, _ Reader, person ID, _ time.Time) (bool, error) { return person == ID{1}, nil }}
	r, err := NewRegistry(stays)
	must(t, err)
	for person, want := range map[ID]bool{{1}: true, {2}: false} {
		if may, err := r.Travels(t.Context(), nil, person, time.Now()); err != nil || may != want {
			t.Errorf("%s travels %v, %v", person, may, err)
		}
	}
	nobody, err := NewRegistry()
	must(t, err)
	if may, err := nobody.Travels(t.Context(), nil, ID{2}, time.Now()); err != nil || !may {
		t.Error("without a word on it nothing travels")
	}
	if _, err := NewRegistry(stays, Module{Name: "other", Travels: stays.Travels}); err == nil {
		t.Error("two modules say whose records travel")
	}
}

func TestTheLastWordOnWhoIsHeldStands(t *testing.T) {
	c := NewChange(Change{}, nil, nil)
	for _, id := range []ID{{1}, {2}, {1}} {
		c.Hold(id)
	}
	c.Release(ID{3})
	c.Hold(ID{3})
	c.Release(ID{2})
	if held, released := c.Held(), c.Released(); !slices.Equal(held, []ID{{1}, {3}}) || !slices.Equal(released, []ID{{2}}) {
		t.Errorf("held %v, released %v", held, released)
	}
}

// What a module gives to everyone is everyone's; of another module it is not.
func TestAModuleForEveryone(t *testing.T) {
	none := func(*Ask, struct{}) (any, error) { return nil, nil }
	act := func(*Change, struct{}) (any, error) { return nil, nil }
	r, err := NewRegistry(
		Module{Name: "a", Anyone: true, Actions: []Action{NewAction("a.do", nil, act)}, Queries: []Query{NewQuery("a.ask", nil, none)}},
		Module{Name: "b", Actions: []Action{NewAction("b.do", nil, act)}, Queries: []Query{NewQuery("b.ask", nil, none)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a": true, "b": false} {
		action, _ := r.Action(name + ".do")
		query, _ := r.Query(name + ".ask")
		if action.Anyone != want || query.Anyone != want {
			t.Errorf("module %s: %v, %v", name, action.Anyone, query.Anyone)
		}
	}
}

func TestCompartments(t *testing.T) {
	for i, c := range Compartments() {
		if back, ok := ParseCompartment(c.String()); !ok || back != c || int(c) != i+1 || !c.Valid() {
			t.Errorf("%d is %v", i, c)
		}
	}
	for _, name := range []string{"", "Identity", "compartment(9)"} {
		if c, ok := ParseCompartment(name); ok {
			t.Errorf("%q is %v", name, c)
		}
	}
	if Compartment(0).Valid() || Compartment(8).Valid() || Compartment(8).String() != "compartment(8)" {
		t.Error("an eighth compartment")
	}
}
