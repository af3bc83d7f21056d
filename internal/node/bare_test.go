package node

import (
	"testing"

	"amparo/internal/store"
)

// Whoever is let in and gets commits without their sealed parts first may do nothing until it is known what, and then
// what their roles allow, without unlocking again.
func TestRolesThatComeAfterUnlockingCount(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	if _, err := ana.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	inv, err := ana.Invite(t.Context(), working())
	if err != nil {
		t.Fatal(err)
	}
	n, req, err := Join(t.TempDir(), forestRegistry(t), inv, "Bea", pass, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	if _, err := ana.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if _, err := ana.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	if err := n.journal.SetScope(store.Scope{Narrow: true}); err != nil { // which asks for commits without parts, however few
		t.Fatal(err)
	}
	if _, err := n.ExchangeAs(t.Context(), "", []byte(pass), url, nil); err != nil {
		t.Fatal(err)
	}
	bea, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if roles := bea.Rights().Roles(); len(roles) > 0 {
		t.Errorf("%q before anything sealed came", roles)
	}
	if _, err := bea.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	if roles := bea.Rights().Roles(); len(roles) == 0 {
		t.Error("no roles after everything came")
	}
}
