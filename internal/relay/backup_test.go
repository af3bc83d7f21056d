package relay_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/relaytest"
	"amparo/internal/relay/wire"
)

var backupTime = time.Date(2026, 3, 3, 9, 0, 0, 123_000_000, time.UTC)

func backup(t *testing.T, s relay.Ledger) (path string, sum relay.BackupSummary) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "backup")
	sum, err := relay.WriteBackup(t.Context(), s, path, backupTime, nil)
	if err != nil {
		t.Fatal(err)
	}
	return path, sum
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// several puts three workspaces into a store: one with a revoked member of whose work some stands, one with a part that
// was erased, and one that is small. The last is only decided about.
func several(t *testing.T, s *relay.SQLStore) (all []*exchangetest.Workspace) {
	t.Helper()
	for seed := range uint64(3) {
		w := exchangetest.Found(t, 40+seed, nil)
		x := w.Join("x", nil)
		x.Batch(exchangetest.Bodies(70, 40, seed)...)
		x.Write(exchangetest.Bodies(5, 400, seed)...)
		exchangetest.Carry(t, x.Copy, w.Founder.Copy)
		if seed == 0 {
			w.Founder.Vouch()
			w.Founder.Revoke(x)
		}
		exchangetest.Carry(t, w.Founder.Copy, workspace(t, s, w.ID))
		for i := range seed {
			if code, err := s.PutChunk(t.Context(), w.ID, wire.Chunk{Place: journal.PartPlace{Writer: x.Writer(), Seq: 3 + i}, Data: exchangetest.Body(3000, seed, i)}); err != nil || code != wire.ChunkKept {
				t.Fatal(code, err)
			}
		}
		all = append(all, w)
	}
	founder := all[1].Founder
	founder.Write(exchangetest.Body(90))
	founder.Keep(founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{{Writer: founder.Writer(), Seq: founder.Last.Seq}}}))
	exchangetest.Carry(t, all[1].Founder.Copy, workspace(t, s, all[1].ID))
	for id, terms := range map[journal.WorkspaceID]relay.Terms{all[2].ID: {Standing: relay.StandingClosed}, exchangetest.Found(t, 50, nil).ID: {Standing: relay.StandingKnown, Quota: relay.Quota{Bytes: 7, Commits: -1}}} {
		if err := s.Decide(t.Context(), id, terms); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestABackupMovesBetweenDatabases(t *testing.T) {
	relaytest.Each(t, func(t *testing.T, d *relaytest.Database) {
		from := openStore(t, filepath.Join(t.TempDir(), "from.db"))
		all := several(t, from)
		path, sum := backup(t, from)
		if sum.Workspaces != 4 || sum.Commits == 0 || sum.Chunks != 3 || sum.Bytes != int64(len(contents(t, path))) || len(sum.Faults) > 0 {
			t.Errorf("%+v", sum)
		}
		checked, err := relay.VerifyBackup(t.Context(), path, nil)
		if err != nil || checked.Commits != sum.Commits || checked.Chunks != 3 || !checked.Made.Equal(backupTime) {
			t.Errorf("%+v, %v", checked, err)
		}
		to := d.Open(t, d.New(t))
		done, err := relay.RestoreBackup(t.Context(), path, to, false, nil)
		if err != nil || done.New != sum.Commits || done.Short != 0 || len(done.Faults) > 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		for _, w := range all {
			exchangetest.Same(t, workspace(t, from, w.ID), workspace(t, to, w.ID))
			if a, b := used(t, from, w.ID), used(t, to, w.ID); a.Commits != b.Commits {
				t.Errorf("counted %+v there and %+v here", a, b)
			}
		}
		again, err := relay.RestoreBackup(t.Context(), path, to, false, nil)
		if err != nil || again.New != 0 || again.Short != 0 {
			t.Errorf("a second time: %+v, %v", again, err)
		}
		back, _ := backup(t, to)
		if !bytes.Equal(contents(t, path), contents(t, back)) {
			t.Error("the backup of what was restored is another")
		}
	})
}

// What the store has is not taken back by an older backup, nor what its operator decided since.
func TestAnOldBackupTakesNothingBack(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	all := several(t, s)
	path, _ := backup(t, s)
	w := all[1]
	w.Founder.Write(exchangetest.Bodies(3, 60, 9)...)
	exchangetest.Carry(t, w.Founder.Copy, workspace(t, s, w.ID))
	if err := s.Decide(t.Context(), all[2].ID, relay.Terms{Standing: relay.StandingKnown}); err != nil {
		t.Fatal(err)
	}
	before, _ := backup(t, s)
	done, err := relay.RestoreBackup(t.Context(), path, s, false, nil)
	if err != nil || done.New != 0 || done.Short != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	after, _ := backup(t, s)
	if !bytes.Equal(contents(t, before), contents(t, after)) {
		t.Error("something changed")
	}
}

func TestABackupIsWrittenWhileOthersWrite(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	w := exchangetest.Found(t, 60, nil)
	x := w.Join("x", nil)
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := uint64(0); ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			run := x.Make(exchangetest.Bodies(3, 80, i)...)
			if _, err := c.Take(context.Background(), []journal.Run{run}); err != nil {
				t.Error(err)
				return
			}
			x.Keep(run)
		}
	})
	for range 5 {
		path, sum := backup(t, s)
		to := openStore(t, filepath.Join(t.TempDir(), "to.db"))
		done, err := relay.RestoreBackup(t.Context(), path, to, false, nil)
		if err != nil || done.Short != 0 || done.New != sum.Commits || len(done.Faults) > 0 {
			t.Errorf("%+v, %v", done, err)
		}
	}
	close(stop)
	writing.Wait()
}

func TestADamagedChainIsLeftOutAndNamed(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	w := exchangetest.Found(t, 61, nil)
	x, y := w.Join("x", nil), w.Join("y", nil)
	x.Write(exchangetest.Bodies(3, 80, 1)...)
	w.Founder.Write(exchangetest.Body(80))
	c := workspace(t, s, w.ID)
	for _, d := range []*exchangetest.Device{w.Founder, x, y} {
		exchangetest.Carry(t, d.Copy, c)
	}
	if err := relay.DamageHeader(s, x.Writer(), 2); err != nil {
		t.Fatal(err)
	}
	if err := relay.Damage(s, w.Founder.Writer(), w.Founder.Last.Seq); err != nil {
		t.Fatal(err)
	}
	path, sum := backup(t, s)
	if len(sum.Faults) != 1 || sum.Faults[0].Writer != x.Writer() || sum.Faults[0].Code != wire.FaultDamaged {
		t.Errorf("named: %v", sum.Faults)
	}
	to := openStore(t, filepath.Join(t.TempDir(), "to.db"))
	done, err := relay.RestoreBackup(t.Context(), path, to, false, nil)
	if err != nil || done.Short == 0 {
		t.Errorf("%+v, %v", done, err)
	}
	held := exchangetest.VectorOf(t, workspace(t, to, w.ID))
	if held[w.Founder.Writer()] == 0 || held[y.Writer()] == 0 || held[x.Writer()] != 0 {
		t.Errorf("held: %v", held)
	}
	// A part that rotted goes missing by itself, and whoever has it is asked for it.
	missing, err := workspace(t, to, w.ID).MissingFrom(t.Context(), 1, 10)
	if err != nil || len(missing) != 1 || missing[0].Place.Writer != w.Founder.Writer() || missing[0].Place.Seq != w.Founder.Last.Seq {
		t.Errorf("missing: %v, %v", missing, err)
	}
}

func TestABackupThatIsNotWholeChangesNothing(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	several(t, s)
	path, _ := backup(t, s)
	whole := contents(t, path)
	broken := filepath.Join(t.TempDir(), "broken")
	put := func(raw []byte) {
		t.Helper()
		if err := os.WriteFile(broken, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int{0, 3, 20, 60, len(whole) / 3, len(whole) / 2, len(whole) - 30, len(whole) - 1} {
		put(whole[:at])
		if _, err := relay.VerifyBackup(t.Context(), broken, nil); !errors.Is(err, relay.ErrBackupCut) && !errors.Is(err, relay.ErrNotBackup) {
			t.Errorf("cut at %d: %v", at, err)
		}
	}
	for _, at := range []int{2, 10, 50, len(whole) / 3, len(whole) / 2, len(whole) - 40, len(whole) - 1} {
		changed := bytes.Clone(whole)
		changed[at] ^= 4
		put(changed)
		_, err := relay.VerifyBackup(t.Context(), broken, nil)
		if err == nil {
			t.Errorf("a bit at %d goes unnoticed", at)
		}
	}
	put(append(bytes.Clone(whole), 'x'))
	if _, err := relay.VerifyBackup(t.Context(), broken, nil); !errors.Is(err, relay.ErrBackupChanged) {
		t.Errorf("a byte too many: %v", err)
	}
	put(whole[:len(whole)*2/3])
	to := openStore(t, filepath.Join(t.TempDir(), "to.db"))
	if _, err := relay.RestoreBackup(t.Context(), broken, to, false, nil); !errors.Is(err, relay.ErrBackupCut) {
		t.Errorf("%v", err)
	}
	if ids, err := to.Workspaces(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("something was taken: %v, %v", ids, err)
	}
	done, err := relay.RestoreBackup(t.Context(), broken, to, true, nil)
	if !errors.Is(err, relay.ErrBackupCut) || done.New == 0 {
		t.Errorf("in part: %+v, %v", done, err)
	}
	put([]byte("something else"))
	if _, err := relay.RestoreBackup(t.Context(), broken, to, true, nil); !errors.Is(err, relay.ErrNotBackup) {
		t.Errorf("%v", err)
	}
}

// A backup is believed no more than anybody's question: what its writers did not sign is named and not taken.
func TestABackupThatLiesIsNotBelieved(t *testing.T) {
	w, other := exchangetest.Found(t, 62, nil), exchangetest.Found(t, 63, nil)
	w.Founder.Write(exchangetest.Bodies(3, 60, 1)...)
	good := exchangetest.RunsOf(t, w.Founder.Copy, nil)[0]
	forged := good
	forged.Sig[3] ^= 1
	for name, run := range map[string]journal.Run{"signature": forged, "another workspace": exchangetest.RunsOf(t, other.Founder.Copy, nil)[0]} {
		var b bytes.Buffer
		if err := relay.ForgeBackup(&b, w.ID, run); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "forged")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		to := openStore(t, filepath.Join(t.TempDir(), "to.db"))
		done, err := relay.RestoreBackup(t.Context(), path, to, false, nil)
		if err != nil || len(done.Faults) != 1 || done.New != 0 || len(exchangetest.VectorOf(t, workspace(t, to, w.ID))) != 0 {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
}

func FuzzBackup(f *testing.F) {
	w := exchangetest.Found(f, 64, nil)
	w.Founder.Write(exchangetest.Bodies(3, 60, 1)...)
	var b bytes.Buffer
	if err := relay.ForgeBackup(&b, w.ID, exchangetest.RunsOf(f, w.Founder.Copy, nil)...); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(relay.BackupMagic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		sum, err := relay.ReadBackup(t.Context(), bytes.NewReader(data))
		if err == nil && (sum.Bytes != int64(len(data)) || sum.Commits < sum.Runs) {
			t.Errorf("%+v of %d bytes", sum, len(data))
		}
	})
}
