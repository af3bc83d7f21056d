package store

import (
	"bytes"

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
			return 0, plain("let go", err)
		}
		dropped += int(j.db.conn.Changes())
	}
	if dropped == 0 {
		return 0, j.drop()
	}
	j.scrub = true
	return dropped, j.flush()
}
