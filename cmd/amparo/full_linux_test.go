package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// little gives a folder on a disk of its own that is soon full, and a way to make room. Where nothing may be mounted, the
// files of the programs started are kept small instead.
func little(t *testing.T) (dir string, more func()) {
	t.Helper()
	at := t.TempDir()
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, "size=3m"); err == nil {
		t.Cleanup(func() {
			if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
		t.Log("a disk of 3 MB")
		return at, func() {
			if err := syscall.Mount("tmpfs", at, "tmpfs", syscall.MS_REMOUNT, "size=200m"); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Log("files of at most 700 kB")
	signal.Ignore(syscall.SIGXFSZ) // the program inherits this
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	set := func(r syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
			t.Error(err)
		}
	}
	set(syscall.Rlimit{Cur: 700_000, Max: before.Max})
	t.Cleanup(func() { set(before) })
	return at, func() { set(before) }
}

// The disk fills up while people work: at some point a sentence says so and what was kept; what was said to be saved is
// there when there is room again, what was refused is not, and work goes on.
func TestAFullDisk(t *testing.T) {
	at, more := little(t)
	dir := filepath.Join(at, "node")
	cheapNode(t, dir)
	p := program(at, phrase, "apply", dir)
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	p.Stderr = &complaint
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() {
		defer in.Close()
		for i := 0; i < 20_000; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := io.WriteString(in, person(fmt.Sprintf("p%d", i))); err != nil {
				return
			}
		}
	}()
	var saved, refused []string
	for scan := bufio.NewScanner(out); scan.Scan(); {
		var r record.Result
		if err := json.Unmarshal(scan.Bytes(), &r); err != nil {
			t.Fatalf("%q: %v", scan.Text(), err)
		}
		if r.OK {
			saved = append(saved, r.ID)
			continue
		}
		if refused = append(refused, r.ID); r.Error.Code != "disk_full" || r.Error.Message != lang.T(lang.EN, "refuse.disk_full") {
			t.Errorf("refused with %+v", r.Error)
			if len(refused) > 3 {
				break
			}
		}
		if len(refused) == 100 {
			close(stop)
		}
	}
	if p.Wait() == nil || p.ProcessState.ExitCode() != exitFailed || strings.Contains(complaint.String(), "goroutine") {
		t.Errorf("it ends with %v\n%s", p.ProcessState, complaint.String())
	}
	t.Logf("%d saved, %d refused; %s", len(saved), len(refused), strings.TrimSpace(complaint.String()))
	if len(saved) < 20 || len(refused) == 0 {
		t.Fatal("the disk was not filled while working")
	}
	more()
	n, s := session(t, dir)
	everybodyIsThere(t, s, saved)
	there := map[string]bool{}
	for _, id := range saved {
		there[id] = true
	}
	for _, id := range refused {
		if _, err := s.Query(t.Context(), lang.ES, "person.show", map[string][]string{"person": {id}}); err == nil && !there[id] {
			t.Errorf("%s was refused and is there", id)
		}
	}
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h.Problems, err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	good(t, person(refused[0])+person("after"), "apply", dir)
}
