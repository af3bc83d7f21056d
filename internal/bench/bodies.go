package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/journal"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// bodies plays a story on one node and gives the plaintext body of every part it wrote, in order.
func bodies(ctx context.Context, o Options, seed uint64, persons int) (list []journal.Body, err error) {
	b, err := found(ctx, o, fmt.Sprintf("story-%d", seed), cheap)
	if err != nil {
		return nil, err
	}
	defer b.close()
	o.tell("  the story of seed %d is played", seed)
	if err := b.play(ctx, story(seed, persons)); err != nil {
		return nil, err
	}
	if err := b.close(); err != nil {
		return nil, err
	}
	err = b.inspect(func(j *store.Journal, m *vault.Member, _ map[record.Compartment]seal.ViewKey) error {
		return eachBody(j, m, func(_ record.Compartment, _ *store.Arrived, body journal.Body) error {
			list = append(list, body)
			return nil
		})
	})
	return list, err
}

// eachBody opens every sealed part of a journal.
func eachBody(j *store.Journal, m *vault.Member, do func(c record.Compartment, a *store.Arrived, body journal.Body) error) error {
	for after := int64(0); ; {
		arrived, err := j.Arrivals(after, 512)
		if err != nil || len(arrived) == 0 {
			return err
		}
		for i := range arrived {
			a := &arrived[i]
			after = a.Arrival
			h := &a.Commit.Header
			c, named := m.Ring.Named(h.Parts[a.Index].Tag)
			keys := m.Ring.Keys(c, h.Parts[a.Index].Epoch)
			if !named || len(keys) == 0 {
				continue
			}
			plain, err := seal.OpenPart(keys[0], h.Place(a.Index), a.Data)
			if err != nil {
				return err
			}
			body, err := journal.DecodeBody(plain)
			if err != nil {
				return err
			}
			if err := do(c, a, body); err != nil {
				return err
			}
		}
	}
}

// encoded is a body as it is written, before compression.
func encoded(b journal.Body) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(b)
}

// redrawn replaces what was random in a body (ids, names of facts, card numbers) by other random bytes drawn from r, so
// that nothing of one run can be learned and every run gives the same. shuffle also mixes the words of every longer text:
// the made-up notes come from a few hundred sentences, the notes of a clinic do not.
func redrawn(b journal.Body, r *rand.Rand, shuffle bool) journal.Body {
	b.Ago = 0 // most is written when it happens; here the clock is turned by groups
	b.Site, b.Client = random(r, len(b.Site)), random(r, len(b.Client))
	b.Facts = slices.Clone(b.Facts)
	for i := range b.Facts {
		f := &b.Facts[i]
		f.Entity, f.Corrects = random(r, len(f.Entity)), random(r, len(f.Corrects))
		values := map[uint8]any{}
		for _, number := range keys(f.Values) {
			values[number] = redrawnValue(f.Values[number], r, shuffle)
		}
		f.Values = values
		replaces := map[uint8][][]byte{}
		for _, number := range keys(f.Replaces) {
			for _, ref := range f.Replaces[number] {
				replaces[number] = append(replaces[number], random(r, len(ref)))
			}
		}
		f.Replaces = replaces
		if len(replaces) == 0 {
			f.Replaces = nil
		}
	}
	return b
}

func redrawnValue(v any, r *rand.Rand, shuffle bool) any {
	switch v := v.(type) {
	case []byte:
		return random(r, len(v))
	case string:
		if people.ValidCard(v) {
			return people.CheckedCard(binary.BigEndian.Uint64(random(r, 16)))
		}
		if words := strings.Fields(v); shuffle && len(words) >= 4 {
			r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
			return strings.Join(words, " ")
		}
	}
	return v
}

func random(r *rand.Rand, n int) []byte {
	if n == 0 {
		return nil
	}
	out := make([]byte, 0, n+8)
	for len(out) < n {
		out = binary.LittleEndian.AppendUint64(out, r.Uint64())
	}
	return out[:n]
}

func keys[V any](m map[uint8]V) []uint8 {
	out := make([]uint8, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// written gives the encoded bodies, redrawn from a seed.
func written(list []journal.Body, seed uint64, shuffle bool) ([][]byte, error) {
	r := rand.New(rand.NewPCG(seed, 0x626f64696573))
	out := make([][]byte, len(list))
	for i, b := range list {
		raw, err := encoded(redrawn(b, r, shuffle))
		if err != nil {
			return nil, err
		}
		out[i] = raw
	}
	return out, nil
}
