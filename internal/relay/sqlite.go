package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // registers itself
)

// OpenSQLite opens or makes the relay's file, and its folder if need be. The file is in WAL mode and every transaction
// is durable when it returns. One process at a time is meant to use it, though two do no harm.
func OpenSQLite(ctx context.Context, path string) (*SQLStore, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open the relay's store: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // nobody else on this machine has business here
	if err != nil {
		return nil, fmt.Errorf("open the relay's store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the relay's store: %w", err)
	}
	return OpenSQLiteOn(ctx, "", path)
}

// OpenSQLiteOn opens or makes the relay's file on a disk that SQLite knows by that name, for tests with disks that fail;
// empty: the system's.
func OpenSQLiteOn(ctx context.Context, disk, path string) (*SQLStore, error) {
	// Extra is full, and syncs the folder too: the file's first change is written with a rollback journal, which the loss of
	// power must not bring back. SQLite would take the file back to the empty one with it.
	query := "_txlock=deferred" +
		"&_pragma=busy_timeout(20000)&_pragma=synchronous(extra)&_pragma=journal_mode(wal)&_pragma=temp_store(memory)&_pragma=secure_delete(on)"
	if disk != "" {
		query += "&vfs=" + url.QueryEscape(disk)
	}
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query}).String()
	write, err := sql.Open("sqlite3", name)
	if err != nil {
		return nil, fmt.Errorf("open the relay's store: %w", err)
	}
	read, err := sql.Open("sqlite3", name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the relay's store: %w", err), write.Close())
	}
	// SQLite writes one at a time: waiting in Go is fair, waiting on its lock is not.
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(4)
	s := &SQLStore{write: write, read: read, dialect: sqlite}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the relay's store: %w", err), s.Close())
	}
	s.scrub.due.Store(true) // of a process that was killed
	s.scrubbed(ctx)
	return s, nil
}

var sqlite = dialect{
	bytes:       "BLOB",
	tableExists: "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
	again: func(err error) retry {
		if errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED) {
			return lost
		}
		return never
	},
	damaged: func(err error) bool {
		return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB)
	},
	zeros:   "zeroblob(length(data))",
	inPlace: true,
	// The log of what was written holds pages from before an erasure until it is emptied. Readers may be in the way.
	scrub: func(ctx context.Context, db *sql.DB, _ []string) (bool, error) {
		var busy, log, moved int
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
		return busy == 0, err
	},
}
