package relay

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrAddress reports an address of a database that cannot be read; what is wrong with it is not said, for it may hold a password.
var ErrAddress = errors.New("not the address of a database")

// ErrUnreachable reports a database that does not answer, or does not let us in.
var ErrUnreachable = errors.New("the database does not answer")

// ErrForgetful reports a database that is set up to say that something is stored before it is.
var ErrForgetful = errors.New("the database says that things are stored before they are (fsync or synchronous_commit is off)")

// OpenPostgres opens the store in a PostgreSQL database, 15 or later, or one that speaks its protocol, and makes its tables if
// need be. The URL is libpq's (postgres://user@host:port/database?…), several hosts with target_session_attrs=read-write
// too; the password may come from PGPASSWORD or a passfile. Several relays may use one database at once. No error holds
// the password.
func OpenPostgres(ctx context.Context, url string) (*SQLStore, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open the relay's store: %w", ErrAddress)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "amparo relay"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	write, read := stdlib.OpenDB(*config), stdlib.OpenDB(*config)
	// Who writes waits mostly for others' turns and for the disk; who reads, for slow clients, and holds no connection then.
	write.SetMaxOpenConns(8)
	write.SetMaxIdleConns(8)
	read.SetMaxOpenConns(16)
	read.SetMaxIdleConns(16)
	for _, db := range []*sql.DB{write, read} {
		db.SetConnMaxIdleTime(5 * time.Minute)
	}
	s := &SQLStore{write: write, read: read, dialect: postgres}
	if err = s.durable(ctx); err == nil {
		err = s.prepare(ctx)
	}
	if err == nil {
		err = s.sample(ctx)
	}
	var marks map[string]string
	if err == nil {
		marks, err = s.scrubDue(ctx)
	}
	if err != nil {
		var connect *pgconn.ConnectError
		if errors.As(err, &connect) {
			err = fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return nil, errors.Join(fmt.Errorf("open the relay's store: %w", err), s.Close())
	}
	s.scrub.due.Store(len(marks) > 0) // of a process that ended first
	s.scrubbed(ctx)
	return s, nil
}

// durable refuses a database that would forget what it acknowledged. Those that do not know these settings have no such choice.
func (s *SQLStore) durable(ctx context.Context) error {
	var fsync, commit string
	if err := s.write.QueryRowContext(ctx, "SELECT coalesce(current_setting('fsync', true), 'on'), coalesce(current_setting('synchronous_commit', true), 'on')").Scan(&fsync, &commit); err != nil {
		return err
	}
	if fsync == "off" || commit == "off" {
		return ErrForgetful
	}
	return nil
}

var postgres = dialect{
	bytes:       "BYTEA",
	tableExists: "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1",
	again:       postgresAgain,
	damaged: func(err error) bool {
		var told *pgconn.PgError
		return errors.As(err, &told) && (told.Code == "XX001" || told.Code == "XX002")
	},
	zeros: "decode(repeat('00', length(data)), 'hex')",
	copy:  copyRows,
	scrub: rewrite,
	slow:  true,
}

// postgresAgain reads PostgreSQL's codes of errors; its documentation lists them in appendix A.
func postgresAgain(err error) retry {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		switch told.Code {
		case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
			return lost
		case "42P07", "42710", "23505": // another relay made the same table, or row, at the same moment
			return lost
		case "57P01", "57P02", "57P03", "53300", "25006": // it ends, crashed, starts, is full, or has become a standby
			return cut
		}
		if told.Code[:2] == "08" {
			return cut
		}
		return never
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) || errors.As(err, &network) {
		return cut
	}
	return never
}

// copyRows writes rows with COPY, in binary, within the transaction.
func copyRows(ctx context.Context, tx *transaction, table string, columns []string, rows [][]any) error {
	return tx.conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
		var told *pgconn.PgError
		if errors.As(err, &told) && told.Code == "23505" {
			return fmt.Errorf("%w: %w", errHeld, err)
		}
		return err
	})
}

// sample keeps PostgreSQL from taking samples of what is sealed into its statistics, where something erased would stay. Other
// databases may not know how.
func (s *SQLStore) sample(ctx context.Context) error {
	for _, table := range sealedTables {
		var n int
		err := s.write.QueryRowContext(ctx, "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'data' AND coalesce(attstattarget, -1) <> 0", table).Scan(&n)
		if err == nil && n > 0 {
			_, err = s.write.ExecContext(ctx, "ALTER TABLE "+table+" ALTER COLUMN data SET STATISTICS 0")
		}
		if err != nil && !unknown(err) {
			return err
		}
	}
	return nil
}

// rewrite lets PostgreSQL write tables anew: a row that was overwritten stays in the old file, in rows that nobody sees and later
// in the gaps between them. Meanwhile whoever reads or writes them waits. Then the pages that still wait for their place on the
// disk are brought there, so that the log before them is no longer needed.
func rewrite(ctx context.Context, db *sql.DB, tables []string) (bool, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	defer conn.ExecContext(context.WithoutCancel(ctx), "RESET lock_timeout")
	statements := []string{"SET lock_timeout = '10s'"}
	for _, table := range tables {
		statements = append(statements, "VACUUM (FULL) "+table)
	}
	for _, statement := range append(statements, "CHECKPOINT") {
		if _, err := conn.ExecContext(ctx, statement); err != nil && !unknown(err) {
			return false, err
		}
	}
	return true, nil
}

// unknown reports what a database does not know, or leaves to others than us.
func unknown(err error) bool {
	var told *pgconn.PgError
	if !errors.As(err, &told) {
		return false
	}
	switch told.Code {
	case "0A000", "42601", "42501", "42883", "42P01", "42703": // not supported, syntax, privilege, function, table, column
		return true
	}
	return false
}
