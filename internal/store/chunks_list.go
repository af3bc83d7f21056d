package store

import (
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/record"
)

func (c *Chunks) chunks(sql string, args ...any) (list []Chunk, err error) {
	err = c.db.run(sql, args, func(s *sqlite3.Stmt) error {
		one := Chunk{Size: s.ColumnInt(1), Place: journal.PartPlace{Seq: uint64(s.ColumnInt64(3)), Index: uint8(s.ColumnInt(4))}}
		if copy(one.Digest[:], s.ColumnRawBlob(0)) < len(one.Digest) || copy(one.Place.Writer[:], s.ColumnRawBlob(2)) < len(one.Place.Writer) {
			return fmt.Errorf("%w: the list of files", ErrDamaged)
		}
		list = append(list, one)
		return nil
	})
	return list, plain("list files", err)
}

// Files lists what is registered, with the part in which each one's key stands.
func (c *Chunks) Files() (map[record.ID]journal.PartPlace, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[record.ID]journal.PartPlace{}
	err := c.db.run("SELECT id, writer, seq, idx FROM file", nil, func(s *sqlite3.Stmt) error {
		var id record.ID
		p := journal.PartPlace{Seq: uint64(s.ColumnInt64(2)), Index: uint8(s.ColumnInt(3))}
		if copy(id[:], s.ColumnRawBlob(0)) < len(id) || copy(p.Writer[:], s.ColumnRawBlob(1)) < len(p.Writer) {
			return fmt.Errorf("%w: the list of files", ErrDamaged)
		}
		out[id] = p
		return nil
	})
	return out, plain("list files", err)
}

// Wanted lists chunks that are missing here: of files somebody waits for first, then of the newest.
func (c *Chunks) Wanted(most int) ([]Chunk, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chunks("SELECT c.digest, c.size, f.writer, f.seq, f.idx FROM chunk c JOIN file f ON f.id = c.file WHERE c.here = 0 ORDER BY f.first DESC, f.time DESC, f.id, c.n LIMIT ?", most)
}

// Unsent lists chunks that are here and that a place is not known to hold, of the newest files first. A place that said so
// before since is asked again.
func (c *Chunks) Unsent(place string, since time.Time, most int) ([]Chunk, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chunks(`SELECT c.digest, c.size, f.writer, f.seq, f.idx FROM chunk c JOIN file f ON f.id = c.file
		WHERE c.here = 1 AND NOT EXISTS (SELECT 1 FROM there t WHERE t.digest = c.digest AND t.place = ?1 AND t.at >= ?2) ORDER BY f.time DESC, f.id, c.n LIMIT ?3`, place, since.Unix(), most)
}

// Asked reports whether somebody waits for the file to which a chunk belongs.
func (c *Chunks) Asked(digest [32]byte) (asked bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.db.run("SELECT f.first FROM chunk c JOIN file f ON f.id = c.file WHERE c.digest = ?", []any{digest[:]}, func(s *sqlite3.Stmt) error {
		asked = s.ColumnBool(0)
		return nil
	})
	return asked, plain("list files", err)
}

// There notes that a place holds chunks.
func (c *Chunks) There(place string, digests [][32]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.together("note where files are", func() error {
		for _, d := range digests {
			if err := c.db.exec("INSERT INTO there (digest, place, at) VALUES (?1,?2,?3) ON CONFLICT (digest, place) DO UPDATE SET at = ?3", d[:], place, c.wall().Unix()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Doubt forgets what a place said that it holds: it was put back to an earlier state, or lost what it had.
func (c *Chunks) Doubt(place string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return plain("note where files are", c.db.exec("DELETE FROM there WHERE place = ?", place))
}

// Ask puts the missing chunks of a file before all others. It reports how many there are.
func (c *Chunks) Ask(file record.ID) (missing int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.db.run("SELECT count(*) FROM chunk WHERE file = ? AND here = 0", []any{file}, func(s *sqlite3.Stmt) error { missing = s.ColumnInt(0); return nil })
	if err == nil && missing > 0 {
		err = c.db.exec("UPDATE file SET first = 1 WHERE id = ?", file)
	}
	return missing, plain("ask for a file", err)
}

// Standing is how far a file is here.
type Standing struct {
	Chunks, Here int
	Elsewhere    bool // some place said that it holds all of it
}

// Stands says how far a file is here; the zero Standing is one that is not registered.
func (c *Chunks) Stands(file record.ID) (s Standing, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.db.run("SELECT count(*), coalesce(sum(here), 0) FROM chunk WHERE file = ?", []any{file}, func(row *sqlite3.Stmt) error {
		s.Chunks, s.Here = row.ColumnInt(0), row.ColumnInt(1)
		return nil
	})
	if err == nil && s.Chunks > 0 {
		err = c.db.run("SELECT 1 FROM there t JOIN chunk c ON c.digest = t.digest WHERE c.file = ?1 GROUP BY t.place HAVING count(*) = ?2", []any{file, s.Chunks},
			func(*sqlite3.Stmt) error { s.Elsewhere = true; return nil })
	}
	return s, plain("look for a file", err)
}

// At reports whether a place said that it holds all chunks of a file.
func (c *Chunks) At(place string, file record.ID) (all bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.db.run(`SELECT count(*) > 0 AND count(*) = count(t.digest) FROM chunk c LEFT JOIN there t ON t.digest = c.digest AND t.place = ?2 WHERE c.file = ?1`, []any{file, place},
		func(s *sqlite3.Stmt) error { all = s.ColumnBool(0); return nil })
	return all, plain("look for a file", err)
}

// Counted is how many chunks, and how many bytes of them.
type Counted struct {
	Chunks int   `json:"chunks"`
	Bytes  int64 `json:"bytes"`
}

// Coming counts the chunks that are missing here.
func (c *Chunks) Coming() (n Counted, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.db.run("SELECT count(*), coalesce(sum(size), 0) FROM chunk WHERE here = 0", nil, func(s *sqlite3.Stmt) error {
		n = Counted{s.ColumnInt(0), s.ColumnInt64(1)}
		return nil
	})
	return n, plain("count files", err)
}

// OnlyHere lists, of each part, the chunks that are here and that no place is known to hold.
func (c *Chunks) OnlyHere() (list []Chunk, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chunks("SELECT c.digest, c.size, f.writer, f.seq, f.idx FROM chunk c JOIN file f ON f.id = c.file WHERE c.here = 1 AND NOT EXISTS (SELECT 1 FROM there t WHERE t.digest = c.digest)")
}

// Note remembers a small value; ReadNote gives it back, nil when there is none.
func (c *Chunks) Note(name string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return plain("note", c.db.exec("INSERT INTO note (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", name, value))
}

// ReadNote gives what Note kept.
func (c *Chunks) ReadNote(name string) (value []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.db.run("SELECT value FROM note WHERE name = ?", []any{name}, func(s *sqlite3.Stmt) error {
		value = s.ColumnBlob(0, []byte{})
		return nil
	})
	return value, plain("read note", err)
}
