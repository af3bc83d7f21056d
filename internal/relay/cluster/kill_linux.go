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
	id := s.process.Pid
	// The first process is held, so that it starts no other and cleans up after none.
	if err := syscall.Kill(id, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	children, err := childrenOf(id)
	if err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	for _, child := range children {
		if err := syscall.Kill(child, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill PostgreSQL: %w", err)
		}
	}
	return s.end(syscall.SIGKILL)
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
