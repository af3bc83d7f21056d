package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/vault/shares"
	"amparo/internal/web"
)

// revival lets somebody in again with recovery shares: in the folder that is there, or in one made anew from the shares and
// the relay. The command and the pages do it alike.
type revival struct {
	dir                string
	registry           *record.Registry
	options            node.Options
	found              shares.Found
	relay              string // empty: what the folder or the shares say
	member, passphrase string

	progress func(exchange.Progress)
	warn     func(error) // of what did not stop it
}

// rebuild makes the folder. undo takes away what was made.
func (r *revival) rebuild() (n *node.Node, undo func() error, err error) {
	_, missing := os.Stat(r.dir)
	n, err = node.Rebuild(r.dir, r.registry, r.found, r.relay, r.options)
	return n, func() error {
		if missing != nil {
			return os.RemoveAll(r.dir)
		}
		var failed error
		for _, made := range []string{"node.json", "journal", "vault", "views"} {
			failed = errors.Join(failed, os.RemoveAll(filepath.Join(r.dir, made)))
		}
		return failed
	}, err
}

// run brings the folder in step, lets the member in and tells the others.
func (r *revival) run(ctx context.Context, n *node.Node, keys *node.Recovery) (back node.Readmitted, told bool, err error) {
	first, err := r.exchange(ctx, n, keys)
	if err != nil {
		return back, false, err
	}
	if back, err = keys.Readmit(ctx, r.member, r.passphrase); err != nil || !first {
		return back, false, err
	}
	told, failed := r.exchange(ctx, n, keys)
	if failed != nil {
		r.warn(failed)
	}
	return back, told, nil
}

// exchange brings the folder in step as the shares' key-holder, when a relay is known. Without a network a folder that holds
// what is needed can do without, unless the relay was asked for.
func (r *revival) exchange(ctx context.Context, n *node.Node, keys *node.Recovery) (done bool, err error) {
	if r.relay == "" && n.Relay() == "" {
		return false, nil
	}
	if _, err = keys.Exchange(ctx, r.relay, r.progress); err != nil && r.relay == "" && keys.Stands() == nil {
		r.warn(err)
		return false, nil
	}
	return err == nil, err
}

// empty reports whether nothing has arrived in a folder: what has arrived stays, and the next time goes on from there.
func empty(ctx context.Context, n *node.Node) bool {
	held, err := n.Copy().Vector(ctx)
	return err == nil && len(held) == 0
}

// Recover is web.Reviver.
func (h *house) Recover(ctx context.Context, in web.Recovering) (out web.Recovered, err error) {
	r := revival{dir: h.dir, registry: h.registry, options: h.options, relay: in.Relay, member: in.Member, passphrase: in.Passphrase, warn: func(error) {}}
	if r.found, err = shares.Parse(string(in.Sheets)); err != nil {
		return out, asWeb(err)
	}
	if id, err := record.ParseID(in.Member); err == nil { // the pages name a member by what they are given
		r.member = journal.MemberID(id).String()
	}
	n := h.open()
	if n == nil {
		h.mu.Lock() // nobody can do anything here before it is made
		defer h.mu.Unlock()
		if h.node != nil {
			return out, web.ErrFounded
		}
		made, undo, err := r.rebuild()
		if err != nil {
			return out, asWeb(err)
		}
		out, err = r.revive(ctx, made)
		if err != nil && empty(ctx, made) {
			return out, asWeb(errors.Join(err, made.Close(), undo()))
		}
		h.node = made
		return out, webError(err)
	}
	out, err = r.revive(ctx, n)
	return out, webError(err)
}

func (r *revival) revive(ctx context.Context, n *node.Node) (out web.Recovered, err error) {
	keys, err := n.Recovery(r.found.Shares)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	back, told, err := r.run(ctx, n, keys)
	return web.Recovered{Name: back.Name, Told: told}, err
}
