package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// basis is what a roll was made from: how many commits with open parts, after how many removals.
type basis struct{ removals, opened int }

// rollNow gives the roll as the database has it: the remembered one if nothing changed meanwhile.
func (w *sqlWorkspace) rollNow(ctx context.Context, from asking) (roll *journal.Roll, now basis, err error) {
	if _, undecided := from.(*transaction); undecided {
		return w.rollOf(ctx, from)
	}
	err = w.store.persist(ctx, func() (err error) { roll, now, err = w.rollOf(ctx, from); return err })
	return roll, now, err
}

func (w *sqlWorkspace) rollOf(ctx context.Context, from asking) (*journal.Roll, basis, error) {
	var now basis
	if err := from.QueryRowContext(ctx, "SELECT count(*) FROM rolls WHERE workspace = $1", w.id[:]).Scan(&now.opened); err != nil {
		return nil, now, err
	}
	err := from.QueryRowContext(ctx, "SELECT n FROM removals WHERE workspace = $1", w.id[:]).Scan(&now.removals)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, now, err
	}
	w.mu.Lock()
	roll, basis := w.roll, w.basis
	w.mu.Unlock()
	if roll != nil && basis == now {
		return roll, now, nil
	}
	commits, err := w.openCommits(ctx, from)
	if err != nil {
		return nil, now, err
	}
	roll, _ = wire.RollOf(w.id, commits)
	if _, undecided := from.(*transaction); !undecided {
		w.remember(roll, now)
	}
	return roll, now, nil
}

// openCommits reads all commits with open parts.
func (w *sqlWorkspace) openCommits(ctx context.Context, from asking) ([]journal.Commit, error) {
	type key struct {
		writer journal.WriterID
		seq    int64
	}
	var commits []journal.Commit
	at := map[key]int{}
	rows, err := from.QueryContext(ctx, `SELECT r.writer, r.seq, c.header, p.idx, p.data FROM rolls r
		JOIN commits c ON c.workspace = r.workspace AND c.writer = r.writer AND c.seq = r.seq
		JOIN parts p ON p.workspace = r.workspace AND p.writer = r.writer AND p.seq = r.seq
		WHERE r.workspace = $1 ORDER BY c.time, r.writer, r.seq, p.idx`, w.id[:])
	err = each(rows, err, func() error {
		var rawWriter, header, data []byte
		var k key
		var idx int
		if err := rows.Scan(&rawWriter, &k.seq, &header, &idx, &data); err != nil {
			return err
		}
		writer, err := id16(rawWriter)
		if err != nil {
			return err
		}
		k.writer = writer
		i, begun := at[k]
		if !begun {
			h, err := journal.DecodeHeader(header)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			i = len(commits)
			at[k] = i
			commits = append(commits, journal.Commit{Header: h, Hash: journal.HashOf(header), Parts: make([][]byte, len(h.Parts))})
		}
		if idx < len(commits[i].Parts) {
			commits[i].Parts[idx] = data
		}
		return nil
	})
	return commits, err
}

// remember keeps a roll that the database has for good.
func (w *sqlWorkspace) remember(roll *journal.Roll, from basis) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if from.removals > w.basis.removals || from.removals == w.basis.removals && from.opened >= w.basis.opened {
		w.roll, w.basis = roll, from
	}
}

func (w *sqlWorkspace) Writer(ctx context.Context, id journal.WriterID) (seal.VerifyKey, bool, error) {
	roll, _, err := w.rollNow(ctx, w.store.read)
	if err != nil {
		return seal.VerifyKey{}, false, w.store.plain("read the roll", err)
	}
	cert, known := roll.Writers[id]
	return cert.Writer, known, nil
}

func (w *sqlWorkspace) Member(ctx context.Context, id journal.MemberID) (seal.VerifyKey, bool, error) {
	roll, _, err := w.rollNow(ctx, w.store.read)
	if err != nil {
		return seal.VerifyKey{}, false, w.store.plain("read the roll", err)
	}
	keys, known := roll.Members[id]
	return keys.Sign, known, nil
}

// Cut says whether a writer's member is revoked, and how far the writer's commits stand.
func (w *sqlWorkspace) Cut(ctx context.Context, id journal.WriterID, m journal.MemberID) (seq uint64, revoked bool, err error) {
	roll, _, err := w.rollNow(ctx, w.store.read)
	if err != nil {
		return 0, false, w.store.plain("read the roll", err)
	}
	if cert, known := roll.Writers[id]; known {
		m = cert.Member
	}
	if seq, revoked = roll.CutOf(m, id); !revoked {
		return 0, false, nil
	}
	vouched, err := w.vouched(ctx, w.store.read, roll, id)
	return max(seq, vouched), true, w.store.plain("read who vouches", err)
}

func sameRevocations(a, b *journal.Roll) bool {
	return a == b || maps.EqualFunc(a.Revoked, b.Revoked, func(x, y journal.Revocation) bool { return slices.Equal(x.Heads, y.Heads) })
}
