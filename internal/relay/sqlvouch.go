package relay

import (
	"context"

	"amparo/internal/journal"
)

// vouching is that one writer's commits name another's as seen.
type vouching struct{ of, by journal.WriterID }

// addSeen notes the highest commit of each writer that a header names as seen.
func addSeen(highest map[vouching]uint64, h *journal.Header) {
	for _, s := range h.Seen {
		pair := vouching{s.Writer, h.Writer}
		highest[pair] = max(highest[pair], s.Seq)
	}
}

func newVouchInserter(d *dialect) *inserter {
	return newInserter(d, "vouch", "workspace, writer, by, seq", " ON CONFLICT (workspace, writer, by) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > vouch.seq")
}

// addVouches hands rows to the inserter. One statement must not name a pair twice, so it is flushed for each set.
func addVouches(ctx context.Context, tx *transaction, into *inserter, id journal.WorkspaceID, highest map[vouching]uint64) error {
	for pair, seq := range highest {
		if err := into.add(ctx, tx, id[:], pair.of[:], pair.by[:], int64(seq)); err != nil {
			return err
		}
	}
	return into.flush(ctx, tx)
}

// vouched is the highest commit of the writer that commits held here name as seen, of members who are not revoked.
func (w *sqlWorkspace) vouched(ctx context.Context, from asking, roll *journal.Roll, writer journal.WriterID) (highest uint64, err error) {
	err = w.vouches(ctx, from, writer, func(by journal.WriterID, seq uint64) {
		if roll.Active(roll.MemberOf(by)) {
			highest = max(highest, seq)
		}
	})
	return highest, err
}

func (w *sqlWorkspace) vouches(ctx context.Context, from asking, writer journal.WriterID, tell func(by journal.WriterID, seq uint64)) error {
	rows, err := from.QueryContext(ctx, "SELECT by, seq FROM vouch WHERE workspace = $1 AND writer = $2", w.id[:], writer[:])
	return each(rows, err, func() error {
		var raw []byte
		var seq int64
		if err := rows.Scan(&raw, &seq); err != nil {
			return err
		}
		by, err := id16(raw)
		tell(by, uint64(seq))
		return err
	})
}

// vouchesAll lists who vouches for writers whose members are revoked.
func (w *sqlWorkspace) vouchesAll(ctx context.Context, from asking, roll *journal.Roll) (list []journal.Vouch, err error) {
	for writer := range roll.Writers {
		if _, revoked := roll.RevokedCut(writer); !revoked {
			continue
		}
		if err := w.vouches(ctx, from, writer, func(by journal.WriterID, seq uint64) {
			list = append(list, journal.Vouch{Of: writer, By: by, Seq: seq})
		}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// fillVouch reads all headers: stores of version 1 did not note who vouches for whom.
func fillVouch(ctx context.Context, tx *transaction, d *dialect) error {
	highest := map[journal.WorkspaceID]map[vouching]uint64{}
	rows, err := tx.QueryContext(ctx, "SELECT header FROM commits")
	err = each(rows, err, func() error {
		var header []byte
		if err := rows.Scan(&header); err != nil {
			return err
		}
		h, err := journal.DecodeHeader(header)
		if err != nil {
			return nil // damaged: it is named when it is to be given
		}
		if highest[h.Workspace] == nil {
			highest[h.Workspace] = map[vouching]uint64{}
		}
		addSeen(highest[h.Workspace], &h)
		return nil
	})
	if err != nil {
		return err
	}
	for id, pairs := range highest {
		if err := addVouches(ctx, tx, newVouchInserter(d), id, pairs); err != nil {
			return err
		}
	}
	return nil
}
