package store

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/record"
)

// session is one connection with its prepared statements. It is used by one goroutine at a time.
type session struct {
	conn     *sqlite3.Conn
	prepared map[string]*sqlite3.Stmt
}

func newSession(conn *sqlite3.Conn) *session {
	// Plans that do not look at bound values: otherwise "LIMIT ?" is compiled again at every use, a sixth of a commit's
	// work. It cannot fail on a build that has the option, and costs only time on one that has not.
	_, _ = conn.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true)
	return &session{conn: conn, prepared: map[string]*sqlite3.Stmt{}}
}

func (s *session) close() error {
	for _, stmt := range s.prepared {
		stmt.Close()
	}
	return s.conn.Close()
}

func (s *session) statement(sql string) (*sqlite3.Stmt, error) {
	if stmt := s.prepared[sql]; stmt != nil {
		return stmt, nil
	}
	stmt, tail, err := s.conn.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	if stmt == nil || tail != "" {
		return nil, errors.New("not exactly one statement")
	}
	s.prepared[sql] = stmt
	return stmt, nil
}

// run binds, steps through and resets one statement.
func (s *session) run(sql string, args []any, row func(*sqlite3.Stmt) error) error {
	stmt, err := s.statement(sql)
	if err != nil {
		return fmt.Errorf("%w (in: %s)", err, sql)
	}
	defer stmt.Reset()
	for i, arg := range args {
		if err := bind(stmt, i+1, arg); err != nil {
			return err
		}
	}
	for stmt.Step() {
		if row == nil {
			continue
		}
		if err := row(stmt); err != nil {
			return err
		}
	}
	return stmt.Err()
}

func (s *session) exec(sql string, args ...any) error { return s.run(sql, args, nil) }

func bind(stmt *sqlite3.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		return stmt.BindNull(i)
	case string:
		return stmt.BindText(i, v)
	case int:
		return stmt.BindInt64(i, int64(v))
	case int64:
		return stmt.BindInt64(i, v)
	case uint64:
		return stmt.BindInt64(i, int64(v))
	case bool:
		return stmt.BindBool(i, v)
	case []byte:
		if v == nil {
			return stmt.BindNull(i)
		}
		if len(v) == 0 {
			return stmt.BindZeroBlob(i, 0)
		}
		return stmt.BindBlob(i, v)
	case record.ID:
		if v.IsZero() {
			return stmt.BindNull(i)
		}
		return stmt.BindBlob(i, v[:])
	}
	return fmt.Errorf("argument %d: a %T cannot be bound", i, arg)
}
