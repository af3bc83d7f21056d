package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// KeepChunksIn makes the store keep the bytes of chunks there and not in the database, which then holds their names only. It
// must be called before the store is used. Chunks that stand in the database already are read from it.
func (s *SQLStore) KeepChunksIn(b Blobs) { s.blobs = b }

// blobName is where a chunk stands outside the database.
func blobName(id journal.WorkspaceID, name [32]byte) string {
	return fmt.Sprintf("%x/%x/%x", id[:], name[:1], name[:])
}

// PutChunk implements ChunkStore.
func (s *SQLStore) PutChunk(ctx context.Context, id journal.WorkspaceID, c wire.Chunk) (code byte, err error) {
	one, err := s.Workspace(ctx, id)
	if err != nil {
		return 0, err
	}
	w := one.(*sqlWorkspace)
	name, data := seal.Digest(c.Data), c.Data
	if s.blobs != nil { // before the row that says it is there; the same bytes twice are one object
		if code, err = w.coming(ctx, c, name); err != nil || code != wire.ChunkKept {
			return code, s.plain("keep a chunk", err)
		}
		if err := s.blobs.Put(ctx, blobName(id, name), c.Data); err != nil {
			return 0, fmt.Errorf("keep a chunk: %w", err)
		}
		data = []byte{}
	}
	err = w.change(ctx, func(tx *transaction) error {
		if code, err = w.mayPut(ctx, tx, c, name); err != nil {
			return err
		}
		if code != wire.ChunkKept {
			return errUnchanged
		}
		done, err := tx.ExecContext(ctx, `INSERT INTO chunks (workspace, digest, writer, seq, idx, size, gone, data) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
			ON CONFLICT (workspace, digest) DO UPDATE SET writer = excluded.writer, seq = excluded.seq, idx = excluded.idx, size = excluded.size, gone = 0, data = excluded.data WHERE chunks.gone > 0`,
			id[:], name[:], c.Place.Writer[:], int64(c.Place.Seq), int64(c.Place.Index), len(c.Data), data)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errUnchanged)
		}
		return w.count(ctx, tx, c.Place.Writer, int64(len(c.Data)))
	})
	if err == nil && code == wire.ChunkErased && s.blobs != nil {
		err = s.blobs.Delete(ctx, blobName(id, name)) // erased while its bytes were on the way
	}
	return code, s.plain("keep a chunk", err)
}

// coming notes that a chunk is on its way to where it stands outside the database. Should nobody come to say that it arrived, it
// is removed all the same when its part is erased.
func (w *sqlWorkspace) coming(ctx context.Context, c wire.Chunk, name [32]byte) (code byte, err error) {
	err = w.change(ctx, func(tx *transaction) error {
		if code, err = w.mayPut(ctx, tx, c, name); err != nil {
			return err
		}
		if code != wire.ChunkKept {
			return errUnchanged
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO chunks (workspace, digest, writer, seq, idx, size, gone, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (workspace, digest) DO UPDATE SET writer = excluded.writer, seq = excluded.seq, idx = excluded.idx, size = excluded.size, gone = excluded.gone, data = excluded.data WHERE chunks.gone > 0`,
			w.id[:], name[:], c.Place.Writer[:], int64(c.Place.Seq), int64(c.Place.Index), len(c.Data), chunkComing, []byte{})
		return err
	})
	return code, err
}

// mayPut says whether a chunk may be kept now.
func (w *sqlWorkspace) mayPut(ctx context.Context, from asking, c wire.Chunk, name [32]byte) (code byte, err error) {
	roll, _, err := w.rollNow(ctx, from)
	if err != nil {
		return 0, err
	}
	if roll.Erased[c.Place] {
		return wire.ChunkErased, nil
	}
	var header []byte
	err = from.QueryRowContext(ctx, "SELECT header FROM commits WHERE workspace = $1 AND writer = $2 AND seq = $3", w.id[:], c.Place.Writer[:], int64(c.Place.Seq)).Scan(&header)
	if errors.Is(err, sql.ErrNoRows) {
		return wire.ChunkEarly, nil
	}
	if err != nil {
		return 0, err
	}
	if h, err := journal.DecodeHeader(header); err != nil || int(c.Place.Index) >= len(h.Parts) || h.Parts[c.Place.Index].Tag == 0 {
		return wire.ChunkEarly, nil
	}
	var others int64
	err = from.QueryRowContext(ctx, "SELECT COUNT(*) FROM chunks WHERE workspace = $1 AND writer = $2 AND seq = $3 AND idx = $4 AND digest <> $5",
		w.id[:], c.Place.Writer[:], int64(c.Place.Seq), int64(c.Place.Index), name[:]).Scan(&others)
	if err == nil && others >= wire.MaxPartChunks {
		code = wire.ChunkRefuse
	}
	return code, err
}

// HaveChunks implements ChunkStore.
func (s *SQLStore) HaveChunks(ctx context.Context, id journal.WorkspaceID, names [][32]byte) ([]bool, error) {
	at := make(map[[32]byte][]int, len(names))
	for i, n := range names {
		at[n] = append(at[n], i)
	}
	have := make([]bool, len(names))
	const together = 400 // within what every database takes in one statement
	for first := 0; first < len(names); first += together {
		some := names[first:min(first+together, len(names))]
		var b strings.Builder
		args := []any{id[:]}
		for i := range some {
			fmt.Fprintf(&b, ",$%d", i+2)
			args = append(args, some[i][:])
		}
		rows, err := s.read.QueryContext(ctx, "SELECT digest FROM chunks WHERE workspace = $1 AND gone = 0 AND digest IN ("+b.String()[1:]+")", args...)
		if err := each(rows, err, func() error {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			if len(raw) == 32 {
				for _, i := range at[[32]byte(raw)] {
					have[i] = true
				}
			}
			return nil
		}); err != nil {
			return nil, s.plain("look for chunks", err)
		}
	}
	return have, nil
}

// Chunk implements ChunkStore. One that is no longer what was written is forgotten, so that who has it whole brings it again.
func (s *SQLStore) Chunk(ctx context.Context, id journal.WorkspaceID, name [32]byte) ([]byte, bool, error) {
	var data []byte
	err := s.read.QueryRowContext(ctx, "SELECT data FROM chunks WHERE workspace = $1 AND digest = $2 AND gone = 0", id[:], name[:]).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, s.plain("read a chunk", err)
	}
	here := true
	if len(data) == 0 { // it is kept beside the database
		if s.blobs == nil {
			return nil, false, nil
		}
		if data, here, err = s.blobs.Get(ctx, blobName(id, name)); err != nil {
			return nil, false, fmt.Errorf("read a chunk: %w", err)
		}
	}
	if here && seal.Digest(data) == name {
		return data, true, nil
	}
	one, err := s.Workspace(ctx, id)
	if err != nil {
		return nil, false, err
	}
	w := one.(*sqlWorkspace)
	return nil, false, s.plain("forget a chunk", w.change(ctx, func(tx *transaction) error {
		var writer []byte
		var size int64
		err := tx.QueryRowContext(ctx, "SELECT writer, size FROM chunks WHERE workspace = $1 AND digest = $2 AND gone = 0", id[:], name[:]).Scan(&writer, &size)
		if errors.Is(err, sql.ErrNoRows) {
			return errUnchanged
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, "UPDATE chunks SET gone = $1, data = $2 WHERE workspace = $3 AND digest = $4", chunkComing, []byte{}, id[:], name[:])
		}
		if err != nil {
			return err
		}
		of, err := id16(writer)
		if err != nil {
			return err
		}
		return w.count(ctx, tx, of, -size)
	}))
}

// eraseChunks overwrites the chunks that belong to a part. Their rows stay: what stands outside the database is removed by them,
// also when that fails now. That they are not taken again follows from the part being erased.
func (w *sqlWorkspace) eraseChunks(ctx context.Context, tx *transaction, p journal.PartPlace) error {
	done, err := tx.ExecContext(ctx, "UPDATE chunks SET gone = 1, data = "+w.store.dialect.zeros+" WHERE workspace = $1 AND writer = $2 AND seq = $3 AND idx = $4 AND gone IN (0, $5)",
		w.id[:], p.Writer[:], int64(p.Seq), int64(p.Index), chunkComing)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return markScrub(ctx, tx, "chunks")
}

// States of a row beside those of a chunk that is there (0) and of one that was erased (1).
const (
	chunksSwept = 2 // its bytes are gone everywhere
	chunkComing = 3 // its bytes may stand outside the database, and are not known to
)

// SweepChunks removes what is left of erased chunks: their objects outside the database, and the zeros in it. What fails is done
// the next time, and so are objects outside the database for who was not told where they are (KeepChunksIn).
func (s *SQLStore) SweepChunks(ctx context.Context) error {
	type gone struct {
		id   journal.WorkspaceID
		name [32]byte
	}
	var list []gone
	within := ""
	if s.blobs == nil {
		within = " AND LENGTH(data) > 0"
	}
	rows, err := s.read.QueryContext(ctx, "SELECT workspace, digest FROM chunks WHERE gone = 1"+within)
	if err := each(rows, err, func() error {
		var id, name []byte
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		one, err := id16(id)
		if err == nil && len(name) == 32 {
			list = append(list, gone{one, [32]byte(name)})
		}
		return err
	}); err != nil {
		return s.plain("sweep chunks", err)
	}
	for _, g := range list {
		if s.blobs != nil {
			if err := s.blobs.Delete(ctx, blobName(g.id, g.name)); err != nil {
				return fmt.Errorf("sweep chunks: %w", err)
			}
		}
		if err := s.transact(ctx, func(tx *transaction) error {
			// SQLite counts parameters as they come in the statement, whatever their names.
			_, err := tx.ExecContext(ctx, "UPDATE chunks SET gone = $1, data = $2 WHERE workspace = $3 AND digest = $4", chunksSwept, []byte{}, g.id[:], g.name[:])
			return err
		}); err != nil {
			return s.plain("sweep chunks", err)
		}
	}
	return nil
}
