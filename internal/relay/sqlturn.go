package relay

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// How a workspace is changed. Every transaction that changes one begins by raising the workspace's number in the table turns:
// whoever comes meanwhile, also through another relay before the same database, waits for its end, and then sees all that it
// did. That holds from "read committed" upwards, so it rests on no more than what every such database gives; where the other's
// end is a conflict instead, the transaction runs again.

// change runs do as the only one that changes the workspace. An error undoes everything, unchanged too, which is no error
// to who called.
func (w *sqlWorkspace) change(ctx context.Context, do func(*transaction) error) error {
	select {
	case w.turn <- struct{}{}: // in the order of asking, and without a connection while waiting
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := w.store.transact(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO turns (workspace, n) VALUES ($1, 1) ON CONFLICT (workspace) DO UPDATE SET n = turns.n + 1", w.id[:]); err != nil {
			return err
		}
		return do(tx)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// errUnchanged undoes a turn that changed nothing: what strangers bring must leave no trace, not even a number.
var errUnchanged = errors.New("nothing changed")

// How long a transaction is tried again. A database that is promoted in place of another needs some seconds.
const (
	mostAttempts = 12
	cutPatience  = 20 * time.Second
)

// transact runs do in a transaction, again when it lost against another: databases that are spread over machines ask for that
// in the ordinary course; and again when the connection was cut. do must therefore bear to run twice, even when the first time
// was stored after all.
func (s *SQLStore) transact(ctx context.Context, do func(*transaction) error) error {
	return s.persist(ctx, func() error { return s.once(ctx, do) })
}

// persist tries again what failed for a reason that passes. Every question to the database from outside a transaction goes through
// it: connections that were open when a database went are only found dead when they are used.
func (s *SQLStore) persist(ctx context.Context, do func() error) error {
	began := time.Now()
	for n := 1; ; n++ {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		wait := time.Millisecond << n
		switch s.dialect.again(err) {
		case never:
			return err
		case lost:
			if n == mostAttempts {
				return err
			}
		case cut:
			if time.Since(began) > cutPatience {
				return err
			}
		}
		select {
		case <-time.After(rand.N(min(wait, time.Second))):
		case <-ctx.Done():
			return err
		}
	}
}

// transaction is a transaction and the connection that it goes through.
type transaction struct {
	*sql.Tx
	conn *sql.Conn
}

func (s *SQLStore) once(ctx context.Context, do func(*transaction) error) (err error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // back to the others
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(&transaction{tx, conn}); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) && s.dialect.again(undo) == never {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}
