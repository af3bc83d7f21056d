package relay

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"amparo/internal/journal"
)

// dialect is where databases differ.
type dialect struct {
	bytes       string            // the type of columns that hold bytes
	tableExists string            // a query with the table's name as $1
	again       func(error) retry // whether a transaction that failed so may be tried again
	damaged     func(error) bool  // the file is not what was written
	zeros       string            // as many zeros as data has bytes
	inPlace     bool              // a row that changes and keeps its length is written where it stands

	// copy writes rows that cannot be there already, with the database's own way for many; nil: it has none, and no arrays either.
	copy func(ctx context.Context, tx *transaction, table string, columns []string, rows [][]any) error

	// scrub removes from the database's files what was erased in these tables, as far as the database lets us; false: not now.
	scrub func(context.Context, *sql.DB, []string) (bool, error)
	slow  bool // scrub is done beside the work
}

// retry says whether a transaction that failed may be tried again.
type retry int

const (
	never retry = iota
	lost        // against another, or because the other was faster
	cut         // from the database, which may be back or replaced soon
)

// SQLStore is a Store on a SQL database.
type SQLStore struct {
	write, read *sql.DB
	dialect     dialect
	blobs       Blobs // where the bytes of chunks are; nil: in the database
	scrub       scrub
	mu          sync.Mutex
	workspaces  map[journal.WorkspaceID]*sqlWorkspace
}

//go:embed schema/*.sql
var schemas embed.FS

const schemaVersion = 5

func (s *SQLStore) prepare(ctx context.Context) error {
	return s.transact(ctx, func(tx *transaction) error {
		var n, version int
		if err := tx.QueryRowContext(ctx, s.dialect.tableExists, "about").Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			var text string
			if err := tx.QueryRowContext(ctx, "SELECT value FROM about WHERE name = 'version'").Scan(&text); err != nil {
				return err
			}
			var err error
			if version, err = strconv.Atoi(text); err != nil || version > schemaVersion {
				return fmt.Errorf("%w (store version %s)", journal.ErrNewer, text)
			}
		}
		for v := version + 1; v <= schemaVersion; v++ {
			if err := s.migrate(ctx, tx, v); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO about (name, value) VALUES ('version', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value", strconv.Itoa(schemaVersion))
		return err
	})
}

// migrate brings a store from the version before to this one.
func (s *SQLStore) migrate(ctx context.Context, tx *transaction, version int) error {
	text, err := schemas.ReadFile(fmt.Sprintf("schema/%d.sql", version))
	if err != nil {
		return err
	}
	for statement := range strings.SplitSeq(strings.ReplaceAll(string(text), "BLOB", s.dialect.bytes), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	switch version {
	case 2:
		return fillVouch(ctx, tx, &s.dialect)
	case 3:
		return fillLacks(ctx, tx, &s.dialect)
	case 4:
		return fillStored(ctx, tx)
	}
	return nil
}

// Workspace gives the copy of a workspace.
func (s *SQLStore) Workspace(_ context.Context, id journal.WorkspaceID) (Workspace, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.workspaces == nil || len(s.workspaces) > maxOpenWorkspaces {
		s.workspaces = map[journal.WorkspaceID]*sqlWorkspace{} // only remembered rolls are lost
	}
	w, ok := s.workspaces[id]
	if !ok {
		w = &sqlWorkspace{store: s, id: id, turn: make(chan struct{}, 1)}
		s.workspaces[id] = w
	}
	return w, nil
}

// maxOpenWorkspaces bounds how many rolls are remembered.
const maxOpenWorkspaces = 1024

// Ping asks the database something small.
func (s *SQLStore) Ping(ctx context.Context) error {
	var n int
	return s.plain("ping", s.read.QueryRowContext(ctx, "SELECT count(*) FROM about").Scan(&n))
}

// Close closes the database.
func (s *SQLStore) Close() error {
	s.scrub.end()
	return errors.Join(s.read.Close(), s.write.Close())
}

func (s *SQLStore) plain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case s.dialect.damaged(err):
		return fmt.Errorf("%s: %w: %w", doing, ErrDamaged, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
