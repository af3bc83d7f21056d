package store

import (
	"bytes"
	"errors"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// A part that was let go of keeps its row, with one letter over and over for its bytes, for the reason for which an erased one
// does: to delete rows moves their neighbours, and of those copies stay behind that a later erasure would not reach. Nothing
// that is sealed begins so, and a disk that fails writes something else.
const (
	letGoBytes = "CAST(replace(hex(zeroblob(length(data))), '00', 'L') AS BLOB)"
	isHere     = "substr(data, 1, 16) <> CAST('LLLLLLLLLLLLLLLL' AS BLOB)"
)

var letGoStart = bytes.Repeat([]byte{'L'}, 16)

// LetGo overwrites sealed parts that another copy is known to hold; Fill takes them again. Held and erased parts are left as
// they are. It reports how many went.
func (j *Journal) LetGo(parts []journal.PartPlace) (dropped int, err error) {
	return j.letGo(parts, lackLetGo)
}

// PutOut is LetGo for parts that the scope does not name: should it name them again, they are wanted again.
func (j *Journal) PutOut(parts []journal.PartPlace) (dropped int, err error) {
	return j.letGo(parts, lackApart)
}

// letGone notes that a part was let go of.
func (j *Journal) letGone(p journal.PartPlace, state int) error {
	var chain int64
	var header []byte
	if err := j.db.run("SELECT n, header FROM chain WHERE writer = ? AND seq = ?", []any{j.local[p.Writer], p.Seq}, func(s *sqlite3.Stmt) error {
		chain, header = s.ColumnInt64(0), s.ColumnBlob(1, nil)
		return nil
	}); err != nil {
		return err
	}
	h, err := journal.DecodeHeader(header)
	if err != nil || int(p.Index) >= len(h.Parts) {
		return nil // damaged: Verify names it
	}
	return j.lack(chain, &h, int(p.Index), state)
}

func (j *Journal) letGo(parts []journal.PartPlace, state int) (dropped int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range parts {
		if j.held[p] || j.roll.Erased[p] {
			continue
		}
		if err := j.begin(); err != nil {
			return 0, err
		}
		if err := j.db.exec("UPDATE part SET data = "+letGoBytes+" WHERE tag <> 0 AND idx = ?3 AND chain = (SELECT n FROM chain WHERE writer = ?1 AND seq = ?2) AND "+isHere,
			j.local[p.Writer], p.Seq, int(p.Index)); err != nil {
			return 0, errors.Join(plain("let go", err), j.drop())
		}
		if j.db.conn.Changes() == 0 {
			continue
		}
		dropped++
		if err := j.letGone(p, state); err != nil {
			return 0, errors.Join(plain("let go", err), j.drop())
		}
	}
	if dropped == 0 {
		return 0, j.drop()
	}
	j.scrub = true
	return dropped, j.flush()
}
