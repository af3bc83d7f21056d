package relay_test

import (
	"os"
	"sync"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/relaytest"
	"amparo/internal/relay/wire"
)

func TestMain(m *testing.M) { os.Exit(relaytest.Main(m)) }

func TestEveryDatabaseConforms(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		exchangetest.Conform(t, func(t *testing.T, w journal.WorkspaceID) (wire.Copy, func() wire.Copy) {
			place := d.New(t)
			s := d.Open(t, place)
			return workspace(t, s, w), func() wire.Copy {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				return workspace(t, d.Open(t, place), w)
			}
		})
	})
}

// Two relays before one database must each believe whom the other admitted.
func TestTwoStoresInOneDatabaseAgree(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		place := d.New(t)
		w := exchangetest.Found(t, 3, nil)
		one, two := workspace(t, d.Open(t, place), w.ID), workspace(t, d.Open(t, place), w.ID)
		exchangetest.Carry(t, w.Founder.Copy, one)
		exchangetest.Carry(t, w.Founder.Copy, two)
		x := w.Join("x", nil)
		x.Write(exchangetest.Bodies(5, 50, 1)...)
		exchangetest.Carry(t, w.Founder.Copy, one)
		exchangetest.Carry(t, x.Copy, two)
		exchangetest.Same(t, x.Copy, one)
	})
}

// A database that was mended by hand, or restored in part, may hold rows beyond the end of a chain: what comes replaces them.
func TestStrayRowsAreReplaced(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		w := exchangetest.Found(t, 3, nil)
		s := d.Open(t, d.New(t))
		c := workspace(t, s, w.ID)
		exchangetest.Carry(t, w.Founder.Copy, c)
		if err := relay.Stray(s, w.ID, w.Founder.Writer(), 3); err != nil {
			t.Fatal(err)
		}
		w.Founder.Write(exchangetest.Bodies(4, 50, 1)...)
		exchangetest.Carry(t, w.Founder.Copy, c)
		exchangetest.Same(t, w.Founder.Copy, c)
	})
}

// Relays that begin at the same moment on an empty database make its tables once.
func TestManyRelaysBeginAtOnce(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		place := d.New(t)
		w := exchangetest.Found(t, 3, nil)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				s, err := d.Try(t, place)
				if err != nil {
					t.Error(err)
					return
				}
				c, err := s.Workspace(t.Context(), w.ID)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.Take(t.Context(), exchangetest.Travelled(t, exchangetest.RunsOf(t, w.Founder.Copy, nil)...)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		exchangetest.Same(t, w.Founder.Copy, workspace(t, d.Open(t, place), w.ID))
	})
}
