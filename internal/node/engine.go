package node

import (
	"slices"

	"amparo/internal/record"
)

// The engine's own kinds: what the workspace and its members are called. Numbers 1 to 9 and 200 to 249 are kept for it.
var (
	workspaceKind = &record.Kind{Number: 1, Name: "workspace", In: record.FieldWork, Form: record.Keyed, Key: []string{"key"}, Fields: []record.Field{
		{Number: 1, Name: "key", Type: record.Text},
		{Number: 2, Name: "name", Type: record.Text},
		{Number: 3, Name: "lang", Type: record.Code, Codes: "lang"},
	}}
	memberKind = &record.Kind{Number: 2, Name: "member", In: record.FieldWork, Form: record.Keyed, Key: []string{"member"}, Fields: []record.Field{
		{Number: 1, Name: "member", Type: record.Ref},
		{Number: 2, Name: "name", Type: record.Text},
		{Number: 3, Name: "role", Type: record.Code, Codes: "role"}, // of the first version; roles since then
		{Number: 4, Name: "roles", Type: record.Set, Codes: "role"},
		{Number: 5, Name: "sites", Type: record.Set},
		{Number: 6, Name: "of", Type: record.Ref}, // the person's first key-holder, when this is a further device
		{Number: 7, Name: "lease", Type: record.Time},
		{Number: 8, Name: "lease_days", Type: record.Int},
		{Number: 9, Name: "left", Type: record.Text}, // why they were revoked
	}, Title: []string{"name"}}
	// holdingKind says which keys somebody was granted: never the keys, only which, so that each is given once.
	holdingKind = &record.Kind{Number: 3, Name: "holding", In: record.FieldWork, Form: record.Keyed, Key: []string{"member", "compartment"}, Fields: []record.Field{
		{Number: 1, Name: "member", Type: record.Ref},
		{Number: 2, Name: "compartment", Type: record.Text},
		{Number: 3, Name: "keys", Type: record.Set}, // said by who gave them
		{Number: 4, Name: "has", Type: record.Set},  // said by the holder: these arrived
	}}
)

// engine is the module of what belongs to no domain. modules are all the others: conflicts can stand in any of them.
func engine(modules []record.Module) record.Module {
	kinds := append([]*record.Kind{workspaceKind, memberKind, holdingKind, erasureKind, erasurePartsKind, deviceKind}, slices.Concat(accessModuleKinds(), carriedKinds)...)
	every := slices.Clone(kinds)
	for _, m := range modules {
		every = append(every, m.Kinds...)
	}
	return record.Module{Name: "engine", Kinds: kinds,
		Actions: append(erasing(), []record.Action{
			record.NewAction("conflict.settle", record.Compartments(), func(c *record.Change, d settleData) (any, error) { return settle(c, every, d) }),
			record.NewAction("conflict.reopen", record.Compartments(), func(c *record.Change, d reopenData) (any, error) { return sayAgain(c, every, d) }),
			record.NewAction("person.glass", withField(), breakGlass),
			record.NewAction("glass.review", withField(), reviewGlass),
		}...),
		Queries: []record.Query{
			record.NewQuery("conflicts", record.Compartments(), func(a *record.Ask, p conflictsParams) (any, error) { return conflicts(a, every, p) }),
			record.NewQuery("pending", nil, func(a *record.Ask, _ struct{}) (any, error) { return a.Pending() }),
			record.NewQuery("devices", []record.Compartment{record.FieldWork}, askDevices),
			record.NewQuery("access", withField(), askAccess),
			record.NewQuery("audit", withField(), askAudit),
			record.NewQuery("person.readers", withField(), askReaders),
			record.NewQuery("erasures", []record.Compartment{record.FieldWork}, askErasures),
		},
	}
}
