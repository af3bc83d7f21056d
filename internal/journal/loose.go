package journal

// Loose is a sealed part that travels apart from its commit: the commit's digest says whether it is the right one.
type Loose struct {
	Place PartPlace
	Data  []byte
}

// Missing is a sealed part of a commit that is held, which is not held itself.
type Missing struct {
	N      int64 // order in which the copy noted it, above 0
	Place  PartPlace
	Size   uint32 // bytes
	Digest Hash   // of the sealed bytes, where the copy says it
}

// ShelfBits is how many bits of a part's shelf name the bucket of who it is about (seal.WorkspaceSecret.Shelf).
const ShelfBits = 12

// DetailShelf marks, in a part's shelf, what is not needed to find a person: a small device leaves it to others until
// the person comes. Parts of earlier versions have no mark and are taken by everybody.
const DetailShelf = 1 << 15
