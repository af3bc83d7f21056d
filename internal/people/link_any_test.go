package people_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// Kinds that the work does not have: what is true of them is true of every kind that is added later.
var (
	laterKey = people.About(&record.Kind{Number: 190, Name: "later_key", In: record.Identity, Form: record.Keyed, Subject: "whose", Key: []string{"whose", "what"}, Fields: []record.Field{
		{Number: 1, Name: "whose", Type: record.Ref, Index: true}, {Number: 2, Name: "what", Type: record.Code}, {Number: 3, Name: "colour", Type: record.Text}, {Number: 4, Name: "marks", Type: record.Set}}})
	laterDeed = people.About(&record.Kind{Number: 191, Name: "later_deed", In: record.Law, Form: record.Happening, Subject: "about", Fields: []record.Field{
		{Number: 1, Name: "told", Type: record.Text}, {Number: 2, Name: "about", Type: record.Ref}, {Number: 3, Name: "day", Type: record.Date}, {Number: 4, Name: "n", Type: record.Int}}})
	laterThing = people.About(&record.Kind{Number: 192, Name: "later_thing", In: record.Mind, Form: record.Entity, Subject: "person", Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref}, {Number: 2, Name: "sure", Type: record.Bool}, {Number: 3, Name: "since", Type: record.Time}, {Number: 4, Name: "raw", Type: record.Blob}}})
)

// writeData says something of any kind about a person; seed decides what.
type writeData struct {
	Kind   int    `json:"kind"`
	Person string `json:"person"`
	Other  string `json:"other"`
	Seed   int    `json:"seed"`
}

type rowsParams struct {
	Person string `json:"person"`
}

// later is the module of those kinds, with an action that writes any registered kind and a query that reads all that stands in a
// person's record, to the letter. kinds is filled when the workspace stands.
func later(kinds *[]*record.Kind) record.Module {
	return record.Module{Name: "later", Anyone: true, Kinds: []*record.Kind{laterKey, laterDeed, laterThing},
		Actions: []record.Action{record.NewAction("later.write", people.Sealed, func(c *record.Change, d writeData) (any, error) {
			person, err := c.Ref("person", d.Person)
			if err != nil {
				return nil, err
			}
			other, err := c.Ref("other", d.Other)
			if err != nil {
				return nil, err
			}
			k := (*kinds)[d.Kind%len(*kinds)]
			fields := record.Fields{}
			for i, f := range k.Fields {
				if f.Name == k.Subject {
					fields[f.Name] = person
				} else if v := anything(f, d.Seed+i, other); v != nil || slices.Contains(k.Key, f.Name) {
					fields[f.Name] = v
				}
			}
			switch k.Form {
			case record.Keyed:
				_, _, err = c.Put(k, fields)
			case record.Entity:
				if k.IsPerson {
					delete(fields, "card")
					_, err = c.Set(k, person, fields)
				} else {
					_, err = c.Create(k, fields)
				}
			default:
				_, err = c.Happen(k, fields)
			}
			return k.Name, err
		})},
		Queries: []record.Query{record.NewQuery("later.rows", record.Compartments(), func(a *record.Ask, p rowsParams) (any, error) {
			person, err := a.Ref("person", p.Person)
			if err != nil {
				return nil, err
			}
			var rows []string
			for _, k := range *kinds {
				whose, columns := "id", []string{"quote(id)", "quote(_at)", "quote(_rec)", "quote(_by)", "quote(_site)"}
				if !k.IsPerson {
					whose = k.Subject
				}
				if k.Registers() {
					columns = append(columns, "quote(_state)")
				}
				for _, f := range k.Fields {
					columns = append(columns, "quote("+f.Name+")")
				}
				err := a.Select(a.Context, "SELECT "+strings.Join(columns, " || ' ' || ")+" FROM "+k.Table()+" WHERE "+whose+" = ?", []any{person}, func(r record.Row) error {
					rows = append(rows, k.Name+" "+r.Text(0))
					return nil
				})
				if err != nil {
					return nil, err
				}
			}
			slices.Sort(rows)
			return rows, nil
		})}}
}

// anything is a value for a field; nil for some.
func anything(f record.Field, seed int, other record.ID) any {
	word := fmt.Sprint("w", seed%7)
	switch f.Type {
	case record.Text:
		return fmt.Sprint("text ", seed%91)
	case record.Code:
		return word
	case record.Int:
		return seed % 90
	case record.Bool:
		return seed%2 == 0
	case record.Date:
		return fmt.Sprintf("19%02d", seed%100)
	case record.Time:
		return int64(1_700_000_000 + seed)
	case record.Ref:
		return other
	case record.Set:
		return []string{word, "x"}
	case record.Blob:
		return []byte(word)
	}
	return nil
}

// everyKind lists the kinds about persons that the work has, and those it does not have yet.
func everyKind(t *testing.T, b *worktest.Bed) []*record.Kind {
	var out []*record.Kind
	for _, k := range b.Session.Node().Registry().Kinds() {
		ofEngine := k.Number >= 200
		if k.AboutPersons() && !k.Hides && !ofEngine && k != people.Link {
			out = append(out, k)
		}
	}
	if len(out) < 10 || !slices.Contains(out, laterThing) {
		t.Fatalf("only %d kinds about persons are registered", len(out))
	}
	return out
}

func rowsOf(b *worktest.Bed, person string) []string {
	b.Helper()
	return worktest.Ask[[]string](b, "later.rows", "person", person)
}

// copied is a person's own copy without what is said of the links themselves: to the letter what each record holds.
func copied(b *worktest.Bed, person string) string {
	b.Helper()
	c := worktest.Ask[people.Copy](b, "person.copy", "person", person)
	c.Entries = slices.DeleteFunc(c.Entries, func(e people.Entry) bool { return e.Kind == people.Link.Name })
	for i := range c.Entries {
		c.Entries[i].Kept = nil // where else it is changes with every exchange
	}
	raw, err := json.Marshal(c)
	if err != nil {
		b.Fatal(err)
	}
	return string(raw)
}

// A kind is added to the work: that linked records show it together, that it says from which record it is, and that taking the
// link apart leaves it as it was follows from its being declared.
func TestAKindAddedLaterIsCoveredByLinks(t *testing.T) {
	var kinds []*record.Kind
	b := worktest.New(t, later(&kinds))
	kinds = []*record.Kind{laterKey, laterDeed, laterThing}
	one, two := somebody(b, "Ana"), somebody(b, "Anita")
	for i := range kinds {
		worktest.Do[string](b, "later.write", "", writeData{Kind: i, Person: one, Other: two, Seed: 3})
		worktest.Do[string](b, "later.write", "", writeData{Kind: i, Person: two, Other: one, Seed: 10}) // of the Keyed kind: the same thing, said otherwise
	}
	before := []string{copied(b, one), copied(b, two)}
	say(b, "person.link", one, two)
	told := worktest.Ask[people.Timeline](b, "person.timeline", "person", one)
	for _, k := range kinds {
		var mine, theirs int
		for _, e := range told.Entries {
			switch {
			case e.Kind != k.Name:
			case e.Record.String() == two && e.RecordCard != "":
				theirs++
			case e.Record.IsZero():
				mine++
			}
		}
		if mine != 1 || theirs != 1 {
			t.Errorf("%s: %d entries of the record itself and %d of the linked one, want one each", k.Name, mine, theirs)
		}
	}
	compared := map[string]bool{}
	for _, f := range worktest.Ask[people.Shown](b, "person.show", "person", one).LinkedFields {
		if f.Kind == laterKey.Name {
			compared[f.Field] = f.Differs
		}
	}
	if differs, there := compared["colour"]; !there || !differs {
		t.Errorf("what the two records say of the same thing in a new kind is not put beside each other: %v", compared)
	}
	say(b, "person.unlink", two, one)
	if after := []string{copied(b, one), copied(b, two)}; !slices.Equal(before, after) {
		t.Errorf("taken apart, the records are not as they were:\n%v\n%v", before, after)
	}
}

// Whatever is written about some persons, of whatever kind, and however they are linked and taken apart meanwhile: nothing ever
// stands in another record than the one in which it was written, and taken apart each is exactly as if nobody had linked it.
func TestTakingApartRestoresExactly(t *testing.T) {
	var kinds []*record.Kind
	b := worktest.New(t, later(&kinds))
	kinds = everyKind(t, b)
	fewer(t, "30") // each plays a history through journal and views
	rapid.Check(t, func(t *rapid.T) {
		b.Now = b.Now.Add(time.Minute)
		var all []string
		stands := map[string][]string{}
		for i := range 3 {
			all = append(all, somebody(b, fmt.Sprint("Ana", i)))
			stands[all[i]] = rowsOf(b, all[i])
		}
		linked := map[[2]string]bool{}
		n := rapid.IntRange(1, 8).Draw(t, "steps")
		for range n {
			who := rapid.IntRange(0, 2).Draw(t, "who")
			other := (who + rapid.IntRange(1, 2).Draw(t, "other")) % 3
			pair := [2]string{all[min(who, other)], all[max(who, other)]}
			switch rapid.IntRange(0, 3).Draw(t, "do") {
			case 0, 1:
				d := writeData{Kind: rapid.IntRange(0, len(kinds)-1).Draw(t, "kind"), Person: all[who], Other: all[other], Seed: rapid.IntRange(0, 99).Draw(t, "seed")}
				worktest.Do[string](b, "later.write", "", d)
				stands[all[who]] = rowsOf(b, all[who])
			case 2:
				say(b, "person.link", pair[0], pair[1])
				linked[pair] = true
			case 3:
				if linked[pair] {
					say(b, "person.unlink", pair[1], pair[0])
					delete(linked, pair)
				}
			}
		}
		untouched := func() {
			for _, id := range all {
				if got := rowsOf(b, id); !slices.Equal(got, stands[id]) {
					t.Fatalf("a record changed that nobody wrote in:\n%s\n%s", strings.Join(got, "\n"), strings.Join(stands[id], "\n"))
				}
			}
		}
		untouched()
		apart := func() {
			for pair := range linked {
				say(b, "person.unlink", pair[0], pair[1])
			}
			clear(linked)
		}
		apart()
		var alone []string
		entries := 0
		for _, id := range all {
			alone = append(alone, copied(b, id))
			entries += own(b, id)
		}
		for i := range 2 {
			pair := [2]string{all[i], all[i+1]}
			say(b, "person.link", pair[0], pair[1])
			linked[pair] = true
		}
		untouched()
		for _, id := range all[:1] {
			if got := own(b, id); got != entries {
				t.Fatalf("linked, %d entries are shown together; the records hold %d", got, entries)
			}
		}
		apart()
		for i, id := range all {
			if got := copied(b, id); got != alone[i] {
				t.Fatalf("taken apart, a record is not as it was:\n%s\n%s", got, alone[i])
			}
		}
	})
}

// fewer lets rapid try so many histories instead of a hundred.
func fewer(t *testing.T, n string) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	before := checks.String()
	if err := checks.Set(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checks.Set(before) })
}

// own counts the entries of a timeline that are not about links.
func own(b *worktest.Bed, person string) (n int) {
	for _, e := range worktest.Ask[people.Timeline](b, "person.timeline", "person", person).Entries {
		if e.Kind != people.Link.Name {
			n++
		}
	}
	return n
}
