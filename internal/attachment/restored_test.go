package attachment_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"amparo/internal/attachment"
	"amparo/internal/people/worktest"
	"amparo/internal/relay"
)

// A relay that lost its disk, or was put back from an old copy, is filled again by who has the files.
func TestARelayThatLostItsFilesIsFilledAgain(t *testing.T) {
	var now atomic.Pointer[relay.Relay]
	begin := func(name string) {
		t.Helper()
		store, err := relay.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		now.Store(relay.New(relay.Config{Store: store}))
	}
	begin("first")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.Load().ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	two := one.Join(server.URL, "Berta", site, "clinician")
	who := person(one, "Ana")
	added := worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	meet(one, server.URL)
	begin("second")
	meet(one, server.URL)
	meet(two, server.URL)
	if got := content(two, who, added.ID.String()); !bytes.Equal(got, pdf) {
		t.Errorf("%d bytes came from the relay that was filled again", len(got))
	}
}
