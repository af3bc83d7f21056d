package place

import (
	"time"

	"amparo/internal/record"
)

// Counted is a headcount of the people staying at a site, as queries show it. What was not counted is null.
type Counted struct {
	ID     record.ID `json:"id"`
	At     time.Time `json:"at"`
	Total  int       `json:"total"`
	Low    *int      `json:"low"`
	High   *int      `json:"high"`
	Women  *int      `json:"women"`
	Men    *int      `json:"men"`
	Girls  *int      `json:"girls"`
	Boys   *int      `json:"boys"`
	Method string    `json:"method"` // count, registration, occupancy, informant
}
