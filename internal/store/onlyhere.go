package store

import (
	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// Only is what this journal holds and another does not.
type Only struct {
	Commits int
	Bytes   int64
	Oldest  journal.Time
	Parts   map[uint8]int          // by compartment tag
	Since   map[uint8]journal.Time // when the oldest of them was made, by compartment tag
}

// OnlyHereCount is how many commits the other is not known to hold, and when the oldest was made. It reads next to
// nothing, however many there are.
func (j *Journal) OnlyHereCount(other journal.Vector) (only Only, err error) {
	for w, head := range j.Heads() {
		if head.Seq <= other[w] {
			continue
		}
		only.Commits += int(head.Seq - other[w])
		first, err := j.TimeAt(w, other[w]+1)
		if err != nil {
			return only, err
		}
		if only.Oldest == 0 || first < only.Oldest {
			only.Oldest = first
		}
	}
	return only, nil
}

// OnlyHere compares with what the other is known to hold.
func (j *Journal) OnlyHere(other journal.Vector) (Only, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	only := Only{Parts: map[uint8]int{}, Since: map[uint8]journal.Time{}}
	for w, head := range j.heads {
		if head.Seq <= other[w] {
			continue
		}
		err := j.db.run("SELECT count(*), min(time) FROM chain WHERE writer = ? AND seq > ?", []any{j.local[w], other[w]}, func(s *sqlite3.Stmt) error {
			only.Commits += s.ColumnInt(0)
			if first := journal.Time(s.ColumnInt64(1)); only.Oldest == 0 || first < only.Oldest {
				only.Oldest = first
			}
			return nil
		})
		if err != nil {
			return only, plain("count what is only here", err)
		}
		err = j.db.run("SELECT p.tag, count(*), sum(length(p.data)), min(c.time) FROM chain c JOIN part p ON p.chain = c.n WHERE c.writer = ? AND c.seq > ? AND "+isHere+" GROUP BY p.tag", []any{j.local[w], other[w]}, func(s *sqlite3.Stmt) error {
			tag, first := uint8(s.ColumnInt(0)), journal.Time(s.ColumnInt64(3))
			only.Parts[tag] += s.ColumnInt(1)
			if before, some := only.Since[tag]; !some || first < before {
				only.Since[tag] = first
			}
			only.Bytes += s.ColumnInt64(2)
			return nil
		})
		if err != nil {
			return only, plain("count what is only here", err)
		}
	}
	return only, nil
}
