package exchange_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// What must not be taken is refused or parked with its reason, and what stands behind it in the queue is taken all the same: by
// a copy in memory and by a relay's store.
func TestAPoisonedRunBlocksNothing(t *testing.T) {
	type maker func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte
	changed := func(x *exchangetest.Device, change func(*journal.Commit)) []byte {
		run := x.Make(exchangetest.Body(60, 1))
		c := &run.Commits[0]
		change(c)
		c.Hash = journal.HashOf(c.Header.Encode())
		run.Sig = x.Signer.Sign(journal.SignPurpose, c.Hash[:])
		return run.Encode()
	}
	for _, poison := range []struct {
		name string
		make maker
		code string // of the fault; empty: taken; parked: waits
	}{
		{"of a stranger", func(t *testing.T, w *exchangetest.Workspace, _ *exchangetest.Device) []byte {
			s := w.Stranger("stranger", nil)
			run := s.Control(journal.ControlCertify, s.Cert)
			return run.Encode()
		}, wire.NoteParked},
		{"with another member's certificate", func(t *testing.T, w *exchangetest.Workspace, _ *exchangetest.Device) []byte {
			s, member := w.Stranger("thief", nil), w.Join("member", nil)
			s.Cert.Member = member.Keys.Member() // signed by the thief's own key
			exchangetest.Carry(t, w.Founder.Copy, s.Copy)
			run := s.Control(journal.ControlCertify, s.Cert)
			return run.Encode()
		}, wire.FaultCertificate},
		{"from ten years ahead", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			return changed(x, func(c *journal.Commit) { c.Time = journal.TimeOf(c.Time.Wall().AddDate(10, 0, 0)) })
		}, ""}, // clocks are wrong in the field: it is taken, nobody's clock follows it, and check names it
		{"from the end of time", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			return changed(x, func(c *journal.Commit) { c.Time = journal.MaxTime })
		}, ""},
		{"of an unknown version", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			raw := changed(x, func(*journal.Commit) {})
			raw[0] = 200
			return raw
		}, wire.FaultNewer},
		{"with something open of an unknown kind", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			run := x.Control(200, "what a later version says")
			return run.Encode()
		}, ""},
		{"of a hundred megabytes", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			return append(changed(x, func(*journal.Commit) {}), make([]byte, 100<<20)...)
		}, wire.FaultFormat},
		{"with a part of a hundred megabytes that is not there", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			return changed(x, func(c *journal.Commit) {
				c.Header.Parts[0].Size, c.Parts[0] = 100<<20, nil
			})
		}, wire.FaultFormat},
		{"with a part that is another", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			run := x.Make(exchangetest.Body(60, 1))
			run.Commits[0].Parts[0] = bytes.Repeat([]byte{7}, int(run.Commits[0].Header.Parts[0].Size))
			return run.Encode()
		}, wire.FaultSignature},
		{"of another workspace", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			return changed(x, func(c *journal.Commit) { c.Workspace[0] ^= 1 })
		}, wire.FaultWorkspace},
		{"signed by somebody else", func(t *testing.T, w *exchangetest.Workspace, x *exchangetest.Device) []byte {
			run := x.Make(exchangetest.Body(60, 1))
			run.Sig = w.Founder.Signer.Sign(journal.SignPurpose, run.Last().Hash[:])
			return run.Encode()
		}, wire.FaultSignature},
		{"of no bytes", func(*testing.T, *exchangetest.Workspace, *exchangetest.Device) []byte { return nil }, wire.FaultFormat},
		{"of noise", func(*testing.T, *exchangetest.Workspace, *exchangetest.Device) []byte {
			return exchangetest.Body(5000, 3)
		}, ""},
	} {
		for _, kind := range []string{"memory", "relay"} {
			t.Run(poison.name+"/"+kind, func(t *testing.T) {
				w := exchangetest.Found(t, 5, nil)
				x, good := w.Join("x", nil), w.Join("good", nil)
				var c wire.Copy = exchangetest.NewMemory(w.ID)
				if kind == "relay" {
					store, err := relay.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "relay.db"))
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { store.Close() })
					if c, err = store.Workspace(t.Context(), w.ID); err != nil {
						t.Fatal(err)
					}
				}
				exchangetest.Carry(t, w.Founder.Copy, c)
				exchangetest.Carry(t, x.Copy, c)
				exchangetest.Carry(t, good.Copy, c)
				before := exchangetest.VectorOf(t, c)
				raw := poison.make(t, w, x)
				exchangetest.Carry(t, w.Founder.Copy, c) // whom the poison stands on
				behind := good.Make(exchangetest.Body(60, 9))
				in, err := wire.NewIntake(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				for _, run := range [][]byte{raw, behind.Encode()} {
					if err := in.Offer(t.Context(), run); err != nil {
						t.Fatal(err)
					}
				}
				if err := in.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				held := exchangetest.VectorOf(t, c)
				if held[good.Writer()] != before[good.Writer()]+1 {
					t.Error("what stood behind it was not taken")
				}
				codes := []string{}
				for _, f := range in.Faults {
					codes = append(codes, f.Code)
				}
				for range in.Parked() {
					codes = append(codes, wire.NoteParked)
				}
				switch {
				case poison.name == "of noise": // which of the reasons it is depends on the noise
					if len(codes) != 1 {
						t.Errorf("named as %q", codes)
					}
				case poison.code == "":
					if len(codes) != 0 || held[x.Writer()] != before[x.Writer()]+1 {
						t.Errorf("not taken: %q", codes)
					}
				case len(codes) != 1 || codes[0] != poison.code:
					t.Errorf("named as %q, not %q", codes, poison.code)
				}
				if poison.code != "" && held[x.Writer()] != before[x.Writer()] {
					t.Error("it was taken")
				}
			})
		}
	}
}
