package wire

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"amparo/internal/journal"
)

// Sealed parts travel apart from their commits where those came bare: newest first for who begins, of one person for who asks,
// and back to a relay that lost some. A place costs some three bytes, a part its own and some three more.

// MaxPlaces bounds the parts that one question may ask for, and that an answer may name as missing.
const MaxPlaces = 1 << 15

// MostLacks is how many missing parts an answer names at most: who brings what it names of so many asks once more.
const MostLacks = 2048

// ComparePlaces orders places by writer, commit and index: the order in which PackPlaces needs them.
func ComparePlaces(a, b journal.PartPlace) int {
	return cmp.Or(bytes.Compare(a.Writer[:], b.Writer[:]), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Index, b.Index))
}

// PackPlaces writes places, which must be in the order of ComparePlaces and different from each other.
func PackPlaces(places []journal.PartPlace) []byte {
	var b []byte
	for i := 0; i < len(places); {
		w := places[i].Writer
		n := 1
		for i+n < len(places) && places[i+n].Writer == w {
			n++
		}
		b = append(b, w[:]...)
		b = binary.AppendUvarint(b, uint64(n))
		last := uint64(0)
		for _, p := range places[i : i+n] {
			b = append(binary.AppendUvarint(b, p.Seq-last), p.Index)
			last = p.Seq
		}
		i += n
	}
	return b
}

// UnpackPlaces reads what PackPlaces wrote, and only that.
func UnpackPlaces(packed []byte) (places []journal.PartPlace, err error) {
	fail := func(what string) ([]journal.PartPlace, error) {
		return nil, fmt.Errorf("places of parts: %w: %s", journal.ErrFormat, what)
	}
	number := func() (n uint64, ok bool) {
		n, used := binary.Uvarint(packed)
		if used <= 0 || used > 1 && packed[used-1] == 0 {
			return 0, false
		}
		packed = packed[used:]
		return n, true
	}
	for len(packed) > 0 {
		var p journal.PartPlace
		if len(packed) < len(p.Writer) {
			return fail("cut short")
		}
		packed = packed[copy(p.Writer[:], packed):]
		if len(places) > 0 && places[len(places)-1].Writer == p.Writer {
			return fail("a writer twice")
		}
		n, ok := number()
		if !ok || n == 0 || n > MaxPlaces {
			return fail("a count that is not well spelled")
		}
		for range n {
			step, ok := number()
			if !ok || step > journal.MaxSeq || len(packed) == 0 {
				return fail("a sequence number that is not well spelled")
			}
			p.Seq, p.Index = p.Seq+step, packed[0]
			packed = packed[1:]
			if p.Seq == 0 || p.Seq > journal.MaxSeq || p.Index >= journal.MaxParts {
				return fail("a place that no commit has")
			}
			if len(places) > 0 && ComparePlaces(places[len(places)-1], p) >= 0 {
				return fail("out of order")
			}
			if places = append(places, p); len(places) > MaxPlaces {
				return fail("too many")
			}
		}
	}
	return places, nil
}

// PartsFrame is how many bytes of parts are put in one frame, give or take one part.
const PartsFrame = 32 << 10

// AppendPart adds a part to the payload of a FrameParts. n says which of the places asked for it is.
func AppendPart(payload []byte, n int, data []byte) []byte {
	payload = binary.AppendUvarint(payload, uint64(n))
	payload = binary.AppendUvarint(payload, uint64(len(data)))
	return append(payload, data...)
}

// EachPart reads the payload of a FrameParts that answers for places. The data is a slice of the payload.
func EachPart(payload []byte, places []journal.PartPlace, yield func(journal.Loose) error) error {
	for len(payload) > 0 {
		n, used := binary.Uvarint(payload)
		if used <= 0 || n >= uint64(len(places)) {
			return fmt.Errorf("parts: %w: one that was not asked for", journal.ErrFormat)
		}
		payload = payload[used:]
		size, used := binary.Uvarint(payload)
		if used <= 0 || size > uint64(len(payload)-used) || size > journal.MaxPartSize {
			return fmt.Errorf("parts: %w: cut short", journal.ErrFormat)
		}
		payload = payload[used:]
		if err := yield(journal.Loose{Place: places[n], Data: payload[:size:size]}); err != nil {
			return err
		}
		payload = payload[size:]
	}
	return nil
}

// PackSupply writes the payload of a FrameSupply: which parts they are, and they themselves. They must be in the order of
// ComparePlaces.
func PackSupply(parts []journal.Loose) []byte {
	places := make([]journal.PartPlace, len(parts))
	for i := range parts {
		places[i] = parts[i].Place
	}
	packed := PackPlaces(places)
	payload := append(binary.AppendUvarint(nil, uint64(len(packed))), packed...)
	for i := range parts {
		payload = AppendPart(payload, i, parts[i].Data)
	}
	return payload
}

// EachSupply reads what PackSupply wrote.
func EachSupply(payload []byte, yield func(journal.Loose) error) error {
	size, used := binary.Uvarint(payload)
	if used <= 0 || size > uint64(len(payload)-used) {
		return fmt.Errorf("parts: %w: cut short", journal.ErrFormat)
	}
	places, err := UnpackPlaces(payload[used : used+int(size)])
	if err != nil {
		return err
	}
	return EachPart(payload[used+int(size):], places, yield)
}

// Withhold leaves out what is sealed. The run's own slices are not changed.
func Withhold(run *journal.Run) {
	run.Commits = slices.Clone(run.Commits)
	for i := range run.Commits {
		c := &run.Commits[i]
		c.Parts = slices.Clone(c.Parts)
		for j, p := range c.Header.Parts {
			if p.Tag != 0 {
				c.Parts[j] = nil
			}
		}
	}
}
