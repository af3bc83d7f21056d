package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // encrypts every page, WAL frame and temporary file of a view

	"amparo/internal/record"
	"amparo/internal/seal"
)

// readers is how many questions are answered at once.
const readers = 2

// Views is the view files a session may open, one a compartment, attached to one connection under the compartments'
// names. Those it may not open are there as empty tables in memory, so a query gives each member what is theirs.
type Views struct {
	dir      string
	registry *record.Registry
	keys     map[record.Compartment]seal.ViewKey
	opens    map[record.Compartment]bool
	write    *session
	read     chan *session // nil ones when the views could not be made anew
	inBatch  bool
	position map[record.Compartment]int64
	schemas  map[record.Compartment]string
	versions map[record.Compartment]*atomic.Int64
	touched  map[record.Compartment]bool
	dropped  map[record.Compartment]int64 // how many erasures of the journal the view has followed
	hiding   map[record.Compartment]hiding

	// Hides decides whether a person about whom something was said in a hiding kind is hidden from who reads here: why is
	// never empty, home may be zero. Nil: whoever is named there is hidden. It is set before anything is read, may be called
	// from several goroutines, and must not read the views.
	Hides func(person record.ID, why []string, home record.ID) bool
}

// OpenViews opens the files of the compartments whose keys are given, makes those that are missing, and makes anew
// those of another format, damaged or not openable with their key: a view is never the only place of anything.
func OpenViews(dir string, registry *record.Registry, keys map[record.Compartment]seal.ViewKey) (*Views, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open views: %w", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".rebuild-*")); err == nil { // of a check that was killed
		for _, old := range left {
			os.RemoveAll(old)
		}
	}
	v := &Views{dir: dir, registry: registry, keys: keys, read: make(chan *session, readers), position: map[record.Compartment]int64{}, schemas: map[record.Compartment]string{}, versions: map[record.Compartment]*atomic.Int64{}, touched: map[record.Compartment]bool{}, hiding: map[record.Compartment]hiding{},
		opens: map[record.Compartment]bool{}, dropped: map[record.Compartment]int64{}}
	for _, c := range record.Compartments() {
		v.schemas[c] = Schema(c, registry.Kinds())
		v.hiding[c] = hidingIn(c, registry.Kinds())
		v.versions[c] = new(atomic.Int64)
	}
	for c := range keys {
		v.opens[c] = true
	}
	waiting, err := v.connectAll()
	if err != nil {
		return nil, ofView("open views", err)
	}
	for _, r := range waiting {
		v.read <- r
	}
	return v, nil
}

// connectAll opens the connection that writes, and gives those that read.
func (v *Views) connectAll() (waiting []*session, err error) {
	if v.write, err = v.connect(false); err != nil {
		return nil, err
	}
	for range readers {
		r, err := v.connect(true)
		if err != nil {
			for _, r := range waiting {
				err = errors.Join(err, r.close())
			}
			err = errors.Join(err, v.write.close())
			v.write = nil
			return nil, err
		}
		waiting = append(waiting, r)
	}
	return waiting, nil
}

// Path is the file of a compartment's view.
func (v *Views) Path(c record.Compartment) string { return filepath.Join(v.dir, c.String()+".view") }

func (v *Views) uri(c record.Compartment) string {
	key := v.keys[c]
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: v.Path(c)}).EscapedPath(), RawQuery: "vfs=adiantum&hexkey=" + hex.EncodeToString(key[:])}
	return u.String()
}

func (v *Views) connect(reading bool) (*session, error) {
	conn, err := sqlite3.Open(":memory:")
	if err != nil {
		return nil, err
	}
	s := newSession(conn)
	fail := func(err error) (*session, error) { return nil, errors.Join(err, s.close()) }
	if err := conn.Exec("PRAGMA temp_store=memory"); err != nil {
		return fail(err)
	}
	if err := v.hidingFunction(conn); err != nil {
		return fail(err)
	}
	if err := conn.BusyTimeout(10_000_000_000); err != nil {
		return fail(err)
	}
	for _, c := range record.Compartments() {
		if _, held := v.keys[c]; !held {
			if err := conn.Exec(fmt.Sprintf("ATTACH ':memory:' AS %s; %s", c, v.schemas[c])); err != nil {
				return fail(err)
			}
			continue
		}
		if err := v.attach(s, c, reading); err != nil {
			return fail(err)
		}
	}
	if reading {
		if err := conn.Exec("PRAGMA query_only=1"); err != nil {
			return fail(err)
		}
	}
	return s, nil
}

func (v *Views) attach(s *session, c record.Compartment, reading bool) error {
	try := func() error {
		if err := s.exec("ATTACH ? AS "+c.String(), v.uri(c)); err != nil {
			return err
		}
		for _, pragma := range []string{"journal_mode=wal", "synchronous=normal", "cache_size=-4000"} {
			if err := s.conn.Exec(fmt.Sprintf("PRAGMA %s.%s", c, pragma)); err != nil {
				return err
			}
		}
		if reading {
			return nil
		}
		return v.check(s, c)
	}
	err := try()
	if err == nil || reading {
		return err
	}
	if !errors.Is(err, errOtherFormat) && !errors.Is(err, sqlite3.NOTADB) && !errors.Is(err, sqlite3.CORRUPT) {
		return err
	}
	if err := s.conn.Exec("DETACH " + c.String()); err != nil && !strings.Contains(err.Error(), "no such database") {
		return err
	}
	if err := v.remove(c); err != nil {
		return err
	}
	return try()
}

func (v *Views) remove(c record.Compartment) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(v.Path(c) + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove a view: %w", err)
		}
	}
	return nil
}

var errOtherFormat = errors.New("a view of another format")

// check makes the tables of an empty file and refuses one made otherwise.
func (v *Views) check(s *session, c record.Compartment) error {
	tables := 0
	if err := s.run(fmt.Sprintf("SELECT count(*) FROM %s.sqlite_schema", c), nil, func(r *sqlite3.Stmt) error { tables = r.ColumnInt(0); return nil }); err != nil {
		return err
	}
	format := formatName(v.schemas[c])
	if tables == 0 {
		return s.conn.Exec(fmt.Sprintf("BEGIN; %s; INSERT INTO %s._view VALUES (1, '%s', 0, 0); COMMIT", v.schemas[c], c, format))
	}
	found, position, dropped := "", int64(0), int64(0)
	if err := s.run(fmt.Sprintf("SELECT format, position, dropped FROM %s._view", c), nil, func(r *sqlite3.Stmt) error {
		found, position, dropped = r.ColumnText(0), r.ColumnInt64(1), r.ColumnInt64(2)
		return nil
	}); err != nil {
		if errors.Is(err, sqlite3.ERROR) { // a file without the table: half made
			return errOtherFormat
		}
		return err
	}
	if found != format {
		return errOtherFormat
	}
	v.position[c], v.dropped[c] = position, dropped
	return nil
}

// Close ends the use of the files.
func (v *Views) Close() error {
	var err error
	for range len(v.read) {
		if r := <-v.read; r != nil {
			err = errors.Join(err, r.close())
		}
	}
	if v.write != nil {
		err = errors.Join(err, v.write.close())
		v.write = nil // closing twice is no error
	}
	return err
}

// Opens reports whether a compartment's view is open.
func (v *Views) Opens(c record.Compartment) bool { return v.opens[c] }

// Position is up to which arrival all open views have read the journal.
func (v *Views) Position() int64 {
	first, lowest := true, int64(0)
	for c := range v.keys {
		if p := v.position[c]; first || p < lowest {
			first, lowest = false, p
		}
	}
	return lowest
}

// Positions are up to which arrival each open view has read the journal.
func (v *Views) Positions() map[record.Compartment]int64 {
	out := map[record.Compartment]int64{}
	for c := range v.keys {
		out[c] = v.position[c]
	}
	return out
}

// Ahead reports whether a view has read further than the journal goes: the journal lost its end, or is an older one.
func (v *Views) Ahead(last int64) bool {
	for c := range v.keys {
		if v.position[c] > last {
			return true
		}
	}
	return false
}

// Version grows whenever something was projected into the compartment: what was computed from an earlier one is stale.
func (v *Views) Version(c record.Compartment) int64 { return v.versions[c].Load() }

// Select answers from what is saved.
func (v *Views) Select(ctx context.Context, statement string, args []any, row func(record.Row) error) error {
	var s *session
	select {
	case s = <-v.read:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { v.read <- s }()
	if s == nil {
		return errNotRenewed
	}
	old := s.conn.SetInterrupt(ctx)
	defer s.conn.SetInterrupt(old)
	return ofView("read the view", s.run(statement, args, func(stmt *sqlite3.Stmt) error { return row(answer{stmt}) }))
}

// Working is a reader that sees what the running batch has written and nobody else sees yet. It must be used only
// between Project and Flush, by the same goroutine.
func (v *Views) Working() record.Reader { return working{v} }

type working struct{ v *Views }

func (w working) Opens(c record.Compartment) bool { return w.v.Opens(c) }

func (w working) Select(_ context.Context, statement string, args []any, row func(record.Row) error) error {
	if !isRead(statement) {
		return errors.New("read the view: not a SELECT")
	}
	return ofView("read the view", w.v.write.run(statement, args, func(stmt *sqlite3.Stmt) error { return row(answer{stmt}) }))
}

func isRead(statement string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	return strings.EqualFold(word, "SELECT") || strings.EqualFold(word, "WITH")
}

// Remove deletes the files; they must be closed.
func (v *Views) Remove() error {
	for c := range v.keys {
		if err := v.remove(c); err != nil {
			return err
		}
	}
	return nil
}
