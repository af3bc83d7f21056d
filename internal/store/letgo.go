package store

import "amparo/internal/journal"

// LetGo deletes sealed parts that another copy is known to hold; Fill takes them again. Held and erased parts are left as they
// are, and so is the newest part of all: its place in the order of arrival must not be given twice. It reports how many went.
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
		if err := j.db.exec("DELETE FROM part WHERE tag <> 0 AND idx = ?3 AND chain = (SELECT n FROM chain WHERE writer = ?1 AND seq = ?2) AND arrival < (SELECT max(arrival) FROM part)",
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
