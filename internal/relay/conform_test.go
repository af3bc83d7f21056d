package relay_test

import (
	"bytes"
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

// Parts are read many at once, large ones by themselves, and taken back where they are missing.
func TestPartsAreReadAndTakenInGroups(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		w := exchangetest.Found(t, 4, nil)
		bodies := exchangetest.Bodies(150, 60, 1)
		for _, n := range []int{3, 64, 149} {
			bodies[n] = exchangetest.Body(100<<10, uint64(n))
		}
		w.Founder.Batch(bodies...)
		c := workspace(t, d.Open(t, d.New(t)), w.ID)
		whole := exchangetest.Travelled(t, exchangetest.RunsOf(t, w.Founder.Copy, nil)...)
		parts := sealedParts(whole)
		var places []journal.PartPlace
		var loose []journal.Loose
		for i := range whole {
			for j := range whole[i].Commits {
				commit := &whole[i].Commits[j]
				if p := (journal.PartPlace{Writer: commit.Writer, Seq: commit.Seq}); parts[p] != nil {
					places, loose = append(places, p), append(loose, journal.Loose{Place: p, Data: parts[p]}, journal.Loose{Place: p, Data: parts[p]})
					commit.Parts[0] = nil
				}
			}
		}
		exchangetest.Take(t, c, whole...)
		unknown := journal.PartPlace{Writer: w.Founder.Writer(), Seq: 1000}
		places = append([]journal.PartPlace{unknown}, places...)
		given := func(want int) {
			t.Helper()
			last, got := -1, 0
			if err := c.Parts(t.Context(), places, func(n int, data []byte) error {
				if n <= last || !bytes.Equal(data, parts[places[n]]) {
					t.Errorf("part %d after %d, or not what was written", n, last)
				}
				last, got = n, got+1
				return nil
			}); err != nil || got != want {
				t.Fatalf("%d parts are given, not %d (%v)", got, want, err)
			}
		}
		given(0)
		loose = append(loose, journal.Loose{Place: unknown, Data: []byte("never heard of")}, journal.Loose{Place: places[1], Data: []byte("something else")})
		if n, err := c.Supply(t.Context(), loose); err != nil || n != 150 {
			t.Fatalf("%d parts are taken (%v)", n, err)
		}
		given(150)
		if n, err := c.Supply(t.Context(), loose); err != nil || n != 0 {
			t.Errorf("%d parts are taken twice (%v)", n, err)
		}
		if list, err := c.MissingFrom(t.Context(), 1, 10); err != nil || len(list) != 0 {
			t.Errorf("%d parts are missing still (%v)", len(list), err)
		}
		exchangetest.Same(t, w.Founder.Copy, c)
	})
}
