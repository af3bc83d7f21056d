package record

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

// must is for what the test takes for granted.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, m *machine, fields Fields) (id ID) {
	t.Helper()
	must(t, m.act(func(c *Change) (err error) { id, err = c.Create(person, fields); return err }))
	return id
}

func set(t testing.TB, m *machine, id ID, fields Fields) (changed []string) {
	t.Helper()
	must(t, m.act(func(c *Change) (err error) { changed, err = c.Set(person, id, fields); return err }))
	return changed
}

func putShelf(t testing.TB, m *machine, fields Fields) (id ID, changed []string) {
	t.Helper()
	must(t, m.act(func(c *Change) (err error) { id, changed, err = c.Put(shelf, fields); return err }))
	return id, changed
}

func shows(t testing.TB, m *machine, k *Kind, id ID, field string, want any) {
	t.Helper()
	if got := m.show(t, k, id, field); !reflect.DeepEqual(got, want) {
		t.Errorf("machine %d shows %s = %#v, want %#v", m.number, field, got, want)
	}
}

func rivals(t testing.TB, m *machine, id ID, field string) (values []any) {
	t.Helper()
	f, _ := person.Field(field)
	for _, st := range m.state(t, person, id).Rivals(f) {
		values = append(values, st.Value)
	}
	return values
}

func TestOnlyWhatDiffersIsSaid(t *testing.T) {
	m := newMachine(1)
	id := create(t, m, Fields{"given": "Ana", "age": 30, "consent": []string{"care"}, "mother": nil, "minor": nil})
	if said := m.wrote[0].Values; len(said) != 3 || !m.wrote[0].Fact.Creates {
		t.Errorf("the creating fact says %v", said)
	}
	if changed := set(t, m, id, Fields{"given": "Ana", "age": 30, "consent": []string{"care", "care"}, "mother": nil}); changed != nil {
		t.Errorf("nothing changed, yet %v", changed)
	}
	if len(m.wrote) != 1 {
		t.Fatalf("%d facts were written", len(m.wrote))
	}
	if changed := set(t, m, id, Fields{"given": "Anna", "age": 30, "minor": false}); !slices.Equal(changed, []string{"given", "minor"}) {
		t.Errorf("changed: %v", changed)
	}
	last := m.wrote[1]
	if len(last.Values) != 2 || len(last.Replaces) != 1 || last.Replaces[1][0] != id.Ref() || last.Fact.Creates {
		t.Errorf("the fact says %v and replaces %v", last.Values, last.Replaces)
	}
	shows(t, m, person, id, "given", "Anna")
	shows(t, m, person, id, "minor", false)
}

func TestNilClears(t *testing.T) {
	m := newMachine(1)
	id := create(t, m, Fields{"given": "Ana", "consent": []string{"care", "sharing"}, "mother": ID{7}})
	changed := set(t, m, id, Fields{"given": nil, "consent": nil, "mother": ID{}, "age": nil})
	if !slices.Equal(changed, []string{"consent", "given", "mother"}) {
		t.Errorf("changed: %v", changed)
	}
	shows(t, m, person, id, "given", nil)
	shows(t, m, person, id, "mother", nil)
	shows(t, m, person, id, "consent", []string{})
	if again := set(t, m, id, Fields{"given": nil, "consent": nil}); again != nil {
		t.Errorf("cleared twice: %v", again)
	}
}

func TestWhatOneActionSaysTwiceIsOneFactAndNoRivalOfItself(t *testing.T) {
	m := newMachine(1)
	id := create(t, m, Fields{"given": "Ana", "age": 30, "minor": false, "consent": []string{"care", "sharing"}})
	must(t, m.act(func(c *Change) error {
		first, err := c.Set(person, id, Fields{"given": "Anna"})
		must(t, err)
		second, err := c.Set(person, id, Fields{"given": "Anna", "age": 31, "consent": []string{"care"}, "minor": nil, "mother": nil})
		if !slices.Equal(first, []string{"given"}) || !slices.Equal(second, []string{"age", "consent", "minor"}) {
			t.Errorf("changed: %v, then %v", first, second)
		}
		if _, err := c.Set(person, id, Fields{"given": "Ana"}); err != nil { // on second thought, as it was
			return err
		}
		return err
	}))
	if len(m.wrote) != 2 {
		t.Fatalf("%d facts", len(m.wrote))
	}
	for field, want := range map[string]any{"given": "Ana", "age": int64(31), "minor": nil, "consent": []string{"care"}} {
		shows(t, m, person, id, field, want)
		if r := rivals(t, m, id, field); r != nil {
			t.Errorf("%s has rivals %v, all said by one person in one action", field, r)
		}
	}
	must(t, m.act(func(c *Change) error {
		fresh, err := c.Create(person, Fields{"given": "Eva", "age": 5})
		must(t, err)
		_, err = c.Set(person, fresh, Fields{"given": "Evita", "age": nil, "consent": []string{}})
		if f := c.Facts(); len(f) != 1 || len(f[0].Values) != 1 || f[0].Values[1] != "Evita" || !f[0].Creates {
			t.Errorf("said: %+v", f)
		}
		return err
	}))
}

func TestTwoOfflineChangesOfOneFieldStandUntilSettled(t *testing.T) {
	a, b, c := newMachine(1), newMachine(2), newMachine(3)
	id := create(t, a, Fields{"given": "Ana", "age": 30})
	meet(t, a, b, c)
	set(t, a, id, Fields{"given": "Anna"})
	set(t, b, id, Fields{"given": "Hannah"})
	set(t, c, id, Fields{"age": 31})
	meet(t, a, b, c)
	for _, m := range []*machine{a, b, c} {
		if r := rivals(t, m, id, "given"); len(r) != 2 || !slices.Contains(r, any("Anna")) || !slices.Contains(r, any("Hannah")) {
			t.Errorf("rivals: %v", r)
		}
		if r := rivals(t, m, id, "age"); r != nil {
			t.Errorf("different fields merge by themselves, yet %v", r)
		}
		shows(t, m, person, id, "age", int64(31))
	}
	// Settling with one of the two values is a change although that value already stands.
	if changed := set(t, c, id, Fields{"given": "Hannah"}); !slices.Equal(changed, []string{"given"}) {
		t.Errorf("settling: %v", changed)
	}
	meet(t, a, b, c)
	for _, m := range []*machine{a, b, c} {
		if r := rivals(t, m, id, "given"); r != nil {
			t.Errorf("settled, yet %v", r)
		}
		shows(t, m, person, id, "given", "Hannah")
	}
}

func TestOneSettlesWhileAnotherChanges(t *testing.T) {
	a, b := newMachine(1), newMachine(2)
	id := create(t, a, Fields{"given": "Ana"})
	meet(t, a, b)
	set(t, a, id, Fields{"given": "Anna"})
	set(t, b, id, Fields{"given": "Hannah"})
	meet(t, a, b)
	set(t, a, id, Fields{"given": "Anna"})  // settles
	set(t, b, id, Fields{"given": "Joana"}) // changes both, not knowing
	meet(t, a, b)
	if r := rivals(t, a, id, "given"); len(r) != 2 || slices.Contains(r, any("Hannah")) {
		t.Errorf("rivals: %v", r)
	}
}

func TestEqualValuesAreNoRivals(t *testing.T) {
	a, b := newMachine(1), newMachine(2)
	id := create(t, a, Fields{"given": "Ana", "photo": []byte{1}})
	meet(t, a, b)
	set(t, a, id, Fields{"given": "Anna", "photo": []byte{2}, "mother": ID{9}, "age": nil})
	set(t, b, id, Fields{"given": "Anna", "photo": []byte{2}, "mother": ID{9}})
	meet(t, a, b)
	for _, field := range []string{"given", "photo", "mother"} {
		if r := rivals(t, a, id, field); r != nil {
			t.Errorf("%s: both said the same, yet %v", field, r)
		}
	}
	if changed := set(t, a, id, Fields{"given": "Anna"}); changed != nil {
		t.Errorf("said a third time: %v", changed)
	}
	set(t, a, id, Fields{"given": "Ana"}) // replaces both
	meet(t, a, b)
	shows(t, b, person, id, "given", "Ana")
	if r := rivals(t, b, id, "given"); r != nil {
		t.Errorf("rivals: %v", r)
	}
}

// A person who withdraws one consent at one desk and another at the next, before the two desks meet, has withdrawn
// both.
func TestWithdrawalsAtTwoDesksBothHold(t *testing.T) {
	a, b := newMachine(1), newMachine(2)
	id := create(t, a, Fields{"consent": []string{"care", "sharing", "statistics"}})
	meet(t, a, b)
	set(t, a, id, Fields{"consent": []string{"care", "statistics"}})
	set(t, b, id, Fields{"consent": []string{"care", "sharing"}})
	meet(t, a, b)
	for _, m := range []*machine{a, b} {
		shows(t, m, person, id, "consent", []string{"care"})
	}
	set(t, b, id, Fields{"consent": []string{"care", "sharing"}}) // and may be given again
	meet(t, a, b)
	shows(t, a, person, id, "consent", []string{"care", "sharing"})
}

func TestAddingWinsOverRemovingAtTheSameTime(t *testing.T) {
	a, b, c := newMachine(1), newMachine(2), newMachine(3)
	id := create(t, a, Fields{"consent": []string{"care"}})
	meet(t, a, b, c)
	set(t, a, id, Fields{"consent": nil})                // removes
	set(t, b, id, Fields{"consent": nil})                // removes, and
	set(t, b, id, Fields{"consent": []string{"care"}})   // adds again
	set(t, c, id, Fields{"consent": []string{"x", "y"}}) // removes care, adds two
	meet(t, a, b, c)
	for _, m := range []*machine{a, b, c} {
		shows(t, m, person, id, "consent", []string{"care", "x", "y"})
	}
	if changed := set(t, a, id, Fields{"consent": []string{"y", "x"}}); !slices.Equal(changed, []string{"consent"}) {
		t.Errorf("changed: %v", changed)
	}
	meet(t, a, b, c)
	shows(t, c, person, id, "consent", []string{"x", "y"})
	// Adding a word that already stands says nothing of it, so a removal at the same time holds.
	set(t, a, id, Fields{"consent": []string{"x"}})
	set(t, b, id, Fields{"consent": []string{"x", "y", "z"}})
	meet(t, a, b, c)
	shows(t, b, person, id, "consent", []string{"x", "z"})
}

func TestTheSameKeyWrittenAnywhereIsTheSameRecord(t *testing.T) {
	a, b := newMachine(1), newMachine(2)
	ida, changed := putShelf(t, a, Fields{"room": "A", "number": 1, "label": "soap"})
	if !slices.Equal(changed, []string{"label"}) {
		t.Errorf("changed: %v", changed)
	}
	idb, _ := putShelf(t, b, Fields{"room": "A", "number": 1, "label": "soap", "holds": []string{"x"}})
	other, _ := putShelf(t, b, Fields{"room": "A", "number": 2})
	if ida != idb || ida == other {
		t.Fatalf("ids: %v %v %v", ida, idb, other)
	}
	meet(t, a, b)
	before := len(a.wrote)
	if _, changed := putShelf(t, a, Fields{"room": "A", "number": 1, "label": "soap"}); changed != nil || len(a.wrote) != before {
		t.Errorf("as it was, yet %v", changed)
	}
	if _, changed := putShelf(t, a, Fields{"room": "A", "number": 1, "label": "bread"}); !slices.Equal(changed, []string{"label"}) {
		t.Errorf("changed: %v", changed)
	}
	if a.wrote[before].Fact.Creates {
		t.Error("created twice, knowingly")
	}
	meet(t, a, b)
	shows(t, b, shelf, ida, "label", "bread")
	shows(t, b, shelf, ida, "room", "A")
}

func TestSettingAFieldOfAKeyedRecordKeepsItsKey(t *testing.T) {
	m := newMachine(1)
	id, _ := putShelf(t, m, Fields{"room": "A", "number": 1, "label": "soap"})
	must(t, m.act(func(c *Change) error { _, err := c.Set(shelf, id, Fields{"label": "bread"}); return err }))
	shows(t, m, shelf, id, "room", "A")
	shows(t, m, shelf, id, "label", "bread")
	last := m.wrote[len(m.wrote)-1]
	if computed, err := shelf.KeyID(last.Values); err != nil || computed != id {
		t.Errorf("another machine computes %v from the fact (%v), not %v", computed, err, id)
	}
	if err := m.act(func(c *Change) error { _, err := c.Set(shelf, id, Fields{"room": "B", "label": "x"}); return err }); err == nil {
		t.Error("the key was changed")
	}
	if err := m.act(func(c *Change) error { _, err := c.Set(shelf, ID{5}, Fields{"label": "x"}); return err }); err == nil {
		t.Error("a record that is not there was set")
	}
}

func TestAKeyedRecordWrittenOftenStaysSmall(t *testing.T) {
	m := newMachine(1)
	var id ID
	for i := range 200 {
		id, _ = putShelf(t, m, Fields{"room": "A", "number": 1, "label": []string{"soap", "bread"}[i%2]})
	}
	// What must be kept of a replaced value is its name, once a field: 8 bytes and a head.
	if size := len(m.states[shelf.Table()][id]); size > 200*3*9+200 {
		t.Errorf("the state has grown to %d bytes", size)
	}
}

func TestChangeRefusesWhatTheFormDoesNotAllow(t *testing.T) {
	m := newMachine(1)
	for name, do := range map[string]func(*Change) error{
		"create a happening":        func(c *Change) error { _, err := c.Create(visit, nil); return err },
		"happen an entity":          func(c *Change) error { _, err := c.Happen(person, nil); return err },
		"correct nothing":           func(c *Change) error { _, err := c.Correct(visit, ID{}, nil); return err },
		"correct an entity":         func(c *Change) error { _, err := c.Correct(person, ID{1}, nil); return err },
		"count an entity":           func(c *Change) error { return c.Count(person, nil) },
		"put an entity":             func(c *Change) error { _, _, err := c.Put(person, nil); return err },
		"put without a key":         func(c *Change) error { _, _, err := c.Put(shelf, Fields{"room": "A"}); return err },
		"put with half a key":       func(c *Change) error { _, _, err := c.Put(shelf, Fields{"room": "A", "number": nil}); return err },
		"set a happening":           func(c *Change) error { _, err := c.Set(visit, ID{1}, nil); return err },
		"a field nobody declared":   func(c *Change) error { _, err := c.Create(person, Fields{"nombre": "Ana"}); return err },
		"a number for a text":       func(c *Change) error { _, err := c.Create(person, Fields{"given": 5}); return err },
		"a text for a number":       func(c *Change) error { _, err := c.Create(person, Fields{"age": "5"}); return err },
		"text that is not UTF-8":    func(c *Change) error { _, err := c.Create(person, Fields{"given": "\xff"}); return err },
		"a reference of five bytes": func(c *Change) error { _, err := c.Create(person, Fields{"mother": []byte("12345")}); return err },
	} {
		if err := m.act(do); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
	if len(m.wrote) != 0 {
		t.Errorf("%d facts were written", len(m.wrote))
	}
}

func TestHappeningsAndCounts(t *testing.T) {
	m := newMachine(1)
	must(t, m.act(func(c *Change) error {
		first, err := c.Happen(visit, Fields{"reason": "fever"})
		must(t, err)
		second, err := c.Correct(visit, first, Fields{"reason": "cough"})
		must(t, err)
		must(t, c.Count(counted, Fields{"day": "2026-11-21"}))
		must(t, c.Count(counted, Fields{"day": "2026-11-21", "n": 4}))
		f := c.Facts()
		if first == second || f[0].ID != first || f[1].Corrects != first || f[0].Creates || f[2].Values[2] != int64(1) || f[3].Values[2] != int64(4) {
			t.Errorf("said: %+v", f)
		}
		return nil
	}))
}

func TestRefResolvesClientIDsFirst(t *testing.T) {
	want := ID{1, 2, 3}
	c := NewChange(Change{}, nil, func(s string) (ID, bool) { return want, s == "mine-1" })
	for text, code := range map[string]string{"mine-1": "", want.String(): "", "": "required", "mine-2": "unknown_id"} {
		id, err := c.Ref("person", text)
		if code == "" && (err != nil || id != want) {
			t.Errorf("%q: %v, %v", text, id, err)
		}
		if code != "" && !errors.Is(err, Refuse("person", code)) {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
	if err := c.RequireSite(); !errors.Is(err, Refuse("site", "no_site")) {
		t.Errorf("no site: %v", err)
	}
}

func TestExists(t *testing.T) {
	m := newMachine(1)
	id := create(t, m, Fields{"given": "Ana"})
	must(t, m.act(func(c *Change) error {
		here, err := c.Exists(person, id)
		must(t, err)
		gone, err := c.Exists(person, ID{9})
		if !here || gone {
			t.Errorf("exists: %v %v", here, gone)
		}
		return err
	}))
}
