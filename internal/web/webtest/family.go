package webtest

import (
	"time"

	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/record"
)

// The made-up searches of Maria: one to which she agreed, and one that is only written down.
var (
	Sought     = ID(120)
	SoughtOnly = ID(121)
)

func searches() []family.Seek {
	age := 16
	return []family.Seek{
		{ID: Sought, Person: Maria.ID, Name: "Wilmer Alexander López Hernández", Given: "Wilmer Alexander", Surname1: "López", Surname2: "Hernández", Sex: "m", Age: &age, AgeAbout: true, AgeOn: "2026-03-03",
			Nationality: []string{"HND"}, Relation: "sibling", Where: "07089", When: "2026-02", How: []string{"raid", "transport"}, By: "authority_mx", Consent: people.Given, Language: "es", Medium: "spoken",
			Contact: "relation", Services: []string{"cruz_roja", "procuraduria"}, Share: []string{"name", "age_sex", "nationality", "sought", "circumstances", "site"}, State: family.Open,
			HandedTo: []string{"cruz_roja"}, HandedOn: "2026-03-20", Since: Now.Add(-24 * day)},
		{ID: SoughtOnly, Person: Maria.ID, Name: "Dunia", Given: "Dunia", Nationality: []string{}, Relation: "partner", How: []string{}, Services: []string{}, Share: []string{}, HandedTo: []string{},
			Contact: "nothing", State: family.Open, Consent: people.Refused, Since: Now.Add(-24 * day)},
		{ID: ID(122), Person: Maria.ID, Name: "Rosa Hernández", Given: "Rosa", Surname1: "Hernández", Nationality: []string{}, Relation: "parent", How: []string{}, Services: []string{}, Share: []string{}, HandedTo: []string{},
			Contact: "name", State: family.Closed, ClosedWhy: "together", Consent: people.Given, Since: Now.Add(-90 * day)},
	}
}

func familyOf(d *Desk, id string) (family.Shown, error) {
	p, err := show(id)
	if err != nil {
		return family.Shown{}, err
	}
	out := family.Shown{Person: p.Brief, Households: []family.HouseholdShown{}, Relations: []family.RelationShown{}, Seeks: []family.Seek{}}
	if p.ID != Maria.ID || d.House.Quiet {
		return out, nil
	}
	without := func(b people.Brief) people.Brief { b.LastSeen = nil; return b }
	out.Households = []family.HouseholdShown{
		{ID: ID(130), Kind: "family", People: 4, Current: true, Members: []family.MemberShown{
			{Person: without(Maria.Brief), Role: "head", Since: "2026-03-03"}, {Person: without(others[1]), Role: "sibling", Since: "2026-03-03"},
			{Person: without(others[3]), Role: "sibling", Since: "2026-03-03", Until: "2026-02", Left: "separated"},
		}},
		{ID: ID(131), Kind: "travel", Members: []family.MemberShown{{Person: without(Maria.Brief), Since: "2025-11", Until: "2026-01", Left: "own_way"}, {Person: without(others[2]), Since: "2025-11"}}},
	}
	out.Relations = []family.RelationShown{{Other: without(others[1]), Relation: "sibling", KnownBy: "said_it"}}
	out.Seeks = searches()
	return out, nil
}

func familyProposals(d *Desk, person string) family.Proposals {
	out := family.Proposals{Proposals: []family.Proposal{}, Of: 2841, Looked: 2841}
	if d.House.Quiet {
		return out
	}
	reasons := []family.Reason{{Field: "given", Code: "same", Agrees: "yes"}, {Field: "surname1", Code: "sounds_alike", Agrees: "close"}, {Field: "age", Code: "age_near", Agrees: "close"},
		{Field: "nationality", Code: "different", Agrees: "no"}}
	one := func(candidate people.Brief, alias, stage, band string, here bool, more ...family.Reason) family.Proposal {
		return family.Proposal{Seek: Sought, Seeker: Maria.ID, Candidate: candidate.ID, SeekerAlias: "M. F. L. H.", SeekerCard: Maria.Card, CandidateAlias: alias, CandidateCard: candidate.Card,
			Relation: "sibling", Band: band, Stage: stage, Here: here, Child: family.Minor(candidate), Reasons: append(more, reasons...)}
	}
	for _, p := range []family.Proposal{
		one(others[2], "El Chino", family.ToTell, "likely", false),
		one(others[0], "J. B. D.", family.ToAsk, "likely", true),
		one(others[3], "W. A. C. R.", family.ToLook, "likely", true, family.Reason{Code: "mutual", Agrees: "yes"}),
		one(others[1], "M. L. E.", family.ToLook, "possible", false),
	} {
		if person == "" || p.Candidate.String() == person || p.Seeker.String() == person {
			out.Proposals = append(out.Proposals, p)
		}
	}
	out.Seeks = 1
	return out
}

func familyProposal(d *Desk, seek, candidate string) (family.Compared, error) {
	p, err := show(candidate)
	if err != nil {
		return family.Compared{}, err
	}
	for _, s := range searches() {
		if s.ID.String() != seek {
			continue
		}
		seeker := Maria.Brief
		seeker.LastSeen = nil
		out := family.Compared{Seek: s, Seeker: seeker, Candidate: p.Brief, Child: family.Minor(p.Brief), Here: true, Stage: family.ToLook,
			Reasons: []family.Reason{{Code: "mutual", Agrees: "yes"}, {Field: "given", Code: "same", Agrees: "yes"}, {Field: "surname1", Code: "sounds_alike", Agrees: "close"}, {Field: "nationality", Code: "different", Agrees: "no"}}}
		out.Candidate.LastSeen = nil
		if p.ID == others[0].ID {
			out.Stage, out.Here, out.Child = family.ToAsk, false, true
			out.Trace = family.Trace{Verdict: family.Same, By: Rosa.ID, At: Now.Add(-2 * time.Hour)}
			out.ByName = Rosa.Name
		}
		return out, nil
	}
	return family.Compared{}, record.Refuse("seek", "unknown_id", "field", "seek")
}
