package node

import (
	"cmp"
	"slices"
	"time"

	"amparo/internal/record"
	"amparo/internal/vault"
)

// Devices is the answer of the query `devices`: every device that may write, those nobody heard of first, then by last contact,
// the longest ago first.
type Devices struct {
	Devices []Device `json:"devices"`
	Silent  int      `json:"silent"`  // how many of them nobody heard of for SilentAfter, or ever
	AfterH  int      `json:"after_h"` // SilentAfter in hours
}

// Device is a key-holder's device: what is known of it here, and what it said of itself when it was last in contact.
type Device struct {
	Member    record.ID `json:"member"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	Here      bool      `json:"here"`                  // this very device: the figures are of now
	Last      time.Time `json:"last_contact,omitzero"` // when the newest that is here of it was written; zero: never
	Silent    bool      `json:"silent"`                // not heard of for SilentAfter
	Said      time.Time `json:"said,omitzero"`         // when it said what follows; zero: it never did
	Site      record.ID `json:"site"`                  // where it stood
	SiteName  string    `json:"site_name"`
	Exchanged time.Time `json:"last_exchange,omitzero"` // its exchange before it said so
	Unsent    int       `json:"unsent"`                 // commits that existed nowhere else before it exchanged
	Oldest    time.Time `json:"oldest_unsent,omitzero"` // when the oldest of them was written
	Version   string    `json:"version,omitempty"`      // of its program
}

// SilentAfter is after how long without a word a device counts as silent. A weekend without network is nothing unusual.
const SilentAfter = 72 * time.Hour

func askDevices(a *record.Ask, _ struct{}) (any, error) {
	s, ok := a.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	roster, err := s.roster(a.Context, a.Reader)
	if err != nil {
		return nil, err
	}
	said, err := contacts(a.Context, a.Reader)
	if err != nil {
		return nil, err
	}
	out := Devices{Devices: []Device{}, AfterH: int(SilentAfter.Hours())}
	for _, h := range roster.Sorted() {
		if !h.Active || slices.Contains(h.Roles, vault.Recovery) {
			continue
		}
		d := said[h.ID]
		d.Member, d.Name, d.Roles, d.Last, d.Here = record.ID(h.ID), h.Name, h.Roles, h.LastAct, h.ID == s.member.ID
		if d.Roles == nil {
			d.Roles = []string{}
		}
		if d.Here {
			if err := s.ownDevice(&d); err != nil {
				return nil, err
			}
		}
		d.Silent = !d.Here && a.Now.Sub(d.Last) >= SilentAfter
		if d.Silent {
			out.Silent++
		}
		if d.SiteName, err = nameOf(a.Context, a.Reader, "SELECT name FROM field.site WHERE id = ?", d.Site); err != nil {
			return nil, err
		}
		out.Devices = append(out.Devices, d)
	}
	slices.SortStableFunc(out.Devices, func(x, y Device) int {
		return cmp.Or(x.Last.Compare(y.Last), cmp.Compare(y.Unsent, x.Unsent))
	})
	return out, nil
}

// ownDevice is how this device stands now: it need not be told.
func (s *Session) ownDevice(d *Device) error {
	stand, err := s.Status()
	if err != nil {
		return err
	}
	d.Last, d.Said = s.now().UTC(), s.now().UTC()
	d.Exchanged, d.Unsent, d.Oldest, d.Site, d.Version = stand.Exchanged, stand.Commits, stand.Oldest, s.node.Site(), s.node.options.Version
	return nil
}
