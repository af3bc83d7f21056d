package relay

import (
	"context"
	"errors"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// RestoreBackup brings a backup into a store, which may hold something already and may be served meanwhile: what it holds
// stays, and doing it twice changes nothing. The file is read to its end before anything is written, and every signature is
// checked on the way in. Nothing is written of a file that is not whole and unchanged, unless inPart is set: then what came
// before the damage is taken, and the error says so. What the operator decided is restored where nothing is decided yet.
func RestoreBackup(ctx context.Context, path string, store Ledger, inPart bool, tell BackupProgress) (BackupSummary, error) {
	_, broken := VerifyBackup(ctx, path, nil)
	if broken != nil && (!inPart || !errors.Is(broken, ErrBackupCut) && !errors.Is(broken, ErrBackupChanged)) {
		return BackupSummary{}, broken
	}
	// Runs that wait for others are kept only as far as there is memory for them: then it takes more than one reading.
	for taken := uint64(0); ; {
		r := &restorer{store: store}
		sum, err := readBackup(ctx, path, r, tell)
		if broken != nil && (errors.Is(err, ErrBackupCut) || errors.Is(err, ErrBackupChanged)) {
			if kept := r.end(ctx); kept != nil {
				return sum, kept
			}
		}
		taken += r.taken
		sum.New, sum.Short, sum.Faults = taken, r.short, r.faults
		if err != nil || r.short == 0 || r.taken == 0 {
			return sum, err
		}
	}
}

type restorer struct {
	store  Ledger
	id     journal.WorkspaceID
	copy   Workspace
	intake *wire.Intake
	wants  journal.Vector
	taken  uint64
	short  uint64
	faults []*wire.Fault
}

func (r *restorer) begin(ctx context.Context, w *backupWorkspace, held journal.Vector) (err error) {
	r.id, r.wants = w.ID, held
	if r.copy, err = r.store.Workspace(ctx, w.ID); err != nil {
		return err
	}
	decided, err := r.store.Terms(ctx, w.ID)
	if err != nil {
		return err
	}
	if was := (Terms{w.Standing, Quota{Bytes: w.Bytes, Commits: w.Commits}}); decided == (Terms{}) && was != decided {
		if err := r.store.Decide(ctx, w.ID, was); err != nil {
			return err
		}
	}
	r.intake, err = wire.NewIntake(ctx, r.copy)
	return err
}

func (r *restorer) run(ctx context.Context, payload []byte) error {
	return r.intake.Offer(ctx, payload)
}

// chunk keeps a chunk of a file. One whose part was erased since is not wanted; one whose commit waits comes with the next reading.
func (r *restorer) chunk(ctx context.Context, c wire.Chunk) error {
	files, keeps := r.store.(ChunkStore)
	if !keeps {
		r.short++
		return nil
	}
	if err := r.intake.Flush(ctx); err != nil {
		return err
	}
	code, err := files.PutChunk(ctx, r.id, c)
	if code == wire.ChunkEarly || code == wire.ChunkRefuse {
		r.short++
	}
	return err
}

func (r *restorer) end(ctx context.Context) error {
	if r.intake == nil {
		return nil
	}
	if err := r.intake.Flush(ctx); err != nil {
		return err
	}
	held, err := r.copy.Vector(ctx)
	if err != nil {
		return err
	}
	r.taken += r.intake.Taken
	r.short += wire.Lacking(r.wants, held)
	r.faults = append(r.faults, r.intake.Faults...)
	r.intake = nil
	return nil
}
