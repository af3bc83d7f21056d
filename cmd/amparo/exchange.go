package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
	Named      []string `json:"named"`           // what was set aside, refused or is hidden
	Files      []string `json:"files,omitempty"` // of a bundle that was written

	ChunksSent     int `json:"chunks_sent,omitempty"` // pieces of files that were attached
	ChunksReceived int `json:"chunks_received,omitempty"`
}

// carriage is how to exchange: with a relay, a neighbour, or by file.
type carriage struct {
	relay, neighbour, out, in string
	since                     string // of a bundle to write
	split                     int64
}

func runExchange(ctx context.Context, c *call) error {
	fs := newFlags("exchange")
	var w who
	w.flags(fs)
	var by carriage
	fs.StringVar(&by.relay, "relay", "", "")
	fs.StringVar(&by.neighbour, "neighbour", "", "")
	fs.StringVar(&by.out, "out", "", "")
	fs.StringVar(&by.in, "in", "", "")
	fs.StringVar(&by.since, "since", "", "")
	split := fs.String("split", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	ways := 0
	for _, way := range []string{by.relay, by.neighbour, by.out, by.in} {
		if way != "" {
			ways++
		}
	}
	if ways > 1 {
		return usagef("--relay | --neighbour | --out | --in")
	}
	if by.out == "" && by.since+*split != "" {
		return usagef("--out")
	}
	if by.split, err = size(*split); err != nil {
		return err
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
	done, err := c.carry(ctx, n, w, pass, by)
	sum := done.Summary
	answer := exchangeAnswer{Sent: sum.Sent, Received: sum.Received, BytesOut: sum.BytesOut, BytesIn: sum.BytesIn, RoundTrips: sum.RoundTrips,
		Complete: sum.Complete, SkewSecond: int64(sum.Skew.Seconds()), Named: named(sum), Files: done.Names,
		ChunksSent: sum.Files.Sent, ChunksReceived: sum.Files.Received}
	if c.json {
		if jsonErr := c.print(answer); jsonErr != nil {
			return jsonErr
		}
	} else if err == nil && by.out != "" {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.exchange.wrote", "n", int64(sum.Sent), "files", lang.List(c.lang, done.Names), "size", lang.FileSize(c.lang, sum.BytesOut)))
	} else if err == nil {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.exchange.done", "sent", int64(sum.Sent), "received", int64(sum.Received),
			"size", lang.FileSize(c.lang, sum.BytesOut+sum.BytesIn), "trips", int64(sum.RoundTrips)))
	}
	c.sayFiles(sum.Files)
	for _, what := range answer.Named {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.named", "what", what))
	}
	if refusedRevoked(sum) {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.revoked"))
	}
	if relayFull(sum) {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "refuse.relay_full"))
	}
	if sum.Skewed() {
		fmt.Fprintln(c.Stderr, clockSentence(c.lang, sum))
	}
	return err
}

// carry exchanges by the carrier that was asked for.
func (c *call) carry(ctx context.Context, n *node.Node, w who, pass []byte, by carriage) (node.Bundled, error) {
	alone := func(sum exchange.Summary, err error) (node.Bundled, error) { return node.Bundled{Summary: sum}, err }
	for _, given := range []string{by.in, sinceFile(by.since)} {
		if given == "" {
			continue
		}
		f, err := c.input(given)
		if errors.As(err, new(spoken)) { // the first file of several
			f, err = c.input(given + ".001")
		}
		if err != nil {
			return node.Bundled{}, spoken{lang.T(c.lang, "cmd.cannot_read", "file", given)}
		}
		f.Close()
	}
	s, err := n.Unlock(ctx, w.as, pass)
	switch {
	case errors.Is(err, node.ErrNotYetGranted) && by.in != "": // joined, and on the way to be let in
		told, end := c.progress(lang.T(c.lang, "cmd.progress.bundle"))
		defer end()
		return alone(n.TakeBundleAs(ctx, w.as, pass, by.in, told))
	case errors.Is(err, node.ErrNotYetGranted) && by.neighbour != "":
		return alone(n.ExchangeNeighbourAs(ctx, w.as, pass, by.neighbour))
	case errors.Is(err, node.ErrNotYetGranted) && by.out == "":
		return alone(n.ExchangeAs(ctx, w.as, pass, by.relay, nil))
	case err != nil:
		return node.Bundled{}, err
	case by.out != "":
		told, end := c.progress(lang.T(c.lang, "cmd.progress.bundle"))
		defer end()
		done, err := s.WriteBundleFor(ctx, by.out, node.Outgoing{Since: by.since, Split: by.split, Progress: func(done, all uint64) { told(int64(done), int64(all)) }})
		return done, c.unwritten(by.out, err)
	case by.in != "":
		told, end := c.progress(lang.T(c.lang, "cmd.progress.bundle"))
		defer end()
		return alone(s.ReadBundleTelling(ctx, by.in, told))
	}
	told, end := c.progress(lang.T(c.lang, "cmd.progress.exchange"))
	defer end()
	tell := func(p exchange.Progress) {
		told(int64(p.Sent+p.Received), int64(p.Sent+p.Received+p.ToSend+p.ToCome))
	}
	if by.neighbour != "" {
		return alone(s.ExchangeNeighbour(ctx, by.neighbour, tell))
	}
	return alone(s.Exchange(ctx, by.relay, tell))
}

// sinceFile is the file that --since names; none when it names the relay.
func sinceFile(since string) string {
	if since == node.SinceRelay {
		return ""
	}
	return since
}

var sizes = regexp.MustCompile(`^([0-9]{1,6})(MB|GB)$`)

// size reads how large a file may become: 700MB, 4GB.
func size(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	parts := sizes.FindStringSubmatch(strings.ToUpper(text))
	if parts == nil {
		return 0, usagef("--split 4GB")
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || n == 0 {
		return 0, usagef("--split 4GB")
	}
	if parts[2] == "GB" {
		n *= 1000
	}
	return n * 1_000_000, nil
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

// relayFull reports whether the relay had no more room for the workspace.
func relayFull(sum exchange.Summary) bool {
	return slices.ContainsFunc(sum.Refused, func(r exchange.Refused) bool { return r.Code == wire.FaultFull })
}

func clockSentence(in lang.Tag, sum exchange.Summary) string {
	key := "check.clock_wrong_ahead"
	if sum.Skew < 0 {
		key = "check.clock_wrong_behind"
	}
	return fmt.Sprintf("%s (%s)", lang.T(in, key), sum.Skew.Abs())
}
