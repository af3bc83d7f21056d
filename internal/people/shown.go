package people

import (
	"time"

	"amparo/internal/record"
)

// Shown is the answer to person.show: everything the member may know of who someone is.
type Shown struct {
	Brief
	Given        string        `json:"given"`
	Surname1     string        `json:"surname1"`
	Surname2     string        `json:"surname2"`
	Gender       string        `json:"gender"`  // in the person's own words
	Spoken       string        `json:"spoken"`  // the name as they say it
	Written      string        `json:"written"` // the name in their own script
	Aliases      []string      `json:"aliases"`
	AgeTold      *int          `json:"age_told"` // as it was told on AgeOn
	AgeOn        string        `json:"age_on"`
	Languages    []string      `json:"languages"`  // BCP 47
	Direction    string        `json:"direction"`  // north, south, staying, returned, unknown
	Intention    string        `json:"intention"`  // code list intention
	Motives      []string      `json:"motives"`    // code list motive
	Priorities   []OnePriority `json:"priorities"` // of each group who saw it, and why it may be written down
	Phone        string        `json:"phone"`
	Note         string        `json:"note"`
	Consent      []string      `json:"consent"`    // what they agreed to, as it stands; evidence and dates: person.consents
	Refused      []string      `json:"refused"`    // what they said no to, or took back
	Travels      bool          `json:"travels"`    // other sites see the record
	Registered   *Seen         `json:"registered"` // where and when this record was opened
	RegisteredBy record.ID     `json:"registered_by"`
	ByName       string        `json:"registered_by_name"`
	RivalFields  []RivalField  `json:"rival_fields"` // same as rivals in conflicts: what two places wrote differently
	Visits       int           `json:"visits"`
	Sites        int           `json:"sites"` // distinct sites where the person was met
	// Linked are the other records of the same person. What stands above is of this record alone, but for where the person was met,
	// and whether the record travels: a no said on one of them counts for all.
	Linked       []LinkedRecord `json:"linked"`
	LinkedFields []LinkedField  `json:"linked_fields"` // what the records of the person say, field by field; empty when there is one
}

// RivalField is a field that holds several values until someone settles it (action conflict.settle).
type RivalField struct {
	Field  string       `json:"field"`
	Values []RivalValue `json:"values"` // latest first
}

// RivalValue is one of them, with who said it.
type RivalValue struct {
	Value    any       `json:"value"`
	By       record.ID `json:"by"`
	ByName   string    `json:"by_name"`
	Site     record.ID `json:"site"`
	SiteName string    `json:"site_name"`
	At       time.Time `json:"at"`       // when it happened, at the clock of the place
	Recorded time.Time `json:"recorded"` // when it was written down
	Says     string    `json:"says"`     // names the saying, for conflict.settle
	Rec      int64     `json:"rec"`      // clock of the commit: greater is later
}
