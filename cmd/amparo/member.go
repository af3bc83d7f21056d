package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
)

// listedMember is one key-holder as `amparo member list --json` gives it.
type listedMember struct {
	ID       string               `json:"id"`
	Name     string               `json:"name"`
	Of       string               `json:"of,omitempty"` // the person's first device
	Roles    []string             `json:"roles"`
	Sites    []record.ID          `json:"sites"` // empty: everywhere
	Active   bool                 `json:"active"`
	Left     string               `json:"left,omitempty"` // why they were revoked
	Lease    time.Time            `json:"lease,omitzero"`
	LastAct  time.Time            `json:"last_act,omitzero"`
	Opens    []record.Compartment `json:"opens"` // compartments whose keys they were given
	Waits    []record.Compartment `json:"waits"` // and those their roles name and nobody has given yet
	OnDevice bool                 `json:"here"`
}

func members(ctx context.Context, c *call) error {
	if len(c.rest) == 0 {
		return usagef("list | grant | revoke | renew")
	}
	verb := c.rest[0]
	c.rest = c.rest[1:]
	fs := newFlags("member")
	var w who
	w.flags(fs)
	name, role, site := fs.String("member", "", ""), fs.String("role", "", ""), fs.String("site", "", "")
	device, reason, lease := fs.String("device", "", ""), fs.String("reason", "", ""), fs.Int("lease", 0, "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"list", "grant", "revoke", "renew"}, verb) {
		return usagef("list | grant | revoke | renew")
	}
	if verb != "list" && *name == "" && *device == "" {
		return usagef("--member")
	}
	s, closing, err := c.unlock(ctx, dirs[0], w)
	if err != nil {
		return err
	}
	defer closing()
	switch verb {
	case "list":
		return c.listMembers(ctx, s)
	case "grant":
		who, err := colleague(ctx, s, *name)
		if err != nil {
			return err
		}
		sites, err := siteIDs(ctx, s, *site)
		if err != nil {
			return err
		}
		if err := s.SetRoles(ctx, who, words(*role), sites, *lease); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.member.granted", "name", *name))
		return err
	case "renew":
		who, err := colleague(ctx, s, *name)
		if err == nil {
			err = s.RenewLeases(ctx, who)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.member.renewed", "name", *name))
		return err
	}
	return c.revoke(ctx, s, *name, *device, *reason)
}

// revoke ends all devices of a person, or the one that was named.
func (c *call) revoke(ctx context.Context, s *node.Session, name, device, reason string) error {
	roster, err := s.Roster(ctx)
	if err != nil {
		return err
	}
	var ids []journal.MemberID
	if device != "" {
		var id journal.MemberID
		if err := id.Parse(device); err != nil || roster[id] == nil {
			return record.Refuse("member", "unknown_member").Because(err)
		}
		ids, name = append(ids, id), roster[id].Name
	} else {
		who, err := colleague(ctx, s, name)
		if err != nil {
			return err
		}
		for _, h := range roster {
			if h.Active && h.Person() == who {
				ids = append(ids, h.ID)
			}
		}
	}
	if err := s.Revoke(ctx, ids, strings.TrimSpace(reason)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.member.revoked", "name", name))
	return err
}

func (c *call) listMembers(ctx context.Context, s *node.Session) error {
	roster, err := s.Roster(ctx)
	if err != nil {
		return err
	}
	here, err := s.Node().Members()
	if err != nil {
		return err
	}
	out := []listedMember{}
	for _, h := range roster.Sorted() {
		m := listedMember{ID: h.ID.String(), Name: h.Name, Roles: h.Roles, Sites: h.Sites, Active: h.Active, Left: h.Left, Lease: h.Lease, LastAct: h.LastAct, Opens: []record.Compartment{}, Waits: h.Waits}
		if h.Of != (journal.MemberID{}) {
			m.Of = h.Of.String()
		}
		for _, of := range record.Compartments() {
			if len(h.Keys[of]) > 0 {
				m.Opens = append(m.Opens, of)
			}
		}
		for _, l := range here {
			m.OnDevice = m.OnDevice || l.ID == h.ID
		}
		out = append(out, m)
	}
	if c.json {
		return c.print(out)
	}
	for _, m := range out {
		line := m.Name + "\t" + m.ID + "\t"
		if !m.Active {
			line += lang.T(c.lang, "cmd.member.left")
		} else {
			for i, role := range m.Roles {
				if i > 0 {
					line += ", "
				}
				line += lang.T(c.lang, "role."+role)
			}
			if !m.Lease.IsZero() {
				line += "\t" + lang.T(c.lang, "cmd.member.until", "date", lang.Date(c.lang, m.Lease))
			}
			if len(m.Waits) > 0 {
				line += "\t" + lang.T(c.lang, "cmd.member.waits")
			}
		}
		if _, err := fmt.Fprintln(c.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}
