package relay

import (
	"context"
	"errors"
	"fmt"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// ChunkLister is a store that can give all chunks of files that stand in it.
type ChunkLister interface {
	// Chunks gives the chunks of a workspace that stand in the database, whole and not erased, by name. No lock is held while
	// yield runs. What stands elsewhere (KeepChunksIn) is passed over, and so is what is no longer what was written.
	Chunks(ctx context.Context, id journal.WorkspaceID, yield func(wire.Chunk) error) error
}

// Chunks implements ChunkLister.
func (s *SQLStore) Chunks(ctx context.Context, id journal.WorkspaceID, yield func(wire.Chunk) error) error {
	type listed struct {
		name  [32]byte
		place journal.PartPlace
	}
	const together = 256
	for last := []byte{}; ; {
		var list []listed
		rows, err := s.read.QueryContext(ctx, fmt.Sprintf(`SELECT digest, writer, seq, idx FROM chunks
			WHERE workspace = $1 AND digest > $2 AND gone = 0 AND LENGTH(data) > 0 ORDER BY digest LIMIT %d`, together), id[:], last)
		if err := each(rows, err, func() error {
			var name, writer []byte
			var seq, idx int64
			if err := rows.Scan(&name, &writer, &seq, &idx); err != nil {
				return err
			}
			of, err := id16(writer)
			if err != nil || len(name) != 32 || seq <= 0 || idx < 0 || idx >= journal.MaxParts {
				return errors.Join(err, fmt.Errorf("%w: a chunk that no file has", ErrDamaged))
			}
			list = append(list, listed{[32]byte(name), journal.PartPlace{Writer: of, Seq: uint64(seq), Index: uint8(idx)}})
			return nil
		}); err != nil {
			return s.plain("list chunks", err)
		}
		for _, one := range list {
			data, here, err := s.Chunk(ctx, id, one.name)
			if err != nil {
				return err
			}
			if !here { // erased meanwhile, or rotten: who has it whole brings it again
				continue
			}
			if err := yield(wire.Chunk{Place: one.place, Data: data}); err != nil {
				return err
			}
		}
		if len(list) < together {
			return nil
		}
		last = list[len(list)-1].name[:]
	}
}
