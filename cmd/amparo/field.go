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
	days := fs.Int("days", -1, "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
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
	kept := s.Node().FieldDays()
	if c.json {
		return c.print(map[string]int{"days": kept})
	}
	said := lang.T(c.lang, "cmd.field.all")
	if kept > 0 {
		said = lang.T(c.lang, "cmd.field.days", "n", kept)
	}
	_, err = fmt.Fprintln(c.Stdout, said)
	return err
}
