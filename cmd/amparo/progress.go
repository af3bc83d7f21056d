package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far long work is, with rate and time left, on stderr and only to a person: told is called with
// what is done and what there is in all (0: not known). end clears it.
func (c *call) progress(what string) (told func(done, all int64), end func()) {
	f, isFile := c.Stderr.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return func(int64, int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100_000_000), progressbar.OptionClearOnFinish())
	told = func(done, all int64) {
		if all > 0 {
			bar.ChangeMax64(all)
		}
		_ = bar.Set64(done) // what cannot be shown is not worth failing for
	}
	return told, func() { _ = bar.Clear() }
}
