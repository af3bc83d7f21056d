package vault

import (
	"testing"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault/shares"
)

// A seed on paper stands for one member: today, on another machine, in ten years.
func TestASeedStandsForOneMember(t *testing.T) {
	seed := shares.Seed{1, 2, 3}
	one, err := RecoveryMember(journal.WorkspaceID{7}, seed)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := one.ID.String(), "2ee89005548b0517a21be25b3dc5f967"; got != want {
		t.Errorf("the seed stands for %s; it was %s when it was printed", got, want)
	}
	again, err := RecoveryMember(journal.WorkspaceID{7}, seed)
	if err != nil || again.ID != one.ID || again.WriterID() == one.WriterID() || again.Sign.Public() != one.Sign.Public() {
		t.Errorf("again: %s by the writer %s (%v)", again.ID, again.WriterID(), err)
	}
	if other, err := RecoveryMember(journal.WorkspaceID{8}, seed); err != nil || other.ID == one.ID || other.Sign.Public() == one.Sign.Public() {
		t.Errorf("the same keys in two workspaces (%v)", err)
	}
	ring := NewRing()
	c, err := Grant(one.Workspace, one.Keys(), ring, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Receive(granted(t, c), func(*Ring, record.Compartment, uint32, seal.CompartmentKey) bool { return true }); err != nil || got.New != len(ring.Holds()) {
		t.Errorf("a grant to the one opens for the other: %+v, %v", got, err)
	}
}
