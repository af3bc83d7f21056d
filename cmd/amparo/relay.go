package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/relay"
)

// relayFlags are how an operator sets a relay up.
type relayFlags struct {
	store, addr, admin, founding, quota, proxies *string
	chunks                                       *string
	commits                                      *int64
	atOnce                                       *int
	rate                                         *float64
	notice, grace                                *time.Duration
}

func (f *relayFlags) flags(fs *flag.FlagSet) {
	f.store, f.addr, f.admin = fs.String("store", "", ""), fs.String("addr", "127.0.0.1:8461", ""), fs.String("admin", "", "")
	f.chunks = fs.String("chunks", "", "")
	f.founding, f.quota, f.commits = fs.String("workspaces", "open", ""), fs.String("quota", "", ""), fs.Int64("quota-commits", 0, "")
	f.atOnce, f.rate, f.proxies = fs.Int("at-once", relay.DefaultLimits.AtOnce, ""), fs.Float64("rate", 1, ""), fs.String("proxy", "", "")
	f.notice, f.grace = fs.Duration("notice", 0, ""), fs.Duration("grace", 10*time.Second, "")
}

// config reads them. Rates are those of a small machine, as often as --rate says; 0: none.
func (f *relayFlags) config() (relay.Config, error) {
	c := relay.Config{Version: Version, Limits: relay.Limits{AtOnce: *f.atOnce}, Ending: relay.Ending{Notice: *f.notice, Grace: *f.grace}}
	switch *f.founding {
	case "open":
	case "known":
		c.Founding = relay.FoundingKnown
	default:
		return c, usagef("--workspaces open|known")
	}
	if *f.atOnce < 1 || *f.rate < 0 || *f.commits < 0 {
		return c, usagef("--at-once, --rate, --quota-commits")
	}
	c.Quota.Commits = *f.commits
	if *f.quota != "" {
		n, ok := parseSize(*f.quota)
		if !ok {
			return c, record.Refuse("quota", "bad_terms", "value", *f.quota)
		}
		c.Quota.Bytes = n
	}
	c.Rates = relay.DefaultRates
	for _, r := range []*relay.Rate{&c.Rates.Address, &c.Rates.Writer, &c.Rates.Workspace, &c.Rates.Founding} {
		r.PerSecond *= *f.rate
	}
	for one := range strings.SplitSeq(*f.proxies, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		p, err := netip.ParsePrefix(one)
		if a, plain := netip.ParseAddr(one); plain == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return c, usagef("--proxy %s", one)
		}
		c.Proxies = append(c.Proxies, p)
	}
	return c, nil
}

func runRelay(ctx context.Context, c *call) error {
	if len(c.rest) > 0 {
		if verb, is := relayVerbs[c.rest[0]]; is {
			c.rest = c.rest[1:]
			return verb(ctx, c)
		}
	}
	fs := newFlags("relay")
	var f relayFlags
	f.flags(fs)
	if _, err := c.flags(fs, 0, 0); err != nil {
		return err
	}
	config, err := f.config()
	if err != nil {
		return err
	}
	store, err := c.relayStore(ctx, *f.store)
	if err != nil {
		return err
	}
	defer store.Close()
	bucket, err := c.keepChunks(ctx, store, *f.chunks)
	if err != nil {
		return err
	}
	if bucket != "" {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.chunks", "place", bucket))
	}
	config.Store, config.Log = store, c.log()
	l, err := listen(*f.addr)
	if err != nil {
		return err
	}
	r := relay.New(config)
	if *f.admin == "" {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.open", "url", "http://"+l.Addr().String()))
		return relay.Serve(ctx, l, r)
	}
	admin, err := listen(*f.admin)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.open", "url", "http://"+l.Addr().String()))
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.admin", "url", "http://"+admin.Addr().String()+"/metrics"))
	return serveBoth(ctx, l, r, admin)
}

// serveBoth keeps the operator's address open until the relay itself has ended, so that its end can be watched.
func serveBoth(ctx context.Context, l net.Listener, r *relay.Relay, admin net.Listener) error {
	server := &http.Server{Handler: r.Admin(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(admin) }()
	err := relay.Serve(ctx, l, r)
	closing := server.Close()
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		closing = cmp.Or(closing, served)
	}
	return errors.Join(err, closing)
}

func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, record.Refuse("addr", "address_taken", "address", addr).Because(err)
	}
	return l, nil
}
