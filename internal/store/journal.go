package store

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

//go:embed schema/*.sql
var schemas embed.FS

const (
	journalApplication = 0x416d706a // "Ampj"
	journalVersion     = 3
)

// Journal is the journal file of one node. While it is open no other process can open it.
type Journal struct {
	mu    sync.Mutex
	db    *session
	open  bool // a batch has begun and is not yet durable
	roll  *journal.Roll
	heads map[journal.WriterID]journal.Head
	saved map[journal.WriterID]journal.Head // heads that are durable: the only ones others may hear of
	local map[journal.WriterID]int64        // writer → its number in the file

	erased map[journal.PartPlace]bool // what was dropped; the roll says what is to be
	held   map[journal.PartPlace]bool // what does not leave this machine
	scrub  bool                       // something was dropped that still stands in the write-ahead log
	scope  Scope                      // which sealed parts are wanted

	standing, standingOf *journal.Roll // the roll without what does not stand, and the roll it was worked out from

	founder journal.MemberID // who must have founded the workspace; zero: whoever did
}

// OpenJournal opens or makes the journal of a workspace. It fails with ErrInUse, ErrDamaged or, for a file of a later
// version, journal.ErrNewer. founder is who the invitation said founded the workspace: a relay cannot make another one up.
func OpenJournal(path string, workspace journal.WorkspaceID, founder journal.MemberID) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	// Nobody else on this machine has business here; SQLite gives its WAL the same rights.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return OpenJournalOn("", path, workspace, founder)
}

func foundedRoll(w journal.WorkspaceID, founder journal.MemberID) *journal.Roll {
	roll := journal.NewRoll(w)
	roll.Founder = founder
	return roll
}

func (j *Journal) prepare() error {
	// An exclusive lock for as long as the file is open: two processes on one folder would both continue the chain.
	// Extra is full, and syncs the folder too: the file's first change is written with a rollback journal, which the loss of
	// power must not bring back. SQLite would take the file back to the empty one with it.
	for _, pragma := range []string{"PRAGMA locking_mode=exclusive", "PRAGMA synchronous=extra", "PRAGMA journal_mode=wal", "PRAGMA temp_store=memory",
		"PRAGMA secure_delete=on", "PRAGMA cache_size=-8000"} {
		if err := j.db.conn.Exec(pragma); err != nil {
			return err
		}
	}
	version, application := 0, 0
	if err := j.db.run("PRAGMA user_version", nil, func(s *sqlite3.Stmt) error { version = s.ColumnInt(0); return nil }); err != nil {
		return err
	}
	if err := j.db.run("PRAGMA application_id", nil, func(s *sqlite3.Stmt) error { application = s.ColumnInt(0); return nil }); err != nil {
		return err
	}
	if version > journalVersion {
		return fmt.Errorf("%w (journal version %d)", journal.ErrNewer, version)
	}
	if version < 0 || version > 0 && application != journalApplication {
		return fmt.Errorf("%w: not a journal file", ErrDamaged)
	}
	if err := migrate(j.db, version); err != nil {
		return err
	}
	if err := j.checkSchema(); err != nil {
		return err
	}
	if err := j.load(); err != nil {
		return err
	}
	if err := j.erase(); err != nil {
		return errors.Join(err, j.drop())
	}
	j.scrub = len(j.erased) > 0
	if !j.open {
		j.scrubbed()
	}
	return j.flush()
}

// checkSchema compares the tables with what the migrations make: SQLite believes any table definition that it can read,
// also one in which a byte has changed.
func (j *Journal) checkSchema() error {
	fresh, err := sqlite3.Open(":memory:")
	if err != nil {
		return err
	}
	want := newSession(fresh)
	defer want.close()
	if err := migrate(want, 0); err != nil {
		return err
	}
	expected, err := want.definitions()
	if err != nil {
		return err
	}
	found, err := j.db.definitions()
	if err == nil && found != expected {
		err = fmt.Errorf("%w: its tables are not defined as they were made", ErrDamaged)
	}
	return err
}

// definitions is the text of all tables and indexes.
func (s *session) definitions() (text string, err error) {
	err = s.run("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", nil, func(stmt *sqlite3.Stmt) error {
		for i := range 4 {
			text += stmt.ColumnText(i) + "\x00"
		}
		return nil
	})
	return text, err
}

// fill completes what a migration's SQL cannot: it reads headers.
var fill = map[int]func(*session) error{2: fillVouch, 3: fillLack}

func migrate(db *session, from int) error {
	for v := from + 1; v <= journalVersion; v++ {
		sql, err := fs.ReadFile(schemas, fmt.Sprintf("schema/journal-%d.sql", v))
		if err != nil {
			return err
		}
		err = db.conn.Exec("BEGIN IMMEDIATE; " + string(sql))
		if err == nil && fill[v] != nil {
			err = fill[v](db)
		}
		if err == nil {
			err = db.conn.Exec(fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", journalApplication, v))
		}
		if err != nil {
			if !db.conn.GetAutocommit() {
				err = errors.Join(err, db.conn.Exec("ROLLBACK"))
			}
			return err
		}
	}
	return nil
}

// load reads heads and roll. Open parts are few: public keys and grants.
func (j *Journal) load() error {
	err := j.db.run("SELECT w.n, w.id, c.seq, c.hash, c.time FROM writer w JOIN chain c ON c.writer = w.n AND c.seq = (SELECT max(seq) FROM chain WHERE writer = w.n)", nil,
		func(s *sqlite3.Stmt) error {
			var id journal.WriterID
			if copy(id[:], s.ColumnRawBlob(1)) < len(id) {
				return fmt.Errorf("%w: a writer without a whole id", ErrDamaged)
			}
			j.local[id] = s.ColumnInt64(0)
			j.heads[id] = journal.Head{Seq: uint64(s.ColumnInt64(2)), Hash: hashColumn(s, 3), Time: journal.Time(s.ColumnInt64(4))}
			return nil
		})
	if err != nil {
		return err
	}
	commits, err := j.openCommits()
	if err != nil {
		return err
	}
	// What was believed when it arrived and no longer reads is damaged: Verify names it, and the rest stays usable.
	_ = j.roll.Gather(commits)
	j.saved = maps.Clone(j.heads)
	if err := j.loadHeld(); err != nil {
		return err
	}
	if err := j.loadScope(); err != nil {
		return err
	}
	return j.loadErased()
}

// openCommits reads all commits with open parts.
func (j *Journal) openCommits() ([]journal.Commit, error) {
	var commits []journal.Commit
	err := j.db.run("SELECT c.header, p.idx, p.data FROM part p JOIN chain c ON c.n = p.chain WHERE p.tag = 0 ORDER BY p.arrival", nil,
		func(s *sqlite3.Stmt) error {
			raw := s.ColumnBlob(0, nil)
			h, err := journal.DecodeHeader(raw)
			if err != nil {
				return nil // damaged: Verify names it, and the rest stays usable
			}
			c := journal.Commit{Header: h, Hash: journal.HashOf(raw), Parts: make([][]byte, len(h.Parts))}
			if i := s.ColumnInt(1); i < len(c.Parts) {
				c.Parts[i] = s.ColumnBlob(2, nil)
			}
			commits = append(commits, c)
			return nil
		})
	return commits, plain("read who may write", err)
}

// hashColumn reads a hash; one that is not whole is none that anything has, and is found by Verify.
func hashColumn(s *sqlite3.Stmt, column int) (h journal.Hash) {
	copy(h[:], s.ColumnRawBlob(column))
	return h
}

// Close ends the use of the file. What was not flushed is gone.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.open {
		j.db.conn.Exec("ROLLBACK")
	}
	return j.db.close()
}

// Roll is who may write, as far as this journal says. It must not be changed.
func (j *Journal) Roll() *journal.Roll {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.roll
}

// Head is the end of a writer's chain here; zero for an unknown writer.
func (j *Journal) Head(w journal.WriterID) journal.Head {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.heads[w]
}

// Heads lists the ends of all chains as they are durable. What a running batch appended is not told to anyone: after
// a crash it would never have been.
func (j *Journal) Heads() map[journal.WriterID]journal.Head {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.saved)
}

// Append writes a commit of this node's own into the running batch. sig may be nil when a later commit of the batch
// is signed. Nothing is saved until Flush returns.
func (j *Journal) Append(c *journal.Commit, sig *seal.Signature) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.begin(); err != nil {
		return err
	}
	roll := j.roll
	if slices.ContainsFunc(c.Header.Parts, func(p journal.PartHeader) bool { return p.Tag == 0 }) {
		roll = roll.Clone() // others may be reading the one there is
		if err := roll.Learn(c); err != nil {
			return err
		}
	}
	j.roll = roll // before anything is written: what it erases must not come in again
	if err := j.insert(c, sig); err != nil {
		return err
	}
	return j.erase()
}

// Sign gives the last commit of the batch its signature.
func (j *Journal) Sign(w journal.WriterID, seq uint64, sig seal.Signature) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.begin(); err != nil {
		return err
	}
	return plain("sign", j.db.exec("UPDATE chain SET sig = ? WHERE writer = ? AND seq = ?", sig[:], j.local[w], seq))
}

// Flush makes the batch durable: when it returns nil, what was appended survives kill and power loss. When it fails
// the whole batch is gone and the heads are as before.
func (j *Journal) Flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.flush()
}

func (j *Journal) flush() error {
	if !j.open {
		return nil
	}
	if err := j.db.exec("COMMIT"); err != nil {
		return errors.Join(plain("make durable", err), j.drop())
	}
	j.open, j.saved = false, maps.Clone(j.heads)
	j.scrubbed()
	return nil
}

// Drop forgets the batch.
func (j *Journal) Drop() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.drop()
}

func (j *Journal) drop() error {
	if !j.open {
		return nil
	}
	j.open = false
	if !j.db.conn.GetAutocommit() {
		if err := j.db.exec("ROLLBACK"); err != nil {
			return plain("roll back", err)
		}
	}
	j.heads, j.local, j.roll = map[journal.WriterID]journal.Head{}, map[journal.WriterID]int64{}, foundedRoll(j.roll.Workspace, j.founder)
	return plain("read the journal again", j.load())
}

func (j *Journal) begin() error {
	if j.open {
		return nil
	}
	if err := j.db.exec("BEGIN IMMEDIATE"); err != nil {
		return plain("begin", err)
	}
	j.open = true
	return nil
}

func (j *Journal) insert(c *journal.Commit, sig *seal.Signature) error {
	w, known := j.local[c.Writer]
	if !known {
		if err := j.db.exec("INSERT INTO writer (id) VALUES (?)", c.Writer[:]); err != nil {
			return plain("append", err)
		}
		w = j.db.conn.LastInsertRowID()
		j.local[c.Writer] = w
	}
	var sigBytes []byte
	if sig != nil {
		sigBytes = sig[:]
	}
	if err := j.db.exec("INSERT INTO chain (writer, seq, hash, time, header, sig) VALUES (?,?,?,?,?,?)",
		w, c.Seq, c.Hash[:], uint64(c.Time), c.Header.Encode(), sigBytes); err != nil {
		return plain("append", err)
	}
	n := j.db.conn.LastInsertRowID()
	for i, data := range c.Parts {
		if c.Header.Parts[i].Tag != 0 && j.gone(c, i) {
			continue
		}
		if data == nil {
			if err := j.lack(n, &c.Header, i, j.scope.state(c.Header.Parts[i].Shelf)); err != nil {
				return plain("append", err)
			}
			continue
		}
		if err := j.db.exec("INSERT INTO part (chain, idx, tag, data) VALUES (?,?,?,?)", n, i, int(c.Header.Parts[i].Tag), data); err != nil {
			return plain("append", err)
		}
	}
	if err := vouch(j.db, c.Writer, c.Seen); err != nil {
		return plain("append", err)
	}
	if len(c.Seen) > 0 {
		j.standing = nil // worked out again when it is asked for
	}
	j.heads[c.Writer] = journal.Head{Seq: c.Seq, Hash: c.Hash, Time: c.Time}
	return nil
}

// Note remembers a small value; ReadNote gives it back, nil when there is none.
func (j *Journal) Note(name string, value []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return plain("note", j.db.exec("INSERT INTO note (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", name, value))
}

// ReadNote gives what Note kept.
func (j *Journal) ReadNote(name string) (value []byte, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT value FROM note WHERE name = ?", []any{name}, func(s *sqlite3.Stmt) error {
		value = s.ColumnBlob(0, []byte{})
		return nil
	})
	return value, plain("read note", err)
}
