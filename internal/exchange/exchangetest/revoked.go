package exchangetest

import (
	"context"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// revokedAfter gives a member x whose first commits the copy and the founder hold, and who is revoked there; later is what
// x wrote after that, one run a commit.
func (b *bench) revokedAfter(later int) (x *Device, runs []journal.Run) {
	b.Helper()
	x = b.w.Join("x", nil)
	x.Write(Bodies(3, 40, 1)...)
	Carry(b, x.Copy, b.w.Founder.Copy)
	b.good(b.all()...)
	b.w.Founder.Revoke(x)
	b.good(b.all()...)
	x.Write(Bodies(later, 40, 2)...)
	for _, body := range RunsOf(b, x.Copy, journal.Vector{x.Writer(): 4, b.w.Founder.Writer(): 100}) {
		for i := range body.Commits {
			one := journal.Run{Commits: body.Commits[i : i+1]}
			one.Sig = x.Signer.Sign(journal.SignPurpose, one.Commits[0].Hash[:])
			runs = append(runs, one)
		}
	}
	return x, runs
}

// cut is what the copy says of a writer's chain, when it can tell.
func (b *bench) cut(d *Device, want uint64, revoked bool) {
	b.Helper()
	keys, tells := b.copy.(wire.Keys)
	if !tells {
		return
	}
	if got, is, err := keys.Cut(context.Background(), d.Writer(), d.Keys.Member()); err != nil || got != want || is != revoked {
		b.Errorf("of %s stands what is up to %d (revoked %v), not %d (%v); %v", d.Name, got, is, want, revoked, err)
	}
}

func (b *bench) revoked() {
	x, later := b.revokedAfter(3)
	if codes := b.give(later...); !slices.Equal(codes, []string{wire.FaultRevoked, wire.FaultRevoked, wire.FaultRevoked}) {
		b.Fatalf("verdicts %q", codes)
	}
	b.holds(x, 4)
	b.cut(x, 4, true)
	b.cut(b.w.Founder, 0, false)
	verdicts, err := b.copy.Take(context.Background(), Travelled(b, later[0]))
	if err != nil {
		b.Fatal(err)
	}
	if f := wire.FaultOf(&later[0], verdicts[0]); f.Seq != 5 || f.Writer != x.Writer() {
		b.Errorf("named is commit %d by %s", f.Seq, f.Writer)
	}
	b.good(RunsOf(b, x.Copy, nil)[:1]...) // what stands may come again
	Same(b, b.w.Founder.Copy, b.copy)
	b.w.Founder.Write(Body(40)) // and nobody else loses anything
	b.good(b.all()...)
	Same(b, b.w.Founder.Copy, b.copy)
	if b.again != nil {
		b.copy = b.again()
		if codes := b.give(later[0]); codes[0] != wire.FaultRevoked {
			b.Errorf("after a restart: %q", codes)
		}
	}
}

func (b *bench) vouched() {
	x, later := b.revokedAfter(3)
	y := b.w.Join("y", nil) // had two of them before hearing of the revocation
	b.good(b.all()...)
	for i := range later[:2] {
		y.Copy.(*Memory).Trust(later[i])
	}
	y.Vouch()
	own := RunsOf(b, y.Copy, journal.Vector{x.Writer(): 100, b.w.Founder.Writer(): 100})
	if codes := b.give(slices.Concat(later, own)...); !slices.Equal(codes[:3], []string{wire.FaultRevoked, wire.FaultRevoked, wire.FaultRevoked}) {
		b.Fatalf("before the commit that vouches: %q", codes)
	}
	b.cut(x, 6, true)
	if codes := b.give(later...); !slices.Equal(codes, []string{"", "", wire.FaultRevoked}) {
		b.Fatalf("after it: %q", codes)
	}
	b.holds(x, 6)
	Same(b, y.Copy, b.copy)
}

func (b *bench) vouchedByRevoked() {
	x, later := b.revokedAfter(2)
	y := b.w.Join("y", nil)
	Carry(b, b.w.Founder.Copy, y.Copy)
	for i := range later {
		y.Copy.(*Memory).Trust(later[i])
	}
	y.Vouch()
	b.good(b.all()...)
	own := RunsOf(b, y.Copy, journal.Vector{x.Writer(): 100, b.w.Founder.Writer(): 100})
	b.good(own...)
	Take(b, b.w.Founder.Copy, own...)
	b.w.Founder.Revoke(y)
	b.good(b.all()...)
	if codes := b.give(later...); codes[0] != wire.FaultRevoked {
		b.Fatalf("vouched for by nobody who works here: %q", codes)
	}
	b.holds(x, 4)
	b.holds(y, 2)
}

func (b *bench) revokedDevice() {
	x, _ := b.revokedAfter(0)
	other := x.Another("other")
	if codes := b.give(RunsOf(b, other.Copy, VectorOf(b, b.copy))...); len(codes) != 1 || codes[0] != wire.FaultRevoked {
		b.Fatalf("verdicts %q", codes)
	}
	b.holds(other, 0)
	b.cut(other, 0, true)
}

func (b *bench) straddling() {
	f := b.w.Founder
	x := b.w.Join("x", nil)
	x.Write(Bodies(5, 40, 1)...)
	Take(b, f.Copy, headRuns(b, x, 4)...)
	b.good(RunsOf(b, f.Copy, journal.Vector{x.Writer(): 100})...)
	f.Revoke(x)
	b.good(RunsOf(b, f.Copy, journal.Vector{x.Writer(): 100, f.Writer(): 2})...)
	whole := RunsOf(b, x.Copy, journal.Vector{f.Writer(): 100}) // one run of all six: who gave it knows of no revocation
	if len(whole) != 1 || len(whole[0].Commits) != 6 {
		b.Fatalf("%d runs", len(whole))
	}
	verdicts, err := b.copy.Take(context.Background(), Travelled(b, whole...))
	if err != nil {
		b.Fatal(err)
	}
	if fault := wire.FaultOf(&whole[0], verdicts[0]); verdicts[0] == nil || fault.Code != wire.FaultRevoked || fault.Seq != 5 {
		b.Fatalf("verdict %v", verdicts[0])
	}
	b.holds(x, 0)
	Carry(b, f.Copy, x.Copy) // now it knows, and what stands is to be had by itself
	b.good(RunsOf(b, x.Copy, journal.Vector{f.Writer(): 100})[:1]...)
	b.holds(x, 4)
	Same(b, f.Copy, b.copy)
}

// headRuns are the device's commits up to seq, in one run.
func headRuns(b *bench, d *Device, seq uint64) []journal.Run {
	all := RunsOf(b, d.Copy, journal.Vector{d.Workspace.Founder.Writer(): 100})
	run := journal.Run{Commits: all[0].Commits[:seq]}
	run.Sig = d.Signer.Sign(journal.SignPurpose, run.Commits[seq-1].Hash[:])
	return []journal.Run{run}
}

func (b *bench) revokedRunsEnd() {
	f := b.w.Founder
	x := b.w.Join("x", nil)
	x.Write(Bodies(6, 40, 1)...)
	Carry(b, x.Copy, f.Copy)
	b.good(b.all()...)
	y := b.w.Join("y", nil)
	Take(b, y.Copy, headRuns(b, x, 7)...)
	y.Vouch()
	Carry(b, y.Copy, f.Copy)
	b.good(b.all()...)
	// Revoked by somebody who knew but four, while the copy holds seven, which y vouches for. The copy has no signature
	// before the last, so all of it stays one run; one that comes in pieces is given in pieces.
	revocation := f.Control(journal.ControlRevoke, journal.Revocation{Member: x.Keys.Member(), Heads: []journal.WriterHead{{Writer: x.Writer(), Seq: 4}}})
	b.good(revocation)
	b.holds(x, 7)
	pieces := slices.Concat(RunsOf(b, f.Copy, journal.Vector{x.Writer(): 100}), headRuns(b, x, 2), headRuns(b, x, 4), headRuns(b, x, 5), headRuns(b, x, 6), headRuns(b, x, 7))
	other := NewMemory(b.w.ID)
	Take(b, other, pieces...)
	Take(b, other, revocation)
	var lengths []int
	for _, run := range RunsOf(b, other, journal.Vector{f.Writer(): 100, y.Writer(): 100}) {
		lengths = append(lengths, len(run.Commits))
	}
	if !slices.Equal(lengths, []int{4, 1, 1, 1}) {
		b.Errorf("runs of %v commits", lengths)
	}
	Take(b, f.Copy, revocation)
	Same(b, f.Copy, b.copy)
}

func (b *bench) outranked() {
	f := b.w.Founder
	x := b.w.Join("x", nil)
	Carry(b, x.Copy, f.Copy)
	f.Empower(x)
	Carry(b, f.Copy, x.Copy)
	b.good(b.all()...)
	mine, theirs := f.Revoking(x), x.Revoking(f)
	b.good(theirs) // comes first: the founder is revoked as far as the copy can tell
	b.cut(f, 3, true)
	b.good(mine) // but had not heard of it
	b.cut(f, 0, false)
	b.cut(x, 1, true)
	f.Keep(mine)
	f.Write(Body(40))
	b.good(RunsOf(b, f.Copy, journal.Vector{f.Writer(): 4, x.Writer(): 1})...)
	b.holds(f, 5)
	if codes := b.give(x.Make(Body(40))); codes[0] != wire.FaultRevoked {
		b.Fatalf("verdict %q", codes)
	}
}
