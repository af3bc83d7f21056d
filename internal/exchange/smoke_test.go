package exchange_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/relay"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	store, err := relay.OpenSQLite(ctx, filepath.Join(t.TempDir(), "relay.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	srv := httptest.NewServer(relay.New(relay.Config{Store: store}))
	defer srv.Close()
	w := exchangetest.Found(t, 1, nil)
	a := w.Founder
	b := w.Join("b", nil)
	a.Write(exchangetest.Bodies(200, 150, 1)...)
	b.Write(exchangetest.Bodies(100, 150, 2)...)
	mem := map[*exchangetest.Device]exchange.Memory{}
	for i, d := range []*exchangetest.Device{a, b, a, b} {
		sum, err := exchange.WithRelay(ctx, exchange.Options{URL: srv.URL, Workspace: w.ID, Signer: d.Signer, Certificate: d.Cert, Memory: mem[d]}, d.Copy)
		if err != nil {
			t.Fatal(i, err)
		}
		mem[d] = sum.Memory
		sum.Memory = exchange.Memory{}
		t.Logf("%s: %+v", d.Name, sum)
	}
	exchangetest.Same(t, a.Copy, b.Copy)
}
