package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// Chunks keeps the sealed chunks of files beside the journal, each in a file named by the SHA-256 of its bytes, and a list of
// which belong together, which are missing here, and which are known to be elsewhere. The list names no person and holds no
// key: a chunk belongs to the part of a commit in which its key is sealed. When that part is erased its chunks go, and while
// it is held back they stay here.
type Chunks struct {
	dir  string
	mu   sync.Mutex
	db   *session
	wall func() time.Time
}

// File is the chunks that belong together.
type File struct {
	ID     record.ID // of the fact that speaks of it
	Place  journal.PartPlace
	Time   int64 // when it was added, unix milliseconds
	Size   int64 // plain
	Chunks [][32]byte
}

// Chunk is one of them.
type Chunk struct {
	Digest [32]byte
	Size   int // sealed
	Place  journal.PartPlace
}

const (
	chunksApplication = 0x416d7063 // "Ampc"
	chunksVersion     = 1
)

const chunksSchema = `CREATE TABLE file (
	id     BLOB PRIMARY KEY,     -- of the fact: random, it says nothing by itself
	writer BLOB NOT NULL,        -- the part of a commit in which the key stands
	seq    INTEGER NOT NULL,
	idx    INTEGER NOT NULL,
	time   INTEGER NOT NULL,
	size   INTEGER NOT NULL,
	first  INTEGER NOT NULL      -- 1: somebody waits for it
) STRICT;
CREATE TABLE chunk (
	file   BLOB NOT NULL REFERENCES file (id),
	n      INTEGER NOT NULL,
	digest BLOB NOT NULL,
	size   INTEGER NOT NULL,     -- sealed
	here   INTEGER NOT NULL,
	PRIMARY KEY (file, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_missing ON chunk (here);
CREATE INDEX chunk_named ON chunk (digest);
CREATE TABLE there (           -- which copies said that they hold a chunk, and when
	digest BLOB NOT NULL,
	place  TEXT NOT NULL,
	at     INTEGER NOT NULL,     -- unix seconds
	PRIMARY KEY (digest, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE staged (          -- sealed, and the commit that speaks of it is not known to be saved
	digest BLOB PRIMARY KEY,
	tag    INTEGER NOT NULL,     -- of the compartment: who opens it can tell
	at     INTEGER NOT NULL      -- unix seconds
) STRICT, WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`

// OpenChunks opens the folder or makes it; wall is the clock. It fails with ErrInUse, ErrDamaged or journal.ErrNewer.
func OpenChunks(dir string, wall func() time.Time) (*Chunks, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	path := filepath.Join(dir, "list")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	conn, err := sqlite3.Open((&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String())
	if err != nil {
		return nil, plain("open files", err)
	}
	c := &Chunks{dir: dir, db: newSession(conn), wall: wall}
	if err := c.prepare(); err != nil {
		return nil, errors.Join(plain("open files", err), c.db.close())
	}
	return c, nil
}

func (c *Chunks) prepare() error {
	for _, pragma := range []string{"PRAGMA locking_mode=exclusive", "PRAGMA journal_mode=wal", "PRAGMA synchronous=full", "PRAGMA temp_store=memory", "PRAGMA secure_delete=on"} {
		if err := c.db.conn.Exec(pragma); err != nil {
			return err
		}
	}
	version, application := 0, 0
	if err := c.db.run("PRAGMA user_version", nil, func(s *sqlite3.Stmt) error { version = s.ColumnInt(0); return nil }); err != nil {
		return err
	}
	if err := c.db.run("PRAGMA application_id", nil, func(s *sqlite3.Stmt) error { application = s.ColumnInt(0); return nil }); err != nil {
		return err
	}
	switch {
	case version > chunksVersion:
		return fmt.Errorf("%w (list of files, version %d)", journal.ErrNewer, version)
	case version < 0 || version > 0 && application != chunksApplication:
		return fmt.Errorf("%w: not a list of files", ErrDamaged)
	case version == chunksVersion:
		return nil
	}
	return c.db.conn.Exec(fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", chunksSchema, chunksApplication, chunksVersion))
}

// Close ends the use of the folder.
func (c *Chunks) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.db.close()
}

func (c *Chunks) path(digest [32]byte) string {
	name := fmt.Sprintf("%x", digest)
	return filepath.Join(c.dir, name[:2], name)
}

// Stage keeps a chunk that was sealed here, before the commit that speaks of it is saved. It is durable when Stage returns.
func (c *Chunks) Stage(tag uint8, sealed []byte) (digest [32]byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	digest = seal.Digest(sealed)
	if err := c.db.exec("INSERT INTO staged (digest, tag, at) VALUES (?,?,?) ON CONFLICT DO NOTHING", digest[:], int(tag), c.wall().Unix()); err != nil {
		return digest, plain("keep a file", err)
	}
	return digest, c.write(digest, sealed)
}

// write makes a chunk durable under its name.
func (c *Chunks) write(digest [32]byte, sealed []byte) error {
	path := c.path(digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	f, err := os.CreateTemp(c.dir, ".new-*")
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	_, err = f.Write(sealed)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keep a file: %w", errors.Join(err, os.Remove(f.Name())))
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil { // the rename itself must survive power loss
		d.Sync()
		d.Close()
	}
	return nil
}

// Read gives a chunk; here is false when it is not, or is damaged: then it is asked for again.
func (c *Chunks) Read(digest [32]byte) (sealed []byte, here bool, err error) {
	sealed, err = os.ReadFile(c.path(digest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, false, fmt.Errorf("read a file: %w", err)
	case seal.Digest(sealed) == digest:
		return sealed, true, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return nil, false, plain("read a file", c.db.exec("UPDATE chunk SET here = 0 WHERE digest = ?", digest[:]))
}

// Register notes the chunks of a file whose commit is saved. Registering again changes nothing.
func (c *Chunks) Register(f File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.together("note a file", func() error {
		if err := c.db.exec("INSERT INTO file (id, writer, seq, idx, time, size, first) VALUES (?,?,?,?,?,?,0) ON CONFLICT DO NOTHING",
			f.ID, f.Place.Writer[:], f.Place.Seq, int(f.Place.Index), f.Time, f.Size); err != nil {
			return err
		}
		if c.db.conn.Changes() == 0 {
			return nil
		}
		for n, digest := range f.Chunks {
			_, err := os.Stat(c.path(digest))
			if err := c.db.exec("INSERT INTO chunk (file, n, digest, size, here) VALUES (?,?,?,?,?)", f.ID, n, digest[:], seal.SealedChunkSize(f.Size, n), err == nil); err != nil {
				return err
			}
			if err := c.db.exec("DELETE FROM staged WHERE digest = ?", digest[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Take keeps a chunk that came from elsewhere, durable when it returns. What nobody here asked for is passed over, and so is
// what is here. It fails with ErrDamaged when no file has a chunk of these bytes.
func (c *Chunks) Take(sealed []byte) (fresh bool, err error) {
	if len(sealed) > seal.MaxSealedChunk { // whoever wrote the fact chose the name
		return false, fmt.Errorf("%w: a chunk of %d bytes", ErrDamaged, len(sealed))
	}
	digest := seal.Digest(sealed)
	c.mu.Lock()
	defer c.mu.Unlock()
	known, here := false, false
	if err := c.db.run("SELECT here FROM chunk WHERE digest = ?", []any{digest[:]}, func(s *sqlite3.Stmt) error {
		known, here = true, s.ColumnBool(0)
		return nil
	}); err != nil || here {
		return false, plain("take a file", err)
	}
	if !known {
		return false, fmt.Errorf("%w: a chunk that belongs to no file", ErrDamaged)
	}
	if err := c.write(digest, sealed); err != nil {
		return false, err
	}
	if err := c.db.exec("UPDATE chunk SET here = 1 WHERE digest = ?", digest[:]); err != nil {
		return false, plain("take a file", err)
	}
	return true, plain("take a file", c.db.exec("UPDATE file SET first = 0 WHERE first = 1 AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.file = file.id AND here = 0)"))
}

// together does several statements as one.
func (c *Chunks) together(doing string, do func() error) error {
	err := c.db.exec("BEGIN IMMEDIATE")
	if err == nil {
		err = do()
	}
	if err == nil {
		err = c.db.exec("COMMIT")
	}
	if err != nil && !c.db.conn.GetAutocommit() {
		err = errors.Join(err, c.db.exec("ROLLBACK"))
	}
	return plain(doing, err)
}

// remove overwrites a chunk where it stands and removes it. An SSD may keep the old blocks out of reach of any program.
func (c *Chunks) remove(digest [32]byte) error {
	path := c.path(digest)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove a file: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(bytes.Repeat([]byte{0}, int(min(info.Size(), seal.MaxSealedChunk))))
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("remove a file: %w", err)
	}
	return nil
}

// Drop removes files and their chunks: they were erased, taken back, or let go of.
func (c *Chunks) Drop(files ...record.ID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range files {
		chunks, err := c.chunks("SELECT c.digest, c.size, f.writer, f.seq, f.idx FROM chunk c JOIN file f ON f.id = c.file WHERE c.file = ?", id)
		if err != nil {
			return err
		}
		for _, one := range chunks { // before the list forgets them: what is cut off here goes on at the next time
			shared := false // another fact speaks of the same chunk
			if err := c.db.run("SELECT 1 FROM chunk WHERE digest = ? AND file <> ?", []any{one.Digest[:], id}, func(*sqlite3.Stmt) error { shared = true; return nil }); err != nil {
				return plain("remove a file", err)
			}
			if shared {
				continue
			}
			if err := c.remove(one.Digest); err != nil {
				return err
			}
		}
		if err := c.together("remove a file", func() error {
			for _, one := range chunks {
				if err := c.db.exec("DELETE FROM there WHERE digest = ?", one.Digest[:]); err != nil {
					return err
				}
			}
			if err := c.db.exec("DELETE FROM chunk WHERE file = ?", id); err != nil {
				return err
			}
			return c.db.exec("DELETE FROM file WHERE id = ?", id)
		}); err != nil {
			return err
		}
	}
	return nil
}

// Sweep removes chunks that were sealed here for commits that were never saved. tags are the compartments whose facts were
// all registered before; what was sealed within the last hour may still be on its way.
func (c *Chunks) Sweep(tags []uint8) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var gone [][32]byte
	for _, tag := range tags {
		if err := c.db.run("SELECT digest FROM staged WHERE tag = ? AND at < ?", []any{int(tag), c.wall().Add(-time.Hour).Unix()}, func(s *sqlite3.Stmt) error {
			var d [32]byte
			copy(d[:], s.ColumnRawBlob(0))
			gone = append(gone, d)
			return nil
		}); err != nil {
			return plain("sweep files", err)
		}
	}
	for _, digest := range gone {
		if err := c.remove(digest); err != nil {
			return err
		}
		if err := c.db.exec("DELETE FROM staged WHERE digest = ?", digest[:]); err != nil {
			return plain("sweep files", err)
		}
	}
	return nil
}
