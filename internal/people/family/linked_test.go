package family_test

import (
	"testing"

	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// Records that are one person have one family, and are proposed once; what is said of one counts for the other.
func TestLinkedRecordsHaveOneFamily(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa := somebody(b, site, fields{"given": "Rosa", "surname1": "Xitumul", "age": 31})
	ana, again := somebody(b, site, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Tzoy", "age": 24}), somebody(b, site, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Tzoy", "age": 24})
	luis := somebody(b, site, fields{"given": "Luis", "surname1": "Paz"})
	s := seek(b, site, agreed(rosa, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Tzoy", "age": 24}))
	if got := proposals(b); len(got) != 2 {
		t.Fatalf("two records: %+v", got)
	}
	worktest.Do[family.Related](b, "person.relate", site, fields{"person": ana, "other": luis, "relation": "partner"})
	worktest.Do[family.Formed](b, "household.join", site, fields{"person": again, "with": luis})
	worktest.Do[people.LinkedNow](b, "person.link", site, fields{"person": ana, "other": again, "reason": "said_it"})
	if got := proposals(b); len(got) != 1 {
		t.Errorf("one person is proposed %d times", len(got))
	}
	for _, id := range []string{ana, again} {
		of := worktest.Ask[family.Shown](b, "family.show", "person", id)
		if len(of.Relations) != 1 || len(of.Households) != 1 || len(of.Households[0].Members) != 2 || of.Households[0].Members[0].Person.ID == of.Households[0].Members[1].Person.ID {
			t.Errorf("of one of the records: %+v", of)
		}
	}
	worktest.Do[family.Answered](b, "family.answer", site, fields{"seek": s, "candidate": again, "verdict": "not_same"})
	if got := proposals(b); len(got) != 0 {
		t.Errorf("the other record of somebody who is not the one is proposed: %+v", got)
	}
	worktest.Do[people.LinkedNow](b, "person.unlink", site, fields{"person": ana, "other": again})
	if got := proposals(b); len(got) != 1 || got[0].Candidate.String() != ana {
		t.Errorf("taken apart, the other may be the one again: %+v", got)
	}
	// Who turns out to be the one who seeks is not sought by them.
	worktest.Do[people.LinkedNow](b, "person.link", site, fields{"person": ana, "other": rosa, "reason": "other"})
	if got := proposals(b); len(got) != 0 {
		t.Errorf("somebody is proposed to themselves: %+v", got)
	}
}

// Erased, a person is in nobody's family, household or proposals; what others said of themselves stays.
func TestErasedIsInNobodysFamily(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, luis := somebody(b, site, fields{"given": "Rosa", "surname1": "Ceiba"}), somebody(b, site, fields{"given": "Luis", "surname1": "Ceiba"})
	worktest.Do[family.Formed](b, "household.form", site, fields{"people": 2, "members": []fields{{"person": rosa}, {"person": luis}}})
	worktest.Do[family.Related](b, "person.relate", site, fields{"person": rosa, "other": luis, "relation": "child"})
	worktest.Do[family.SoughtNow](b, "family.seek", site, agreed(luis, fields{"given": "Berta", "surname1": "Ceiba", "relation": "parent"}))
	worktest.Do[family.SoughtNow](b, "family.seek", site, agreed(rosa, fields{"given": "Luis", "surname1": "Ceiba", "relation": "child"}))
	proposals(b)
	if r := b.Apply("person.erase", site, fields{"person": luis, "compartments": []string{"identity"}, "reason": "mistake", "authority": "él"}); !r.OK {
		t.Fatalf("%+v", r.Error)
	}
	of := worktest.Ask[family.Shown](b, "family.show", "person", rosa)
	if len(of.Relations) != 0 || len(of.Households) != 1 || len(of.Households[0].Members) != 1 || len(of.Seeks) != 1 {
		t.Errorf("after erasing: %+v", of)
	}
	got := worktest.Ask[family.Proposals](b, "family.proposals", "all", "true")
	if len(got.Proposals) != 0 || got.Seeks != 1 {
		t.Errorf("after erasing: %+v", got)
	}
	if n := b.Sum("(SELECT 1 AS n FROM identity.family_sought WHERE given = 'Berta')", "TRUE"); n != 0 {
		t.Errorf("what the erased said is still there %d times", n)
	}
	again := somebody(b, site, fields{"given": "Luis", "surname1": "Ceiba"})
	if got := proposals(b); len(got) != 1 || got[0].Candidate.String() != again {
		t.Errorf("who is registered after an erasing is not proposed: %+v", got)
	}
}

// Whoever was not shown when everybody was compared is compared when they are shown again.
func TestWhoIsShownAgainIsProposed(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, luis := somebody(b, site, fields{"given": "Rosa", "surname1": "Ceiba"}), somebody(b, site, fields{"given": "Luis", "surname1": "Xitumul"})
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": luis, "reason": "lo pidió", "authority": "él"})
	seek(b, site, agreed(rosa, fields{"given": "Luis", "surname1": "Xitumul"}))
	if got := proposals(b); len(got) != 0 {
		t.Errorf("while restricted: %+v", got)
	}
	somebody(b, site, fields{"given": "Elsa", "surname1": "Tzoy"})
	proposals(b)
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": luis, "lift": true, "reason": "lo pidió"})
	if got := proposals(b); len(got) != 1 || got[0].Candidate.String() != luis {
		t.Errorf("shown again: %+v", got)
	}
}

// Who did not agree to sharing stays at their site, and what their family's records say of them elsewhere names nobody.
func TestWhoDoesNotShareIsInNobodysFamilyElsewhere(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Clínica", "20057")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	rosa := somebody(south, home, fields{"given": "Rosa", "surname1": "Ceiba"})
	luis := somebody(south, home, fields{"given": "Luis", "surname1": "Xitumul", "surname2": "Tzoy", "consent": []string{"care"}})
	worktest.Do[family.Formed](south, "household.form", home, fields{"members": []fields{{"person": rosa}, {"person": luis}}})
	worktest.Do[family.Related](south, "person.relate", home, fields{"person": rosa, "other": luis, "relation": "sibling"})
	elsa := somebody(north, there, fields{"given": "Elsa", "surname1": "Tzoy"})
	seek(north, there, agreed(elsa, fields{"given": "Luis", "surname1": "Xitumul", "surname2": "Tzoy", "relation": "child"}))
	worktest.Meet(url, south, north)
	if of := worktest.Ask[family.Shown](south, "family.show", "person", rosa); len(of.Relations) != 1 || len(of.Households[0].Members) != 2 {
		t.Errorf("at their site: %+v", of)
	}
	of := worktest.Ask[family.Shown](north, "family.show", "person", rosa)
	if len(of.Relations) != 0 || len(of.Households) != 1 || len(of.Households[0].Members) != 1 {
		t.Errorf("elsewhere: %+v", of)
	}
	if got := proposals(north); len(got) != 0 {
		t.Errorf("proposed elsewhere: %+v", got)
	}
	if got := proposals(south); len(got) != 1 || got[0].Candidate.String() != luis {
		t.Errorf("at their site, who is looked for is not proposed: %+v", got)
	}
}

// A no said on one record of the person found is a no on all: whoever seeks is not told by way of the other one. And a child on one
// record is a child.
func TestANoCountsOnAllRecordsOfThePersonFound(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa := somebody(b, site, fields{"given": "Rosa", "surname1": "Xitumul"})
	ana, again := somebody(b, site, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Tzoy"}), somebody(b, site, fields{"given": "Ana", "surname1": "Xitumul", "age": 15})
	s := seek(b, site, agreed(rosa, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Tzoy"}))
	worktest.Do[people.LinkedNow](b, "person.link", site, fields{"person": ana, "other": again, "reason": "said_it"})
	worktest.Do[family.Answered](b, "family.answer", site, fields{"seek": s, "candidate": again, "verdict": "same", "answer": "refuses"})
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana, "verdict": "same", "answer": "agrees", "alone": true}, "best_interest", "child_interest")
	if got := worktest.Ask[family.Compared](b, "family.proposal", "seek", s, "candidate", ana); !got.Child || got.Stage != family.NoContact {
		t.Errorf("compared by the other record: %+v", got)
	}
	yes := fields{"seek": s, "candidate": ana, "verdict": "same", "answer": "agrees", "alone": true, "best_interest": true}
	if got := worktest.Do[family.Answered](b, "family.answer", site, yes); got.Stage != family.NoContact {
		t.Errorf("the other record says no, and the proposal stands at %s", got.Stage)
	}
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana, "told": true}, "told", "agree_first")
	worktest.Do[family.Answered](b, "family.answer", site, fields{"seek": s, "candidate": again, "answer": "agrees", "alone": true, "best_interest": true})
	if got := worktest.Do[family.Answered](b, "family.answer", site, fields{"seek": s, "candidate": ana, "told": true}); got.Stage != family.Told {
		t.Errorf("they changed their mind, and the proposal stands at %s", got.Stage)
	}
}

// Whoever compares two records has opened both, and it is noted in both.
func TestComparingOpensBoth(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, ana := somebody(b, site, fields{"given": "Rosa", "surname1": "Xitumul"}), somebody(b, site, fields{"given": "Ana", "surname1": "Xitumul"})
	s := seek(b, site, agreed(rosa, fields{"given": "Ana", "surname1": "Xitumul"}))
	worktest.Ask[family.Compared](b, "family.proposal", "seek", s, "candidate", ana)
	b.Reopen() // it is written down at the latest when the member locks
	for _, who := range []string{rosa, ana} {
		if n := len(worktest.Ask[node.Accesses](b, "access", "person", who).Entries); n != 1 {
			t.Errorf("%d openings are noted of one of the two", n)
		}
	}
}

// What two sites said differently of a proposal is settled by asking the person found again, alone: never by choosing one of the two, nor by
// writing an answer that nobody gave.
func TestANoIsNotSettledAway(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Clínica", "20057")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")
	rosa, ana := somebody(south, home, fields{"given": "Rosa", "surname1": "Xitumul"}), somebody(south, home, fields{"given": "Ana", "surname1": "Xitumul", "age": 30})
	s := seek(south, home, agreed(rosa, fields{"given": "Ana", "surname1": "Xitumul"}))
	worktest.Do[family.Answered](south, "family.answer", home, fields{"seek": s, "candidate": ana, "verdict": "same"})
	worktest.Meet(url, south, north)
	worktest.Do[family.Answered](south, "family.answer", home, fields{"seek": s, "candidate": ana, "answer": "refuses"})
	worktest.Do[family.Answered](north, "family.answer", there, fields{"seek": s, "candidate": ana, "answer": "agrees", "alone": true})
	worktest.Meet(url, south, north)
	if got := worktest.Ask[node.Conflicts](south, "conflicts").Conflicts; len(got) != 0 {
		t.Errorf("a no can be settled away: %+v", got)
	}
	row, err := family.Tracing.Canonical(record.Fields{"seek": mustID(t, s), "person": mustID(t, ana), "other": mustID(t, rosa)})
	if err != nil {
		t.Fatal(err)
	}
	id, err := family.Tracing.KeyID(row)
	if err != nil {
		t.Fatal(err)
	}
	named := fields{"record": id, "kind": "tracing", "field": "tracing_answer", "value": "agrees", "values": []string{"agrees"}}
	for _, action := range []string{"conflict.settle", "conflict.reopen"} {
		if r := south.Apply(action, "", only(named, action)); r.OK || r.Error.Code != "unknown_id" {
			t.Errorf("%s: %+v", action, r)
		}
	}
	if r := south.Apply("conflict.reopen", "", fields{"record": ana, "kind": "person", "field": "given", "values": []string{"\u202eanA"}}); r.OK || r.Error.Code != "not_a_rival" {
		t.Errorf("what nobody said: %+v", r)
	}
	b := south
	b.Refused("family.answer", home, fields{"seek": s, "candidate": ana, "told": true}, "told", "agree_first")
	if got := worktest.Do[family.Answered](b, "family.answer", home, fields{"seek": s, "candidate": ana, "answer": "agrees", "alone": true}); got.Stage != family.ToTell {
		t.Errorf("asked again, it stands at %s", got.Stage)
	}
}

func mustID(t *testing.T, text string) record.ID {
	t.Helper()
	id, err := record.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// only is what an action takes of it.
func only(all fields, action string) fields {
	left := map[string]string{"conflict.settle": "values", "conflict.reopen": "value"}[action]
	out := fields{}
	for name, v := range all {
		if name != left {
			out[name] = v
		}
	}
	return out
}
