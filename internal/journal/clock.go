package journal

import (
	"sync"
	"time"
)

// Time is a hybrid logical clock: milliseconds since 1970 in the upper 48 bits, a counter in the lower 16 (Kulkarni et
// al., "Logical Physical Clocks", 2014). It never runs backwards on one node and follows what the node has seen, so it
// orders what one change could have known of another even when wall clocks are wrong.
type Time uint64

// MaxTime is the greatest time there is, in the year 6429: it fits a signed integer, and every calendar and JSON can
// write it.
const MaxTime Time = 1<<63 - 1

// TimeOf is the wall time with counter 0. A clock set before 1970 counts as 1970, one beyond MaxTime as MaxTime.
func TimeOf(wall time.Time) Time {
	return Time(min(max(wall.UnixMilli(), 0), int64(MaxTime>>16))) << 16
}

// Wall is the wall-clock half.
func (t Time) Wall() time.Time { return time.UnixMilli(int64(t >> 16)).UTC() }

// MaxAhead is how far ahead of this machine's own clock another's may run before its time is no longer followed. The
// commit is kept and shown all the same; only our clock does not run after it.
const MaxAhead = 26 * time.Hour

// Grain is how finely a commit's own time tells when it was made: a relay sees it, and needs no more than the order,
// which the counter gives. When something happened is said to the second, inside the sealed part.
const Grain = time.Minute

// Clock gives times on one node.
type Clock struct {
	mu   sync.Mutex
	last Time
	wall func() time.Time
}

// NewClock starts after last, the latest time this node has written. wall is time.Now but in tests.
func NewClock(last Time, wall func() time.Time) *Clock { return &Clock{last: last, wall: wall} }

// Now is the next time to write with: later than every one given or observed before.
func (c *Clock) Now() Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(TimeOf(c.wall().Truncate(Grain)), c.last+1)
	return c.last
}

// Observe follows a time that arrived. It reports false, and does not follow, when that time is more than MaxAhead
// before us.
func (c *Clock) Observe(t Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Wall().After(c.wall().Add(MaxAhead)) {
		return false
	}
	c.last = max(c.last, t)
	return true
}
