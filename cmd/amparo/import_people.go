package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people/intake"
	"amparo/internal/record"
)

// mostTold is how many refused rows are listed; the others are counted, and stand in the file of --refused.
const mostTold = 50

func peopleHow(dry, good bool) intake.How {
	switch {
	case dry:
		return intake.Try
	case good:
		return intake.Good
	}
	return intake.Whole
}

// importPeople registers a list of people: all of it, or as far as it is good, or only as a trial.
func importPeople(ctx context.Context, c *call, w who, dir, file string, how intake.How, refused string) error {
	in, err := c.input(file)
	if err != nil {
		return err
	}
	defer in.Close()
	list, err := intake.Read(in, c.lang, time.Now())
	if err != nil {
		return err
	}
	s, closing, err := c.unlock(ctx, dir, w)
	if err != nil {
		return err
	}
	defer closing()
	taken, err := list.Take(how, func(requests []record.Request, trial bool) ([]record.Result, bool, error) {
		return s.ApplyWhole(ctx, c.lang, requests, trial)
	})
	if err != nil && !errors.Is(err, intake.ErrRejected) {
		return err
	}
	if refused != "" && len(taken.Rejected) > 0 {
		if err := writeRefused(c, list, refused); err != nil {
			return err
		}
	}
	return errors.Join(c.sayTaken(taken, file, err), closing())
}

func writeRefused(c *call, list *intake.List, file string) (err error) {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return spoken{lang.T(c.lang, "cmd.cannot_write", "file", file)}
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return list.WriteRejected(out)
}

// sayTaken prints what became of a list: the document on stdout, what is wrong on stderr.
func (c *call) sayTaken(taken intake.Taken, file string, rejected error) error {
	if c.json {
		if err := c.print(taken); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.import.done", "added", taken.Added, "changed", taken.Changed, "unchanged", taken.Unchanged, "rejected", len(taken.Rejected)))
	}
	if taken.DryRun {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.import.dry"))
	}
	for i, r := range taken.Rejected {
		if i == mostTold {
			fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.import.more", "n", len(taken.Rejected)-mostTold))
			break
		}
		field := r.Field
		if field != "" {
			field = lang.T(c.lang, "field."+field)
		}
		if r.Column == 0 {
			fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.import.rejected_row", "file", file, "line", r.Line, "reason", r.Reason))
			continue
		}
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.import.rejected", "file", file, "line", r.Line, "column", r.Column, "field", field, "reason", r.Reason))
	}
	if rejected != nil {
		return spoken{lang.T(c.lang, "cmd.import.people_nothing")}
	}
	return nil
}
