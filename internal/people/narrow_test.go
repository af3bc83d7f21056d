package people_test

import (
	"slices"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
)

// A device that keeps only its own people whole finds everybody all the same: by any card, once though they were registered twice, with
// whom they look for and with whom they travel.
func TestASmallDeviceKnowsWhoIsWho(t *testing.T) {
	url := worktest.Relay(t)
	here := worktest.New(t)
	site, away := here.Site("Casa", "07089"), here.Site("Posada Norte", "28032")
	here.Stand(site)
	worktest.Meet(url, here)
	small := here.Join(url, "Bea", away, "registrar")
	worktest.Meet(url, here, small)
	if err := small.Session.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	register := func(given, surname string) string {
		return worktest.Do[people.Registered](here, "person.register", site, fields{"given": given, "surname1": surname, "consent": []string{"sharing"}, "groups": []string{"older"}}).Person.String()
	}
	ana, again, son := register("Ana", "Xitumul"), register("Anita", "Chitumul"), register("Beto", "Xitumul")
	say(here, "person.link", ana, again)
	card := worktest.Do[people.CardGiven](here, "person.card", site, fields{"person": again, "new": true}).Card
	worktest.Do[family.Formed](here, "household.form", site, fields{"kind": "family", "members": []string{ana, son}})
	worktest.Do[family.Related](here, "person.relate", site, fields{"person": ana, "other": son, "relation": "child"})
	worktest.Do[family.SoughtNow](here, "family.seek", site, fields{"person": ana, "given": "Luz", "relation": "child", "consent": "given", "language": "es", "medium": "spoken", "understood": true})
	late := worktest.Do[people.Registered](here, "person.register", site, fields{"given": "Ana", "surname1": "Xitumul", "consent": []string{"sharing"}, "different": []string{ana}}).Person.String()
	worktest.Meet(url, here, small)
	found := worktest.Ask[people.Found](small, "person.find", "q", card)
	if len(found.Hits) != 1 || found.Hits[0].Person.ID.String() != again || len(found.Hits[0].Linked) != 1 {
		t.Errorf("by the card of the other record: %+v", found.Hits)
	}
	f := worktest.Ask[family.Shown](small, "family.show", "person", ana)
	if len(f.Seeks) != 1 || len(f.Relations) != 1 || len(f.Households) != 1 || len(f.Households[0].Members) != 2 {
		t.Errorf("of the family: %+v", f)
	}
	small.Refused("person.link", "", fields{"person": late, "other": again, "reason": "said_it"}, "again", "said_different")
	if got := clustersOn(small, []string{ana}); !slices.Equal(got[ana], []string{again}) {
		t.Errorf("linked with %v", got[ana])
	}
	say(small, "person.unlink", ana, again)
	worktest.Meet(url, small, here)
	if got := clustersOn(here, []string{ana}); len(got[ana]) != 0 {
		t.Errorf("taken apart by a small device, and still linked with %v", got[ana])
	}
}
