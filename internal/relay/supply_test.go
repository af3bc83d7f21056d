package relay_test

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// counting counts how often parts are taken.
type counting struct {
	relay.Store
	supplies *int
}

func (s counting) Workspace(ctx context.Context, id journal.WorkspaceID) (relay.Workspace, error) {
	w, err := s.Store.Workspace(ctx, id)
	return counted{w, s.supplies}, err
}

type counted struct {
	relay.Workspace
	supplies *int
}

func (c counted) Supply(ctx context.Context, parts []journal.Loose) (int, error) {
	*c.supplies++
	return c.Workspace.Supply(ctx, parts)
}

// Thousands of frames with a part each take what they bring, and do not stop all other writers thousands of times.
func TestSmallFramesAreTakenTogether(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	w := exchangetest.Found(t, 1, nil)
	w.Founder.Batch(exchangetest.Bodies(1000, 24, 1)...)
	c := workspace(t, store, w.ID)
	var bare []journal.Run
	var parts []journal.Loose
	for _, run := range exchangetest.RunsOf(t, w.Founder.Copy, nil) {
		for i := range run.Commits {
			one := &run.Commits[i]
			for n, data := range one.Parts {
				if one.Header.Parts[n].Tag != 0 {
					parts = append(parts, journal.Loose{Place: journal.PartPlace{Writer: one.Writer, Seq: one.Seq, Index: uint8(n)}, Data: data})
				}
			}
		}
		wire.Withhold(&run)
		bare = append(bare, run)
	}
	exchangetest.Take(t, c, bare...)
	supplies := 0
	now := time.Now()
	h := relay.New(relay.Config{Store: counting{store, &supplies}, Now: func() time.Time { return now }})
	frames := wire.NewFrameReader(bytes.NewReader(asked(t, w.Founder, now, nil)))
	_, payload, err := frames.Next()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := wire.NewFrameWriter(&b)
	write := func(kind byte, payload []byte) {
		t.Helper()
		if err := out.Write(kind, payload); err != nil {
			t.Fatal(err)
		}
	}
	write(wire.FrameAsk, payload)
	for n, p := range parts {
		write(wire.FrameSupply, wire.PackSupply([]journal.Loose{p}))
		if n%10 == 0 {
			write(wire.FrameSupply, []byte{255}) // nothing that reads
		}
	}
	if err := out.End(wire.Enough{}); err != nil {
		t.Fatal(err)
	}
	if got := answered(h, wire.Method, wire.Path, b.Bytes()); got.Code != http.StatusOK {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if list, err := c.MissingFrom(t.Context(), 1, 10); err != nil || len(list) != 0 {
		t.Errorf("%d are missing, %v", len(list), err)
	}
	if supplies == 0 || supplies > len(parts)/50 {
		t.Errorf("%d frames were taken in %d batches", len(parts), supplies)
	}
}
