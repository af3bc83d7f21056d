package main

import (
	"context"
	"fmt"

	"amparo/internal/lang"
)

// fieldMode says or changes for how many days this device keeps persons.
func fieldMode(ctx context.Context, c *call) error {
	fs := newFlags("field")
	var w who
	w.flags(fs)
	days, follow := fs.Int("days", -1, ""), fs.String("follow", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *follow != "" && *follow != "own" && *follow != "all" {
		return usagef("--follow own | --follow all")
	}
	s, closing, err := c.unlock(ctx, dirs[0], w)
	if err != nil {
		return err
	}
	defer closing()
	if *days >= 0 {
		if err := s.SetFieldDays(ctx, *days); err != nil {
			return err
		}
	}
	if *follow != "" {
		if err := s.SetNarrow(ctx, *follow == "own"); err != nil {
			return err
		}
	}
	kept, narrow := s.Node().FieldDays(), s.Node().Narrow()
	if c.json {
		p, err := s.Status()
		if err != nil {
			return err
		}
		answer := fieldAnswer{Days: kept, Follow: "all", Coming: p.Coming}
		if narrow {
			answer.Follow = "own"
		}
		return c.print(answer)
	}
	said := lang.T(c.lang, "cmd.field.all")
	if kept > 0 {
		said = lang.T(c.lang, "cmd.field.days", "n", kept)
	}
	if narrow {
		said += "\n" + lang.T(c.lang, "cmd.field.own")
	}
	_, err = fmt.Fprintln(c.Stdout, said)
	return err
}

// fieldAnswer is what `amparo field --json` prints.
type fieldAnswer struct {
	Days   int    `json:"days"`   // for which persons are kept; 0: for ever
	Follow string `json:"follow"` // own: only who comes by this device's site; all
	Coming int    `json:"coming"` // sealed parts still to come
}
