package exchangetest

import (
	"testing"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

func TestMemoryConforms(t *testing.T) {
	Conform(t, func(_ *testing.T, w journal.WorkspaceID) (wire.Copy, func() wire.Copy) { return NewMemory(w), nil })
}
