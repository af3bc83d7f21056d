package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Limits bound what one client can make the relay spend.
type Limits struct {
	Question int64         // bytes of one question
	Stranger int64         // bytes of a question of a writer nobody vouches for yet
	Answer   int64         // bytes of one answer, give or take one run: the client asks again for more
	AtOnce   int           // questions answered at the same time; others are told to come again
	Idle     time.Duration // without a byte from or to a client before it is given up
}

// DefaultLimits suit a small machine.
var DefaultLimits = Limits{Question: 96 << 20, Stranger: 32 << 20, Answer: 8 << 20, AtOnce: 64, Idle: time.Minute}

// Config of a relay. Store is needed, everything else has a default.
type Config struct {
	Store   Store
	Log     *slog.Logger     // nothing is logged without it
	Now     func() time.Time // time.Now
	Version string           // what /healthz says
	Limits  Limits           // zero fields: DefaultLimits
}

type server struct {
	store    Store
	log      *slog.Logger
	now      func() time.Time
	version  string
	limits   Limits
	told     *told
	asked    *asked
	filled   sync.Map // workspace → when missing parts were last brought since this process began
	at       chan struct{}
	handlers *http.ServeMux
}

// New makes the handler of a relay: wire.Path for exchange, /healthz for whoever watches over it.
func New(c Config) http.Handler {
	s := &server{store: c.Store, log: c.Log, now: c.Now, version: c.Version}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.limits = Limits{
		Question: cmp.Or(c.Limits.Question, DefaultLimits.Question), Stranger: cmp.Or(c.Limits.Stranger, DefaultLimits.Stranger),
		Answer: cmp.Or(c.Limits.Answer, DefaultLimits.Answer), AtOnce: cmp.Or(c.Limits.AtOnce, DefaultLimits.AtOnce), Idle: cmp.Or(c.Limits.Idle, DefaultLimits.Idle),
	}
	s.told, s.asked, s.at = newTold(), newAsked(s.now()), make(chan struct{}, s.limits.AtOnce)
	s.handlers = http.NewServeMux()
	s.handlers.HandleFunc(wire.Method+" "+wire.Path, s.exchange)
	s.handlers.HandleFunc("GET /healthz", s.health)
	s.handlers.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, wire.Refuse(wire.RefusedNotFound, "this relay answers %s %s and GET /healthz", wire.Method, wire.Path))
	})
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.handlers.ServeHTTP(w, r)
}

// Health is what /healthz answers.
type Health struct {
	Status   string `json:"status"` // ok, or failed
	Version  string `json:"version,omitempty"`
	Protocol []int  `json:"protocol"` // versions spoken
	Formats  []int  `json:"formats"`  // of the journal, kept
}

func (s *server) health(w http.ResponseWriter, r *http.Request) {
	h := Health{Status: "ok", Version: s.version, Protocol: []int{wire.Version}, Formats: []int{journal.Version}}
	status := http.StatusOK
	if err := s.store.Ping(r.Context()); err != nil {
		s.log.Error("the store does not answer", "err", err)
		h.Status, status = "failed", http.StatusServiceUnavailable
	}
	answerJSON(w, status, h)
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(raw, '\n')) // a client that went away is nobody's error
}

func (s *server) refuse(w http.ResponseWriter, r *wire.Refusal) {
	r.Time = s.now().UnixMilli()
	if r.Retry > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(r.Retry))
	}
	answerJSON(w, r.Status(), r)
}

// Serve runs the handler on a listener until ctx ends, then lets what is in flight finish for a moment. It returns nil
// after an orderly end.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("relay: %w", err)
	case <-ctx.Done():
	}
	const grace = 10 * time.Second
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // whoever is cut off resumes
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
