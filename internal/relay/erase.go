package relay

import (
	"context"
	"database/sql"
	"errors"

	"amparo/internal/journal"
)

// An erased part keeps its row, with zeros for its bytes: SQLite writes bytes of the same length where the old ones stand. To
// delete rows would move their neighbours to other pages, and of rows that are moved copies stay behind that a later
// erasure would not reach. What is removed with a revoked member's chain is blanked for the same reason. Other databases write
// a changed row elsewhere; there what was is only gone after scrubbed, and what is removed is simply deleted.

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
func (w *sqlWorkspace) erase(ctx context.Context, tx *transaction, roll *journal.Roll, from basis) (erased bool, err error) {
	w.mu.Lock()
	done := w.erased
	if from.removals != w.erasedAt {
		done = nil // some erasures may have been taken back since, and the parts brought again
	}
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
		if err := w.eraseChunks(ctx, tx, p); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM lacks WHERE workspace = $1 AND writer = $2 AND seq = $3 AND idx = $4", w.id[:], p.Writer[:], int64(p.Seq), int64(p.Index)); err != nil {
			return false, err
		}
	}
	if !erased {
		return false, nil
	}
	return true, markScrub(ctx, tx, "parts")
}

// unerase notes as missing what was erased by somebody whose word turned out not to stand: who has it brings it again. before is
// what was believed until now, read what the batch said at first.
func (w *sqlWorkspace) unerase(ctx context.Context, tx *transaction, before, read, now *journal.Roll) error {
	into := newLacking(&w.store.dialect)
	note := func(p journal.PartPlace) error {
		if now.Erased[p] {
			return nil
		}
		s, err := w.part(ctx, tx, now, p)
		if err != nil || !s.known || s.data != nil {
			return err
		}
		if before.Erased[p] { // it was counted when it came, and is again when it comes back
			if err := w.count(ctx, tx, p.Writer, -int64(s.header.Size)); err != nil {
				return err
			}
		}
		header := journal.Header{Workspace: w.id, Writer: p.Writer, Seq: p.Seq, Parts: make([]journal.PartHeader, p.Index+1)}
		header.Parts[p.Index] = s.header
		return into.note(ctx, tx, &header, int(p.Index))
	}
	for p := range before.Erased {
		if err := note(p); err != nil {
			return err
		}
	}
	for p := range read.Erased {
		if before.Erased[p] {
			continue
		}
		if err := note(p); err != nil {
			return err
		}
	}
	return into.flush(ctx, tx)
}

// erasedNow remembers, once it is durable, what is blanked.
func (w *sqlWorkspace) erasedNow(ctx context.Context, roll *journal.Roll, from basis) {
	w.mu.Lock()
	w.erased, w.erasedAt = roll, from.removals
	w.mu.Unlock()
	w.store.scrub.due.Store(true)
	_ = w.store.SweepChunks(ctx) // what stands in the way now is swept after the next erasure, or when the relay starts
	w.store.scrubbed(ctx)
}

func isErased(roll *journal.Roll, c *journal.Commit, index int) bool {
	return c.Header.Parts[index].Tag != 0 && roll.Erased[journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(index)}]
}
