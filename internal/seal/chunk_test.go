package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestAFileIsSealedInChunksAndOpensAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(ChunkSize-20, ChunkSize+20), rapid.IntRange(0, 3*ChunkSize)).Draw(t, "size")
		plain := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, size)
		key, workspace := NewFileKey(), [16]byte{1}
		count, again := ChunksOf(int64(size)), []byte{}
		for n := range count {
			end := min((n+1)*ChunkSize, size)
			sealed, err := SealChunk(key, workspace, n, n == count-1, plain[n*ChunkSize:end])
			if err != nil {
				t.Fatal(err)
			}
			if want := SealedChunkSize(int64(size), n); len(sealed) != want || want > MaxSealedChunk {
				t.Fatalf("chunk %d of %d bytes has %d bytes when sealed, foretold were %d, at most %d", n, size, len(sealed), want, MaxSealedChunk)
			}
			part, err := OpenChunk(key, workspace, n, n == count-1, sealed)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, part...)
		}
		if !bytes.Equal(again, plain) {
			t.Fatal("what was opened is not what was sealed")
		}
	})
}

func TestTheLengthOfAFileShowsOnlyRoughly(t *testing.T) {
	seen := map[int]bool{}
	for size := int64(1); size < ChunkSize; size += 97 {
		seen[SealedChunkSize(size, 0)] = true
	}
	if len(seen) > 9 {
		t.Errorf("files of one chunk have %d lengths when sealed; few were promised", len(seen))
	}
}

func TestAChunkOpensOnlyWhereItBelongs(t *testing.T) {
	key, workspace := NewFileKey(), [16]byte{7}
	plain := bytes.Repeat([]byte("x"), ChunkSize)
	sealed, err := SealChunk(key, workspace, 3, false, plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() error{
		"another number":    func() error { _, err := OpenChunk(key, workspace, 4, false, sealed); return err },
		"as the last":       func() error { _, err := OpenChunk(key, workspace, 3, true, sealed); return err },
		"another workspace": func() error { _, err := OpenChunk(key, [16]byte{8}, 3, false, sealed); return err },
		"another key":       func() error { _, err := OpenChunk(NewFileKey(), workspace, 3, false, sealed); return err },
		"cut":               func() error { _, err := OpenChunk(key, workspace, 3, false, sealed[:len(sealed)-1]); return err },
	} {
		if err := open(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed { // any byte that changed
		if i%1009 != 0 {
			continue
		}
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := OpenChunk(key, workspace, 3, false, changed); !errors.Is(err, ErrSealed) {
			t.Fatalf("a chunk with byte %d changed opens", i)
		}
	}
	if _, err := SealChunk(key, workspace, 0, false, plain[:10]); err == nil {
		t.Error("a short chunk that is not the last was sealed")
	}
	if _, err := SealChunk(key, workspace, 0, true, append(plain, 0)); err == nil {
		t.Error("a chunk that is too long was sealed")
	}
}

// The bytes of version 1: a change here makes every file that is kept unreadable.
func TestChunksAreSealedAsTheyAlwaysWere(t *testing.T) {
	var key FileKey
	for i := range key {
		key[i] = byte(i)
	}
	sealed, err := SealChunk(key, [16]byte{0xaa}, 2, true, []byte("a made-up letter"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "e6d2cde0f1fd717c5bafb90bfead6c6b659165ab3f0a6cf301c34a5769a97641"
	if sum := sha256.Sum256(sealed); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the sealed chunk has the digest %x, not %s", sum, want)
	}
}

func FuzzOpenChunk(f *testing.F) {
	key := FileKey{1}
	for _, last := range []bool{true, false} {
		sealed, err := SealChunk(key, [16]byte{}, 0, last, bytes.Repeat([]byte{2}, ChunkSize))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sealed, 0, last)
	}
	f.Add([]byte{}, 1, true)
	f.Fuzz(func(t *testing.T, sealed []byte, n int, last bool) {
		plain, err := OpenChunk(key, [16]byte{}, n, last, sealed)
		if err == nil && len(plain) > ChunkSize {
			t.Fatalf("%d bytes came out of a chunk", len(plain))
		}
	})
}
