package relay_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// notesIn reads an answer's notes, and how many runs it gives.
func notesIn(t *testing.T, body []byte) (notes []wire.Note, runs int) {
	t.Helper()
	frames := wire.NewFrameReader(bytes.NewReader(body))
	for {
		kind, payload, err := frames.Next()
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case wire.FrameNote:
			var n wire.Note
			if err := wire.Unmarshal(payload, &n); err != nil {
				t.Fatal(err)
			}
			notes = append(notes, n)
		case wire.FrameRun:
			runs++
		case wire.FrameEnd:
			return notes, runs
		}
	}
}

func refusalIn(t *testing.T, body []byte) (r wire.Refusal) {
	t.Helper()
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return r
}

func used(t *testing.T, s relay.Ledger, id journal.WorkspaceID) relay.Used {
	t.Helper()
	u, err := s.Used(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAFullWorkspaceIsAnsweredAndTakesOnlyWhatAdministers(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	w := exchangetest.Found(t, 1, nil)
	x := w.Join("x", nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	c := workspace(t, store, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	held := exchangetest.VectorOf(t, c)
	x.Write(exchangetest.Bodies(2, 50, 1)...)
	runs := exchangetest.RunsOf(t, x.Copy, held)
	full := used(t, store, w.ID)
	for _, quota := range []relay.Quota{{Commits: full.Commits + 1}, {Bytes: full.Bytes + 300}} {
		h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Quota: quota})
		got := answered(h, wire.Method, wire.Path, asked(t, x, now, nil, runs...))
		if got.Code != http.StatusOK {
			t.Fatalf("%+v: %d %s", quota, got.Code, got.Body)
		}
		notes, _ := notesIn(t, got.Body.Bytes())
		if len(notes) != 1 || notes[0] != (wire.Note{Writer: x.Writer(), Seq: runs[0].First().Seq, Code: wire.FaultFull}) {
			t.Errorf("%+v: notes %v", quota, notes)
		}
		if after := exchangetest.VectorOf(t, c); !maps.Equal(after, held) || used(t, store, w.ID) != full {
			t.Errorf("%+v: taken all the same: %v, %v before", quota, after, held)
		}
		// Who lacks something is given it, and what is held already is no news.
		got = answered(h, wire.Method, wire.Path, asked(t, x, now, func(a *wire.Ask) { a.Vector, a.Digest = nil, wire.DigestOf(nil) }, exchangetest.RunsOf(t, c, nil)...))
		if notes, given := notesIn(t, got.Body.Bytes()); given == 0 || len(notes) != 0 {
			t.Errorf("%+v: %d runs given, notes %v", quota, given, notes)
		}
	}
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Quota: relay.Quota{Commits: full.Commits}})
	w.Founder.Revoke(x)
	revoking := exchangetest.RunsOf(t, w.Founder.Copy, held)
	got := answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, revoking...))
	if notes, _ := notesIn(t, got.Body.Bytes()); len(notes) != 0 || exchangetest.VectorOf(t, c)[w.Founder.Writer()] != revoking[0].Last().Seq {
		t.Errorf("a revocation finds no room: %v", notes)
	}
	w.Founder.Write(exchangetest.Bodies(20, 50, 1)...)
	more := exchangetest.RunsOf(t, w.Founder.Copy, exchangetest.VectorOf(t, c))
	got = answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, more...))
	if notes, _ := notesIn(t, got.Body.Bytes()); len(notes) != 1 {
		t.Errorf("the reserve has no end: %v", notes)
	}
	// The operator gives it more room, and the relay that runs hears of it.
	if err := store.Decide(t.Context(), w.ID, relay.Terms{Quota: relay.Quota{Commits: -1}}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	got = answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, more...))
	if notes, _ := notesIn(t, got.Body.Bytes()); len(notes) != 0 || exchangetest.VectorOf(t, c)[w.Founder.Writer()] != w.Founder.Last.Seq {
		t.Errorf("with more room: %v", notes)
	}
}

// Commits may come without what is sealed in them, and that after them. It is not a way around the quota.
func TestWhatComesAfterItsCommitsCountsToo(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	w := exchangetest.Found(t, 1, nil)
	x := w.Join("x", nil)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	c := workspace(t, store, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	held := exchangetest.VectorOf(t, c)
	x.Write(exchangetest.Bodies(8, 20_000, 1)...)
	whole := exchangetest.RunsOf(t, x.Copy, held)
	var bare []journal.Run
	var parts []journal.Loose
	for _, run := range whole {
		open := run
		wire.Withhold(&open)
		bare = append(bare, open)
		for i := range run.Commits {
			one := &run.Commits[i]
			for n, data := range one.Parts {
				if one.Header.Parts[n].Tag != 0 {
					parts = append(parts, journal.Loose{Place: journal.PartPlace{Writer: one.Writer, Seq: one.Seq, Index: uint8(n)}, Data: data})
				}
			}
		}
	}
	quota := relay.Quota{Bytes: used(t, store, w.ID).Bytes + 40_000} // of 160,000
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Quota: quota})
	for _, step := range []struct {
		what     string
		question func() []byte
	}{
		{"bare", func() []byte { return asked(t, x, now, nil, bare...) }},
		{"whole", func() []byte { return asked(t, x, now, nil, whole...) }},
		{"by themselves", func() []byte { return supplied(t, x, now, parts) }},
	} {
		if got := answered(h, wire.Method, wire.Path, step.question()); got.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", step.what, got.Code, got.Body)
		}
		if u := used(t, store, w.ID); u.Bytes > quota.Bytes {
			t.Errorf("%s: %d bytes were brought, %d are allowed", step.what, u.Bytes, quota.Bytes)
		}
		now = now.Add(time.Minute)
	}
	if u := used(t, store, w.ID); u.Bytes < quota.Bytes-25_000 {
		t.Errorf("%d bytes were brought, and there was room for %d", u.Bytes, quota.Bytes)
	}
	if got := exchangetest.VectorOf(t, c); got[x.Writer()] != x.Last.Seq {
		t.Errorf("of the commits %v are here: nothing was tried", got)
	}
}

// supplied is a question that brings parts alone.
func supplied(t *testing.T, d *exchangetest.Device, now time.Time, parts []journal.Loose) []byte {
	t.Helper()
	frames := wire.NewFrameReader(bytes.NewReader(asked(t, d, now, nil)))
	_, payload, err := frames.Next()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := wire.NewFrameWriter(&b)
	if err := errors.Join(out.Write(wire.FrameAsk, payload), out.Write(wire.FrameSupply, wire.PackSupply(parts)), out.End(wire.Enough{})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is counted as it comes is what a count of everything gives, also after a revocation removed some.
func TestTheCountIsWhatIsThere(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	w := exchangetest.Found(t, 1, nil)
	x, y := w.Join("x", nil), w.Join("y", nil)
	c := workspace(t, store, w.ID)
	for i := range 3 {
		x.Batch(exchangetest.Bodies(5, 100*(i+1), 1)...)
		y.Write(exchangetest.Bodies(3, 100, 1)...)
		exchangetest.Carry(t, w.Founder.Copy, c)
		exchangetest.Carry(t, x.Copy, c)
		exchangetest.Carry(t, y.Copy, c)
		exchangetest.Carry(t, y.Copy, c) // twice is once
	}
	same := func(when string) {
		t.Helper()
		got := used(t, store, w.ID)
		var want relay.Used
		for _, run := range exchangetest.RunsOf(t, c, nil) {
			want.Commits += int64(len(run.Commits))
		}
		if err := relay.Recount(store, w.ID, &want.Bytes); err != nil || got != want || got.Bytes == 0 {
			t.Errorf("%s: %+v, counted again %+v (%v)", when, got, want, err)
		}
	}
	same("as it came")
	before := used(t, store, w.ID)
	// Whoever revokes x had seen nothing of it but the beginning.
	w.Founder.Revoke(x)
	exchangetest.Carry(t, w.Founder.Copy, c)
	if after := used(t, store, w.ID); after.Commits >= before.Commits || after.Bytes >= before.Bytes {
		t.Errorf("nothing was removed: %+v, %+v before", after, before)
	}
	same("after a revocation")
	if other := used(t, store, exchangetest.Found(t, 2, nil).ID); other != (relay.Used{}) {
		t.Errorf("another workspace has %+v", other)
	}
}

func TestWhichWorkspacesMayBeFounded(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	old, named, unnamed := exchangetest.Found(t, 1, nil), exchangetest.Found(t, 2, nil), exchangetest.Found(t, 3, nil)
	exchangetest.Carry(t, old.Founder.Copy, workspace(t, store, old.ID))
	if err := store.Decide(t.Context(), named.ID, relay.Terms{Standing: relay.StandingKnown}); err != nil {
		t.Fatal(err)
	}
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Founding: relay.FoundingKnown})
	ask := func(w *exchangetest.Workspace) (int, string) {
		got := answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, exchangetest.RunsOf(t, w.Founder.Copy, nil)...))
		if got.Code == http.StatusOK {
			return got.Code, ""
		}
		return got.Code, refusalIn(t, got.Body.Bytes()).Code
	}
	for _, c := range []struct {
		name   string
		w      *exchangetest.Workspace
		status int
		code   string
	}{{"what was here before", old, 200, ""}, {"what the operator named", named, 200, ""}, {"another", unnamed, 403, wire.RefusedFounding}} {
		if status, code := ask(c.w); status != c.status || code != c.code {
			t.Errorf("%s: %d %s", c.name, status, code)
		}
	}
	if v := exchangetest.VectorOf(t, workspace(t, store, unnamed.ID)); len(v) != 0 {
		t.Errorf("it holds %v of it", v)
	}
	if err := store.Decide(t.Context(), old.ID, relay.Terms{Standing: relay.StandingClosed}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if status, code := ask(old); status != 403 || code != wire.RefusedClosed {
		t.Errorf("closed: %d %s", status, code)
	}
	if status, _ := ask(named); status != 200 {
		t.Errorf("its neighbour: %d", status)
	}
	if err := store.Decide(t.Context(), old.ID, relay.Terms{}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if status, _ := ask(old); status != 200 {
		t.Errorf("served again: %d", status)
	}
	for _, wrong := range []relay.Terms{{Standing: "perhaps"}, {Quota: relay.Quota{Bytes: -2}}, {Quota: relay.Quota{Commits: -2}}} {
		if err := store.Decide(t.Context(), old.ID, wrong); !errors.Is(err, relay.ErrTerms) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

// What one workspace is given, counted and refused is its own.
func TestWorkspacesDoNotMeet(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Rates: relay.Rates{Workspace: relay.Rate{PerSecond: 1, Burst: 40}}})
	var all []*exchangetest.Workspace
	for seed := range uint64(4) {
		w := exchangetest.Found(t, 10+seed, nil)
		x := w.Join("x", nil)
		x.Write(exchangetest.Bodies(int(seed)+1, 60, seed)...)
		for _, d := range []*exchangetest.Device{w.Founder, x} {
			if got := answered(h, wire.Method, wire.Path, asked(t, d, now, nil, exchangetest.RunsOf(t, d.Copy, nil)...)); got.Code != http.StatusOK {
				t.Fatalf("%d %s", got.Code, got.Body)
			}
		}
		all = append(all, w)
	}
	for _, w := range all {
		mine := workspace(t, store, w.ID)
		for _, run := range exchangetest.RunsOf(t, mine, nil) {
			if run.First().Workspace != w.ID {
				t.Errorf("a commit of %s in %s", run.First().Workspace, w.ID)
			}
		}
		for _, other := range all {
			if other == w {
				continue
			}
			// A member of one asks for, brings to, and forges for another.
			intruder := *w.Founder
			got := answered(h, wire.Method, wire.Path, asked(t, &intruder, now, func(a *wire.Ask) { a.Workspace = other.ID }))
			if got.Code == http.StatusOK {
				t.Error("answered to a member of another workspace")
			}
			got = answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, exchangetest.RunsOf(t, other.Founder.Copy, nil)...))
			notes, _ := notesIn(t, got.Body.Bytes())
			if len(notes) == 0 || notes[0].Code != wire.FaultWorkspace {
				t.Errorf("another workspace's commits: %v", notes)
			}
		}
	}
	// One asks too often; the others do not notice.
	status := 0
	for range 60 {
		status = answered(h, wire.Method, wire.Path, asked(t, all[0].Founder, now, nil)).Code
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("it may ask as often as it likes: %d", status)
	}
	if got := answered(h, wire.Method, wire.Path, asked(t, all[1].Founder, now, nil)); got.Code != http.StatusOK {
		t.Errorf("another pays for it: %d %s", got.Code, got.Body)
	}
	ids, err := store.Workspaces(t.Context())
	if err != nil || len(ids) != len(all) {
		t.Errorf("%d workspaces are listed, %v", len(ids), err)
	}
}

func TestNewWorkspacesFromOneAddressHaveARate(t *testing.T) {
	now := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	h := relay.New(relay.Config{Store: store, Now: func() time.Time { return now }, Rates: relay.Rates{Founding: relay.Rate{PerSecond: 1.0 / 60, Burst: 2}}})
	var all []*exchangetest.Workspace
	found := func(seed uint64) (int, wire.Refusal) {
		w := exchangetest.Found(t, seed, nil)
		all = append(all, w)
		got := answered(h, wire.Method, wire.Path, asked(t, w.Founder, now, nil, exchangetest.RunsOf(t, w.Founder.Copy, nil)...))
		if got.Code == http.StatusOK {
			return got.Code, wire.Refusal{}
		}
		return got.Code, refusalIn(t, got.Body.Bytes())
	}
	for seed := range uint64(2) {
		if status, refusal := found(70 + seed); status != http.StatusOK {
			t.Fatalf("%d %v", status, refusal)
		}
	}
	if status, refusal := found(72); status != http.StatusServiceUnavailable || refusal.Code != wire.RefusedBusy || refusal.Retry != 60 {
		t.Errorf("a third: %d %+v", status, refusal)
	}
	if held := exchangetest.VectorOf(t, workspace(t, store, all[2].ID)); len(held) > 0 {
		t.Errorf("it is held: %v", held)
	}
	if got := answered(h, wire.Method, wire.Path, asked(t, all[0].Founder, now, nil)); got.Code != http.StatusOK {
		t.Errorf("one that is here pays for it: %d %s", got.Code, got.Body)
	}
	now = now.Add(time.Minute)
	if status, refusal := found(73); status != http.StatusOK {
		t.Errorf("after a minute: %d %+v", status, refusal)
	}
}
