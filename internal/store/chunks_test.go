package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

func openChunks(t *testing.T, dir string, now *time.Time) *Chunks {
	t.Helper()
	c, err := OpenChunks(dir, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func madeUpChunk(n int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("sealed %d ", n)), 100) }

func fileOf(n byte, at int64, chunks ...[]byte) File {
	f := File{ID: record.ID{n}, Place: journal.PartPlace{Writer: journal.WriterID{n}, Seq: uint64(n), Index: 1}, Time: at, Size: int64(len(chunks)-1)*seal.ChunkSize + 10}
	for _, c := range chunks {
		f.Chunks = append(f.Chunks, seal.Digest(c))
	}
	return f
}

func TestWhatWasSealedHereIsListedOnceItsCommitIsSaved(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	c := openChunks(t, t.TempDir(), &now)
	one, two := madeUpChunk(1), madeUpChunk(2)
	for _, sealed := range [][]byte{one, two} {
		if _, err := c.Stage(9, sealed); err != nil {
			t.Fatal(err)
		}
	}
	f := fileOf(1, 5, one, two)
	for range 2 { // again changes nothing
		if err := c.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Stands(f.ID)
	if err != nil || s != (Standing{Chunks: 2, Here: 2}) {
		t.Fatalf("it stands as %+v, %v", s, err)
	}
	unsent, err := c.Unsent("relay", time.Time{}, 10)
	if err != nil || len(unsent) != 2 || unsent[0].Place != f.Place || unsent[0].Digest != f.Chunks[0] {
		t.Fatalf("to be sent: %+v, %v", unsent, err)
	}
	if err := c.There("relay", f.Chunks); err != nil {
		t.Fatal(err)
	}
	if unsent, err = c.Unsent("relay", now.Add(-time.Hour), 10); err != nil || len(unsent) != 0 {
		t.Fatalf("to be sent after it was sent: %+v, %v", unsent, err)
	}
	if unsent, err = c.Unsent("neighbour", time.Time{}, 10); err != nil || len(unsent) != 2 {
		t.Fatalf("what one place holds counts for another: %+v, %v", unsent, err)
	}
	if s, err = c.Stands(f.ID); err != nil || !s.Elsewhere {
		t.Fatalf("it stands as %+v, %v", s, err)
	}
	if only, err := c.OnlyHere(); err != nil || len(only) != 0 {
		t.Fatalf("only here: %+v, %v", only, err)
	}
	if err := c.Doubt("relay"); err != nil {
		t.Fatal(err)
	}
	if unsent, err = c.Unsent("relay", time.Time{}, 10); err != nil || len(unsent) != 2 {
		t.Fatalf("after the relay went back, to be sent: %+v, %v", unsent, err)
	}
}

func TestTheNewestFilesComeFirstAndBeforeThemTheOneSomebodyWaitsFor(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	c := openChunks(t, t.TempDir(), &now)
	old, mid, fresh := fileOf(1, 10, madeUpChunk(1)), fileOf(2, 20, madeUpChunk(2), madeUpChunk(3)), fileOf(3, 30, madeUpChunk(4))
	for _, f := range []File{mid, old, fresh} {
		if err := c.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	order := func() (out []byte) {
		t.Helper()
		list, err := c.Wanted(10)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			out = append(out, one.Place.Writer[0])
		}
		return out
	}
	if got := order(); !bytes.Equal(got, []byte{3, 2, 2, 1}) {
		t.Errorf("they come as %v", got)
	}
	if missing, err := c.Ask(old.ID); err != nil || missing != 1 {
		t.Fatalf("asked for: %d, %v", missing, err)
	}
	if got := order(); !bytes.Equal(got, []byte{1, 3, 2, 2}) {
		t.Errorf("with one waited for they come as %v", got)
	}
	if fresh, err := c.Take(madeUpChunk(1)); err != nil || !fresh {
		t.Fatalf("taken: %v, %v", fresh, err)
	}
	if again, err := c.Take(madeUpChunk(1)); err != nil || again {
		t.Fatalf("taken twice: %v, %v", again, err)
	}
	if asked, err := c.Asked(old.Chunks[0]); err != nil || asked {
		t.Fatalf("what is here is still waited for: %v, %v", asked, err)
	}
	large := make([]byte, seal.MaxSealedChunk+1)
	if err := c.Register(fileOf(9, 9, large)); err != nil {
		t.Fatal(err)
	}
	if fresh, err := c.Take(large); !errors.Is(err, ErrDamaged) || fresh {
		t.Errorf("one that is larger than any: %v, %v", fresh, err)
	}
	if err := c.Drop(record.ID{9}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Take([]byte("nobody asked for this")); !errors.Is(err, ErrDamaged) {
		t.Errorf("a chunk of no file: %v", err)
	}
	if n, err := c.Coming(); err != nil || n.Chunks != 3 {
		t.Errorf("still to come: %+v, %v", n, err)
	}
}

func TestWhatIsRemovedIsGoneFromTheDisk(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	dir := t.TempDir()
	c := openChunks(t, dir, &now)
	shared, own := madeUpChunk(1), madeUpChunk(2)
	first, second := fileOf(1, 1, shared, own), fileOf(2, 2, shared)
	for _, sealed := range [][]byte{shared, own} {
		if _, err := c.Stage(1, sealed); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []File{first, second} {
		if err := c.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Drop(first.ID); err != nil {
		t.Fatal(err)
	}
	if _, here, err := c.Read(seal.Digest(own)); err != nil || here {
		t.Errorf("a chunk that was removed is here: %v", err)
	}
	if _, here, err := c.Read(seal.Digest(shared)); err != nil || !here {
		t.Errorf("a chunk of another file went along: %v", err)
	}
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, own[:50]) {
			t.Errorf("%s still holds what was removed", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasSealedForNoCommitIsSweptAfterAnHour(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	c := openChunks(t, t.TempDir(), &now)
	left, kept := madeUpChunk(1), madeUpChunk(2)
	for _, s := range []struct {
		tag  uint8
		data []byte
	}{{1, left}, {2, kept}} {
		if _, err := c.Stage(s.tag, s.data); err != nil {
			t.Fatal(err)
		}
	}
	sweep := func() {
		t.Helper()
		if err := c.Sweep([]uint8{1}); err != nil {
			t.Fatal(err)
		}
	}
	here := func(data []byte) bool {
		t.Helper()
		_, here, err := c.Read(seal.Digest(data))
		if err != nil {
			t.Fatal(err)
		}
		return here
	}
	if sweep(); !here(left) {
		t.Fatal("what was sealed just now is gone")
	}
	now = now.Add(2 * time.Hour)
	if sweep(); here(left) || !here(kept) {
		t.Errorf("after the sweep: left over is here: %v; of a compartment that is not open here is here: %v", here(left), here(kept))
	}
}

func TestADamagedChunkIsAskedForAgain(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	dir := t.TempDir()
	c := openChunks(t, dir, &now)
	data := madeUpChunk(1)
	if _, err := c.Stage(1, data); err != nil {
		t.Fatal(err)
	}
	f := fileOf(1, 1, data)
	if err := c.Register(f); err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(data)
	changed[7] ^= 1
	if err := os.WriteFile(c.path(seal.Digest(data)), changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, here, err := c.Read(f.Chunks[0]); err != nil || here {
		t.Fatalf("a damaged chunk was given: %v, %v", here, err)
	}
	if wanted, err := c.Wanted(5); err != nil || len(wanted) != 1 {
		t.Fatalf("wanted: %v, %v", wanted, err)
	}
	if fresh, err := c.Take(data); err != nil || !fresh {
		t.Fatalf("it was not mended: %v, %v", fresh, err)
	}
	if got, here, err := c.Read(f.Chunks[0]); err != nil || !here || !bytes.Equal(got, data) {
		t.Fatal("it was not mended")
	}
}

func TestTheListOfFilesIsOpenedAgainAndByOneProcessOnly(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	dir := t.TempDir()
	c := openChunks(t, dir, &now)
	if err := c.Register(fileOf(1, 1, madeUpChunk(1))); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenChunks(dir, time.Now); !errors.Is(err, ErrInUse) {
		t.Errorf("a second opening: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again := openChunks(t, dir, &now)
	if files, err := again.Files(); err != nil || len(files) != 1 {
		t.Errorf("after opening again: %v, %v", files, err)
	}
	if err := again.db.conn.Exec("PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenChunks(dir, time.Now); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("a list of a later version: %v", err)
	}
}
