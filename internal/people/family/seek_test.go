package family_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// agreed is a search with all that a yes needs.
func agreed(person string, more fields) fields {
	d := fields{"person": person, "relation": "sibling", "consent": "given", "language": "es", "medium": "spoken", "understood": true}
	for k, v := range more {
		d[k] = v
	}
	return d
}

func seek(b *worktest.Bed, site string, data fields) string {
	b.Helper()
	return worktest.Do[family.SoughtNow](b, "family.seek", site, data).ID.String()
}

func proposals(b *worktest.Bed, params ...string) []family.Proposal {
	b.Helper()
	return worktest.Ask[family.Proposals](b, "family.proposals", params...).Proposals
}

// Two sites, without a network: the one who seeks at the first, the one who is sought registered at the second. Once they met, both
// propose it, and what one says of it the other knows.
func TestTwoSitesProposeAndRemember(t *testing.T) {
	url := worktest.Relay(t)
	south := worktest.New(t)
	home, there := south.Site("Casa", "07089"), south.Site("Clínica", "20057")
	south.Stand(home)
	worktest.Meet(url, south)
	north := south.Join(url, "Bea", there, "registrar")

	marta := somebody(south, home, fields{"given": "Marta", "surname1": "Ixcoy", "surname2": "Tzul", "sex": "f", "age": 31, "nationality": []string{"GTM"}})
	s := seek(south, home, agreed(marta, fields{"given": "Juan Carlos", "surname1": "Ixcoy", "surname2": "Tzul", "sex": "m", "age": 17, "nationality": []string{"GTM"}, "where": "07089", "when": "2026-02",
		"how": []string{"raid"}, "by": "authority_mx", "contact": "relation"}))
	juan := somebody(north, there, fields{"given": "Juan", "surname1": "Ixkoy", "surname2": "Tzul", "sex": "m", "age": 16, "nationality": []string{"GTM"}})
	like := somebody(north, there, fields{"given": "Juan Carlos", "surname1": "Ixcoy", "surname2": "Tzul", "sex": "m", "age": 18, "nationality": []string{"GTM"}})
	for _, name := range []string{"Luz", "Ana", "Pedro", "Wilmer"} {
		somebody(north, there, fields{"given": name, "surname1": "López", "age": 30})
	}
	if got := proposals(south); len(got) != 0 {
		t.Fatalf("before they met: %+v", got)
	}
	worktest.Meet(url, south, north)

	for _, b := range []*worktest.Bed{south, north} {
		got := proposals(b)
		if len(got) != 2 || got[0].Candidate.String() != like || got[1].Candidate.String() != juan {
			t.Fatalf("proposed: %+v", got)
		}
		for _, p := range got {
			if p.Seek.String() != s || p.Seeker.String() != marta || p.Stage != family.ToLook || p.Relation != "sibling" || len(p.Reasons) < 3 || p.Here != (b == north) {
				t.Errorf("proposed: %+v", p)
			}
		}
		if !got[1].Child || got[0].Child {
			t.Errorf("who is a child: %+v", got)
		}
		if !slices.ContainsFunc(got[1].Reasons, func(r family.Reason) bool {
			return r.Field == "surname1" && r.Code == "sounds_alike" && r.Agrees == "close"
		}) {
			t.Errorf("Ixkoy sounds like Ixcoy, and the reasons do not say so: %+v", got[1].Reasons)
		}
	}

	// The first turns out to be a cousin. That is remembered on both sites, and nobody is asked twice.
	worktest.Do[family.Answered](south, "family.answer", home, fields{"seek": s, "candidate": like, "verdict": "not_same"})
	worktest.Meet(url, south, north)
	for _, b := range []*worktest.Bed{south, north} {
		if got := proposals(b); len(got) != 1 || got[0].Candidate.String() != juan {
			t.Errorf("the wrong one is proposed again: %+v", got)
		}
		if got := proposals(b, "all", "true"); len(got) != 2 || got[1].Stage != family.Rejected {
			t.Errorf("the wrong one is not remembered: %+v", got)
		}
	}
	north.Refused("family.answer", there, fields{"seek": s, "candidate": like, "verdict": "same"}, "verdict", "said_not_sought")

	// The other one is the brother. He is asked where he is, alone, and child protection has looked at it.
	answer := func(b *worktest.Bed, site string, more fields) string {
		t.Helper()
		d := fields{"seek": s, "candidate": juan}
		for k, v := range more {
			d[k] = v
		}
		return worktest.Do[family.Answered](b, "family.answer", site, d).Stage
	}
	if got := answer(south, home, fields{"verdict": "same"}); got != family.ToAsk {
		t.Errorf("after comparing: %s", got)
	}
	worktest.Meet(url, south, north)
	ask := fields{"seek": s, "candidate": juan, "answer": "agrees"}
	north.Refused("family.answer", there, ask, "alone", "asked_alone")
	ask["alone"] = true
	north.Refused("family.answer", there, ask, "best_interest", "child_interest")
	north.Refused("family.answer", there, fields{"seek": s, "candidate": juan, "told": true}, "told", "agree_first")
	if got := answer(north, there, fields{"answer": "agrees", "alone": true, "best_interest": true}); got != family.ToTell {
		t.Errorf("after asking: %s", got)
	}
	worktest.Meet(url, south, north)
	if got := answer(south, home, fields{"told": true}); got != family.Told {
		t.Errorf("after telling: %s", got)
	}
	worktest.Meet(url, south, north)
	for _, b := range []*worktest.Bed{south, north} {
		if got := proposals(b); len(got) != 0 {
			t.Errorf("after telling: %+v", got)
		}
		of := worktest.Ask[family.Shown](b, "family.show", "person", juan)
		if len(of.Relations) != 1 || of.Relations[0].Other.ID.String() != marta || of.Relations[0].Relation != "sibling" {
			t.Errorf("what they are to each other: %+v", of.Relations)
		}
		if seeks := worktest.Ask[family.Shown](b, "family.show", "person", marta).Seeks; len(seeks) != 1 || seeks[0].State != family.Found {
			t.Errorf("the search: %+v", seeks)
		}
	}
}

// Who is found and says no stays hidden from who seeks: nothing of it stands in any record that they may see or take along.
func TestNothingOfARefusalReachesTheOneWhoSeeks(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	seeker := somebody(b, site, fields{"given": "Ramón", "surname1": "Paz", "age": 40})
	ana := somebody(b, site, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Paz", "age": 24})
	s := seek(b, site, agreed(seeker, fields{"given": "Ana", "surname1": "Xitumul", "surname2": "Paz", "age": 24, "relation": "partner"}))
	if got := proposals(b); len(got) != 1 {
		t.Fatalf("proposed: %+v", got)
	}
	worktest.Do[family.Answered](b, "family.answer", site, fields{"seek": s, "candidate": ana, "verdict": "same"})
	worktest.Do[family.Answered](b, "family.answer", site, fields{"seek": s, "candidate": ana, "answer": "refuses"})
	if got := proposals(b); len(got) != 0 {
		t.Errorf("to be worked on after a no: %+v", got)
	}
	for _, query := range []string{"person.show", "person.timeline", "person.copy", "person.history", "family.show"} {
		answer, err := b.Session.Query(t.Context(), "es", query, map[string][]string{"person": {seeker}})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{ana, "refuses", "tracing"} {
			if word != "tracing" && strings.Contains(string(raw), word) || strings.Contains(string(raw), `"kind":"tracing"`) {
				t.Errorf("%s of the one who seeks tells of the one found: %s", query, raw)
			}
		}
	}
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana, "told": true}, "told", "agree_first")
	// A later yes must be asked alone like a first one.
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana, "answer": "agrees"}, "alone", "asked_alone")
}

// What is said of two persons goes with each: who is erased, restricted or does not share is neither shown nor counted in the other's.
func TestWhoIsHiddenIsInNobodysFamily(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, luis := somebody(b, site, fields{"given": "Rosa", "surname1": "Ceiba"}), somebody(b, site, fields{"given": "Luis", "surname1": "Ceiba"})
	worktest.Do[family.Formed](b, "household.form", site, fields{"members": []fields{{"person": rosa}, {"person": luis}}})
	worktest.Do[family.Related](b, "person.relate", site, fields{"person": rosa, "other": luis, "relation": "parent", "known_by": "papers"})
	s := seek(b, site, agreed(rosa, fields{"sought": luis, "relation": "parent"}))
	of := worktest.Ask[family.Shown](b, "family.show", "person", luis)
	if len(of.Relations) != 1 || of.Relations[0].Relation != "child" || of.Relations[0].KnownBy != "papers" {
		t.Errorf("from the other side: %+v", of.Relations)
	}
	if got := proposals(b); len(got) != 0 {
		t.Errorf("who is with them is looked for: %+v", got)
	}
	worktest.Do[family.Left](b, "household.leave", site, fields{"household": of.Households[0].ID, "person": luis, "why": "separated"})
	if got := proposals(b); len(got) != 1 || got[0].Reasons[0].Code != "named" || got[0].Band != "likely" {
		t.Errorf("named and apart: %+v", got)
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": luis, "reason": "lo pidió", "authority": "él"})
	of = worktest.Ask[family.Shown](b, "family.show", "person", rosa)
	if len(of.Relations) != 0 || len(of.Households[0].Members) != 1 || of.Households[0].Members[0].Person.ID.String() != rosa {
		t.Errorf("who is restricted is shown: %+v", of)
	}
	if got := proposals(b, "all", "true"); len(got) != 0 {
		t.Errorf("who is restricted is proposed: %+v", got)
	}
	b.Refused("family.answer", site, fields{"seek": s, "candidate": luis, "verdict": "same"}, "candidate", "unknown_id")
	worktest.Do[people.RestrictedNow](b, "person.restrict", site, fields{"person": rosa, "reason": "lo pidió", "authority": "ella"})
	b.Refused("family.close", site, fields{"seek": s, "why": "other"}, "seek", "unknown_id")
	if st := worktest.Ask[family.Proposals](b, "family.proposals"); st.Seeks != 0 {
		t.Errorf("the search of who is restricted goes on: %+v", st)
	}
}

func TestSearchesThatCannotBe(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa := somebody(b, site, fields{"given": "Rosa", "age": 30})
	child := somebody(b, site, fields{"given": "Leo", "age": 12})
	but := func(person string, name string, v any) fields { return agreed(person, fields{"given": "Ana", name: v}) }
	b.Refused("family.seek", site, fields{"person": rosa, "relation": "child"}, "given", "sought_needs_name")
	b.Refused("family.seek", site, fields{"person": rosa, "relation": "child", "given": " -. "}, "given", "sought_needs_name")
	b.Refused("family.seek", site, but(rosa, "relation", ""), "relation", "required")
	b.Refused("family.seek", site, but(rosa, "relation", "boss"), "relation", "not_in_list")
	b.Refused("family.seek", site, but(rosa, "sought", rosa), "sought", "same_person")
	b.Refused("family.seek", site, but(rosa, "sought", record.ID{7}.String()), "sought", "unknown_id")
	b.Refused("family.seek", site, but(rosa, "given", "A\x00na"), "given", "bad_character")
	b.Refused("family.seek", site, but(rosa, "given", strings.Repeat("x", 500)), "given", "too_long")
	b.Refused("family.seek", site, but(rosa, "age", 150), "age", "out_of_range")
	b.Refused("family.seek", site, but(rosa, "when", "2027-01"), "when", "future_date")
	b.Refused("family.seek", site, but(rosa, "when", "2026-02-30"), "when", "bad_date")
	b.Refused("family.seek", site, but(rosa, "where", "Calle 5 No. 12"), "where", "place_code")
	b.Refused("family.seek", site, but(rosa, "where", "99999"), "where", "place_code")
	b.Refused("family.seek", site, but(rosa, "how", []string{"magic"}), "how", "not_in_list")
	b.Refused("family.seek", site, but(rosa, "understood", false), "understood", "not_understood")
	b.Refused("family.seek", site, but(rosa, "language", ""), "language", "required")
	b.Refused("family.seek", site, but(child, "medium", "spoken"), "assent", "child_assent")
	for _, where := range []string{"07089", "07", "gtm"} {
		seek(b, site, but(rosa, "where", where))
	}
	s := seek(b, site, fields{"person": rosa, "given": "Ana", "surname1": "Ceiba", "relation": "child"})
	ana := somebody(b, site, fields{"given": "Ana", "surname1": "Ceiba"})
	for _, p := range proposals(b) {
		if p.Seek.String() == s {
			t.Errorf("proposed without a yes: %+v", p)
		}
	}
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana, "verdict": "same"}, "seek", "search_not_open")
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana}, "verdict", "required")
	b.Refused("family.answer", site, fields{"seek": s, "candidate": rosa, "verdict": "same"}, "candidate", "same_person")
	b.Refused("family.answer", site, fields{"seek": s, "candidate": ana, "answer": "refuses"}, "answer", "compare_first")
	b.Refused("family.hand", site, fields{"seek": s, "service": "cruz_roja"}, "service", "not_agreed_to_service")
	b.Refused("family.close", site, fields{"seek": s}, "why", "required")
	b.Refused("family.seek", site, agreed(ana, fields{"seek": s, "given": "Ana"}), "seek", "unknown_id")

	// Said anew, closed and opened again.
	worktest.Do[family.SoughtNow](b, "family.seek", site, agreed(rosa, fields{"seek": s, "given": "Ana", "surname1": "Ceiba", "services": []string{"cruz_roja"}, "share": []string{"sought"}}))
	worktest.Do[family.SoughtNow](b, "family.hand", site, fields{"seek": s, "service": "cruz_roja"})
	if n := worktest.Do[family.SoughtNow](b, "family.close", site, fields{"seek": s, "why": "withdrawn"}); n.State != family.Closed || n.Proposes {
		t.Errorf("closed: %+v", n)
	}
	if n := worktest.Do[family.SoughtNow](b, "family.close", site, fields{"seek": s, "reopen": true}); n.State != family.Open || n.Proposes {
		t.Errorf("opened again after taking the yes back: %+v", n)
	}
}

// Two who look for each other speak for each other; who is put right is compared again, and so is a search that is said anew.
func TestProposalsFollowWhatIsSaid(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	marta, juan := somebody(b, site, fields{"given": "Marta", "surname1": "Ixcoy", "age": 31}), somebody(b, site, fields{"given": "Wilfredo", "surname1": "Marroquín", "age": 17})
	s := seek(b, site, agreed(marta, fields{"given": "Juan", "surname1": "Tzul", "age": 17, "where": "07089", "when": "2026-02"}))
	has := func(p []family.Proposal, code string) bool {
		return slices.ContainsFunc(p, func(p family.Proposal) bool {
			return slices.ContainsFunc(p.Reasons, func(r family.Reason) bool { return r.Code == code })
		})
	}
	if got := proposals(b); len(got) != 0 {
		t.Fatalf("before: %+v", got)
	}
	worktest.Do[people.Updated](b, "person.update", site, fields{"person": juan, "given": "Juan", "surname1": "Tzul"})
	got := proposals(b)
	if len(got) != 1 || got[0].Candidate.String() != juan || has(got, "mutual") {
		t.Fatalf("after putting the name right: %+v", got)
	}
	seek(b, site, agreed(juan, fields{"given": "Marta", "surname1": "Ixcoy", "age": 30, "where": "07089", "when": "2026-02-11", "assent": true}))
	if got := proposals(b); len(got) != 2 || !has(got[:1], "mutual") || !has(got[1:], "mutual") || !has(got, "same_parting") || got[0].Band != "likely" {
		t.Errorf("two who look for each other: %+v", got)
	}
	if got := proposals(b, "limit", "1"); len(got) != 1 {
		t.Errorf("more than asked for: %+v", got)
	}
	worktest.Do[family.SoughtNow](b, "family.seek", site, agreed(marta, fields{"seek": s, "given": "Berta", "surname1": "Coc", "age": 60}))
	if got := proposals(b, "person", juan); len(got) != 1 || got[0].Seek.String() == s {
		t.Errorf("a search for somebody else: %+v", got)
	}
	worktest.Do[family.SoughtNow](b, "family.close", site, fields{"seek": got[0].Seek, "why": "other"})
	worktest.Do[people.Updated](b, "person.update", site, fields{"person": marta, "surname1": "Otzoy", "given": "Carlota"})
	if got := proposals(b); len(got) != 0 {
		t.Errorf("who is called otherwise is still proposed: %+v", got)
	}
}
