package route

import (
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// Flow is one count of people passing a site.
var Flow = &record.Kind{Number: 80, Name: "flow", In: record.FieldWork, Form: record.Happening, Fields: []record.Field{
	{Number: 1, Name: "direction", Type: record.Code, Codes: "direction"},
	{Number: 2, Name: "total", Type: record.Int},
	{Number: 3, Name: "women", Type: record.Int},
	{Number: 4, Name: "men", Type: record.Int},
	{Number: 5, Name: "girls", Type: record.Int},
	{Number: 6, Name: "boys", Type: record.Int},
	{Number: 7, Name: "nationality", Type: record.Code, Codes: "country"},
	{Number: 8, Name: "mode", Type: record.Code, Codes: "flow_mode"},
	{Number: 9, Name: "slot", Type: record.Code, Codes: "slot"},
}}

// Code lists. Their labels are `code.<list>.<code>`.
var (
	Ways  = []string{"north", "south", "staying", "unknown"} // those who were returned go south
	Modes = []string{"foot", "bus", "train", "truck", "plane", "other"}
	Slots = []string{"morning", "afternoon", "evening", "night"} // 6–12, 12–18, 18–24, 0–6 at the clock of the site
)

// FlowData is what flow.count takes.
type FlowData struct {
	Direction   string `json:"direction" jsonschema:"enum=north,enum=south,enum=staying,enum=unknown"`
	Total       *int   `json:"total"`
	Women       *int   `json:"women,omitempty"`
	Men         *int   `json:"men,omitempty"`
	Girls       *int   `json:"girls,omitempty"`
	Boys        *int   `json:"boys,omitempty"`
	Nationality string `json:"nationality,omitempty" jsonschema:"description=ISO 3166-1 alpha-3 or STATELESS or UNKNOWN"`
	Mode        string `json:"mode,omitempty" jsonschema:"enum=foot,enum=bus,enum=train,enum=truck,enum=plane,enum=other"`
	Slot        string `json:"slot,omitempty" jsonschema:"enum=morning,enum=afternoon,enum=evening,enum=night"`
}

var countFlow = record.NewAction("flow.count", []record.Compartment{record.FieldWork}, func(c *record.Change, d FlowData) (any, error) {
	here, err := place.Here(c)
	if err != nil {
		return nil, err
	}
	fields, err := place.HeadFields(d.Total, d.Women, d.Men, d.Girls, d.Boys)
	if err != nil {
		return nil, err
	}
	if fields["direction"], err = typed.OneOf("direction", d.Direction, Ways); err != nil {
		return nil, err
	}
	fields["nationality"] = "UNKNOWN"
	if d.Nationality != "" {
		if fields["nationality"], err = typed.Country("nationality", d.Nationality); err != nil {
			return nil, err
		}
	}
	mode, err := typed.Code("mode", d.Mode, Modes)
	if err != nil {
		return nil, err
	}
	if mode != "" {
		fields["mode"] = mode
	}
	slot, err := typed.Code("slot", d.Slot, Slots)
	if err != nil {
		return nil, err
	}
	if slot == "" {
		slot = Slots[((c.At.In(here.Clock()).Hour()+18)%24)/6]
	}
	fields["slot"] = slot
	id, err := c.Happen(Flow, fields)
	return place.CountedID{ID: id}, err
})
