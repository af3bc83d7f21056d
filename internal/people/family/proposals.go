package family

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"amparo/internal/match/linkage"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Proposals is the answer to family.proposals: who may be somebody who is sought. It names nobody: who works on one opens it.
type Proposals struct {
	Proposals []Proposal `json:"proposals"` // those on which something is to be done first, then the likeliest
	More      int        `json:"more"`      // not shown
	Seeks     int        `json:"seeks"`     // open searches that were agreed to
	Looked    int        `json:"looked"`    // persons compared so far, of Of; asking again goes on
	Of        int        `json:"of"`
}

// Proposal is that a person may be the one who is sought.
type Proposal struct {
	Seek           record.ID `json:"seek"`
	Seeker         record.ID `json:"seeker"`
	Candidate      record.ID `json:"candidate"`
	SeekerAlias    string    `json:"seeker_alias"` // nickname or initials
	SeekerCard     string    `json:"seeker_card"`
	CandidateAlias string    `json:"candidate_alias"`
	CandidateCard  string    `json:"candidate_card"`
	Relation       string    `json:"relation"` // what the one who is sought is to the one who seeks
	Band           string    `json:"band"`     // likely, possible
	Stage          string    `json:"stage"`    // of Stages
	Here           bool      `json:"here"`     // the person found was last met at the site of who asks: it is theirs to ask them
	Child          bool      `json:"child"`    // the person found is under 18
	Reasons        []Reason  `json:"reasons"`
}

// Reason is why somebody is proposed. A field of the name, the age or the origin is worded by `field.<field>` and `level.<code>`; others by
// `reason.<code>`:
//
//	named          the one who seeks knows who it is
//	mutual         they are looking for the one who looks for them
//	met_before     they were last met before the two were parted: where they are now is not known
//	same_parting   both tell of the same place or the same time of parting
type Reason struct {
	Field  string `json:"field,omitempty"`
	Code   string `json:"code"`
	Agrees string `json:"agrees"` // yes, close, no, unknown
}

// ProposalsParams are the parameters of family.proposals.
type ProposalsParams struct {
	Person string `json:"person,omitempty" jsonschema:"description=only those in which this person is the one who seeks or the one found"`
	All    bool   `json:"all,omitempty" jsonschema:"description=also those that came to an end"`
	Limit  int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=200"`
}

const (
	usualProposals = 50
	mostProposals  = 200
	// eachProposes is how many persons are proposed for one search.
	eachProposes = 5
	// registered is the guess of how often somebody who is sought is registered at all, in bits.
	registered = -2
)

// Odds in bits from which somebody is proposed, and from which they are called likely; as in package linkage.
const (
	possibleFrom = -5
	likelyFrom   = 3.17
)

var proposals = record.NewQuery("family.proposals", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p ProposalsParams) (any, error) {
	limit := p.Limit
	if limit == 0 {
		limit = usualProposals
	}
	if err := typed.Whole("limit", &limit, 1, mostProposals); err != nil {
		return nil, err
	}
	var only []record.ID
	if p.Person != "" {
		id, _, err := people.Someone(a, "person", p.Person)
		if err != nil {
			return nil, err
		}
		if only, err = people.Together(a.Context, a, id); err != nil {
			return nil, err
		}
	}
	return proposed(a, only, p.All, limit)
})

// met is somebody who may be sought, before their record is looked at.
type met struct {
	seek      *search
	candidate record.ID
	odds      float64 // bits
	trace     Trace
	mutual    *search // by which the candidate looks for the one who seeks
}

// known is what this session knows of who may be sought.
func known(a *record.Ask) (*proposer, error) {
	kept, err := a.Memo("family.proposer", nil, func() (any, error) { return newProposer(), nil })
	if err != nil {
		return nil, err
	}
	p, ok := kept.(*proposer)
	if !ok {
		return nil, fmt.Errorf("family: the memo of proposals holds %T", kept)
	}
	return p, nil
}

// proposed makes the list. only limits it to some persons, on either side; all adds what came to an end.
func proposed(a *record.Ask, only []record.ID, all bool, limit int) (Proposals, error) {
	p, err := known(a)
	if err != nil {
		return Proposals{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.upToDate(a); err != nil {
		return Proposals{}, err
	}
	out := Proposals{Proposals: []Proposal{}, Seeks: len(p.seeks), Looked: p.looked(), Of: p.total}
	if p.made == nil || p.madeAt != p.position || p.madeWith != out.Looked {
		if p.made, err = p.make(a); err != nil {
			return out, err
		}
		p.madeAt, p.madeWith = p.position, out.Looked
	}
	var list []met
	for _, m := range p.made {
		stage := m.trace.Stage()
		ended := stage == Rejected || stage == NoContact || stage == Told
		if ended && !all || only != nil && !slices.Contains(only, m.seek.Person) && !slices.Contains(only, m.candidate) {
			continue
		}
		list = append(list, m)
	}
	if len(list) > limit {
		out.More, list = len(list)-limit, list[:limit]
	}
	out.Proposals, err = p.word(a, list)
	return out, err
}

// make weighs who was met, joins records that are one person, and takes the likeliest of each search and those somebody worked on, in
// the order in which they are to be worked on. Whose record is not here is not among them.
func (p *proposer) make(a *record.Ask) ([]met, error) {
	traced, err := traces(a.Context, a, "true")
	if err != nil {
		return nil, err
	}
	list, err := p.gather(a, traced)
	if err != nil {
		return nil, err
	}
	if list, err = p.join(a, list); err != nil {
		return nil, err
	}
	ids := idsOf(list)
	here := make(map[record.ID]bool, len(ids))
	for some := range slices.Chunk(ids, 200) {
		marks, args := within(some)
		if err := a.Select(a.Context, "SELECT id FROM identity.person WHERE id IN ("+marks+")", args, func(r record.Row) error { here[r.ID(0)] = true; return nil }); err != nil {
			return nil, fmt.Errorf("read who is here: %w", err)
		}
	}
	list = slices.DeleteFunc(list, func(m met) bool { return !here[m.candidate] || !here[m.seek.Person] })
	slices.SortStableFunc(list, func(x, y met) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x.trace.Stage()), slices.Index(order, y.trace.Stage())), cmp.Compare(y.odds, x.odds),
			slices.Compare(x.seek.ID[:], y.seek.ID[:]), slices.Compare(x.candidate[:], y.candidate[:]))
	})
	return append([]met{}, list...), nil
}

// idsOf lists everybody in it, each once.
func idsOf(list []met) []record.ID {
	ids := make([]record.ID, 0, 2*len(list))
	for _, m := range list {
		ids = append(ids, m.candidate, m.seek.Person)
	}
	slices.SortFunc(ids, func(x, y record.ID) int { return slices.Compare(x[:], y[:]) })
	return slices.Compact(ids)
}

// word says of some who the two are, by alias, and why they are proposed.
func (p *proposer) word(a *record.Ask, list []met) ([]Proposal, error) {
	briefs, err := people.Briefs(a.Context, a, idsOf(list), a.Now)
	if err != nil {
		return nil, err
	}
	by := map[record.ID]people.Brief{}
	for _, b := range briefs {
		by[b.ID] = b
	}
	out := make([]Proposal, 0, len(list))
	for _, m := range list {
		seeker, here := by[m.seek.Person]
		candidate, there := by[m.candidate]
		if !here || !there { // shown for a few hours only, and they are over
			continue
		}
		one := Proposal{Seek: m.seek.ID, Seeker: m.seek.Person, Candidate: m.candidate, SeekerAlias: seeker.Alias(), SeekerCard: seeker.Card, CandidateAlias: candidate.Alias(),
			CandidateCard: candidate.Card, Relation: m.seek.Relation, Band: linkage.Possible.String(), Stage: m.trace.Stage(), Child: Minor(candidate)}
		if m.odds >= likelyFrom {
			one.Band = linkage.Likely.String()
		}
		one.Here = candidate.LastSeen != nil && !a.Site.IsZero() && candidate.LastSeen.Site == a.Site
		if one.Reasons, err = p.reasons(a, m, candidate); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// order is in which proposals are to be worked on: what somebody waits for, then what nobody has looked at.
var order = []string{ToTell, ToAsk, ToLook, Thinking, NoContact, Told, Rejected}

// gather lists who was met by each search, and who was proposed and worked on.
func (p *proposer) gather(a *record.Ask, traced map[traced]Trace) ([]met, error) {
	prior := registered - math.Log2(float64(max(p.total, 20)))
	var list []met
	for _, s := range p.seeks {
		for id, weight := range s.met {
			if _, worked := traced[tracedOf(s.ID, id)]; !worked && id != s.Sought {
				list = append(list, p.mutually(met{seek: s, candidate: id, odds: weight + prior}))
			}
		}
		if _, worked := traced[tracedOf(s.ID, s.Sought)]; !worked && !s.Sought.IsZero() {
			list = append(list, p.mutually(met{seek: s, candidate: s.Sought, odds: certain}))
		}
	}
	list = slices.DeleteFunc(list, func(m met) bool { return m.odds < possibleFrom })
	others := map[record.ID]*search{}
	for key, trace := range traced {
		s := p.seeks[key.seek]
		if s == nil {
			if s = others[key.seek]; s == nil {
				found, err := seeksOf(a.Context, a, "s.id = ?", key.seek)
				if err != nil {
					return nil, err
				}
				if len(found) == 0 {
					continue
				}
				s = readySearch(p.model, found[0])
				others[key.seek] = s
			}
			if trace.ToldOn == "" && trace.Verdict != NotSame { // the search ended, and nothing is to be done
				continue
			}
		}
		odds := certain
		if weight, known := s.met[key.candidate]; known {
			odds = weight + prior
		}
		list = append(list, p.mutually(met{seek: s, candidate: key.candidate, odds: odds, trace: trace}))
	}
	return list, nil
}

// certain are the odds of somebody whom a person named, in bits: whether it is them is for the two to say.
const certain = 30.0

func tracedOf(seek, candidate record.ID) traced { return traced{seek, candidate} }

// mutually notes that the one who was met looks for the one who seeks: two descriptions that fit each other are seldom chance.
func (p *proposer) mutually(m met) met {
	for _, s := range p.seeks {
		if s.Person != m.candidate {
			continue
		}
		if _, fits := s.met[m.seek.Person]; fits || s.Sought == m.seek.Person {
			m.mutual = s
			m.odds += 10
			return m
		}
	}
	return m
}

// join makes one of records that are one person, leaves out who is the one who seeks or is with them, and takes the likeliest.
func (p *proposer) join(a *record.Ask, list []met) ([]met, error) {
	linked, err := people.LinkedTo(a.Context, a, idsOf(list))
	if err != nil {
		return nil, err
	}
	root := func(id record.ID) record.ID {
		for _, other := range linked[id] {
			if slices.Compare(other[:], id[:]) < 0 {
				id = other
			}
		}
		return id
	}
	together, err := inHouseholds(a)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(x, y met) int {
		return cmp.Or(cmp.Compare(y.odds, x.odds), slices.Compare(x.seek.ID[:], y.seek.ID[:]), slices.Compare(x.candidate[:], y.candidate[:]))
	})
	type key struct{ seek, root record.ID }
	at, taken := map[key]int{}, map[record.ID]int{}
	out := list[:0]
	for _, m := range list {
		if root(m.candidate) == root(m.seek.Person) || together[m.candidate].shares(together[m.seek.Person]) && m.trace.Verdict == "" {
			continue
		}
		k := key{m.seek.ID, root(m.candidate)}
		if i, there := at[k]; there {
			if out[i].trace.Verdict == "" && m.trace.Verdict != "" { // the record on which somebody worked is the one to go on with
				out[i].candidate = m.candidate
			}
			out[i].trace = out[i].trace.over(m.trace)
			continue
		}
		if m.trace.Verdict == "" {
			if taken[m.seek.ID] >= eachProposes {
				continue
			}
			taken[m.seek.ID]++
		}
		at[k] = len(out)
		out = append(out, m)
	}
	return out, nil
}

// set is some households.
type set map[record.ID]bool

func (s set) shares(t set) bool {
	for id := range s {
		if t[id] {
			return true
		}
	}
	return false
}

// inHouseholds reads who belongs to which households now: who is with them is not looked for.
func inHouseholds(a *record.Ask) (map[record.ID]set, error) {
	out := map[record.ID]set{}
	err := a.Select(a.Context, "SELECT person, household FROM identity.household_member WHERE until IS NULL", nil, func(r record.Row) error {
		if out[r.ID(0)] == nil {
			out[r.ID(0)] = set{}
		}
		out[r.ID(0)][r.ID(1)] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read households: %w", err)
	}
	return out, nil
}

// reasons says why somebody is proposed.
func (p *proposer) reasons(a *record.Ask, m met, candidate people.Brief) ([]Reason, error) {
	out := []Reason{}
	add := func(code string) { out = append(out, Reason{Code: code, Agrees: "yes"}) }
	if m.candidate == m.seek.Sought {
		add("named")
	}
	if m.mutual != nil {
		add("mutual")
		if m.mutual.Where != "" && m.mutual.Where == m.seek.Where || sameTime(m.mutual.When, m.seek.When) {
			add("same_parting")
		}
	}
	err := a.Select(a.Context, "SELECT "+candidateColumns+" FROM identity.person WHERE id = ?", []any{m.candidate}, func(r record.Row) error {
		rec := recordOf(r)
		for _, f := range p.model.Compare(&m.seek.rec, &rec).Fields {
			if f.Agrees != linkage.Unknown {
				out = append(out, Reason{Field: f.Field, Code: f.Level, Agrees: f.Agrees.String()})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read person: %w", err)
	}
	if seen := candidate.LastSeen; seen != nil && m.seek.When != "" && seen.At.Format("2006-01-02") < m.seek.When {
		out = append(out, Reason{Code: "met_before", Agrees: "no"})
	}
	return out, nil
}

// sameTime reports two periods of which one lies within the other, by month at least.
func sameTime(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 7 && b[:len(a)] == a
}
