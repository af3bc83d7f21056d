package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What the first-run screens are told.
const (
	workspace  = "Brigada de prueba"
	member     = "MR"
	passphrase = "cuatro palabras faciles juntas"
)

// process is the program running, with everything it has said.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// start runs a command of the program until the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return startAt(t, path, args...)
}

// startAt runs a program until the test ends.
func startAt(t *testing.T, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.Env = append(os.Environ(), "AMPARO_PASSPHRASE="+passphrase)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ended error
	go func() {
		ended = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("stop amparo: %v", err)
		}
		select {
		case <-p.done:
			if exit := new(exec.ExitError); errors.As(ended, &exit) && exit.ExitCode() > 0 {
				t.Errorf("amparo %s ended with status %d\n%s", strings.Join(args, " "), exit.ExitCode(), p.text())
			}
		case <-time.After(patience):
			t.Errorf("amparo %s did not stop when asked\n%s", strings.Join(args, " "), p.text())
			if err := p.cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-p.done
		}
		if t.Failed() {
			t.Logf("amparo %s said:\n%s", strings.Join(args, " "), p.text())
		}
	})
	return p
}

// await waits until the program has said something that matches, and gives the match with its groups.
func (p *process) await(pattern string, wait time.Duration) []string {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(wait); ; {
		if match := expression.FindStringSubmatch(p.text()); match != nil {
			return match
		}
		select {
		case <-p.done:
			p.t.Fatalf("amparo ended before it said %q\n%s", pattern, p.text())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("amparo did not say %q within %s\n%s", pattern, wait, p.text())
		}
	}
}

// site starts a node on an empty folder and gives its address.
func site(t *testing.T, flags ...string) string {
	t.Helper()
	p := start(t, append([]string{"serve", "--addr", "127.0.0.1:0", t.TempDir()}, flags...)...)
	return strings.TrimRight(p.await(`http://(?:localhost|127\.0\.0\.1):\d+`, patience)[0], "/")
}
