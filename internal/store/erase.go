package store

import (
	"fmt"
	"maps"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
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
	dropped := map[journal.WriterID]bool{}
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
		dropped[p.Writer] = true
	}
	j.scrub = true
	return j.stripAsides(dropped)
}

// stripAsides drops erased parts from runs that were set aside. Which run it was stays known.
func (j *Journal) stripAsides(of map[journal.WriterID]bool) error {
	var empty [][]byte
	err := j.db.run("SELECT digest, run FROM set_aside", nil, func(s *sqlite3.Stmt) error {
		run, err := journal.DecodeRun(s.ColumnBlob(1, nil))
		if err != nil || !of[run.First().Writer] { // one that is not a run was never taken for one
			return nil
		}
		if j.strip(&run) {
			empty = append(empty, s.ColumnBlob(0, nil))
		}
		return nil
	})
	if err != nil {
		return plain("erase what was set aside", err)
	}
	for _, digest := range empty {
		if err := j.db.exec("UPDATE set_aside SET run = zeroblob(length(run)) WHERE digest = ?", digest); err != nil {
			return plain("erase what was set aside", err)
		}
	}
	return nil
}

// strip takes erased parts out of a run, and reports whether there were any.
func (j *Journal) strip(run *journal.Run) (stripped bool) {
	for i := range run.Commits {
		c := &run.Commits[i]
		for p := range c.Parts {
			if c.Parts[p] != nil && c.Header.Parts[p].Tag != 0 && j.gone(c, p) {
				c.Parts[p], stripped = nil, true
			}
		}
	}
	return stripped
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
	err = j.db.run("SELECT 1 FROM part WHERE idx = ?3 AND chain = (SELECT n FROM chain WHERE writer = ?1 AND seq = ?2)", []any{j.local[p.Writer], p.Seq, int(p.Index)},
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
