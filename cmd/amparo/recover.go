package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/vault/shares"
)

// recoverAnswer is what `amparo recover --json` prints.
type recoverAnswer struct {
	Member    string   `json:"member"`
	ID        string   `json:"id"`
	Roles     []string `json:"roles"`
	Revoked   int      `json:"revoked"` // earlier key-holders of the same person
	Exchanged bool     `json:"exchanged"`
}

// rehearsal is what `amparo recover --rehearse --json` prints.
type rehearsal struct {
	Set          string         `json:"set"`
	Shares       int            `json:"shares"`
	Whole        bool           `json:"whole"`
	Compartments []node.Covered `json:"compartments"`
}

// recovery is one run of the command.
type recovery struct {
	*call
	who    who
	dir    string
	member string
	relay  string
	found  shares.Found
}

func runRecover(ctx context.Context, c *call) error {
	fs := newFlags("recover")
	r := recovery{call: c}
	r.who.flags(fs)
	var files []string
	fs.Func("share", "", func(v string) error { files = append(files, v); return nil })
	fs.StringVar(&r.relay, "relay", "", "")
	fs.StringVar(&r.member, "member", "", "")
	rehearse := fs.Bool("rehearse", false, "")
	var what sharing
	what.flags(fs)
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	r.dir = dirs[0]
	if err := what.settle(); err != nil {
		return err
	}
	switch {
	case what.out != "" && len(files) > 0, what.out == "" && len(files) == 0:
		return usagef("--share FILE … | --recovery-out FILE")
	case what.out != "":
		return r.print(ctx, what)
	}
	for _, file := range files {
		if err := r.read(file); err != nil {
			return err
		}
	}
	defer func() {
		for i := range r.found.Shares {
			r.found.Shares[i].Wipe()
		}
	}()
	if *rehearse {
		return r.rehearse()
	}
	return r.readmit(ctx)
}

// print makes a new set, which ends the one before.
func (r *recovery) print(ctx context.Context, what sharing) error {
	s, closing, err := r.unlock(ctx, r.dir, r.who)
	if err != nil {
		return err
	}
	defer closing()
	into, err := r.papers(what)
	if err != nil {
		return err
	}
	return r.makeShares(ctx, s, what, into, r.lang)
}

// read takes in the shares of one file, and says which file it is that does not read.
func (r *recovery) read(file string) error {
	f, err := r.input(file)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(f, 1<<22))
	f.Close()
	defer clear(raw)
	if err != nil {
		return spoken{lang.T(r.lang, "cmd.cannot_read", "file", file)}
	}
	found, err := shares.Parse(string(raw))
	if err != nil {
		return spoken{file + ": " + node.AsProblem(r.lang, err).Message}
	}
	r.found.Add(found)
	return nil
}

func (r *recovery) rehearse() error {
	reg, err := registry()
	if err != nil {
		return err
	}
	n, err := node.Open(r.dir, reg, r.options())
	if err != nil {
		return err
	}
	defer n.Close()
	keys, err := n.Recovery(r.found.Shares)
	if err != nil {
		return err
	}
	defer keys.Close()
	covered, err := keys.Rehearse()
	if err != nil {
		return err
	}
	answer := rehearsal{Set: keys.Set, Shares: len(r.found.Shares), Whole: true, Compartments: covered}
	for _, one := range covered {
		answer.Whole = answer.Whole && len(one.Missing) == 0
	}
	if r.json {
		err = r.call.print(answer)
	} else {
		r.sayRehearsal(answer)
	}
	if err == nil && !answer.Whole {
		return errFound
	}
	return err
}

func (r *recovery) sayRehearsal(a rehearsal) {
	for _, one := range a.Compartments {
		key, list := "cmd.recover.opens", one.Epochs
		if len(one.Missing) > 0 {
			key, list = "cmd.recover.lacks", one.Missing
		}
		fmt.Fprintln(r.Stdout, lang.T(r.lang, key, "compartment", lang.T(r.lang, "compartment."+one.Name), "epochs", epochs(list)))
	}
	key := "cmd.recover.rehearsed"
	if !a.Whole {
		key = "cmd.recover.rehearsed_in_part"
	}
	fmt.Fprintln(r.Stdout, lang.T(r.lang, key, "set", a.Set))
}

func epochs(list []uint32) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = strconv.FormatUint(uint64(e), 10)
	}
	return strings.Join(out, ", ")
}

// readmit lets somebody in again: in the folder that is there, or in one made anew from the shares and the relay.
func (r *recovery) readmit(ctx context.Context) (err error) {
	reg, err := registry()
	if err != nil {
		return err
	}
	v := revival{dir: r.dir, registry: reg, found: r.found, relay: r.relay, warn: r.warn}
	n, undo, err := r.open(&v)
	if err != nil {
		return err
	}
	defer func() {
		nothing := empty(ctx, n)
		n.Close()
		if err != nil && nothing {
			err = errors.Join(err, undo())
		}
	}()
	keys, err := n.Recovery(r.found.Shares)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	if listed, failed := n.Members(); failed == nil && len(listed) == 1 && r.member == "" {
		r.member = listed[0].Label
	}
	pass, err := r.newPassphrase()
	if err != nil {
		return err
	}
	defer clear(pass)
	told, end := r.progress(lang.T(r.lang, "cmd.progress.exchange"))
	v.member, v.passphrase, v.progress = r.member, string(pass), func(p exchange.Progress) {
		told(int64(p.Sent+p.Received), int64(p.Sent+p.Received+p.ToSend+p.ToCome))
	}
	back, again, err := v.run(ctx, n, keys)
	end()
	if err != nil {
		return err
	}
	return r.sayBack(recoverAnswer{Member: back.Name, ID: back.ID.String(), Roles: back.Roles, Revoked: back.Revoked, Exchanged: again})
}

func (r *recovery) sayBack(a recoverAnswer) error {
	if !a.Exchanged {
		fmt.Fprintln(r.Stderr, lang.T(r.lang, "cmd.recover.not_exchanged"))
	}
	fmt.Fprintln(r.Stderr, lang.T(r.lang, "cmd.recover.new_set"))
	if r.json {
		return r.call.print(a)
	}
	_, err := fmt.Fprintln(r.Stdout, lang.T(r.lang, "cmd.recover.done", "name", a.Member, "dir", r.dir))
	return err
}

func (r *recovery) newPassphrase() ([]byte, error) {
	pass, err := r.passphrase(r.who, r.member, true)
	if err != nil {
		return nil, err
	}
	return pass, node.CheckPassphrase(string(pass), r.member)
}

// open opens the folder. When there is none it makes one, and undo takes away what was made.
func (r *recovery) open(v *revival) (n *node.Node, undo func() error, err error) {
	n, err = node.Open(r.dir, v.registry, r.options())
	if !errors.Is(err, node.ErrNoWorkspace) {
		return n, func() error { return nil }, err
	}
	if r.member == "" {
		return nil, nil, usagef("--member NAME")
	}
	return v.rebuild()
}

func (r *recovery) warn(err error) { fmt.Fprintln(r.Stderr, node.AsProblem(r.lang, err).Message) }
