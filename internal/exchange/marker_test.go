package exchange_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/relay"
	"amparo/internal/seal"
)

// tap keeps a copy of everything that passes.
type tap struct {
	net.Conn
	mu  *sync.Mutex
	all *bytes.Buffer
}

func (c tap) keep(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Write(b)
}

func (c tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.keep(b[:n])
	return n, err
}

func (c tap) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.keep(b[:n])
	return n, err
}

// Guarantee G3, here: no plaintext on the wire, in the relay's files, in its log, or in a bundle.
func TestNoMarkerAnywhere(t *testing.T) {
	marker := []byte("Xiomara Quetzalcoatl, leishmaniasis")
	a, b := two(t)
	dir := t.TempDir()
	store, err := relay.OpenSQLite(context.Background(), filepath.Join(dir, "relay.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	var mu sync.Mutex
	var wire, logged bytes.Buffer
	n := newNetwork(t, store, func(c *relay.Config) { c.Log = slog.New(slog.NewJSONHandler(&logged, nil)) })
	n.wrap = func(c net.Conn) net.Conn { return tap{c, &mu, &wire} }
	a.Write(marker, bytes.Repeat(marker, 40))
	n.exchange(a)
	n.exchange(b)
	n.exchange(a)
	exchangetest.Same(t, a.Copy, b.Copy)
	if _, err := exchange.WriteBundle(t.Context(), filepath.Join(dir, "bundle"), bundleFor(a.Workspace.ID, nil), a.Copy); err != nil {
		t.Fatal(err)
	}
	runs := exchangetest.RunsOf(t, a.Copy, nil)
	var sealed []byte
	for _, run := range runs {
		for _, c := range run.Commits {
			if c.Writer == a.Writer() && c.Seq == 3 {
				sealed = c.Parts[0]
			}
		}
	}
	found := false
	for _, where := range []string{"relay.db", "relay.db-wal", "bundle"} {
		raw, err := os.ReadFile(filepath.Join(dir, where))
		if err != nil {
			t.Fatal(err)
		}
		found = found || where != "bundle" && bytes.Contains(raw, sealed)
		if where == "bundle" {
			if bytes.Contains(raw, sealed[:16]) {
				t.Error("a sealed part can be told in the bundle without a key")
			}
			inside, err := seal.OpenFile(bytes.NewReader(raw), team())
			if err != nil {
				t.Fatal(err)
			}
			opened, err := io.ReadAll(inside)
			if err != nil || !bytes.Contains(opened, sealed) || bytes.Contains(opened, marker[:7]) {
				t.Errorf("the bundle, opened: %d bytes, %v; it holds the sealed part: %v", len(opened), err, bytes.Contains(opened, sealed))
			}
		}
		if bytes.Contains(raw, marker) || bytes.Contains(raw, marker[:7]) {
			t.Errorf("the marker stands in %s", where)
		}
	}
	if !found {
		t.Error("the relay's files do not hold the sealed part: the search proves nothing")
	}
	n.quiet()
	mu.Lock() // a connection may still be closing
	defer mu.Unlock()
	if wire.Len() < 1500 || logged.Len() == 0 {
		t.Fatalf("%d bytes on the wire, %d logged", wire.Len(), logged.Len())
	}
	for name, raw := range map[string][]byte{"on the wire": wire.Bytes(), "in the log": logged.Bytes()} {
		if bytes.Contains(raw, marker[:7]) {
			t.Errorf("the marker stands %s", name)
		}
	}
	// Nor whole ids in the log: who exchanges when is nobody's business.
	for _, id := range []string{a.Workspace.ID.String(), a.Writer().String(), b.Writer().String()} {
		if bytes.Contains(logged.Bytes(), []byte(id)) {
			t.Errorf("the log names %s in full", id)
		}
	}
}
