package node

import (
	"bytes"
	"errors"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
)

func sampleKept() keptFile {
	k := keptFile{writer: journal.WriterID{1}, seq: 7, key: seal.FileKey{2}, size: seal.ChunkSize + 5}
	k.chunks = [][32]byte{{3}, {4}}
	return k
}

func TestWhatAFactSaysOfAFileReadsAgain(t *testing.T) {
	want := sampleKept()
	got, err := readKept(want.encode())
	if err != nil || got.writer != want.writer || got.seq != want.seq || got.key != want.key || got.size != want.size || len(got.chunks) != 2 || got.chunks[1] != want.chunks[1] {
		t.Fatalf("%+v, %v", got, err)
	}
	whole := want.encode()
	for name, raw := range map[string][]byte{"nothing": nil, "cut": whole[:len(whole)-1], "a name too many": append(bytes.Clone(whole), make([]byte, 32)...), "half a name": append(bytes.Clone(whole), 1)} {
		if _, err := readKept(raw); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := bytes.Clone(whole)
	later[0] = keptVersion + 1
	if _, err := readKept(later); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("of a later version: %v", err)
	}
	big := want
	big.size = MaxFile + 1
	big.chunks = make([][32]byte, seal.ChunksOf(big.size))
	if _, err := readKept(big.encode()); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("of a file that is too large: %v", err)
	}
}

// Two devices in field mode that gave a file to each other must not both let go of it: only the relay keeps for good.
func TestAFileThatOnlyANeighbourHasStays(t *testing.T) {
	n, _ := founded(t, t.TempDir())
	defer n.Close()
	must2(0, n.SetRelay("https://relay.example"))
	sealed := bytes.Repeat([]byte("sealed"), 100)
	file := store.File{ID: record.ID{1}, Place: journal.PartPlace{Writer: journal.WriterID{9}, Seq: 1}, Time: 1, Size: int64(len(sealed)), Chunks: [][32]byte{seal.Digest(sealed)}} // of a part that is not here
	must2(0, n.files.Register(file))
	must2(n.files.Take(sealed))
	neighbour, relay := Place{Kind: PlaceNeighbour, Name: "AAAA"}, n.relayPlace()
	for _, step := range []struct {
		place Place
		stays bool
	}{{neighbour, true}, {relay, false}} {
		must2(0, n.files.There(step.place.key(), file.Chunks))
		must2(0, n.dropFiles())
		if here := must2(n.files.Here(file.Chunks)); here[0] != step.stays {
			t.Errorf("after the %s said that it has it, it is here: %v", step.place.Kind, here[0])
		}
	}
}

func FuzzReadKept(f *testing.F) {
	k := sampleKept()
	f.Add(k.encode())
	f.Add([]byte{keptVersion})
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := readKept(raw)
		if err == nil && !bytes.Equal(k.encode(), raw) {
			t.Fatal("two spellings of one file")
		}
	})
}
