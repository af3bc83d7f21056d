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
	"sync/atomic"

	"amparo/internal/journal"
)

// dialect is where databases differ.
type dialect struct {
	tableExists string           // a query with the table's name as $1
	again       func(error) bool // the transaction lost against another and may be tried again
	damaged     func(error) bool // the file is not what was written
	zeros       string           // as many zeros as data has bytes
	scrub       string           // empties the log of what was written before; empty: there is none
}

// SQLStore is a Store on a SQL database.
type SQLStore struct {
	write, read *sql.DB
	dialect     dialect
	scrub       atomic.Bool // something was erased that may still stand in the log
	mu          sync.Mutex
	workspaces  map[journal.WorkspaceID]*sqlWorkspace
}

//go:embed schema/*.sql
var schemas embed.FS

const schemaVersion = 4

func (s *SQLStore) prepare(ctx context.Context) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
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
			if err := migrate(ctx, tx, v); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO about (name, value) VALUES ('version', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value", strconv.Itoa(schemaVersion))
		return err
	})
}

// migrate brings a store from the version before to this one.
func migrate(ctx context.Context, tx *sql.Tx, version int) error {
	text, err := schemas.ReadFile(fmt.Sprintf("schema/%d.sql", version))
	if err != nil {
		return err
	}
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	switch version {
	case 2:
		return fillVouch(ctx, tx)
	case 3:
		return fillLacks(ctx, tx)
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
		w = &sqlWorkspace{store: s, id: id}
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
func (s *SQLStore) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// transact runs do in a serializable transaction, again when it lost against another: databases that are spread over
// machines ask for that in the ordinary course.
func (s *SQLStore) transact(ctx context.Context, do func(*sql.Tx) error) error {
	const attempts = 10
	for n := 1; ; n++ {
		err := s.once(ctx, do)
		if err == nil || n == attempts || !s.dialect.again(err) || ctx.Err() != nil {
			return err
		}
	}
}

func (s *SQLStore) once(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
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

// inserter collects rows and writes many with one statement.
type inserter struct {
	into    string // table and columns
	columns int
	ending  string
	args    []any
	rows    int
	most    int
}

// mostArguments keeps a statement within what every database accepts.
const mostArguments = 900

func newInserter(table, columns, ending string) *inserter {
	n := strings.Count(columns, ",") + 1
	return &inserter{into: "INSERT INTO " + table + " (" + columns + ") VALUES ", columns: n, ending: ending, most: mostArguments / n}
}

func (in *inserter) add(ctx context.Context, tx *sql.Tx, args ...any) error {
	in.args, in.rows = append(in.args, args...), in.rows+1
	if in.rows < in.most {
		return nil
	}
	return in.flush(ctx, tx)
}

func (in *inserter) flush(ctx context.Context, tx *sql.Tx) error {
	if in.rows == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString(in.into)
	for row := range in.rows {
		if row > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for column := range in.columns {
			if column > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "$%d", row*in.columns+column+1)
		}
		b.WriteByte(')')
	}
	b.WriteString(in.ending)
	_, err := tx.ExecContext(ctx, b.String(), in.args...)
	in.args, in.rows = in.args[:0], 0
	return err
}
