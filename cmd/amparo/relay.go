package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/relay"
)

func runRelay(ctx context.Context, c *call) error {
	fs := newFlags("relay")
	storeURL, addr := fs.String("store", "sqlite:relay.db", ""), fs.String("addr", "127.0.0.1:8461", "")
	if _, err := c.flags(fs, 0, 0); err != nil {
		return err
	}
	path, isFile := strings.CutPrefix(*storeURL, "sqlite:")
	if !isFile {
		return record.Refuse("store", "unknown_store", "store", strings.SplitN(*storeURL, ":", 2)[0])
	}
	store, err := relay.OpenSQLite(ctx, path)
	if err != nil {
		return err
	}
	defer store.Close()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return record.Refuse("addr", "address_taken", "address", *addr).Because(err)
	}
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.open", "url", "http://"+l.Addr().String()))
	return relay.Serve(ctx, l, relay.New(relay.Config{Store: store, Log: c.log(), Version: Version}))
}
