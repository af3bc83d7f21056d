package relay

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"amparo/internal/relay/wire"
)

// metrics count what an operator must watch. They name no workspace, no writer and no address: who reads them learns how
// much is done here and nothing of by whom.
type metrics struct {
	asked   *prometheus.CounterVec // by outcome: answered, broken_off, or the code of a refusal
	took    prometheus.Histogram
	bytes   *prometheus.CounterVec // by direction
	commits prometheus.Counter
	aside   *prometheus.CounterVec // by code
	failed  prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		asked: counters("questions_total", "Questions by how they ended: answered, broken_off, or the code of the refusal.", "outcome"),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "amparo_relay", Name: "question_seconds",
			Help: "From the first byte of a question to the last of its answer; slow lines make it long.", Buckets: prometheus.ExponentialBuckets(0.005, 4, 9)}),
		bytes:   counters("bytes_total", "Bytes of questions (in) and answers (out).", "direction"),
		commits: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "amparo_relay", Name: "commits_taken_total", Help: "Commits that were not here before."}),
		aside:   counters("runs_set_aside_total", "Runs that were not taken, by code; full: beyond the quota of their workspace.", "code"),
		failed:  prometheus.NewCounter(prometheus.CounterOpts{Namespace: "amparo_relay", Name: "store_failures_total", Help: "Times the store could not be used."}),
	}
	return m
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "amparo_relay", Name: name, Help: help}, []string{label})
}

func (m *metrics) refused(code string) { m.asked.WithLabelValues(code).Inc() }

// answered counts a question that was not refused.
func (m *metrics) answered(out int64, took time.Duration, err error) {
	outcome := "answered"
	if err != nil {
		outcome = "broken_off"
	}
	m.asked.WithLabelValues(outcome).Inc()
	m.took.Observe(took.Seconds())
	m.bytes.WithLabelValues("out").Add(float64(out))
}

// arrived counts what a question brought, answered or refused.
func (m *metrics) arrived(q *question) {
	m.bytes.WithLabelValues("in").Add(float64(q.frames.Bytes))
	if q.intake == nil {
		return
	}
	m.commits.Add(float64(q.intake.Taken))
	for _, f := range q.intake.Faults {
		m.aside.WithLabelValues(f.Code).Inc()
	}
}

// storeCollector asks the store when it is asked itself.
type storeCollector struct {
	server                           *server
	workspaces, commits, bytes, full *prometheus.Desc
}

func newStoreCollector(s *server) *storeCollector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("amparo_relay_"+name, help, nil, nil)
	}
	return &storeCollector{s, desc("workspaces", "Workspaces of which something is stored."), desc("stored_commits", "Commits of all workspaces."),
		desc("stored_bytes", "Bytes they brought, before what the database adds."), desc("workspaces_full", "Workspaces that brought nine tenths of what they may, or more.")}
}

// Describe is prometheus.Collector's.
func (c *storeCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.workspaces, c.commits, c.bytes, c.full} {
		to <- d
	}
}

// Collect is prometheus.Collector's. A store that does not answer leaves its figures out; the alarm is /readyz.
func (c *storeCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ids, err := c.server.house.ledger.Workspaces(ctx)
	if err != nil {
		return
	}
	var sum Used
	workspaces, full := 0, 0
	for _, id := range ids {
		a, err := c.server.house.account(ctx, id)
		if err != nil {
			return
		}
		if a.used.Commits > 0 {
			workspaces++
		}
		sum.Commits, sum.Bytes = sum.Commits+a.used.Commits, sum.Bytes+a.used.Bytes
		if left, all := c.server.house.room(a, false); !all && (left.Commits < a.used.Commits/9 || left.Bytes < a.used.Bytes/9) {
			full++
		}
	}
	for d, v := range map[*prometheus.Desc]int64{c.workspaces: int64(workspaces), c.commits: sum.Commits, c.bytes: sum.Bytes, c.full: int64(full)} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v))
	}
}

// figures is everything together, to be asked for.
func (s *server) figures() *prometheus.Registry {
	m := s.metrics
	gauge := func(name, help string, of func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "amparo_relay", Name: name, Help: help}, of)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.asked, m.took, m.bytes, m.commits, m.aside, m.failed,
		gauge("answering", "Questions of known writers that are being answered.", func() float64 { n, _, _, _ := s.gate.crowd(); return float64(n) }),
		gauge("answering_strangers", "Questions of writers nobody vouches for yet that are being read.", func() float64 { _, n, _, _ := s.gate.crowd(); return float64(n) }),
		gauge("waiting", "Questions that wait for a place.", func() float64 { _, _, n, _ := s.gate.crowd(); return float64(n) }),
		gauge("arriving", "Questions that have not been given a place yet, those that wait among them.", func() float64 { _, _, _, n := s.gate.crowd(); return float64(n) }),
		gauge("parked_bytes", "Bytes that wait in memory for what comes before them.", func() float64 {
			return float64(s.limits.Waiting - s.spare.Left() + s.limits.Waiting/8 - s.spareOfStrangers.Left())
		}),
		gauge("places", "Questions of known writers that are answered at the same time at most.", func() float64 { return float64(s.limits.AtOnce) }),
		gauge("stopping", "1 once the relay has been told to stop.", func() float64 {
			if s.stopping.Load() {
				return 1
			}
			return 0
		}),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.house.ledger != nil {
		registry.MustRegister(newStoreCollector(s))
	}
	return registry
}

// Admin is for the operator and must not be reachable for others: /metrics in the form of Prometheus, /healthz and /readyz.
func (r *Relay) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.figures(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", r.health)
	mux.HandleFunc("GET /readyz", r.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refusal := wire.Refuse(wire.RefusedNotFound, "here are GET /metrics, /healthz and /readyz")
		answerJSON(w, refusal.Status(), refusal)
	})
	return mux
}
