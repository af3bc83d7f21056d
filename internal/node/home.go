package node

import (
	"context"
	"fmt"
	"sync"

	"amparo/internal/record"
)

// homes are the sites where a device works that was never told at which it stands: what a person does not share is shown
// at its home, and such a device is at home where its member registered people.
type homes struct {
	mu    sync.Mutex // on its own: the views ask in the middle of a statement
	sites map[record.ID]bool
}

// atHome reports whether a record that is not shared stays where this device is. Of a record without a site nobody can say
// where it stays: only the device that made it shows it.
func (s *Session) atHome(home record.ID) bool {
	if here := s.node.Site(); !here.IsZero() {
		return home == here
	}
	s.homes.mu.Lock()
	defer s.homes.mu.Unlock()
	return s.homes.sites[home]
}

// worksAt remembers a site, or none, at which the member wrote about somebody.
func (s *Session) worksAt(site record.ID) {
	s.homes.mu.Lock()
	defer s.homes.mu.Unlock()
	if s.homes.sites == nil {
		s.homes.sites = map[record.ID]bool{}
	}
	s.homes.sites[site] = true
}

// learnHomes finds the sites at which the member registered people.
func (s *Session) learnHomes(ctx context.Context) error {
	if !s.node.Site().IsZero() {
		return nil
	}
	for _, k := range s.node.registry.Kinds() {
		if !k.IsPerson || s.views.HidingKind(k.In) == nil || !s.views.Opens(k.In) {
			continue
		}
		var sites []record.ID
		err := s.views.Select(ctx, "SELECT DISTINCT _site FROM "+k.In.String()+"._all_"+k.Name+" WHERE _by = ? AND _at IS NOT NULL", []any{record.ID(s.member.ID)}, func(r record.Row) error {
			sites = append(sites, r.ID(0))
			return nil
		})
		if err != nil {
			return fmt.Errorf("read where the member works: %w", err)
		}
		for _, site := range sites {
			s.worksAt(site)
		}
	}
	return nil
}
