package relay

import (
	"context"
	"errors"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Workspace is a relay's copy of one workspace.
type Workspace interface {
	wire.Copy
	wire.Keys
}

// Store is what a relay keeps. All methods may be called from several goroutines.
type Store interface {
	// Workspace gives the copy of a workspace, which may hold nothing yet; nothing is written before a run is taken.
	Workspace(ctx context.Context, id journal.WorkspaceID) (Workspace, error)
	// Ping reports whether the store can answer.
	Ping(ctx context.Context) error
	// Close ends its use; requests in flight fail.
	Close() error
}

// ErrDamaged reports stored bytes that are no longer what was written.
var ErrDamaged = errors.New("the relay's store is damaged")
