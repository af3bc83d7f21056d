package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/relay/relaytest"
)

// The test binary is the program too: tests that need a process of its own, to kill it, start it with this variable.
const asProgram = "AMPARO_TEST_AS_PROGRAM"

// others are what else the test binary can be, by the variable that says so.
var others = map[string]func(){}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		start(quick.Cost)
		return
	}
	for name, be := range others {
		if os.Getenv(name) != "" {
			be()
			return
		}
	}
	os.Exit(relaytest.Main(m))
}

const phrase = "cuatro palabras nada juntas"

// program is the program in a process of its own.
func program(dir, pass string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.Command(self, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), asProgram+"=1", "AMPARO_PASSPHRASE="+pass, "AMPARO_LANG=en")
	return c
}

// run runs one command in this process and gives what it wrote.
func run(t testing.TB, in string, args ...string) (code int, out, complaint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := map[string]string{"AMPARO_PASSPHRASE": phrase, "AMPARO_LANG": "en"}
	code = Main(t.Context(), Env{Args: args, Stdin: strings.NewReader(in), Stdout: &stdout, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, Cost: quick.Cost})
	return code, stdout.String(), stderr.String()
}

// good runs a command that must be done.
func good(t testing.TB, in string, args ...string) string {
	t.Helper()
	code, out, complaint := run(t, in, args...)
	if code != exitDone {
		t.Fatalf("%q ends with %d\n%s%s", args, code, out, complaint)
	}
	return out
}

// begin founds a workspace in a new folder.
func begin(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "node")
	good(t, "", "init", dir, "--workspace", "Prueba", "--member", "Ana")
	return dir
}

func TestWhatIsServedOrRelayedMustHaveAFreeAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := begin(t)
	for _, args := range [][]string{{"serve", dir, "--addr", l.Addr().String()}, {"relay", "--store", "sqlite:" + filepath.Join(t.TempDir(), "r.db"), "--addr", l.Addr().String()}} {
		code, _, complaint := run(t, "", args...)
		if code != exitFailed || !strings.Contains(complaint, l.Addr().String()) || strings.Count(complaint, "\n") != 1 {
			t.Errorf("%q: %d, %q", args, code, complaint)
		}
	}
	if code, _, complaint := run(t, "", "serve", dir, "--addr", "0.0.0.0:0"); code != exitFailed || strings.Count(complaint, "\n") != 1 {
		t.Errorf("serving to the whole network: %d, %q", code, complaint)
	}
}
