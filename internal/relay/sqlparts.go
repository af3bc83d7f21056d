package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// Sealed parts apart from their commits: given one by one to who asks for them, and taken where they are missing.

// Parameters appear in the order of their numbers: SQLite counts them so.
const partQuery = `SELECT c.header, p.data FROM (SELECT workspace, writer, seq, header FROM commits WHERE workspace = $1 AND writer = $2 AND seq = $3) c
	LEFT JOIN parts p ON p.workspace = c.workspace AND p.writer = c.writer AND p.seq = c.seq AND p.idx = $4`

// stored is what is here of a part that was asked for.
type stored struct {
	data   []byte // nil: not here, or no longer what was written
	header journal.PartHeader
	known  bool // a commit that is held names it so
}

// What is read with one question: so many parts, of which none is large.
const (
	partsTogether = 64
	largePart     = 64 << 10
)

// stored reads as many parts as stand at these places, partsTogether at most.
func (w *sqlWorkspace) stored(ctx context.Context, from asking, roll *journal.Roll, places []journal.PartPlace) ([]stored, error) {
	var query strings.Builder
	query.WriteString("WITH want (n, writer, seq, idx) AS (VALUES ")
	var args []any
	for n, p := range places {
		if n > 0 {
			query.WriteByte(',')
		}
		fmt.Fprintf(&query, "(%d, CAST($%d AS %s), CAST($%d AS BIGINT), CAST($%d AS BIGINT))", n, len(args)+1, w.store.dialect.bytes, len(args)+2, len(args)+3)
		args = append(args, p.Writer[:], int64(p.Seq), int64(p.Index))
	}
	// SQLite goes through a cross join from left to right: by the few that are wanted, not by all that there are.
	fmt.Fprintf(&query, `) SELECT want.n, c.header, CASE WHEN LENGTH(p.data) > %d THEN 1 ELSE 0 END, CASE WHEN LENGTH(p.data) > %d THEN NULL ELSE p.data END
		FROM want CROSS JOIN commits c LEFT JOIN parts p ON p.workspace = c.workspace AND p.writer = c.writer AND p.seq = c.seq AND p.idx = want.idx
		WHERE c.workspace = $%d AND c.writer = want.writer AND c.seq = want.seq`, largePart, largePart, len(args)+1)
	list, large := make([]stored, len(places)), []int(nil)
	rows, err := from.QueryContext(ctx, query.String(), append(args, w.id[:])...)
	err = each(rows, err, func() error {
		var n, big int
		var header, data []byte
		if err := rows.Scan(&n, &header, &big, &data); err != nil {
			return err
		}
		if big > 0 {
			large = append(large, n)
			return nil
		}
		list[n] = readPart(roll, places[n], header, data)
		return nil
	})
	for _, n := range large {
		if err == nil {
			list[n], err = w.part(ctx, from, roll, places[n])
		}
	}
	return list, err
}

// readPart reads what is here of a part, given its commit's header and what stands in its place.
func readPart(roll *journal.Roll, p journal.PartPlace, header, data []byte) stored {
	h, err := journal.DecodeHeader(header)
	if err != nil || int(p.Index) >= len(h.Parts) || h.Parts[p.Index].Tag == 0 || roll.Erased[p] {
		return stored{} // damaged is named when the commit is to be given
	}
	s := stored{data, h.Parts[p.Index], true}
	if data != nil && journal.Hash(seal.Digest(data)) != s.header.Digest {
		s.data = nil
	}
	return s
}

// part reads one part.
func (w *sqlWorkspace) part(ctx context.Context, from asking, roll *journal.Roll, p journal.PartPlace) (stored, error) {
	var header, data []byte
	err := from.QueryRowContext(ctx, partQuery, w.id[:], p.Writer[:], int64(p.Seq), int64(p.Index)).Scan(&header, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return stored{}, nil
	}
	return readPart(roll, p, header, data), err
}

// Parts gives those of the parts that are here.
func (w *sqlWorkspace) Parts(ctx context.Context, places []journal.PartPlace, yield func(n int, data []byte) error) error {
	if len(places) == 0 {
		return nil
	}
	roll, _, err := w.rollNow(ctx, w.store.read)
	if err != nil {
		return w.store.plain("read the roll", err)
	}
	for from := 0; from < len(places); {
		n, read := near(places[from:]), w.nearby
		if n < fewestNear {
			n, read = min(partsTogether, len(places)-from), w.scattered
		}
		var found map[journal.PartPlace][]byte
		if err := w.store.persist(ctx, func() (err error) { found, err = read(ctx, roll, places[from:from+n]); return err }); err != nil {
			return w.store.plain("read parts", err)
		}
		for i, p := range places[from : from+n] {
			if data := found[p]; data != nil {
				if err := yield(from+i, data); err != nil {
					return err
				}
			}
		}
		from += n
	}
	return nil
}

// scattered reads parts that stand anywhere.
func (w *sqlWorkspace) scattered(ctx context.Context, roll *journal.Roll, places []journal.PartPlace) (map[journal.PartPlace][]byte, error) {
	list, err := w.stored(ctx, w.store.read, roll, places)
	found := make(map[journal.PartPlace][]byte, len(list))
	for i := range list {
		found[places[i]] = list[i].data
	}
	return found, err
}

// Limits of what is read with one question to the database: parts of one writer that lie close together, as those do that are
// asked for by who begins.
const (
	mostNear   = 256
	widestGap  = 8 // commits between one and the next
	// Fewer than these are read together with what stands elsewhere.
	fewestNear = 8
)

// near is how many of the places, from the first on, are read together.
func near(places []journal.PartPlace) int {
	n := 1
	for n < len(places) && n < mostNear && places[n].Writer == places[0].Writer && places[n].Seq >= places[n-1].Seq && places[n].Seq-places[n-1].Seq <= widestGap {
		n++
	}
	return n
}

// nearby reads sealed parts of one writer, in order of their commits. Missing from the answer is what is not here, erased, or
// no longer what was written.
func (w *sqlWorkspace) nearby(ctx context.Context, roll *journal.Roll, places []journal.PartPlace) (map[journal.PartPlace][]byte, error) {
	first, last := places[0], places[len(places)-1]
	wanted := make(map[journal.PartPlace]bool, len(places))
	for _, p := range places {
		wanted[p] = !roll.Erased[p]
	}
	found := make(map[journal.PartPlace][]byte, len(places))
	var header journal.Header
	rows, err := w.store.read.QueryContext(ctx, `SELECT c.seq, c.header, p.idx, p.data FROM commits c
		JOIN parts p ON p.workspace = c.workspace AND p.writer = c.writer AND p.seq = c.seq
		WHERE c.workspace = $1 AND c.writer = $2 AND c.seq >= $3 AND c.seq <= $4 ORDER BY c.seq, p.idx`, w.id[:], first.Writer[:], int64(first.Seq), int64(last.Seq))
	err = each(rows, err, func() error {
		var seq, idx int64
		var raw, data []byte
		if err := rows.Scan(&seq, &raw, &idx, &data); err != nil {
			return err
		}
		if idx < 0 || idx >= journal.MaxParts {
			return nil
		}
		p := journal.PartPlace{Writer: first.Writer, Seq: uint64(seq), Index: uint8(idx)}
		if !wanted[p] {
			return nil
		}
		if header.Seq != p.Seq {
			h, err := journal.DecodeHeader(raw)
			if err != nil {
				return nil // damaged is named when the commit is to be given
			}
			header = h
		}
		if int(idx) < len(header.Parts) && header.Parts[idx].Tag != 0 && journal.Hash(seal.Digest(data)) == header.Parts[idx].Digest {
			found[p] = data
		}
		return nil
	})
	return found, err
}

// Supply takes parts that are missing here.
func (w *sqlWorkspace) Supply(ctx context.Context, parts []journal.Loose) (taken int, err error) {
	if len(parts) == 0 {
		return 0, nil
	}
	err = w.change(ctx, func(tx *transaction) error {
		taken = 0
		roll, _, err := w.rollNow(ctx, tx)
		if err != nil {
			return err
		}
		for first := 0; first < len(parts); first += partsTogether {
			n, err := w.supply(ctx, tx, roll, parts[first:min(first+partsTogether, len(parts))])
			if err != nil {
				return err
			}
			taken += n
		}
		if taken == 0 {
			return errUnchanged
		}
		return nil
	})
	return taken, w.store.plain("take parts", err)
}

// supply takes those of a few parts that are missing.
func (w *sqlWorkspace) supply(ctx context.Context, tx *transaction, roll *journal.Roll, parts []journal.Loose) (taken int, err error) {
	places := make([]journal.PartPlace, len(parts))
	for i, p := range parts {
		places[i] = p.Place
	}
	list, err := w.stored(ctx, tx, roll, places)
	if err != nil {
		return 0, err
	}
	into := newInserter(&w.store.dialect, "parts", "workspace, writer, seq, idx, shelf, data", " ON CONFLICT (workspace, writer, seq, idx) DO UPDATE SET data = excluded.data")
	twice := map[journal.PartPlace]bool{}
	for i, p := range parts {
		s := &list[i]
		if !s.known || s.data != nil || twice[p.Place] || journal.Hash(seal.Digest(p.Data)) != s.header.Digest {
			continue
		}
		taken, twice[p.Place] = taken+1, true
		if err := into.add(ctx, tx, w.id[:], p.Place.Writer[:], int64(p.Place.Seq), int64(p.Place.Index), int64(s.header.Shelf), p.Data); err != nil {
			return 0, err
		}
		noted, err := tx.ExecContext(ctx, "DELETE FROM lacks WHERE workspace = $1 AND writer = $2 AND seq = $3 AND idx = $4", w.id[:], p.Place.Writer[:], int64(p.Place.Seq), int64(p.Place.Index))
		if err != nil {
			return 0, err
		}
		if n, err := noted.RowsAffected(); err != nil {
			return 0, err
		} else if n > 0 { // what replaces a damaged part was counted when that came
			if err := w.count(ctx, tx, p.Place.Writer, int64(len(p.Data))); err != nil {
				return 0, err
			}
		}
	}
	return taken, into.flush(ctx, tx)
}

// noteLacks notes parts that are no longer what was written, so that who has them can bring them.
func (w *sqlWorkspace) noteLacks(ctx context.Context, headers []*journal.Header, indexes []int) error {
	return w.change(ctx, func(tx *transaction) error {
		into := newLacking(&w.store.dialect)
		for i, h := range headers {
			if err := into.note(ctx, tx, h, indexes[i]); err != nil {
				return err
			}
		}
		return into.flush(ctx, tx)
	})
}

// MissingFrom lists what is missing here, in the order in which it was noted.
func (w *sqlWorkspace) MissingFrom(ctx context.Context, from int64, most int) (list []journal.Missing, err error) {
	for _, which := range []string{"n >= $2", "n < $2"} {
		rows, err := w.store.read.QueryContext(ctx, "SELECT n, writer, seq, idx, size FROM lacks WHERE workspace = $1 AND "+which+" ORDER BY n, writer, seq, idx LIMIT $3", w.id[:], from, most-len(list))
		err = each(rows, err, func() error {
			var m journal.Missing
			var writer []byte
			var seq, idx, size int64
			if err := rows.Scan(&m.N, &writer, &seq, &idx, &size); err != nil {
				return err
			}
			id, err := id16(writer)
			if err != nil || seq <= 0 || idx < 0 || idx >= journal.MaxParts {
				return fmt.Errorf("%w: a missing part that no commit has", ErrDamaged)
			}
			m.Place, m.Size = journal.PartPlace{Writer: id, Seq: uint64(seq), Index: uint8(idx)}, uint32(size)
			list = append(list, m)
			return nil
		})
		if err != nil {
			return nil, w.store.plain("list what is missing", err)
		}
		if len(list) >= most {
			break
		}
	}
	return list, nil
}

// lacking notes parts that are missing.
type lacking struct {
	*inserter
	last int64 // when the last was noted
}

func newLacking(d *dialect) *lacking {
	return &lacking{newInserter(d, "lacks", "workspace, writer, seq, idx, n, size", " ON CONFLICT DO NOTHING"), time.Now().UnixMicro()}
}

func (l *lacking) note(ctx context.Context, tx *transaction, h *journal.Header, idx int) error {
	l.last++
	return l.add(ctx, tx, h.Workspace[:], h.Writer[:], int64(h.Seq), int64(idx), l.last, int64(h.Parts[idx].Size))
}

// fillLacks notes what is missing in a store of version 2.
func fillLacks(ctx context.Context, tx *transaction, d *dialect) error {
	type place struct {
		workspace journal.WorkspaceID
		journal.PartPlace
	}
	here := map[place]bool{}
	var short []journal.Header
	rows, err := tx.QueryContext(ctx, `SELECT c.header, (SELECT count(*) FROM parts p WHERE p.workspace = c.workspace AND p.writer = c.writer AND p.seq = c.seq) FROM commits c`)
	err = each(rows, err, func() error {
		var header []byte
		var n int
		if err := rows.Scan(&header, &n); err != nil {
			return err
		}
		if h, err := journal.DecodeHeader(header); err == nil && n < len(h.Parts) { // a damaged one is named when it is to be given
			short = append(short, h)
		}
		return nil
	})
	if err != nil {
		return err
	}
	into := newLacking(d)
	for i := range short {
		h := &short[i]
		rows, err := tx.QueryContext(ctx, "SELECT idx FROM parts WHERE workspace = $1 AND writer = $2 AND seq = $3", h.Workspace[:], h.Writer[:], int64(h.Seq))
		err = each(rows, err, func() error {
			var idx int
			if err := rows.Scan(&idx); err != nil {
				return err
			}
			here[place{h.Workspace, journal.PartPlace{Writer: h.Writer, Seq: h.Seq, Index: uint8(idx)}}] = true
			return nil
		})
		if err != nil {
			return err
		}
		for p, part := range h.Parts {
			if part.Tag == 0 || here[place{h.Workspace, journal.PartPlace{Writer: h.Writer, Seq: h.Seq, Index: uint8(p)}}] {
				continue
			}
			if err := into.note(ctx, tx, h, p); err != nil {
				return err
			}
		}
	}
	return into.flush(ctx, tx)
}
