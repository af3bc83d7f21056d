package node

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// stuck is how long something that must end may take before a test calls it stuck. Nothing is measured with it.
const stuck = 20 * time.Second

// ends waits for something that must end by itself.
func ends(t testing.TB, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(stuck):
		t.Fatalf("%s does not end", what)
	}
}

func going(do func()) <-chan struct{} {
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	return done
}

// holding is a relay that answers no exchange until it is let go, and says when one has come.
func holding(t testing.TB, behind string) (address string, came <-chan struct{}, letGo func()) {
	t.Helper()
	target, err := url.Parse(behind)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(target)
	arrived, open := make(chan struct{}, 100), make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-open:
			pass.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	letGo = func() { once.Do(func() { close(open) }) }
	t.Cleanup(func() { letGo(); server.Close() })
	return server.URL, arrived, letGo
}

func TestLockingEndsAnExchangeThatHangs(t *testing.T) {
	n, s := founded(t, t.TempDir())
	defer n.Close()
	must(t, do(t, s, "tree.plant", "", map[string]any{"name": "ceiba"}))
	address, came, _ := holding(t, relayed(t))
	var err error
	exchange := going(func() { _, err = s.Exchange(context.Background(), address, nil) })
	ends(t, "the way to the relay", came)
	ends(t, "locking", going(s.Lock))
	ends(t, "the exchange", exchange)
	if err == nil {
		t.Error("an exchange that was cut off by locking says that it is done")
	}
	s, err = n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	if got := trees(t, s); len(got) != 1 {
		t.Errorf("after locking in the middle of an exchange: %q", got)
	}
}

// Everything at once: actions, queries, exchanges, checks, settings, locking and unlocking. What was said to be saved is
// there, once, and nothing stands still.
func TestEverythingAtOnce(t *testing.T) {
	direct := relayed(t)
	n, first := founded(t, t.TempDir())
	defer n.Close()
	if _, err := first.Exchange(t.Context(), direct, nil); err != nil {
		t.Fatal(err)
	}
	_, bea := joined(t, first, direct, "Bea")
	var mu sync.Mutex
	saved := map[string]bool{}
	session := func() *Session {
		s, err := n.Unlock(context.Background(), "", []byte(pass))
		if err != nil {
			t.Errorf("unlock: %v", err)
			return nil
		}
		return s
	}
	fine := func(err error) bool {
		return err == nil || errors.Is(err, ErrLocked) || errors.Is(err, context.Canceled)
	}
	var all sync.WaitGroup
	for worker := range 3 {
		all.Go(func() {
			for i := range 12 {
				name := string(rune('a'+worker)) + string(rune('a'+i))
				for {
					s := session()
					if s == nil {
						return
					}
					r := do(t, s, "tree.plant", "client "+name, map[string]any{"name": name})
					if r.OK {
						mu.Lock()
						saved[name] = true
						mu.Unlock()
						break
					}
					if r.Error.Code != "locked" && r.Error.Code != "interrupted" {
						t.Errorf("plant: %+v", r.Error)
						return
					}
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range 10 {
				s := session()
				if s == nil {
					return
				}
				if _, err := s.Query(context.Background(), lang.ES, "trees", nil); !fine(err) {
					t.Errorf("query: %v", err)
				}
				if _, err := s.Pending(); !fine(err) {
					t.Errorf("pending: %v", err)
				}
			}
		})
	}
	all.Go(func() {
		for i := range 6 {
			must(t, do(t, bea, "tree.plant", "", map[string]any{"name": "bea " + string(rune('a'+i))}))
			if _, err := bea.Exchange(context.Background(), direct, nil); err != nil {
				t.Errorf("Bea's exchange: %v", err)
			}
		}
	})
	all.Go(func() {
		for range 6 {
			s := session()
			if s == nil {
				return
			}
			if _, err := s.Exchange(context.Background(), direct, nil); !fine(err) {
				t.Errorf("exchange: %v", err)
			}
		}
	})
	all.Go(func() {
		for range 3 {
			if h, err := n.Check(context.Background(), session(), nil); !fine(err) || err == nil && !h.OK {
				t.Errorf("check: %+v, %v", h, err)
			}
		}
	})
	all.Go(func() {
		for i := range 20 {
			if err := n.SetSite(record.ID{byte(i + 1)}); err != nil {
				t.Error(err)
			}
			_, _ = n.Site(), n.Relay()
		}
	})
	all.Go(func() {
		for range 5 {
			if s := session(); s != nil {
				s.Lock()
			}
		}
	})
	ends(t, "everything at once", going(all.Wait))

	s := session()
	for _, each := range []*Session{s, bea, s} {
		if _, err := each.Exchange(t.Context(), direct, nil); err != nil {
			t.Fatal(err)
		}
	}
	times := map[string]int{}
	for _, line := range trees(t, s) {
		times[line]++
	}
	if len(saved) != 36 {
		t.Errorf("%d of 36 were saved", len(saved))
	}
	for name := range saved {
		if times[name+" 0"] != 1 {
			t.Errorf("%q was saved and is there %d times", name, times[name+" 0"])
		}
	}
	if a, b := digestsOf(t, s), digestsOf(t, bea); a != b {
		t.Errorf("the two nodes differ:\n%s\n%s", a, b)
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
}

// Two ways to lock at once, and closing at the same moment: the folder is free afterwards and opens again.
func TestClosingWhileLocking(t *testing.T) {
	dir := t.TempDir()
	n, s := founded(t, dir)
	must(t, do(t, s, "tree.plant", "", map[string]any{"name": "ceiba"}))
	var all sync.WaitGroup
	for range 3 {
		all.Go(s.Lock)
		all.Go(func() {
			if _, err := s.Query(context.Background(), lang.ES, "trees", nil); err != nil && !errors.Is(err, ErrLocked) {
				t.Errorf("query: %v", err)
			}
		})
	}
	all.Go(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	ends(t, "closing", going(all.Wait))
	n, err := Open(dir, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if s, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, s); len(got) != 1 {
		t.Errorf("trees: %q", got)
	}
}
