package wire

import (
	"bytes"
	"errors"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

func TestAQuestionAboutFilesIsItsWritersAndForThatAddress(t *testing.T) {
	signer, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	ask := ChunkAsk{Version: Version, Writer: journal.WriterOf(signer.Public()), Time: 7, Have: PackNames([][32]byte{{1}, {2}})}
	payload, err := ask.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadChunkAsk(payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Verify(signer.Public()); err != nil {
		t.Errorf("what was signed: %v", err)
	}
	if err := got.Verify(other.Public()); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("another's key: %v", err)
	}
	changed := bytes.Clone(payload)
	changed[len(changed)-1] ^= 1
	if a, err := ReadChunkAsk(changed); err == nil && a.Verify(signer.Public()) == nil {
		t.Error("a changed question verifies")
	}
	// What was signed for commits does not ask for files, although the bytes may read.
	commits := Ask{Version: Version, Writer: ask.Writer, Time: 7}
	if payload, err = commits.Sign(signer); err != nil {
		t.Fatal(err)
	}
	if a, err := ReadChunkAsk(payload); err == nil && a.Verify(signer.Public()) == nil {
		t.Error("a question for commits passes for one about files")
	}
	ask.Get = []byte{1, 2, 3}
	if payload, err = ask.Sign(signer); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadChunkAsk(payload); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("half a name: %v", err)
	}
}

func TestAChunkOnItsWay(t *testing.T) {
	c := Chunk{Place: journal.PartPlace{Writer: journal.WriterID{4}, Seq: 9, Index: 2}, Data: []byte("sealed")}
	got, err := ReadChunk(c.Pack())
	if err != nil || got.Place != c.Place || !bytes.Equal(got.Data, c.Data) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, payload := range map[string][]byte{
		"nothing":      nil,
		"no data":      c.Pack()[:chunkHead],
		"too long":     (&Chunk{Place: c.Place, Data: make([]byte, seal.MaxSealedChunk+1)}).Pack(),
		"commit 0":     (&Chunk{Place: journal.PartPlace{}, Data: []byte{1}}).Pack(),
		"no such part": (&Chunk{Place: journal.PartPlace{Seq: 1, Index: journal.MaxParts}, Data: []byte{1}}).Pack(),
	} {
		if _, err := ReadChunk(payload); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadChunk(f *testing.F) {
	f.Add((&Chunk{Place: journal.PartPlace{Seq: 1}, Data: []byte("x")}).Pack())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := ReadChunk(payload)
		if err == nil && !bytes.Equal(c.Pack(), payload) {
			t.Fatal("two spellings of one chunk")
		}
	})
}

func FuzzReadChunkAsk(f *testing.F) {
	signer, err := seal.SignerFromSeed(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	ask := ChunkAsk{Version: Version, Writer: journal.WriterOf(signer.Public()), Get: make([]byte, 64)}
	payload, err := ask.Sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		a, err := ReadChunkAsk(payload)
		if err == nil && (len(Names(a.Have)) > MaxChunkNames || len(Names(a.Get)) > MaxChunkNames) {
			t.Fatal("more names than one question may have")
		}
	})
}
