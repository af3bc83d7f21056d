package node

import (
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// A node's journal keeps the contract that every copy keeps.
func TestTheJournalIsACopy(t *testing.T) {
	exchangetest.Conform(t, func(t *testing.T, w journal.WorkspaceID) (wire.Copy, func() wire.Copy) {
		dir := t.TempDir()
		var n *Node
		open := func() wire.Copy {
			var err error
			if n, err = create(dir, forestRegistry(t), w, journal.MemberID{}, Options{Cost: cheap}); err != nil {
				t.Fatal(err)
			}
			return n.Copy()
		}
		again := func() wire.Copy {
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			return open()
		}
		t.Cleanup(func() { n.Close() })
		return open(), again
	})
}
