package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// A file is too large for a commit. It is cut into chunks, each sealed under a key drawn for this file alone and named by the
// SHA-256 of the sealed bytes. Key and names stand in the fact that speaks of the file, so without the fact nobody can open the
// chunks or tell that they belong together.

const (
	// ChunkSize is how many bytes of a file a chunk carries; the last one carries the rest.
	ChunkSize = 128 << 10
	// MaxSealedChunk is how long a sealed chunk gets.
	MaxSealedChunk = ChunkSize + chunkStep + chacha20poly1305.Overhead

	// chunkStep is what the last chunk of a file is filled up to a multiple of.
	chunkStep = 16 << 10
)

// FileKey seals the chunks of one file, and nothing else ever.
type FileKey [32]byte

// NewFileKey draws a key.
func NewFileKey() FileKey { return FileKey(draw()) }

// Wipe forgets the key as far as Go allows.
func (k *FileKey) Wipe() { clear(k[:]) }

// ChunksOf is into how many chunks a file of that many bytes is cut; one at least.
func ChunksOf(size int64) int { return max(1, int((size+ChunkSize-1)/ChunkSize)) }

// SealedChunkSize is how long chunk n of a file of that many bytes is when it is sealed.
func SealedChunkSize(size int64, n int) int {
	if n < ChunksOf(size)-1 {
		return ChunkSize + chacha20poly1305.Overhead
	}
	return lastChunkSize(int(size-int64(n)*ChunkSize)) + chacha20poly1305.Overhead
}

func lastChunkSize(plain int) int {
	whole := len(binary.AppendUvarint(nil, uint64(plain))) + plain
	return (whole + chunkStep - 1) / chunkStep * chunkStep
}

func chunkPlace(workspace [16]byte, n int, last bool) []byte {
	b := append(make([]byte, 0, 40), "amparo chunk v1\x00"...)
	b = append(b, workspace[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	if last {
		return append(b, 1)
	}
	return append(b, 0)
}

// SealChunk seals chunk n. Every chunk but the last must have ChunkSize bytes; the last one is filled up, so that its length
// says of the file's only to 16 KiB. The place is bound in, and which is the last: chunks that are swapped, moved to another
// workspace or cut off at the end do not open.
func SealChunk(key FileKey, workspace [16]byte, n int, last bool, plain []byte) ([]byte, error) {
	if len(plain) > ChunkSize || !last && len(plain) != ChunkSize {
		return nil, fmt.Errorf("seal chunk %d: %d bytes", n, len(plain))
	}
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal chunk: %w", err)
	}
	padded := make([]byte, 0, MaxSealedChunk)
	if last {
		padded = append(binary.AppendUvarint(padded, uint64(len(plain))), plain...)
		padded = padded[:lastChunkSize(len(plain))] // the rest is zeros: it was made so
	} else {
		padded = append(padded, plain...)
	}
	at := chunkPlace(workspace, n, last)
	nonce := sha256.Sum256(at) // the key seals each place once
	return aead.Seal(padded[:0], nonce[:chacha20poly1305.NonceSizeX], padded, at), nil
}

// OpenChunk opens chunk n. It fails with ErrSealed.
func OpenChunk(key FileKey, workspace [16]byte, n int, last bool, sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("open chunk: %w", err)
	}
	at := chunkPlace(workspace, n, last)
	nonce := sha256.Sum256(at)
	padded, err := aead.Open(nil, nonce[:chacha20poly1305.NonceSizeX], sealed, at)
	if err != nil {
		return nil, ErrSealed
	}
	if last {
		return unpad(padded)
	}
	if len(padded) != ChunkSize {
		return nil, fmt.Errorf("chunk %d: %w", n, ErrSealed)
	}
	return padded, nil
}
