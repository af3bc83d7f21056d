package main

import (
	"context"
	"fmt"

	"amparo/internal/lang"
	"amparo/internal/node"
)

func check(ctx context.Context, c *call) error {
	fs := newFlags("check")
	var w who
	w.flags(fs)
	keyless := fs.Bool("no-passphrase", false, "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	n, err := node.Open(dirs[0], reg, node.Options{})
	if err != nil {
		return err
	}
	defer n.Close()
	var s *node.Session
	if !*keyless {
		pass, err := c.passphrase(w, w.as, false)
		if err != nil {
			return err
		}
		if s, err = n.Unlock(ctx, w.as, pass); err != nil {
			return err
		}
	}
	health, err := n.Check(ctx, s, nil)
	if err != nil {
		return err
	}
	if c.json {
		err = c.print(health)
	} else {
		err = c.sayHealth(health)
	}
	if err == nil && !health.OK {
		err = errFound
	}
	return err
}

func (c *call) sayHealth(h node.Health) error {
	if h.OK {
		_, err := fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.check.sound", "commits", h.Commits, "pending", h.Pending))
		return err
	}
	for _, p := range h.Problems {
		if _, err := fmt.Fprintf(c.Stdout, "%s %s %s\n", lang.T(c.lang, "check."+p.Code), p.Where, p.Detail); err != nil {
			return err
		}
	}
	return nil
}
