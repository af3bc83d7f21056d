package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Sealed parts may be missing here: commits came bare because so many were coming that the newest had to be first, this device
// follows few persons, or whoever gave a commit had not all of it. They are asked for one by one, the newest first, after the
// commits. The other side may lack some too, after a restore or because a small device brought the commits; it is asked once a
// day, and brought what is here.

// bareFrom is from how many commits on it is worth a round trip more to have the newest records first.
const bareFrom = 2000

// Limits of what parts one question asks for, by their bytes. It begins small and grows while answers come quickly, so that on
// a slow link what was asked for stays the newest.
const (
	leastParts = 64 << 10
	mostParts  = 4 << 20
	quickly    = 4 * time.Second
)

// smallestPart is less than what any part has: its authentication tag, and something said.
const smallestPart = 16

// askAgain is after how long a place is asked once more for what it did not have, and what it lacks itself.
const askAgain = 24 * time.Hour

// loose is what an exchange knows of parts that travel alone.
type loose struct {
	on     bool // parts are asked for
	asker  wire.Asker
	ahead  []journal.Missing          // what somebody waits for and that was not answered for yet
	after  int64                      // parts noted up to there were asked for in vain lately
	vain   map[int64]bool             // asked for in vain now
	last   int64                      // the newest of those
	asked  []journal.Missing          // in the question on its way, in the order of places
	came   map[int]bool               // of those
	batch  []journal.Loose            // came and not yet kept
	size   int                        // bytes in the batch
	budget int                        // bytes to ask for at once
	began  time.Time                  // of the question
	help   bool                       // ask what the other side lacks
	asks   bool                       // the question on its way does
	bring  []journal.PartPlace        // that it lacks and that are here
	wrong  []*Fault                   // parts that were not what their commits name
	all    bool                       // all that is wanted is in the question on its way
	swept  bool                       // all that is wanted was asked for and answered
	helped bool                       // the other side said what it lacks
	owed   bool                       // the other side turned out to need what is here: that it lacks nothing must be heard from it again
	sent   bool                       // parts are on their way to it
	once   map[journal.PartPlace]bool // brought already, or about to be
	taken  uint64                     // parts that were missing here
	brings uint64                     // parts brought
}

func (x *session) beginLoose(ctx context.Context) error {
	l := &x.loose
	l.vain, l.budget, l.on, l.ahead, l.once = map[int64]bool{}, leastParts, !x.o.CommitsOnly, x.o.First, map[journal.PartPlace]bool{}
	l.asker, _ = x.copy.(wire.Asker)
	revoked, err := x.revoked(ctx)
	if err != nil {
		return err
	}
	if revoked || l.asker == nil { // the revoked are given none
		l.on = false
	}
	now, m := x.o.Now(), x.o.Memory
	if passed := now.Sub(m.VainAt); passed >= 0 && passed < askAgain {
		l.after = m.Vain
	}
	passed := now.Sub(m.HelpedAt)
	l.help = passed < 0 || passed >= askAgain
	return nil
}

// bare is from how many coming commits on the other side leaves out what is sealed.
func (x *session) bare() uint64 {
	switch {
	case x.o.Narrow:
		return 1
	case x.loose.asker == nil:
		return 0
	}
	return bareFrom
}

// wants chooses which parts this question asks for.
func (x *session) wants(ctx context.Context) ([]byte, error) {
	l := &x.loose
	l.asked, l.came, l.all, l.swept, l.asks = nil, map[int]bool{}, false, false, l.help
	if !l.on {
		return nil, nil
	}
	most := min(wire.MaxPlaces/2, l.budget/smallestPart) + len(l.vain) // what there is no budget for need not be read
	list, err := l.asker.Wanted(ctx, l.after, most)
	if err != nil {
		return nil, fmt.Errorf("exchange: %w", err)
	}
	whole := len(list) < most
	size, n, budget := 0, 0, l.budget
	ahead := map[journal.PartPlace]bool{} // by their places: they may have been noted anew
	for _, m := range l.ahead {
		ahead[m.Place] = true
		budget += int(m.Size)
	}
	list = append(slices.Clone(l.ahead), slices.DeleteFunc(list, func(m journal.Missing) bool { return l.vain[m.N] || ahead[m.Place] })...)
	for n < len(list) && n < wire.MaxPlaces && (n == 0 || size < min(budget, mostParts)) {
		size += int(list[n].Size)
		n++
	}
	l.all = whole && n == len(list)
	l.asked = list[:n]
	slices.SortFunc(l.asked, func(a, b journal.Missing) int { return wire.ComparePlaces(a.Place, b.Place) })
	l.began = time.Now()
	return wire.PackPlaces(x.askedPlaces()), nil
}

func (x *session) askedPlaces() []journal.PartPlace {
	places := make([]journal.PartPlace, len(x.loose.asked))
	for i, m := range x.loose.asked {
		places[i] = m.Place
	}
	return places
}

// partsCame takes a frame of parts in.
func (x *session) partsCame(payload []byte) error {
	l := &x.loose
	places := x.askedPlaces()
	return wire.EachPart(payload, places, func(p journal.Loose) error {
		n, _ := slices.BinarySearchFunc(places, p.Place, wire.ComparePlaces)
		m := l.asked[n]
		if l.came[n] {
			return fmt.Errorf("parts: %w: one that came already", journal.ErrFormat)
		}
		if l.came[n] = true; journal.Hash(seal.Digest(p.Data)) != m.Digest {
			if len(l.wrong) < wire.MaxFaults {
				l.wrong = append(l.wrong, &Fault{Writer: p.Place.Writer, Seq: p.Place.Seq, Code: wire.FaultDamaged,
					Err: fmt.Errorf("%w: part %d is not the one its commit names", journal.ErrChain, p.Place.Index)})
			}
			x.inVain(m)
			return nil
		}
		l.batch, l.size = append(l.batch, p), l.size+len(p.Data)
		return nil
	})
}

func (x *session) inVain(m journal.Missing) {
	x.loose.vain[m.N] = true
	x.loose.last = max(x.loose.last, m.N)
}

// keepParts makes durable what came of them.
func (x *session) keepParts(ctx context.Context) error {
	l := &x.loose
	if len(l.batch) == 0 {
		return nil
	}
	n, err := x.copy.Supply(ctx, l.batch)
	if err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	l.taken += uint64(n)
	x.sum.Parts = l.taken
	l.batch, l.size = nil, 0
	return nil
}

// settleParts draws the conclusions of an answer that came whole. again: asking again will bring more, or is to bring what the
// other side lacks.
func (x *session) settleParts(ctx context.Context, end *wire.End) (again bool, err error) {
	l := &x.loose
	read := len(l.asked) - int(min(end.Unread, uint64(len(l.asked))))
	for n, m := range l.asked[:read] {
		if !l.came[n] {
			x.inVain(m)
		}
	}
	answered := map[journal.PartPlace]bool{}
	for _, m := range l.asked[:read] {
		answered[m.Place] = true
	}
	l.ahead = slices.DeleteFunc(slices.Clone(l.ahead), func(m journal.Missing) bool { return answered[m.Place] })
	again = len(l.asked) > 0 && (read < len(l.asked) || !l.all)
	if took := time.Since(l.began); took < quickly && read == len(l.asked) {
		l.budget = min(l.budget*2, mostParts)
	} else {
		l.budget = max(l.budget/2, leastParts)
	}
	if l.on && !again { // commits that came bare in this answer
		more, err := l.asker.Wanted(ctx, l.after, 1+len(l.vain))
		if err != nil {
			return false, fmt.Errorf("exchange: %w", err)
		}
		again = slices.ContainsFunc(more, func(m journal.Missing) bool { return !l.vain[m.N] })
	}
	l.asked, l.sent = nil, false
	if l.on && l.after > 0 && x.o.Memory.VainAt.Add(-x.sum.Skew).Before(time.UnixMilli(end.Filled).Add(time.Second)) { // there is more now than when it was asked
		l.after, again = 0, true
	}
	l.swept = !again
	if l.asks && !end.More { // of one that had no room left it is not known what it lacks
		l.help, l.helped = false, true
		if err := x.lacks(ctx, end.Lacks); err != nil {
			return false, err
		}
	}
	return again || l.help && !end.More || len(l.bring) > 0, nil
}

// lacks notes what of the parts that the other side lacks is here, and asks once more when it may lack others: an answer names
// only so many. Nothing is brought twice.
func (x *session) lacks(ctx context.Context, packed []byte) error {
	l := &x.loose
	places, err := wire.UnpackPlaces(packed)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	fresh := slices.DeleteFunc(slices.Clone(places), func(p journal.PartPlace) bool { return l.once[p] })
	before := len(l.bring)
	if err := x.copy.Parts(ctx, fresh, func(n int, _ []byte) error {
		l.once[fresh[n]] = true
		l.bring = append(l.bring, fresh[n])
		return nil
	}); err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	l.help = len(l.bring) > before && len(places) >= wire.MostLacks
	slices.SortFunc(l.bring, wire.ComparePlaces)
	return nil
}

// supply writes what the other side lacks, as far as the question has room.
func (x *session) supply(ctx context.Context, out *wire.FrameWriter) error {
	l := &x.loose
	if len(l.bring) == 0 {
		return nil
	}
	full := errors.New("full")
	var batch []journal.Loose
	size, done := 0, len(l.bring)
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		l.brings, l.sent = l.brings+uint64(len(batch)), true
		payload := wire.PackSupply(batch)
		batch, size = nil, 0
		return out.Write(wire.FrameSupply, payload)
	}
	err := x.copy.Parts(ctx, l.bring, func(n int, data []byte) error {
		if out.Bytes+int64(size) >= x.budget && out.Bytes > 0 {
			done = n
			return full
		}
		batch, size = append(batch, journal.Loose{Place: l.bring[n], Data: data}), size+len(data)
		if size < wire.PartsFrame {
			return nil
		}
		return send()
	})
	if err != nil && !errors.Is(err, full) {
		return fmt.Errorf("exchange: %w", err)
	}
	l.bring = l.bring[done:] // a question that is lost is not repeated: the other side says tomorrow what it still lacks
	return send()
}

// rememberLoose fills in what the next exchange need not ask again.
func (x *session) rememberLoose(m *Memory) {
	l := &x.loose
	m.Vain, m.VainAt, m.HelpedAt = x.o.Memory.Vain, x.o.Memory.VainAt, x.o.Memory.HelpedAt
	if l.swept && l.on && x.told && !x.sum.Revoked { // the revoked are given none, and the next who asks from here may be
		if l.after == 0 {
			m.VainAt = x.o.Now()
		}
		m.Vain = max(l.after, l.last)
	}
	if l.helped {
		m.HelpedAt = x.o.Now()
	}
	if l.owed && (l.help || l.sent || len(l.bring) > 0) {
		m.HelpedAt = time.Time{}
	}
}
