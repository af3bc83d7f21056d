package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Standby makes a copy of a running server that follows it, and starts it. With synchronous_standby_names = 'ANY 1 (*)'
// among the server's settings, whatever the server says is stored is on one of its standbys too.
func (s *Server) Standby(ctx context.Context, name string) (*Server, error) {
	at, err := folderFor(parent(s.folder))
	if err != nil {
		return nil, fmt.Errorf("start a standby: %w", err)
	}
	err = s.run(ctx, "pg_basebackup", "--pgdata", at.data(), "--host", s.folder, "--username", owner, "--checkpoint", "fast", "--no-sync", "--wal-method", "stream")
	if err == nil {
		err = os.WriteFile(at.data()+"/standby.signal", nil, 0o600)
	}
	if err == nil {
		err = at.Set("unix_socket_directories = '"+at.folder+"'", follows(s, name))
	}
	if err == nil {
		err = at.Begin(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start a standby: %w", errors.Join(err, os.RemoveAll(at.folder)))
	}
	return at, nil
}

func follows(s *Server, name string) string {
	return fmt.Sprintf("primary_conninfo = 'host=%s user=%s application_name=%s'", s.folder, owner, name)
}

func parent(folder string) string { return folder[:strings.LastIndexByte(folder, os.PathSeparator)] }

// Follow lets a standby follow another server from now on.
func (s *Server) Follow(other *Server, name string) error {
	return errors.Join(s.Set(follows(other, name)), s.Reload())
}

// Promote makes a standby one that is written to.
func (s *Server) Promote(ctx context.Context) error {
	return s.Exec(ctx, "SELECT pg_promote(true, 60)")
}

// Received is up to where a standby has on its disk what its primary wrote; Further compares.
func (s *Server) Received(ctx context.Context) (string, error) {
	return s.Ask(ctx, "SELECT pg_last_wal_receive_lsn()")
}

// Further reports whether a position, as Received gives it, is beyond another.
func (s *Server) Further(ctx context.Context, a, b string) (bool, error) {
	answer, err := s.Ask(ctx, "SELECT '"+a+"'::pg_lsn > '"+b+"'::pg_lsn")
	return answer == "true", err
}
