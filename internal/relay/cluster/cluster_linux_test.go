package cluster_test

import (
	"testing"

	"amparo/internal/relay/cluster"
)

func start(t *testing.T, settings ...string) *cluster.Server {
	t.Helper()
	s, err := cluster.Start(t.Context(), "", settings...)
	if err != nil {
		t.Fatal(err)
	}
	stops(t, s)
	return s
}

func stops(t *testing.T, s *cluster.Server) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Log())
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func asked(t *testing.T, s *cluster.Server, query, want string) {
	t.Helper()
	got, err := s.Ask(t.Context(), query)
	if err != nil || got != want {
		t.Errorf("%s gives %q, not %q (%v)", query, got, want, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is said to be stored is on the disk, whatever ends the server.
func TestAServerEndsAndBeginsAgain(t *testing.T) {
	s := start(t)
	asked(t, s, "SELECT current_setting('fsync')", "on")
	must(t, s.Exec(t.Context(), "CREATE TABLE kept (n BIGINT)", "INSERT INTO kept VALUES (1)"))
	must(t, s.Kill())
	must(t, s.Begin(t.Context()))
	must(t, s.Exec(t.Context(), "INSERT INTO kept VALUES (2)"))
	must(t, s.Halt())
	if err := s.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a server that was halted answers")
	}
	must(t, s.Set("max_connections = 17"))
	must(t, s.Begin(t.Context()))
	asked(t, s, "SELECT sum(n) FROM kept", "3")
	asked(t, s, "SELECT current_setting('max_connections')", "17")
}

// A standby holds what the primary says is stored, and takes its place.
func TestAStandbyTakesThePrimarysPlace(t *testing.T) {
	primary := start(t, "synchronous_standby_names = 'ANY 1 (*)'")
	var standbys []*cluster.Server
	for _, name := range []string{"one", "two"} {
		s, err := primary.Standby(t.Context(), name)
		must(t, err)
		stops(t, s)
		standbys = append(standbys, s)
	}
	must(t, primary.Exec(t.Context(), "CREATE TABLE kept (n BIGINT)", "INSERT INTO kept VALUES (1)"))
	must(t, primary.Kill())
	next, other := standbys[0], standbys[1]
	a, err := next.Received(t.Context())
	must(t, err)
	b, err := other.Received(t.Context())
	must(t, err)
	if further, err := next.Further(t.Context(), b, a); err != nil || further {
		next, other = other, next
	}
	must(t, next.Promote(t.Context()))
	must(t, other.Follow(next, "other"))
	asked(t, next, "SELECT sum(n) FROM kept", "1")
	// Stored only once the other has it too.
	must(t, next.Exec(t.Context(), "INSERT INTO kept VALUES (2)"))
	must(t, next.Kill())
	must(t, other.Promote(t.Context()))
	must(t, other.Set("synchronous_standby_names = ''"))
	must(t, other.Reload())
	asked(t, other, "SELECT sum(n) FROM kept", "3")
}
