package node

import "amparo/internal/record"

// The engine's own kinds: what the workspace and its members are called. Numbers 1 to 9 are kept for it.
var (
	workspaceKind = &record.Kind{Number: 1, Name: "workspace", In: record.FieldWork, Form: record.Keyed, Key: []string{"key"}, Fields: []record.Field{
		{Number: 1, Name: "key", Type: record.Text},
		{Number: 2, Name: "name", Type: record.Text},
		{Number: 3, Name: "lang", Type: record.Code, Codes: "lang"},
	}}
	memberKind = &record.Kind{Number: 2, Name: "member", In: record.FieldWork, Form: record.Keyed, Key: []string{"member"}, Fields: []record.Field{
		{Number: 1, Name: "member", Type: record.Ref},
		{Number: 2, Name: "name", Type: record.Text},
		{Number: 3, Name: "role", Type: record.Code, Codes: "role"},
	}, Title: []string{"name"}}
)
