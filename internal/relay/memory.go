package relay

import (
	"sync"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// told remembers what each writer was told last, so that neither side spells a vector twice. Two are kept a writer: an
// answer may be lost, and then the client still speaks of the one before. What is forgotten costs one question more.
type told struct {
	mu    sync.Mutex
	last  map[toldKey][2]toldVector
	bytes int
}

type toldKey struct {
	workspace journal.WorkspaceID
	writer    journal.WriterID
}

type toldVector struct {
	digest wire.Digest
	packed []byte
}

// toldBytes bounds what is remembered.
const toldBytes = 64 << 20

func newTold() *told { return &told{last: map[toldKey][2]toldVector{}} }

func (t *told) remember(k toldKey, v journal.Vector) {
	entry := toldVector{wire.DigestOf(v), wire.PackVector(v, nil)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bytes > toldBytes {
		clear(t.last)
		t.bytes = 0
	}
	pair := t.last[k]
	if pair[0].digest == entry.digest {
		return
	}
	t.bytes += len(entry.packed) + 64 - len(pair[1].packed)
	t.last[k] = [2]toldVector{entry, pair[0]}
}

func (t *told) known(k toldKey, d wire.Digest) (journal.Vector, bool) {
	t.mu.Lock()
	pair := t.last[k]
	t.mu.Unlock()
	for _, entry := range pair {
		if entry.digest == d && entry.packed != nil {
			v, err := wire.UnpackVector(entry.packed, nil)
			return v, err == nil
		}
	}
	return nil, false
}

// asked remembers questions for as long as their time would be believed, so that none is answered twice. What was asked
// before the relay started is not remembered, so it is not believed either.
type asked struct {
	mu    sync.Mutex
	since time.Time
	seen  map[[28]byte]time.Time // writer and nonce → when it can be forgotten
	sweep time.Time
}

func newAsked(now time.Time) *asked {
	return &asked{since: now.Round(0), seen: map[[28]byte]time.Time{}, sweep: now}
}

// clock refuses a question whose time is not now.
func (a *asked) clock(ask *wire.Ask, now time.Time) *wire.Refusal {
	at := time.UnixMilli(ask.Time)
	if off := at.Sub(now).Abs(); off > wire.MaxClockDifference {
		return wire.Refuse(wire.RefusedClock, "the time in the question is %s away from here", off.Round(time.Second))
	}
	a.mu.Lock()
	if now.Round(0).Before(a.since) {
		// This machine's clock was put back, as when it started with a wrong one. What was asked up to here is remembered or too
		// old; without this nobody would be answered until the clock has caught up.
		a.since = now.Round(0)
	}
	since := a.since.Truncate(time.Millisecond)
	a.mu.Unlock()
	if at.Before(since) {
		return wire.Refuse(wire.RefusedClock, "the question was asked before this relay started")
	}
	return nil
}

// once refuses a question that was asked before. Only those of writers somebody vouches for are remembered: a stranger
// gets no answer, so it may ask as often as it likes.
func (a *asked) once(ask *wire.Ask, now time.Time) *wire.Refusal {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.After(a.sweep) {
		for k, until := range a.seen {
			if now.After(until) {
				delete(a.seen, k)
			}
		}
		a.sweep = now.Add(wire.MaxClockDifference)
		if forgotten := now.Round(0).Add(-wire.MaxClockDifference); forgotten.After(a.since) {
			a.since = forgotten // should this machine's clock be put back, they would be believed again
		}
	}
	key := [28]byte(append(append([]byte{}, ask.Writer[:]...), ask.Nonce[:]...))
	if _, again := a.seen[key]; again {
		return wire.Refuse(wire.RefusedReplay, "this question was asked before")
	}
	a.seen[key] = time.UnixMilli(ask.Time).Add(wire.MaxClockDifference)
	return nil
}
