package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/record"
)

// Digest is the hash of everything a view says, row by row in the order of the keys, without the position: two nodes
// that hold the same commits give the same one (guarantee G2).
func (v *Views) Digest(c record.Compartment) (string, error) {
	if !v.Opens(c) {
		return "", nil
	}
	s := <-v.read
	defer func() { v.read <- s }()
	if s == nil {
		return "", errNotRenewed
	}
	var tables []string
	err := s.run(fmt.Sprintf("SELECT name FROM %s.sqlite_schema WHERE type = 'table' AND name <> '_view' AND name NOT LIKE 'sqlite_%%' ORDER BY name", c), nil,
		func(r *sqlite3.Stmt) error { tables = append(tables, r.ColumnText(0)); return nil })
	if err != nil {
		return "", ofView("digest", err)
	}
	sum := sha256.New()
	for _, table := range tables {
		fmt.Fprintf(sum, "table %s\n", table)
		order := ""
		if err := s.run("SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(?, ?) WHERE pk > 0 ORDER BY pk)", []any{table, c.String()},
			func(r *sqlite3.Stmt) error { order = r.ColumnText(0); return nil }); err != nil {
			return "", ofView("digest", err)
		}
		if err := s.run(fmt.Sprintf("SELECT * FROM %s.%s ORDER BY %s", c, table, order), nil, func(r *sqlite3.Stmt) error { row(sum, r); return nil }); err != nil {
			return "", ofView("digest", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// row hashes one row unambiguously: type, length and bytes of each column.
func row(sum hash.Hash, r *sqlite3.Stmt) {
	var head [9]byte
	for i := range r.ColumnCount() {
		var data []byte
		kind := r.ColumnType(i)
		switch kind {
		case sqlite3.INTEGER:
			data = binary.BigEndian.AppendUint64(nil, uint64(r.ColumnInt64(i)))
		case sqlite3.TEXT:
			data = r.ColumnRawText(i)
		case sqlite3.BLOB:
			data = r.ColumnRawBlob(i)
		}
		head[0] = byte(kind)
		binary.BigEndian.PutUint64(head[1:], uint64(len(data)))
		sum.Write(head[:])
		sum.Write(data)
	}
	sum.Write([]byte{'\n'})
}

// Resolved is what was written under a client's id.
type Resolved struct {
	ID   record.ID
	Same bool // the same action with the same data
}

// Resolve finds what was written under a client's id. There can be several: two devices may use one id.
func (v *Views) Resolve(ctx context.Context, r record.Reader, client []byte) (found []Resolved, err error) {
	for _, c := range record.Compartments() {
		if !v.Opens(c) {
			continue
		}
		err = r.Select(ctx, fmt.Sprintf("SELECT id, said FROM %s._client WHERE hash = ? ORDER BY id", c), []any{client[:clientHash]}, func(row record.Row) error {
			found = append(found, Resolved{row.ID(0), len(client) == ClientSize && string(row.Blob(1)) == string(client[clientHash:])})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
