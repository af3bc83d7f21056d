package vault

import (
	"fmt"
	"maps"
	"slices"

	"amparo/internal/record"
	"amparo/internal/seal"
)

// Ring is what a member was granted: the keys of compartments by epoch, and the secret every member shares. Two
// administrators who rotate a compartment without hearing of each other may begin the same epoch: then it has two keys.
type Ring struct {
	Secret seal.WorkspaceSecret

	keys map[record.Compartment]map[uint32][]seal.CompartmentKey
	tags map[uint8]record.Compartment
}

// NewRing draws the keys of a new workspace: all seven compartments, epoch 1.
func NewRing() *Ring {
	r := &Ring{}
	for r.Secret = seal.NewWorkspaceSecret(); !r.index(); r.Secret = seal.NewWorkspaceSecret() {
	}
	for _, c := range record.Compartments() {
		r.Add(c, 1, seal.NewCompartmentKey())
	}
	return r
}

// Add takes a key in. It reports whether it is new.
func (r *Ring) Add(c record.Compartment, epoch uint32, key seal.CompartmentKey) bool {
	if slices.Contains(r.keys[c][epoch], key) {
		return false
	}
	if r.keys == nil {
		r.keys = map[record.Compartment]map[uint32][]seal.CompartmentKey{}
	}
	if r.keys[c] == nil {
		r.keys[c] = map[uint32][]seal.CompartmentKey{}
	}
	list := append(slices.Clone(r.keys[c][epoch]), key)
	slices.SortFunc(list, func(a, b seal.CompartmentKey) int { return slices.Compare(a[:], b[:]) }) // so that all who hold both seal with the same
	r.keys[c][epoch] = list
	return true
}

// Part is a ring of the same workspace with some of its keys: what a grant gives.
func (r *Ring) Part() *Ring {
	p := &Ring{Secret: r.Secret}
	p.index()
	return p
}

// Each gives every key, by compartment and epoch.
func (r *Ring) Each(yield func(record.Compartment, uint32, seal.CompartmentKey)) {
	for _, c := range r.Holds() {
		for _, epoch := range slices.Sorted(maps.Keys(r.keys[c])) {
			for _, key := range r.keys[c][epoch] {
				yield(c, epoch, key)
			}
		}
	}
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
	for e, keys := range r.keys[c] {
		if e >= epoch && len(keys) > 0 {
			epoch, key, ok = e, keys[0], true
		}
	}
	return epoch, key, ok
}

// Keys are the keys of one epoch: one, in the ordinary course.
func (r *Ring) Keys(c record.Compartment, epoch uint32) []seal.CompartmentKey {
	return r.keys[c][epoch]
}

// Holds lists the compartments the ring opens.
func (r *Ring) Holds() []record.Compartment {
	var out []record.Compartment
	for c, keys := range r.keys {
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
	for _, epochs := range r.keys {
		for _, keys := range epochs {
			for i := range keys {
				keys[i].Wipe()
			}
		}
	}
	clear(r.keys)
}

// ringWire is a ring inside a grant: keys of one epoch stand one after the other.
type ringWire struct {
	Secret []byte                      `cbor:"1,keyasint"`
	Keys   map[uint8]map[uint32][]byte `cbor:"2,keyasint"`
}

func (r *Ring) wire() ringWire {
	w := ringWire{Secret: r.Secret[:], Keys: map[uint8]map[uint32][]byte{}}
	r.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
		if w.Keys[uint8(c)] == nil {
			w.Keys[uint8(c)] = map[uint32][]byte{}
		}
		w.Keys[uint8(c)][epoch] = append(w.Keys[uint8(c)][epoch], key[:]...)
	})
	return w
}

func (w ringWire) ring() (*Ring, error) {
	r := &Ring{}
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
		for epoch, raw := range keys {
			if len(raw) == 0 || len(raw)%len(seal.CompartmentKey{}) != 0 {
				return nil, fmt.Errorf("%w: a key of %d bytes", ErrFile, len(raw))
			}
			for key := range slices.Chunk(raw, len(seal.CompartmentKey{})) {
				r.Add(record.Compartment(c), epoch, seal.CompartmentKey(key))
			}
		}
	}
	return r, nil
}
