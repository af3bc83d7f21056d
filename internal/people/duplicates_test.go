package people_test

import (
	"fmt"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

// crowd registers people who are none of those that a test is about.
func crowd(b *worktest.Bed, n int) {
	b.Helper()
	given, surnames := []string{"Rosa", "Julio", "Marta", "Wilson", "Deysi", "Óscar", "Fanny"}, []string{"Cux", "Bonilla", "Zelaya", "Pop", "Euceda", "Ixcoy", "Tzul", "Barahona", "Orellana"}
	for i := range n {
		worktest.Do[people.Registered](b, "person.register", "", map[string]any{"given": given[i%7], "surname1": surnames[i%9], "surname2": surnames[(i*5+i/9)%9],
			"birth": fmt.Sprint(1960 + i*13%50), "nationality": []string{"GTM"}})
	}
}

func register(b *worktest.Bed, data map[string]any) string {
	b.Helper()
	return worktest.Do[people.Registered](b, "person.register", "", data).Person.String()
}

// Two records of one person are found, say why, and are gone from the list when somebody has decided; who comes later is found too.
func TestDuplicatesAreFoundAndDecided(t *testing.T) {
	b := worktest.New(t)
	crowd(b, 40)
	one := register(b, map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "surname2": "Cojolón", "sex": "f", "birth": "1991-04-12", "nationality": []string{"GTM"}})
	two := register(b, map[string]any{"given": "Ana", "surname1": "Chitumul", "surname2": "Cojolon", "sex": "f", "birth": "1991-12-04", "nationality": []string{"GTM"}})
	ask := func(params ...string) people.Duplicates {
		b.Helper()
		return worktest.Ask[people.Duplicates](b, "person.duplicates", params...)
	}

	if d := ask("peek", "true"); len(d.Pairs) != 0 || d.Looked != 0 {
		t.Errorf("who only peeks looks at nobody: %+v", d)
	}
	d := ask("look", "5")
	if d.Looked != 5 || d.Total != 42 || len(d.Pairs) == 0 {
		t.Fatalf("looked at %d of %d, %d pairs", d.Looked, d.Total, len(d.Pairs))
	}
	best := d.Pairs[0]
	if best.Band != "likely" || !among2(best, one, two) {
		t.Fatalf("the likeliest pair: %+v", best)
	}
	agrees := map[string]string{}
	for _, f := range best.Fields {
		agrees[f.Field] = f.Agrees + " " + f.Level
	}
	if agrees["birth"] != "close day_month_swapped" || agrees["surname1"] == "" || agrees["nationality"] != "yes same" {
		t.Errorf("why: %v", agrees)
	}
	for d.Looked < d.Total {
		before := d.Looked
		if d = ask("look", "10"); d.Looked <= before {
			t.Fatalf("looking does not go on: %d of %d", d.Looked, d.Total)
		}
	}
	if mine := ask("person", two); len(mine.Pairs) == 0 || mine.Pairs[0].Person.ID.String() != two || mine.Pairs[0].Other.ID.String() != one {
		t.Errorf("of one person: %+v", mine.Pairs)
	}
	say(b, "person.different", one, two)
	for _, p := range ask().Pairs {
		if among2(p, one, two) {
			t.Error("somebody said that they are not the same, and they are proposed again")
		}
	}
	three := register(b, map[string]any{"given": "Anna Lucia", "surname1": "Xitumul", "surname2": "Cojolón", "birth": "1991", "nationality": []string{"GTM"}})
	found := false
	for _, p := range ask("look", "1").Pairs {
		found = found || among2(p, one, three)
	}
	if !found {
		t.Error("who is registered later is not looked at first")
	}
	say(b, "person.link", one, three)
	for _, p := range ask().Pairs {
		if among2(p, one, three) || among2(p, two, three) {
			t.Errorf("decided, by itself or through the other record, and proposed again: %+v", p)
		}
	}
}

func among2(d people.Duplicate, one, two string) bool {
	a, b := d.Person.ID.String(), d.Other.ID.String()
	return a == one && b == two || a == two && b == one
}

// Before a person is registered, those who may be the same are named with what speaks for it; records of one person are one line.
func TestAlikeBeforeRegistering(t *testing.T) {
	b := worktest.New(t)
	crowd(b, 30)
	one := register(b, map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "surname2": "Cojolón", "sex": "f", "birth": "1991-04-12"})
	two := register(b, map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "nickname": "Luci"})
	say(b, "person.link", one, two)
	got := worktest.Ask[people.Alike](b, "person.alike", "given", "ana lusia", "surname1", "Situmul", "surname2", "Cojolon", "birth", "1991")
	if len(got.People) != 1 || got.People[0].Person.ID.String() != one || len(got.People[0].Linked) != 1 || len(got.People[0].Fields) < 3 {
		t.Errorf("who is alike: %+v", got.People)
	}
	if got := worktest.Ask[people.Alike](b, "person.alike", "given", "Bartolomé", "surname1", "Quispe"); len(got.People) != 0 {
		t.Errorf("nobody is like them: %+v", got.People)
	}
	if got := worktest.Ask[people.Alike](b, "person.alike"); len(got.People) != 0 {
		t.Errorf("nothing is said of them: %+v", got.People)
	}
}

// Two who do not hear of each other say contradicting things: what harms least stands, both see the same, and somebody settles it.
func TestContradictingVerdictsMeet(t *testing.T) {
	url := worktest.Relay(t)
	here := worktest.New(t)
	site := here.Site("Casa del Río", "07089")
	here.Stand(site)
	one, two, three := somebody(here, "Ana"), somebody(here, "Anita"), somebody(here, "Ana María")
	there := here.Join(url, "Rosa", site, "registrar")
	worktest.Meet(url, here, there)
	linked := func(b *worktest.Bed, id string) int {
		return len(worktest.Ask[people.Shown](b, "person.show", "person", id).Linked)
	}
	both := func(want int, id, when string) {
		t.Helper()
		for _, b := range []*worktest.Bed{here, there} {
			if got := linked(b, id); got != want {
				t.Errorf("%s: %d other records, want %d", when, got, want)
			}
		}
	}
	// The same pair.
	say(here, "person.link", one, two)
	say(there, "person.different", one, two)
	worktest.Meet(url, here, there)
	both(0, one, "one says the same, the other different")
	for _, b := range []*worktest.Bed{here, there} {
		d := worktest.Ask[people.Duplicates](b, "person.duplicates", "peek", "true").Doubts
		if len(d) != 1 || len(d[0].Said) != 2 {
			t.Errorf("nobody is told that there is something to settle: %+v", d)
		}
		if n, err := b.Session.Rivals(b.Context()); err != nil || n != 1 {
			t.Errorf("one thing is to be settled, and %d are counted: %v", n, err)
		}
	}
	worktest.Do[people.LinkedNow](here, "person.link", "", map[string]any{"person": one, "other": two, "reason": "same_document", "again": true})
	worktest.Meet(url, here, there)
	both(1, one, "settled")
	if d := worktest.Ask[people.Duplicates](there, "person.duplicates", "peek", "true").Doubts; len(d) != 0 {
		t.Errorf("settled, and still to be settled: %+v", d)
	}
	// Unlinked there while somebody joins a third here, and says there that it is not the first.
	say(here, "person.link", two, three)
	say(there, "person.different", one, three)
	worktest.Meet(url, here, there)
	both(1, one, "the older link stands, the one that would join them waits")
	both(0, three, "the newer link waits")
	for _, b := range []*worktest.Bed{here, there} {
		if d := worktest.Ask[people.Duplicates](b, "person.duplicates", "peek", "true").Doubts; len(d) != 1 || d[0].Person.ID.String() == one || d[0].Other.ID.String() == one {
			t.Errorf("the link that waits: %+v", d)
		}
	}
	say(there, "person.unlink", two, three)
	worktest.Meet(url, here, there)
	both(1, one, "in the end")
	both(0, three, "in the end")
}

func TestComparingTwoRecords(t *testing.T) {
	b := worktest.New(t)
	one := register(b, map[string]any{"given": "Ana", "surname1": "Xitumul", "birth": "1991-04-12", "phone": "55 1234"})
	two := register(b, map[string]any{"given": "Ana", "surname1": "Xitumul", "birth": "1991-12-04"})
	three := register(b, map[string]any{"given": "Ana María", "surname1": "Xitumul"})
	ask := func(x, y string) people.Compared {
		b.Helper()
		return worktest.Ask[people.Compared](b, "person.compare", "person", x, "other", y)
	}
	c := ask(two, one)
	if c.Person.ID.String() != two || c.Same || c.Band != "likely" || len(c.Fields) == 0 || len(c.Rows) == 0 || len(c.Said) != 0 {
		t.Errorf("two whom nobody linked: %+v", c)
	}
	for _, r := range c.Rows {
		switch r.Field {
		case "birth":
			if !r.Differs || r.Values[0].Value != "1991-12-04" || r.Values[1].Value != "1991-04-12" {
				t.Errorf("what they say of birth: %+v", r)
			}
		case "phone":
			if r.Differs || len(r.Values) != 1 || r.Values[0].Record.String() != one {
				t.Errorf("what only one of them says: %+v", r)
			}
		}
	}
	say(b, "person.link", one, two)
	say(b, "person.link", two, three)
	if c := ask(one, three); !c.Same || c.Through == nil || c.Through.ID.String() != two || len(c.Said) != 0 {
		t.Errorf("joined through a third: %+v", c)
	}
	say(b, "person.unlink", one, two)
	say(b, "person.different", one, two)
	if c := ask(three, one); c.Same || len(c.Against) != 1 || c.Against[0].Said[0].ByName != "Ana" {
		t.Errorf("linking them would bring two together who are said to be different: %+v", c.Against)
	}
	if _, err := b.Session.Query(b.Context(), "es", "person.compare", map[string][]string{"person": {one}, "other": {one}}); err == nil {
		t.Error("a record is compared with itself")
	}
}

// Who is registered although somebody alike was shown is remembered as somebody else, in the same commit.
func TestRegisteringSomebodyElseIsRemembered(t *testing.T) {
	b := worktest.New(t)
	one := register(b, map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "birth": "1991"})
	b.Refused("person.register", "", map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "different": []string{"0000000000000000000000000a"}}, "different", "unknown_id")
	if got := worktest.Ask[people.Alike](b, "person.alike", "given", "Ana Lucía", "surname1", "Xitumul", "birth", "1991"); len(got.People) != 1 {
		t.Fatalf("a refused registration left something behind: %+v", got.People)
	}
	two := register(b, map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "birth": "1991", "different": []string{one}})
	c := worktest.Ask[people.Compared](b, "person.compare", "person", two, "other", one)
	if len(c.Said) != 1 || c.Said[0].Verdict != people.Different {
		t.Errorf("nobody remembers that they are different: %+v", c.Said)
	}
	if d := worktest.Ask[people.Duplicates](b, "person.duplicates"); len(d.Pairs) != 0 {
		t.Errorf("proposed although it was said: %+v", d.Pairs)
	}
}

// Who is not shown any more is in no pair that was found before, and not counted.
func TestWhoIsHiddenIsNoDuplicate(t *testing.T) {
	b := worktest.New(t)
	crowd(b, 20)
	same := map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "surname2": "Cojolón", "sex": "f", "birth": "1991-04-12", "nationality": []string{"GTM"}}
	register(b, same)
	two := register(b, same)
	if d := worktest.Ask[people.Duplicates](b, "person.duplicates", "look", "100"); d.Likely != 1 || len(d.Pairs) != 1 {
		t.Fatalf("found: %+v", d)
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", fields{"person": two, "reason": "lo pidió", "authority": "ella"})
	for _, how := range []string{"true", "false"} {
		if d := worktest.Ask[people.Duplicates](b, "person.duplicates", "peek", how, "look", "100"); d.Likely != 0 || len(d.Pairs) != 0 || d.More != 0 || d.Total != 21 {
			t.Errorf("restricted, peeking %s: %d likely, %d pairs, %d more, %d in all", how, d.Likely, len(d.Pairs), d.More, d.Total)
		}
	}
}

// Somebody whose record was limited while the list was made is looked at when they are shown again.
func TestDuplicatesOfWhoIsShownAgain(t *testing.T) {
	b := worktest.New(t)
	who := map[string]any{"given": "Ana Lucía", "surname1": "Xitumul", "surname2": "Choc", "birth": "1991-03-27", "sex": "f", "nationality": []string{"GTM"}}
	one := register(b, who)
	register(b, who)
	limit := map[string]any{"person": one, "reason": "lo pidió", "authority": "ella"}
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", limit)
	for range 2 { // until everybody was looked at
		if d := worktest.Ask[people.Duplicates](b, "person.duplicates"); len(d.Pairs) != 0 {
			t.Fatalf("who is not shown is listed: %+v", d.Pairs)
		}
	}
	limit["lift"] = true
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", limit)
	if d := worktest.Ask[people.Duplicates](b, "person.duplicates"); len(d.Pairs) != 1 {
		t.Errorf("%d pairs once they are shown again, want 1", len(d.Pairs))
	}
}
