package node

import (
	"context"
	"errors"
	"maps"
	"slices"

	"amparo/internal/exchange"
)

// WriteBundle writes everything this node holds to a file: the same sealed runs that would travel to a relay. It does not
// count as exchanged, for nobody has confirmed it.
func (s *Session) WriteBundle(ctx context.Context, path string) (exchange.Summary, error) {
	end, err := s.use()
	if err != nil {
		return exchange.Summary{}, err
	}
	defer end()
	done, err := exchange.WriteBundle(ctx, path, s.member.Workspace, s.node.Copy(), nil)
	return exchange.Summary{Sent: done.Commits, BytesOut: done.Bytes, Complete: err == nil}, err
}

// ReadBundle takes in a file. What was whole in a damaged or cut one is kept; the error says so.
func (s *Session) ReadBundle(ctx context.Context, path string) (exchange.Summary, error) {
	end, err := s.use()
	if err != nil {
		return exchange.Summary{}, err
	}
	defer end()
	sum, err := s.node.TakeBundle(ctx, path)
	_, arrived := s.arrive(ctx)
	return sum, errors.Join(err, arrived)
}

// TakeBundle takes in a file while nobody is unlocked: it brings a member who joined their grant where there is no
// network. No key is needed: what is in it proves itself.
func (n *Node) TakeBundle(ctx context.Context, path string) (exchange.Summary, error) {
	done, err := exchange.ReadBundle(ctx, path, n.Workspace(), n.Copy())
	return exchange.Summary{Received: done.New, BytesIn: done.Bytes, Parked: done.Parked, Faults: done.Faults, Complete: err == nil}, err
}

// Parts counts the sealed parts this journal holds, by compartment.
func (s *Session) Parts() (map[string]int, error) {
	all, err := s.node.journal.OnlyHere(nil)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for tag, n := range all.Parts {
		if c, named := s.member.Ring.Named(tag); named {
			out[c.String()] += n
		}
	}
	return out, nil
}

// Unlocked lists the sessions of who is unlocked here, by member.
func (n *Node) Unlocked() []*Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.SortedFunc(maps.Values(n.sessions), func(a, b *Session) int { return slices.Compare(a.member.ID[:], b.member.ID[:]) })
}
