package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/seal"
	"amparo/internal/web"
)

// SealSummary is web.SummarySealer's.
func (d *desk) SealSummary(text []byte) (sealed any, pin string, err error) {
	drawn := seal.NewPIN()
	carried, err := seal.Carry(drawn, text)
	return carried, string(drawn), err
}

// summary writes what a person takes along into a file under a PIN, and prints the PIN.
func summary(ctx context.Context, c *call) error {
	fs := newFlags(c.command.name)
	var w who
	w.flags(fs)
	person := fs.String("person", "", "")
	out := fs.String("out", "", "")
	in := fs.String("lang", "", "")
	parts := fs.String("parts", "", "")
	plain, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *person == "" || *out == "" {
		return usagef("%s", c.command.usage)
	}
	var chosen []string
	if *parts != "" {
		chosen = strings.Split(*parts, ",")
	}
	for _, part := range chosen {
		if !slices.Contains(web.SummaryParts, part) {
			return usagef("--parts %s: %s", part, strings.Join(web.SummaryParts, ","))
		}
	}
	tongue, known := lang.Parse(*in)
	if *in != "" && !known {
		return usagef("--lang %s", *in)
	}
	s, closing, err := c.unlock(ctx, plain[0], w)
	if err != nil {
		return err
	}
	defer closing()
	reg, err := registry()
	if err != nil {
		return err
	}
	pages := web.New(web.Config{House: &house{registry: reg, newcomer: make(chan struct{}, 1)}})
	defer pages.Close()
	file, pin, err := pages.Carried(ctx, &desk{session: s}, *person, tongue, chosen)
	if err != nil {
		return err
	}
	f, err := c.create(*out)
	if err != nil {
		return err
	}
	_, err = f.Write(file)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(spoken{lang.T(c.lang, "cmd.cannot_write", "file", *out)}, err, os.Remove(*out))
	}
	if c.json {
		return c.print(map[string]any{"file": *out, "bytes": len(file), "pin": pin})
	}
	_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.summary.done", "file", *out, "pin", pin))
	return err
}
