package exchange_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// noon stands still, so that a recorded question stays fresh.
func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// conversation records a question and its answer, both with runs.
func conversation(f *testing.F) (a, b *node, store *memoryStore, question []byte) {
	a, b = two(f)
	store = &memoryStore{}
	a.now, b.now = noon, noon
	net := newNetwork(f, store, func(c *relay.Config) { c.Now = noon })
	net.exchange(b)
	net.exchange(a)
	net.exchange(b)
	a.Batch(exchangetest.Bodies(2, 20, 1)...)
	net.exchange(a)
	honest := net.handler
	net.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent bytes.Buffer
		if _, err := sent.ReadFrom(r.Body); err != nil {
			f.Error(err)
		}
		question = sent.Bytes()
		r.Body = http.NoBody
		again := httptest.NewRequest(wire.Method, wire.Path, bytes.NewReader(question))
		recorder := httptest.NewRecorder()
		honest.ServeHTTP(recorder, again)
		w.Header().Set("Content-Type", wire.MediaType)
		w.Write(recorder.Body.Bytes())
	})
	b.Write(exchangetest.Body(20, 2))
	begun := b.memory
	net.exchange(b)
	b.memory = begun
	return a, b, store, question
}

func signedBy(question []byte, nodes ...*node) bool {
	kind, payload, err := wire.NewFrameReader(bytes.NewReader(question)).Next()
	if err != nil || kind != wire.FrameAsk {
		return false
	}
	ask, err := wire.ReadAsk(payload)
	return err == nil && slices.ContainsFunc(nodes, func(n *node) bool { return ask.Verify(n.Signer.Public()) == nil })
}

func FuzzQuestion(f *testing.F) {
	a, b, store, question := conversation(f)
	f.Add(question)
	f.Add(question[:len(question)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		handler := relay.New(relay.Config{Store: store, Now: noon})
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(wire.Method, wire.Path, bytes.NewReader(data)))
		if recorder.Code == http.StatusOK && !signedBy(data, a, b) {
			t.Error("a question that nobody signed is answered")
		}
		held, err := store.Workspace(t.Context(), a.Workspace.ID)
		if err != nil {
			t.Fatal(err)
		}
		for w, seq := range exchangetest.VectorOf(t, held) {
			if seq > max(exchangetest.VectorOf(t, a.Copy)[w], exchangetest.VectorOf(t, b.Copy)[w]) {
				t.Errorf("commit %d by %s came from nowhere", seq, w)
			}
		}
	})
}

func FuzzMemory(f *testing.F) {
	raw, err := exchange.Memory{Known: journal.Vector{{1}: 3, {2}: 1 << 40}, Unsure: true, Skew: 5e9, Expect: []exchange.Expected{{Seq: 1}}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := exchange.ReadMemory(data)
		if err != nil {
			return
		}
		if _, err := m.Encode(); err != nil {
			t.Error(err)
		}
	})
}
