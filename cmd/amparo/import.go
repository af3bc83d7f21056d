package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/observatory"
	"amparo/internal/record"
)

func importFile(ctx context.Context, c *call) error {
	fs := newFlags("import")
	var w who
	w.flags(fs)
	dry, good, refused := fs.Bool("dry-run", false, ""), fs.Bool("good", false, ""), fs.String("refused", "", "")
	plain, err := c.flags(fs, 3, 3)
	if err != nil {
		return err
	}
	if plain[1] == "people" {
		return importPeople(ctx, c, w, plain[0], plain[2], peopleHow(*dry, *good), *refused)
	}
	importer, known := observatory.ImporterNamed(plain[1])
	if !known {
		names := []string{"people"}
		for _, im := range observatory.Importers() {
			names = append(names, im.Name)
		}
		return record.Refuse("kind", "not_in_list", "field", "kind", "list", strings.Join(names, ", "))
	}
	in, err := c.input(plain[2])
	if err != nil {
		return err
	}
	defer in.Close()
	s, closing, err := c.unlock(ctx, plain[0], w)
	if err != nil {
		return err
	}
	defer closing()
	done, err := observatory.Import(importer, in, *dry, c.lang, func(r record.Request) record.Result { return s.Apply(ctx, c.lang, r) })
	if err != nil && !errors.Is(err, observatory.ErrRejected) {
		return spoken{err.Error()}
	}
	if c.json {
		if jsonErr := c.print(done); jsonErr != nil {
			return jsonErr
		}
	} else {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.import.done", "added", done.Added, "changed", done.Changed, "unchanged", done.Unchanged, "rejected", len(done.Rejected)+done.More))
	}
	if *dry {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.import.dry"))
	}
	if err != nil {
		for _, r := range done.Rejected {
			fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.import.rejected", "file", plain[2], "line", r.Line, "column", r.Column, "field", r.Field, "reason", r.Reason))
		}
		return spoken{lang.T(c.lang, "cmd.import.nothing")}
	}
	return closing()
}
