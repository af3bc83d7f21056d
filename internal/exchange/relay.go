package exchange

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Options of an exchange with a relay. The first five are needed.
type Options struct {
	URL         string // of the relay, with whatever path a proxy wants before wire.Path
	Workspace   journal.WorkspaceID
	Signer      seal.Signer         // the writer's
	Certificate journal.Certificate // the writer's, for a relay that has not met it
	Memory      Memory              // of the last exchange with this relay

	TLS      *tls.Config // for a relay with a key of its own
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Progress func(Progress)   // called often, from this goroutine
	Now      func() time.Time // this machine's clock; time.Now
	Idle     time.Duration    // without a byte before a connection is given up; a minute
	Attempts int              // in a row without anything new arriving; 4
	Patience time.Duration    // with a relay that says when there is room again; five minutes in a row

	Narrow      bool // this copy wants few of the sealed parts: commits come without
	CommitsOnly bool // sealed parts that are missing are not asked for now

	First []journal.Missing // asked for before anything else: somebody waits for them
}

// Limits of one question. The first is small: it may turn out that the relay does not take it.
const (
	firstBytes = 192 << 10
	roundBytes = 4 << 20
)

// maxIdle is how many questions in a row may bring nothing: a first contact takes four.
const maxIdle = 8

// maxBacks is how often a relay may take back, within one exchange, what it said it holds. It does so when it hears of a
// revocation; one that gives old answers again does so without end, and what was sent would be sent for ever.
const maxBacks = 4

// longestWait is how long a relay may ask us to stay away at a time.
const longestWait = 5 * time.Minute

type session struct {
	o                 Options
	copy              Copy
	client            *http.Client
	meter             meter
	sum               Summary
	known             journal.Vector // what the relay holds
	told              bool           // known is what the relay said, so it can be referred to
	unsure            bool           // the relay may hold more than known: ask before sending
	whole             bool           // the relay wants the vector whole
	stranger          bool           // the certificate goes along
	blind             bool           // the relay says nothing before it knows us: known is what was sent
	budget            int64
	offset            time.Duration // to the relay's clock, when ours is too far off
	asking            bool          // this round sends nothing: it asks what the relay holds
	offered           uint64        // commits sent while blind, without receipt
	skip              map[journal.WriterID]bool
	later             map[journal.WriterID]bool // skipped as revoked or waiting: what is sent after may vouch for them
	noted             uint64                    // what was sent when the last of them was skipped
	retried           bool                      // they were offered once more
	backs             int                       // how often the relay held less than it had said
	loose             loose
	retelling, retold bool     // the own chain is to be offered from its beginning, or was
	own               []*Fault // what our own copy can no longer read
	intake            *wire.Intake
	witness           *witness
}

// WithRelay brings a copy and a relay in step. The Summary says how far it got, also with an error, and what the next
// exchange should be given; errors are ErrUnreachable, ErrInterrupted, ErrNotAdmitted, ErrProtocol, a *Refusal, the
// context's, or the copy's own. Questions are repeated after a broken connection: asking twice changes nothing.
func WithRelay(ctx context.Context, o Options, c Copy) (Summary, error) {
	o.Idle, o.Attempts, o.Patience = cmp.Or(o.Idle, time.Minute), cmp.Or(o.Attempts, 4), cmp.Or(o.Patience, longestWait)
	if o.Now == nil {
		o.Now = time.Now
	}
	x := &session{o: o, copy: c, known: maps.Clone(o.Memory.Known), unsure: o.Memory.Unsure, budget: firstBytes, skip: map[journal.WriterID]bool{}, witness: newWitness(c, o.Memory.Expect)}
	x.told = len(x.known) > 0
	x.stranger = x.known[x.writer()] == 0
	x.unsure = x.unsure || !x.told
	if x.known == nil {
		x.known = journal.Vector{}
	}
	if o.Memory.Skew.Abs() > wire.MaxClockDifference {
		x.offset = -o.Memory.Skew
	}
	x.client = newClient(o.Dial, o.TLS, &x.meter, o.Idle)
	defer x.client.CloseIdleConnections()
	err := x.run(ctx)
	if finish := x.finish(context.WithoutCancel(ctx), err == nil); err == nil {
		err = finish
	}
	return x.sum, err
}

func (x *session) run(ctx context.Context) (err error) {
	if x.intake, err = wire.NewIntake(ctx, x.copy); err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	x.intake.Arrived = x.witness.arrived
	if err := x.witness.lookBack(ctx); err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	if err := x.beginLoose(ctx); err != nil {
		return err
	}
	corrected, idle, waited := 0, 0, time.Duration(0)
	for failures := 0; ; {
		before := x.moved()
		again, err := x.round(ctx)
		if idle++; x.moved() > before {
			failures, idle, waited = 0, 0, 0
		}
		if again && idle > maxIdle {
			return fmt.Errorf("%w: it asks again and again for nothing", ErrProtocol)
		}
		x.progress()
		var wait time.Duration
		var refusal *Refusal
		switch {
		case err == nil && !again:
			return nil
		case err == nil:
			continue
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
		case errors.As(err, &refusal):
			var retry bool
			if retry, err = x.answerRefusal(refusal, &corrected); err != nil {
				return err
			}
			if !retry && idle <= maxIdle {
				continue
			}
			wait = refusal.RetryAfter()
			err = refusal
		case !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrUnreachable):
			return err
		}
		if wait = min(wait, longestWait); wait > 0 && waited+wait <= x.o.Patience {
			waited += wait // it says when: coming then is no failure
			idle--
		} else if failures++; failures >= x.o.Attempts {
			return err
		}
		// Not all at the same moment: others were sent away together with us.
		wait = max(wait, 500*time.Millisecond<<min(failures, 8))
		if err := pause(ctx, wait+rand.N(wait/4)); err != nil {
			return fmt.Errorf("%w: %w", ErrInterrupted, err)
		}
	}
}

// moved counts whatever shows that asking again is worth it.
func (x *session) moved() uint64 {
	return x.sum.Received + x.sum.Sent + x.offered + x.loose.taken + x.loose.brings + uint64(len(x.loose.vain))
}

func (x *session) writer() journal.WriterID { return journal.WriterOf(x.o.Signer.Public()) }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// answerRefusal changes what the next question says, or gives up with the error. retry: the same question after a while.
func (x *session) answerRefusal(r *Refusal, corrected *int) (retry bool, err error) {
	switch r.Code {
	case wire.RefusedClock:
		if *corrected++; *corrected > 3 || r.Time == 0 {
			return false, r
		}
		x.offset = -x.readClock(r.Time)
		return false, nil
	case wire.RefusedWorkspace, wire.RefusedWriter:
		switch {
		case !x.stranger:
			// It knew us once: its store was lost or replaced by an old one.
			x.sum.WentBack = true
			x.stranger, x.told, x.unsure = true, false, true
			x.known = journal.Vector{}
			return false, nil
		case !x.blind:
			x.blind, x.told, x.unsure = true, false, false
			x.known = journal.Vector{}
			return false, nil
		case x.sum.ToSend > 0:
			return false, nil // the rest may vouch for us
		}
		return false, fmt.Errorf("%w: %w", ErrNotAdmitted, r)
	case wire.RefusedBusy, wire.RefusedFailed, wire.RefusedCut, wire.RefusedReplay:
		x.unsure = !x.blind
		return true, nil
	}
	return false, r
}

func (x *session) progress() {
	x.sum.BytesOut, x.sum.BytesIn = x.meter.out.Load(), x.meter.in.Load()
	if x.o.Progress != nil {
		x.o.Progress(Progress{Sent: x.sum.Sent, ToSend: x.sum.ToSend, Received: x.sum.Received, ToCome: x.sum.ToCome, Parts: x.sum.Parts, BytesOut: x.sum.BytesOut, BytesIn: x.sum.BytesIn})
	}
}

func (x *session) readClock(relay int64) (skew time.Duration) {
	x.sum.RelayTime = time.UnixMilli(relay).UTC()
	skew = x.o.Now().Sub(x.sum.RelayTime)
	x.sum.Skew = skew.Round(time.Second)
	return skew
}

// finish fills in what only the end can tell.
func (x *session) finish(ctx context.Context, ended bool) error {
	x.progress()
	if x.intake != nil {
		x.sum.Received = x.intake.Taken
		x.sum.Parked = len(x.intake.Parked()) + x.intake.Forgotten()
		held, err := x.copy.Vector(ctx)
		if err != nil {
			return fmt.Errorf("exchange: %w", err)
		}
		if err := x.witness.compare(ctx, held); err != nil {
			return fmt.Errorf("exchange: %w", err)
		}
		x.sum.Faults = slices.Concat(x.intake.Faults, x.witness.faults, x.own, x.loose.wrong)
		if ended {
			if err := x.witness.excuse(func(e Expected) (bool, error) { return x.needless(ctx, e) }); err != nil {
				return fmt.Errorf("exchange: %w", err)
			}
			excused := x.excused()
			for w := range x.known {
				if beyond, err := x.beyond(ctx, w, held[w]+1); err != nil {
					return fmt.Errorf("exchange: %w", err)
				} else if beyond {
					excused[w] = true
				}
			}
			x.sum.Hidden = x.witness.hidden(held, x.known, excused)
			for w, seq := range held { // what the relay gave back, or will not take
				if beyond, err := x.beyond(ctx, w, x.known[w]+1); err != nil {
					return fmt.Errorf("exchange: %w", err)
				} else if beyond && seq > x.known[w] && !slices.ContainsFunc(x.sum.Refused, func(r Refused) bool { return r.Writer == w }) {
					x.refuse(Refused{w, x.known[w] + 1, wire.FaultRevoked})
				}
			}
			x.sum.Complete = x.complete(held)
		}
	}
	m := Memory{Known: x.known, Unsure: x.unsure, Skew: x.sum.Skew, Expect: x.witness.open}
	if !x.told { // nothing the relay said
		m.Known, m.Unsure = x.o.Memory.Known, true
		if x.sum.WentBack { // it said that it knows nobody of this workspace any more
			m.Known = nil
		}
	}
	if x.sum.RelayTime.IsZero() {
		m.Skew = x.o.Memory.Skew
	}
	m.Expect = m.Expect[:min(len(m.Expect), maxExpected)]
	var err error
	if x.sum.Revoked, err = x.revoked(ctx); err != nil {
		return err
	}
	x.rememberLoose(&m)
	x.sum.Memory = m
	return nil
}

// excused are the writers whose commits are missing here for a reason that is known.
func (x *session) excused() map[journal.WriterID]bool {
	out := map[journal.WriterID]bool{}
	for _, f := range x.intake.Faults {
		out[f.Writer] = true
	}
	for _, run := range x.intake.Parked() {
		out[run.First().Writer] = true
	}
	for w := range x.skip {
		out[w] = true
	}
	return out
}

func (x *session) complete(held journal.Vector) bool {
	excused := x.excused()
	for w, seq := range x.known {
		if seq > held[w] && !excused[w] {
			return false
		}
	}
	for w, seq := range held {
		if seq > x.known[w] && !excused[w] {
			return false
		}
	}
	return true
}
