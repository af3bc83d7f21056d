package store

import (
	"bytes"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// Arrived is one part in the order in which it came to this journal.
type Arrived struct {
	Arrival int64
	Commit  journal.Commit // its header and hash; Parts is not filled
	Index   int
	Data    []byte
	Member  journal.MemberID // behind the writer
}

// Arrivals gives the sealed parts that came after the given arrival, at most limit, in order. It fails with
// ErrDamaged when a header no longer reads.
func (j *Journal) Arrivals(after int64, limit int) ([]Arrived, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Arrived
	err := j.db.run("SELECT p.arrival, c.header, p.idx, p.data FROM part p JOIN chain c ON c.n = p.chain WHERE p.arrival > ? AND p.tag <> 0 ORDER BY p.arrival LIMIT ?",
		[]any{after, limit}, func(s *sqlite3.Stmt) error {
			raw := s.ColumnRawBlob(1)
			h, err := journal.DecodeHeader(raw)
			i := s.ColumnInt(2)
			if err == nil && j.gone(&journal.Commit{Header: h}, i) {
				out = append(out, Arrived{Arrival: s.ColumnInt64(0), Index: -1})
				return nil
			}
			if err != nil || i < 0 || i >= len(h.Parts) || bytes.HasPrefix(s.ColumnRawBlob(3), letGoStart) {
				out = append(out, Arrived{Arrival: s.ColumnInt64(0), Index: -1}) // Verify names it, and the rest stays readable
				return nil
			}
			out = append(out, Arrived{Arrival: s.ColumnInt64(0), Commit: journal.Commit{Header: h, Hash: journal.HashOf(raw)}, Index: i,
				Data: s.ColumnBlob(3, nil), Member: j.roll.MemberOf(h.Writer)})
			return nil
		})
	return out, plain("read arrivals", err)
}

// LastArrival is the newest part's place; views that have read up to there are up to date.
func (j *Journal) LastArrival() (last int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT coalesce(max(arrival), 0) FROM part", nil, func(s *sqlite3.Stmt) error { last = s.ColumnInt64(0); return nil })
	return last, plain("read arrivals", err)
}

// OpenParts gives every commit that carries open parts, in order of arrival, with those parts filled: what a vault
// looks through for grants.
func (j *Journal) OpenParts(after int64, each func(arrival int64, c *journal.Commit) error) error {
	type found struct {
		arrival int64
		commit  journal.Commit
	}
	var all []found
	j.mu.Lock()
	err := j.db.run("SELECT p.arrival, c.header, p.idx, p.data FROM part p JOIN chain c ON c.n = p.chain WHERE p.arrival > ? AND p.tag = 0 ORDER BY p.arrival",
		[]any{after}, func(s *sqlite3.Stmt) error {
			raw := s.ColumnBlob(1, nil)
			h, err := journal.DecodeHeader(raw)
			if err != nil {
				return nil // Verify names it; a grant in it is missed where it matters
			}
			c := journal.Commit{Header: h, Hash: journal.HashOf(raw), Parts: make([][]byte, len(h.Parts))}
			if i := s.ColumnInt(2); i < len(c.Parts) {
				c.Parts[i] = s.ColumnBlob(3, nil)
			}
			all = append(all, found{s.ColumnInt64(0), c})
			return nil
		})
	j.mu.Unlock()
	if err != nil {
		return plain("read open parts", err)
	}
	for i := range all {
		if err := each(all[i].arrival, &all[i].commit); err != nil {
			return err
		}
	}
	return nil
}

// HoldsEpoch reports whether a part of that tag is here that was sealed under a key of that epoch.
func (j *Journal) HoldsEpoch(tag uint8, epoch uint32) (held bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT c.header, p.idx FROM part p JOIN chain c ON c.n = p.chain WHERE p.tag = ? ORDER BY p.arrival DESC", []any{int(tag)}, func(s *sqlite3.Stmt) error {
		if held {
			return nil
		}
		h, err := journal.DecodeHeader(s.ColumnRawBlob(0))
		if i := s.ColumnInt(1); err == nil && i >= 0 && i < len(h.Parts) {
			held = h.Parts[i].Epoch == epoch
		}
		return nil
	})
	return held, plain("look for an epoch", err)
}
