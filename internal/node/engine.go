package node

import "amparo/internal/record"

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
