package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"amparo/internal/record"
	"amparo/internal/relay"
)

// relayStore opens where a relay keeps things: sqlite:FILE, postgres://…, or @FILE with such an address in it. Without
// one, AMPARO_RELAY_STORE says it, and else it is a file beside. An address with a password comes from the environment or a
// file, never from the command line, which every user of the machine can read.
func (c *call) relayStore(ctx context.Context, place string) (*relay.SQLStore, error) {
	seen := place != ""
	if !seen {
		place = c.Getenv("AMPARO_RELAY_STORE")
	}
	if file, named := strings.CutPrefix(place, "@"); named {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, record.Refuse("store", "store_file", "file", file).Because(err)
		}
		place, seen = strings.TrimSpace(string(raw)), false
	}
	if place == "" {
		place = "sqlite:relay.db"
	}
	kind, rest, _ := strings.Cut(place, ":")
	switch kind {
	case "sqlite":
		return relay.OpenSQLite(ctx, rest)
	case "postgres", "postgresql":
	default:
		return nil, record.Refuse("store", "unknown_store", "store", kind)
	}
	if seen {
		at, err := url.Parse(place)
		if err != nil {
			// The address is not repeated: what does not read may hold a password somewhere.
			return nil, record.Refuse("store", "store_address")
		}
		if _, has := at.User.Password(); has || at.Query().Has("password") || at.Query().Has("sslpassword") {
			return nil, record.Refuse("store", "store_password")
		}
	}
	store, err := relay.OpenPostgres(ctx, place)
	switch {
	case errors.Is(err, relay.ErrAddress):
		return nil, record.Refuse("store", "store_address")
	case errors.Is(err, relay.ErrForgetful):
		return nil, record.Refuse("store", "store_forgetful").Because(err)
	case errors.Is(err, relay.ErrUnreachable):
		fmt.Fprintln(c.Stderr, err) // in the database's own words, for whoever runs it
		return nil, record.Refuse("store", "store_unreachable").Because(err)
	}
	return store, err
}
