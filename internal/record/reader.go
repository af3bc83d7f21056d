package record

import "context"

// Reader reads views. Compartments the member may not open are there as empty tables, so a query written once gives
// each member exactly what is theirs.
type Reader interface {
	// Select runs one read-only statement and calls row for each row; row must not keep the Row.
	// Arguments may be string, int, int64, bool, []byte, ID, nil.
	Select(ctx context.Context, statement string, args []any, row func(Row) error) error
	// Opens reports whether the member may open a compartment.
	Opens(c Compartment) bool
}

// Row is one row of an answer; columns count from 0.
type Row interface {
	Text(column int) string
	Int(column int) int64
	Bool(column int) bool
	Float(column int) float64
	ID(column int) ID
	Blob(column int) []byte // a copy
	Set(column int) []string
	Null(column int) bool
}
