package relay_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// asked makes a question as a device would.
func asked(t *testing.T, d *exchangetest.Device, now time.Time, change func(*wire.Ask), runs ...journal.Run) []byte {
	t.Helper()
	v := exchangetest.VectorOf(t, d.Copy)
	ask := wire.Ask{Version: wire.Version, Workspace: d.Workspace.ID, Writer: d.Writer(), Time: now.UnixMilli(), Certificate: &d.Cert,
		Vector: wire.PackVector(v, nil), Digest: wire.DigestOf(v)}
	rand.Read(ask.Nonce[:])
	if change != nil {
		change(&ask)
	}
	payload, err := ask.Sign(d.Signer)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := wire.NewFrameWriter(&b)
	if err := out.Write(wire.FrameAsk, payload); err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		if err := out.Write(wire.FrameRun, run.Encode()); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.End(wire.Enough{Runs: uint64(len(runs))}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func answered(h http.Handler, method, path string, body []byte) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(method, path, bytes.NewReader(body)))
	return recorder
}

func TestRefusals(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	w := exchangetest.Found(t, 1, nil)
	f := w.Founder
	other := exchangetest.Found(t, 2, nil).Founder
	stranger := w.Stranger("stranger", nil)
	founding := exchangetest.RunsOf(t, f.Copy, nil)
	big := f.Make(exchangetest.Body(5000))
	for _, c := range []struct {
		name, method, path string
		body               []byte
		code               string
		status             int
	}{
		{"a page that is not there", "GET", "/", nil, wire.RefusedNotFound, 404},
		{"the wrong method", "GET", wire.Path, nil, wire.RefusedNotFound, 404},
		{"nothing", wire.Method, wire.Path, nil, wire.RefusedCut, 400},
		{"no question", wire.Method, wire.Path, []byte("\x00\x00\x00\x02hi"), wire.RefusedFormat, 400},
		{"half a question", wire.Method, wire.Path, asked(t, f, now, nil)[:50], wire.RefusedCut, 400},
		{"a later protocol", wire.Method, wire.Path, asked(t, f, now, func(a *wire.Ask) { a.Version = 9 }), wire.RefusedVersion, 400},
		{"a workspace not founded here", wire.Method, wire.Path, asked(t, other, now, nil), wire.RefusedWorkspace, 404},
		{"a stranger", wire.Method, wire.Path, asked(t, stranger, now, nil), wire.RefusedWriter, 403},
		{"a stranger without certificate", wire.Method, wire.Path, asked(t, stranger, now, func(a *wire.Ask) { a.Certificate = nil }), wire.RefusedWriter, 403},
		{"a stranger in the founder's name", wire.Method, wire.Path, asked(t, stranger, now, func(a *wire.Ask) { a.Writer, a.Certificate = f.Writer(), nil }),
			wire.RefusedSignature, 401},
		{"a stranger with the founder as member", wire.Method, wire.Path, asked(t, stranger, now, func(a *wire.Ask) {
			forged := *a.Certificate
			forged.Member = f.Keys.Member()
			a.Certificate = &forged
		}), wire.RefusedSignature, 401},
		{"an hour ago", wire.Method, wire.Path, asked(t, f, now.Add(-time.Hour), nil), wire.RefusedClock, 409},
		{"in an hour", wire.Method, wire.Path, asked(t, f, now.Add(time.Hour), nil), wire.RefusedClock, 409},
		{"before the relay started", wire.Method, wire.Path, asked(t, f, now.Add(-time.Second), nil), wire.RefusedClock, 409},
		{"a vector with another digest", wire.Method, wire.Path, asked(t, f, now, func(a *wire.Ask) { a.Digest[0] ^= 1 }), wire.RefusedFormat, 400},
		{"too much", wire.Method, wire.Path, asked(t, f, now, nil, big), wire.RefusedSize, 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
			exchangetest.Take(t, workspace(t, store, w.ID), founding...)
			h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Limits: relay.Limits{Question: 3000}})
			got := answered(h, c.method, c.path, c.body)
			var refusal wire.Refusal
			if err := json.Unmarshal(got.Body.Bytes(), &refusal); err != nil || got.Code != c.status || refusal.Code != c.code || refusal.Time != now.UnixMilli() || refusal.Message == "" {
				t.Errorf("%d %s (%v), not %d %s", got.Code, got.Body, err, c.status, c.code)
			}
			if v := exchangetest.VectorOf(t, workspace(t, store, w.ID)); len(v) != 1 || v[f.Writer()] != 1 {
				t.Errorf("it holds %v", v)
			}
			if good := answered(h, wire.Method, wire.Path, asked(t, f, now, nil)); good.Code != http.StatusOK {
				t.Errorf("afterwards a good question is answered with %d %s", good.Code, good.Body)
			}
		})
	}
}

// A clock that is behind is refused by a relay that has run for long, too.
func TestYesterdaysQuestion(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	w := exchangetest.Found(t, 1, nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	exchangetest.Take(t, workspace(t, store, w.ID), exchangetest.RunsOf(t, w.Founder.Copy, nil)...)
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }})
	question := asked(t, w.Founder, now, nil)
	now = now.Add(24 * time.Hour)
	if got := answered(h, wire.Method, wire.Path, question); got.Code != http.StatusConflict {
		t.Errorf("answered with %d", got.Code)
	}
}

// What came whole is kept even if the question then turns out not to be.
func TestARefusedQuestionLeavesWhatCameWhole(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	w := exchangetest.Found(t, 1, nil)
	first := exchangetest.RunsOf(t, w.Founder.Copy, nil)
	w.Founder.Write(exchangetest.Body(50))
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	c := workspace(t, store, w.ID)
	exchangetest.Take(t, c, first...)
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }})
	question := asked(t, w.Founder, now, nil, exchangetest.RunsOf(t, w.Founder.Copy, exchangetest.VectorOf(t, c))...)
	question[len(question)-1] ^= 1
	if got := answered(h, wire.Method, wire.Path, question); got.Code != http.StatusBadRequest {
		t.Errorf("answered with %d", got.Code)
	}
	exchangetest.Same(t, w.Founder.Copy, c)
}

func TestAStrangerBringsLittle(t *testing.T) {
	w := exchangetest.Found(t, 1, nil)
	w.Founder.Write(exchangetest.Bodies(20, 500, 1)...)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	exchangetest.Take(t, workspace(t, store, w.ID), exchangetest.RunsOf(t, w.Founder.Copy, nil)[0])
	stranger := w.Stranger("stranger", nil)
	now := time.Now()
	h := relay.New(relay.Config{Store: store, Limits: relay.Limits{Stranger: 4000}, Now: func() time.Time { return now }})
	got := answered(h, wire.Method, wire.Path, asked(t, stranger, now, nil, exchangetest.RunsOf(t, w.Founder.Copy, nil)...))
	if got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("answered with %d", got.Code)
	}
}

// Before it is known who asks, little is read, whatever is asked about: else whoever knows the address fills the memory.
func TestLittleIsReadBeforeItIsKnownWhoAsks(t *testing.T) {
	h := relay.New(relay.Config{Store: openStore(t, filepath.Join(t.TempDir(), "relay.db"))})
	for _, path := range []string{wire.Path, wire.ChunksPath} {
		var b bytes.Buffer
		if err := journal.WriteFrame(&b, append([]byte{wire.FrameAsk}, make([]byte, 12<<20)...)); err != nil {
			t.Fatal(err)
		}
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, httptest.NewRequest(wire.Method, path, io.LimitReader(&b, int64(b.Len()))))
		if recorder.Code != http.StatusRequestEntityTooLarge || b.Len() < 8<<20 {
			t.Errorf("%s: answered with %d, %d bytes were not read", path, recorder.Code, b.Len())
		}
	}
}

// What waits in memory for what comes before it is bounded for all clients together, and given back when they are gone.
func TestWhatWaitsIsBounded(t *testing.T) {
	w := exchangetest.Found(t, 1, nil)
	x := w.Join("x", nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	exchangetest.Carry(t, w.Founder.Copy, workspace(t, store, w.ID))
	exchangetest.Carry(t, x.Copy, workspace(t, store, w.ID))
	x.Write(exchangetest.Body(100))
	held := x.Last.Seq
	var late []journal.Run
	for i := range uint64(5) {
		late = append(late, x.Make(exchangetest.Body(9000, i))) // what comes before them does not come
		x.Keep(late[i])
	}
	now := time.Now()
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Limits: relay.Limits{Waiting: 30_000}})
	for range 3 {
		got := answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, late...))
		if got.Code != http.StatusOK {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		notes, _ := notesIn(t, got.Body.Bytes())
		if len(notes) != 3 || notes[0] != (wire.Note{Writer: x.Writer(), Seq: held + 1, Code: wire.NoteParked}) {
			t.Errorf("notes: %v", notes)
		}
	}
	if _, body := said(h.Admin(), "/metrics"); !strings.Contains(body, "\namparo_relay_parked_bytes 0\n") {
		t.Error("not all is given back")
	}
}

func TestHealth(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	h := relay.New(relay.Config{Store: store, Version: "1.2"})
	got := answered(h, "GET", "/healthz", nil)
	if got.Code != 200 || strings.TrimSpace(got.Body.String()) != `{"status":"ok","version":"1.2","protocol":[1],"formats":[1]}` {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := answered(h, "GET", "/healthz", nil); got.Code != 503 || !strings.Contains(got.Body.String(), "failed") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := answered(h, wire.Method, wire.Path, asked(t, exchangetest.Found(t, 1, nil).Founder, time.Now(), nil)); got.Code != 500 {
		t.Errorf("without a store: %d %s", got.Code, got.Body)
	}
}

func TestServeEndsInOrder(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.Serve(ctx, l, relay.New(relay.Config{Store: store})) }()
	d := exchangetest.Found(t, 1, nil).Founder
	o := exchange.Options{URL: "http://" + l.Addr().String(), Workspace: d.Workspace.ID, Signer: d.Signer, Certificate: d.Cert}
	sum, err := exchange.WithRelay(t.Context(), o, d.Copy)
	if err != nil || sum.Sent != 1 {
		t.Errorf("sent %d: %v", sum.Sent, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	o.Attempts = 1
	if _, err := exchange.WithRelay(t.Context(), o, d.Copy); !errors.Is(err, exchange.ErrUnreachable) {
		t.Errorf("after its end: %v", err)
	}
}

func TestAStoreOfALaterVersionIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay.db")
	store := openStore(t, path)
	if err := relay.SetVersion(store, "99"); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := relay.OpenSQLite(t.Context(), path); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("%v", err)
	}
}

// A sealed part that is no longer what was written is left out and asked of who has it; an open one keeps back its writer's
// commits and nobody else's.
func TestADamagedRowIsNamedAndTheRestGiven(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	w := exchangetest.Found(t, 1, nil)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(3, 50, 1)...)
	c := workspace(t, store, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	if err := relay.Damage(store, x.Writer(), 3); err != nil {
		t.Fatal(err)
	}
	gives := func() (mine, others int, err error) {
		err = c.Runs(t.Context(), nil, func(r journal.Run) error {
			if r.First().Writer == x.Writer() {
				mine += len(r.Commits)
			} else {
				others++
			}
			return nil
		})
		return mine, others, err
	}
	if mine, _, err := gives(); mine != 4 || err != nil {
		t.Errorf("%d commits, %v", mine, err)
	}
	place := journal.PartPlace{Writer: x.Writer(), Seq: 3}
	if list, err := c.MissingFrom(t.Context(), 1, 10); err != nil || len(list) != 1 || list[0].Place != place {
		t.Errorf("asks for %v, %v", list, err)
	}
	if err := x.Copy.Parts(t.Context(), []journal.PartPlace{place}, func(_ int, data []byte) error {
		n, err := c.Supply(t.Context(), []journal.Loose{{Place: place, Data: data}})
		if n != 1 {
			t.Errorf("took %d", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	exchangetest.Same(t, x.Copy, c)

	if err := relay.Damage(store, x.Writer(), 1); err != nil { // holds the certificate
		t.Fatal(err)
	}
	_, others, err := gives()
	var fault *wire.Fault
	if !errors.As(err, &fault) || fault.Writer != x.Writer() || fault.Code != wire.FaultDamaged || !errors.Is(err, relay.ErrDamaged) || others == 0 {
		t.Errorf("%d runs of the others, then %v", others, err)
	}
}
