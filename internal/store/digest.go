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

// Resolve finds what the client's id created.
func (v *Views) Resolve(ctx context.Context, r record.Reader, hash []byte) (id record.ID, found bool, err error) {
	for _, c := range record.Compartments() {
		if !v.Opens(c) || found {
			continue
		}
		err = r.Select(ctx, fmt.Sprintf("SELECT id FROM %s._client WHERE hash = ?", c), []any{hash}, func(row record.Row) error {
			id, found = row.ID(0), true
			return nil
		})
		if err != nil {
			return id, false, err
		}
	}
	return id, found, nil
}
