package people_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// Three machines apart from each other link, unlink and say of the same records that they are different, in whatever order they meet:
// they hold the same and show the same, and whoever settles it then settles it for all.
func TestThreeMachinesAgreeOnWhoIsOnePerson(t *testing.T) {
	url := worktest.Relay(t)
	kinds := []*record.Kind{people.Person, people.Link}
	one := worktest.New(t, later(&kinds))
	home, there := one.Site("Casa", "07089"), one.Site("Posada Norte", "28032")
	one.Stand(home)
	worktest.Meet(url, one)
	beds := []*worktest.Bed{one, one.Join(url, "Bea", there, "registrar"), one.Join(url, "Carla", home, "registrar")}
	worktest.Meet(url, beds...)
	fewer(t, "12")
	rapid.Check(t, func(t *rapid.T) {
		var all []string
		for i := range 4 {
			all = append(all, worktest.Do[people.Registered](one, "person.register", home, fields{"given": fmt.Sprint("Ana", i), "consent": []string{"sharing"}}).Person.String())
		}
		worktest.Meet(url, beds...)
		for range rapid.IntRange(1, 2).Draw(t, "rounds") {
			for i, b := range beds {
				b.Now = b.Now.Add(time.Duration(1+i) * time.Minute)
				for range rapid.IntRange(0, 3).Draw(t, "says") {
					who := rapid.IntRange(0, 3).Draw(t, "who")
					pair := fields{"person": all[who], "other": all[(who+rapid.IntRange(1, 3).Draw(t, "other"))%4], "reason": "said_it"}
					action := rapid.SampledFrom([]string{"person.link", "person.link", "person.link", "person.unlink", "person.different"}).Draw(t, "does")
					if action == "person.link" {
						pair["again"] = rapid.Bool().Draw(t, "again")
					}
					b.Apply(action, "", pair)
				}
				if rapid.Bool().Draw(t, "meets") {
					worktest.Meet(url, b)
				}
			}
		}
		meet := func() {
			worktest.Meet(url, rapid.Permutation(beds).Draw(t, "order")...)
			want := clustersOn(one, all)
			for _, b := range beds[1:] {
				if got := clustersOn(b, all); !maps.EqualFunc(got, want, slices.Equal) {
					t.Fatalf("two machines show other persons: %v and %v", got, want)
				}
				for _, id := range all {
					if mine, theirs := rowsOf(one, id), rowsOf(b, id); !slices.Equal(mine, theirs) {
						t.Fatalf("two machines hold other things:\n%v\n%v", mine, theirs)
					}
				}
			}
		}
		meet()
		// Anybody settles any pair, and it is settled everywhere.
		who := rapid.IntRange(0, 3).Draw(t, "settled")
		b, x, y := beds[rapid.IntRange(0, 2).Draw(t, "settles")], all[who], all[(who+1)%4]
		b.Now = b.Now.Add(10 * time.Minute)
		r := b.Apply("person.link", "", fields{"person": x, "other": y, "reason": "said_it", "again": true})
		if !r.OK {
			t.Fatalf("%+v", r.Error)
		}
		meet()
		for _, b := range beds {
			if got := clustersOn(b, all)[x]; !slices.Contains(got, y) {
				t.Fatalf("linked by somebody who knows what was said, and not shown as one: %v", got)
			}
		}
	})
}

// clustersOn is who is shown as one person with each.
func clustersOn(b *worktest.Bed, all []string) map[string][]string {
	b.Helper()
	out := map[string][]string{}
	for _, id := range all {
		var with []string
		for _, l := range worktest.Ask[people.Shown](b, "person.show", "person", id).Linked {
			with = append(with, l.ID.String())
		}
		slices.Sort(with)
		out[id] = with
	}
	return out
}

// Many records of one person push nobody else of the same name off the list.
func TestALargeClusterHidesNobody(t *testing.T) {
	b := worktest.New(t)
	first := somebody(b, "Ana")
	for range 20 {
		say(b, "person.link", first, somebody(b, "Ana"))
	}
	for range 6 {
		somebody(b, "Ana")
	}
	found := worktest.Ask[people.Found](b, "person.find", "q", "ana ceiba", "limit", "10")
	if len(found.Hits) != 7 {
		t.Errorf("%d hits, want the one of many records and six others", len(found.Hits))
	}
}

// What two sites said of two persons, apart from each other, is settled where all conflicts are: once, under both, and taken back so.
func TestWhatIsSaidOfTwoPersonsIsSettledOnce(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Posada Norte", "28032")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	for _, c := range []struct {
		kind, field, keep string // keep is what is chosen under the one who was named first
		here, there       func(one, other string)
		settled           func(b *worktest.Bed, one, other string) bool
	}{
		{"link", "verdict", people.Same,
			func(one, other string) { say(south, "person.link", one, other) },
			func(one, other string) { say(north, "person.different", other, one) },
			func(b *worktest.Bed, one, other string) bool {
				return len(clustersOn(b, []string{one, other})[other]) == 1
			}},
		{"relation", "relation", "parent",
			func(one, other string) {
				worktest.Do[family.Related](south, "person.relate", "", fields{"person": one, "other": other, "relation": "parent"})
			},
			func(one, other string) {
				worktest.Do[family.Related](north, "person.relate", "", fields{"person": one, "other": other, "relation": "sibling"})
			},
			func(b *worktest.Bed, one, other string) bool {
				mine, theirs := worktest.Ask[family.Shown](b, "family.show", "person", one).Relations, worktest.Ask[family.Shown](b, "family.show", "person", other).Relations
				return len(mine) == 1 && len(theirs) == 1 && mine[0].Relation == "parent" && theirs[0].Relation == "child"
			}},
	} {
		var all []string
		for i := range 2 {
			all = append(all, worktest.Do[people.Registered](south, "person.register", home, fields{"given": fmt.Sprint("Ana", i), "consent": []string{"sharing"}}).Person.String())
		}
		worktest.Meet(url, south, north)
		c.here(all[0], all[1])
		c.there(all[0], all[1])
		worktest.Meet(url, south, north)
		list := worktest.Ask[node.Conflicts](south, "conflicts").Conflicts
		if len(list) != 1 || list[0].Kind != c.kind || list[0].Field != c.field {
			t.Fatalf("%s: to be settled: %+v", c.kind, list)
		}
		// Whoever is not shown is not in what is to be settled of another either.
		worktest.Do[people.RestrictedNow](south, "person.restrict", "", fields{"person": all[1], "reason": "lo pidió", "authority": "ella"})
		hidden := worktest.Ask[node.Conflicts](south, "conflicts").Conflicts
		if n, err := south.Session.Rivals(t.Context()); err != nil || n != 0 || len(hidden) != 0 {
			t.Errorf("%s: one of the two is hidden, and %d are to be settled, %+v (%v)", c.kind, n, hidden, err)
		}
		worktest.Do[people.RestrictedNow](south, "person.restrict", "", fields{"person": all[1], "reason": "lo pidió", "lift": true})
		keep := c.keep
		if c.kind == "relation" && list[0].Person.String() == all[1] {
			keep = "child"
		}
		at := slices.IndexFunc(list[0].Values, func(v node.RivalValue) bool { return v.Value == keep })
		r := south.Apply("conflict.settle", "", fields{"record": list[0].Record, "kind": c.kind, "field": c.field, "says": list[0].Values[at].Says})
		if !r.OK {
			t.Fatal(r.Error)
		}
		worktest.Meet(url, south, north)
		for _, b := range []*worktest.Bed{south, north} {
			if left := worktest.Ask[node.Conflicts](b, "conflicts").Conflicts; len(left) != 0 {
				t.Errorf("%s: settled, and still to settle: %+v", c.kind, left)
			}
			if !c.settled(b, all[0], all[1]) {
				t.Errorf("%s: what was chosen does not stand under both", c.kind)
			}
		}
		raw, err := json.Marshal(r.Result)
		if err != nil {
			t.Fatal(err)
		}
		var done struct {
			Undo struct {
				Action string
				Data   json.RawMessage
			}
		}
		if err := json.Unmarshal(raw, &done); err != nil {
			t.Fatal(err)
		}
		if r := south.Apply(done.Undo.Action, "", done.Undo.Data); !r.OK {
			t.Fatal(r.Error)
		}
		if n, err := south.Session.Rivals(t.Context()); err != nil || n != 1 || c.settled(south, all[0], all[1]) && c.kind == "link" {
			t.Errorf("%s: taken back, %d are to be settled: %v", c.kind, n, err)
		}
		list = worktest.Ask[node.Conflicts](south, "conflicts").Conflicts
		if r := south.Apply("conflict.settle", "", fields{"record": list[0].Record, "kind": c.kind, "field": c.field, "says": list[0].Values[0].Says}); !r.OK {
			t.Fatal(r.Error)
		}
		worktest.Meet(url, south, north)
	}
}

// Two sites make a long chain of records apart from each other, each within the bound: met, every record of it shows the same person.
func TestALongChainIsOnePersonFromBothEnds(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Posada Norte", "28032")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	var all []string
	for range 47 {
		all = append(all, worktest.Do[people.Registered](south, "person.register", home, fields{"given": "Ana", "consent": []string{"sharing"}}).Person.String())
	}
	worktest.Meet(url, south, north)
	for i := range 23 {
		say(south, "person.link", all[i], all[i+1])
		say(north, "person.link", all[23+i], all[24+i])
	}
	worktest.Meet(url, south, north)
	want := len(clustersOn(south, all[23:24])[all[23]])
	for _, b := range []*worktest.Bed{south, north} {
		for id, with := range clustersOn(b, []string{all[0], all[23], all[46]}) {
			if len(with) != want {
				t.Errorf("%s is shown with %d others, the one in the middle with %d", id, len(with), want)
			}
		}
	}
}
