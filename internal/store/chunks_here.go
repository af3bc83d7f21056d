package store

import (
	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// Here says of each chunk whether it is here.
func (c *Chunks) Here(digests [][32]byte) ([]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	here := make([]bool, len(digests))
	for i, d := range digests {
		if err := c.db.run("SELECT here FROM chunk WHERE digest = ?", []any{d[:]}, func(s *sqlite3.Stmt) error {
			here[i] = here[i] || s.ColumnBool(0)
			return nil
		}); err != nil {
			return nil, plain("list files", err)
		}
	}
	return here, nil
}

// Of lists the parts to which a chunk belongs; none: it is of no file that is known here.
func (c *Chunks) Of(digest [32]byte) (places []journal.PartPlace, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, err := c.chunks("SELECT c.digest, c.size, f.writer, f.seq, f.idx FROM chunk c JOIN file f ON f.id = c.file WHERE c.digest = ?", digest[:])
	for _, one := range list {
		places = append(places, one.Place)
	}
	return places, err
}
