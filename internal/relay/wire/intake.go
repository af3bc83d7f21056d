package wire

import (
	"context"
	"fmt"
	"slices"

	"amparo/internal/journal"
)

// Limits of what an intake keeps in memory.
const (
	batchBytes  = 1 << 20  // made durable together at most
	parkedBytes = 32 << 20 // that wait for what comes before them; more is forgotten, the other side has it still
)

// Intake takes runs into a copy as they arrive, many at a time, and offers parked ones again when something arrived
// that may be what they wait for. It is for one goroutine.
type Intake struct {
	copy   Copy
	held   journal.Vector
	batch  []journal.Run
	size   int
	parked []journal.Run
	psize  int
	lost   int // parked runs forgotten for want of room

	refused []refusal // of revoked members: who vouches for them may be still to come
	hope    bool      // something arrived that may change what was refused

	Taken  uint64   // commits that the copy did not hold before
	Faults []*Fault // what was set aside, MaxFaults at most
	// Spare is shared with other intakes; Release gives back what this one has of it.
	Spare *Spare
	// Arrived is called for the commits of every run that is now held, new or not.
	Arrived func(*journal.Run)
}

// NewIntake begins.
func NewIntake(ctx context.Context, c Copy) (*Intake, error) {
	held, err := c.Vector(ctx)
	if err != nil {
		return nil, err
	}
	return &Intake{copy: c, held: held}, nil
}

// refusal is a run that was refused because its writer's member is revoked.
type refusal struct {
	run   journal.Run
	fault *Fault
}

// Held is up to where the copy holds each chain now; it must not be changed.
func (in *Intake) Held() journal.Vector { return in.held }

// Parked are the runs that still wait.
func (in *Intake) Parked() []journal.Run { return in.parked }

// Forgotten is how many waiting runs found no room.
func (in *Intake) Forgotten() int { return in.lost }

// Offer reads a run frame. What cannot be read is a fault, not an error; an error is the copy's own.
func (in *Intake) Offer(ctx context.Context, data []byte) error {
	run, err := journal.DecodeRun(data)
	if err != nil {
		in.fault(faultOfBytes(data, err))
		return nil
	}
	in.batch = append(in.batch, run)
	if in.size += len(data); in.size >= batchBytes {
		return in.Flush(ctx)
	}
	return nil
}

// Flush makes durable what was offered.
func (in *Intake) Flush(ctx context.Context) error {
	for len(in.batch) > 0 {
		progress, err := in.take(ctx)
		if err != nil {
			return err
		}
		if !progress || len(in.parked) == 0 && !in.hope {
			return nil
		}
		in.recall()
	}
	return nil
}

func (in *Intake) take(ctx context.Context) (progress bool, err error) {
	runs := in.batch
	in.batch, in.size = nil, 0
	verdicts, err := in.copy.Take(ctx, runs)
	if err != nil {
		return false, err
	}
	if len(verdicts) != len(runs) {
		return false, fmt.Errorf("the copy judged %d runs of %d", len(verdicts), len(runs))
	}
	held, err := in.copy.Vector(ctx)
	if err != nil {
		return false, err
	}
	for i := range runs {
		run, last := &runs[i], runs[i].Last()
		var fault *Fault
		if verdicts[i] != nil {
			fault = FaultOf(run, verdicts[i])
		}
		switch {
		case fault != nil && fault.Code == FaultRevoked:
			in.refuse(run, fault)
		case fault != nil:
			in.fault(fault)
		case held[last.Writer] < last.Seq:
			in.park(run)
		default:
			in.hope = in.hope || in.mayVouch(run)
			if in.Arrived != nil {
				in.Arrived(run)
			}
		}
	}
	n, counted := uint64(0), map[journal.WriterID]bool{} // not what the copy's own writer wrote meanwhile
	for i := range runs {
		if w := runs[i].First().Writer; !counted[w] {
			counted[w] = true
			n += held[w] - min(in.held[w], held[w])
		}
	}
	in.Taken += n
	in.held = held
	return n > 0, nil
}

// MaxFaults is how many faults are named in one exchange: whoever sends bad runs without end does not get our memory.
const MaxFaults = 256

func (in *Intake) fault(f *Fault) {
	if len(in.Faults) < MaxFaults {
		in.Faults = append(in.Faults, f)
	}
}

// refuse names a run of a revoked member, and keeps it as long as there is room.
func (in *Intake) refuse(run *journal.Run, f *Fault) {
	in.fault(f)
	if in.keeps(sizeOf(run)) {
		in.refused = append(in.refused, refusal{*run, f})
	}
}

// mayVouch reports whether what arrived may change what was refused: it has seen it, or says something openly.
func (in *Intake) mayVouch(run *journal.Run) bool {
	if len(in.refused) == 0 {
		return false
	}
	for i := range run.Commits {
		if open(&run.Commits[i]) {
			return true
		}
		for _, s := range run.Commits[i].Seen {
			if slices.ContainsFunc(in.refused, func(r refusal) bool { return r.run.First().Writer == s.Writer && s.Seq >= r.run.Last().Seq }) {
				return true
			}
		}
	}
	return false
}

func sizeOf(run *journal.Run) (n int) {
	for i := range run.Commits {
		n += 256
		for _, p := range run.Commits[i].Parts {
			n += len(p)
		}
	}
	return n
}

func (in *Intake) park(run *journal.Run) {
	if !in.keeps(sizeOf(run)) {
		in.lost++
		return
	}
	in.parked = append(in.parked, *run)
}

// keeps takes memory for something that waits, if there is any.
func (in *Intake) keeps(size int) bool {
	if in.psize+size > parkedBytes || !in.Spare.take(size) {
		return false
	}
	in.psize += size
	return true
}

func (in *Intake) lets(size int) {
	in.psize -= size
	in.Spare.give(size)
}

// Release forgets what waits.
func (in *Intake) Release() {
	in.lets(in.psize)
	in.parked, in.refused = nil, nil
}

// recall moves to the batch what may be held now: runs that no longer begin after the next commit, and what was refused
// when somebody may vouch for it by now. One whose writer is still unknown is parked once more, one that is still refused is
// named again.
func (in *Intake) recall() {
	if in.hope {
		for _, r := range in.refused {
			in.batch, in.size = append(in.batch, r.run), in.size+sizeOf(&r.run)
			in.lets(sizeOf(&r.run))
			in.Faults = slices.DeleteFunc(in.Faults, func(f *Fault) bool { return f == r.fault })
		}
		in.refused, in.hope = nil, false
	}
	var still []journal.Run
	for _, run := range in.parked {
		if first := run.First(); first.Seq > in.held[first.Writer]+1 {
			still = append(still, run)
			continue
		}
		in.batch, in.size = append(in.batch, run), in.size+sizeOf(&run)
		in.lets(sizeOf(&run))
	}
	in.parked = still
}
