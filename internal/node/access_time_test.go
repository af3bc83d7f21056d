package node

import (
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// What was opened is written within a minute also when nothing else is asked, once, and nothing is left running when the
// session locks.
func TestWhatWasOpenedIsWrittenByItself(t *testing.T) {
	file := record.Module{Name: "file", Anyone: true, Queries: []record.Query{func() record.Query {
		q := record.NewQuery("file", []record.Compartment{record.Identity}, func(*record.Ask, struct {
			Person string `json:"person"`
		}) (any, error) {
			return "read", nil
		})
		q.About = "person"
		return q
	}()}}
	registry, err := Registry(forest, file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Found(t.TempDir(), registry, Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s, err := n.Unlock(t.Context(), "", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	var due []func()
	s.access.after = func(d time.Duration, do func()) *time.Timer {
		if d != time.Minute {
			t.Errorf("it would be written after %s", d)
		}
		due = append(due, do)
		return time.NewTimer(time.Hour)
	}
	open := func(person byte) {
		t.Helper()
		if _, err := s.Query(t.Context(), lang.ES, "file", map[string][]string{"person": {record.ID{person}.String()}}); err != nil {
			t.Fatal(err)
		}
	}
	written := func() string {
		t.Helper()
		n, err := s.Word(t.Context(), "SELECT count(*) FROM identity.access_identity")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	open(1)
	open(2)
	if len(due) != 1 || written() != "0" {
		t.Fatalf("%d timers, %s written", len(due), written())
	}
	due[0]()
	if got := written(); got != "2" {
		t.Errorf("after a minute %s are written, want 2", got)
	}
	due[0]()
	if got := written(); got != "2" {
		t.Errorf("a second time: %s", got)
	}
	open(3)
	if len(due) != 2 {
		t.Fatalf("the next opening starts no timer: %d", len(due))
	}
	s.locked.Store(true) // nothing can be written for a moment
	if err := s.writeAccess(t.Context()); err == nil {
		t.Error("written without keys")
	}
	s.locked.Store(false)
	s.Lock()
	due[1]() // late: nothing is open any more
	if s, err = n.Unlock(t.Context(), "", []byte(pass)); err != nil {
		t.Fatal(err)
	}
	if got := written(); got != "3" {
		t.Errorf("what could not be written at once was not kept for locking: %s written, want 3", got)
	}
}
