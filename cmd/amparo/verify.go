package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/node"
)

// verifyAnswer is what `amparo verify --json` prints.
type verifyAnswer struct {
	Kind    string   `json:"kind"` // bundle, backup
	Bytes   int64    `json:"bytes"`
	Opened  bool     `json:"opened"` // with a key: all that is in it was looked at
	OK      bool     `json:"ok"`
	Commits uint64   `json:"commits,omitempty"`
	New     uint64   `json:"new,omitempty"` // of a bundle: not held by that folder yet
	Named   []string `json:"named"`         // what is wrong in it
}

// verify says whether a file is whole and unchanged: with nothing but the file; or, with a folder whose member it is for or
// the passphrase of a backup, all that is in it.
func verify(ctx context.Context, c *call) error {
	fs := newFlags("verify")
	var w who
	w.flags(fs)
	with, open := fs.String("with", "", ""), fs.Bool("open", false, "")
	files, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if *open && *with != "" {
		return usagef("--with | --open")
	}
	name := files[0]
	file, err := os.Open(name)
	if err != nil {
		return spoken{lang.T(c.lang, "cmd.cannot_read", "file", name)}
	}
	about, err := exchange.CheckFile(file)
	file.Close()
	if err != nil {
		return c.unsound(err)
	}
	answer := verifyAnswer{Kind: "bundle", Bytes: about.Bytes, OK: true, Named: []string{}}
	if about.Backup {
		answer.Kind = "backup"
	}
	size := lang.FileSize(c.lang, about.Bytes)
	said := lang.T(c.lang, "cmd.verify.whole", "size", size, "kind", lang.T(c.lang, "cmd.verify."+answer.Kind))
	switch {
	case *open && !about.Backup, *with != "" && about.Backup:
		return usagef("%s", said)
	case *open:
		return c.verifyBackup(ctx, name, w)
	case *with != "":
		sum, err := c.verifyBundle(ctx, name, *with, w)
		if err != nil {
			return c.unsound(err)
		}
		answer.Opened, answer.Commits, answer.New = true, sum.Commits, sum.New
		for _, f := range sum.Faults {
			answer.OK, answer.Named = false, append(answer.Named, f.Error())
		}
		said = lang.T(c.lang, "cmd.verify.opened", "size", size, "n", int64(sum.Commits), "new", int64(sum.New))
	}
	if c.json {
		err = c.print(answer)
	} else {
		_, err = fmt.Fprintln(c.Stdout, said)
		for _, what := range answer.Named {
			fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.named", "what", what))
		}
	}
	if err == nil && !answer.OK {
		err = errFound
	}
	return err
}

// unsound tells a file in which something is wrong, status 3, from a question that was not understood.
func (c *call) unsound(err error) error {
	for _, wrong := range []error{exchange.ErrNotBundle, exchange.ErrBundleCut, exchange.ErrBundleChanged, node.ErrBackupCut, node.ErrBackupChanged, node.ErrNotBackup} {
		if errors.Is(err, wrong) {
			return c.found(err)
		}
	}
	return err
}

func (c *call) verifyBundle(ctx context.Context, name, dir string, w who) (exchange.BundleSummary, error) {
	reg, err := registry()
	if err != nil {
		return exchange.BundleSummary{}, err
	}
	n, err := node.Open(dir, reg, c.options())
	if err != nil {
		return exchange.BundleSummary{}, err
	}
	defer n.Close()
	pass, err := c.passphrase(w, w.as, false)
	if err != nil {
		return exchange.BundleSummary{}, err
	}
	defer clear(pass)
	told, end := c.progress(lang.T(c.lang, "cmd.progress.check"))
	defer end()
	return n.CheckBundleAs(ctx, w.as, pass, name, told)
}

func (c *call) verifyBackup(ctx context.Context, name string, w who) error {
	reg, err := registry()
	if err != nil {
		return err
	}
	file, pass, err := c.backupFile(name, w)
	if err != nil {
		return err
	}
	defer file.Close()
	defer clear(pass)
	told, end := c.progress(lang.T(c.lang, "cmd.progress.check"))
	done, err := node.CheckBackup(ctx, file, reg, pass, c.options(), func(commits int) { told(int64(commits), 0) })
	end()
	if err != nil {
		return c.unsound(err)
	}
	return c.sayRestored(name, done, "cmd.verify.backup_opened")
}
