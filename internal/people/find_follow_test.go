package people_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

// Whoever stood last is erased, and their row is given to somebody else: who came later is found all the same.
func TestFindAfterErasingTheLast(t *testing.T) {
	for _, of := range []string{"person", "card", "visit"} {
		b := worktest.New(t)
		site := b.Site("Casa", "07089")
		var ids []string
		for _, name := range []string{"Uno", "Dos", "Tres"} {
			ids = append(ids, worktest.Do[people.Registered](b, "person.register", site, fields{"given": name, "surname1": "Xitumul"}).Person.String())
		}
		if of == "card" {
			worktest.Do[people.CardGiven](b, "person.card", site, fields{"person": ids[0], "new": true})
			worktest.Do[people.CardGiven](b, "person.card", site, fields{"person": ids[2], "new": true})
		}
		if got := find(b, "xitumul"); len(got) != 3 {
			t.Fatalf("found %q", got)
		}
		if r := b.Apply("person.erase", "", fields{"person": ids[2], "reason": "asked_by_person", "authority": "acta 7"}); !r.OK {
			t.Fatal(r.Error)
		}
		if of != "card" {
			worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Cuatro", "surname1": "Xitumul"})
		} else {
			card := worktest.Do[people.CardGiven](b, "person.card", site, fields{"person": ids[1], "new": true}).Card
			if name, _ := why(b, card); name != "Dos Xitumul" {
				t.Errorf("the card given after erasing finds %q", name)
			}
		}
		got := foundAs(b, "xitumul")
		b.Reopen()
		if want := foundAs(b, "xitumul"); got != want {
			t.Errorf("%s: after erasing the last one and registering another\n%s\na new session finds\n%s", of, got, want)
		}
	}
}

func foundAs(b *worktest.Bed, q string) string {
	b.Helper()
	found := worktest.Ask[people.Found](b, "person.find", "q", q)
	slices.SortFunc(found.Hits, func(x, y people.Hit) int { return slices.Compare(x.Person.ID[:], y.Person.ID[:]) })
	raw, err := json.Marshal(found)
	if err != nil {
		b.Fatal(err)
	}
	return string(raw)
}

// Two sites that say of one card, apart from each other, what became of it: what either heard last is found by, as by who opens anew.
func TestFindByACardOfWhichTwoSitesSpeak(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Posada Norte", "28032")
	south.Stand(home)
	r := worktest.Do[people.Registered](south, "person.register", home, fields{"given": "Ana", "surname1": "Xitumul", "consent": []string{"sharing"}})
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	worktest.Meet(url, south, north)
	worktest.Do[people.CardGiven](south, "person.card", home, fields{"person": r.Person, "lost": r.Card, "reason": "returned"})
	worktest.Do[people.CardGiven](north, "person.card", there, fields{"person": r.Person, "lost": r.Card, "reason": "stolen"})
	for _, b := range []*worktest.Bed{south, north} {
		find(b, "xitumul")
	}
	worktest.Meet(url, south, north)
	for _, b := range []*worktest.Bed{south, north} {
		_, got := why(b, r.Card)
		b.Reopen()
		if _, want := why(b, r.Card); !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("by the card: %v, and who opens anew: %v", got, want)
		}
	}
}

// A restricted record that somebody opens for some hours is found while it is open, and each time anew.
func TestFindWhoIsShownForSomeHours(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	id := worktest.Do[people.Registered](b, "person.register", site, fields{"given": "Ana", "surname1": "Xitumul"}).Person.String()
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": id, "reason": "lo pidió", "authority": "ella"})
	for _, want := range []int{0, 1, 0, 1} {
		if want == 1 {
			if r := b.Apply("person.glass", site, fields{"person": id, "reason": "nadie sabe su alergia"}); !r.OK {
				t.Fatal(r.Error)
			}
		} else {
			b.Now = b.Now.Add(5 * time.Hour)
		}
		if got := find(b, "xitumul"); len(got) != want {
			t.Errorf("found %q, want %d", got, want)
		}
	}
}

// Whatever is written, limited, shown again and erased, here and at another site: who has searched all along finds what somebody finds
// who opens the workspace now, for the same reasons.
func TestTheIndexThatFollowsIsTheOneMadeAnew(t *testing.T) {
	url := worktest.Relay(t)
	here := worktest.New(t)
	home, away := here.Site("Casa", "07089"), here.Site("Posada Norte", "28032")
	here.Stand(home)
	worktest.Meet(url, here)
	there := here.Join(url, "Bea", away, "registrar", "clinician")
	beds := []*worktest.Bed{here, there}
	names := []string{"Ana", "María José", "Xitumul", "Ixchel", "Paz", "Pas", "de la Cruz"}
	var all, cards []string
	fewer(t, "12")
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names)
		for range rapid.IntRange(3, 12).Draw(t, "steps") {
			b := rapid.SampledFrom(beds).Draw(t, "who")
			b.Now = b.Now.Add(time.Minute)
			if len(all) == 0 {
				r := worktest.Do[people.Registered](here, "person.register", "", fields{"given": "Ana", "consent": []string{"sharing"}})
				all, cards = append(all, r.Person.String()), append(cards, r.Card)
			}
			id := all[len(all)-1-rapid.IntRange(0, min(len(all), 6)-1).Draw(t, "whom")]
			switch rapid.IntRange(0, 11).Draw(t, "does") {
			case 0, 1:
				if r := b.Apply("person.register", "", fields{"given": name.Draw(t, "given"), "surname1": name.Draw(t, "surname"), "consent": []string{"sharing"},
					"languages": []string{"quc"}, "aliases": []string{name.Draw(t, "alias")}}); r.OK {
					made := r.Result.(people.Registered)
					all, cards = append(all, made.Person.String()), append(cards, made.Card)
				}
			case 2:
				b.Apply("person.update", "", fields{"person": id, rapid.SampledFrom([]string{"given", "surname2", "nickname", "spoken"}).Draw(t, "field"): name.Draw(t, "name")})
			case 3:
				if r := b.Apply("person.card", "", fields{"person": id, "new": true}); r.OK {
					cards = append(cards, r.Result.(people.CardGiven).Card)
				}
			case 4:
				b.Apply("person.card", "", fields{"person": id, "lost": cards[rapid.IntRange(0, len(cards)-1).Draw(t, "card")], "reason": rapid.SampledFrom([]string{"lost", "returned"}).Draw(t, "why")})
			case 5:
				b.Apply("visit.open", "", fields{"person": id})
				b.Apply("consultation.record", "", fields{"person": id, "service": "medical", "reason": "fiebre"})
			case 6:
				b.Apply("person.restrict", "", fields{"person": id, "reason": "lo pidió", "authority": "ella"})
			case 7:
				b.Apply("person.restrict", "", fields{"person": id, "reason": "lo pidió", "lift": true})
			case 8:
				b.Apply("person.erase", "", fields{"person": id, "reason": "asked_by_person", "authority": "acta 7"})
			case 9:
				b.Apply("person.update", "", fields{"person": id, "consent": rapid.SampledFrom([][]string{{"care"}, {"care", "sharing"}}).Draw(t, "consent")})
			case 10:
				worktest.Meet(url, rapid.Permutation(beds).Draw(t, "order")...)
			case 11:
				foundAs(b, "ana")
			}
		}
		for _, b := range beds {
			ask := func() (out []string) {
				for _, q := range append(slices.Clone(names), "ana quiché", "paz en tapachula", "xitumul reynosa marzo") {
					out = append(out, q+": "+foundAs(b, q))
				}
				for _, card := range cards[max(0, len(cards)-6):] {
					out = append(out, card+": "+foundAs(b, card))
				}
				return out
			}
			followed := ask()
			b.Reopen()
			for i, anew := range ask() {
				if followed[i] != anew {
					t.Fatalf("who searched all along finds\n%s\nwho opens now\n%s", followed[i], anew)
				}
			}
		}
	})
}
