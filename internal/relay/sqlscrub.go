package relay

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// sealedTables hold what is sealed, in a column named data.
var sealedTables = []string{"parts", "chunks"}

// scrubMark begins the names of rows in the table about that say so, each for one table.
const scrubMark = "scrub "

// markScrub notes within a transaction that erases something in a table that it is to be scrubbed.
func markScrub(ctx context.Context, tx *transaction, table string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO about (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", scrubMark+table, strconv.FormatInt(time.Now().UnixNano(), 10))
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

// scrubOnce takes the marks away that it found: one of an erasing meanwhile stays.
func (s *SQLStore) scrubOnce(ctx context.Context) (bool, error) {
	marks, err := s.scrubDue(ctx)
	if err != nil {
		return false, err
	}
	if done, err := s.dialect.scrub(ctx, s.write, slices.Sorted(maps.Keys(marks))); err != nil || !done {
		return false, err
	}
	for table, mark := range marks {
		if _, err := s.write.ExecContext(ctx, "DELETE FROM about WHERE name = $1 AND value = $2", scrubMark+table, mark); err != nil {
			return false, err
		}
	}
	return true, nil
}

// scrubDue gives the marks by table.
func (s *SQLStore) scrubDue(ctx context.Context) (map[string]string, error) {
	marks := map[string]string{}
	rows, err := s.write.QueryContext(ctx, "SELECT name, value FROM about")
	return marks, each(rows, err, func() error {
		var name, value string
		err := rows.Scan(&name, &value)
		if table, is := strings.CutPrefix(name, scrubMark); is && slices.Contains(sealedTables, table) {
			marks[table] = value
		}
		return err
	})
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
