package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime/pprof"
	"text/tabwriter"

	measure "amparo/internal/bench"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/web"
)

// bench measures and prints what it found: one JSON object a line, or a table.
func bench(ctx context.Context, c *call) (err error) {
	fs := newFlags("bench")
	n, dir, out := fs.Int("n", 0, ""), fs.String("dir", "", ""), fs.String("out", "", "")
	couch, profile := fs.String("couch", "", ""), fs.String("cpuprofile", "", "")
	seed, data, peer := fs.Uint64("seed", 0, ""), fs.String("data", "", ""), fs.Int("peer", 0, "")
	left, right, truth := fs.String("left", "", ""), fs.String("right", "", ""), fs.String("truth", "", "")
	names, err := c.flags(fs, 0, -1)
	if err != nil {
		return err
	}
	if len(names) == 0 || len(names) == 1 && names[0] == "all" {
		names = measure.Names()
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if *profile != "" {
		stop, err := startProfile(*profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	o := measure.Options{Registry: reg, N: *n, Dir: *dir, Out: *out, Couch: *couch, Seed: *seed, Data: *data, Peer: *peer, Left: *left, Right: *right, Truth: *truth, Program: program, Pages: benchPages(reg),
		Tell: func(format string, args ...any) { fmt.Fprintf(c.Stderr, format+"\n", args...) }}
	for _, name := range names {
		r, err := measure.Run(ctx, name, o)
		if err != nil {
			return err
		}
		if c.json {
			err = writeJSON(c.Stdout, r, "")
		} else {
			err = c.sayBench(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func startProfile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("bench: %w", err)
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

// benchPages serves the pages of a session on a house that is unlocked already.
func benchPages(reg *record.Registry) func(*node.Session) (http.Handler, string, func()) {
	return func(s *node.Session) (http.Handler, string, func()) {
		h := &house{dir: s.Node().Dir(), registry: reg, node: s.Node()}
		pages := web.New(web.Config{House: h, Version: Version})
		return pages, pages.Adopt(&desk{session: s}), pages.Close
	}
}

func (c *call) sayBench(r measure.Report) error {
	fmt.Fprintf(c.Stdout, "%s (n %d; %s; load %.1f)\n", r.Name, r.N, r.Machine, r.Load)
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	for _, m := range r.Results {
		fmt.Fprintf(w, "  %s\t%g %s\t", m.Measure, m.Value, m.Unit)
		if m.Against != "" {
			fmt.Fprintf(w, "%.3g × %s (%g)", m.Ratio, m.Against, m.Limit)
		}
		fmt.Fprintln(w)
	}
	for _, t := range r.Tables {
		fmt.Fprintf(w, "  %s\n  ", t.Title)
		for _, column := range t.Columns {
			fmt.Fprintf(w, "%s\t", column)
		}
		for _, row := range t.Rows {
			fmt.Fprint(w, "\n  ")
			for _, cell := range row {
				fmt.Fprintf(w, "%v\t", cell)
			}
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
