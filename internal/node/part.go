package node

import (
	"errors"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// errNoKey reports a part of a compartment or epoch the member was not granted: not a fault.
var errNoKey = errors.New("the member does not hold the key")

// openPart opens and decodes one sealed part.
func openPart(ring *vault.Ring, a *store.Arrived) (store.Opened, error) {
	if a.Index < 0 {
		return store.Opened{}, store.ErrDamaged
	}
	h := &a.Commit.Header
	c, named := ring.Named(h.Parts[a.Index].Tag)
	if !named {
		return store.Opened{}, errNoKey
	}
	var plain []byte
	err := errNoKey
	for _, key := range ring.Keys(c, h.Parts[a.Index].Epoch) {
		if plain, err = seal.OpenPart(key, h.Place(a.Index), a.Data); err == nil {
			break
		}
	}
	if err != nil {
		return store.Opened{}, err
	}
	body, err := journal.DecodeBody(plain)
	if err != nil {
		return store.Opened{}, err
	}
	return store.Opened{Arrival: a.Arrival, In: c, Writer: h.Writer, Seq: h.Seq, Index: a.Index, Salt: h.Salt, Time: h.Time, By: record.ID(a.Member), Body: body}, nil
}
