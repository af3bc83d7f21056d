package store

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// An erased part keeps its row, with zeros for its bytes. SQLite writes bytes of the same length over the old ones where
// they stand; to delete the row would move its neighbours to other pages, and of rows that are moved copies stay behind
// that a later erasure would not reach. And a place in the order of arrival is never given twice.

// erase drops what the roll says is erased and was not dropped yet, in the running batch.
func (j *Journal) erase() error {
	if len(j.roll.Erased) == len(j.erased) { // neither ever shrinks, and what was dropped was said
		return nil
	}
	if err := j.begin(); err != nil {
		return err
	}
	for p := range j.roll.Erased {
		if j.erased[p] {
			continue
		}
		n := len(j.erased) + 1
		if err := j.db.exec("INSERT INTO erased (writer, seq, idx, n) VALUES (?, ?, ?, ?)", p.Writer[:], p.Seq, int(p.Index), n); err != nil {
			return plain("erase", err)
		}
		j.erased[p] = true
		if err := j.db.exec("UPDATE part SET data = zeroblob(length(data)) WHERE tag <> 0 AND idx = ?3 AND chain = (SELECT n FROM chain WHERE writer = ?1 AND seq = ?2)",
			j.local[p.Writer], p.Seq, int(p.Index)); err != nil {
			return plain("erase", err)
		}
		if err := j.db.exec("DELETE FROM lack WHERE idx = ?3 AND chain = (SELECT n FROM chain WHERE writer = ?1 AND seq = ?2)", j.local[p.Writer], p.Seq, int(p.Index)); err != nil {
			return plain("erase", err)
		}
	}
	j.scrub = true
	return j.stripAsides()
}

// stripAsides takes erased parts out of what was set aside, and writes all of it again: a table that was emptied has no old
// copies in its pages.
func (j *Journal) stripAsides() error {
	type row struct {
		writer, raw []byte
		seq, at     int64
		reason      string
	}
	var all []row
	err := j.db.run("SELECT digest, writer, seq, reason, at, run FROM set_aside ORDER BY rowid", nil, func(s *sqlite3.Stmt) error {
		r := row{writer: s.ColumnBlob(1, nil), seq: s.ColumnInt64(2), reason: s.ColumnText(3), at: s.ColumnInt64(4), raw: s.ColumnBlob(5, nil)}
		if run, err := journal.DecodeRun(r.raw); err == nil { // what is not a run was never taken for one
			r.raw = j.stripped(&run).Encode()
		}
		all = append(all, r)
		return nil
	})
	if err != nil || len(all) == 0 {
		return plain("erase what was set aside", err)
	}
	if err := j.db.exec("DELETE FROM set_aside"); err != nil {
		return plain("erase what was set aside", err)
	}
	for _, r := range all {
		digest := seal.Digest(r.raw)
		if err := j.db.exec("INSERT INTO set_aside (digest, writer, seq, reason, at, run) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING", digest[:], r.writer, r.seq, r.reason, r.at, r.raw); err != nil {
			return plain("erase what was set aside", err)
		}
	}
	return nil
}

// stripped is a run without its erased parts: only their digests travel and are kept.
func (j *Journal) stripped(run *journal.Run) *journal.Run {
	out := &journal.Run{Commits: slices.Clone(run.Commits), Sig: run.Sig}
	for i := range out.Commits {
		c := &out.Commits[i]
		c.Parts = slices.Clone(c.Parts)
		for p := range c.Parts {
			if c.Header.Parts[p].Tag != 0 && j.gone(c, p) {
				c.Parts[p] = nil
			}
		}
	}
	return out
}

// gone reports whether a part is erased.
func (j *Journal) gone(c *journal.Commit, index int) bool {
	return j.roll.Erased[journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(index)}]
}

// loadErased reads what this copy has dropped, and drops what it has not: an earlier program kept erasures without
// understanding them.
func (j *Journal) loadErased() error {
	j.erased = map[journal.PartPlace]bool{}
	err := j.db.run("SELECT writer, seq, idx FROM erased", nil, func(s *sqlite3.Stmt) error {
		p := journal.PartPlace{Seq: uint64(s.ColumnInt64(1)), Index: uint8(s.ColumnInt(2))}
		if copy(p.Writer[:], s.ColumnRawBlob(0)) < len(p.Writer) {
			return fmt.Errorf("%w: an erased part without a whole writer", ErrDamaged)
		}
		j.erased[p] = true
		return nil
	})
	if err != nil {
		return err
	}
	// Erased once is erased, even where the commit that said so no longer reads.
	said := maps.Clone(j.roll.Erased)
	if said == nil {
		said = map[journal.PartPlace]bool{}
	}
	maps.Copy(said, j.erased)
	roll := j.roll.Clone()
	roll.Erased = said
	j.roll = roll
	return nil
}

// scrubbed empties the write-ahead log: pages that were written before an erasure stand there until then. What cannot be
// done now is done with the next batch, at the next opening at the latest; nothing that is saved hangs on it.
func (j *Journal) scrubbed() {
	if j.scrub && j.db.exec("PRAGMA wal_checkpoint(TRUNCATE)") == nil {
		j.scrub = false
	}
}

// Dropped is one erased part that stood in this journal.
type Dropped struct {
	Place   journal.PartPlace
	N       int64 // order in which this journal dropped them
	Arrival int64 // where it stood; 0: it never came here
	Tag     uint8
}

// DroppedSince lists the parts that this journal dropped after the first n, and how many it has dropped in all.
func (j *Journal) DroppedSince(n int64) (list []Dropped, last int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if last = int64(len(j.erased)); n >= last {
		return nil, last, nil
	}
	err = j.db.run(`SELECT e.writer, e.seq, e.idx, e.n, p.arrival, p.tag FROM erased e JOIN writer w ON w.id = e.writer JOIN chain c ON c.writer = w.n AND c.seq = e.seq
		LEFT JOIN part p ON p.chain = c.n AND p.idx = e.idx WHERE e.n > ? ORDER BY e.n`, []any{n}, func(s *sqlite3.Stmt) error {
		d := Dropped{N: s.ColumnInt64(3), Arrival: s.ColumnInt64(4), Tag: uint8(s.ColumnInt(5))}
		copy(d.Place.Writer[:], s.ColumnRawBlob(0))
		d.Place.Seq, d.Place.Index = uint64(s.ColumnInt64(1)), uint8(s.ColumnInt(2))
		list = append(list, d)
		return nil
	})
	return list, last, plain("list what was erased", err)
}

// Holds reports whether the bytes of a part are here.
func (j *Journal) Holds(p journal.PartPlace) (held bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.roll.Erased[p] {
		return false, nil
	}
	err = j.db.run("SELECT 1 FROM part WHERE idx = ?3 AND chain = (SELECT n FROM chain WHERE writer = ?1 AND seq = ?2) AND "+isHere, []any{j.local[p.Writer], p.Seq, int(p.Index)},
		func(*sqlite3.Stmt) error { held = true; return nil })
	return held, plain("look for a part", err)
}

// Part gives one sealed part as Arrivals does; held is false when it is not here.
func (j *Journal) Part(p journal.PartPlace) (a Arrived, held bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c, _, there, err := j.commit(j.local[p.Writer], p.Seq, false)
	if err != nil || !there || int(p.Index) >= len(c.Parts) || c.Parts[p.Index] == nil {
		return a, false, err
	}
	return Arrived{Commit: journal.Commit{Header: c.Header, Hash: c.Hash}, Index: int(p.Index), Data: c.Parts[p.Index], Member: j.roll.MemberOf(p.Writer)}, true, nil
}

// Erased reports whether a part is erased: it is not missing, and nobody is asked for it.
func (j *Journal) Erased(p journal.PartPlace) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.roll.Erased[p]
}

// PartHeader is what a commit's header says of a part; known is false when the commit is not here.
func (j *Journal) PartHeader(p journal.PartPlace) (h journal.PartHeader, known bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT header FROM chain WHERE writer = ? AND seq = ?", []any{j.local[p.Writer], p.Seq}, func(s *sqlite3.Stmt) error {
		header, err := journal.DecodeHeader(s.ColumnRawBlob(0))
		if err == nil && int(p.Index) < len(header.Parts) { // damaged: Verify names it
			h, known = header.Parts[p.Index], true
		}
		return nil
	})
	return h, known, plain("read a header", err)
}
