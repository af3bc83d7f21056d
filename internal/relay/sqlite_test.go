package relay_test

import (
	"context"
	"path/filepath"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
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

func TestSQLiteConforms(t *testing.T) {
	exchangetest.Conform(t, func(t *testing.T, w journal.WorkspaceID) (wire.Copy, func() wire.Copy) {
		path := filepath.Join(t.TempDir(), "a folder", "relay.db")
		s := openStore(t, path)
		return workspace(t, s, w), func() wire.Copy {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return workspace(t, openStore(t, path), w)
		}
	})
}

// Two relays before one database must each believe whom the other admitted.
func TestTwoStoresOnOneFileAgree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	w := exchangetest.Found(t, 3, nil)
	one, two := workspace(t, openStore(t, path), w.ID), workspace(t, openStore(t, path), w.ID)
	exchangetest.Carry(t, w.Founder.Copy, one)
	exchangetest.Carry(t, w.Founder.Copy, two)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(5, 50, 1)...)
	exchangetest.Carry(t, w.Founder.Copy, one)
	exchangetest.Carry(t, x.Copy, two)
	exchangetest.Same(t, x.Copy, one)
}
