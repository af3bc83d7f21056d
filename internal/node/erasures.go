package node

import (
	"cmp"
	"slices"
	"time"

	"amparo/internal/record"
)

// Erasures is the answer of the query `erasures`: what was asked, by whom, what became of it. It names no person, and not
// even their record: who decides here reads none.
type Erasures struct {
	Erasures []ErasureState `json:"erasures"` // those to be decided first, then the latest
	Pending  int            `json:"pending"`
}

// ErasureState is one of them.
type ErasureState struct {
	ID           record.ID            `json:"id"`
	State        string               `json:"state"` // asked, confirmed, done, refused
	Reason       string               `json:"reason"`
	Authority    string               `json:"authority"`
	Compartments []ErasureCompartment `json:"compartments"`
	Parts        int                  `json:"parts"`   // listed: sealed parts that speak of the person alone
	Dropped      int                  `json:"dropped"` // of these, erased from every copy that has heard of it
	Others       int                  `json:"others"`  // parts that speak of somebody else too, and stay
	By           record.ID            `json:"by"`
	ByName       string               `json:"by_name"`
	Site         string               `json:"site"` // name of the site where it was asked
	At           time.Time            `json:"at"`
	DecidedBy    string               `json:"decided_by,omitempty"` // name
	DecidedAt    time.Time            `json:"decided_at,omitzero"`
	Why          string               `json:"why,omitempty"` // of a refusal
}

// ErasureCompartment is how far an erasing is in one compartment.
type ErasureCompartment struct {
	Compartment record.Compartment `json:"compartment"`
	Parts       int                `json:"parts"`
	Looked      bool               `json:"looked"` // somebody who may open it has listed what there is
}

// States of an erasing.
const (
	ErasureAsked     = "asked"
	ErasureConfirmed = "confirmed" // and some parts are still to be listed or named
	ErasureDone      = "done"
	ErasureRefused   = "refused"
)

func askErasures(a *record.Ask, _ struct{}) (any, error) {
	s, ok := a.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	all, err := s.erasures(a.Context, a)
	if err != nil {
		return nil, err
	}
	members, sites, err := names(a.Context, a)
	if err != nil {
		return nil, err
	}
	out := Erasures{Erasures: []ErasureState{}}
	for _, e := range all {
		line := ErasureState{ID: e.id, State: ErasureAsked, Compartments: []ErasureCompartment{}, Parts: len(e.listed)}
		in := map[record.Compartment]int{}
		for p, c := range e.listed {
			in[c]++
			if s.node.journal.Erased(p) {
				line.Dropped++
			}
		}
		looked := true
		for _, c := range e.in {
			line.Compartments = append(line.Compartments, ErasureCompartment{Compartment: c, Parts: in[c], Looked: e.looked[c]})
			line.Others += e.others[c]
			looked = looked && e.looked[c]
		}
		switch {
		case e.decision == eraseRefused:
			line.State = ErasureRefused
		case e.decision == eraseConfirmed && looked && line.Dropped == line.Parts:
			line.State = ErasureDone
		case e.decision == eraseConfirmed:
			line.State = ErasureConfirmed
		default:
			out.Pending++
		}
		if e.decision != "" {
			line.DecidedBy, line.DecidedAt = members[e.by], time.Unix(e.at, 0).UTC()
		}
		if err := a.Select(a.Context, "SELECT reason, authority, why, _by, _site, _at, _zone FROM field.erasure WHERE id = ?", []any{e.id}, func(r record.Row) error {
			line.Reason, line.Authority, line.Why, line.By, line.Site = r.Text(0), r.Text(1), r.Text(2), r.ID(3), sites[r.ID(4)]
			line.ByName, line.At = members[line.By], time.Unix(r.Int(5), 0).In(time.FixedZone("", int(r.Int(6))*60))
			return nil
		}); err != nil {
			return nil, err
		}
		out.Erasures = append(out.Erasures, line)
	}
	slices.SortStableFunc(out.Erasures, func(x, y ErasureState) int {
		if px, py := x.State == ErasureAsked, y.State == ErasureAsked; px != py {
			if px {
				return -1
			}
			return 1
		}
		return cmp.Or(y.At.Compare(x.At), slices.Compare(x.ID[:], y.ID[:]))
	})
	return out, nil
}
