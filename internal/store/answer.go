package store

import (
	"encoding/json"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/record"
)

// answer is a record.Row on a statement.
type answer struct{ stmt *sqlite3.Stmt }

func (a answer) Text(i int) string   { return a.stmt.ColumnText(i) }
func (a answer) Int(i int) int64     { return a.stmt.ColumnInt64(i) }
func (a answer) Bool(i int) bool     { return a.stmt.ColumnBool(i) }
func (a answer) Float(i int) float64 { return a.stmt.ColumnFloat(i) }
func (a answer) Blob(i int) []byte   { return a.stmt.ColumnBlob(i, nil) }
func (a answer) Null(i int) bool     { return a.stmt.ColumnType(i) == sqlite3.NULL }

func (a answer) ID(i int) record.ID {
	raw := a.stmt.ColumnRawBlob(i)
	if len(raw) != len(record.ID{}) {
		return record.ID{}
	}
	return record.ID(raw)
}

func (a answer) Set(i int) []string {
	var set []string
	if raw := a.stmt.ColumnRawText(i); len(raw) > 0 {
		if err := json.Unmarshal(raw, &set); err != nil {
			return nil
		}
	}
	return set
}
