package relay

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// A relay may have taken what a member wrote after being revoked, before it heard of the revocation. It removes what does
// not stand, so that it says of itself that it holds no more than what everybody will take from it. Nodes that had it, and
// so had built on it, bring it again together with the commit that says so.

// expel removes what does not stand and gives the new heads of the chains that became shorter; 0: nothing of it is left.
func (w *sqlWorkspace) expel(ctx context.Context, tx *sql.Tx) (map[journal.WriterID]uint64, error) {
	all := map[journal.WriterID]uint64{}
	for {
		// A chain ends at a signature, which may be before the last commit that stands; then more may have to go.
		removed, err := w.expelOnce(ctx, tx)
		if err != nil || len(removed) == 0 {
			return all, err
		}
		for writer, seq := range removed {
			all[writer] = seq
		}
	}
}

func (w *sqlWorkspace) expelOnce(ctx context.Context, tx *sql.Tx) (map[journal.WriterID]uint64, error) {
	commits, err := w.openCommits(ctx, tx)
	if err != nil {
		return nil, err
	}
	heads, err := w.vector(ctx, tx)
	if err != nil {
		return nil, err
	}
	p := &purge{commits: commits, heads: heads, limits: map[journal.WriterID]uint64{}}
	p.before()
	if len(p.limits) == 0 {
		return nil, nil
	}
	vouches := map[vouching]uint64{}
	for writer := range p.limits {
		if err := w.vouches(ctx, tx, writer, func(by journal.WriterID, seq uint64) { vouches[vouching{writer, by}] = seq }); err != nil {
			return nil, err
		}
	}
	p.raise(vouches)
	p.disbelieve()
	removed := map[journal.WriterID]uint64{}
	for writer, limit := range p.limits {
		if heads[writer] <= limit {
			continue
		}
		if removed[writer], err = w.shorten(ctx, tx, writer, limit); err != nil {
			return nil, err
		}
	}
	if len(removed) > 0 {
		_, err = tx.ExecContext(ctx, "INSERT INTO removals (workspace, n) VALUES ($1, 1) ON CONFLICT (workspace) DO UPDATE SET n = removals.n + 1", w.id[:])
	}
	return removed, err
}

// purge finds out what stands when what a revoked member wrote beyond the cut is not believed.
type purge struct {
	commits []journal.Commit // with open parts
	heads   journal.Vector
	limits  map[journal.WriterID]uint64 // how far chains stand that may be held too far
	never   map[journal.Hash]bool       // what was not believed anyhow: damaged
	writers map[journal.WriterID]journal.Certificate
}

// before finds the chains that go beyond what who revoked their members knew.
func (p *purge) before() {
	roll, unbelieved := wire.RollOf(p.workspace(), p.commits)
	p.never, p.writers = map[journal.Hash]bool{}, roll.Writers
	for i := range unbelieved {
		p.never[unbelieved[i].Hash] = true
	}
	for writer, head := range p.heads {
		if cut, revoked := roll.RevokedCut(writer); revoked && head > cut {
			p.limits[writer] = cut
		}
	}
}

func (p *purge) workspace() (w journal.WorkspaceID) {
	if len(p.commits) > 0 {
		w = p.commits[0].Workspace
	}
	return w
}

// believing is the roll of what is within the limits, and what can no longer be believed.
func (p *purge) believing() (*journal.Roll, []journal.Commit) {
	var within, lost []journal.Commit
	for i := range p.commits {
		if limit, limited := p.limits[p.commits[i].Writer]; !limited || p.commits[i].Seq <= limit {
			within = append(within, p.commits[i])
		}
	}
	roll, unbelieved := wire.RollOf(p.workspace(), within)
	for i := range unbelieved {
		if !p.never[unbelieved[i].Hash] {
			lost = append(lost, unbelieved[i])
		}
	}
	return roll, lost
}

// raise adds what is vouched for. Only who is believed without what they vouch for counts: a revoked administrator could
// otherwise admit somebody who vouches for the admission.
func (p *purge) raise(vouches map[vouching]uint64) {
	for raised := true; raised; {
		raised = false
		roll, lost := p.believing()
		doubtful := map[journal.WriterID]bool{}
		for i := range lost {
			doubtful[lost[i].Writer] = true
		}
		for pair, seq := range vouches {
			cert, known := roll.Writers[pair.by]
			if seq = min(seq, p.heads[pair.of]); known && roll.Active(cert.Member) && !doubtful[pair.by] && seq > p.limits[pair.of] {
				p.limits[pair.of], raised = seq, true
			}
		}
	}
}

// disbelieve limits chains whose writers, or what they say openly, stood on what is removed.
func (p *purge) disbelieve() {
	for more := true; more; {
		more = false
		roll, lost := p.believing()
		lower := func(w journal.WriterID, to uint64) {
			limit, limited := p.limits[w]
			if !limited {
				limit = math.MaxUint64
			}
			if to < limit {
				p.limits[w], more = to, true
			}
		}
		for i := range lost {
			lower(lost[i].Writer, lost[i].Seq-1)
		}
		for writer := range p.writers {
			if _, known := roll.Writers[writer]; !known {
				lower(writer, 0)
			}
		}
	}
}

// shorten takes a chain back to its last signature within the limit.
func (w *sqlWorkspace) shorten(ctx context.Context, tx *sql.Tx, writer journal.WriterID, limit uint64) (uint64, error) {
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
	for _, table := range []string{"parts", "rolls", "commits"} {
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
	return uint64(to), w.vouchAgain(ctx, tx, writer)
}

// vouchAgain notes whom a writer vouches for in what is left of its chain.
func (w *sqlWorkspace) vouchAgain(ctx context.Context, tx *sql.Tx, writer journal.WriterID) error {
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
	return addVouches(ctx, tx, newVouchInserter(), w.id, highest)
}
