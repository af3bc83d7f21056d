package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/relay/wire"
)

// exchangeAnswer is what `amparo exchange --json` prints.
type exchangeAnswer struct {
	Sent       uint64   `json:"sent"`
	Received   uint64   `json:"received"`
	BytesOut   int64    `json:"bytes_out"`
	BytesIn    int64    `json:"bytes_in"`
	RoundTrips int      `json:"round_trips"`
	Complete   bool     `json:"complete"`
	SkewSecond int64    `json:"clock_skew_seconds"`
	Named      []string `json:"named"` // what was set aside, refused or is hidden
}

func runExchange(ctx context.Context, c *call) error {
	fs := newFlags("exchange")
	var w who
	w.flags(fs)
	url, out, in := fs.String("relay", "", ""), fs.String("out", "", ""), fs.String("in", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *out != "" && *in != "" || *url != "" && *out+*in != "" {
		return usagef("--relay | --out | --in")
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	n, err := node.Open(dirs[0], reg, c.options())
	if err != nil {
		return err
	}
	defer n.Close()
	pass, err := c.passphrase(w, w.as, false)
	if err != nil {
		return err
	}
	sum, err := c.carry(ctx, n, w, pass, *url, *out, *in)
	answer := exchangeAnswer{Sent: sum.Sent, Received: sum.Received, BytesOut: sum.BytesOut, BytesIn: sum.BytesIn, RoundTrips: sum.RoundTrips,
		Complete: sum.Complete, SkewSecond: int64(sum.Skew.Seconds()), Named: named(sum)}
	if c.json {
		if jsonErr := c.print(answer); jsonErr != nil {
			return jsonErr
		}
	} else if err == nil {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.exchange.done", "sent", int64(sum.Sent), "received", int64(sum.Received),
			"size", lang.FileSize(c.lang, sum.BytesOut+sum.BytesIn), "trips", int64(sum.RoundTrips)))
	}
	for _, what := range answer.Named {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.named", "what", what))
	}
	if refusedRevoked(sum) {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.revoked"))
	}
	if sum.Skewed() {
		fmt.Fprintln(c.Stderr, clockSentence(c.lang, sum))
	}
	return err
}

// carry exchanges by the carrier that was asked for.
func (c *call) carry(ctx context.Context, n *node.Node, w who, pass []byte, url, out, in string) (exchange.Summary, error) {
	if in != "" {
		f, err := c.input(in)
		if err != nil {
			return exchange.Summary{}, err
		}
		f.Close()
	}
	s, err := n.Unlock(ctx, w.as, pass)
	switch {
	case errors.Is(err, node.ErrNotYetGranted) && in != "": // joined, and on the way to be let in
		return n.TakeBundle(ctx, in)
	case errors.Is(err, node.ErrNotYetGranted) && out == "":
		return n.ExchangeAs(ctx, w.as, pass, url, nil)
	case err != nil:
		return exchange.Summary{}, err
	case out != "":
		sum, err := s.WriteBundle(ctx, out)
		if errors.As(err, new(*fs.PathError)) && !errors.Is(err, syscall.ENOSPC) {
			err = spoken{lang.T(c.lang, "cmd.cannot_write", "file", out)}
		}
		return sum, err
	case in != "":
		return s.ReadBundle(ctx, in)
	}
	told, end := c.progress(lang.T(c.lang, "cmd.progress.exchange"))
	defer end()
	return s.Exchange(ctx, url, func(p exchange.Progress) {
		told(int64(p.Sent+p.Received), int64(p.Sent+p.Received+p.ToSend+p.ToCome))
	})
}

func named(sum exchange.Summary) []string {
	list := []string{}
	for _, f := range sum.Faults {
		list = append(list, f.Error())
	}
	for _, r := range sum.Refused {
		list = append(list, fmt.Sprintf("%s/%d: %s", r.Writer, r.Seq, r.Code))
	}
	for _, h := range sum.Hidden {
		list = append(list, h.String())
	}
	return list
}

// refusedRevoked reports whether something was refused, here or there, because its writer is revoked.
func refusedRevoked(sum exchange.Summary) bool {
	return slices.ContainsFunc(sum.Faults, func(f *exchange.Fault) bool { return f.Code == wire.FaultRevoked }) ||
		slices.ContainsFunc(sum.Refused, func(r exchange.Refused) bool { return r.Code == wire.FaultRevoked })
}

func clockSentence(in lang.Tag, sum exchange.Summary) string {
	key := "check.clock_wrong_ahead"
	if sum.Skew < 0 {
		key = "check.clock_wrong_behind"
	}
	return fmt.Sprintf("%s (%s)", lang.T(in, key), sum.Skew.Abs())
}
