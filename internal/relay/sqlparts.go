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

// Parameters of statements appear in the order of their numbers: SQLite counts them so.

// stored is what is here of a part that was asked for.
type stored struct {
	data   []byte // nil: not here, or no longer what was written
	header journal.PartHeader
	known  bool // a commit that is held names it so
}

// Limits of what is read together: parts of one writer, of which none is large. Those that begin ask for such as lie close to one
// another, and one range of commits holds them.
const (
	mostTogether = 256
	mostApart    = 64 // when they lie so far apart that each is named
	widestGap    = 8  // commits to each of them, in a range
	largePart    = 64 << 10
)

// together is how many of the places, from the first on, are read together.
func together(places []journal.PartPlace) int {
	n, least, most := 1, places[0].Seq, places[0].Seq
	for n < len(places) && n < mostTogether && places[n].Writer == places[0].Writer {
		low, high := min(least, places[n].Seq), max(most, places[n].Seq)
		if n >= mostApart && high-low > widestGap*uint64(n) {
			break
		}
		n, least, most = n+1, low, high
	}
	if n > mostApart && most-least > widestGap*uint64(n) {
		n = mostApart
	}
	return n
}

// stored reads what is here of parts that are read together. Each table is asked for itself: what a database makes of a join rests
// on what it believes of its tables, and of new ones it believes nothing good.
func (w *sqlWorkspace) stored(ctx context.Context, from asking, roll *journal.Roll, places []journal.PartPlace) ([]stored, error) {
	least, most := places[0].Seq, places[0].Seq
	at := make(map[journal.PartPlace][]int, len(places))
	for n, p := range places {
		least, most = min(least, p.Seq), max(most, p.Seq)
		at[p] = append(at[p], n)
	}
	args, where := []any{w.id[:], places[0].Writer[:]}, "seq >= $3 AND seq <= $4"
	if most-least <= widestGap*uint64(len(places)) {
		args = append(args, int64(least), int64(most))
	} else {
		var named strings.Builder
		for _, p := range places {
			args = append(args, int64(p.Seq))
			fmt.Fprintf(&named, ",$%d", len(args))
		}
		where = "seq IN (" + named.String()[1:] + ")"
	}
	list := make([]stored, len(places))
	rows, err := from.QueryContext(ctx, "SELECT seq, header FROM commits WHERE workspace = $1 AND writer = $2 AND "+where, args...)
	err = each(rows, err, func() error {
		var seq int64
		var header []byte
		if err := rows.Scan(&seq, &header); err != nil {
			return err
		}
		h, err := journal.DecodeHeader(header)
		if err != nil {
			return nil // damaged is named when the commit is to be given
		}
		for idx, part := range h.Parts {
			p := journal.PartPlace{Writer: places[0].Writer, Seq: uint64(seq), Index: uint8(idx)}
			if part.Tag == 0 || roll.Erased[p] {
				continue
			}
			for _, n := range at[p] {
				list[n] = stored{header: part, known: true}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var large []journal.PartPlace
	rows, err = from.QueryContext(ctx, fmt.Sprintf(`SELECT seq, idx, CASE WHEN LENGTH(data) > %d THEN 1 ELSE 0 END, CASE WHEN LENGTH(data) > %[1]d THEN NULL ELSE data END
		FROM parts WHERE workspace = $1 AND writer = $2 AND `, largePart)+where, args...)
	err = each(rows, err, func() error {
		var seq, idx, big int64
		var data []byte
		if err := rows.Scan(&seq, &idx, &big, &data); err != nil {
			return err
		}
		if idx < 0 || idx >= journal.MaxParts {
			return nil
		}
		p := journal.PartPlace{Writer: places[0].Writer, Seq: uint64(seq), Index: uint8(idx)}
		if len(at[p]) > 0 && big > 0 {
			large = append(large, p)
		}
		for _, n := range at[p] {
			list[n].fill(data)
		}
		return nil
	})
	for _, p := range large {
		if err != nil {
			return nil, err
		}
		var data []byte
		err = from.QueryRowContext(ctx, "SELECT data FROM parts WHERE workspace = $1 AND writer = $2 AND seq = $3 AND idx = $4", w.id[:], p.Writer[:], int64(p.Seq), int64(p.Index)).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil // it went meanwhile
		}
		for _, n := range at[p] {
			list[n].fill(data)
		}
	}
	return list, err
}

// fill puts in what stands in a part's place, if it is the part.
func (s *stored) fill(data []byte) {
	if s.known && data != nil && journal.Hash(seal.Digest(data)) == s.header.Digest {
		s.data = data
	}
}

// part reads one part.
func (w *sqlWorkspace) part(ctx context.Context, from asking, roll *journal.Roll, p journal.PartPlace) (stored, error) {
	list, err := w.stored(ctx, from, roll, []journal.PartPlace{p})
	if err != nil {
		return stored{}, err
	}
	return list[0], nil
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
	for first := 0; first < len(places); {
		var list []stored
		some := places[first : first+together(places[first:])]
		if err := w.store.persist(ctx, func() (err error) { list, err = w.stored(ctx, w.store.read, roll, some); return err }); err != nil {
			return w.store.plain("read parts", err)
		}
		for n := range list {
			if list[n].data == nil {
				continue
			}
			if err := yield(first+n, list[n].data); err != nil {
				return err
			}
		}
		first += len(some)
	}
	return nil
}

// Supply takes parts that are missing here.
func (w *sqlWorkspace) Supply(ctx context.Context, parts []journal.Loose) (taken int, err error) {
	places := make([]journal.PartPlace, len(parts))
	for i, p := range parts {
		places[i] = p.Place
	}
	if len(parts) == 0 {
		return 0, nil
	}
	err = w.change(ctx, func(tx *transaction) error {
		taken = 0
		roll, _, err := w.rollNow(ctx, tx)
		if err != nil {
			return err
		}
		if taken, err = w.supplyAll(ctx, tx, roll, parts, places); err == nil && taken == 0 {
			err = errUnchanged
		}
		return err
	})
	return taken, w.store.plain("take parts", err)
}

func (w *sqlWorkspace) supplyAll(ctx context.Context, tx *transaction, roll *journal.Roll, parts []journal.Loose, places []journal.PartPlace) (taken int, err error) {
	for first := 0; first < len(parts); {
		n := together(places[first:])
		list, err := w.stored(ctx, tx, roll, places[first:first+n])
		if err != nil {
			return 0, err
		}
		some, err := w.supply(ctx, tx, parts[first:first+n], list)
		if err != nil {
			return 0, err
		}
		taken, first = taken+some, first+n
	}
	return taken, nil
}

// fill takes from commits that are held already, as they were judged, the parts that are missing here: others may have brought
// them bare.
func (w *sqlWorkspace) fill(ctx context.Context, tx *transaction, roll *journal.Roll, held []journal.Commit) (taken int, err error) {
	if len(held) == 0 {
		return 0, nil
	}
	var parts []journal.Loose
	var places []journal.PartPlace
	rows, err := tx.QueryContext(ctx, "SELECT seq, idx FROM lacks WHERE workspace = $1 AND writer = $2 AND seq >= $3 AND seq <= $4 ORDER BY seq, idx",
		w.id[:], held[0].Writer[:], int64(held[0].Seq), int64(held[len(held)-1].Seq))
	err = each(rows, err, func() error {
		var seq, idx int64
		if err := rows.Scan(&seq, &idx); err != nil {
			return err
		}
		c := &held[uint64(seq)-held[0].Seq]
		if idx < 0 || idx >= int64(len(c.Parts)) || c.Parts[idx] == nil {
			return nil
		}
		p := journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(idx)}
		parts, places = append(parts, journal.Loose{Place: p, Data: c.Parts[idx]}), append(places, p)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return w.supplyAll(ctx, tx, roll, parts, places)
}

// Filled is when what was missing last came with its commits, milliseconds since 1970; 0: not since this process began.
func (w *sqlWorkspace) Filled() int64 { return w.filled.Load() }

// supply takes those parts that are missing, given what is here.
func (w *sqlWorkspace) supply(ctx context.Context, tx *transaction, parts []journal.Loose, list []stored) (taken int, err error) {
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
