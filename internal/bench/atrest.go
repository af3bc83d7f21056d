package bench

import (
	"errors"
	"net/url"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// atRest measures what a commit costs where it is kept: in the journal and the views of a device that holds everything, and
// at a relay. Both must be closed.
func (s *storied) atRest(r *Report, relay string, commits, floor float64) error {
	const what = "all facts, unsealed, in one zstd stream"
	views, err := sizeOf(filepath.Join(s.head.dir, "views", "*"), "*")
	if err != nil {
		return err
	}
	t := Table{Title: "bytes of a commit at rest (mean)", Columns: []string{"what", "journal", "relay"}}
	var columns [2][]float64
	for i, one := range []struct {
		measure, dir, file string
		parts, headers     string // tables
	}{
		{"a commit at rest in the journal", s.head.dir, "journal", "part", "chain"},
		{"a commit at rest at a relay", filepath.Dir(relay), filepath.Base(relay), "parts", "commits"},
	} {
		whole, err := sizeOf(one.dir, one.file+"*")
		if err != nil {
			return err
		}
		r.against(one.measure, float64(whole)/commits, "bytes/commit", what, floor)
		rest := float64(whole)
		for _, sum := range []string{"SELECT sum(length(data)) FROM " + one.parts, "SELECT sum(length(header)) FROM " + one.headers,
			"SELECT sum(length(hash)) FROM " + one.headers, "SELECT sum(length(sig)) FROM " + one.headers} {
			n, err := number(filepath.Join(one.dir, one.file), sum)
			if err != nil {
				return err
			}
			columns[i], rest = append(columns[i], n/commits), rest-n
		}
		columns[i] = append(columns[i], rest/commits)
	}
	for n, name := range []string{"sealed and open parts", "headers", "hashes: the chain, ready to be compared", "signatures, of the last of each run",
		"keys of rows, their indexes, and room in pages"} {
		t.Rows = append(t.Rows, []any{name, round(columns[0][n]), round(columns[1][n])})
	}
	r.against("a commit in the views, which can be built again", float64(views)/commits, "bytes/commit", what, floor)
	r.Tables = append(r.Tables, t)
	return nil
}

// number asks a database for one number.
func number(path, statement string) (n float64, err error) {
	uri := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro"}
	conn, err := sqlite3.Open(uri.String())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = each(conn, statement, func(r *sqlite3.Stmt) { n = r.ColumnFloat(0) })
	return n, err
}
