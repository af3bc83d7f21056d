// Package relaytest gives tests the databases that a relay can stand on. PostgreSQL is one server a test program, made when the
// first test asks for it; each test has a schema of its own in it. Where PostgreSQL is not installed such tests fail and say
// what to install.
package relaytest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"amparo/internal/relay"
	"amparo/internal/relay/cluster"
)

var shared struct {
	sync.Mutex
	server  *cluster.Server
	err     error
	schemas int
}

// Main runs the tests of a package and then stops the server that they shared. Its result is for os.Exit.
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return code
	}
	if err := shared.server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Postgres gives the URL of a new and empty schema.
func Postgres(t testing.TB) (url string) {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = cluster.Start(context.Background(), "")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	shared.schemas++
	url, err := shared.server.Schema(context.Background(), fmt.Sprintf("test%d", shared.schemas))
	if err != nil {
		t.Fatalf("%v\n%s", err, shared.server.Log())
	}
	return url
}

// Database is a kind of database, and how a test opens stores in it.
type Database struct {
	Name string
	// New gives the place of a new and empty store.
	New func(t testing.TB) (place string)
	// open opens the store at a place, as often as one likes.
	open func(ctx context.Context, place string) (*relay.SQLStore, error)
}

// Databases are all that a relay can stand on. Serializable is PostgreSQL as databases are that know no weaker isolation, and as a
// pool is that prepares no statements.
var Databases = []Database{
	{"SQLite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "a folder", "relay.db") }, relay.OpenSQLite},
	{"PostgreSQL", Postgres, relay.OpenPostgres},
	{"serializable", func(t testing.TB) string {
		return Postgres(t) + "&default_transaction_isolation=serializable&default_query_exec_mode=exec"
	}, relay.OpenPostgres},
}

// Open opens the store at a place; it is closed when the test ends.
func (d *Database) Open(t testing.TB, place string) *relay.SQLStore {
	t.Helper()
	s, err := d.Try(t, place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Try is Open for goroutines other than the test's own.
func (d *Database) Try(t testing.TB, place string) (*relay.SQLStore, error) {
	s, err := d.open(context.Background(), place)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, nil
}

// Each runs a test on every kind of database.
func Each(t *testing.T, test func(t *testing.T, d *Database)) {
	for i := range Databases {
		t.Run(Databases[i].Name, func(t *testing.T) { test(t, &Databases[i]) })
	}
}
