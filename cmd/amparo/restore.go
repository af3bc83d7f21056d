package main

import (
	"context"
	"fmt"
	"os"

	"amparo/internal/lang"
	"amparo/internal/node"
)

// restoreAnswer is what `amparo restore --json` prints.
type restoreAnswer struct {
	Dir string `json:"dir"`
	node.BackupAbout
	Problems []node.Ailment `json:"problems"`
}

// restore makes a folder from a backup. It never writes over anything.
func restore(ctx context.Context, c *call) error {
	fs := newFlags("restore")
	var w who
	w.flags(fs)
	args, err := c.flags(fs, 2, 2)
	if err != nil {
		return err
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	file, pass, err := c.backupFile(args[0], w)
	if err != nil {
		return err
	}
	defer file.Close()
	defer clear(pass)
	told, end := c.progress(lang.T(c.lang, "cmd.progress.check"))
	done, err := node.Restore(ctx, file, args[1], reg, pass, c.options(), func(commits int) { told(int64(commits), 0) })
	end()
	if err != nil {
		return c.unwritten(args[1], err)
	}
	return c.sayRestored(args[1], done, "cmd.restore.done")
}

// backupFile opens a backup and asks for the passphrase that opens it.
func (c *call) backupFile(name string, w who) (*os.File, []byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, spoken{lang.T(c.lang, "cmd.cannot_read", "file", name)}
	}
	pass, err := c.passphrase(w, w.as, false)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, pass, nil
}

// sayRestored says what a backup brought. Problems that were in it when it was made are said, and the status tells them.
func (c *call) sayRestored(what string, done node.Restored, key string) error {
	if c.json {
		if err := c.print(restoreAnswer{Dir: what, BackupAbout: done.BackupAbout, Problems: done.Health.Problems}); err != nil {
			return err
		}
	} else {
		if _, err := fmt.Fprintln(c.Stdout, lang.T(c.lang, key, "what", what, "n", done.Health.Commits, "name", done.Name, "when", lang.DateTime(c.lang, done.Made.Local()))); err != nil {
			return err
		}
		if !done.Health.OK {
			if err := c.sayHealth(done.Health); err != nil {
				return err
			}
		}
	}
	if !done.Health.OK {
		return errFound
	}
	return nil
}
