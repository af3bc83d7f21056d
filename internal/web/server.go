package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Config is what a server of pages needs. Only House is required.
type Config struct {
	House House
	// Tab is the neutral word in the browser's tab and in the bar; it must not say what the organisation does.
	// Empty: the catalogue's "Cuaderno" in the reader's language.
	Tab string
	// Hosts are further names or addresses of this machine, lower-case, without port, under which it may be asked.
	// localhost and loopback addresses always may.
	Hosts []string
	// Idle is how long nobody may touch a page before all pages of the session are covered: they show nothing until the
	// member has given the passphrase, or a passkey, again. Zero: 2 minutes. The board refreshes itself without counting as
	// touched.
	Idle time.Duration
	// Shut is how long nobody may touch a page before the desk locks: its keys are forgotten. Zero: 15 minutes. Not less
	// than Idle.
	Shut time.Duration
	// Version is shown on the page about the program and in the API's document. Empty: not shown.
	Version string
	// Now is the clock that pages and forms go by; nil: time.Now.
	Now func() time.Time
	// Log gets faults, never anything a person typed. nil: nothing is written.
	Log *slog.Logger
}

// Server answers with pages, forms and the HTTP API. Close it to lock every desk.
type Server struct {
	config   Config
	sessions *sessions
	handler  http.Handler
	unlocks  unlocks
}

// New builds the handler. It panics when a template is not sound: they are built in, and a test renders them all.
func New(c Config) *Server {
	if c.Idle <= 0 {
		c.Idle = 2 * time.Minute
	}
	if c.Shut <= 0 {
		c.Shut = 15 * time.Minute
	}
	c.Shut = max(c.Shut, c.Idle)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	s := &Server{config: c, sessions: newSessions(c.Idle, c.Shut)}
	s.handler = s.build()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close locks every open desk and forgets every draft.
func (s *Server) Close() { s.sessions.close() }

// Adopt opens a session for a desk that is unlocked already and gives its token: for the demonstration, which made the
// passphrases itself, and for tests.
func (s *Server) Adopt(d Desk) string {
	token, _ := s.sessions.begin(d)
	return token
}

// largest is the most bytes of a form; the API takes more, see api.go.
const largest = 1 << 20

func (s *Server) build() http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+route.Pattern, s.handle(route))
	}
	mux.Handle("/", s.handle(Route{Need: Anyone, page: notFound}))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(s.handle(Route{Need: Anyone, page: func(c *call) error { return errForeign }}))
	return s.guard(cross.Handler(mux))
}

func (s *Server) handle(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, w: w, r: r, route: route}
		r.Body = http.MaxBytesReader(w, r.Body, route.most())
		defer func() {
			if fault := recover(); fault == http.ErrAbortHandler { // a file that broke off: only a broken connection says so
				panic(fault)
			} else if fault != nil {
				s.config.Log.Error("a page failed", "pattern", route.Pattern, "fault", fault)
				c.fail(errFault)
			}
		}()
		c.lang = c.readersLang()
		if err := c.admit(); err != nil {
			c.fail(err)
			return
		}
		if c.w == nil { // admit has answered
			return
		}
		if err := route.page(c); err != nil {
			c.fail(err)
		}
	})
}

// unlocks slows down guessing: after a few wrong passphrases for a member, the next one has to wait. Passphrases are
// also expensive to try in themselves; this keeps the machine usable meanwhile.
type unlocks struct {
	mu    sync.Mutex
	wrong map[string]int
	until map[string]time.Time
	busy  sync.Mutex // one at a time: each costs memory on purpose
}

const (
	freeTries = 5
	waitAfter = 30 * time.Second
)

// wait says how long a member must wait before the next try.
func (u *unlocks) wait(member string, now time.Time) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	return max(0, u.until[member].Sub(now))
}

func (u *unlocks) note(member string, right bool, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.wrong == nil {
		u.wrong, u.until = map[string]int{}, map[string]time.Time{}
	}
	if right {
		delete(u.wrong, member)
		delete(u.until, member)
		return
	}
	if u.wrong[member]++; u.wrong[member] >= freeTries {
		u.until[member] = now.Add(waitAfter)
	}
}

// unlock tries a passphrase for one of the members of this house.
func (s *Server) unlock(ctx context.Context, m Member, passphrase string) (Desk, error) {
	return s.trying(ctx, m.ID.String(), func() (Desk, error) { return s.config.House.Unlock(ctx, m.ID, passphrase) })
}

// trying does what needs a member's passphrase, and counts the wrong ones.
func (s *Server) trying(ctx context.Context, member string, do func() (Desk, error)) (Desk, error) {
	s.unlocks.busy.Lock() // before the count is read: guesses side by side must not all come in under it
	defer s.unlocks.busy.Unlock()
	if left := s.unlocks.wait(member, time.Now()); left > 0 {
		return nil, waitError{left}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d, err := do()
	if err == nil || errors.Is(err, ErrPassphrase) {
		s.unlocks.note(member, err == nil, time.Now())
	}
	return d, err
}

type waitError struct{ left time.Duration }

func (e waitError) Error() string { return "web: too many wrong passphrases; wait " + e.left.String() }
