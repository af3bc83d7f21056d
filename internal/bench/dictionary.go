package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/klauspost/compress/zstd"

	"amparo/internal/journal"
)

// The stories a dictionary is trained on, and the one on which it is judged. The demonstration's is neither.
var (
	trainingSeeds = []uint64{101, 102, 103, 104}
	judgedSeed    = uint64(7)
)

// recipe is one way to make a dictionary.
type recipe struct {
	size, d, k int
	shuffled   bool
	level      zstd.EncoderLevel
}

// chosen is how journal/data/dictionary-1 was made.
var chosen = recipe{size: 32 << 10, d: 6, k: 100, shuffled: true, level: zstd.SpeedFastest}

// dictionary trains dictionaries for bodies of parts and judges each on a story that none was trained on. With
// Options.Out it writes the chosen one; the same program writes the same bytes on every machine.
func dictionary(ctx context.Context, o Options, r *Report) error {
	var training []journal.Body
	for _, seed := range trainingSeeds {
		list, err := bodies(ctx, o, seed, o.N)
		if err != nil {
			return err
		}
		training = append(training, list...)
	}
	judged, err := bodies(ctx, o, judgedSeed, o.N)
	if err != nil {
		return err
	}
	plain, err := written(training, 1, false)
	if err != nil {
		return err
	}
	mixed, err := written(training, 2, true)
	if err != nil {
		return err
	}
	train := func(c recipe) ([]byte, error) {
		samples := plain
		if c.shuffled {
			samples = mixed
		}
		return zstd.BuildDict(zstd.BuildDictOptions{ID: 1, Contents: samples, History: cover(samples, c.size, c.d, c.k), Offsets: [3]int{1, 4, 8}, Level: c.level})
	}
	best, err := train(chosen)
	if err != nil {
		return err
	}
	list := recipes()
	if o.Out != "" {
		if err := os.WriteFile(o.Out, best, 0o644); err != nil {
			return err
		}
		list = list[:1]
	}
	test, err := written(judged, 3, false)
	if err != nil {
		return err
	}
	testMixed, err := written(judged, 4, true)
	if err != nil {
		return err
	}
	floor, err := oneStream(testMixed)
	if err != nil {
		return err
	}
	again := rand.New(rand.NewPCG(4, 0x626f64696573)) // as testMixed
	for i := range judged {
		judged[i] = redrawn(judged[i], again, true)
	}
	now, err := packedNow(judged)
	if err != nil {
		return err
	}
	n := float64(len(test))
	r.alone("bodies trained on", float64(len(training)), "bodies")
	r.alone("bodies judged on", n, "bodies")
	r.alone("a body as CBOR", float64(total(test))/n, "bytes")
	r.against("a body with the dictionary in use", now, "bytes", "all bodies in one zstd stream at its best level", floor)
	t := Table{Title: "bytes a body", Columns: []string{"size", "d", "k", "words mixed", "trained for", "packed by", "notes as made up", "words of notes mixed"}}
	for _, c := range list {
		dict, err := train(c)
		if err != nil {
			return err
		}
		for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression} {
			if c != chosen && level != c.level {
				continue
			}
			a, err := packedWith(dict, level, test)
			if err != nil {
				return err
			}
			b, err := packedWith(dict, level, testMixed)
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, []any{c.size, c.d, c.k, c.shuffled, c.level.String(), level.String(), round(a), round(b)})
			if c == chosen && level == c.level {
				r.against("a body with the chosen dictionary", b, "bytes", "all bodies in one zstd stream at its best level", floor)
			}
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// recipes are the chosen one and, after it, its neighbours.
func recipes() []recipe {
	list := []recipe{chosen}
	for _, size := range []int{8 << 10, 16 << 10, 64 << 10} {
		c := chosen
		c.size = size
		list = append(list, c)
	}
	for _, dk := range [][2]int{{6, 48}, {6, 200}, {7, 100}, {8, 100}} {
		c := chosen
		c.d, c.k = dk[0], dk[1]
		list = append(list, c)
	}
	c := chosen
	c.shuffled = false
	list = append(list, c)
	c = chosen
	c.level = zstd.SpeedDefault
	return append(list, c)
}

func total(list [][]byte) (n int) {
	for _, b := range list {
		n += len(b)
	}
	return n
}

// packedWith is the mean size of bodies packed as the journal packs them: without the magic number, with a byte for the way.
func packedWith(dict []byte, level zstd.EncoderLevel, list [][]byte) (float64, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderDict(dict), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, fmt.Errorf("a dictionary that does not load: %w", err)
	}
	sum := 0
	for _, raw := range list {
		sum += min(len(enc.EncodeAll(raw, nil))-3, len(raw)+1)
	}
	return float64(sum) / float64(len(list)), enc.Close()
}

// packedNow is the same with the journal's own dictionary.
func packedNow(list []journal.Body) (float64, error) {
	sum := 0
	for _, b := range list {
		packed, err := journal.EncodeBody(b)
		if err != nil {
			return 0, err
		}
		sum += len(packed)
	}
	return float64(sum) / float64(len(list)), nil
}

// oneStream is what bodies take each when all of them go into one zstd stream: about the least they can take.
func oneStream(list [][]byte) (float64, error) {
	var out bytes.Buffer
	enc, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return 0, err
	}
	for _, raw := range list {
		if _, err := enc.Write(raw); err != nil {
			return 0, err
		}
	}
	if err := enc.Close(); err != nil {
		return 0, err
	}
	return float64(out.Len()) / float64(len(list)), nil
}
