package main

import (
	"context"
	"errors"
	"fmt"

	"amparo/internal/lang"
	"amparo/internal/node"
)

func initialise(ctx context.Context, c *call) error {
	fs := newFlags("init")
	var w who
	w.flags(fs)
	workspace, member := fs.String("workspace", "", ""), fs.String("member", "", "")
	tongue := fs.String("lang", string(c.lang), "")
	var recovery sharing
	recovery.flags(fs)
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	tag, known := lang.Parse(*tongue)
	if !known {
		return usagef("--lang %s", *tongue)
	}
	if *workspace == "" || *member == "" {
		return usagef("--workspace, --member")
	}
	if err := recovery.settle(); err != nil {
		return err
	}
	pass, err := c.passphrase(w, *member, true)
	if err != nil {
		return err
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	var into *papers
	if recovery.out != "" {
		if into, err = c.papers(recovery); err != nil {
			return err
		}
	}
	n, err := node.Found(dirs[0], reg, node.Founding{Workspace: *workspace, Member: *member, Passphrase: string(pass), Lang: string(tag)}, c.options())
	if err != nil {
		if into != nil {
			err = errors.Join(err, into.remove())
		}
		return err
	}
	if into != nil {
		s, err := n.Unlock(ctx, "", pass)
		if err != nil {
			return errors.Join(err, into.remove(), n.Close())
		}
		if err := c.makeShares(ctx, s, recovery, into, tag); err != nil {
			return errors.Join(err, n.Close())
		}
	}
	id := n.Workspace().String()
	if err := n.Close(); err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]string{"workspace": id, "dir": dirs[0], "member": *member})
	}
	_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.init.done", "workspace", *workspace, "dir", dirs[0]))
	return err
}
