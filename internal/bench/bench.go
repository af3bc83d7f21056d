// Package bench measures what the documents claim: each figure beside the physical limit or the peer it is compared with,
// measured in the same run on the same machine. Figures vary with the machine and its load; the ratios vary less, and they
// are what a change must not make worse. `amparo bench` runs it.
package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"amparo/internal/node"
	"amparo/internal/record"
)

// Report is what one benchmark found.
type Report struct {
	Name    string   `json:"name"`
	When    string   `json:"when,omitempty"` // the day, YYYY-MM-DD; older files do not say
	Machine string   `json:"machine"`
	Load    float64  `json:"load"` // one-minute load average when it began; other work makes figures worse
	N       int      `json:"n"`    // how much was measured: commits, persons or rows, as the benchmark says
	Results []Result `json:"results"`
	Tables  []Table  `json:"tables,omitempty"`
}

// Result is one figure. Ratio is Value over what stands in Against, in the sense that Against tells.
type Result struct {
	Measure string  `json:"measure"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Against string  `json:"against,omitempty"`
	Limit   float64 `json:"limit,omitempty"` // what was measured of the peer, in the same unit
	Ratio   float64 `json:"ratio,omitempty"`
}

// Table breaks a figure down.
type Table struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// Options of a run.
type Options struct {
	Registry *record.Registry
	N        int    // size; 0: the benchmark's own
	Dir      string // where folders are made; empty: the system's temporary folder
	Out      string // a file to write, for benchmarks that make one
	// Seed draws the made-up people of "people"; 0: the benchmark's own. Data reads them from a folder instead. Peer is how many of
	// the questions its peer is asked; 0: the benchmark's own number, [NoPeer]: none.
	Seed uint64
	Data string
	Peer int
	// Left, Right and Truth are tables for "linkage" instead of its own, and the column that says who a record is of (or two,
	// parted by a comma, when they have different names); Right may be empty.
	Left, Right, Truth string
	// Couch is the folder in which couch/fetch.sh has put the peer of "link". Empty: it is measured without.
	Couch string
	// Program is this program's file, for what is measured from outside. Empty: that is left out.
	Program string
	// Pages serves the pages of an unlocked session and gives a token for it. Nil: pages are not measured.
	Pages func(*node.Session) (handler http.Handler, token string, close func())
	// Tell says how far it is.
	Tell func(format string, args ...any)

	link *link    // instead of the benchmark's own
	peer []string // a program that behaves as couch/peer.cjs
}

// NoPeer as Options.Peer leaves the peer out.
const NoPeer = -1

func (o Options) tell(format string, args ...any) {
	if o.Tell != nil {
		o.Tell(format, args...)
	}
}

// ErrUnknown reports a name that is no benchmark.
var ErrUnknown = errors.New("no such benchmark")

type benchmark struct {
	name   string
	usual  int // Options.N when none is given
	run    func(ctx context.Context, o Options, r *Report) error
	hidden bool // makes something; not part of "all"
}

// Names lists what `all` runs, in order.
func Names() []string {
	var out []string
	for _, b := range benchmarks {
		if !b.hidden {
			out = append(out, b.name)
		}
	}
	return out
}

// Run runs one benchmark by name.
func Run(ctx context.Context, name string, o Options) (Report, error) {
	i := slices.IndexFunc(benchmarks, func(b benchmark) bool { return b.name == name })
	if i < 0 {
		return Report{}, fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	b := benchmarks[i]
	if o.N <= 0 {
		o.N = b.usual
	}
	dir, err := os.MkdirTemp(o.Dir, "amparo-bench-*")
	if err != nil {
		return Report{}, fmt.Errorf("bench %s: %w", name, err)
	}
	o.Dir = dir
	r := Report{Name: name, When: time.Now().UTC().Format(time.DateOnly), Machine: machine(), Load: load(), N: o.N, Results: []Result{}}
	err = errors.Join(b.run(ctx, o, &r), os.RemoveAll(dir))
	if err != nil {
		return r, fmt.Errorf("bench %s: %w", name, err)
	}
	return r, nil
}

// against adds a figure beside its limit; ratio is value over limit.
func (r *Report) against(measure string, value float64, unit, what string, limit float64) {
	res := Result{Measure: measure, Value: round(value), Unit: unit, Against: what, Limit: round(limit)}
	if limit != 0 {
		res.Ratio = round(value / limit)
	}
	r.Results = append(r.Results, res)
}

// alone adds a figure that has no peer.
func (r *Report) alone(measure string, value float64, unit string) {
	r.Results = append(r.Results, Result{Measure: measure, Value: round(value), Unit: unit})
}

// round keeps four significant digits: more would be noise.
func round(v float64) float64 {
	var out float64
	if _, err := fmt.Sscan(fmt.Sprintf("%.4g", v), &out); err != nil {
		return v
	}
	return out
}

func median(list []float64) float64 { return quantile(list, 0.5) }

// quantile sorts the list and gives the value below which that part of it lies.
func quantile(list []float64, part float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(int(part*float64(len(list))), len(list)-1)]
}

// spent times a function in seconds.
func spent(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}

// machine says what was measured on.
func machine() string {
	cpu := "unknown processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d × %s, %s/%s, %s", runtime.NumCPU(), cpu, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func load() float64 {
	var one float64
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		if _, err := fmt.Fscan(bytes.NewReader(raw), &one); err != nil {
			return 0
		}
	}
	return one
}
