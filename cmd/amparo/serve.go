package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web"
)

func serve(ctx context.Context, c *call) error {
	fs := newFlags("serve")
	addr := fs.String("addr", "127.0.0.1:8460", "")
	relayURL := fs.String("relay", "", "")
	lan, lanAddr := fs.Bool("lan", false, ""), fs.String("lan-addr", "", "")
	idle, shut, tab := fs.Duration("idle", usualIdle, ""), fs.Duration("lock", usualLock, ""), fs.String("tab", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *idle < shortestIdle || *shut < *idle || *shut > longestLock {
		return usagef("--idle %s --lock %s", *idle, *shut)
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	h, err := openHouse(dirs[0], reg, c.options())
	if err != nil {
		return err
	}
	defer h.close()
	if n := h.open(); n != nil && *relayURL != "" {
		if err := n.SetRelay(*relayURL); err != nil {
			return err
		}
	}
	h.lan, h.log = *lanAddr, c.log()
	if *lan {
		if err := c.openDoor(h); err != nil {
			return err
		}
	}
	l, err := c.listen(*addr)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.serve.open", "url", localURL(l)))
	stepping, stop := context.WithCancel(ctx)
	defer stop()
	go keepInStep(stepping, h)
	if err := servePages(ctx, l, web.Config{House: h, Log: c.log(), Idle: *idle, Shut: *shut, Tab: strings.TrimSpace(*tab)}); err != nil {
		return err
	}
	return h.close()
}

// After usualIdle without a touch pages are covered, after usualLock the keys are forgotten. Nobody may stretch that to a day.
const (
	usualIdle    = 2 * time.Minute
	usualLock    = 15 * time.Minute
	shortestIdle = 5 * time.Second
	longestLock  = 2 * time.Hour
)

// listen refuses addresses beyond this machine: a plain http page elsewhere is no secure context, and the pages are
// for who sits here.
func (c *call) listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usagef("--addr %s", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, record.Refuse("addr", "only_this_machine", "address", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, record.Refuse("addr", "address_taken", "address", addr).Because(err)
	}
	return l, nil
}

func localURL(l net.Listener) string {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	return "http://localhost:" + port
}

func (c *call) log() *slog.Logger { return slog.New(slog.NewTextHandler(c.Stderr, nil)) }

// servePages serves one house until ctx ends.
func servePages(ctx context.Context, l net.Listener, config web.Config) error {
	config.Version = Version
	pages := web.New(config)
	defer pages.Close()
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
