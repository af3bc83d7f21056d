package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// guard keeps what this process holds in memory out of files: no core dump when it ends badly, no other process of the same
// user may read its memory, its environment or its open files through /proc (man 2 prctl, PR_SET_DUMPABLE), and no file it
// makes can be read by others. It does not keep pages from the swap file: Go moves and copies memory, so locking single
// pages would promise what it cannot hold.
func guard() error {
	unix.Umask(0o077)
	err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	err = errors.Join(err, unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	if err != nil {
		return fmt.Errorf("guard the process: %w", err)
	}
	return nil
}
