package place

import "amparo/internal/record"

// Sites is the answer to site.list, by name.
type Sites struct {
	Sites []SiteBrief `json:"sites"`
}

// SiteBrief is a place where the organisation works.
type SiteBrief struct {
	ID               record.ID `json:"id"`
	Name             string    `json:"name"`
	Type             string    `json:"type"`              // code list site_type
	Municipality     string    `json:"municipality"`      // INEGI code of five digits, empty outside Mexico
	MunicipalityName string    `json:"municipality_name"` // with its state; empty when unknown
	Services         []string  `json:"services"`          // code list service
	Zone             string    `json:"zone"`              // IANA time zone of its clock
	State            string    `json:"state"`             // open, reduced, closed
}
