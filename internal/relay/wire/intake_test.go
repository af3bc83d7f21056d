package wire_test

import (
	"context"
	"slices"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Runs in the worst order: every one before what it follows, and before who vouches for its writer.
func TestRunsThatCameTooEarlyFindTheirPlace(t *testing.T) {
	ctx := context.Background()
	w := exchangetest.Found(t, 1, nil)
	x := w.Join("x", nil)
	for i := range 3 {
		x.Batch(exchangetest.Bodies(journal.RunLength, 10, uint64(i))...)
	}
	exchangetest.Carry(t, x.Copy, w.Founder.Copy)
	runs := exchangetest.RunsOf(t, w.Founder.Copy, nil)
	slices.Reverse(runs)
	for _, together := range []bool{true, false} {
		c := exchangetest.NewMemory(w.ID)
		in, err := wire.NewIntake(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		arrived := 0
		in.Arrived = func(*journal.Run) { arrived++ }
		for i := range runs {
			if err := in.Offer(ctx, runs[i].Encode()); err != nil {
				t.Fatal(err)
			}
			if !together {
				if err := in.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				if i < len(runs)-1 && len(in.Parked()) != i+1 {
					t.Fatalf("%d runs wait after %d came", len(in.Parked()), i+1)
				}
			}
		}
		if err := in.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		exchangetest.Same(t, w.Founder.Copy, c)
		if len(in.Parked()) != 0 || len(in.Faults) != 0 || arrived != len(runs) || in.Taken != wire.Lacking(in.Held(), nil) {
			t.Errorf("%d wait, faults %v, %d of %d arrived, %d commits taken", len(in.Parked()), in.Faults, arrived, len(runs), in.Taken)
		}
	}
}
