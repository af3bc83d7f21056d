//go:build unix

package bench

import (
	"syscall"
	"time"
)

// processor is the processor time this process has used: unlike the time on the wall, it hardly grows when the machine
// does other work besides.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
