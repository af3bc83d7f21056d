package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/cluster"
)

// What each of a crowd brings, and what it finds at the relay.
const (
	crowdBrings = 20
	crowdFinds  = 3000
)

// crowd lets Options.N nodes begin their first exchange at the same moment, with one relay on PostgreSQL, as after a day without
// network or on the first day of a mission. Each brings a certificate and a few commits, and takes everything. The nodes only
// note what they hold, so that the machine is the relay's as far as possible. What the crowd needs stands beside what one node
// alone needs, as often.
func crowd(ctx context.Context, o Options, r *Report) (err error) {
	o.tell("crowd: %d nodes and %d commits are made", o.N, crowdFinds)
	f, founding, err := newFleet(o.N+2, 2)
	if err != nil {
		return err
	}
	first, err := f.writers[0].visits(crowdFinds)
	if err != nil {
		return err
	}
	server, err := cluster.Start(ctx, "", "max_wal_size = 4GB")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	url, err := server.Schema(ctx, "crowd")
	if err != nil {
		return err
	}
	if err := fill(ctx, url, append([]journal.Run{founding}, first...)); err != nil {
		return err
	}
	h, err := startOn(ctx, o.Program, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()

	guests := make([]*guest, 0, len(f.writers)-1)
	for _, w := range f.writers[1:] {
		v, err := newGuest(w)
		if err != nil {
			return err
		}
		guests = append(guests, v)
	}
	alone := guests[0]
	if err := alone.exchange(ctx, h.url); err != nil {
		return err
	}
	_, before, _ := h.resident()
	o.tell("crowd: one alone takes %.2f s; now all at once", alone.took.Seconds())
	crowd := guests[1:]
	var all sync.WaitGroup
	failed := make([]error, len(crowd))
	seconds, err := spent(func() error {
		for i, v := range crowd {
			all.Go(func() { failed[i] = v.exchange(ctx, h.url) })
		}
		all.Wait()
		return nil
	})
	if err != nil {
		return err
	}
	_, peak, told := h.resident()
	failures := 0
	var took, waited []float64
	bytes := int64(0)
	for i, v := range crowd {
		if failed[i] != nil {
			if failures++; failures < 4 {
				o.tell("crowd: %v", failed[i])
			}
			continue
		}
		took, waited, bytes = append(took, v.took.Seconds()), append(waited, v.longest.Seconds()), bytes+v.bytes
	}
	if err := kept(ctx, url, guests); err != nil {
		return err
	}
	if len(took) == 0 {
		return fmt.Errorf("none of %d nodes ended: %w", len(crowd), failed[0])
	}
	r.alone("nodes that failed", float64(failures), "nodes")
	r.against("all of them, from the start to the last", seconds, "s", "one alone, as many times", alone.took.Seconds()*float64(len(crowd)))
	r.against("the slowest", slices.Max(took), "s", "the middle one", median(took))
	r.against("the quickest", slices.Min(took), "s", "the middle one", median(took))
	r.alone("without anything new, the middle one at its longest", median(waited), "s")
	r.alone("without anything new, at the very longest", slices.Max(waited), "s")
	r.alone("the relay gives and takes", float64(bytes)/seconds/1e6, "MB/s")
	if told {
		r.against("the relay's memory at its most", peak, "MB", "with one node", before)
	}
	return nil
}

// fill puts runs into the store at a URL.
func fill(ctx context.Context, url string, runs []journal.Run) error {
	store, err := relay.OpenPostgres(ctx, url)
	if err != nil {
		return err
	}
	frames := make([][]byte, len(runs))
	for i := range runs {
		frames[i] = runs[i].Encode()
	}
	_, err = takeIn(ctx, store, frames)
	return errors.Join(err, store.Close())
}

// kept makes sure that the store has what everybody brought.
func kept(ctx context.Context, url string, guests []*guest) error {
	store, err := relay.OpenPostgres(ctx, url)
	if err != nil {
		return err
	}
	w, err := store.Workspace(ctx, guests[0].w.f.id)
	if err == nil {
		var held journal.Vector
		held, err = w.Vector(ctx)
		for _, v := range guests {
			if sent := v.sent; held[v.w.id()] < sent {
				err = errors.Join(err, fmt.Errorf("of %d commits of one node the relay acknowledged, %d are there", sent, held[v.w.id()]))
			}
		}
	}
	return errors.Join(err, store.Close())
}

// startOn starts a relay before a database: in a process of its own, or within this one when there is no program.
func startOn(ctx context.Context, program, url string) (*hub, error) {
	if program == "" {
		store, err := relay.OpenPostgres(ctx, url)
		if err != nil {
			return nil, err
		}
		return startWith(ctx, store, time.Now)
	}
	c := exec.CommandContext(ctx, program, "relay", "--addr", "127.0.0.1:0")
	c.Env = append(os.Environ(), "AMPARO_RELAY_STORE="+url, "AMPARO_LANG=en")
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	h := &hub{process: c.Process, stop: func() error {
		if err := c.Process.Kill(); err != nil {
			return err
		}
		c.Wait() // that it was killed is no error
		return nil
	}}
	line, err := bufio.NewReader(out).ReadString('\n')
	for word := range strings.FieldsSeq(line) {
		if at, found := strings.CutPrefix(word, "http://"); found {
			h.url = "http://" + strings.TrimRight(at, ".")
		}
	}
	if err != nil || h.url == "" {
		return nil, errors.Join(fmt.Errorf("the relay says %q: %w", line, err), h.close())
	}
	return h, nil
}

// startWith serves a store within this process.
func startWith(ctx context.Context, store *relay.SQLStore, now func() time.Time) (*hub, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- relay.Serve(ctx, l, relay.New(relay.Config{Store: store, Now: now})) }()
	return &hub{url: "http://" + l.Addr().String(), stop: func() error {
		cancel()
		return errors.Join(<-ended, store.Close())
	}}, nil
}

// resident is what the relay's process holds in memory, now and at its most, in megabytes; false: it is not told.
func (h *hub) resident() (now, peak float64, told bool) {
	if h.process == nil {
		return 0, 0, false
	}
	return resident(h.process.Pid)
}

// guest is a node that notes what it holds and keeps none of it. It belongs to one exchange at a time.
type guest struct {
	w       *writer
	own     []journal.Run
	mu      sync.Mutex
	held    journal.Vector
	missing []journal.Missing
	at      map[journal.PartPlace]int // in missing
	last    time.Time                 // when something new came
	longest time.Duration             // without anything new
	took    time.Duration
	sent    uint64
	bytes   int64
}

func newGuest(w *writer) (*guest, error) {
	begins, err := w.begins()
	if err != nil {
		return nil, err
	}
	visits, err := w.visits(crowdBrings)
	return &guest{w: w, own: append([]journal.Run{begins}, visits...), held: journal.Vector{w.id(): w.last.Seq}, at: map[journal.PartPlace]int{}}, err
}

// exchange is the node's first. What others bring meanwhile it may hear of later.
func (v *guest) exchange(ctx context.Context, url string) error {
	began := time.Now()
	v.last = began
	sum, err := exchange.WithRelay(ctx, exchange.Options{URL: url, Workspace: v.w.f.id, Signer: v.w.sign, Certificate: v.w.cert}, v)
	v.took, v.sent, v.bytes = time.Since(began), sum.Sent, sum.BytesIn+sum.BytesOut
	v.came()
	if err == nil && (len(v.wanted()) > 0 || v.held[v.w.f.writers[0].id()] < crowdFinds) {
		err = fmt.Errorf("a node ended with %d commits received and %d parts missing", sum.Received, len(v.wanted()))
	}
	return err
}

// came notes that something new came.
func (v *guest) came() {
	now := time.Now()
	v.longest, v.last = max(v.longest, now.Sub(v.last)), now
}

func (v *guest) Vector(context.Context) (journal.Vector, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	held := journal.Vector{}
	for w, seq := range v.held {
		held[w] = seq
	}
	return held, nil
}

func (v *guest) Runs(_ context.Context, above journal.Vector, yield func(journal.Run) error) error {
	for _, run := range v.own {
		if run.Last().Seq <= above[v.w.id()] {
			continue
		}
		if err := yield(run); err != nil {
			return err
		}
	}
	return nil
}

func (v *guest) Bare(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return v.Runs(ctx, above, yield)
}

func (v *guest) Parts(context.Context, []journal.PartPlace, func(int, []byte) error) error {
	return nil
}

func (v *guest) Hash(_ context.Context, w journal.WriterID, seq uint64) (hash journal.Hash, held bool, err error) {
	for i := range v.own {
		for j := range v.own[i].Commits {
			if c := &v.own[i].Commits[j]; c.Writer == w && c.Seq == seq {
				return c.Hash, true, nil
			}
		}
	}
	return hash, false, nil
}

// Take believes everybody: what a node checks is measured elsewhere.
func (v *guest) Take(_ context.Context, runs []journal.Run) ([]error, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range runs {
		for j := range runs[i].Commits {
			c := &runs[i].Commits[j]
			if c.Seq != v.held[c.Writer]+1 {
				continue
			}
			v.held[c.Writer] = c.Seq
			for n, p := range c.Header.Parts {
				if place := (journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(n)}); p.Tag != 0 && c.Parts[n] == nil {
					v.at[place] = len(v.missing)
					v.missing = append(v.missing, journal.Missing{N: int64(len(v.missing) + 1), Place: place, Size: p.Size, Digest: p.Digest})
				}
			}
		}
	}
	v.came()
	return make([]error, len(runs)), nil
}

func (v *guest) Supply(_ context.Context, parts []journal.Loose) (taken int, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range parts {
		if n, wanted := v.at[p.Place]; wanted {
			delete(v.at, p.Place)
			v.missing[n].N = 0
			taken++
		}
	}
	v.came()
	return taken, nil
}

func (v *guest) wanted() map[journal.PartPlace]int { return v.at }

// Wanted gives those of the newest commits first: they were noted last.
func (v *guest) Wanted(_ context.Context, after int64, most int) (list []journal.Missing, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range slices.Backward(v.missing) {
		if m.N > after && len(list) < most {
			list = append(list, m)
		}
	}
	return list, nil
}
