package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// tamper lets a test change what the relay answers, until honest is called.
func (n *network) tamper(change func(answer []byte) []byte) (honesty func()) {
	honest := n.handler
	n.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		honest.ServeHTTP(recorder, r)
		body := recorder.Body.Bytes()
		if recorder.Code == http.StatusOK {
			body = change(bytes.Clone(body))
		}
		w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
		w.WriteHeader(recorder.Code)
		w.Write(body)
	})
	return func() { n.handler = honest }
}

func frames(t *testing.T, answer []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for r := bytes.NewReader(answer); ; {
		f, err := journal.ReadFrame(r)
		if errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
}

func joined(all [][]byte) []byte {
	var b bytes.Buffer
	for _, f := range all {
		if err := journal.WriteFrame(&b, f); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// honestPart fails unless every commit that b holds is one that a holds: whatever came on the way, nothing false and
// nothing half was believed.
func honestPart(t *testing.T, a, b wire.Copy) {
	t.Helper()
	ctx := context.Background()
	for w, seq := range exchangetest.VectorOf(t, b) {
		mine, _, err := b.Hash(ctx, w, seq)
		theirs, held, err2 := a.Hash(ctx, w, seq)
		if err != nil || err2 != nil || !held || mine != theirs {
			t.Fatalf("commit %d by %s is not the one that was written", seq, w)
		}
	}
}

func TestEveryFlippedBitOfAnAnswerIsNoticed(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	net.exchange(b)
	net.exchange(a)
	x := a.Join("x", nil)
	x.Write(exchangetest.Body(30, 1))
	exchangetest.Carry(t, x.Copy, a.Copy)
	a.Batch(exchangetest.Bodies(3, 30, 2)...)
	net.exchange(a)
	length, begun := 1, b.memory
	for at := 0; at < length; at++ {
		d := &node{Device: b.Device, memory: begun}
		device := *b.Device
		d.Device = &device
		d.Copy = exchangetest.NewMemory(b.Workspace.ID)
		exchangetest.Carry(t, b.Copy, d.Copy)
		honesty := net.tamper(func(answer []byte) []byte {
			length = len(answer)
			answer[at] ^= 1 << (at % 8)
			return answer
		})
		sum, err := net.try(d)
		if err == nil {
			t.Fatalf("byte %d of %d was changed and nobody noticed: %+v", at, length, sum)
		}
		honestPart(t, a.Copy, d.Copy)
		if at == length-1 && sum.Received != 6 {
			t.Fatalf("only the end was changed, and %d of 6 commits were kept", sum.Received)
		}
		honesty()
		sum, err = net.try(d)
		if err != nil || !sum.Complete {
			t.Fatalf("byte %d: afterwards %v, %+v", at, err, sum)
		}
		exchangetest.Same(t, a.Copy, d.Copy)
	}
	if length < 500 {
		t.Fatalf("an answer of %d bytes shows nothing", length)
	}
}

func TestFramesOutOfPlace(t *testing.T) {
	for name, change := range map[string]func(all [][]byte) [][]byte{
		"a run twice":         func(all [][]byte) [][]byte { return append(all[:2:2], all[1:]...) },
		"runs in other order": func(all [][]byte) [][]byte { all[1], all[2] = all[2], all[1]; return all },
		"a run left out":      func(all [][]byte) [][]byte { return append(all[:1:1], all[2:]...) },
		"the end left out":    func(all [][]byte) [][]byte { return all[:len(all)-1] },
		"something after it":  func(all [][]byte) [][]byte { return append(all, all[1]) },
		"the end first":       func(all [][]byte) [][]byte { return append([][]byte{all[len(all)-1]}, all...) },
		"an empty frame":      func(all [][]byte) [][]byte { return append(all[:1:1], append([][]byte{{}}, all[1:]...)...) },
		"an unknown frame":    func(all [][]byte) [][]byte { return append(all[:1:1], append([][]byte{{99}}, all[1:]...)...) },
		"nothing":             func([][]byte) [][]byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := two(t)
			net := newNetwork(t, &memoryStore{})
			net.exchange(b)
			net.exchange(a)
			a.Write(exchangetest.Bodies(66, 30, 1)...)
			net.exchange(a)
			honesty := net.tamper(func(answer []byte) []byte { return joined(change(frames(t, answer))) })
			if sum, err := net.try(b); err == nil {
				t.Fatalf("nobody noticed: %+v", sum)
			}
			honestPart(t, a.Copy, b.Copy)
			honesty()
			net.exchange(b)
			exchangetest.Same(t, a.Copy, b.Copy)
		})
	}
}

// liar is a relay's copy that gives, or says it holds, less than it does.
type liar struct {
	relay.Workspace
	hide  journal.WriterID
	from  uint64
	claim bool // it says that it holds what it does not give
}

func (l *liar) Vector(ctx context.Context) (journal.Vector, error) {
	v, err := l.Workspace.Vector(ctx)
	if !l.claim && v[l.hide] >= l.from {
		v[l.hide] = l.from - 1
	}
	return v, err
}

func (l *liar) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return l.Workspace.Runs(ctx, above, func(r journal.Run) error {
		if r.First().Writer == l.hide && r.Last().Seq >= l.from {
			return nil
		}
		return yield(r)
	})
}

func TestARelayThatHidesIsNamed(t *testing.T) {
	for _, claim := range []bool{false, true} {
		a, b := two(t)
		store := &memoryStore{}
		net := newNetwork(t, store)
		net.exchange(a)
		net.exchange(b)
		x := &node{Device: a.Join("x", nil)}
		net.exchange(a)
		net.exchange(x)
		net.exchange(b)
		x.Write(exchangetest.Bodies(2, 30, 1)...) // commits 2 and 3
		net.exchange(x)
		net.exchange(a)
		a.Write(exchangetest.Body(30, 2)) // has seen x's commit 3
		net.exchange(a)
		honest, err := store.Workspace(t.Context(), a.Workspace.ID)
		if err != nil {
			t.Fatal(err)
		}
		store.all[a.Workspace.ID] = &liar{Workspace: honest, hide: x.Writer(), from: 2, claim: claim}
		for range 2 { // it stays noticed
			sum, err := net.try(b)
			if err != nil {
				t.Fatal(err)
			}
			if len(sum.Hidden) != 1 {
				t.Fatalf("claim %v: hidden %v", claim, sum.Hidden)
			}
			if h := sum.Hidden[0]; h.Writer != x.Writer() || h.From != 2 || h.To != 3 || h.SeenBy != a.Writer() || h.Claimed != claim {
				t.Errorf("claim %v: %s", claim, h)
			}
			if claim == sum.Complete {
				t.Errorf("claim %v: complete %v", claim, sum.Complete)
			}
		}
		store.all[a.Workspace.ID] = honest
		net.exchange(b)
		exchangetest.Same(t, a.Copy, b.Copy)
	}
}

// A writer shows one commit to a and another to b; the first honest commit that travels between them tells.
func TestTwoStoriesAreCompared(t *testing.T) {
	a, b := two(t)
	x := a.Join("x", nil)
	exchangetest.Carry(t, a.Copy, b.Copy)
	exchangetest.Carry(t, x.Copy, a.Copy)
	exchangetest.Carry(t, x.Copy, b.Copy)
	fork := x.Last
	exchangetest.Take(t, a.Copy, x.Make(exchangetest.Body(30, 1)))
	x.Rewind(fork)
	exchangetest.Take(t, b.Copy, x.Make(exchangetest.Body(30, 2)))
	a.Write(exchangetest.Body(30, 3)) // has seen the one
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	sum, err := net.try(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(sum.Faults) != 1 || sum.Faults[0].Code != wire.FaultForked || sum.Faults[0].Writer != x.Writer() || sum.Faults[0].Seq != 2 {
		t.Fatalf("faults %v", sum.Faults)
	}
	if sum.Received == 0 || len(sum.Hidden) != 0 {
		t.Errorf("received %d, hidden %v", sum.Received, sum.Hidden)
	}
}

// What a copy cannot read of one writer must not keep the others' away.
func TestADamagedChainDoesNotBlockTheRest(t *testing.T) {
	a, b := two(t)
	store := &memoryStore{}
	net := newNetwork(t, store)
	net.exchange(a)
	net.exchange(b)
	x := a.Join("x", nil)
	x.Write(exchangetest.Bodies(2, 30, 1)...)
	exchangetest.Carry(t, x.Copy, a.Copy)
	a.Write(exchangetest.Bodies(2, 30, 2)...)
	net.exchange(a)
	honest, err := store.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	store.all[a.Workspace.ID] = &damaged{honest, x.Writer()}
	sum, err := net.try(b)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Received != 3 || len(sum.Refused) != 1 || sum.Refused[0].Code != wire.FaultDamaged || sum.Refused[0].Writer != x.Writer() {
		t.Errorf("received %d, refused %v", sum.Received, sum.Refused)
	}
}

// The same when it is our own copy that cannot read a chain any more.
func TestADamageHereDoesNotBlockTheRest(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	net.exchange(b)
	x := a.Join("x", nil)
	exchangetest.Carry(t, x.Copy, a.Copy)
	a.Write(exchangetest.Bodies(2, 30, 1)...)
	b.Write(exchangetest.Body(30, 2))
	net.exchange(b)
	a.Copy = &damaged{a.Copy.(*exchangetest.Memory), x.Writer()}
	sum, err := net.try(a)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Sent != 3 || sum.Received != 2 || len(sum.Faults) != 1 || sum.Faults[0].Code != wire.FaultDamaged || sum.Faults[0].Writer != x.Writer() {
		t.Errorf("sent %d, received %d, faults %v", sum.Sent, sum.Received, sum.Faults)
	}
	path := filepath.Join(t.TempDir(), "bundle")
	wrote, err := exchange.WriteBundle(t.Context(), path, bundleFor(a.Workspace.ID, nil), a.Copy)
	if err != nil || len(wrote.Faults) != 1 || wrote.Commits == 0 {
		t.Errorf("%+v, %v", wrote, err)
	}
	c := exchangetest.NewMemory(a.Workspace.ID)
	if read, err := exchange.ReadBundle(t.Context(), path, reading(a.Workspace.ID), c); err != nil || read.New != wrote.Commits {
		t.Errorf("%+v, %v", read, err)
	}
}

type damaged struct {
	relay.Workspace
	writer journal.WriterID
}

func (d *damaged) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	if err := (&liar{Workspace: d.Workspace, hide: d.writer, claim: true}).Runs(ctx, above, yield); err != nil {
		return err
	}
	return &wire.Fault{Writer: d.writer, Seq: 1, Code: wire.FaultDamaged, Err: relay.ErrDamaged}
}

func TestAReplayedQuestionIsRefused(t *testing.T) {
	a, b := two(t)
	net := newNetwork(t, &memoryStore{})
	net.exchange(a)
	net.exchange(b)
	var question []byte
	honest := net.handler
	net.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if question, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(question))
		honest.ServeHTTP(w, r)
	})
	b.Write(exchangetest.Body(30))
	net.exchange(b)
	ask := func(path string, body []byte) int {
		recorder := httptest.NewRecorder()
		honest.ServeHTTP(recorder, httptest.NewRequest(wire.Method, path, bytes.NewReader(body)))
		return recorder.Code
	}
	if code := ask(wire.Path, question); code != http.StatusConflict {
		t.Errorf("a replayed question is answered with %d", code)
	}
	for at := range question {
		changed := bytes.Clone(question)
		changed[at] ^= 1 << (at % 8)
		if code := ask(wire.Path, changed); code == http.StatusOK {
			t.Fatalf("a question with byte %d changed is answered", at)
		}
	}
	w, err := net.store.Workspace(t.Context(), a.Workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	exchangetest.Carry(t, b.Copy, a.Copy)
	exchangetest.Same(t, w, a.Copy)
}

func TestWhatAnswersIsNoRelay(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a web page": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "<!doctype html><title>Portal</title>")
		},
		"a redirect":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) },
		"an old path": http.NotFound,
	} {
		a, _ := two(t)
		net := newNetwork(t, &memoryStore{})
		net.handler = handler
		if _, err := net.try(a); !errors.Is(err, exchange.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
