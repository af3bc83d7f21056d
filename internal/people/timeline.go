package people

import (
	"time"

	"amparo/internal/record"
)

// Timeline is the answer to person.timeline: what happened to and with a person, newest first. What the member may not open is
// not there at all.
type Timeline struct {
	Person  Brief   `json:"person"`
	Entries []Entry `json:"entries"`
}

// Entry is one thing that happened.
type Entry struct {
	ID          record.ID          `json:"id"`
	Kind        string             `json:"kind"` // catalogue `kind.<kind>`; person is the registration
	Compartment record.Compartment `json:"compartment"`
	At          time.Time          `json:"at"`   // when it happened, at the clock of the place
	Zone        int                `json:"zone"` // minutes east of UTC where it happened
	Recorded    time.Time          `json:"recorded"`
	Site        record.ID          `json:"site"`
	SiteName    string             `json:"site_name"`
	By          record.ID          `json:"by"`
	ByName      string             `json:"by_name"`
	Fields      map[string]any     `json:"fields"`             // only those that say something; without the person
	Corrected   record.ID          `json:"corrected,omitzero"` // the later entry that corrects this one
	Corrects    record.ID          `json:"corrects,omitzero"`  // the earlier entry that this one corrects
}
