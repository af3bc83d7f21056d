package exchange

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

var (
	// ErrNotBundle reports a file that is not a bundle.
	ErrNotBundle = errors.New("the file is not an Amparo bundle")
	// ErrOtherWorkspace reports a bundle of another workspace; nothing of it is read.
	ErrOtherWorkspace = errors.New("the bundle is of another workspace")
	// ErrBundleCut reports a bundle that ends too early. Everything before is kept, as the summary says.
	ErrBundleCut = errors.New("the bundle is cut short: it was not copied whole")
	// ErrBundleChanged reports a bundle whose bytes are not those that were written. What could be verified is kept.
	ErrBundleChanged = errors.New("the bundle was changed after it was written")
)

// BundleSummary is what writing or reading a bundle did.
type BundleSummary struct {
	Runs    int
	Commits uint64 // written, or read and held now
	New     uint64 // of those read: not held before
	Bytes   int64
	Parked  int            // runs that wait for what comes before them
	Faults  []*Fault       // set aside; when writing: left out because this copy cannot read it
	Vector  journal.Vector // up to where the bundle brings each writer's chain
}

// WriteBundle writes everything beyond above to a file. It appears under its name only once it is whole and on the disk.
func WriteBundle(ctx context.Context, path string, w journal.WorkspaceID, c Copy, above journal.Vector) (sum BundleSummary, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return sum, fmt.Errorf("write bundle: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write bundle: %w", err), closed(file.Close()), os.Remove(file.Name()))
		}
	}()
	if sum, err = writeBundle(ctx, file, w, c, above); err != nil {
		return sum, err
	}
	if err = file.Sync(); err != nil {
		return sum, err
	}
	if err = file.Close(); err != nil {
		return sum, err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return sum, err
	}
	return sum, syncFolder(filepath.Dir(path))
}

func closed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// syncFolder makes a new name durable; where folders cannot be synced (Windows) the system does it by itself.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	err = f.Sync()
	if errors.Is(err, os.ErrInvalid) || errors.Is(err, os.ErrPermission) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// sumWriter counts and digests all that is written.
type sumWriter struct {
	w      io.Writer
	digest hash.Hash
}

func (s sumWriter) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.digest.Write(b[:n])
	return n, err
}

func writeBundle(ctx context.Context, to io.Writer, w journal.WorkspaceID, c Copy, above journal.Vector) (sum BundleSummary, err error) {
	if sum.Vector, err = c.Vector(ctx); err != nil {
		return sum, err
	}
	all := sumWriter{to, sha256.New()}
	out := wire.NewFrameWriter(all)
	header, err := wire.Marshal(wire.BundleHeader{Version: wire.Version, Workspace: w, Vector: wire.PackVector(sum.Vector, nil), Above: wire.PackVector(above, nil)})
	if err != nil {
		return sum, err
	}
	if err := out.Write(wire.FrameBundle, append([]byte(wire.BundleMagic), header...)); err != nil {
		return sum, err
	}
	err = c.Runs(ctx, above, func(run journal.Run) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		sum.Runs++
		sum.Commits += uint64(len(run.Commits))
		return out.Write(wire.FrameRun, run.Encode())
	})
	if sum.Faults = wire.FaultsIn(err); err != nil && len(sum.Faults) == 0 {
		return sum, err
	}
	err = out.End(wire.BundleEnd{Runs: uint64(sum.Runs), Commits: sum.Commits, Digest: all.digest.Sum(nil)})
	sum.Bytes = out.Bytes
	return sum, err
}

// ReadBundle takes a bundle into a copy. It fails with ErrNotBundle, ErrOtherWorkspace, journal.ErrNewer, ErrBundleCut,
// ErrBundleChanged or the copy's own error; the summary says what was kept all the same. Reading it again changes nothing.
func ReadBundle(ctx context.Context, path string, w journal.WorkspaceID, c Copy) (BundleSummary, error) {
	file, err := os.Open(path)
	if err != nil {
		return BundleSummary{}, fmt.Errorf("read bundle: %w", err)
	}
	sum, err := readBundle(ctx, file, w, c)
	if err != nil {
		err = fmt.Errorf("read bundle: %w", err)
	}
	return sum, errors.Join(err, file.Close())
}

// digested adds a frame as it stands in the file to the digest over all of it.
func digested(all hash.Hash, kind byte, payload []byte) error {
	return journal.WriteFrame(all, append([]byte{kind}, payload...))
}

func readBundle(ctx context.Context, from io.Reader, w journal.WorkspaceID, c Copy) (sum BundleSummary, err error) {
	frames := wire.NewFrameReader(from)
	all := sha256.New()
	kind, payload, err := frames.Next()
	if err != nil || kind != wire.FrameBundle || len(payload) < len(wire.BundleMagic) || string(payload[:len(wire.BundleMagic)]) != wire.BundleMagic {
		return sum, ErrNotBundle
	}
	var header wire.BundleHeader
	if err := wire.Unmarshal(payload[len(wire.BundleMagic):], &header); err != nil {
		return sum, fmt.Errorf("%w: %w", ErrNotBundle, err)
	}
	switch {
	case header.Version > wire.Version:
		return sum, fmt.Errorf("%w (bundle version %d)", journal.ErrNewer, header.Version)
	case header.Workspace != w:
		return sum, ErrOtherWorkspace
	}
	if sum.Vector, err = wire.UnpackVector(header.Vector, nil); err != nil {
		return sum, fmt.Errorf("%w: %w", ErrNotBundle, err)
	}
	if err := digested(all, kind, payload); err != nil {
		return sum, err
	}
	intake, err := wire.NewIntake(ctx, c)
	if err != nil {
		return sum, err
	}
	intake.Arrived = func(run *journal.Run) { sum.Commits += uint64(len(run.Commits)) }
	ending := readRuns(ctx, frames, all, intake, &sum)
	if err := intake.Flush(context.WithoutCancel(ctx)); err != nil {
		return sum, err
	}
	sum.Bytes, sum.New, sum.Parked, sum.Faults = frames.Bytes, intake.Taken, len(intake.Parked())+intake.Forgotten(), intake.Faults
	return sum, ending
}

func readRuns(ctx context.Context, frames *wire.FrameReader, all hash.Hash, intake *wire.Intake, sum *BundleSummary) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, payload, err := frames.Next()
		switch {
		case errors.Is(err, wire.ErrCutShort):
			return fmt.Errorf("%w (after %d bytes)", ErrBundleCut, frames.Bytes)
		case errors.Is(err, wire.ErrChanged), errors.Is(err, journal.ErrFormat):
			return fmt.Errorf("%w: %w", ErrBundleChanged, err)
		case err != nil:
			return err
		}
		switch kind {
		case wire.FrameRun:
			sum.Runs++
			if err := digested(all, kind, payload); err != nil {
				return err
			}
			if err := intake.Offer(ctx, payload); err != nil {
				return err
			}
		case wire.FrameEnd:
			var end wire.BundleEnd
			if err := wire.Unmarshal(payload, &end); err != nil {
				return fmt.Errorf("%w: %w", ErrBundleChanged, err)
			}
			if end.Runs != uint64(sum.Runs) || subtle.ConstantTimeCompare(end.Digest, all.Sum(nil)) != 1 {
				return fmt.Errorf("%w: the digest at its end differs", ErrBundleChanged)
			}
			return nil
		default:
			return fmt.Errorf("%w: a frame of kind %d", ErrBundleChanged, kind)
		}
	}
}
