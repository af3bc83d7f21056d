package relay_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/cluster"
	"amparo/internal/relay/wire"
)

func startServer(t *testing.T, settings ...string) *cluster.Server {
	t.Helper()
	s, err := cluster.Start(t.Context(), "", settings...)
	if err != nil {
		t.Fatal(err)
	}
	stopsWith(t, s)
	return s
}

func stopsWith(t *testing.T, s *cluster.Server) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Log())
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func openPostgres(t *testing.T, url string) *relay.SQLStore {
	t.Helper()
	s, err := relay.OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) // its server may be gone
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bringing is devices that bring their runs to a store, one by one, and note what was acknowledged.
type bringing struct {
	t     *testing.T
	every chan struct{} // gets something after each acknowledgement; who brought waits until that is read
	over  chan struct{} // closed once everything was brought
	mu    sync.Mutex
	acked journal.Vector
}

func bring(t *testing.T, c wire.Copy, devices []*exchangetest.Device) *bringing {
	b := &bringing{t: t, every: make(chan struct{}), over: make(chan struct{}), acked: journal.Vector{}}
	var all sync.WaitGroup
	for _, d := range devices {
		runs := exchangetest.Travelled(t, exchangetest.RunsOf(t, d.Copy, exchangetest.VectorOf(t, c))...)
		all.Go(func() {
			for i := range runs {
				verdicts, err := c.Take(t.Context(), runs[i:i+1])
				if err != nil || verdicts[0] != nil {
					t.Errorf("run %d of %s: %v, %v", i, d.Name, verdicts, err)
					return
				}
				b.mu.Lock()
				last := runs[i].Last()
				b.acked[last.Writer] = max(b.acked[last.Writer], last.Seq)
				b.mu.Unlock()
				b.every <- struct{}{}
			}
		})
	}
	go func() { all.Wait(); close(b.over) }()
	return b
}

// after waits for so many acknowledgements.
func (b *bringing) after(n int) {
	for range n {
		select {
		case <-b.every:
		case <-b.over:
			b.t.Fatal("they ended before")
		}
	}
}

// end waits until everything was brought.
func (b *bringing) end() {
	for {
		select {
		case <-b.every:
		case <-b.over:
			return
		}
	}
}

// acknowledged is a copy of what was acknowledged until now.
func (b *bringing) acknowledged() journal.Vector {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := journal.Vector{}
	for w, seq := range b.acked {
		v[w] = seq
	}
	return v
}

func atLeast(t *testing.T, when string, got, want journal.Vector) {
	t.Helper()
	for w, seq := range want {
		if got[w] < seq {
			t.Errorf("%s: commit %d by %s was acknowledged, and %d are there", when, seq, w, got[w])
		}
	}
}

// crew is a workspace whose devices each have many commits, a few of them to a run.
func crew(t *testing.T, devices, runs int) (*exchangetest.Workspace, []*exchangetest.Device) {
	w := exchangetest.Found(t, 9, nil)
	var all []*exchangetest.Device
	for n := range devices {
		d := w.Join(fmt.Sprintf("device %d", n), nil)
		for run := range runs {
			d.Batch(exchangetest.Bodies(journal.RunLength, 200, uint64(n), uint64(run))...)
		}
		all = append(all, d)
	}
	return w, all
}

// PostgreSQL and all its processes are killed, again and again, while devices bring commits. What was acknowledged is there
// when it has started again, the devices notice nothing, and in the end everything is there.
func TestPostgreSQLKilledInTheMiddle(t *testing.T) {
	server := startServer(t)
	w, devices := crew(t, 3, 12)
	s := openPostgres(t, server.URL())
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	b := bring(t, c, devices)
	for round := range 3 {
		b.after(3 + round)
		acked := b.acknowledged()
		must(t, server.Kill())
		must(t, server.Begin(t.Context()))
		// Another relay looks: this one might only remember.
		atLeast(t, fmt.Sprint("killed ", round), exchangetest.VectorOf(t, workspace(t, openPostgres(t, server.URL()), w.ID)), acked)
	}
	b.end()
	for _, d := range devices {
		exchangetest.Carry(t, d.Copy, w.Founder.Copy)
	}
	exchangetest.Same(t, w.Founder.Copy, workspace(t, openPostgres(t, server.URL()), w.ID))
}

// Devices exchange with a relay whose PostgreSQL is killed meanwhile: they come again by themselves and end in step.
func TestDevicesExchangeWhilePostgreSQLIsKilled(t *testing.T) {
	server := startServer(t)
	w, devices := crew(t, 3, 12)
	s := openPostgres(t, server.URL())
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	h := httptest.NewServer(relay.New(relay.Config{Store: s}))
	defer h.Close()
	half := make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	for _, d := range devices {
		all.Go(func() {
			sum, err := exchange.WithRelay(t.Context(), exchange.Options{URL: h.URL, Workspace: w.ID, Signer: d.Signer, Certificate: d.Cert, Progress: func(p exchange.Progress) {
				if p.Sent > 0 {
					once.Do(func() { close(half) })
				}
			}}, d.Copy)
			if err != nil || !sum.Complete {
				t.Errorf("%s: %v after %d commits", d.Name, err, sum.Sent)
			}
		})
	}
	<-half
	must(t, server.Kill())
	must(t, server.Begin(t.Context()))
	all.Wait()
	for _, d := range devices {
		exchangetest.Carry(t, d.Copy, w.Founder.Copy)
	}
	exchangetest.Same(t, w.Founder.Copy, c)
}

// Three servers, of which two have everything that was acknowledged. The one that is written to is killed while commits wait for a
// standby, and never comes back; the one of the others that is further takes its place, and the relay finds it by itself.
func TestAStandbyTakesOverInTheMiddle(t *testing.T) {
	primary := startServer(t, "synchronous_standby_names = 'ANY 1 (*)'")
	servers := []*cluster.Server{primary}
	for _, name := range []string{"one", "two"} {
		standby, err := primary.Standby(t.Context(), name)
		must(t, err)
		stopsWith(t, standby)
		servers = append(servers, standby)
	}
	w, devices := crew(t, 3, 10)
	s := openPostgres(t, cluster.URL(servers...))
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	b := bring(t, c, devices)
	b.after(6)
	one, two := servers[1], servers[2]
	must(t, two.Freeze())
	b.after(2) // one standby is enough
	must(t, one.Freeze())
	for waiting := ""; waiting != "t" && waiting != "true"; {
		select {
		case <-b.every: // was under way
		case <-b.over:
			t.Fatal("everything was acknowledged without a standby")
		default:
		}
		var err error
		waiting, err = primary.Ask(t.Context(), "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
		must(t, err)
	}
	acked := b.acknowledged()
	must(t, primary.Kill())
	must(t, one.Thaw())
	must(t, two.Thaw())
	next, other := one, two
	mine, err := next.Received(t.Context())
	must(t, err)
	others, err := other.Received(t.Context())
	must(t, err)
	if further, err := next.Further(t.Context(), others, mine); err != nil || further {
		t.Fatalf("the standby that was held is further: %s, %s, %v", others, mine, err)
	}
	must(t, next.Promote(t.Context()))
	must(t, other.Follow(next, "other"))
	atLeast(t, "taken over", exchangetest.VectorOf(t, workspace(t, openPostgres(t, cluster.URL(next)), w.ID)), acked)
	b.end()
	for _, d := range devices {
		exchangetest.Carry(t, d.Copy, w.Founder.Copy)
	}
	exchangetest.Same(t, w.Founder.Copy, workspace(t, openPostgres(t, cluster.URL(next)), w.ID))
	// And the last one that is left has all of it too.
	acked = b.acknowledged()
	must(t, next.Kill())
	must(t, other.Promote(t.Context()))
	must(t, other.Set("synchronous_standby_names = ''"))
	must(t, other.Reload())
	atLeast(t, "taken over once more", exchangetest.VectorOf(t, c), acked)
}

// A database that forgets is refused, and so is what is none; no error repeats a password.
func TestPostgreSQLThatIsRefused(t *testing.T) {
	server := startServer(t, "synchronous_commit = off")
	for _, test := range []struct {
		url  string
		want error
	}{
		{server.URL(), relay.ErrForgetful},
		{"postgres://relay:a-password@127.0.0.1:1/amparo", relay.ErrUnreachable},
		{"postgres://relay:a-password@127.0.0.1:no/amparo", relay.ErrAddress},
	} {
		s, err := relay.OpenPostgres(t.Context(), test.url)
		if s != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.url, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "a-password") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
