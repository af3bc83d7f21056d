package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amparo/internal/lang"
	"amparo/internal/node"
)

// backupAnswer is what `amparo backup --json` prints.
type backupAnswer struct {
	File    string `json:"file"`
	Commits uint64 `json:"commits"`
	Bytes   int64  `json:"bytes"`
}

// backup writes a sealed copy of everything a folder holds, under the member's passphrase.
func backup(ctx context.Context, c *call) error {
	flags := newFlags("backup")
	var w who
	w.flags(flags)
	out := flags.String("out", "", "")
	dirs, err := c.flags(flags, 1, 1)
	if err != nil {
		return err
	}
	if *out == "" {
		return usagef("--out")
	}
	var pass []byte
	defer func() { clear(pass) }()
	s, closing, err := c.unlockWith(ctx, dirs[0], w.as, func() (_ []byte, err error) { pass, err = c.passphrase(w, w.as, false); return pass, err })
	if err != nil {
		return err
	}
	defer closing()
	told, end := c.progress(lang.T(c.lang, "cmd.progress.backup"))
	done, err := s.BackUp(ctx, pass, *out, told)
	end()
	if err != nil {
		return c.unwritten(*out, err)
	}
	if c.json {
		return c.print(backupAnswer{File: *out, Commits: done.Commits, Bytes: done.Bytes})
	}
	_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.backup.done", "file", *out, "n", int64(done.Commits), "size", lang.FileSize(c.lang, done.Bytes)))
	return err
}

// unwritten says what could not be written; what the engine has a sentence for keeps it.
func (c *call) unwritten(path string, err error) error {
	if errors.As(err, new(*fs.PathError)) && node.AsRefusal(err).Code == "internal" {
		return spoken{lang.T(c.lang, "cmd.cannot_write", "file", path)}
	}
	return err
}
