package journal_test

import (
	"encoding/json"
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/journal"
)

func TestTheClockNeverRunsBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c := journal.NewClock(0, func() time.Time { return wall })
		last := journal.Time(0)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				wall = wall.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "wall moves")))
			case 1:
				seen := journal.TimeOf(wall.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "ahead"))))
				followed := c.Observe(seen)
				if followed != !seen.Wall().After(wall.Add(journal.MaxAhead)) {
					t.Fatalf("%v ahead: followed %v", seen.Wall().Sub(wall), followed)
				}
				if followed {
					last = max(last, seen)
				}
			default:
				now := c.Now()
				rounded := journal.TimeOf(wall.Truncate(journal.Grain))
				if now <= last || now < rounded {
					t.Fatalf("%v after %v at %v", now, last, wall)
				}
				if limit := max(last+1, rounded); now != limit {
					t.Fatalf("%d, and %d would do", now, limit)
				}
				last = now
			}
		}
	})
}

func TestTheClockGoesOnWhereItWas(t *testing.T) {
	wall := time.UnixMilli(1000)
	last := journal.TimeOf(time.UnixMilli(5000)) + 3
	c := journal.NewClock(last, func() time.Time { return wall })
	if now := c.Now(); now != last+1 {
		t.Errorf("%d after %d", now, last)
	}
	if c.Observe(journal.TimeOf(wall.Add(journal.MaxAhead + time.Millisecond))) {
		t.Error("followed a clock that is too far ahead")
	}
	if !c.Observe(journal.TimeOf(wall.Add(journal.MaxAhead))) || c.Now().Wall() != wall.Add(journal.MaxAhead).UTC() {
		t.Error("did not follow a clock that is just not too far ahead")
	}
	if c.Observe(journal.MaxTime) || !c.Observe(0) {
		t.Error("the ends of time")
	}
}

func TestTheClockIsSafeForMany(t *testing.T) {
	c := journal.NewClock(0, func() time.Time { return time.UnixMilli(5) })
	var mu sync.Mutex
	seen := map[journal.Time]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				now := c.Now()
				c.Observe(now)
				mu.Lock()
				if seen[now] {
					t.Errorf("%d was given twice", now)
				}
				seen[now] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

func TestEveryTimeCanBeWritten(t *testing.T) {
	for name, c := range map[string]struct {
		wall time.Time
		want journal.Time
	}{
		"1970":                 {time.UnixMilli(0), 0},
		"a millisecond":        {time.UnixMilli(1), 1 << 16},
		"a flat battery":       {time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC), 0},
		"no clock at all":      {time.Time{}, 0},
		"the end of all files": {time.Unix(math.MaxInt32*1000, 0), journal.MaxTime >> 16 << 16},
	} {
		got := journal.TimeOf(c.wall)
		if got != c.want || int64(got) < 0 {
			t.Errorf("%s: %x, want %x", name, uint64(got), uint64(c.want))
		}
		if _, err := json.Marshal(got.Wall()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := json.Marshal(journal.MaxTime.Wall().AddDate(1000, 0, 0)); err != nil { // and what happened long after its commit
		t.Error(err)
	}
}
