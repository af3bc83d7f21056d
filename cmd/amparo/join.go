package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
)

func invite(ctx context.Context, c *call) error {
	fs := newFlags("invite")
	var w who
	w.flags(fs)
	role, site, out := fs.String("role", "", ""), fs.String("site", "", ""), fs.String("out", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *role == "" || *out == "" {
		return usagef("--role, --out")
	}
	s, closing, err := c.unlock(ctx, dirs[0], w)
	if err != nil {
		return err
	}
	defer closing()
	inv, err := s.Invite(*role, *site)
	if err != nil {
		return err
	}
	if err := c.writeNew(*out, inv); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.invite.done", "file", *out, "date", lang.Date(c.lang, inv.Expires)))
	return err
}

func join(_ context.Context, c *call) error {
	fs := newFlags("join")
	var w who
	w.flags(fs)
	file, member, out := fs.String("invite", "", ""), fs.String("member", "", ""), fs.String("out", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *file == "" || *member == "" || *out == "" {
		return usagef("--invite, --member, --out")
	}
	var inv node.Invitation
	if err := c.readJSON(*file, &inv); errors.As(err, new(spoken)) {
		return err
	} else if err != nil {
		return record.Refuse("invite", "not_an_invitation").Because(err)
	}
	pass, err := c.passphrase(w, *member, true)
	if err != nil {
		return err
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	f, err := c.create(*out) // first: a folder that joined and whose request is lost could not ask again
	if err != nil {
		return err
	}
	n, req, err := node.Join(dirs[0], reg, inv, *member, string(pass), node.Options{})
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(*out))
	}
	defer n.Close()
	if err := errors.Join(writeJSON(f, req, "  "), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.join.done", "file", *out))
	return err
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

// writeNew writes a file that only its owner may read, and never over another.
func (c *call) writeNew(path string, v any) error {
	f, err := c.create(path)
	if err != nil {
		return err
	}
	return errors.Join(writeJSON(f, v, "  "), f.Close())
}

func (c *call) create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, spoken{lang.T(c.lang, "cmd.cannot_write", "file", path)}
	}
	return f, nil
}

func (c *call) readJSON(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return spoken{lang.T(c.lang, "cmd.cannot_read", "file", path)}
	}
	return json.Unmarshal(raw, v)
}
