package care

import (
	"time"

	"amparo/internal/place"
	"amparo/internal/record"
)

// Board is the answer to site.board: one day of one site, for the page that stays open on the table. Names never stand on it in
// full: whoever walks past may read it.
type Board struct {
	Site       place.SiteBrief `json:"site"`
	Day        string          `json:"day"`   // local day of the site
	Queue      []Queued        `json:"queue"` // waiting first, by number
	Services   []ServiceDay    `json:"services"`
	Headcount  *place.Counted  `json:"headcount"`  // the latest until the end of that day; null when never counted
	Flows      Passing         `json:"flows"`      // people counted passing that day
	Registered int             `json:"registered"` // persons registered here that day
	Waiting    int             `json:"waiting"`
	Seen       int             `json:"seen"`
	Rivals     int             `json:"rivals"` // persons whose record holds rival values, at any site
}

// Queued is one visit of the day.
type Queued struct {
	Visit   record.ID `json:"visit"`
	Number  int       `json:"number"` // queue number of the day
	Person  record.ID `json:"person"`
	Alias   string    `json:"alias"` // nickname, or initials
	Card    string    `json:"card"`
	Service string    `json:"service"`
	Type    string    `json:"type"` // first, follow_up
	At      time.Time `json:"at"`
	State   string    `json:"state"`  // waiting, seen, left
	Urgent  bool      `json:"urgent"` // belongs to a group that goes first
}

// ServiceDay sums one service.
type ServiceDay struct {
	Service  string `json:"service"`
	Waiting  int    `json:"waiting"`
	Seen     int    `json:"seen"`
	Left     int    `json:"left"`
	First    int    `json:"first"`
	FollowUp int    `json:"follow_up"`
}

// Passing sums the people counted passing a site in a day, by where they go.
type Passing struct {
	North   int `json:"north"`
	South   int `json:"south"`
	Staying int `json:"staying"`
	Unknown int `json:"unknown"`
}
