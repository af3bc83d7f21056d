package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"golang.org/x/crypto/chacha20poly1305"
)

// Place is where a part stands; it is bound into the sealed bytes, so a part moved elsewhere does not open.
type Place struct {
	Workspace [16]byte
	Writer    [16]byte
	Seq       uint64
	Salt      [8]byte // drawn for each commit: a commit sealed again after a crash never meets the same nonce
	Index     uint8
	Tag       uint8
	Epoch     uint32
	Shelf     uint16
}

func (p Place) bytes() []byte {
	b := make([]byte, 0, 64)
	b = append(b, "amparo part v1\x00"...)
	b = append(b, p.Workspace[:]...)
	b = append(b, p.Writer[:]...)
	b = binary.BigEndian.AppendUint64(b, p.Seq)
	b = append(b, p.Salt[:]...)
	b = append(b, p.Index, p.Tag)
	b = binary.BigEndian.AppendUint32(b, p.Epoch)
	return binary.BigEndian.AppendUint16(b, p.Shelf)
}

// PartOverhead is what sealing adds besides padding.
const PartOverhead = chacha20poly1305.Overhead

// SealPart pads and seals one part.
func SealPart(key CompartmentKey, place Place, plain []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal part: %w", err)
	}
	at := place.bytes()
	nonce := sha256.Sum256(at)
	padded := pad(plain)
	return aead.Seal(padded[:0], nonce[:chacha20poly1305.NonceSizeX], padded, at), nil
}

// OpenPart opens one part. It fails with ErrSealed.
func OpenPart(key CompartmentKey, place Place, sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("open part: %w", err)
	}
	at := place.bytes()
	nonce := sha256.Sum256(at)
	padded, err := aead.Open(nil, nonce[:chacha20poly1305.NonceSizeX], sealed, at)
	if err != nil {
		return nil, ErrSealed
	}
	return unpad(padded)
}

// pad writes the length and fills up with zeros to the next Padmé length (Nikitin et al., "Reducing Metadata Leakage
// from Encrypted Files and Communication with PURBs", 2019): at most 12 % more, and only O(log log n) bits of the
// length remain to be seen.
func pad(plain []byte) []byte {
	head := binary.AppendUvarint(nil, uint64(len(plain)))
	total := padme(len(head) + len(plain))
	out := make([]byte, total, total+PartOverhead)
	copy(out, head)
	copy(out[len(head):], plain)
	return out
}

func unpad(padded []byte) ([]byte, error) {
	n, used := binary.Uvarint(padded)
	if used <= 0 || n > uint64(len(padded)-used) {
		return nil, fmt.Errorf("padding: %w", ErrSealed)
	}
	return padded[used : used+int(n)], nil
}

func padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	mask := 1<<(e-s) - 1
	return (n + mask) &^ mask
}
