package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Kill ends the server and all its processes with SIGKILL, in the middle of whatever they do. Begin starts it again, from
// what is on its disk.
func (s *Server) Kill() error {
	if s.process == nil {
		return nil
	}
	// The first process is held, so that it starts no other and cleans up after none.
	if err := s.all(syscall.SIGSTOP, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	return s.end(syscall.SIGKILL)
}

// Freeze holds the server and all its processes where they are: who is connected waits. Thaw lets them go on.
func (s *Server) Freeze() error { return s.all(syscall.SIGSTOP, syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (s *Server) Thaw() error { return s.all(syscall.SIGCONT, syscall.SIGCONT) }

// all signals the server's first process, and then those that it started.
func (s *Server) all(first, others syscall.Signal) error {
	if err := s.process.Signal(first); err != nil {
		return err
	}
	children, err := childrenOf(s.process.Pid)
	for _, child := range children {
		if failed := syscall.Kill(child, others); failed != nil && !errors.Is(failed, syscall.ESRCH) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// childrenOf lists the processes that a process started and that run still.
func childrenOf(id int) (children []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// pid (name, which may hold anything) state parent …
		after := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		if len(after) > 1 && after[1] == strconv.Itoa(id) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				return nil, err
			}
			children = append(children, child)
		}
	}
	return children, nil
}
