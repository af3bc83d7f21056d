package route

import (
	"time"

	"amparo/internal/record"
)

// Flows is the answer to the query flows: people counted as they pass, newest first, and their sums.
type Flows struct {
	Site   record.ID  `json:"site,omitzero"`
	From   string     `json:"from"` // first day
	To     string     `json:"to"`   // last day, included
	Total  Directions `json:"total"`
	Days   []FlowDay  `json:"days"` // by day, oldest first
	Counts []Counted  `json:"counts"`
}

// Directions are sums of people by where they go.
type Directions struct {
	North   int `json:"north"`
	South   int `json:"south"`
	Staying int `json:"staying"`
	Unknown int `json:"unknown"`
}

// FlowDay is the sum of one local day.
type FlowDay struct {
	Day string `json:"day"`
	Directions
}

// Counted is one count of people passing. What was not counted is null.
type Counted struct {
	ID          record.ID `json:"id"`
	At          time.Time `json:"at"`
	Site        record.ID `json:"site"`
	SiteName    string    `json:"site_name"`
	Direction   string    `json:"direction"`
	Total       int       `json:"total"`
	Women       *int      `json:"women"`
	Men         *int      `json:"men"`
	Girls       *int      `json:"girls"`
	Boys        *int      `json:"boys"`
	Nationality string    `json:"nationality"` // alpha-3, UNKNOWN when mixed or not asked
	Mode        string    `json:"mode"`
	Slot        string    `json:"slot"`
}
