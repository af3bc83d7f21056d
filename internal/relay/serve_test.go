package relay_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

func listening(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// said asks a handler for a page.
func said(h http.Handler, path string) (status int, body string) {
	got := answered(h, "GET", path, nil)
	return got.Code, got.Body.String()
}

// until looks again until something has come about.
func until(t *testing.T, what string, come func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !come(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("it does not come about that %s", what)
		}
	}
}

// A relay that is told to stop says so on /readyz, answers what comes meanwhile, and lets what is in flight end.
func TestARelayStopsInOrder(t *testing.T) {
	w := exchangetest.Found(t, 1, nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	exchangetest.Carry(t, w.Founder.Copy, workspace(t, store, w.ID))
	r := relay.New(relay.Config{Store: store, Ending: relay.Ending{Notice: 50 * time.Millisecond, Grace: time.Minute}})
	l := listening(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.Serve(ctx, l, r) }()

	w.Founder.Write(exchangetest.Body(90))
	question := asked(t, w.Founder, time.Now(), nil, exchangetest.RunsOf(t, w.Founder.Copy, exchangetest.VectorOf(t, workspace(t, store, w.ID)))...)
	slow, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := fmt.Fprintf(slow, "%s %s HTTP/1.1\r\nHost: relay\r\nContent-Length: %d\r\n\r\n%s", wire.Method, wire.Path, len(question), question[:len(question)/2]); err != nil {
		t.Fatal(err)
	}
	until(t, "its question is being read", func() bool {
		_, body := said(r.Admin(), "/metrics")
		return !strings.Contains(body, "amparo_relay_answering 0\n")
	})
	stop()
	until(t, "the notice has begun", func() bool {
		status, body := said(r, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "stopping")
	})
	if status, _ := said(r, "/healthz"); status != http.StatusOK {
		t.Errorf("healthy: %d", status)
	}
	if got := answered(r, wire.Method, wire.Path, asked(t, w.Founder, time.Now(), nil)); got.Code != http.StatusOK || got.Header().Get("Connection") != "close" {
		t.Errorf("a question during the notice: %d %q", got.Code, got.Header().Get("Connection"))
	}
	until(t, "the notice is over, and nobody new is let in", func() bool {
		conn, err := net.Dial("tcp", l.Addr().String())
		return err != nil || conn.Close() != nil
	})
	if _, err := slow.Write(question[len(question)/2:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("what was in flight: %v, %v", response, err)
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	if notes, _ := notesIn(t, raw); len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	exchangetest.Same(t, w.Founder.Copy, workspace(t, store, w.ID))
}

// Whoever opens many connections and says nothing on them keeps nobody out.
func TestIdleConnectionsGiveWay(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	l := listening(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- relay.Serve(ctx, l, relay.New(relay.Config{Store: store, Limits: relay.Limits{Connections: 4}}))
	}()
	var silent []net.Conn
	for range 20 {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		silent = append(silent, conn)
	}
	client := &http.Client{}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + l.Addr().String() + "/healthz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	for _, conn := range silent[:10] { // would block if the relay kept them
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !isReset(err) {
			t.Errorf("still open: %v", err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

func TestMetricsCountAndNameNobody(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	w := exchangetest.Found(t, 1, nil)
	x := w.Join("x", nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	r := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Quota: relay.Quota{Commits: 4}, Version: "1.2"})
	x.Write(exchangetest.Bodies(9, 50, 1)...)
	for _, question := range [][]byte{
		asked(t, w.Founder, now, nil, exchangetest.RunsOf(t, w.Founder.Copy, nil)...),
		asked(t, x, now, nil, exchangetest.RunsOf(t, x.Copy, exchangetest.VectorOf(t, w.Founder.Copy))...),
		asked(t, w.Founder, now.Add(-time.Hour), nil),
		asked(t, w.Stranger("stranger", nil), now, nil),
		[]byte("nonsense"),
	} {
		answered(r, wire.Method, wire.Path, question)
	}
	now = now.Add(time.Minute)
	admin := r.Admin()
	status, body := said(admin, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	for _, line := range []string{
		`amparo_relay_questions_total{outcome="answered"} 2`, `amparo_relay_questions_total{outcome="clock"} 1`, `amparo_relay_questions_total{outcome="unknown_writer"} 1`,
		`amparo_relay_runs_set_aside_total{code="full"} 1`, `amparo_relay_workspaces 1`, `amparo_relay_places 64`, `amparo_relay_answering 0`, `amparo_relay_arriving 0`,
		`amparo_relay_stored_commits 2`, `amparo_relay_commits_taken_total 2`, `amparo_relay_stopping 0`, `go_goroutines `,
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no line %q", line)
		}
	}
	held := exchangetest.VectorOf(t, workspace(t, store, w.ID))
	for _, id := range [][16]byte{[16]byte(w.ID), [16]byte(w.Founder.Writer()), [16]byte(x.Writer())} {
		if strings.Contains(body, fmt.Sprintf("%x", id[:4])) || bytes.Contains([]byte(body), id[:4]) {
			t.Errorf("%x is named", id)
		}
	}
	if len(held) == 0 {
		t.Error("nothing is held")
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 404, wire.Path: 404} {
		if status, _ := said(admin, path); status != want {
			t.Errorf("the operator's %s: %d", path, status)
		}
	}
	if status, _ := said(r, "/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics for everybody: %d", status)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	answered(r, wire.Method, wire.Path, asked(t, w.Founder, now, nil))
	if status, body := said(admin, "/metrics"); status != http.StatusOK || !strings.Contains(body, "amparo_relay_store_failures_total 1") || strings.Contains(body, "amparo_relay_stored_commits") {
		t.Errorf("without a store: %d", status)
	}
	if status, body := said(admin, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "failed") {
		t.Errorf("ready without a store: %d %s", status, body)
	}
}

// Known writers are answered beside as many strangers as like to come and drip what they bring.
func TestStrangersDoNotStandInTheWay(t *testing.T) {
	w := exchangetest.Found(t, 1, nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	exchangetest.Carry(t, w.Founder.Copy, workspace(t, store, w.ID))
	l := listening(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r := relay.New(relay.Config{Store: store, Limits: relay.Limits{AtOnce: 4, Wait: time.Nanosecond}})
	go func() { ended <- relay.Serve(ctx, l, r) }()
	var open []net.Conn
	for range 6 {
		stranger := w.Stranger("stranger", nil)
		question := asked(t, stranger, time.Now(), nil, stranger.Make(exchangetest.Body(5000)))
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
		// Who asks is said, and what is brought never ends.
		if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: relay\r\nContent-Length: %d\r\n\r\n%s", wire.Method, wire.Path, len(question), question[:1000]); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "they have what places there are for strangers", func() bool {
		_, body := said(r.Admin(), "/metrics")
		return strings.Contains(body, "amparo_relay_answering_strangers 1\n")
	})
	if got := answered(r, wire.Method, wire.Path, asked(t, w.Founder, time.Now(), nil)); got.Code != http.StatusOK {
		t.Errorf("a known writer: %d %s", got.Code, got.Body)
	}
	for _, conn := range open {
		conn.Close()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
