//go:build !unix

package bench

import "time"

// processor is 0 where the system is not asked: figures by processor time are then left out.
func processor() time.Duration { return 0 }
