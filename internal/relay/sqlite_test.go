package relay_test

import (
	"context"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/relay"
)

func openStore(t *testing.T, path string) *relay.SQLStore {
	t.Helper()
	s, err := relay.OpenSQLite(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func workspace(t *testing.T, s relay.Store, id journal.WorkspaceID) relay.Workspace {
	t.Helper()
	w, err := s.Workspace(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
