package exchange

import (
	"bytes"
	"context"
	"maps"
	"testing"
	"time"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// answering is a session that waits for an answer.
func answering(tb testing.TB, d *exchangetest.Device, known journal.Vector) (*session, *exchangetest.Memory) {
	tb.Helper()
	c := exchangetest.NewMemory(d.Workspace.ID)
	exchangetest.Carry(tb, d.Copy, c)
	x := &session{o: Options{Workspace: d.Workspace.ID, Signer: d.Signer, Certificate: d.Cert, Now: time.Now}, copy: c, known: maps.Clone(known), told: len(known) > 0,
		skip: map[journal.WriterID]bool{}, witness: newWitness(c, nil)}
	var err error
	if x.intake, err = wire.NewIntake(context.Background(), c); err != nil {
		tb.Fatal(err)
	}
	x.intake.Arrived = x.witness.arrived
	return x, c
}

// An answer is read without the connection around it, so that the fuzzer sees what its bytes do.
func FuzzAnswer(f *testing.F) {
	w := exchangetest.Found(f, 1, nil)
	a, b := w.Founder, w.Join("b", nil)
	known := exchangetest.VectorOf(f, b.Copy)
	a.Batch(exchangetest.Bodies(2, 20, 1)...)
	a.Write(exchangetest.Body(20, 2))
	held := exchangetest.VectorOf(f, a.Copy)
	write := func(end wire.End, kinds ...byte) {
		var buffer bytes.Buffer
		out := wire.NewFrameWriter(&buffer)
		runs := exchangetest.RunsOf(f, a.Copy, known)
		for _, kind := range kinds {
			var err error
			switch kind {
			case wire.FrameHello:
				raw, _ := wire.Marshal(wire.Hello{Version: wire.Version, Time: 1, Coming: 3})
				err = out.Write(kind, raw)
			case wire.FrameNote:
				raw, _ := wire.Marshal(wire.Note{Writer: b.Writer(), Seq: 1, Code: wire.NoteParked})
				err = out.Write(kind, raw)
			case wire.FrameRun:
				for _, run := range runs {
					err = out.Write(kind, run.Encode())
					end.Runs++
				}
			}
			if err != nil {
				f.Fatal(err)
			}
		}
		if err := out.End(end); err != nil {
			f.Fatal(err)
		}
		x, _ := answering(f, b, known)
		if _, err := x.answer(context.Background(), bytes.NewReader(buffer.Bytes()), known, nil); err != nil {
			f.Fatalf("a good answer: %v", err)
		}
		f.Add(buffer.Bytes())
		f.Add(buffer.Bytes()[:buffer.Len()-3])
	}
	base := wire.DigestOf(known)
	write(wire.End{Base: base[:], Vector: wire.PackVector(held, known), Digest: wire.DigestOf(held)}, wire.FrameHello, wire.FrameRun)
	write(wire.End{Vector: wire.PackVector(held, nil), Digest: wire.DigestOf(held), Whole: true}, wire.FrameHello, wire.FrameNote)
	f.Fuzz(func(t *testing.T, data []byte) {
		x, c := answering(t, b, known)
		before := exchangetest.VectorOf(t, c)
		again, err := x.answer(context.Background(), bytes.NewReader(data), before, nil)
		if err != nil && again {
			t.Error("it broke off and wants more")
		}
		after := exchangetest.VectorOf(t, c)
		if x.sum.Received != wire.Lacking(after, before) {
			t.Errorf("received %d, holds %d more", x.sum.Received, wire.Lacking(after, before))
		}
		for id, seq := range after {
			mine, _, _ := c.Hash(context.Background(), id, seq)
			for _, d := range []*exchangetest.Device{a, b} {
				if theirs, held, _ := d.Copy.Hash(context.Background(), id, seq); held && theirs != mine {
					t.Errorf("commit %d by %s is not the one that was written", seq, id)
				}
			}
			if seq > max(held[id], before[id]) {
				t.Errorf("commit %d by %s came from nowhere", seq, id)
			}
		}
	})
}
