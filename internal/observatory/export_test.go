package observatory

// KnownAnswer is a figure that was computed elsewhere, for the tests outside this package.
type KnownAnswer struct {
	ID    string
	Where []string
	Want  int64
}

// KnownAnswers are all of them.
var KnownAnswers = knownAnswers
