package node

import (
	"sync/atomic"
	"time"
)

// hands are those of a clock that a test turns while nodes look at it.
type hands struct{ at atomic.Pointer[time.Time] }

func turning(t time.Time) *hands {
	h := &hands{}
	h.set(t)
	return h
}

func (h *hands) wall() time.Time      { return *h.at.Load() }
func (h *hands) set(t time.Time)      { h.at.Store(&t) }
func (h *hands) turn(d time.Duration) { h.set(h.wall().Add(d)) }
