package journal

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Ways a body is packed; the first byte of its plaintext says which.
const (
	packedPlain = 0
	packedDict1 = 1 // zstd with data/dictionary-1
)

// maxBody bounds what a part may unpack to.
const maxBody = 64 << 20

// dictionary1 was trained on bodies of the synthetic cohort (`go generate ./internal/journal` tells how). It is part
// of format version 1: a better one gets a new number, this one stays.
//
//go:embed data/dictionary-1
var dictionary1 []byte

// Frames carry a four-byte magic number that never differs; it is not stored.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

var packers = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderDict(dictionary1), zstd.WithEncoderCRC(false),
		zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the dictionary is embedded: a bad one is a fault of the build
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary1), zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecoderConcurrency(0))
	if err != nil {
		panic(err)
	}
	return enc, dec
})

func compress(raw []byte) []byte {
	enc, _ := packers()
	packed := enc.EncodeAll(raw, make([]byte, 0, len(raw)))
	if len(packed)-len(zstdMagic) >= len(raw) {
		return append([]byte{packedPlain}, raw...)
	}
	packed[len(zstdMagic)-1] = packedDict1
	return packed[len(zstdMagic)-1:]
}

func decompress(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("body of a part: %w: empty", ErrFormat)
	}
	switch data[0] {
	case packedPlain:
		return data[1:], nil
	case packedDict1:
		_, dec := packers()
		frame := append(append(make([]byte, 0, len(data)+len(zstdMagic)), zstdMagic...), data[1:]...)
		var head zstd.Header // one frame that says how much it holds: memory is taken once, and no more than that
		if err := head.Decode(frame); err != nil || !head.HasFCS || head.FrameContentSize > maxBody {
			return nil, fmt.Errorf("body of a part: %w: unpacks to an unknown size or to more than %d bytes", ErrFormat, maxBody)
		}
		raw, err := dec.DecodeAll(frame, nil)
		if err == nil && uint64(len(raw)) != head.FrameContentSize {
			err = errors.New("more than one frame")
		}
		if err != nil {
			return nil, fmt.Errorf("body of a part: %w: %w", ErrFormat, err)
		}
		return raw, nil
	}
	return nil, fmt.Errorf("body of a part: %w (packing %d)", ErrNewer, data[0])
}

// DictionaryID is the number inside the dictionary: what trains a new one checks that it keeps the old one's.
func DictionaryID() uint32 {
	if len(dictionary1) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint32(dictionary1[4:8])
}
