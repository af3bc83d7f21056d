package store

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3"
)

// Backup is a database being copied while it is in use. What is written between two steps is in the copy too.
type Backup struct {
	mu *sync.Mutex
	b  *sqlite3.Backup
}

// backupPages is how much one step copies: 1 MiB, some milliseconds in which nobody writes.
const backupPages = 256

func beginBackup(mu *sync.Mutex, db *session, path string) (*Backup, error) {
	mu.Lock()
	defer mu.Unlock()
	b, err := db.conn.BackupInit("main", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String())
	if err != nil {
		return nil, plain("begin a copy", err)
	}
	return &Backup{mu, b}, nil
}

// BeginBackup begins a copy of the journal in a new file. It must be closed before the journal is.
func (j *Journal) BeginBackup(path string) (*Backup, error) { return beginBackup(&j.mu, j.db, path) }

// BeginBackup begins a copy of the list of chunks in a new file. The chunks themselves never change: Stored lists them.
func (c *Chunks) BeginBackup(path string) (*Backup, error) { return beginBackup(&c.mu, c.db, path) }

// Step copies some more. No batch may be running. Once done, the copy holds what was durable then.
func (b *Backup) Step() (done bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	done, err = b.b.Step(backupPages)
	return done, plain("copy", err)
}

// Progress says how many bytes of how many are copied.
func (b *Backup) Progress() (done, all int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	const page = 4096
	all = int64(b.b.PageCount()) * page
	return all - int64(b.b.Remaining())*page, all
}

// Close ends the copying, whether done or not.
func (b *Backup) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return plain("copy", b.b.Close())
}

// Stored lists the files of the chunks that are here, below the folder.
func (c *Chunks) Stored() (names []string, err error) {
	folders, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		chunks, err := os.ReadDir(filepath.Join(c.dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("list files: %w", err)
		}
		for _, chunk := range chunks {
			names = append(names, f.Name()+"/"+chunk.Name())
		}
	}
	return names, nil
}
