package people

import (
	"fmt"
	"slices"
	"time"

	"amparo/internal/record"
)

// Consents is the answer to person.consents: what a person was asked, what they said, and what follows from it today.
type Consents struct {
	Person   Brief          `json:"person"`
	Minor    bool           `json:"minor"`    // under 18 as far as is known: the child's own yes is needed
	Tongues  []string       `json:"tongues"`  // BCP 47: the languages of the person
	Purposes []PurposeState `json:"purposes"` // one for each purpose, in the order in which they are asked
	Answers  []Entry        `json:"answers"`  // the evidence, newest first
	Travels  bool           `json:"travels"`  // the record may leave the site
	Counted  bool           `json:"counted"`  // an anonymous line may be written
	Linked   []LinkedRecord `json:"linked"`   // the other records of the same person: a no said on one counts for all
	Home     string         `json:"home"`     // name of the site where it stays when it may not leave
}

// PurposeState is where one purpose stands.
type PurposeState struct {
	Purpose string    `json:"purpose"`
	State   string    `json:"state"` // not_asked, given, refused, withdrawn, lapsed
	Until   string    `json:"until"` // last day of a yes; empty: until it is taken back
	To      []string  `json:"to"`    // organisations, of a referral
	At      time.Time `json:"at,omitzero"`
	Site    string    `json:"site"` // name of the site where it was said
	By      string    `json:"by"`   // who wrote it down
	How     string    `json:"how"`  // spoken, written, thumbprint, witnessed; empty: ticked when registering, and not written down further
	In      string    `json:"in"`   // BCP 47: in which language it was explained
}

var consents = record.NewQuery("person.consents", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p PersonParams) (any, error) { return readConsents(a, p) })

func readConsents(a *record.Ask, p PersonParams) (Consents, error) {
	id, row, err := asked(a, p.Person)
	if err != nil {
		return Consents{}, err
	}
	briefs, err := Briefs(a.Context, a, []record.ID{id}, a.Now)
	if err != nil {
		return Consents{}, err
	}
	w, err := wishesOf(a.Context, a, row, a.Now)
	if err != nil {
		return Consents{}, err
	}
	sites, err := siteNames(a.Context, a)
	if err != nil {
		return Consents{}, err
	}
	cluster, err := Together(a.Context, a, id)
	if err != nil {
		return Consents{}, err
	}
	linked, err := linkedTravel(a.Context, a, cluster, a.Now)
	if err != nil {
		return Consents{}, err
	}
	no, err := linkedRefused(a.Context, a, id, Statistics, a.Now)
	if err != nil {
		return Consents{}, err
	}
	out := Consents{Person: briefs[0], Tongues: row.languages, Travels: w.MayTravel() && linked, Counted: w.MayBeCounted() && !no, Minor: row.minor(a.Now), Home: sites[row.site]}
	if out.Answers, err = happenings(a, Consent, id); err != nil {
		return Consents{}, err
	}
	if err := nameEntries(a, out.Answers); err != nil {
		return Consents{}, err
	}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return Consents{}, err
	}
	if out.Linked, err = linkedRecords(a, id, members); err != nil {
		return Consents{}, err
	}
	slices.SortStableFunc(out.Answers, func(x, y Entry) int { return newer(x, y) })
	out.Answers = slices.Concat([]Entry{}, out.Answers)
	if out.Purposes, err = purposeStates(a, row, w, out.Answers, sites); err != nil {
		return Consents{}, err
	}
	return out, nil
}

// newer puts what happened later first; of the same second, what was recorded later.
func newer(x, y Entry) int {
	if c := y.At.Compare(x.At); c != 0 {
		return c
	}
	return y.Recorded.Compare(x.Recorded)
}

// purposeStates says of each purpose where it stands and what shows it.
func purposeStates(a *record.Ask, p stored, w Wishes, answers []Entry, sites map[record.ID]string) ([]PurposeState, error) {
	state, err := record.ReadState(a.Context, a, Person, p.id)
	if err != nil {
		return nil, err
	}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return nil, fmt.Errorf("read who asked: %w", err)
	}
	out := make([]PurposeState, 0, len(Purposes))
	for _, purpose := range Purposes {
		s := PurposeState{Purpose: purpose, State: "not_asked", To: []string{}}
		field := "consent"
		switch {
		case slices.Contains(w.Given, purpose):
			s.State = Given
		case slices.Contains(w.Lapsed, purpose):
			s.State = "lapsed"
		case slices.Contains(w.Refused, purpose):
			s.State, field = Refused, "refused"
		}
		if purpose == Referral {
			s.To = w.ReferralTo
		}
		at := slices.IndexFunc(answers, func(e Entry) bool {
			purposes, _ := e.Fields["purposes"].([]string)
			said, _ := e.Fields["answer"].(string)
			return e.Corrected.IsZero() && slices.Contains(purposes, purpose) && (said == Given) == (field == "consent")
		})
		switch {
		case s.State == "not_asked":
		case at >= 0:
			e := answers[at]
			s.At, s.Site, s.By = e.At, e.SiteName, e.ByName
			s.How, _ = e.Fields["medium"].(string)
			s.In, _ = e.Fields["language"].(string)
			s.Until, _ = e.Fields["until"].(string)
			if said, _ := e.Fields["answer"].(string); said == Withdrawn && s.State == Refused {
				s.State = Withdrawn
			}
		default: // said without more when registering, or by person.update
			f, _ := Person.Field(field)
			for _, st := range state.Standing(f.Number) {
				if words, ok := st.Value.([]string); ok && slices.Contains(words, purpose) {
					s.At, s.Site, s.By = When(st.At, int64(st.Zone)), sites[st.Site], members[st.By]
					break
				}
			}
		}
		out = append(out, s)
	}
	return out, nil
}
