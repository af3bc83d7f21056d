package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// guard keeps what this process holds in memory out of core dumps, and its files to their owner.
func guard() error {
	unix.Umask(0o077)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("guard the process: %w", err)
	}
	return nil
}
