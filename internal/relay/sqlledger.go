package relay

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"amparo/internal/journal"
)

// fillStored counts what stores of earlier versions hold.
func fillStored(ctx context.Context, tx *transaction) error {
	for _, statement := range []string{
		`INSERT INTO stored (workspace, writer, bytes)
			SELECT workspace, writer, SUM(LENGTH(header) + COALESCE(LENGTH(sig), 0)) FROM commits GROUP BY workspace, writer`,
		`UPDATE stored SET bytes = bytes + COALESCE((SELECT SUM(LENGTH(data)) FROM parts
			WHERE parts.workspace = stored.workspace AND parts.writer = stored.writer), 0)`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func newStoredInserter(d *dialect) *inserter {
	return newInserter(d, "stored", "workspace, writer, bytes", " ON CONFLICT (workspace, writer) DO UPDATE SET bytes = stored.bytes + excluded.bytes")
}

// count notes that something more of a writer's is held.
func (w *sqlWorkspace) count(ctx context.Context, tx *transaction, writer journal.WriterID, bytes int64) error {
	into := newStoredInserter(&w.store.dialect)
	if err := into.add(ctx, tx, w.id[:], writer[:], bytes); err != nil {
		return err
	}
	return into.flush(ctx, tx)
}

// countAgain counts a chain that was shortened. Rows of parts that were blanked stay; they are overwritten by what comes.
func (w *sqlWorkspace) countAgain(ctx context.Context, tx *transaction, writer journal.WriterID, to int64) error {
	var commits, parts int64
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(SUM(LENGTH(header) + COALESCE(LENGTH(sig), 0)), 0) FROM commits WHERE workspace = $1 AND writer = $2 AND seq <= $3",
		w.id[:], writer[:], to).Scan(&commits); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(SUM(LENGTH(data)), 0) FROM parts WHERE workspace = $1 AND writer = $2 AND seq <= $3", w.id[:], writer[:], to).Scan(&parts); err != nil {
		return err
	}
	var chunks int64
	if err := tx.QueryRowContext(ctx, "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM chunks WHERE workspace = $1 AND writer = $2 AND gone <> $3", w.id[:], writer[:], chunkComing).Scan(&chunks); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO stored (workspace, writer, bytes) VALUES ($1, $2, $3)
		ON CONFLICT (workspace, writer) DO UPDATE SET bytes = excluded.bytes`, w.id[:], writer[:], commits+parts+chunks)
	return err
}

// Workspaces lists those that brought something, and those an operator decided about, by id.
func (s *SQLStore) Workspaces(ctx context.Context) ([]journal.WorkspaceID, error) {
	var list []journal.WorkspaceID
	rows, err := s.read.QueryContext(ctx, "SELECT DISTINCT workspace FROM heads UNION SELECT workspace FROM terms")
	err = each(rows, err, func() error {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		id, err := id16(raw)
		list = append(list, id)
		return err
	})
	slices.SortFunc(list, func(a, b journal.WorkspaceID) int { return bytes.Compare(a[:], b[:]) })
	return list, s.plain("list workspaces", err)
}

// Used counts what a workspace brought.
func (s *SQLStore) Used(ctx context.Context, id journal.WorkspaceID) (u Used, err error) {
	if err := s.read.QueryRowContext(ctx, "SELECT CAST(COALESCE(SUM(seq), 0) AS BIGINT) FROM heads WHERE workspace = $1", id[:]).Scan(&u.Commits); err != nil {
		return u, s.plain("count commits", err)
	}
	err = s.read.QueryRowContext(ctx, "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM stored WHERE workspace = $1", id[:]).Scan(&u.Bytes)
	return u, s.plain("count bytes", err)
}

// Terms gives what the operator decided about a workspace.
func (s *SQLStore) Terms(ctx context.Context, id journal.WorkspaceID) (t Terms, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT standing, bytes, commits FROM terms WHERE workspace = $1", id[:]).Scan(&t.Standing, &t.Quota.Bytes, &t.Quota.Commits)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return t, s.plain("read terms", err)
}

// Decide replaces what the operator decided about a workspace.
func (s *SQLStore) Decide(ctx context.Context, id journal.WorkspaceID, t Terms) error {
	if t.Standing != StandingNone && t.Standing != StandingKnown && t.Standing != StandingClosed || t.Quota.Bytes < -1 || t.Quota.Commits < -1 {
		return fmt.Errorf("decide about a workspace: %w", ErrTerms)
	}
	return s.plain("decide about a workspace", s.transact(ctx, func(tx *transaction) error {
		if t == (Terms{}) {
			_, err := tx.ExecContext(ctx, "DELETE FROM terms WHERE workspace = $1", id[:])
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO terms (workspace, standing, bytes, commits) VALUES ($1, $2, $3, $4)
			ON CONFLICT (workspace) DO UPDATE SET standing = excluded.standing, bytes = excluded.bytes, commits = excluded.commits`,
			id[:], t.Standing, t.Quota.Bytes, t.Quota.Commits)
		return err
	}))
}

// Administers reports whether the writer's member administers now.
func (w *sqlWorkspace) Administers(ctx context.Context, writer journal.WriterID) (bool, error) {
	roll, _, err := w.rollNow(ctx, w.store.read)
	if err != nil {
		return false, w.store.plain("read the roll", err)
	}
	return roll.Administers(roll.MemberOf(writer)), nil
}
