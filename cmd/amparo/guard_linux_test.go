package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What a running program holds in memory must not end in a file: no core dump, and a umask that shuts others out.
func TestTheRunningProgramKeepsItsMemoryToItself(t *testing.T) {
	dir := t.TempDir()
	command := program(dir, phrase, "serve", "--addr", "127.0.0.1:0", filepath.Join(dir, "casa"))
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer command.Process.Kill()
	said, err := bufio.NewReader(out).ReadString('\n') // it serves
	if err != nil {
		t.Fatal(err)
	}
	if told := regexp.MustCompile(`(?i)amparo|migra|refug|asyl|shelter|border|medic|clinic`).FindString(said); told != "" {
		t.Errorf("the terminal says %q: whoever sees it knows what runs here", told)
	}
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(command.Process.Pid), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if limits := read("limits"); !regexp.MustCompile(`Max core file size\s+0\s+0\s`).MatchString(limits) {
		t.Errorf("a core dump may be written:\n%s", limits)
	}
	if status := read("status"); !strings.Contains(status, "Umask:\t0077\n") {
		t.Errorf("others may read its files:\n%s", status)
	}
}

// Whether a process may be looked into shows from outside only to who is not root, so it is asked here, in this one.
func TestTheGuardShutsTheMemory(t *testing.T) {
	before := unix.Umask(0o022)
	t.Cleanup(func() {
		unix.Umask(before)
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
			t.Error(err)
		}
	})
	if err := guard(); err != nil {
		t.Fatal(err)
	}
	if can, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || can != 0 {
		t.Errorf("the memory may be dumped: %d, %v", can, err)
	}
	if got := unix.Umask(0o022); got != 0o077 {
		t.Errorf("umask %o", got)
	}
}
