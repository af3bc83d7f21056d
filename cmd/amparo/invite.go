package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
)

// words splits "a,b" and repeated spaces: roles and sites are lists.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// siteIDs reads a list of sites, by id or by the id a client gave them.
func siteIDs(ctx context.Context, s *node.Session, text string) (out []record.ID, err error) {
	for _, word := range words(text) {
		id, err := s.Resolve(ctx, "site", word)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

func invite(ctx context.Context, c *call) error {
	fs := newFlags("invite")
	var w who
	w.flags(fs)
	role, site, of, out := fs.String("role", "", ""), fs.String("site", "", ""), fs.String("device-of", "", ""), fs.String("out", "", "")
	days, lease := fs.Int("days", 0, ""), fs.Int("lease", 0, "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *role == "" && *of == "" || *out == "" {
		return usagef("--role, --out")
	}
	s, closing, err := c.unlock(ctx, dirs[0], w)
	if err != nil {
		return err
	}
	defer closing()
	sites, err := siteIDs(ctx, s, *site)
	if err != nil {
		return err
	}
	i := node.Invite{Roles: words(*role), Sites: sites, Lasts: time.Duration(*days) * 24 * time.Hour, Lease: *lease}
	if *of != "" {
		if i.Of, err = colleague(ctx, s, *of); err != nil {
			return err
		}
	}
	inv, err := s.Invite(ctx, i)
	if err != nil {
		return err
	}
	if err := c.writeNew(*out, inv); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.invite.done", "file", *out, "date", lang.Date(c.lang, inv.Expires)))
	return err
}

// colleague finds the one active member of a name or id.
func colleague(ctx context.Context, s *node.Session, name string) (id journal.MemberID, err error) {
	roster, err := s.Roster(ctx)
	if err != nil {
		return id, err
	}
	for _, h := range roster.FindHolder(name) {
		if !h.Active {
			continue
		}
		if id != (journal.MemberID{}) && id != h.Person() {
			return id, record.Refuse("member", "ambiguous_member", "name", name)
		}
		id = h.Person()
	}
	if id == (journal.MemberID{}) {
		return id, record.Refuse("member", "unknown_member")
	}
	return id, nil
}

func accept(ctx context.Context, c *call) error {
	fs := newFlags("accept")
	var w who
	w.flags(fs)
	plain, err := c.flags(fs, 2, 2)
	if err != nil {
		return err
	}
	var req node.Request
	if err := c.readJSON(plain[1], &req); errors.As(err, new(spoken)) {
		return err
	} else if err != nil {
		return record.Refuse("request", "not_your_invitation").Because(err)
	}
	s, closing, err := c.unlock(ctx, plain[0], w)
	if err != nil {
		return err
	}
	defer closing()
	name, err := s.Accept(ctx, req)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.accept.done", "name", name))
	return err
}
