package relay

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// scrub is what remains to be done once erased parts are overwritten: what they held before may still stand where the database
// keeps it beside its tables, or in rows that nobody sees any more. That it is due is written down with the erasing, so that it
// is not forgotten when the process ends first.
type scrub struct {
	due    atomic.Bool
	going  atomic.Bool // one is under way
	beside sync.WaitGroup
	mu     sync.Mutex // guards stop and ended
	stop   context.CancelFunc
	ended  bool
}

// scrubMark is the row in the table about that says so.
const scrubMark = "scrub"

// markScrub notes within a transaction that erases that scrubbing is due.
func markScrub(ctx context.Context, tx *transaction) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO about (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", scrubMark, strconv.FormatInt(time.Now().UnixNano(), 10))
	return err
}

// scrubbed does what is due. It may have to wait, for readers in the way; then it is done after the next batch, or when the store
// is opened again. Where it takes long it is done beside the work.
func (s *SQLStore) scrubbed(ctx context.Context) {
	if !s.scrub.due.Load() || !s.scrub.going.CompareAndSwap(false, true) {
		return
	}
	if !s.dialect.slow {
		s.scrubAll(ctx)
		return
	}
	s.scrub.mu.Lock()
	defer s.scrub.mu.Unlock()
	if s.scrub.ended {
		return
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.scrub.stop = stop
	s.scrub.beside.Go(func() { defer stop(); s.scrubAll(ctx) })
}

func (s *SQLStore) scrubAll(ctx context.Context) {
	defer s.scrub.going.Store(false)
	for s.scrub.due.CompareAndSwap(true, false) {
		if done, err := s.scrubOnce(ctx); err != nil || !done {
			s.scrub.due.Store(true)
			return
		}
	}
}

// scrubOnce takes the mark away that it found: one of an erasing meanwhile stays.
func (s *SQLStore) scrubOnce(ctx context.Context) (bool, error) {
	mark, err := s.scrubDue(ctx)
	if err != nil {
		return false, err
	}
	if done, err := s.dialect.scrub(ctx, s.write); err != nil || !done {
		return false, err
	}
	if mark == "" {
		return true, nil
	}
	_, err = s.write.ExecContext(ctx, "DELETE FROM about WHERE name = $1 AND value = $2", scrubMark, mark)
	return err == nil, err
}

func (s *SQLStore) scrubDue(ctx context.Context) (mark string, err error) {
	err = s.write.QueryRowContext(ctx, "SELECT value FROM about WHERE name = $1", scrubMark).Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return mark, err
}

// end stops what goes on beside.
func (s *scrub) end() {
	s.mu.Lock()
	s.ended = true
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	s.beside.Wait()
}
