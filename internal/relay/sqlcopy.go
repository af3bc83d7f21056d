package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// sqlWorkspace is one workspace in a SQLStore. It remembers the roll; everything else it asks the database, so that
// several relays may stand before one.
type sqlWorkspace struct {
	store *SQLStore
	id    journal.WorkspaceID

	filled   atomic.Int64  // when what was missing last came with its commits, milliseconds since 1970
	strays   atomic.Bool   // rows were found beyond the end of a chain, as a restored or mended database may have them
	turn     chan struct{} // held by who changes it through this process
	mu       sync.Mutex    // guards which roll is remembered; a roll itself never changes
	erased   *journal.Roll // the one whose erasures this process has seen done …
	erasedAt int           // … after so many removals
	roll     *journal.Roll
	basis    basis
}

// asking is what *sql.DB and *transaction have in common.
type asking interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func id16(raw []byte) (id [16]byte, err error) {
	if len(raw) != len(id) {
		return id, fmt.Errorf("%w: an id of %d bytes", ErrDamaged, len(raw))
	}
	return [16]byte(raw), nil
}

func each(rows *sql.Rows, err error, row func() error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (w *sqlWorkspace) Vector(ctx context.Context) (journal.Vector, error) {
	var v journal.Vector
	err := w.store.persist(ctx, func() (err error) { v, err = w.vector(ctx, w.store.read); return err })
	return v, w.store.plain("read heads", err)
}

func (w *sqlWorkspace) vector(ctx context.Context, from asking) (journal.Vector, error) {
	v := journal.Vector{}
	rows, err := from.QueryContext(ctx, "SELECT writer, seq FROM heads WHERE workspace = $1", w.id[:])
	err = each(rows, err, func() error {
		var raw []byte
		var seq int64
		if err := rows.Scan(&raw, &seq); err != nil {
			return err
		}
		id, err := id16(raw)
		v[id] = uint64(seq)
		return err
	})
	return v, err
}

func (w *sqlWorkspace) Hash(ctx context.Context, writer journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	var hash journal.Hash
	var held bool
	err := w.store.persist(ctx, func() (err error) { hash, held, err = w.hash(ctx, w.store.read, writer, seq); return err })
	return hash, held, w.store.plain("read a commit", err)
}

func (w *sqlWorkspace) hash(ctx context.Context, from asking, writer journal.WriterID, seq uint64) (hash journal.Hash, held bool, err error) {
	var raw []byte
	err = from.QueryRowContext(ctx, "SELECT hash FROM commits WHERE workspace = $1 AND writer = $2 AND seq = $3", w.id[:], writer[:], int64(seq)).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return hash, false, nil
	}
	if err == nil && len(raw) != len(hash) {
		err = ErrDamaged
	}
	copy(hash[:], raw)
	return hash, err == nil, err
}

// chain is what Judge asks, within one transaction: what the database holds, and what of this batch is not written yet.
type chain struct {
	ctx   context.Context
	w     *sqlWorkspace
	tx    *transaction
	roll  *journal.Roll
	heads map[journal.WriterID]journal.Head
	fresh *tables
}

func (c *chain) Head(writer journal.WriterID) (journal.Head, error) {
	if h, ok := c.heads[writer]; ok {
		return h, nil
	}
	var h journal.Head
	var seq int64
	var hash []byte
	err := c.tx.QueryRowContext(c.ctx, "SELECT seq, hash FROM heads WHERE workspace = $1 AND writer = $2", c.w.id[:], writer[:]).Scan(&seq, &hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return h, err
	case len(hash) != len(h.Hash):
		return h, ErrDamaged
	default:
		h.Seq, h.Hash = uint64(seq), journal.Hash(hash)
	}
	c.heads[writer] = h
	return h, nil
}

func (c *chain) HashAt(writer journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	if hash, fresh := c.fresh.hashes[place{writer, seq}]; fresh {
		return hash, true, nil
	}
	return c.w.hash(c.ctx, c.tx, writer, seq)
}

func (c *chain) Vouched(writer journal.WriterID) (uint64, error) {
	highest, err := c.w.vouched(c.ctx, c.tx, c.roll, writer)
	for pair, seq := range c.fresh.seen {
		if pair.of == writer && c.roll.Active(c.roll.MemberOf(pair.by)) {
			highest = max(highest, seq)
		}
	}
	return highest, err
}

// Take stores a batch in one transaction.
func (w *sqlWorkspace) Take(ctx context.Context, runs []journal.Run) ([]error, error) {
	var verdicts []error
	var roll *journal.Roll
	var from basis
	var erased bool
	filled := 0
	err := w.change(ctx, func(tx *transaction) (err error) {
		verdicts, filled = make([]error, len(runs)), 0
		roll, from, err = w.rollNow(ctx, tx)
		if err != nil {
			return err
		}
		before := roll
		into := newTables(&w.store.dialect, w.id, !w.strays.Load())
		held := &chain{ctx: ctx, w: w, tx: tx, roll: roll, heads: map[journal.WriterID]journal.Head{}, fresh: into}
		for i := range runs {
			v, err := wire.Judge(roll, held, &runs[i])
			var fault *wire.Fault
			switch {
			case errors.Is(err, wire.ErrParked):
				continue
			case errors.As(err, &fault):
				verdicts[i] = fault
				continue
			case err != nil:
				return err
			}
			some, err := w.fill(ctx, tx, roll, runs[i].Commits[:len(runs[i].Commits)-len(v.Fresh)])
			if err != nil {
				return err
			}
			if filled += some; len(v.Fresh) == 0 {
				continue
			}
			opened, err := into.add(ctx, tx, v.Roll, v.Fresh, runs[i].Sig)
			if err != nil {
				return err
			}
			roll, from.opened, held.roll = v.Roll, from.opened+opened, v.Roll
			last := v.Fresh[len(v.Fresh)-1]
			held.heads[last.Writer] = journal.Head{Seq: last.Seq, Hash: last.Hash}
			into.ends[last.Writer] = held.heads[last.Writer]
		}
		if err := into.flush(ctx, tx); err != nil {
			w.strays.Store(w.strays.Load() || errors.Is(err, errHeld))
			return err
		}
		read, limits := roll, map[journal.WriterID]uint64(nil)
		if !sameRevocations(before, roll) {
			if limits, err = w.expel(ctx, tx); err != nil {
				return err
			}
		}
		if len(limits) > 0 {
			if roll, from, err = w.rollNow(ctx, tx); err != nil {
				return err
			}
		}
		if erased, err = w.erase(ctx, tx, roll, from); err != nil {
			return err
		}
		if len(into.hashes) == 0 && !erased && filled == 0 {
			return errUnchanged
		}
		for i := range runs {
			last := runs[i].Last()
			if limit, gone := limits[last.Writer]; gone && verdicts[i] == nil && last.Seq > limit {
				verdicts[i] = &wire.Fault{Writer: last.Writer, Seq: max(limit+1, runs[i].First().Seq), Code: wire.FaultRevoked, Err: fmt.Errorf("%w: what it stood on is revoked", journal.ErrChain)}
			}
		}
		return w.unerase(ctx, tx, before, read, roll)
	})
	if err != nil {
		return nil, w.store.plain("store commits", err)
	}
	if w.remember(roll, from); filled > 0 {
		w.filled.Store(time.Now().UnixMilli())
	}
	if erased {
		w.erasedNow(ctx, roll, from)
	}
	w.store.scrubbed(ctx)
	return verdicts, nil
}

func (w *sqlWorkspace) setHead(ctx context.Context, tx *transaction, writer journal.WriterID, h journal.Head) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO heads (workspace, writer, seq, hash) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace, writer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, w.id[:], writer[:], int64(h.Seq), h.Hash[:])
	return err
}

// tables are the rows of a batch on their way.
type tables struct {
	workspace                                  journal.WorkspaceID
	commits, parts, rolls, vouch, last, stored *inserter
	lacks                                      *lacking

	hashes map[place]journal.Hash            // of the commits
	seen   map[vouching]uint64               // what they say they have seen
	ends   map[journal.WriterID]journal.Head // of the chains that became longer
	bytes  map[journal.WriterID]int64        // of what was added
}

// place is where a commit stands.
type place struct {
	writer journal.WriterID
	seq    uint64
}

// newTables begins a batch. Fresh: nothing is held beyond the end of a chain, as it should be.
func newTables(d *dialect, id journal.WorkspaceID, fresh bool) *tables {
	t := &tables{
		workspace: id,
		commits:   newInserter(d, "commits", "workspace, writer, seq, hash, time, header, sig", " ON CONFLICT DO NOTHING"),
		parts:     newInserter(d, "parts", "workspace, writer, seq, idx, shelf, data", " ON CONFLICT (workspace, writer, seq, idx) DO UPDATE SET shelf = excluded.shelf, data = excluded.data"),
		rolls:     newInserter(d, "rolls", "workspace, writer, seq", " ON CONFLICT DO NOTHING"),
		vouch:     newVouchInserter(d),
		lacks:     newLacking(d),
		stored:    newStoredInserter(d),
		last:      newInserter(d, "heads", "workspace, writer, seq, hash", " ON CONFLICT (workspace, writer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"),
		hashes:    map[place]journal.Hash{}, seen: map[vouching]uint64{}, ends: map[journal.WriterID]journal.Head{}, bytes: map[journal.WriterID]int64{},
	}
	t.commits.fresh, t.parts.fresh = fresh, fresh
	return t
}

func (t *tables) add(ctx context.Context, tx *transaction, roll *journal.Roll, fresh []journal.Commit, sig seal.Signature) (opened int, err error) {
	id := roll.Workspace
	for i := range fresh {
		c := &fresh[i]
		var signed any
		if i == len(fresh)-1 {
			signed = sig[:]
			t.bytes[c.Writer] += int64(len(sig))
		}
		t.hashes[place{c.Writer, c.Seq}] = c.Hash
		addSeen(t.seen, &c.Header)
		header := c.Header.Encode()
		t.bytes[c.Writer] += int64(len(header))
		if err := t.commits.add(ctx, tx, id[:], c.Writer[:], int64(c.Seq), c.Hash[:], int64(c.Time), header, signed); err != nil {
			return 0, err
		}
		open := false
		for j, data := range c.Parts {
			if isErased(roll, c, j) {
				continue
			}
			p := c.Header.Parts[j]
			if data == nil {
				if err := t.lacks.note(ctx, tx, &c.Header, j); err != nil {
					return 0, err
				}
				continue
			}
			open = open || p.Tag == 0
			t.bytes[c.Writer] += int64(len(data))
			if err := t.parts.add(ctx, tx, id[:], c.Writer[:], int64(c.Seq), int64(j), int64(p.Shelf), data); err != nil {
				return 0, err
			}
		}
		if open {
			opened++
			if err := t.rolls.add(ctx, tx, id[:], c.Writer[:], int64(c.Seq)); err != nil {
				return 0, err
			}
		}
	}
	return opened, nil
}

// flush writes what was added. Until then only chain knows of it.
func (t *tables) flush(ctx context.Context, tx *transaction) error {
	for writer, h := range t.ends {
		if err := t.last.add(ctx, tx, t.workspace[:], writer[:], int64(h.Seq), h.Hash[:]); err != nil {
			return err
		}
		if err := t.stored.add(ctx, tx, t.workspace[:], writer[:], t.bytes[writer]); err != nil {
			return err
		}
	}
	if err := addVouches(ctx, tx, t.vouch, t.workspace, t.seen); err != nil {
		return err
	}
	for _, in := range []*inserter{t.commits, t.parts, t.rolls, t.lacks.inserter, t.last, t.stored} {
		if err := in.flush(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// Runs reads one run at a time, each with queries of its own: a slow client holds no transaction open. What is damaged is
// left out and named at the end.
func (w *sqlWorkspace) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return w.runs(ctx, above, wholeParts, yield)
}

// Bare is Runs without what is sealed.
func (w *sqlWorkspace) Bare(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return w.runs(ctx, above, openParts, yield)
}

// What of a run's parts is read: all, or those of commits that carry something open.
const (
	wholeParts = "SELECT seq, idx, data FROM parts WHERE workspace = $1 AND writer = $2 AND seq > $3 AND seq <= $4 ORDER BY seq, idx"
	openParts  = `SELECT seq, idx, data FROM parts WHERE workspace = $1 AND writer = $2
		AND seq IN (SELECT seq FROM rolls WHERE workspace = $1 AND writer = $2 AND seq > $3 AND seq <= $4) ORDER BY seq, idx`
)

func (w *sqlWorkspace) runs(ctx context.Context, above journal.Vector, which string, yield func(journal.Run) error) error {
	held, err := w.Vector(ctx)
	if err != nil {
		return err
	}
	roll, _, err := w.rollNow(ctx, w.store.read)
	if err != nil {
		return w.store.plain("read the roll", err)
	}
	return wire.OldestFirst(held, above,
		func(writer journal.WriterID, seq uint64) (journal.Time, error) {
			var t int64
			err := w.store.persist(ctx, func() error {
				return w.store.read.QueryRowContext(ctx, "SELECT time FROM commits WHERE workspace = $1 AND writer = $2 AND seq = $3", w.id[:], writer[:], int64(seq)).Scan(&t)
			})
			if errors.Is(err, sql.ErrNoRows) {
				err = nil // run will say that it is missing
			}
			return journal.Time(t), w.store.plain("read commits", err)
		},
		func(writer journal.WriterID, seq uint64) (journal.Run, bool, error) {
			var run journal.Run
			err := w.store.persist(ctx, func() (err error) { run, err = w.run(ctx, roll, writer, seq-1, which); return err })
			err = w.store.plain("read commits", err)
			if errors.Is(err, ErrDamaged) {
				err = &wire.Fault{Writer: writer, Seq: seq, Code: wire.FaultDamaged, Err: err}
			}
			return run, len(run.Commits) > 0, err
		}, yield)
}

// run reads the next run of a writer: up to the first signature after journal.RunLength commits or wire.RunBytes, or else
// the last signature there is. Of a revoked member's writer up to the last within the cut, and beyond it up to the next.
func (w *sqlWorkspace) run(ctx context.Context, roll *journal.Roll, writer journal.WriterID, above uint64, which string) (journal.Run, error) {
	var run journal.Run
	cut, revoked := roll.RevokedCut(writer)
	signed, size := 0, 0
	var sig seal.Signature
	enough := errors.New("enough")
	// Most runs end at a signature after journal.RunLength commits; databases that send what was asked for whether it is read or
	// not are asked for no more at first.
	var err error
	for most, came := journal.RunLength, 0; err == nil && came < journal.MaxRun; most *= 4 {
		rows, failed := w.store.read.QueryContext(ctx, "SELECT seq, header, sig FROM commits WHERE workspace = $1 AND writer = $2 AND seq > $3 ORDER BY seq LIMIT $4",
			w.id[:], writer[:], int64(above)+int64(came), min(most, journal.MaxRun-came))
		err = each(rows, failed, func() error {
			var seq int64
			var header, rawSig []byte
			if err := rows.Scan(&seq, &header, &rawSig); err != nil {
				return err
			}
			if revoked && signed > 0 && uint64(seq) > cut {
				return enough
			}
			h, err := journal.DecodeHeader(header)
			if err != nil || h.Seq != uint64(seq) || h.Writer != writer || h.Workspace != w.id || h.Seq != above+1+uint64(len(run.Commits)) {
				return fmt.Errorf("%w: commit %d by %s does not read", ErrDamaged, seq, writer)
			}
			run.Commits = append(run.Commits, journal.Commit{Header: h, Hash: journal.HashOf(header), Parts: make([][]byte, len(h.Parts))})
			for _, p := range h.Parts {
				size += int(p.Size)
			}
			if len(rawSig) == len(sig) {
				signed, sig = len(run.Commits), seal.Signature(rawSig)
				if signed >= journal.RunLength || size >= wire.RunBytes {
					return enough
				}
			}
			return nil
		})
		if len(run.Commits)-came < most {
			break // that was all
		}
		came = len(run.Commits)
	}
	if err != nil && !errors.Is(err, enough) {
		return run, err
	}
	run.Commits, run.Sig = run.Commits[:signed], sig
	if signed == 0 {
		return run, nil
	}
	var rotten []*journal.Header // whose parts with these indexes are no longer what was written
	var indexes []int
	parts, err := w.store.read.QueryContext(ctx, which,
		w.id[:], writer[:], int64(above), int64(above)+int64(signed))
	err = each(parts, err, func() error {
		var seq int64
		var idx int
		var data []byte
		if err := parts.Scan(&seq, &idx, &data); err != nil {
			return err
		}
		c := &run.Commits[seq-int64(above)-1]
		if isBlank(data) || idx >= 0 && idx < len(c.Parts) && (isErased(roll, c, idx) || which == openParts && c.Header.Parts[idx].Tag != 0) {
			return nil
		}
		whole := idx >= 0 && idx < len(c.Parts) && journal.Hash(seal.Digest(data)) == c.Header.Parts[idx].Digest
		if !whole && idx >= 0 && idx < len(c.Parts) && c.Header.Parts[idx].Tag != 0 {
			rotten, indexes = append(rotten, &c.Header), append(indexes, idx)
			return nil // somebody else has it: who asks is given the commit without, and this copy asks for it
		}
		if !whole {
			return fmt.Errorf("%w: part %d of commit %d by %s", ErrDamaged, idx, seq, writer)
		}
		if data == nil {
			data = []byte{}
		}
		c.Parts[idx] = data
		return nil
	})
	if err == nil && len(rotten) > 0 {
		err = w.noteLacks(ctx, rotten, indexes)
	}
	return run, err
}
