package node

import "time"

// Pending says what exists only here.
type Pending struct {
	Commits     int            `json:"commits"`
	Oldest      time.Time      `json:"oldest,omitzero"`
	Compartment map[string]int `json:"by_compartment"` // sealed parts
	Bytes       int64          `json:"bytes"`
	Exchanged   time.Time      `json:"last_exchange,omitzero"`
	Relay       string         `json:"relay,omitempty"`
	Held        int            `json:"held"` // sealed parts that stay here because somebody has not agreed to share: they are on no other machine
}

// Status is what every page shows of it: how many commits no other place has confirmed, since when, and the last exchange.
func (s *Session) Status() (Pending, error) {
	elsewhere, at, err := s.node.elsewhere()
	if err != nil {
		return Pending{}, err
	}
	only, err := s.node.journal.OnlyHereCount(elsewhere)
	p := Pending{Commits: only.Commits, Exchanged: at, Relay: s.node.Relay(), Held: s.node.journal.Held()}
	if only.Commits > 0 {
		p.Oldest = only.Oldest.Wall()
	}
	return p, err
}

// Pending counts the commits that no other place has confirmed.
func (s *Session) Pending() (Pending, error) {
	elsewhere, at, err := s.node.elsewhere()
	if err != nil {
		return Pending{}, err
	}
	p := Pending{Compartment: map[string]int{}, Exchanged: at, Relay: s.node.Relay(), Held: s.node.journal.Held()}
	only, err := s.node.journal.OnlyHere(elsewhere)
	if err != nil {
		return p, err
	}
	p.Commits, p.Bytes = only.Commits, only.Bytes
	if only.Commits > 0 {
		p.Oldest = only.Oldest.Wall()
	}
	for tag, count := range only.Parts {
		if c, named := s.member.Ring.Named(tag); named {
			p.Compartment[c.String()] += count
		}
	}
	return p, nil
}
