package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// query has its own reading of flags: the parameters are the query's, not ours.
func query(ctx context.Context, c *call) error {
	var w who
	var plain []string
	var err error
	params := map[string][]string{}
	fromInput := false
	for rest := c.rest; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		name, isFlag := strings.CutPrefix(arg, "--")
		if !isFlag {
			plain = append(plain, arg)
			continue
		}
		name, value, given := strings.Cut(name, "=")
		if name == "json" {
			c.json = true
			continue
		}
		if !given {
			if len(rest) == 0 {
				return usagef("--%s", name)
			}
			value, rest = rest[0], rest[1:]
		}
		switch name {
		case "as":
			w.as = value
		case "passphrase-file":
			w.file = value
		case "by": // `--by year,region` is two keys
			params[name] = append(params[name], strings.Split(value, ",")...)
		default:
			if value, err = c.given(name, value, &fromInput); err != nil {
				return err
			}
			params[strings.ReplaceAll(name, "-", "_")] = append(params[strings.ReplaceAll(name, "-", "_")], value)
		}
	}
	if len(plain) != 2 {
		return usagef("%s", c.command.usage)
	}
	s, closing, err := c.unlock(ctx, plain[0], w)
	if err != nil {
		return err
	}
	defer closing()
	answer, err := s.Query(ctx, c.lang, plain[1], params)
	if err != nil {
		return err
	}
	return c.print(answer)
}

// maxValue bounds a value that is read: no parameter takes more.
const maxValue = 64 << 10

// given is a value as it stands on the line or, for - and @FILE, read: what stands on the line, every program of the machine can
// see while this one runs, and a shell keeps it.
func (c *call) given(name, value string, fromInput *bool) (string, error) {
	var from io.Reader
	switch file, named := strings.CutPrefix(value, "@"); {
	case value == "-" && *fromInput:
		return "", usagef("%s", lang.T(c.lang, "cmd.query.one_input"))
	case value == "-":
		*fromInput = true
		from = c.Stdin
	case named:
		f, err := os.Open(file)
		if err != nil {
			return "", spoken{lang.T(c.lang, "cmd.cannot_read", "file", file)}
		}
		defer f.Close() // nothing is lost when it fails: it was only read
		from = f
	default:
		return value, nil
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxValue+1))
	if err != nil {
		return "", spoken{lang.T(c.lang, "cmd.cannot_read", "file", value)}
	}
	if len(raw) > maxValue {
		return "", spoken{lang.T(c.lang, "cmd.query.too_long", "name", name)}
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}

// described is one line of `amparo actions` and `amparo queries`.
type described struct {
	Name         string               `json:"name"`
	Summary      string               `json:"summary"`
	Verb         record.Verb          `json:"verb"`
	Compartments []record.Compartment `json:"compartments"`
	Roles        []string             `json:"roles"` // that may use it, see docs/roles.md
	Schema       any                  `json:"schema"`
}

func listActions(_ context.Context, c *call) error {
	return c.list(func(reg *record.Registry) (all []described) {
		for _, a := range reg.Actions() {
			all = append(all, described{a.Name, lang.T(c.lang, "action."+a.Name), a.Verb, a.In, rolesThat(func(r vault.Rights) bool { return r.Action(a.Name) }), record.Schema(a.Input)})
		}
		return all
	})
}

func listQueries(_ context.Context, c *call) error {
	return c.list(func(reg *record.Registry) (all []described) {
		for _, q := range reg.Queries() {
			all = append(all, described{q.Name, lang.T(c.lang, "query."+q.Name), record.Read, q.In, rolesThat(func(r vault.Rights) bool { return r.Query(q.Name) }), record.Schema(q.Input)})
		}
		return all
	})
}

// rolesThat names the roles that may.
func rolesThat(may func(vault.Rights) bool) (out []string) {
	for _, role := range vault.AllRoles() {
		if may(vault.RightsOf([]string{role})) {
			out = append(out, role)
		}
	}
	return out
}

func (c *call) list(of func(*record.Registry) []described) error {
	if _, err := c.flags(newFlags(c.command.name), 0, 0); err != nil {
		return err
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	all := of(reg)
	if c.json {
		return c.print(all)
	}
	for _, d := range all {
		names := make([]string, len(d.Compartments))
		for i, in := range d.Compartments {
			names[i] = in.String()
		}
		if _, err := fmt.Fprintf(c.Stdout, "%-22s %-45s %s\n", d.Name, d.Summary, strings.Join(names, " ")); err != nil {
			return err
		}
	}
	return nil
}
