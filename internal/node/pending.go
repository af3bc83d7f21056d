package node

import (
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
)

// Pending says what exists only here, where the rest is, and what is still on its way here.
type Pending struct {
	Commits     int                  `json:"commits"`
	Oldest      time.Time            `json:"oldest,omitzero"`
	Compartment map[string]int       `json:"by_compartment"` // sealed parts
	Since       map[string]time.Time `json:"oldest_by_compartment"`
	Bytes       int64                `json:"bytes"`
	Exchanged   time.Time            `json:"last_exchange,omitzero"`
	Relay       string               `json:"relay,omitempty"`
	Held        int                  `json:"held"` // sealed parts that stay here because somebody has not agreed to share: they are on no other machine
	Places      []Confirmed          `json:"places"`
	Coming      int                  `json:"coming"` // sealed parts that this device wants and has not got yet
	ComingBytes int64                `json:"coming_bytes"`
}

// Confirmed is a place that said what it holds, and what of this device it lacks.
type Confirmed struct {
	Kind       string    `json:"kind"` // relay; neighbour: this device goes there; guest: it comes here
	Name       string    `json:"name"` // a relay's address, a neighbour's pin, a guest's id
	Member     record.ID `json:"member,omitzero"`
	MemberName string    `json:"member_name,omitempty"` // who works on a neighbour's device
	At         time.Time `json:"last_exchange,omitzero"`
	Lacks      int       `json:"lacks"` // commits that are here and that it has not confirmed
	Oldest     time.Time `json:"oldest,omitzero"`
}

// Status is what every page shows of it: how many commits no other place has confirmed, since when, and the last exchange.
func (s *Session) Status() (Pending, error) {
	elsewhere, at, err := s.node.elsewhere()
	if err != nil {
		return Pending{}, err
	}
	p := Pending{Exchanged: at, Relay: s.node.Relay(), Held: s.node.journal.Held()}
	if p.Commits, p.Oldest, err = s.node.lacks(elsewhere); err != nil {
		return p, err
	}
	p.Coming, p.ComingBytes, err = s.node.journal.Coming()
	return p, err
}

// lacks is how many commits another copy does not hold, and when the oldest was made.
func (n *Node) lacks(known journal.Vector) (int, time.Time, error) {
	only, err := n.journal.OnlyHereCount(known)
	if err != nil || only.Commits == 0 {
		return 0, time.Time{}, err
	}
	return only.Commits, only.Oldest.Wall(), nil
}

// Pending counts the commits that no other place has confirmed.
func (s *Session) Pending() (Pending, error) {
	end, err := s.use()
	if err != nil {
		return Pending{}, err
	}
	defer end()
	return s.pending()
}

// pending is Pending with the views in use.
func (s *Session) pending() (Pending, error) {
	p, err := s.Status()
	if err != nil {
		return p, err
	}
	elsewhere, _, err := s.node.elsewhere()
	if err != nil {
		return p, err
	}
	p.Compartment, p.Since = map[string]int{}, map[string]time.Time{}
	only, err := s.node.journal.OnlyHere(elsewhere)
	if err != nil {
		return p, err
	}
	p.Bytes = only.Bytes
	s.byCompartment(&p, only)
	if p.Places, err = s.confirmed(); err != nil {
		return p, err
	}
	return p, nil
}

func (s *Session) byCompartment(p *Pending, only store.Only) {
	for tag, count := range only.Parts {
		c, named := s.member.Ring.Named(tag)
		if !named {
			continue
		}
		name, at := c.String(), only.Since[tag].Wall()
		p.Compartment[name] += count
		if before, said := p.Since[name]; !said || at.Before(before) {
			p.Since[name] = at
		}
	}
}

// confirmed lists the places that said what they hold.
func (s *Session) confirmed() ([]Confirmed, error) {
	places, err := s.node.Places()
	if err != nil {
		return nil, err
	}
	out := make([]Confirmed, len(places))
	for i, p := range places {
		c := Confirmed{Kind: p.Kind, Name: p.Name, Member: p.Member, At: p.At}
		if c.Lacks, c.Oldest, err = s.node.lacks(p.Known); err != nil {
			return nil, err
		}
		if c.MemberName, err = nameOf(s.life, s.views, "SELECT name FROM field.member WHERE member = ?", p.Member); err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}
