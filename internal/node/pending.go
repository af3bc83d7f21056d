package node

import (
	"encoding/json"
	"fmt"
	"time"

	"amparo/internal/journal"
	"amparo/internal/store"
)

// Pending says what exists only here.
type Pending struct {
	Commits     int            `json:"commits"`
	Oldest      time.Time      `json:"oldest,omitzero"`
	Compartment map[string]int `json:"by_compartment"` // sealed parts
	Bytes       int64          `json:"bytes"`
	Exchanged   time.Time      `json:"last_exchange,omitzero"`
	Relay       string         `json:"relay,omitempty"`
}

// exchanged is what is remembered of the last exchange.
type exchanged struct {
	At    time.Time         `json:"at"`
	Known map[string]uint64 `json:"known"` // up to where the other side holds each writer
	Skew  time.Duration     `json:"skew"`  // the relay's clock less ours
}

const exchangedNote = "exchanged"

func (n *Node) lastExchange() (exchanged, error) {
	raw, err := n.journal.ReadNote(exchangedNote)
	if err != nil || raw == nil {
		return exchanged{}, err
	}
	var e exchanged
	if err := json.Unmarshal(raw, &e); err != nil {
		return exchanged{}, fmt.Errorf("what was exchanged: %w: %w", store.ErrDamaged, err)
	}
	return e, nil
}

// known is the other side's vector as of the last exchange.
func (e exchanged) vector() journal.Vector {
	v := journal.Vector{}
	for text, seq := range e.Known {
		var w journal.WriterID
		if err := w.Parse(text); err == nil {
			v[w] = seq
		}
	}
	return v
}

// Pending counts the commits that no relay has confirmed.
func (s *Session) Pending() (Pending, error) {
	e, err := s.node.lastExchange()
	if err != nil {
		return Pending{}, err
	}
	p := Pending{Compartment: map[string]int{}, Exchanged: e.At, Relay: s.node.Relay()}
	only, err := s.node.journal.OnlyHere(e.vector())
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
