package relay_test

import (
	"bytes"
	"cmp"
	"context"
	"path/filepath"
	"sync"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/relaytest"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// shelf keeps blobs in memory.
type shelf struct {
	mu   sync.Mutex
	kept map[string][]byte
	fail error // of whatever is asked
	lost error // what Put answers although it kept the bytes
}

func (s *shelf) Put(_ context.Context, name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.kept[name] = bytes.Clone(data)
	}
	return cmp.Or(s.fail, s.lost)
}

func (s *shelf) Get(_ context.Context, name string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, here := s.kept[name]
	return data, here, s.fail
}

func (s *shelf) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		delete(s.kept, name)
	}
	return s.fail
}

// eachChunkStore runs a test on every database, with chunks in it and beside it.
func eachChunkStore(t *testing.T, test func(t *testing.T, open func() *relay.SQLStore)) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		t.Run("in the database", func(t *testing.T) {
			place := d.New(t)
			test(t, func() *relay.SQLStore { return d.Open(t, place) })
		})
		t.Run("beside it", func(t *testing.T) {
			place, blobs := d.New(t), &shelf{kept: map[string][]byte{}}
			test(t, func() *relay.SQLStore {
				s := d.Open(t, place)
				s.KeepChunksIn(blobs)
				return s
			})
		})
	})
}

func madeUp(n int) []byte { return bytes.Repeat([]byte{byte(n), byte(n >> 8), 0x5a}, 11000) }

func put(t *testing.T, s *relay.SQLStore, id journal.WorkspaceID, p journal.PartPlace, data []byte) byte {
	t.Helper()
	code, err := s.PutChunk(t.Context(), id, wire.Chunk{Place: p, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func has(t *testing.T, s *relay.SQLStore, id journal.WorkspaceID, data []byte) bool {
	t.Helper()
	name := seal.Digest(data)
	have, err := s.HaveChunks(t.Context(), id, [][32]byte{name})
	if err != nil {
		t.Fatal(err)
	}
	got, here, err := s.Chunk(t.Context(), id, name)
	if err != nil {
		t.Fatal(err)
	}
	if here != have[0] || here && !bytes.Equal(got, data) {
		t.Fatalf("it says it has the chunk: %v, gives %d bytes of it: %v", have[0], len(got), here)
	}
	return here
}

func TestARelayKeepsChunksUntilTheirPartIsErased(t *testing.T) {
	eachChunkStore(t, func(t *testing.T, open func() *relay.SQLStore) {
		s := open()
		w := exchangetest.Found(t, 5, nil)
		c := workspace(t, s, w.ID)
		x := w.Join("x", nil)
		x.Write(exchangetest.Bodies(2, 200, 1)...)
		var parts []journal.PartPlace
		for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
			if p.Writer == x.Writer() {
				parts = append(parts, p)
			}
		}
		mine, other := parts[0], parts[1]
		if code := put(t, s, w.ID, mine, madeUp(1)); code != wire.ChunkEarly {
			t.Fatalf("before its commit it is answered with %d", code)
		}
		exchangetest.Carry(t, w.Founder.Copy, c)
		exchangetest.Carry(t, x.Copy, c)
		for n, p := range []journal.PartPlace{mine, mine, other} {
			for range 2 { // again is no harm
				if code := put(t, s, w.ID, p, madeUp(n)); code != wire.ChunkKept {
					t.Fatalf("chunk %d is answered with %d", n, code)
				}
			}
		}
		if code := put(t, s, w.ID, journal.PartPlace{Writer: mine.Writer, Seq: mine.Seq, Index: 15}, madeUp(9)); code != wire.ChunkEarly {
			t.Errorf("of a part that no commit has: %d", code)
		}
		if has(t, s, journal.WorkspaceID{9}, madeUp(0)) {
			t.Error("another workspace is given it")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
		for n := range 3 {
			if !has(t, s, w.ID, madeUp(n)) {
				t.Fatalf("after opening again chunk %d is gone", n)
			}
		}
		exchangetest.Take(t, workspace(t, s, w.ID), w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{mine}}))
		if has(t, s, w.ID, madeUp(0)) || has(t, s, w.ID, madeUp(1)) {
			t.Error("chunks of an erased part are given")
		}
		if !has(t, s, w.ID, madeUp(2)) {
			t.Error("a chunk of another part went with them")
		}
		if code := put(t, s, w.ID, mine, madeUp(0)); code != wire.ChunkErased || has(t, s, w.ID, madeUp(0)) {
			t.Errorf("brought again it is answered with %d", code)
		}
	})
}

func TestErasedChunksAreInNoFileOfTheRelay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	s := openStore(t, path)
	w := exchangetest.Found(t, 5, nil)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(1, 200, 1)...)
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	var mine journal.PartPlace
	for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
		if p.Writer == x.Writer() {
			mine = p
		}
	}
	for n := range 20 {
		put(t, s, w.ID, mine, madeUp(n))
	}
	if !inStore(t, path, madeUp(7)) {
		t.Fatal("it is not in the file before: nothing is tried")
	}
	exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{mine}}))
	for n := range 20 {
		if inStore(t, path, madeUp(n)) {
			t.Fatalf("chunk %d can be read in the store", n)
		}
	}
}

// What cannot be removed from beside the database while it does not answer is removed later.
func TestObjectsOfErasedChunksGoAlsoWhenTheirStoreWasAway(t *testing.T) {
	blobs := &shelf{kept: map[string][]byte{}}
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	s.KeepChunksIn(blobs)
	w := exchangetest.Found(t, 5, nil)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(1, 200, 1)...)
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	var mine journal.PartPlace
	for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
		if p.Writer == x.Writer() {
			mine = p
		}
	}
	put(t, s, w.ID, mine, madeUp(1))
	blobs.fail = context.DeadlineExceeded
	exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{mine}}))
	if len(blobs.kept) != 1 {
		t.Fatal("it went although its store did not answer: nothing is tried")
	}
	blobs.fail = nil
	s.KeepChunksIn(nil) // a program beside it that was not told where they are, as for a backup
	if err := s.SweepChunks(t.Context()); err != nil || len(blobs.kept) != 1 {
		t.Fatalf("%d objects are left: %v", len(blobs.kept), err)
	}
	s.KeepChunksIn(blobs)
	if err := s.SweepChunks(t.Context()); err != nil || len(blobs.kept) != 0 {
		t.Errorf("%d objects are left: %v", len(blobs.kept), err)
	}
	blobs.fail = context.DeadlineExceeded // what is removed is not removed once more at every erasure from then on
	if err := s.SweepChunks(t.Context()); err != nil {
		t.Errorf("with nothing to remove: %v", err)
	}
}

// A chunk that was kept beside the database, and nobody heard of it, goes when its part is erased as if they had.
func TestAnObjectThatNobodyHeardOfIsErasedToo(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		blobs := &shelf{kept: map[string][]byte{}, lost: context.DeadlineExceeded}
		s := d.Open(t, d.New(t))
		s.KeepChunksIn(blobs)
		w := exchangetest.Found(t, 5, nil)
		x := w.Join("x", nil)
		x.Write(exchangetest.Bodies(2, 200, 1)...)
		c := workspace(t, s, w.ID)
		exchangetest.Carry(t, w.Founder.Copy, c)
		exchangetest.Carry(t, x.Copy, c)
		var parts []journal.PartPlace
		for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
			if p.Writer == x.Writer() {
				parts = append(parts, p)
			}
		}
		for n, p := range parts[:2] {
			if _, err := s.PutChunk(t.Context(), w.ID, wire.Chunk{Place: p, Data: madeUp(n)}); err == nil || has(t, s, w.ID, madeUp(n)) {
				t.Fatalf("it is said to be there: %v", err)
			}
		}
		blobs.lost = nil
		if code := put(t, s, w.ID, parts[1], madeUp(1)); code != wire.ChunkKept || !has(t, s, w.ID, madeUp(1)) {
			t.Errorf("brought again it is answered with %d", code)
		}
		exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: parts[:1]}))
		if len(blobs.kept) != 1 || !has(t, s, w.ID, madeUp(1)) {
			t.Errorf("%d objects are left", len(blobs.kept))
		}
	})
}

// A part has no more chunks than a file can have.
func TestChunksOfOnePartAreBounded(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	w := exchangetest.Found(t, 5, nil)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(1, 200, 1)...)
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
		if p.Writer != x.Writer() {
			continue
		}
		for n := range wire.MaxPartChunks {
			if code := put(t, s, w.ID, p, []byte{1, byte(n)}); code != wire.ChunkKept {
				t.Fatalf("chunk %d: %d", n, code)
			}
		}
		if code := put(t, s, w.ID, p, []byte{2}); code != wire.ChunkRefuse {
			t.Errorf("one more is answered with %d", code)
		}
		if code := put(t, s, w.ID, p, []byte{1, 0}); code != wire.ChunkKept {
			t.Errorf("one that is there is answered with %d", code)
		}
	}
}

func TestADamagedChunkIsForgotten(t *testing.T) {
	blobs := &shelf{kept: map[string][]byte{}}
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	s.KeepChunksIn(blobs)
	w := exchangetest.Found(t, 5, nil)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(1, 200, 1)...)
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
		if p.Writer == x.Writer() {
			before := used(t, s, w.ID)
			put(t, s, w.ID, p, madeUp(1))
			for name := range blobs.kept {
				blobs.kept[name] = []byte("rotten")
			}
			if _, here, err := s.Chunk(t.Context(), w.ID, seal.Digest(madeUp(1))); err != nil || here {
				t.Fatalf("it is given: %v", err)
			}
			if has(t, s, w.ID, madeUp(1)) {
				t.Error("it is said to be there")
			}
			if u := used(t, s, w.ID); u.Bytes != before.Bytes {
				t.Errorf("%d bytes are counted, %d without it", u.Bytes, before.Bytes)
			}
			if code := put(t, s, w.ID, p, madeUp(1)); code != wire.ChunkKept || !has(t, s, w.ID, madeUp(1)) {
				t.Errorf("brought again: %d", code)
			}
			for name := range blobs.kept {
				blobs.kept[name] = []byte("rotten")
			}
			if _, here, err := s.Chunk(t.Context(), w.ID, seal.Digest(madeUp(1))); err != nil || here {
				t.Errorf("it is given: %v", err)
			}
			exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{p}}))
			if len(blobs.kept) != 0 {
				t.Error("what is damaged is not erased")
			}
		}
	}
}
