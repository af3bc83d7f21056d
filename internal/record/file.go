package record

// Files are the bytes of files that are kept beside the journal.
type Files interface {
	// Content gives the bytes of a file that is here whole; here is false when part of it has not arrived, and then it is asked
	// for before others. kept is what stands in the field Kind.File of the record id.
	Content(in Compartment, id ID, kept []byte) (content []byte, here bool, err error)
	// Stands says how far a file is here.
	Stands(id ID) (FileStanding, error)
}

// FileStanding is how far a file is here, in pieces.
type FileStanding struct {
	Pieces    int  `json:"pieces"` // 0: nothing is known of it yet
	Here      int  `json:"here"`
	Elsewhere bool `json:"elsewhere"` // another place holds all of it
}
