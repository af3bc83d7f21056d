package node

import (
	"context"

	"amparo/internal/journal"
)

// Vouched is wire.Chain's.
func (c chainOf) Vouched(w journal.WriterID) (uint64, error) { return c.journal.Vouched(w) }

// Cut is wire.Keys's.
func (c copyOf) Cut(_ context.Context, w journal.WriterID, m journal.MemberID) (uint64, bool, error) {
	return c.node.journal.Cut(w, m)
}

// Lacks is wire.Gaps's.
func (c copyOf) Lacks(ctx context.Context, above journal.Vector) (journal.Vector, error) {
	return c.node.journal.Lacks(ctx, above)
}
