// Package cluster starts PostgreSQL servers that are thrown away afterwards, for tests and measurements: made with initdb in
// a folder of their own, reached only through a socket in that folder, with fsync on, gone when they are stopped. It needs
// the programs of PostgreSQL on this machine. PostgreSQL refuses to run as root, so for root its own user runs it.
package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Server is one PostgreSQL server. Its methods are for one goroutine.
type Server struct {
	folder   string // holds data, and the socket
	programs string // where PostgreSQL's programs are
	process  *process
}

// owner may do everything; database is the one there is.
const (
	owner    = "amparo"
	database = "postgres"
)

// ErrNoPrograms reports that PostgreSQL is not installed.
var ErrNoPrograms = errors.New("PostgreSQL's programs initdb and postgres are not on this machine; on Debian: apt-get install postgresql")

// Start makes a server in a new folder below dir (empty: the system's temporary folder) and starts it. Settings are lines
// of postgresql.conf. The user that runs PostgreSQL must be able to enter dir.
func Start(ctx context.Context, dir string, settings ...string) (*Server, error) {
	s, err := folderFor(dir)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	err = s.run(ctx, "initdb", "--pgdata", s.data(), "--username", owner, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	if err == nil {
		err = s.Set(append([]string{
			"listen_addresses = ''", "unix_socket_directories = '" + s.folder + "'", "fsync = on", "shared_buffers = 64MB", "max_connections = 60",
			"lc_messages = 'C'", "timezone = 'UTC'", "log_min_messages = log", "max_wal_senders = 8", "hot_standby = on", "wal_retrieve_retry_interval = 100ms",
		}, settings...)...)
	}
	if err == nil {
		err = s.Begin(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, os.RemoveAll(s.folder)))
	}
	return s, nil
}

// folderFor makes the folder of a server, for the user that will run it.
func folderFor(dir string) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(dir, "amparo-pg-*")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, programs: programs}
	if err := own(folder); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

// findPrograms finds the folder of PostgreSQL's programs, the newest if there are several. Debian keeps them out of the path.
func findPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrNoPrograms
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Data is the folder of the server's files.
func (s *Server) Data() string { return s.data() }

// Set adds lines to the server's settings; they count from its next start, or Reload where PostgreSQL allows it.
func (s *Server) Set(lines ...string) error {
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// URL is how to reach the server as who may do everything.
func (s *Server) URL() string { return URL(s) }

// URL is how to reach whichever of the servers may be written to.
func URL(servers ...*Server) string {
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, s.folder)
	}
	values := url.Values{"host": {strings.Join(hosts, ",")}}
	if len(servers) > 1 {
		values.Set("target_session_attrs", "read-write")
	}
	return (&url.URL{Scheme: "postgres", User: url.User(owner), Path: "/" + database, RawQuery: values.Encode()}).String()
}

// Schema makes a schema and says how to reach the server so that tables are made and found in it alone.
func (s *Server) Schema(ctx context.Context, name string) (string, error) {
	if err := s.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", err
	}
	return s.URL() + "&search_path=" + url.QueryEscape(name), nil
}

// Exec runs statements, each by itself.
func (s *Server) Exec(ctx context.Context, statements ...string) error {
	c, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err = c.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, c.Close(ctx))
}

// Ask gives the one value a query is answered with, as text.
func (s *Server) Ask(ctx context.Context, query string) (answer string, err error) {
	c, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return "", err
	}
	err = c.QueryRow(ctx, "SELECT coalesce(("+query+")::text, '')").Scan(&answer)
	return answer, errors.Join(err, c.Close(ctx))
}

// run lets one of PostgreSQL's programs do its work.
func (s *Server) run(ctx context.Context, name string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(s.programs, name), args...)
	c.Dir, c.Env = s.folder, environment()
	as(c)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// environment is ours without what would lead PostgreSQL's programs elsewhere.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(line string) bool { return strings.HasPrefix(line, "PG") || strings.HasPrefix(line, "LC_") })
}

// process is a running server.
type process struct {
	*os.Process
	ready  chan struct{} // closed once it answers
	ended  chan struct{} // closed once it is gone
	mu     sync.Mutex
	said   []string // the last lines of its log
	answer sync.Once
}

// Begin starts the server and returns when it answers questions.
func (s *Server) Begin(ctx context.Context) error {
	p := &process{ready: make(chan struct{}), ended: make(chan struct{})}
	c := exec.Command(filepath.Join(s.programs, "postgres"), "-D", s.data(), "-k", s.folder)
	c.Dir, c.Env = s.folder, environment()
	as(c)
	withUs(c)
	log, err := c.StderrPipe()
	if err != nil {
		return err
	}
	started := make(chan error)
	go func() {
		// Where the system ends a server with us, it counts as us the thread that started it, which must therefore stay.
		runtime.LockOSThread()
		err := c.Start()
		started <- err
		if err != nil {
			return
		}
		p.listen(bufio.NewScanner(log))
		c.Wait() // how it ended is in its log
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	p.Process, s.process = c.Process, p
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("postgres ended: %s", p.last())
	case <-ctx.Done():
		return errors.Join(ctx.Err(), s.end(syscall.SIGQUIT), errors.New(p.last()))
	}
}

func (p *process) listen(log *bufio.Scanner) {
	const kept = 40
	for log.Scan() {
		p.mu.Lock()
		if p.said = append(p.said, log.Text()); len(p.said) > kept {
			p.said = slices.Clone(p.said[len(p.said)-kept/2:])
		}
		p.mu.Unlock()
		if strings.Contains(log.Text(), "is ready to accept") {
			p.answer.Do(func() { close(p.ready) })
		}
	}
}

func (p *process) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.said, "\n")
}

// Log is the end of what the server wrote to its log.
func (s *Server) Log() string {
	if s.process == nil {
		return ""
	}
	return s.process.last()
}

// Reload lets the server read its settings again.
func (s *Server) Reload() error { return s.process.Signal(syscall.SIGHUP) }

// end signals the server and waits until it is gone.
func (s *Server) end(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	err := p.Signal(signal)
	<-p.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Halt ends the server in order, without waiting for who is connected. Begin starts it again.
func (s *Server) Halt() error { return s.end(syscall.SIGINT) }

// Stop ends the server at once and removes its folder.
func (s *Server) Stop() error { return errors.Join(s.end(syscall.SIGQUIT), os.RemoveAll(s.folder)) }
