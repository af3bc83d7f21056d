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

// joinFolder makes the folder, or adds the member to one that others use already.
func (c *call) joinFolder(dir string, reg *record.Registry, inv node.Invitation, member, pass string) (*node.Node, node.Request, error) {
	n, req, err := node.Join(dir, reg, inv, member, pass, c.options())
	if !errors.Is(err, node.ErrFounded) {
		return n, req, err
	}
	if n, err = node.Open(dir, reg, c.options()); err != nil {
		return nil, req, err
	}
	if req, err = n.JoinHere(inv, member, pass); err != nil {
		return nil, req, errors.Join(err, n.Close())
	}
	return n, req, nil
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
	n, req, err := c.joinFolder(dirs[0], reg, inv, *member, string(pass))
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
