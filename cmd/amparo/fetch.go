package main

import (
	"context"
	"fmt"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/record"
)

// fetchAnswer is what `amparo fetch --json` prints.
type fetchAnswer struct {
	Came       uint64 `json:"came"`    // sealed parts
	Missing    int    `json:"missing"` // sealed parts that may be about the person and are not where this device exchanged
	RoundTrips int    `json:"round_trips"`
	BytesIn    int64  `json:"bytes_in"`
	BytesOut   int64  `json:"bytes_out"`
}

// fetch brings the record of one person whom this device does not follow.
func fetch(ctx context.Context, c *call) error {
	fs := newFlags("fetch")
	var w who
	w.flags(fs)
	url, neighbour := fs.String("relay", "", ""), fs.String("neighbour", "", "")
	args, err := c.flags(fs, 2, 2)
	if err != nil {
		return err
	}
	if *url != "" && *neighbour != "" {
		return usagef("--relay | --neighbour")
	}
	person, err := record.ParseID(args[1])
	if err != nil {
		return usagef("%s", args[1])
	}
	s, closing, err := c.unlock(ctx, args[0], w)
	if err != nil {
		return err
	}
	defer closing()
	sum, err := s.Fetch(ctx, person, *url+*neighbour, func(exchange.Progress) {})
	if err != nil {
		return err
	}
	missing, err := s.Missing(person)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(fetchAnswer{Came: sum.Parts, Missing: missing, RoundTrips: sum.RoundTrips, BytesIn: sum.BytesIn, BytesOut: sum.BytesOut})
	}
	_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.fetch.done", "n", int64(sum.Parts), "missing", missing))
	return err
}
