package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/cluster"
	"amparo/internal/relay/wire"
)

// ingest measures how fast a relay on PostgreSQL takes commits in, from the bytes that arrive to what is durable, checked. The
// limit is COPY, in binary, of the very rows that it made: into tables without keys in one transaction, and into tables with the
// same keys.
func ingest(ctx context.Context, o Options, r *Report) (err error) {
	o.tell("ingest: %d commits are made", o.N)
	frames, bytes, err := fleetFrames(o.N)
	if err != nil {
		return err
	}
	// In the system's temporary folder: ours is closed to the user that runs PostgreSQL.
	server, err := cluster.Start(ctx, "", "max_wal_size = 4GB")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	// By turns, so that other work on the machine hinders both.
	const rounds = 3
	var takes, stages, keys []float64
	rows := int64(0)
	for round := range rounds {
		o.tell("ingest: the relay takes them, then COPY the same rows, %d of %d", round+1, rounds)
		url, err := server.Schema(ctx, fmt.Sprintf("round%d", round))
		if err != nil {
			return err
		}
		store, err := relay.OpenPostgres(ctx, url)
		if err != nil {
			return err
		}
		taken, err := takeIn(ctx, store, frames)
		if err = errors.Join(err, store.Close()); err != nil {
			return err
		}
		staged, keyed, n, err := copyRows(ctx, url)
		if err != nil {
			return err
		}
		takes, stages, keys, rows = append(takes, taken), append(stages, staged), append(keys, keyed), n
	}
	taken, staged, keyed := median(takes), median(stages), median(keys)
	n := float64(o.N)
	r.against("a relay takes in, on PostgreSQL", n/taken, "commits/s", "COPY of the same rows into tables without keys", n/staged)
	r.against("a relay takes in, on PostgreSQL", n/taken, "commits/s", "COPY of the same rows into tables with the same keys", n/keyed)
	r.alone("as it arrives", float64(bytes)/taken/1e6, "MB/s")
	r.alone("rows a commit", float64(rows)/n, "rows")
	return nil
}

// fleetFrames are the frames of a fleet's commits as they arrive, of which the first are the founding and the certificates.
func fleetFrames(n int) (frames [][]byte, bytes int, err error) {
	const writers = 20
	f, founding, err := newFleet(writers, 1)
	if err != nil {
		return nil, 0, err
	}
	frames = append(frames, founding.Encode())
	var all [][]journal.Run
	for i, w := range f.writers {
		if i > 0 {
			begins, err := w.begins()
			if err != nil {
				return nil, 0, err
			}
			frames = append(frames, begins.Encode())
		}
		runs, err := w.visits((n + i) / writers)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, runs)
	}
	for i := 0; len(all) > 0; i++ { // oldest first, as copies give them
		left := all[:0]
		for _, runs := range all {
			frames = append(frames, runs[0].Encode())
			if len(runs) > 1 {
				left = append(left, runs[1:])
			}
		}
		all = left
	}
	for _, frame := range frames {
		bytes += len(frame)
	}
	return frames, bytes, nil
}

// takeIn lets a store take frames as the relay does, and gives the seconds that it took.
func takeIn(ctx context.Context, store relay.Store, frames [][]byte) (float64, error) {
	run, err := journal.DecodeRun(frames[0])
	if err != nil {
		return 0, err
	}
	w, err := store.Workspace(ctx, run.First().Workspace)
	if err != nil {
		return 0, err
	}
	in, err := wire.NewIntake(ctx, w)
	if err != nil {
		return 0, err
	}
	seconds, err := spent(func() error {
		for _, frame := range frames {
			if err := in.Offer(ctx, frame); err != nil {
				return err
			}
		}
		return in.Flush(ctx)
	})
	if err == nil && (len(in.Faults) > 0 || len(in.Parked()) > 0) {
		err = fmt.Errorf("%d faults, %d parked", len(in.Faults), len(in.Parked()))
	}
	return seconds, err
}

// copied are the tables that hold what arrived, and their keys.
var copied = []struct{ name, key string }{{"commits", "workspace, writer, seq"}, {"parts", "workspace, writer, seq, idx"}}

// copyRows writes the rows once more with COPY and gives the seconds of that, without keys and with.
func copyRows(ctx context.Context, url string) (staged, keyed float64, rows int64, err error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	held := map[string][][]any{}
	columns := map[string][]string{}
	for _, table := range copied {
		list, err := c.Query(ctx, "SELECT * FROM "+table.name+" ORDER BY ctid")
		if err != nil {
			return 0, 0, 0, err
		}
		for _, f := range list.FieldDescriptions() {
			columns[table.name] = append(columns[table.name], f.Name)
		}
		if held[table.name], err = pgx.CollectRows(list, func(row pgx.CollectableRow) ([]any, error) { return row.Values() }); err != nil {
			return 0, 0, 0, err
		}
	}
	write := func(prefix string, keys bool) (float64, error) {
		for _, table := range copied {
			text := "CREATE TABLE " + prefix + table.name + " AS SELECT * FROM " + table.name + " WITH NO DATA"
			if keys {
				text += "; ALTER TABLE " + prefix + table.name + " ADD PRIMARY KEY (" + table.key + ")"
			}
			if _, err := c.Exec(ctx, text); err != nil {
				return 0, err
			}
		}
		return spent(func() error {
			return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
				for _, table := range copied {
					n, err := tx.CopyFrom(ctx, pgx.Identifier{prefix + table.name}, columns[table.name], pgx.CopyFromRows(held[table.name]))
					if err != nil {
						return err
					}
					rows += n
				}
				return nil
			})
		})
	}
	if staged, err = write("staged_", false); err != nil {
		return 0, 0, 0, err
	}
	rows = 0
	keyed, err = write("keyed_", true)
	return staged, keyed, rows, err
}
