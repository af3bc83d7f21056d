package bench

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum"

	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// rowSet is every row of every view, in memory.
type rowSet struct {
	tables []rowTable
	order  []spot // of all rows, tables mixed as they came
}

type rowTable struct {
	in      record.Compartment
	name    string
	columns []string
	rows    [][]any
}

type spot struct {
	table, row int
	part       float64 // how far through its table
}

func (s *rowSet) count() int { return len(s.order) }

func (s *rowSet) table() Table {
	t := Table{Title: "rows by table", Columns: []string{"table", "rows", "columns"}}
	for _, one := range s.tables {
		if len(one.rows) > 0 {
			t.Rows = append(t.Rows, []any{one.in.String() + "." + one.name, len(one.rows), len(one.columns)})
		}
	}
	return t
}

// arrivalOrder is how rows are read, so that raw inserts meet the same disorder of keys as the projection does: a sorted
// load would be faster than anything that happens. Hashes and ids come as good as random.
func arrivalOrder(table string) string {
	switch strings.TrimPrefix(table, "_all") {
	case "_client":
		return "id"
	case "_timeline":
		return "at, id"
	case "_change":
		return "_rec, id"
	}
	return ""
}

// rows reads all views. The node must be closed.
func (b *bed) rows() (set *rowSet, err error) {
	err = b.inspect(func(_ *store.Journal, _ *vault.Member, keys map[record.Compartment]seal.ViewKey) error {
		set, err = b.readRows(keys)
		return err
	})
	return set, err
}

func (b *bed) readRows(keys map[record.Compartment]seal.ViewKey) (*rowSet, error) {
	set := &rowSet{}
	dirs, err := filepath.Glob(filepath.Join(b.dir, "views", "*"))
	if err != nil || len(dirs) != 1 {
		return nil, fmt.Errorf("the views of one member were expected, not %d: %w", len(dirs), err)
	}
	for _, c := range record.Compartments() {
		key, held := keys[c]
		if !held {
			continue
		}
		conn, err := sqlite3.Open(viewURI(filepath.Join(dirs[0], c.String()+".view"), key))
		if err != nil {
			return nil, err
		}
		err = set.read(conn, c)
		if err := errors.Join(err, conn.Close()); err != nil {
			return nil, err
		}
	}
	for t, one := range set.tables {
		for i := range one.rows {
			set.order = append(set.order, spot{t, i, float64(i) / float64(len(one.rows))})
		}
	}
	slices.SortStableFunc(set.order, func(a, b spot) int { return cmp.Compare(a.part, b.part) })
	return set, nil
}

func viewURI(path string, key seal.ViewKey) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "vfs=adiantum&hexkey=" + hex.EncodeToString(key[:])}
	return u.String()
}

func (s *rowSet) read(conn *sqlite3.Conn, c record.Compartment) error {
	var names []string
	err := each(conn, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '_view' AND name NOT LIKE 'sqlite_%' ORDER BY name", func(r *sqlite3.Stmt) {
		names = append(names, r.ColumnText(0))
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		t := rowTable{in: c, name: name}
		sql := "SELECT * FROM " + name
		if order := arrivalOrder(name); order != "" {
			sql += " ORDER BY " + order
		}
		if err := each(conn, sql, func(r *sqlite3.Stmt) {
			row := make([]any, r.ColumnCount())
			for i := range row {
				switch r.ColumnType(i) {
				case sqlite3.INTEGER:
					row[i] = r.ColumnInt64(i)
				case sqlite3.TEXT:
					row[i] = r.ColumnText(i)
				case sqlite3.BLOB:
					row[i] = r.ColumnBlob(i, nil)
				}
			}
			if t.columns == nil {
				for i := range row {
					t.columns = append(t.columns, r.ColumnName(i))
				}
			}
			t.rows = append(t.rows, row)
		}); err != nil {
			return err
		}
		s.tables = append(s.tables, t)
	}
	return nil
}

func each(conn *sqlite3.Conn, sql string, row func(*sqlite3.Stmt)) error {
	stmt, _, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	for stmt.Step() {
		row(stmt)
	}
	return errors.Join(stmt.Err(), stmt.Close())
}

// insertRaw writes the rows into fresh views, set up as the real ones are, and times the inserts and commits: on the
// wall and by processor.
func (b *bed) insertRaw(set *rowSet) (seconds, work float64, err error) {
	dir := filepath.Join(b.dir, "raw")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, 0, err
	}
	conn, err := sqlite3.Open(":memory:")
	if err != nil {
		return 0, 0, err
	}
	seconds, work, err = b.insertInto(conn, dir, set)
	return seconds, work, errors.Join(err, conn.Close(), os.RemoveAll(dir))
}

func (b *bed) insertInto(conn *sqlite3.Conn, dir string, set *rowSet) (seconds, work float64, err error) {
	if err := conn.Exec("PRAGMA temp_store=memory"); err != nil {
		return 0, 0, err
	}
	for _, c := range record.Compartments() {
		uri := strings.ReplaceAll(viewURI(filepath.Join(dir, c.String()+".view"), seal.NewViewKey()), "'", "''")
		if err := conn.Exec(fmt.Sprintf("ATTACH '%[1]s' AS %[2]s; PRAGMA %[2]s.journal_mode=wal; PRAGMA %[2]s.synchronous=normal; PRAGMA %[2]s.cache_size=-4000; %[3]s",
			uri, c, store.Schema(c, b.o.Registry.Kinds()))); err != nil {
			return 0, 0, err
		}
	}
	inserts := make([]*sqlite3.Stmt, len(set.tables))
	for i, t := range set.tables {
		if len(t.rows) == 0 {
			continue
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ")
		stmt, _, err := conn.PrepareFlags(fmt.Sprintf("INSERT INTO %s.%s (%s) VALUES (%s)", t.in, t.name, strings.Join(t.columns, ", "), marks), sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return 0, 0, err
		}
		defer stmt.Close()
		inserts[i] = stmt
	}
	start, before := time.Now(), processor()
	for from := 0; from < len(set.order); from += rawBatch {
		if err := conn.Exec("BEGIN IMMEDIATE"); err != nil {
			return 0, 0, err
		}
		for _, p := range set.order[from:min(from+rawBatch, len(set.order))] {
			if err := insert(inserts[p.table], set.tables[p.table].rows[p.row]); err != nil {
				return 0, 0, err
			}
		}
		if err := conn.Exec("COMMIT"); err != nil {
			return 0, 0, err
		}
	}
	return time.Since(start).Seconds(), (processor() - before).Seconds(), nil
}

// rawBatch is how many rows go into one transaction.
const rawBatch = 5000

func insert(stmt *sqlite3.Stmt, row []any) error {
	for i, value := range row {
		var err error
		switch v := value.(type) {
		case nil:
			err = stmt.BindNull(i + 1)
		case int64:
			err = stmt.BindInt64(i+1, v)
		case string:
			err = stmt.BindText(i+1, v)
		case []byte:
			if len(v) == 0 {
				err = stmt.BindZeroBlob(i+1, 0)
			} else {
				err = stmt.BindBlob(i+1, v)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := stmt.Exec(); err != nil {
		return err
	}
	return nil
}
