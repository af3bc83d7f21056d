package relay

import (
	"context"
	"database/sql"
	"errors"
	"maps"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// A relay may have taken what a member wrote after being revoked, before it heard of the revocation. It removes what does
// not stand, so that it says of itself that it holds no more than what everybody will take from it. Nodes that had it, and
// so had built on it, bring it again together with the commit that says so.

// expel removes what does not stand and gives the new heads of the chains that became shorter; 0: nothing of it is left.
func (w *sqlWorkspace) expel(ctx context.Context, tx *transaction) (map[journal.WriterID]uint64, error) {
	stands, err := w.stands(ctx, tx)
	if err != nil || stands == nil {
		return nil, err
	}
	all := map[journal.WriterID]uint64{}
	for {
		stands.Disbelieve()
		removed, err := w.remove(ctx, tx, stands.Limits)
		if err != nil {
			return nil, err
		}
		if len(removed) == 0 {
			break
		}
		maps.Copy(all, removed)
		// A chain can only end where its writer signed, which may be before the last commit that stands; and who is gone
		// vouches no longer.
		left, vouches, err := w.standingOn(ctx, tx)
		if err != nil {
			return nil, err
		}
		stands.Again(left, vouches)
	}
	if len(all) > 0 {
		_, err = tx.ExecContext(ctx, "INSERT INTO removals (workspace, n) VALUES ($1, 1) ON CONFLICT (workspace) DO UPDATE SET n = removals.n + 1", w.id[:])
	}
	return all, err
}

// stands finds out what stands; nil when all does.
func (w *sqlWorkspace) stands(ctx context.Context, tx *transaction) (*journal.Standing, error) {
	commits, vouches, err := w.standingOn(ctx, tx)
	if err != nil {
		return nil, err
	}
	heads, err := w.vector(ctx, tx)
	if err != nil {
		return nil, err
	}
	roll, _ := wire.RollOf(w.id, commits)
	over := false
	for writer, head := range heads {
		cut, revoked := roll.RevokedCut(writer)
		over = over || revoked && head > cut
	}
	if !over {
		return nil, nil
	}
	return journal.Stand(roll, commits, vouches), nil
}

// standingOn reads what Stand needs.
func (w *sqlWorkspace) standingOn(ctx context.Context, tx *transaction) ([]journal.Commit, []journal.Vouch, error) {
	commits, err := w.openCommits(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	roll, _ := wire.RollOf(w.id, commits)
	vouches, err := w.vouchesAll(ctx, tx, roll)
	return commits, vouches, err
}

func (w *sqlWorkspace) remove(ctx context.Context, tx *transaction, limits map[journal.WriterID]uint64) (map[journal.WriterID]uint64, error) {
	heads, err := w.vector(ctx, tx)
	if err != nil {
		return nil, err
	}
	removed := map[journal.WriterID]uint64{}
	for writer, limit := range limits {
		if heads[writer] > limit {
			if removed[writer], err = w.shorten(ctx, tx, writer, limit); err != nil {
				return nil, err
			}
		}
	}
	return removed, nil
}

// shorten takes a chain back to its last signature within the limit.
func (w *sqlWorkspace) shorten(ctx context.Context, tx *transaction, writer journal.WriterID, limit uint64) (uint64, error) {
	to, hash := int64(0), []byte(nil)
	err := tx.QueryRowContext(ctx, "SELECT seq, hash FROM commits WHERE workspace = $1 AND writer = $2 AND seq <= $3 AND sig IS NOT NULL ORDER BY seq DESC LIMIT 1",
		w.id[:], writer[:], int64(min(limit, journal.MaxSeq))).Scan(&to, &hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return 0, err
	case len(hash) != len(journal.Hash{}):
		return 0, ErrDamaged
	}
	tables := []string{"rolls", "lacks", "commits"}
	if !w.store.dialect.inPlace {
		tables = append(tables, "parts")
	} else if err := w.blank(ctx, tx, "writer = $2 AND seq > $3", writer[:], to); err != nil {
		return 0, err
	}
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE workspace = $1 AND writer = $2 AND seq > $3", w.id[:], writer[:], to); err != nil {
			return 0, err
		}
	}
	if to > 0 {
		err = w.setHead(ctx, tx, writer, journal.Head{Seq: uint64(to), Hash: journal.Hash(hash)})
	} else {
		_, err = tx.ExecContext(ctx, "DELETE FROM heads WHERE workspace = $1 AND writer = $2", w.id[:], writer[:])
	}
	if err != nil {
		return 0, err
	}
	if err := w.countAgain(ctx, tx, writer, to); err != nil {
		return 0, err
	}
	return uint64(to), w.vouchAgain(ctx, tx, writer)
}

// vouchAgain notes whom a writer vouches for in what is left of its chain.
func (w *sqlWorkspace) vouchAgain(ctx context.Context, tx *transaction, writer journal.WriterID) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM vouch WHERE workspace = $1 AND by = $2", w.id[:], writer[:]); err != nil {
		return err
	}
	highest := map[vouching]uint64{}
	rows, err := tx.QueryContext(ctx, "SELECT header FROM commits WHERE workspace = $1 AND writer = $2", w.id[:], writer[:])
	err = each(rows, err, func() error {
		var header []byte
		if err := rows.Scan(&header); err != nil {
			return err
		}
		h, err := journal.DecodeHeader(header)
		if err == nil {
			addSeen(highest, &h)
		}
		return nil // a damaged one is named when it is to be given
	})
	if err != nil {
		return err
	}
	return addVouches(ctx, tx, newVouchInserter(&w.store.dialect), w.id, highest)
}
