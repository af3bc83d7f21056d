package relay

import (
	"context"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// ChunkStore is a Store that keeps sealed chunks of files too. What a relay without one is asked about files it refuses as an
// address that it does not know.
type ChunkStore interface {
	Store
	// PutChunk keeps a chunk, durable when it returns, and says what became of it (wire.ChunkKept …). The part that it names must
	// be one of a commit that is here, and not erased.
	PutChunk(ctx context.Context, id journal.WorkspaceID, c wire.Chunk) (code byte, err error)
	// HaveChunks says of each name whether that chunk is here.
	HaveChunks(ctx context.Context, id journal.WorkspaceID, names [][32]byte) ([]bool, error)
	// Chunk gives a chunk; false: it is not here.
	Chunk(ctx context.Context, id journal.WorkspaceID, name [32]byte) ([]byte, bool, error)
}

// Blobs keep bytes under names, outside the database: a store that speaks the protocol of Amazon S3, or a test's. All methods may
// be called from several goroutines.
type Blobs interface {
	// Put keeps bytes, durable when it returns. The same name again replaces them.
	Put(ctx context.Context, name string, data []byte) error
	// Get gives what Put kept; false: nothing is there.
	Get(ctx context.Context, name string) ([]byte, bool, error)
	// Delete removes it; what is not there is no error.
	Delete(ctx context.Context, name string) error
}
