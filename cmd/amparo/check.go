package main

import (
	"context"
	"errors"
	"fmt"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/store"
	"amparo/internal/vault"
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
	n, err := node.Open(dirs[0], reg, c.options())
	if errors.Is(err, store.ErrDamaged) {
		return c.found(err)
	}
	if err != nil {
		return err
	}
	defer n.Close()
	var s *node.Session
	var unopened error
	if !*keyless {
		pass, err := c.passphrase(w, w.as, false)
		if err != nil {
			return err
		}
		s, err = n.Unlock(ctx, w.as, pass)
		if errors.Is(err, store.ErrDamaged) || errors.Is(err, vault.ErrFile) {
			unopened = err // what needs no key is checked all the same
		} else if err != nil {
			return err
		}
	}
	told, end := c.progress(lang.T(c.lang, "cmd.progress.check"))
	defer end()
	health, err := n.Check(ctx, s, func(commits int) { told(int64(commits), 0) })
	if err != nil {
		return err
	}
	if c.json {
		err = c.print(health)
	} else {
		err = c.sayHealth(health)
		if err == nil { // what a relay's operator may ask for
			_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.check.workspace", "id", n.Workspace().String()))
		}
	}
	if err == nil && unopened != nil {
		return c.found(unopened)
	}
	if err == nil && !health.OK {
		err = errFound
	}
	return err
}

// found says what is wrong with a folder that does not even open.
func (c *call) found(err error) error {
	fmt.Fprintln(c.Stderr, node.AsProblem(c.lang, err).Message)
	return errFound
}

func (c *call) sayHealth(h node.Health) error {
	if h.OK {
		_, err := fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.check.sound", "commits", h.Commits, "pending", h.Pending))
		if err == nil && h.Held > 0 {
			_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.check.held", "n", h.Held))
		}
		if err == nil && h.Withheld > 0 {
			_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.check.withheld", "n", h.Withheld))
		}
		if err == nil && h.Refused > 0 {
			_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.check.refused", "n", h.Refused))
		}
		return err
	}
	for _, p := range h.Problems {
		if _, err := fmt.Fprintf(c.Stdout, "%s %s %s\n", lang.T(c.lang, "check."+p.Code), p.Where, p.Detail); err != nil {
			return err
		}
	}
	return nil
}
