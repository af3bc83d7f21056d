package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// A backup is a file of frames, whatever database it came from: a header; for each workspace its terms, then its runs, oldest
// first, then the sealed chunks of files that stand in the database; and an end with the digest over all of it. It holds what the relay holds, so it is as sealed. It is written
// while the relay runs and has all that a workspace held when its turn came, and perhaps some of what came since.

// Frames of a backup beside wire.FrameRun, wire.FrameChunk and wire.FrameEnd. They are not sent, so they only must differ from those.
const (
	frameBackup    = 100
	frameWorkspace = 101
)

// BackupMagic begins the first frame of a backup.
const BackupMagic = "amparo relay backup\x00"

const backupVersion = 1

type backupHeader struct {
	Version uint  `cbor:"1,keyasint"`
	Made    int64 `cbor:"2,keyasint"` // milliseconds since 1970
}

type backupWorkspace struct {
	ID       journal.WorkspaceID `cbor:"1,keyasint"`
	Vector   []byte              `cbor:"2,keyasint,omitempty"` // wire.PackVector of what was held
	Standing string              `cbor:"3,keyasint,omitempty"`
	Bytes    int64               `cbor:"4,keyasint,omitempty"`
	Commits  int64               `cbor:"5,keyasint,omitempty"`
}

type backupEnd struct {
	Workspaces uint64 `cbor:"1,keyasint"`
	Runs       uint64 `cbor:"2,keyasint"`
	Commits    uint64 `cbor:"3,keyasint"`
	Chunks     uint64 `cbor:"4,keyasint,omitempty"`
}

var (
	// ErrNotBackup reports a file that is not a relay's backup.
	ErrNotBackup = errors.New("the file is not a relay's backup")
	// ErrBackupCut reports a backup that ends too early.
	ErrBackupCut = errors.New("the backup is cut short: it was not copied whole")
	// ErrBackupChanged reports a backup whose bytes are not those that were written.
	ErrBackupChanged = errors.New("the backup was changed after it was written")
)

// BackupSummary is what writing, checking or restoring a backup did.
type BackupSummary struct {
	Made       time.Time
	Workspaces uint64
	Runs       uint64
	Commits    uint64 // in the backup
	Chunks     uint64 // of files, in the backup
	Bytes      int64  // of the file
	New        uint64 // commits that were not in the store before; when restoring
	Short      uint64 // commits, and chunks of files, that the store does not hold all the same; when restoring
	Faults     []*wire.Fault
}

// BackupProgress is called often with how much was done, from one goroutine.
type BackupProgress func(commits uint64, bytes int64)

// WriteBackup writes all that a store holds to a file. It appears under its name only once it is whole, on the disk and
// read again. Chains that the store can no longer read are left out and named in the summary.
func WriteBackup(ctx context.Context, store Ledger, path string, now time.Time, tell BackupProgress) (sum BackupSummary, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return sum, fmt.Errorf("write a backup: %w", err)
	}
	defer func() {
		if err != nil {
			if closing := file.Close(); !errors.Is(closing, os.ErrClosed) {
				err = errors.Join(err, closing)
			}
			err = errors.Join(fmt.Errorf("write a backup: %w", err), os.Remove(file.Name()))
		}
	}()
	if sum, err = writeBackup(ctx, store, file, now, tell); err != nil {
		return sum, err
	}
	if err = file.Sync(); err != nil {
		return sum, err
	}
	if err = file.Close(); err != nil {
		return sum, err
	}
	again, err := VerifyBackup(ctx, file.Name(), nil)
	if err == nil && (again.Runs != sum.Runs || again.Commits != sum.Commits || again.Bytes != sum.Bytes) {
		err = ErrBackupChanged
	}
	if err != nil {
		return sum, err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return sum, err
	}
	return sum, wire.SyncFolder(filepath.Dir(path))
}

func writeBackup(ctx context.Context, store Ledger, to io.Writer, now time.Time, tell BackupProgress) (sum BackupSummary, err error) {
	sum.Made = now.UTC().Truncate(time.Millisecond)
	out := wire.NewFrameWriter(to)
	header, err := wire.Marshal(backupHeader{Version: backupVersion, Made: sum.Made.UnixMilli()})
	if err != nil {
		return sum, err
	}
	if err := out.Write(frameBackup, append([]byte(BackupMagic), header...)); err != nil {
		return sum, err
	}
	ids, err := store.Workspaces(ctx)
	if err != nil {
		return sum, err
	}
	for _, id := range ids {
		if err := backUp(ctx, store, id, out, &sum, tell); err != nil {
			return sum, err
		}
	}
	err = out.End(backupEnd{Workspaces: sum.Workspaces, Runs: sum.Runs, Commits: sum.Commits, Chunks: sum.Chunks})
	sum.Bytes = out.Bytes
	return sum, err
}

func backUp(ctx context.Context, store Ledger, id journal.WorkspaceID, out *wire.FrameWriter, sum *BackupSummary, tell BackupProgress) error {
	w, err := store.Workspace(ctx, id)
	if err != nil {
		return err
	}
	held, err := w.Vector(ctx)
	if err != nil {
		return err
	}
	terms, err := store.Terms(ctx, id)
	if err != nil {
		return err
	}
	sum.Workspaces++
	if err := write(out, frameWorkspace, backupWorkspace{ID: id, Vector: wire.PackVector(held, nil), Standing: terms.Standing,
		Bytes: terms.Quota.Bytes, Commits: terms.Quota.Commits}); err != nil {
		return err
	}
	err = w.Runs(ctx, nil, func(run journal.Run) error {
		sum.Runs++
		sum.Commits += uint64(len(run.Commits))
		if tell != nil {
			tell(sum.Commits, out.Bytes)
		}
		return out.Write(wire.FrameRun, run.Encode())
	})
	faults := wire.FaultsIn(err)
	sum.Faults = append(sum.Faults, faults...)
	if err != nil && len(faults) == 0 {
		return err
	}
	files, keeps := store.(ChunkLister)
	if !keeps {
		return nil
	}
	return files.Chunks(ctx, id, func(c wire.Chunk) error {
		sum.Chunks++
		if tell != nil {
			tell(sum.Commits, out.Bytes)
		}
		return out.Write(wire.FrameChunk, c.Pack())
	})
}

// backupReader is told what is in a backup, in order.
type backupReader interface {
	begin(ctx context.Context, w *backupWorkspace, held journal.Vector) error
	run(ctx context.Context, payload []byte) error
	chunk(ctx context.Context, c wire.Chunk) error
	end(ctx context.Context) error // of a workspace
}

// checker believes nothing and changes nothing.
type checker struct{}

func (checker) begin(context.Context, *backupWorkspace, journal.Vector) error { return nil }
func (checker) run(context.Context, []byte) error                             { return nil }
func (checker) chunk(context.Context, wire.Chunk) error                       { return nil }
func (checker) end(context.Context) error                                     { return nil }

// VerifyBackup reads a backup and says whether it is whole and unchanged: ErrNotBackup, ErrBackupCut, ErrBackupChanged or
// journal.ErrNewer. Whether its commits are what their writers signed is found out when it is restored.
func VerifyBackup(ctx context.Context, path string, tell BackupProgress) (BackupSummary, error) {
	return readBackup(ctx, path, checker{}, tell)
}

func readBackup(ctx context.Context, path string, to backupReader, tell BackupProgress) (sum BackupSummary, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, fmt.Errorf("read a backup: %w", err)
	}
	defer file.Close()
	if sum, err = readFrames(ctx, file, to, tell); err != nil {
		err = fmt.Errorf("read a backup: %w", err)
	}
	return sum, err
}

func readFrames(ctx context.Context, from io.Reader, to backupReader, tell BackupProgress) (sum BackupSummary, err error) {
	frames := wire.NewFrameReader(from)
	kind, payload, err := frames.Next()
	if err != nil || kind != frameBackup || len(payload) < len(BackupMagic) || string(payload[:len(BackupMagic)]) != BackupMagic {
		return sum, ErrNotBackup
	}
	var header backupHeader
	if err := wire.Unmarshal(payload[len(BackupMagic):], &header); err != nil {
		return sum, fmt.Errorf("%w: %w", ErrNotBackup, err)
	}
	if header.Version > backupVersion {
		return sum, fmt.Errorf("%w (backup version %d)", journal.ErrNewer, header.Version)
	}
	sum.Made = time.UnixMilli(header.Made).UTC()
	for open := false; ; {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		kind, payload, err := frames.Next()
		sum.Bytes = frames.Bytes
		switch {
		case errors.Is(err, wire.ErrCutShort):
			return sum, fmt.Errorf("%w (after %d bytes)", ErrBackupCut, frames.Bytes)
		case errors.Is(err, wire.ErrChanged), errors.Is(err, journal.ErrFormat), errors.Is(err, journal.ErrTooLarge):
			return sum, fmt.Errorf("%w: %w", ErrBackupChanged, err)
		case err != nil:
			return sum, err
		}
		if kind != wire.FrameRun && kind != wire.FrameChunk && open {
			if err := to.end(ctx); err != nil {
				return sum, err
			}
			open = false
		}
		switch kind {
		case frameWorkspace:
			if err := beginWorkspace(ctx, payload, to); err != nil {
				return sum, err
			}
			open = true
			sum.Workspaces++
		case wire.FrameRun:
			run, err := journal.DecodeRun(payload)
			if err != nil {
				return sum, fmt.Errorf("%w: %w", ErrBackupChanged, err)
			}
			if !open {
				return sum, fmt.Errorf("%w: a run of no workspace", ErrBackupChanged)
			}
			sum.Runs++
			sum.Commits += uint64(len(run.Commits))
			if err := to.run(ctx, payload); err != nil {
				return sum, err
			}
			if tell != nil {
				tell(sum.Commits, frames.Bytes)
			}
		case wire.FrameChunk:
			c, err := wire.ReadChunk(payload)
			if err != nil || !open {
				return sum, fmt.Errorf("%w: a chunk of a file that is none", ErrBackupChanged)
			}
			sum.Chunks++
			if err := to.chunk(ctx, c); err != nil {
				return sum, err
			}
			if tell != nil {
				tell(sum.Commits, frames.Bytes)
			}
		case wire.FrameEnd:
			var end backupEnd
			if err := wire.Unmarshal(payload, &end); err != nil || end.Runs != sum.Runs || end.Commits != sum.Commits || end.Workspaces != sum.Workspaces || end.Chunks != sum.Chunks {
				return sum, fmt.Errorf("%w: it does not end as it should", ErrBackupChanged)
			}
			return sum, nil
		default:
			return sum, fmt.Errorf("%w: a frame of kind %d", ErrBackupChanged, kind)
		}
	}
}

func beginWorkspace(ctx context.Context, payload []byte, to backupReader) error {
	var w backupWorkspace
	if err := wire.Unmarshal(payload, &w); err != nil {
		return fmt.Errorf("%w: %w", ErrBackupChanged, err)
	}
	held, err := wire.UnpackVector(w.Vector, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBackupChanged, err)
	}
	return to.begin(ctx, &w, held)
}
