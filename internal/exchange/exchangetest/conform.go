package exchangetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Conform tries every sentence of wire.Copy's contract. open gives an empty copy of a workspace and, to try what survives
// a restart, a way to close and open it again; it may be nil for copies that survive nothing.
func Conform(t *testing.T, open func(t *testing.T, w journal.WorkspaceID) (c wire.Copy, again func() wire.Copy)) {
	for name, test := range map[string]func(*bench){
		"an empty copy holds nothing":                              (*bench).empty,
		"what was taken is given, and twice is once":               (*bench).roundTrip,
		"runs end at signatures":                                   (*bench).runsEnd,
		"the writer with the oldest next commit comes first":       (*bench).oldestFirst,
		"only what is beyond is given":                             (*bench).beyond,
		"an error of yield ends it":                                (*bench).yieldFails,
		"a run that overlaps brings what is new in it":             (*bench).overlap,
		"a run with a gap is parked":                               (*bench).gap,
		"a stranger's run is parked until the member is admitted":  (*bench).stranger,
		"within a batch one run may stand on another":              (*bench).batch,
		"changed bytes are set aside and stop nothing":             (*bench).changed,
		"a fork is named, whichever way it comes":                  (*bench).fork,
		"a second founding is refused":                             (*bench).secondFounding,
		"another workspace's run is refused":                       (*bench).otherWorkspace,
		"what an admitted member says openly is believed or named": (*bench).control,
		"a withheld part stays withheld":                           (*bench).withheld,
		"parts come after their commits, in any order":             (*bench).loose,
		"commits that come again whole bring what was missing":     (*bench).wholeLater,
		"runs are given bare":                                      (*bench).bare,
		"what is missing is listed":                                (*bench).missing,
		"what was held before a restart is held after it":          (*bench).restart,
		"many may ask and bring at once":                           (*bench).atOnce,
		"a revoked member's later work is refused, earlier stands": (*bench).revoked,
		"what others had built on stands":                          (*bench).vouched,
		"the revoked do not vouch":                                 (*bench).vouchedByRevoked,
		"a device that nobody knew is believed nothing":            (*bench).revokedDevice,
		"a run that goes beyond what stands is refused whole":      (*bench).straddling,
		"runs of the revoked end where what stands ends":           (*bench).revokedRunsEnd,
		"who is nearer to the founding outranks":                   (*bench).outranked,
	} {
		t.Run(name, func(t *testing.T) {
			w := Found(t, 7, nil)
			c, again := open(t, w.ID)
			test(&bench{t, w, c, again})
		})
	}
}

type bench struct {
	*testing.T
	w     *Workspace
	copy  wire.Copy
	again func() wire.Copy
}

// give offers runs and returns the codes of what was set aside, "" for the others.
func (b *bench) give(runs ...journal.Run) []string {
	b.Helper()
	verdicts, err := b.copy.Take(context.Background(), Travelled(b, runs...))
	if err != nil {
		b.Fatal(err)
	}
	if len(verdicts) != len(runs) {
		b.Fatalf("%d verdicts on %d runs", len(verdicts), len(runs))
	}
	codes := make([]string, len(runs))
	for i, v := range verdicts {
		if v != nil {
			codes[i] = wire.FaultOf(&runs[i], v).Code
		}
	}
	return codes
}

func (b *bench) good(runs ...journal.Run) {
	b.Helper()
	for i, code := range b.give(runs...) {
		if code != "" {
			b.Fatalf("run %d is set aside: %s", i, code)
		}
	}
}

func (b *bench) holds(d *Device, want uint64) {
	b.Helper()
	if got := VectorOf(b, b.copy)[d.Writer()]; got != want {
		b.Fatalf("%d commits by %s are held, not %d", got, d.Name, want)
	}
}

func (b *bench) all() []journal.Run { return RunsOf(b, b.w.Founder.Copy, VectorOf(b, b.copy)) }

func (b *bench) empty() {
	if v := VectorOf(b, b.copy); len(v) != 0 {
		b.Errorf("holds %v", v)
	}
	if runs := RunsOf(b, b.copy, nil); len(runs) != 0 {
		b.Errorf("gives %d runs", len(runs))
	}
	if _, held, err := b.copy.Hash(context.Background(), b.w.Founder.Writer(), 1); held || err != nil {
		b.Errorf("knows a commit: %v, %v", held, err)
	}
	b.good()
}

func (b *bench) roundTrip() {
	other := b.w.Join("other", nil)
	other.Batch(Bodies(150, 90, 1)...)
	Carry(b, other.Copy, b.w.Founder.Copy)
	b.w.Founder.Write(Bodies(10, 2000, 2)...)
	runs := b.all()
	for range 2 {
		b.good(runs...)
		Same(b, b.w.Founder.Copy, b.copy)
	}
	for w, seq := range VectorOf(b, b.copy) {
		hash, held, err := b.copy.Hash(context.Background(), w, seq)
		want, _, _ := b.w.Founder.Copy.Hash(context.Background(), w, seq)
		if err != nil || !held || hash != want {
			b.Errorf("commit %d by %s has hash %s, not %s (%v)", seq, w, hash, want, err)
		}
	}
	v := VectorOf(b, b.copy)
	clear(v) // the caller's to change
	if len(VectorOf(b, b.copy)) != 2 {
		b.Error("changing a vector changed the copy")
	}
}

func (b *bench) runsEnd() {
	f := b.w.Founder
	for range 3 {
		f.Write(Bodies(50, 40, 3)...) // 1 + 150 commits, each signed
	}
	f.Batch(Bodies(100, 40, 4)...)                   // 100 with one signature
	f.Write(Bodies(4, int(wire.RunBytes)*2/3, 5)...) // two of which are enough
	for _, run := range b.all() {
		b.good(run)
	}
	var got []int
	for _, run := range RunsOf(b, b.copy, nil) {
		got = append(got, len(run.Commits))
		if err := run.Verify(b.headBefore(&run), f.Signer.Public()); err != nil {
			b.Error(err)
		}
	}
	// A copy keeps at least the signatures of runs as they came: 64, 64, 23 and the 100 behind them, then two and two.
	if !slices.Equal(got, []int{64, 64, 123, 2, 2}) {
		b.Errorf("runs of %v commits", got)
	}
}

func (b *bench) headBefore(run *journal.Run) journal.Head {
	return journal.Head{Seq: run.First().Seq - 1, Hash: run.First().Prev}
}

func (b *bench) oldestFirst() {
	x, y := b.w.Join("x", nil), b.w.Join("y", nil)
	for range 3 {
		x.Write(Bodies(70, 30, 1)...)
		y.Write(Bodies(70, 30, 2)...)
	}
	Carry(b, x.Copy, b.w.Founder.Copy)
	Carry(b, y.Copy, b.w.Founder.Copy)
	b.good(b.all()...)
	next := map[journal.WriterID]journal.Time{}
	runs := RunsOf(b, b.copy, nil)
	for i, run := range runs {
		// No writer's later run may begin before this one's first commit.
		for _, later := range runs[i+1:] {
			if later.First().Time < run.First().Time {
				b.Fatalf("run %d begins at %s, a later one at %s", i, run.First().Time.Wall(), later.First().Time.Wall())
			}
		}
		next[run.First().Writer] = run.Last().Time
	}
	if len(runs) < 7 || len(next) != 3 {
		b.Fatalf("%d runs of %d writers show nothing", len(runs), len(next))
	}
}

func (b *bench) beyond() {
	x := b.w.Join("x", nil)
	x.Write(Bodies(5, 30, 1)...)
	Carry(b, x.Copy, b.w.Founder.Copy)
	b.good(b.all()...)
	above := VectorOf(b, b.copy)
	above[x.Writer()] = 4
	above[b.w.Founder.Writer()] += 10
	above[journal.WriterID{1}] = 3
	runs := RunsOf(b, b.copy, above)
	if len(runs) != 1 || runs[0].First().Seq != 5 || runs[0].Last().Seq != 6 || runs[0].First().Writer != x.Writer() {
		b.Fatalf("gives %d runs", len(runs))
	}
}

func (b *bench) yieldFails() {
	b.w.Founder.Write(Bodies(200, 30, 1)...)
	b.good(b.all()...)
	stop := errors.New("stop")
	n := 0
	err := b.copy.Runs(context.Background(), nil, func(journal.Run) error {
		// A copy must not hold its lock here.
		if _, err := b.copy.Vector(context.Background()); err != nil {
			b.Error(err)
		}
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		b.Fatalf("%v after %d runs", err, n)
	}
}

func (b *bench) overlap() {
	f := b.w.Founder
	b.good(b.all()...)
	x := f.Make(Bodies(6, 30, 1)...)
	f.Keep(x)
	part := journal.Run{Commits: x.Commits[:4]}
	last := part.Last()
	part.Sig = f.Signer.Sign(journal.SignPurpose, last.Hash[:])
	b.good(part)
	b.holds(f, 5)
	b.good(x)
	b.holds(f, 7)
	b.good(part, x)
	Same(b, f.Copy, b.copy)
}

func (b *bench) gap() {
	f := b.w.Founder
	b.good(b.all()...)
	one, two := f.Make(Body(30)), f.Make(Body(31))
	b.good(two)
	b.holds(f, 1)
	b.good(one, two)
	b.holds(f, 3)
}

func (b *bench) stranger() {
	s := b.w.Stranger("s", nil)
	b.good(b.all()...)
	Carry(b, b.w.Founder.Copy, s.Copy)
	first := s.Control(journal.ControlCertify, s.Cert)
	b.good(first)
	b.holds(s, 0)
	b.w.Admit(s)
	b.good(b.all()...)
	b.good(first)
	b.holds(s, 1)
}

func (b *bench) batch() {
	s := b.w.Join("s", nil)
	s.Write(Bodies(3, 30, 1)...)
	Carry(b, s.Copy, b.w.Founder.Copy)
	runs := b.all() // founding, admission, first commit, further commits: each needs the ones before
	b.good(runs...)
	b.holds(s, 4)
	Same(b, b.w.Founder.Copy, b.copy)
}

func (b *bench) changed() {
	x := b.w.Join("x", nil)
	f := b.w.Founder
	b.good(b.all()...)
	bad, fine := f.Make(Bodies(3, 50, 1)...), RunsOf(b, x.Copy, VectorOf(b, b.copy))
	broken := Travelled(b, bad)[0]
	broken.Commits[1].Parts[0][3] ^= 1
	if codes := b.give(append([]journal.Run{broken}, fine...)...); codes[0] != wire.FaultSignature || codes[1] != "" {
		b.Fatalf("verdicts %q", codes)
	}
	b.holds(f, 2)
	b.holds(x, 1)
	forged := bad
	forged.Sig[5] ^= 1
	if codes := b.give(forged); codes[0] != wire.FaultSignature {
		b.Fatalf("verdicts %q", codes)
	}
	forged.Sig[5] ^= 1
	b.good(bad)
	b.holds(f, 5)
}

func (b *bench) fork() {
	f := b.w.Founder
	b.good(b.all()...)
	fork := f.Last
	a := f.Make(Bodies(3, 50, 1)...)
	f.Rewind(fork)
	z := f.Make(Bodies(2, 50, 2)...)
	after := f.Make(Bodies(2, 50, 3)...) // follows z
	b.good(a)
	verdicts, err := b.copy.Take(context.Background(), Travelled(b, z, after))
	if err != nil {
		b.Fatal(err)
	}
	for i, want := range []uint64{2, 4} { // the first that differs; and the first that cannot follow from what is held
		if verdicts[i] == nil {
			b.Fatalf("run %d of the fork was taken", i)
		}
		got := wire.FaultOf([]*journal.Run{&z, &after}[i], verdicts[i])
		if got.Code != wire.FaultForked || got.Seq != want || got.Writer != f.Writer() {
			b.Errorf("run %d is called %s at commit %d by %s", i, got.Code, got.Seq, got.Writer)
		}
	}
	b.holds(f, 4)
	hash, _, err := b.copy.Hash(context.Background(), f.Writer(), 4)
	if err != nil || hash != a.Last().Hash {
		b.Errorf("the fork replaced what was held (%v)", err)
	}
}

func (b *bench) secondFounding() {
	b.good(b.all()...)
	thief := b.w.Stranger("thief", nil)
	run := thief.Control(journal.ControlFound, journal.Founding{Admin: thief.Keys})
	if codes := b.give(run); codes[0] != wire.FaultCertificate && codes[0] != wire.FaultControl && codes[0] != wire.FaultChain {
		b.Fatalf("verdict %q", codes)
	}
	b.holds(thief, 0)
}

func (b *bench) otherWorkspace() {
	b.good(b.all()...)
	other := Found(b, 8, nil)
	if codes := b.give(RunsOf(b, other.Founder.Copy, nil)...); codes[0] != wire.FaultWorkspace && codes[0] != wire.FaultChain {
		b.Fatalf("verdict %q", codes)
	}
	if len(VectorOf(b, b.copy)) != 1 {
		b.Fatal("a chain of another workspace is held")
	}
}

func (b *bench) control() {
	x := b.w.Join("x", nil)
	b.good(b.all()...)
	Carry(b, x.Copy, b.copy)
	s := b.w.Stranger("s", nil)
	// Signed in good order, and not to be believed: certifying another's writer.
	if codes := b.give(x.Control(journal.ControlCertify, s.Cert)); codes[0] == "" && VectorOf(b, b.copy)[x.Writer()] > 1 {
		b.Fatal("a writer certified another writer")
	}
	b.holds(x, 1)
	b.holds(s, 0)
}

func (b *bench) withheld() {
	f := b.w.Founder
	f.Write(Bodies(2, 50, 1)...)
	b.good(b.all()...)
	next := f.Make(Bodies(2, 60, 2)...)
	gone := Travelled(b, next)[0]
	gone.Commits[0].Parts[0] = nil
	b.good(gone)
	b.holds(f, 5)
	runs := RunsOf(b, b.copy, journal.Vector{f.Writer(): 3})
	if len(runs) != 1 || runs[0].Commits[0].Parts[0] != nil || runs[0].Commits[1].Parts[0] == nil || runs[0].Last().Hash != next.Last().Hash {
		b.Fatal("what was withheld came back, or took something with it")
	}
	if err := runs[0].Verify(b.headBefore(&runs[0]), f.Signer.Public()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) restart() {
	if b.again == nil {
		return // in memory only
	}
	x := b.w.Join("x", nil)
	x.Batch(Bodies(30, 80, 1)...)
	Carry(b, x.Copy, b.w.Founder.Copy)
	b.good(b.all()...)
	b.copy = b.again()
	Same(b, b.w.Founder.Copy, b.copy)
	x.Write(Bodies(3, 80, 2)...)
	b.good(RunsOf(b, x.Copy, VectorOf(b, b.copy))...) // it still knows whom to believe
	b.holds(x, 34)
}

func (b *bench) atOnce() {
	var devices []*Device
	for _, name := range []string{"p", "q", "r"} {
		d := b.w.Join(name, nil)
		d.Write(Bodies(100, 60, uint64(len(devices)))...)
		devices = append(devices, d)
	}
	b.good(b.all()...)
	var all sync.WaitGroup
	for _, d := range devices {
		runs := Travelled(b, RunsOf(b, d.Copy, VectorOf(b, b.copy))...)
		for range 2 {
			all.Go(func() {
				for i := range runs {
					if _, err := b.copy.Take(context.Background(), runs[i:i+1]); err != nil {
						b.Error(err)
					}
					if err := b.copy.Runs(context.Background(), nil, func(journal.Run) error { return nil }); err != nil {
						b.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	for _, d := range devices {
		Carry(b, d.Copy, b.w.Founder.Copy)
	}
	Same(b, b.w.Founder.Copy, b.copy)
}
