package wire

import "amparo/internal/journal"

// Volume begins one file of a bundle; a bundle that is not split is one volume. Plain bundles, of before files were sealed,
// began with the first four of these.
type Volume struct {
	Version   uint                `cbor:"1,keyasint"`
	Workspace journal.WorkspaceID `cbor:"2,keyasint"`
	Vector    []byte              `cbor:"3,keyasint,omitempty"` // what its writer held: up to where the whole bundle brings each chain
	Above     []byte              `cbor:"4,keyasint,omitempty"` // from where on this volume goes: what its receiver was thought to hold, and the volumes before
	Set       []byte              `cbor:"5,keyasint,omitempty"` // 16 random bytes, the same in all volumes of a bundle
	Number    uint                `cbor:"6,keyasint,omitempty"` // 1, 2, 3 …
}

// VolumeEnd ends a file of a bundle.
type VolumeEnd struct {
	Runs    uint64 `cbor:"1,keyasint"`
	Commits uint64 `cbor:"2,keyasint"`
	Digest  []byte `cbor:"3,keyasint"`           // SHA-256 of all frames before this one
	More    bool   `cbor:"4,keyasint,omitempty"` // another volume follows
	Chunks  uint64 `cbor:"5,keyasint,omitempty"` // of files, after the runs
}
