package relay_test

import (
	"os"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
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
