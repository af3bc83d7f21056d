package relay_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/cluster"
	"amparo/internal/relay/wire"
)

// sealedParts are the parts of a device's runs, by place.
func sealedParts(runs []journal.Run) map[journal.PartPlace][]byte {
	out := map[journal.PartPlace][]byte{}
	for _, run := range runs {
		for _, c := range run.Commits {
			for i, data := range c.Parts {
				if c.Header.Parts[i].Tag != 0 && data != nil {
					out[journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(i)}] = data
				}
			}
		}
	}
	return out
}

// disk is where a relay's store is, with nothing else on it.
type disk struct {
	open  func() (*relay.SQLStore, func() *relay.SQLStore) // a new store, and a way to open it again
	files func() []string                                  // all that is kept
}

// has reports whether one of these can be read on the disk.
func (d *disk) has(t *testing.T, parts ...[]byte) bool {
	t.Helper()
	for _, path := range d.files() {
		raw, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, data := range parts {
			if bytes.Contains(raw, data[:24]) || bytes.Contains(raw, data[len(data)-24:]) {
				return true
			}
		}
	}
	return false
}

// inStore reports whether data can be read in the file at path, or in its log.
func inStore(t *testing.T, path string, data []byte) bool {
	t.Helper()
	return (&disk{files: func() []string { return []string{path, path + "-wal"} }}).has(t, data)
}

func TestSQLiteErases(t *testing.T) {
	dir, n := t.TempDir(), 0
	relayErases(t, &disk{
		open: func() (*relay.SQLStore, func() *relay.SQLStore) {
			n++
			path := filepath.Join(dir, fmt.Sprint(n))
			return openStore(t, path), func() *relay.SQLStore { return openStore(t, path) }
		},
		files: func() []string {
			list, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			return list
		},
	})
}

// On PostgreSQL the log of what was written keeps it until the operator's settings let it go, as the relay's guide says.
func TestPostgreSQLErases(t *testing.T) {
	server, err := cluster.Start(t.Context(), "", "wal_recycle = off", "autovacuum = off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	n := 0
	var stores []*relay.SQLStore
	relayErases(t, &disk{
		open: func() (*relay.SQLStore, func() *relay.SQLStore) {
			n++
			url, err := server.Schema(t.Context(), fmt.Sprintf("store%d", n))
			if err != nil {
				t.Fatal(err)
			}
			open := func() *relay.SQLStore {
				s, err := relay.OpenPostgres(t.Context(), url)
				if err != nil {
					t.Fatal(err)
				}
				stores = append(stores, s)
				t.Cleanup(func() { s.Close() })
				return s
			}
			return open(), open
		},
		files: func() (list []string) {
			for _, s := range stores {
				if !relay.Scrubbed(s) {
					t.Error("the relay did not do what it can")
				}
			}
			if err := server.Exec(t.Context(), "ANALYZE", "SELECT pg_switch_wal()", "CHECKPOINT"); err != nil {
				t.Fatal(err)
			}
			if err := filepath.WalkDir(server.Data(), func(path string, d os.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					list = append(list, path)
				}
				if err == nil && path == filepath.Join(server.Data(), "base", "1") {
					return filepath.SkipDir // the pattern for databases that are made
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return list
		},
	})
}

// A relay drops what an administrator erases, from its tables and from what is kept beside, never takes it again, and goes on giving
// the chain. What others say of erasing changes nothing.
func relayErases(t *testing.T, on *disk) {
	s, again := on.open()
	w := exchangetest.Found(t, 5, nil)
	c := workspace(t, s, w.ID)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(300, 200, 1)...)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	before := exchangetest.RunsOf(t, x.Copy, journal.Vector{})
	var erase, keep []journal.PartPlace
	parts := sealedParts(before)
	for p := range parts {
		if p.Seq%3 == 0 && len(erase) < 60 {
			erase = append(erase, p)
		} else {
			keep = append(keep, p)
		}
	}
	var gone [][]byte
	for _, p := range erase {
		gone = append(gone, parts[p])
	}
	if len(erase) < 50 || !on.has(t, parts[erase[0]]) {
		t.Fatalf("%d parts, and the first is not there: nothing is tried", len(erase))
	}

	// x does not administer: what x says waits until somebody makes x an administrator, and nothing is dropped.
	said := x.Control(journal.ControlErase, journal.Erasure{Parts: keep[:3]})
	if verdicts, err := c.Take(t.Context(), []journal.Run{said}); err != nil || !on.has(t, parts[keep[0]]) {
		t.Errorf("somebody who does not administer erases: %v, %v", verdicts, err)
	}

	exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: erase}))
	look := func(when string, c wire.Copy) {
		t.Helper()
		if on.has(t, gone...) {
			t.Errorf("%s: something erased can be read in the store", when)
		}
		given := sealedParts(exchangetest.RunsOf(t, c, journal.Vector{}))
		for _, p := range erase {
			if given[p] != nil {
				t.Errorf("%s: %v is given", when, p)
			}
		}
		for _, p := range keep {
			if !bytes.Equal(given[p], parts[p]) {
				t.Errorf("%s: %v is lost with the others", when, p)
			}
		}
	}
	look("erased", c)
	exchangetest.Take(t, c, exchangetest.Travelled(t, before...)...)
	look("offered again", c)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c = workspace(t, again(), w.ID)
	look("opened again", c)
	exchangetest.Take(t, c, exchangetest.Travelled(t, before...)...)
	look("offered again after opening", c)

	// Another relay hears of the erasure first, or of both at once; and a node that has nothing takes what is left.
	for _, order := range []string{"first", "at once"} {
		another, _ := on.open()
		other := workspace(t, another, w.ID)
		exchangetest.Carry(t, w.Founder.Copy, other)
		founders := exchangetest.RunsOf(t, c, journal.Vector{x.Writer(): 1 << 40})
		if order == "first" {
			exchangetest.Take(t, other, founders...)
			exchangetest.Take(t, other, exchangetest.Travelled(t, before...)...)
		} else {
			exchangetest.Take(t, other, append(exchangetest.Travelled(t, before...), founders...)...)
		}
		look("erasure "+order, other)
	}
	late := exchangetest.Found(t, 5, nil).Founder.Copy
	exchangetest.Carry(t, c, late)
	if got := exchangetest.VectorOf(t, late)[x.Writer()]; got < 301 {
		t.Errorf("a node that has nothing takes %d commits", got)
	}
}

// Who is revoked erased something before that was known here: it does not stand, so the part is asked for again, taken, and
// erased when somebody who works here says so.
func TestAnErasureThatDoesNotStand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	s := openStore(t, path)
	w := exchangetest.Found(t, 6, nil)
	c := workspace(t, s, w.ID)
	x := w.Join("x", nil)
	w.Founder.Empower(x)
	exchangetest.Carry(t, w.Founder.Copy, x.Copy)
	w.Founder.Write(exchangetest.Bodies(3, 200, 1)...)
	exchangetest.Carry(t, w.Founder.Copy, x.Copy)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	parts := sealedParts(exchangetest.RunsOf(t, w.Founder.Copy, nil))
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	counted := int64(0)
	check := func(when string, missing int) {
		t.Helper()
		if list, err := c.MissingFrom(t.Context(), 1, 10); err != nil || len(list) != missing {
			t.Errorf("%s: %d parts are missing, not %d; %v", when, len(list), missing, err)
		}
		used, err := s.Used(t.Context(), w.ID)
		if err == nil {
			err = relay.Recount(s, w.ID, &counted)
		}
		if missing == 0 && (err != nil || used.Bytes != counted) {
			t.Errorf("%s: %d bytes are counted and %d are there; %v", when, used.Bytes, counted, err)
		}
	}
	for place := range parts {
		exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{place}}))
	}
	check("erased", 0)
	for place, data := range parts {
		if inStore(t, path, data) {
			t.Errorf("part %v is there", place)
		}
	}
	x.Revoke(w.Founder) // without having heard of it
	exchangetest.Carry(t, x.Copy, c)
	check("taken back", 3)
	for place, data := range parts {
		if n, err := c.Supply(t.Context(), []journal.Loose{{Place: place, Data: data}}); err != nil || n != 1 || !inStore(t, path, data) {
			t.Errorf("part %v is not taken again: %d, %v", place, n, err)
		}
	}
	check("brought again", 0)
	for place := range parts {
		exchangetest.Take(t, c, x.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{place}}))
	}
	for place, data := range parts {
		if inStore(t, path, data) {
			t.Errorf("part %v is there after it was erased again", place)
		}
	}
	check("erased again", 0)
}
