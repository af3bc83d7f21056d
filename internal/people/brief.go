package people

import (
	"strings"
	"time"

	"amparo/internal/record"
)

// Brief is a person as a list, a banner or the head of a timeline shows them.
type Brief struct {
	ID          record.ID `json:"id"`
	Card        string    `json:"card"`        // in use, digits; the last one checks the others; empty when all are lost
	Name        string    `json:"name"`        // as the family writes it: given names, then surnames; the nickname when there is nothing else
	Nickname    string    `json:"nickname"`    // empty when none
	Sex         string    `json:"sex"`         // f, m, x, unknown; empty when not asked
	Age         *int      `json:"age"`         // completed years today; null when unknown
	AgeAbout    bool      `json:"age_about"`   // the age is an estimate: told as such, or only the year of birth is known
	Birth       string    `json:"birth"`       // 2004, 2004-05 or 2004-05-17; empty when unknown
	AgeBand     string    `json:"age_band"`    // what was told of the age where it is not known; code list age_band
	Interpreter string    `json:"interpreter"` // the language for which they need an interpreter; und: it is not known which; empty: none
	Incomplete  bool      `json:"incomplete"`  // taken up in a hurry: the rest is still to be asked
	Nationality []string  `json:"nationality"` // ISO 3166-1 alpha-3, STATELESS, UNKNOWN
	Groups      []string  `json:"groups"`      // what to look after; everyone who may see the person sees these
	LastSeen    *Seen     `json:"last_seen"`   // the latest visit, otherwise the registration
	Rivals      int       `json:"rivals"`      // fields that hold more than one value, waiting for someone to settle them
}

// Seen is where and when somebody was met.
type Seen struct {
	At       time.Time `json:"at"`
	Site     record.ID `json:"site"`
	SiteName string    `json:"site_name"` // empty when the site is not known here
}

// Alias is how the person stands on a list that passers-by may read: the nickname, otherwise the initials.
func (b Brief) Alias() string {
	if b.Nickname != "" {
		return b.Nickname
	}
	var initials []string
	for _, word := range strings.Fields(b.Name) {
		initials = append(initials, Alias(word, "", "", ""))
	}
	return strings.Join(initials, " ")
}

// Listed is the person as they stand on a list of many: nobody who asks for it at gunpoint learns who is here. Called by their first name
// they answer to it; otherwise there is the alias.
func (b Brief) Listed(called bool) Brief {
	name := b.Alias()
	if first, _, _ := strings.Cut(b.Name, " "); called && b.Nickname == "" {
		name = first
	}
	b.Name, b.Birth, b.Nationality = name, "", []string{}
	return b
}
