package store

import (
	"net/url"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// OpenJournalOn is OpenJournal on a disk that SQLite knows by that name, for tests with disks that fail; empty: the system's.
func OpenJournalOn(disk, path string, workspace journal.WorkspaceID, founder journal.MemberID) (*Journal, error) {
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	if disk != "" {
		name.RawQuery = url.Values{"vfs": {disk}}.Encode()
	}
	conn, err := sqlite3.Open(name.String())
	if err != nil {
		return nil, plain("open journal", err)
	}
	j := &Journal{db: newSession(conn), founder: founder, roll: foundedRoll(workspace, founder), heads: map[journal.WriterID]journal.Head{}, saved: map[journal.WriterID]journal.Head{}, local: map[journal.WriterID]int64{}}
	if err := j.prepare(); err != nil {
		j.db.close()
		return nil, plain("open journal", err)
	}
	return j, nil
}
