package store

import "github.com/ncruces/go-sqlite3"

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
