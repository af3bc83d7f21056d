package vault

import (
	"fmt"
	"slices"

	"amparo/internal/record"
	"amparo/internal/seal"
)

// Ring is what a member was granted: the keys of compartments by epoch, and the secret every member shares.
type Ring struct {
	Secret       seal.WorkspaceSecret
	Compartments map[record.Compartment]map[uint32]seal.CompartmentKey

	tags map[uint8]record.Compartment
}

// NewRing draws the keys of a new workspace: all seven compartments, epoch 1.
func NewRing() *Ring {
	r := &Ring{Compartments: map[record.Compartment]map[uint32]seal.CompartmentKey{}}
	for r.Secret = seal.NewWorkspaceSecret(); !r.index(); r.Secret = seal.NewWorkspaceSecret() {
	}
	for _, c := range record.Compartments() {
		r.Compartments[c] = map[uint32]seal.CompartmentKey{1: seal.NewCompartmentKey()}
	}
	return r
}

// index fills the table of tags; false when two compartments would share one, or one would be 0.
func (r *Ring) index() bool {
	r.tags = map[uint8]record.Compartment{}
	for _, c := range record.Compartments() {
		tag := r.Secret.Tag(uint8(c))
		if _, taken := r.tags[tag]; taken || tag == 0 {
			return false
		}
		r.tags[tag] = c
	}
	return true
}

// Tag is the compartment's byte in headers.
func (r *Ring) Tag(c record.Compartment) uint8 { return r.Secret.Tag(uint8(c)) }

// Named is the compartment behind a tag.
func (r *Ring) Named(tag uint8) (record.Compartment, bool) { c, ok := r.tags[tag]; return c, ok }

// Current is the newest key of a compartment and its epoch; ok is false when the member has none.
func (r *Ring) Current(c record.Compartment) (epoch uint32, key seal.CompartmentKey, ok bool) {
	for e, k := range r.Compartments[c] {
		if e >= epoch {
			epoch, key, ok = e, k, true
		}
	}
	return epoch, key, ok
}

// Key is the key of one epoch.
func (r *Ring) Key(c record.Compartment, epoch uint32) (seal.CompartmentKey, bool) {
	k, ok := r.Compartments[c][epoch]
	return k, ok
}

// Holds lists the compartments the ring opens.
func (r *Ring) Holds() []record.Compartment {
	var out []record.Compartment
	for c, keys := range r.Compartments {
		if len(keys) > 0 {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out
}

// Wipe forgets all keys as far as Go allows.
func (r *Ring) Wipe() {
	r.Secret.Wipe()
	clear(r.Compartments)
}

// ringWire is a ring inside a grant or a member's file.
type ringWire struct {
	Secret []byte                      `cbor:"1,keyasint"`
	Keys   map[uint8]map[uint32][]byte `cbor:"2,keyasint"`
}

func (r *Ring) wire(only []record.Compartment) ringWire {
	w := ringWire{Secret: r.Secret[:], Keys: map[uint8]map[uint32][]byte{}}
	for c, keys := range r.Compartments {
		if only != nil && !slices.Contains(only, c) {
			continue
		}
		w.Keys[uint8(c)] = map[uint32][]byte{}
		for epoch, key := range keys {
			w.Keys[uint8(c)][epoch] = key[:]
		}
	}
	return w
}

func (w ringWire) ring() (*Ring, error) {
	r := &Ring{Compartments: map[record.Compartment]map[uint32]seal.CompartmentKey{}}
	if len(w.Secret) != len(r.Secret) {
		return nil, fmt.Errorf("%w: a workspace secret of %d bytes", ErrFile, len(w.Secret))
	}
	copy(r.Secret[:], w.Secret)
	if !r.index() {
		return nil, fmt.Errorf("%w: tags that are not distinct", ErrFile)
	}
	for c, keys := range w.Keys {
		if !record.Compartment(c).Valid() {
			continue // of a later version
		}
		r.Compartments[record.Compartment(c)] = map[uint32]seal.CompartmentKey{}
		for epoch, key := range keys {
			if len(key) != len(seal.CompartmentKey{}) {
				return nil, fmt.Errorf("%w: a key of %d bytes", ErrFile, len(key))
			}
			r.Compartments[record.Compartment(c)][epoch] = seal.CompartmentKey(key)
		}
	}
	return r, nil
}
