package exchange

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"regexp"
	"strconv"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Reading says with what a bundle is read.
type Reading struct {
	Workspace journal.WorkspaceID   // zero: whichever; for looking only
	Keys      []seal.Receiver       // one of which opens it; a plain bundle of before needs none
	Progress  func(done, all int64) // told how many bytes of a file are read; nil: nobody is
	Files     ChunkCopy             // takes chunks of files; nil: they are passed over
	Arrived   func() error          // called before the first of them, when the commits that speak of them are kept; nil: nobody is
}

// NextVolume reports that a bundle goes on in a file that is not there. What was read is kept.
type NextVolume struct{ Name string }

// Error names the file.
func (n *NextVolume) Error() string { return "the bundle goes on in another file: " + n.Name }

// ReadBundle takes a bundle into a copy, and the volumes that follow it. It fails with ErrNotBundle, ErrNotForYou,
// ErrOtherWorkspace, journal.ErrNewer, ErrBundleCut, ErrBundleChanged, *NextVolume or the copy's own error; the summary says
// what was kept all the same. Reading again changes nothing: of a file that was cut, the whole one brings the rest.
func ReadBundle(ctx context.Context, path string, r Reading, c Copy) (sum BundleSummary, err error) {
	var before *volume
	for name := firstVolume(path); ; name = nextVolume(name) {
		read, err := readFile(ctx, name, r, c, before, &sum)
		if before != nil && errors.Is(err, os.ErrNotExist) {
			err = &NextVolume{name}
		}
		if err != nil {
			return sum, fmt.Errorf("read bundle: %w", err)
		}
		sum.Files = append(sum.Files, name)
		if !read.more {
			return sum, nil
		}
		if nextVolume(name) == "" {
			return sum, fmt.Errorf("read bundle: %w", &NextVolume{})
		}
		before = read
	}
}

// ReadBundleFrom is ReadBundle for one file that somebody else opened.
func ReadBundleFrom(ctx context.Context, from io.Reader, r Reading, c Copy) (sum BundleSummary, err error) {
	read, err := readVolume(ctx, &told{r: from}, r, c, nil, &sum)
	if err == nil && read.more {
		err = &NextVolume{}
	}
	if err != nil {
		err = fmt.Errorf("read bundle: %w", err)
	}
	return sum, err
}

// BundleAbout is what a bundle says of itself.
type BundleAbout struct {
	Workspace journal.WorkspaceID
	Vector    journal.Vector // what who wrote it held
	Above     journal.Vector // what it was thought that the receiver held
	Sealed    bool           // only some can open it
}

// AboutBundle reads how a bundle begins.
func AboutBundle(path string, r Reading) (about BundleAbout, err error) {
	file, err := os.Open(firstVolume(path))
	if err != nil {
		return about, fmt.Errorf("read bundle: %w", err)
	}
	frames, sealed, err := openVolume(file, r)
	if err == nil {
		_, about, err = readHeader(frames, r, sha256.New())
	}
	about.Sealed = sealed
	if err != nil {
		err = fmt.Errorf("read bundle: %w", err)
	}
	return about, errors.Join(err, file.Close())
}

var numbered = regexp.MustCompile(`^(.*)\.([0-9]{3,})$`)

// firstVolume is where reading begins: who names a bundle that was split means its first file.
func firstVolume(path string) string {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if first := volumeName(path, 1); fileThere(first) {
			return first
		}
	}
	return path
}

func fileThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// nextVolume is the name of the file after this one; empty when this one has no number.
func nextVolume(name string) string {
	parts := numbered.FindStringSubmatch(name)
	if parts == nil {
		return ""
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil {
		return ""
	}
	return volumeName(parts[1], n+1)
}

func readFile(ctx context.Context, path string, r Reading, c Copy, before *volume, sum *BundleSummary) (*volume, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	var read *volume
	if err == nil {
		read, err = readVolume(ctx, &told{r: file, tell: r.Progress, all: info.Size()}, r, c, before, sum)
	}
	return read, errors.Join(err, file.Close())
}

// told counts how much of a file was read, and tells.
type told struct {
	r         io.Reader
	tell      func(done, all int64) // nil: nobody
	done, all int64
}

func (t *told) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	t.done += int64(n)
	if t.tell != nil {
		t.tell(t.done, t.all)
	}
	return n, err
}

// volume is what is known of a file that was read.
type volume struct {
	set    []byte
	number uint
	more   bool
}

// openVolume tells a sealed bundle from a plain one and opens it.
func openVolume(from io.Reader, r Reading) (frames *wire.FrameReader, sealed bool, err error) {
	start := bufio.NewReader(from)
	if begins, err := start.Peek(len(seal.FileMagic)); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	} else if !bytes.HasPrefix([]byte(seal.FileMagic), begins) {
		return wire.NewFrameReader(start), false, nil
	}
	plain, err := seal.OpenFile(start, r.Keys...)
	switch {
	case errors.Is(err, seal.ErrSealed):
		err = ErrNotForYou
	case errors.Is(err, seal.ErrNotFile):
		err = ErrNotBundle
	}
	return wire.NewFrameReader(plain), true, bundleError(err)
}

// bundleError names what a sealed file reports in the words of bundles.
func bundleError(err error) error {
	switch {
	case errors.Is(err, seal.ErrFileCut), errors.Is(err, wire.ErrCutShort):
		return fmt.Errorf("%w: %w", ErrBundleCut, err)
	case errors.Is(err, seal.ErrFileChanged), errors.Is(err, wire.ErrChanged), errors.Is(err, journal.ErrFormat):
		return fmt.Errorf("%w: %w", ErrBundleChanged, err)
	}
	return err
}

// readHeader reads how a volume begins. A file that does not begin as a bundle does is none, however it ends.
func readHeader(frames *wire.FrameReader, r Reading, all hash.Hash) (*volume, BundleAbout, error) {
	kind, payload, err := frames.Next()
	if errors.Is(err, seal.ErrFileCut) || errors.Is(err, seal.ErrFileChanged) {
		return nil, BundleAbout{}, bundleError(err)
	}
	magic := []byte(wire.BundleMagic)
	if err != nil || kind != wire.FrameBundle || !bytes.HasPrefix(payload, magic) {
		return nil, BundleAbout{}, ErrNotBundle
	}
	var header wire.Volume
	if err := wire.Unmarshal(payload[len(magic):], &header); err != nil {
		return nil, BundleAbout{}, fmt.Errorf("%w: %w", ErrNotBundle, err)
	}
	about := BundleAbout{Workspace: header.Workspace}
	switch {
	case header.Version > wire.Version:
		return nil, about, fmt.Errorf("%w (bundle version %d)", journal.ErrNewer, header.Version)
	case r.Workspace != (journal.WorkspaceID{}) && header.Workspace != r.Workspace:
		return nil, about, ErrOtherWorkspace
	}
	if about.Vector, err = wire.UnpackVector(header.Vector, nil); err == nil {
		about.Above, err = wire.UnpackVector(header.Above, nil)
	}
	if err != nil {
		return nil, about, fmt.Errorf("%w: %w", ErrNotBundle, err)
	}
	return &volume{set: header.Set, number: header.Number}, about, digested(all, kind, payload)
}

// digested adds a frame as it stands in the file to the digest over all of it.
func digested(all hash.Hash, kind byte, payload []byte) error {
	return journal.WriteFrame(all, append([]byte{kind}, payload...))
}

func readVolume(ctx context.Context, file *told, r Reading, c Copy, before *volume, sum *BundleSummary) (*volume, error) {
	frames, _, err := openVolume(file, r)
	if err != nil {
		return nil, err
	}
	all := sha256.New()
	read, about, err := readHeader(frames, r, all)
	if err != nil {
		return nil, err
	}
	if before != nil && (!bytes.Equal(before.set, read.set) || read.number != before.number+1) {
		return nil, fmt.Errorf("%w: file %d of another bundle", ErrBundleChanged, read.number)
	}
	sum.Vector = about.Vector
	intake, err := wire.NewIntake(ctx, c)
	if err != nil {
		return nil, err
	}
	intake.Arrived = func(run *journal.Run) { sum.Commits += uint64(len(run.Commits)) }
	runs, ending := read.runs(ctx, frames, all, intake, r, sum)
	if err := intake.Flush(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	sum.Runs += runs
	sum.Bytes += file.done
	sum.New += intake.Taken
	sum.Parked += len(intake.Parked()) + intake.Forgotten()
	sum.Faults = append(sum.Faults, intake.Faults...)
	return read, ending
}

// runs offers everything that follows: runs, and then chunks of files. What is not whole ends it.
func (v *volume) runs(ctx context.Context, frames *wire.FrameReader, all hash.Hash, intake *wire.Intake, r Reading, sum *BundleSummary) (runs int, err error) {
	for chunks := 0; ; {
		if err := ctx.Err(); err != nil {
			return runs, err
		}
		kind, payload, err := frames.Next()
		if err != nil {
			return runs, bundleError(err)
		}
		switch kind {
		case wire.FrameRun:
			runs++
			if err := digested(all, kind, payload); err != nil {
				return runs, err
			}
			if intake == nil { // only looked through
				if _, err := journal.DecodeRun(payload); err != nil {
					return runs, fmt.Errorf("%w: %w", ErrBundleChanged, err)
				}
			} else if err := intake.Offer(ctx, payload); err != nil {
				return runs, err
			}
		case wire.FrameChunk:
			if err := digested(all, kind, payload); err != nil {
				return runs, err
			}
			if chunks++; intake == nil || r.Files == nil {
				continue
			}
			if chunks == 1 {
				if err := intake.Flush(ctx); err != nil {
					return runs, err
				}
				if r.Arrived != nil {
					if err := r.Arrived(); err != nil {
						return runs, err
					}
				}
			}
			chunk, err := wire.ReadChunk(payload)
			if err != nil {
				return runs, fmt.Errorf("%w: %w", ErrBundleChanged, err)
			}
			if err := r.Files.Take(chunk.Data); err != nil {
				return runs, err
			}
			sum.Chunks++
		case wire.FrameEnd:
			var end wire.VolumeEnd
			if err := wire.Unmarshal(payload, &end); err != nil {
				return runs, fmt.Errorf("%w: %w", ErrBundleChanged, err)
			}
			if end.Runs != uint64(runs) || subtle.ConstantTimeCompare(end.Digest, all.Sum(nil)) != 1 {
				return runs, fmt.Errorf("%w: the digest at its end differs", ErrBundleChanged)
			}
			v.more = end.More
			return runs, nil
		default:
			return runs, fmt.Errorf("%w: a frame of kind %d", ErrBundleChanged, kind)
		}
	}
}
