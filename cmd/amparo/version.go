package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"amparo/internal/journal"
)

// Version is the release; the commit comes from the build.
const Version = "0.1.0"

type versionAnswer struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	Formats []int  `json:"journal_formats"`
}

func version(_ context.Context, c *call) error {
	if _, err := c.flags(newFlags("version"), 0, 0); err != nil {
		return err
	}
	v := versionAnswer{Version: Version, Go: runtime.Version(), Formats: []int{journal.Version}}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if c.json {
		return c.print(v)
	}
	_, err := fmt.Fprintf(c.Stdout, "amparo %s %s %s, journal format %d\n", v.Version, v.Commit, v.Go, journal.Version)
	return err
}
