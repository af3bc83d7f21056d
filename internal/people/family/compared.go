package family

import (
	"fmt"

	"amparo/internal/people"
	"amparo/internal/record"
)

// Compared is the answer to family.proposal: who is sought beside who it may be, and how far somebody has come. Where either of them is,
// it does not say.
type Compared struct {
	Seek      Seek         `json:"seek"`
	Seeker    people.Brief `json:"seeker"`
	Candidate people.Brief `json:"candidate"`
	Here      bool         `json:"here"`  // the person found was last met at the site of who asks
	Child     bool         `json:"child"` // the person found is under 18
	Stage     string       `json:"stage"` // of Stages
	Trace     Trace        `json:"trace"`
	ByName    string       `json:"by_name"` // who compared the two
	Reasons   []Reason     `json:"reasons"`
}

// ProposalParams name one proposal.
type ProposalParams struct {
	Seek      string `json:"seek"`
	Candidate string `json:"candidate"`
}

var proposal = func() record.Query {
	q := record.NewQuery("family.proposal", []record.Compartment{record.Identity, record.FieldWork}, compareOne)
	q.About = "candidate"
	return q
}()

func compareOne(a *record.Ask, d ProposalParams) (any, error) {
	id, err := a.Ref("seek", d.Seek)
	if err != nil {
		return nil, err
	}
	found, err := seeksOf(a.Context, a, "s.id = ?", id)
	if err == nil && len(found) == 0 {
		err = record.Refuse("seek", "unknown_id", "field", "seek")
	}
	if err != nil {
		return nil, err
	}
	candidate, brief, err := people.Someone(a, "candidate", d.Candidate)
	if err != nil {
		return nil, err
	}
	a.Opened(found[0].Person)
	who, err := others(a.Context, a, []record.ID{found[0].Person})
	if err != nil {
		return nil, err
	}
	out := Compared{Seek: found[0], Seeker: who[found[0].Person], Candidate: brief}
	out.Here = brief.LastSeen != nil && !a.Site.IsZero() && brief.LastSeen.Site == a.Site
	traced, err := traces(a.Context, a, "t.seek = ?", id)
	if err != nil {
		return nil, err
	}
	linked, err := people.Together(a.Context, a, candidate)
	if err != nil {
		return nil, err
	}
	if out.Child, err = isMinor(a.Context, a, linked, a.Now); err != nil {
		return nil, err
	}
	for _, one := range linked {
		out.Trace = out.Trace.over(traced[tracedOf(id, one)])
	}
	out.Stage = out.Trace.Stage()
	err = a.Select(a.Context, "SELECT name FROM field.member WHERE member = ?", []any{out.Trace.By}, func(r record.Row) error {
		out.ByName = r.Text(0)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	p, err := known(a)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.upToDate(a); err != nil {
		return nil, err
	}
	m := met{seek: p.seeks[id], candidate: candidate}
	if m.seek == nil {
		m.seek = readySearch(p.model, found[0])
	}
	out.Reasons, err = p.reasons(a, p.mutually(m), brief)
	out.Candidate.LastSeen = nil
	return out, err
}
