package relay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Limits bound what one client can make the relay spend.
type Limits struct {
	Question    int64         // bytes of one question
	Stranger    int64         // bytes of a question of a writer nobody vouches for yet
	Answer      int64         // bytes of one answer, give or take one run: the client asks again for more
	AtOnce      int           // questions of known writers answered at the same time; strangers have places of their own
	Wait        time.Duration // that a question waits for a place before it is told to come again
	Turn        time.Duration // after which an answer ends when others wait: the client asks again for more
	Idle        time.Duration // without a byte from or to a client before it is given up
	Waiting     int64         // bytes of what waits in memory for what comes before it, of all questions together; strangers have an eighth more
	Connections int           // open at the same time; the one longest idle gives way to a new one
}

// DefaultLimits suit a small machine.
var DefaultLimits = Limits{Question: 96 << 20, Stranger: 32 << 20, Answer: 8 << 20, AtOnce: 64, Wait: 20 * time.Second, Turn: 10 * time.Second,
	Idle: time.Minute, Waiting: 256 << 20, Connections: 2048}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{Question: cmp.Or(l.Question, d.Question), Stranger: cmp.Or(l.Stranger, d.Stranger), Answer: cmp.Or(l.Answer, d.Answer), AtOnce: cmp.Or(l.AtOnce, d.AtOnce),
		Wait: cmp.Or(l.Wait, d.Wait), Turn: cmp.Or(l.Turn, d.Turn), Idle: cmp.Or(l.Idle, d.Idle), Waiting: cmp.Or(l.Waiting, d.Waiting), Connections: cmp.Or(l.Connections, d.Connections)}
}

// Config of a relay. Store is needed, everything else has a default.
type Config struct {
	Store    Store
	Log      *slog.Logger     // nothing is logged without it
	Now      func() time.Time // time.Now
	Version  string           // what /healthz says
	Limits   Limits           // zero fields: DefaultLimits
	Rates    Rates            // how often may be asked; zero fields: as often as they like
	Quota    Quota            // of each workspace whose operator gave it no other; zero fields: none
	Founding Founding         // which workspaces may be brought here for the first time; Open without it
	Ending   Ending           // how it stops
	Proxies  []netip.Prefix   // whose word on a client's address counts; the machine's own is always believed
}

type server struct {
	store                   Store
	log                     *slog.Logger
	now                     func() time.Time
	version                 string
	limits                  Limits
	told                    *told
	spare, spareOfStrangers *wire.Spare
	asked                   *asked
	gate                    *gate
	house                   *house
	metrics                 *metrics
	filled                  sync.Map // workspace → when missing parts were last brought since this process began
	ending                  Ending
	stopping                atomic.Bool
	handlers                *http.ServeMux
}

// Relay answers wire.Path for exchange, and /healthz and /readyz for whoever watches over it. Admin is for the operator.
type Relay struct{ server }

// New makes a relay.
func New(c Config) *Relay {
	s := &Relay{server{store: c.Store, log: c.Log, now: c.Now, version: c.Version, limits: c.Limits.orDefault(), ending: c.Ending}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.told, s.asked = newTold(), newAsked(s.now())
	s.gate = newGate(s.limits, c.Rates, c.Proxies, s.now)
	s.spare, s.spareOfStrangers = wire.NewSpare(s.limits.Waiting), wire.NewSpare(s.limits.Waiting/8)
	s.house = newHouse(c.Store, c.Quota, c.Founding, s.now)
	s.metrics = newMetrics()
	s.handlers = http.NewServeMux()
	s.handlers.HandleFunc(wire.Method+" "+wire.Path, s.exchange)
	s.handlers.HandleFunc(wire.Method+" "+wire.ChunksPath, s.files)
	s.handlers.HandleFunc("GET /healthz", s.health)
	s.handlers.HandleFunc("GET /readyz", s.ready)
	s.handlers.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, wire.Refuse(wire.RefusedNotFound, "this relay answers %s %s and GET /healthz", wire.Method, wire.Path))
	})
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if s.stopping.Load() {
		w.Header().Set("Connection", "close") // the next question goes to whoever is ready
	}
	s.handlers.ServeHTTP(w, r)
}

// Health is what /healthz and /readyz answer.
type Health struct {
	Status   string `json:"status"` // ok, failed, or stopping
	Version  string `json:"version,omitempty"`
	Protocol []int  `json:"protocol"` // versions spoken
	Formats  []int  `json:"formats"`  // of the journal, kept
}

// health says that the process lives and its store answers.
func (s *server) health(w http.ResponseWriter, r *http.Request) { s.sayHealth(w, r, false) }

// ready says whether new clients should come here. It turns to no before the relay stops.
func (s *server) ready(w http.ResponseWriter, r *http.Request) { s.sayHealth(w, r, s.stopping.Load()) }

func (s *server) sayHealth(w http.ResponseWriter, r *http.Request, leaving bool) {
	h := Health{Status: "ok", Version: s.version, Protocol: []int{wire.Version}, Formats: []int{journal.Version}}
	status := http.StatusOK
	if err := s.store.Ping(r.Context()); err != nil {
		s.log.Error("the store does not answer", "err", err)
		h.Status, status = "failed", http.StatusServiceUnavailable
	} else if leaving {
		h.Status, status = "stopping", http.StatusServiceUnavailable
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
	s.metrics.refused(r.Code)
	r.Time = s.now().UnixMilli()
	if r.Retry > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(r.Retry))
	}
	answerJSON(w, r.Status(), r)
}
