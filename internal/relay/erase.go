package relay

import (
	"context"
	"database/sql"
	"errors"

	"amparo/internal/journal"
)

// An erased part keeps its row, with zeros for its bytes: SQLite writes bytes of the same length where the old ones stand. To
// delete rows would move their neighbours to other pages, and of rows that are moved copies stay behind that a later
// erasure would not reach. What is removed with a revoked member's chain is blanked for the same reason.

// blank overwrites parts. The row stays, and means nothing.
func (w *sqlWorkspace) blank(ctx context.Context, tx *transaction, which string, args ...any) error {
	_, err := tx.ExecContext(ctx, "UPDATE parts SET data = "+w.store.dialect.zeros+" WHERE workspace = $1 AND "+which, append([]any{w.id[:]}, args...)...)
	return err
}

// isBlank reports a part that was overwritten. What is sealed is never zeros only.
func isBlank(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return len(data) > 0
}

// erase blanks what the roll says is erased and was not blanked by this process: what an earlier program kept without
// understanding it too.
func (w *sqlWorkspace) erase(ctx context.Context, tx *transaction, roll *journal.Roll) (erased bool, err error) {
	w.mu.Lock()
	done := w.erased
	w.mu.Unlock()
	if roll == done || len(roll.Erased) == 0 {
		return false, nil
	}
	for p := range roll.Erased {
		if done != nil && done.Erased[p] {
			continue
		}
		erased = true
		var header []byte
		err := tx.QueryRowContext(ctx, "SELECT header FROM commits WHERE workspace = $1 AND writer = $2 AND seq = $3", w.id[:], p.Writer[:], int64(p.Seq)).Scan(&header)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return false, err
		}
		if h, err := journal.DecodeHeader(header); err == nil && (int(p.Index) >= len(h.Parts) || h.Parts[p.Index].Tag == 0) {
			continue // what is open is never erased
		}
		if err := w.blank(ctx, tx, "writer = $2 AND seq = $3 AND idx = $4", p.Writer[:], int64(p.Seq), int64(p.Index)); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM lacks WHERE workspace = $1 AND writer = $2 AND seq = $3 AND idx = $4", w.id[:], p.Writer[:], int64(p.Seq), int64(p.Index)); err != nil {
			return false, err
		}
	}
	return erased, nil
}

// erasedNow remembers, once it is durable, what is blanked.
func (w *sqlWorkspace) erasedNow(ctx context.Context, roll *journal.Roll) {
	w.mu.Lock()
	w.erased = roll
	w.mu.Unlock()
	w.store.scrub.Store(true)
	w.store.scrubbed(ctx)
}

// scrubbed removes what erased parts held before from where the database keeps it beside its tables. It may have to wait; then
// it is done after the next batch, or when the store is opened again.
func (s *SQLStore) scrubbed(ctx context.Context) {
	if !s.scrub.Load() {
		return
	}
	if done, err := s.dialect.scrub(ctx, s.write); err == nil && done {
		s.scrub.Store(false)
	}
}

func isErased(roll *journal.Roll, c *journal.Commit, index int) bool {
	return c.Header.Parts[index].Tag != 0 && roll.Erased[journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(index)}]
}
