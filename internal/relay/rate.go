package relay

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often somebody may ask: so many questions a second, after Burst that may come at once. Every MegaBytes of
// a question or an answer count as one more. Zero: as often as they like.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Rates are those of one address, one writer and one workspace.
type Rates struct {
	Address   Rate // every question, also refused ones; addresses of this machine and of private networks are not counted
	Writer    Rate // of a writer somebody vouches for
	Workspace Rate // of all its writers together
	Founding  Rate // workspaces brought here for the first time, from one address
}

// DefaultRates leave room for a shelter behind one address and for a first exchange over a fast line.
var DefaultRates = Rates{
	Address:   Rate{PerSecond: 50, Burst: 500},
	Writer:    Rate{PerSecond: 10, Burst: 200},
	Workspace: Rate{PerSecond: 200, Burst: 4000},
	Founding:  Rate{PerSecond: 1.0 / 360, Burst: 20},
}

// costBytes is how many bytes count as one question more.
const costBytes = 1 << 20

// maxBuckets bounds how many are remembered. The full ones are forgotten first, which changes nothing for anybody.
const maxBuckets = 100_000

// buckets count what each key has spent. They are this process's own: of several relays before one database each counts
// for itself.
type buckets[K comparable] struct {
	rate Rate
	now  func() time.Time

	mu    sync.Mutex
	of    map[K]*rate.Limiter
	sweep time.Time
}

func newBuckets[K comparable](r Rate, now func() time.Time) *buckets[K] {
	return &buckets[K]{rate: r, now: now, of: map[K]*rate.Limiter{}}
}

// spend takes one question. Zero: it may be answered; otherwise after how long to come again.
func (b *buckets[K]) spend(key K) time.Duration {
	if b.rate.PerSecond <= 0 {
		return 0
	}
	now := b.now()
	l := b.limiter(key, now)
	if l.AllowN(now, 1) {
		return 0
	}
	return max(time.Duration((1-l.TokensAt(now))/b.rate.PerSecond*float64(time.Second)), time.Millisecond)
}

// charge counts what a question turned out to cost, also beyond what is left: then the next one waits.
func (b *buckets[K]) charge(key K, bytes int64) {
	if b.rate.PerSecond <= 0 {
		return
	}
	now := b.now()
	l := b.limiter(key, now)
	for more := bytes / costBytes; more > 0; {
		n := min(more, int64(l.Burst()))
		l.ReserveN(now, int(n))
		more -= n
	}
}

func (b *buckets[K]) limiter(key K, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.of[key]
	if !ok {
		b.forget(now)
		l = rate.NewLimiter(rate.Limit(b.rate.PerSecond), max(b.rate.Burst, 1))
		b.of[key] = l
	}
	return l
}

// forget drops the full ones once a minute, and anybody's when there are too many all the same.
func (b *buckets[K]) forget(now time.Time) {
	if now.Before(b.sweep) && len(b.of) < maxBuckets {
		return
	}
	b.sweep = now.Add(time.Minute)
	for key, l := range b.of {
		if l.TokensAt(now) >= float64(l.Burst()) {
			delete(b.of, key)
		}
	}
	for key := range b.of {
		if len(b.of) < maxBuckets {
			return
		}
		delete(b.of, key)
	}
}
