package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// A domain with persons, records about them of every form, and what hides them.
var (
	keeper = &record.Kind{Number: 10, Name: "keeper", In: record.Identity, IsPerson: true, Form: record.Entity, Fields: []record.Field{
		{Number: 1, Name: "name", Type: record.Text, Index: true}}}
	lamp = &record.Kind{Number: 11, Name: "lamp", In: record.Identity, Form: record.Entity, Subject: "keeper", Fields: []record.Field{
		{Number: 1, Name: "keeper", Type: record.Ref}, {Number: 2, Name: "colour", Type: record.Text}}}
	burn = &record.Kind{Number: 12, Name: "burn", In: record.Care, Form: record.Happening, Subject: "keeper", Fields: []record.Field{
		{Number: 1, Name: "keeper", Type: record.Ref}, {Number: 2, Name: "note", Type: record.Text}}}
	tower      = &record.Kind{Number: 13, Name: "tower", In: record.Identity, Form: record.Entity, Fields: []record.Field{{Number: 1, Name: "name", Type: record.Text}}}
	hidingHere = &record.Kind{Number: 20, Name: "hiding_identity", In: record.Identity, Hides: true, Form: record.Keyed, Key: []string{"person"}, Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref}, {Number: 2, Name: "why", Type: record.Set}, {Number: 3, Name: "home", Type: record.Ref}}}
	hidingCare = &record.Kind{Number: 21, Name: "hiding_care", In: record.Care, Hides: true, Form: record.Keyed, Key: []string{"person"}, Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref}, {Number: 2, Name: "why", Type: record.Set}}}
)

// lighthouse is the views of that domain and one writer who says things.
type lighthouse struct {
	t       testing.TB
	dir     string
	views   *Views
	arrival int64
	seq     uint64
	said    []Opened
}

func lit(t testing.TB, open ...record.Compartment) *lighthouse {
	t.Helper()
	registry, err := record.NewRegistry(record.Module{Name: "coast", Kinds: []*record.Kind{keeper, lamp, burn, tower, hidingHere, hidingCare}})
	if err != nil {
		t.Fatal(err)
	}
	l := &lighthouse{t: t, dir: t.TempDir()}
	keys := map[record.Compartment]seal.ViewKey{}
	for _, c := range open {
		keys[c] = seal.NewViewKey()
	}
	if l.views, err = OpenViews(l.dir, registry, keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.views.Close() })
	return l
}

// say makes a part of one fact and gives the id of what it is about.
func (l *lighthouse) say(k *record.Kind, entity record.ID, values map[uint8]any) (id record.ID, part Opened) {
	l.t.Helper()
	l.seq++
	id = record.ID(journal.FactID(journal.WriterID{1}, l.seq, [8]byte{}, 0))
	f := journal.Fact{Kind: k.Number, Values: values, Creates: k.Form == record.Entity && entity.IsZero()}
	switch {
	case k.Form == record.Keyed:
		var err error
		if id, err = k.KeyID(values); err != nil {
			l.t.Fatal(err)
		}
	case k.Form == record.Entity && !entity.IsZero():
		f.Entity, id = entity[:], entity
	}
	return id, Opened{In: k.In, Writer: journal.WriterID{1}, Seq: l.seq, Index: 1, Time: journal.Time(uint64(1_770_000_000_000+l.seq) << 16), By: record.ID{9}, Body: journal.Body{Facts: []journal.Fact{f}}}
}

// arrive projects parts without making them visible.
func (l *lighthouse) arrive(parts ...Opened) {
	l.t.Helper()
	for i := range parts {
		l.arrival++
		parts[i].Arrival = l.arrival
	}
	if odd, err := l.views.Project(parts, l.arrival); err != nil || len(odd) > 0 {
		l.t.Fatal(odd, err)
	}
	l.said = append(l.said, parts...)
}

// does says, projects and shows.
func (l *lighthouse) does(k *record.Kind, entity record.ID, values map[uint8]any) record.ID {
	l.t.Helper()
	id, part := l.say(k, entity, values)
	l.arrive(part)
	if err := l.views.Flush(); err != nil {
		l.t.Fatal(err)
	}
	return id
}

func (l *lighthouse) sees(r record.Reader, statement string, args ...any) string {
	l.t.Helper()
	var out []string
	if err := r.Select(l.t.Context(), statement, args, func(row record.Row) error { out = append(out, row.Text(0)); return nil }); err != nil {
		l.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// everything a query can ask about the persons, by what it asks.
var coastQuestions = map[string]string{
	"persons":  "SELECT name FROM identity.keeper ORDER BY name",
	"by rowid": "SELECT name FROM identity.keeper WHERE rowid > 0 ORDER BY rowid",
	"rivals":   "SELECT count(*) FROM identity.keeper WHERE _rivals > 0",
	"lamps":    "SELECT colour FROM identity.lamp ORDER BY colour",
	"burns":    "SELECT note FROM care.burn ORDER BY note",
	"timeline": "SELECT count(*) FROM care._timeline",
	"changes":  "SELECT count(*) FROM identity._change WHERE kind IN (10, 11)",
	"together": "SELECT b.note || k.name FROM care.burn AS b JOIN identity.keeper AS k ON k.id = b.keeper ORDER BY 1",
	"towers":   "SELECT name FROM identity.tower",
}

func (l *lighthouse) answers(r record.Reader) string {
	l.t.Helper()
	var out []string
	for name, question := range coastQuestions {
		out = append(out, name+": "+l.sees(r, question))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// Who is hidden in a compartment is in no answer of any query about it, whatever it reads and whatever arrives later;
// everybody else is, and lifting it restores every answer.
func TestWhoIsHiddenIsInNoAnswer(t *testing.T) {
	l := lit(t, record.Identity, record.Care)
	rosa := l.does(keeper, record.ID{}, map[uint8]any{1: "Rosa"})
	luz := l.does(keeper, record.ID{}, map[uint8]any{1: "Luz"})
	l.does(tower, record.ID{}, map[uint8]any{1: "norte"})
	l.does(keeper, luz, map[uint8]any{1: "Luz María"}) // beside "Luz": rivals, and a change
	lampOf := func(id record.ID, colour string) record.ID {
		return l.does(lamp, record.ID{}, map[uint8]any{1: id[:], 2: colour})
	}
	lampOf(rosa, "azul")
	hers := lampOf(luz, "rojo")
	for id, note := range map[record.ID]string{rosa: "leve", luz: "grave"} {
		l.does(burn, record.ID{}, map[uint8]any{1: id[:], 2: note})
	}
	before := l.answers(l.views)
	for _, want := range []string{"persons: Luz María Rosa", "rivals: 1", "lamps: azul rojo", "burns: grave leve", "timeline: 2", "changes: 1", "together: graveLuz María leveRosa", "towers: norte"} {
		if !strings.Contains(before, want) {
			t.Fatalf("before: no %q in\n%s", want, before)
		}
	}
	without := func(when string, r record.Reader, identity, care bool) {
		t.Helper()
		got := l.answers(r)
		wants := []string{"towers: norte"}
		if identity {
			wants = append(wants, "persons: Rosa\n", "by rowid: Rosa\n", "rivals: 0", "lamps: azul\n", "changes: 0", "together: leveRosa\n")
		}
		if care {
			wants = append(wants, "burns: leve\n", "timeline: 1", "together: leveRosa\n")
		} else {
			wants = append(wants, "burns: grave leve\n", "timeline: 2")
		}
		for _, want := range wants {
			if !strings.Contains(got+"\n", want) {
				t.Errorf("%s: no %q in\n%s", when, want, got)
			}
		}
	}
	id, part := l.say(hidingHere, record.ID{}, map[uint8]any{1: luz[:], 2: []string{"restricted"}})
	l.arrive(part)
	without("in the running batch", l.views.Working(), true, false)
	if got := l.answers(l.views); got != before {
		t.Errorf("what is not flushed shows:\n%s", got)
	}
	if err := l.views.Flush(); err != nil {
		t.Fatal(err)
	}
	without("hidden in identity", l.views, true, false)
	l.does(hidingCare, record.ID{}, map[uint8]any{1: luz[:], 2: []string{"erasure", "restricted"}})
	without("hidden in both", l.views, true, true)
	if why, err := l.views.Hidden(t.Context(), l.views, record.Care, luz); err != nil || fmt.Sprint(why) != "[erasure restricted]" {
		t.Errorf("why: %v, %v", why, err)
	}
	if why, err := l.views.Hidden(t.Context(), l.views, record.Care, rosa); err != nil || why != nil {
		t.Errorf("who is not hidden: %v, %v", why, err)
	}
	// What arrives later about the hidden one is hidden too, also a change that does not say whose it is.
	l.does(burn, record.ID{}, map[uint8]any{1: luz[:], 2: "peor"})
	l.does(lamp, hers, map[uint8]any{2: "verde"})
	l.does(keeper, luz, map[uint8]any{1: "Lucha"})
	without("after more arrived", l.views, true, true)
	if n := l.sees(l.views, "SELECT count(*) FROM identity._all_keeper"); n != "2" {
		t.Errorf("%s rows are stored: a hidden row is kept, or nothing could be lifted", n)
	}

	// Lifted in identity: the word is removed, and the key travels with the fact.
	var word record.FactRef = id.Ref()
	if err := l.views.Select(t.Context(), "SELECT _state FROM identity.hiding_identity WHERE id = ?", []any{id}, func(r record.Row) error {
		state, err := record.DecodeState(r.Blob(0))
		if err == nil {
			word = state.Standing(2)[0].Ref.Element("restricted")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, lift := l.say(hidingHere, record.ID{}, map[uint8]any{1: luz[:]})
	lift.Body.Facts[0].Replaces = map[uint8][][]byte{2: {word[:]}}
	l.arrive(lift)
	if err := l.views.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := l.sees(l.views, coastQuestions["persons"]); got != "Lucha Rosa" {
		t.Errorf("lifted: %q", got)
	}
	if got := l.sees(l.views, coastQuestions["burns"]); got != "leve" {
		t.Errorf("lifted in identity shows care: %q", got)
	}
}

// The function decides who reads: glass that was broken, a record that stays at its home.
func TestWhoReadsDecidesWhatIsHidden(t *testing.T) {
	l := lit(t, record.Identity)
	here, there := record.ID{7}, record.ID{8}
	asked := map[string]int{}
	l.views.Hides = func(person record.ID, why []string, home record.ID) bool {
		asked[fmt.Sprint(why, home == here)]++
		return !slices.Equal(why, []string{"unshared"}) || home != here
	}
	rosa := l.does(keeper, record.ID{}, map[uint8]any{1: "Rosa"})
	luz := l.does(keeper, record.ID{}, map[uint8]any{1: "Luz"})
	l.does(hidingHere, record.ID{}, map[uint8]any{1: rosa[:], 2: []string{"unshared"}, 3: here[:]})
	l.does(hidingHere, record.ID{}, map[uint8]any{1: luz[:], 2: []string{"unshared"}, 3: there[:]})
	if got := l.sees(l.views, coastQuestions["persons"]); got != "Rosa" {
		t.Errorf("at this home: %q", got)
	}
	if asked["[unshared] true"] == 0 || asked["[unshared] false"] == 0 {
		t.Errorf("asked: %v", asked)
	}
	l.views.Hides = nil
	if got := l.sees(l.views, coastQuestions["persons"]); got != "" {
		t.Errorf("with nobody to ask: %q", got)
	}
	l.does(hidingHere, record.ID{}, map[uint8]any{1: (&record.ID{3})[:], 2: []string{}})
	if got := l.sees(l.views, "SELECT name FROM identity.keeper WHERE id = ?", record.ID{3}); got != "" {
		t.Errorf("a person nothing is known of: %q", got)
	}
}

// A compartment that is not open answers with nothing, in the same shape; one damaged word in a row hides.
func TestClosedCompartmentsHaveTheSameShape(t *testing.T) {
	l := lit(t, record.Identity)
	l.does(keeper, record.ID{}, map[uint8]any{1: "Rosa"})
	if got := l.sees(l.views, coastQuestions["burns"]); got != "" {
		t.Errorf("a closed compartment answers %q", got)
	}
	if got := l.sees(l.views, "SELECT k.name FROM identity.keeper AS k LEFT JOIN care.burn AS b ON b.keeper = k.id LEFT JOIN care._timeline AS t ON t.subject = k.id"); got != "Rosa" {
		t.Errorf("beside a closed compartment: %q", got)
	}
	if why := wordsOf([]byte("restr")); len(why) == 0 {
		t.Error("what does not read hides nobody")
	}
}
