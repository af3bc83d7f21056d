package exchange

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

var (
	// ErrNotBundle reports a file that is not a bundle.
	ErrNotBundle = errors.New("the file is not an Amparo bundle")
	// ErrNotForYou reports a whole bundle that none of the keys opens.
	ErrNotForYou = errors.New("the bundle is sealed for others")
	// ErrOtherWorkspace reports a bundle of another workspace; nothing of it is read.
	ErrOtherWorkspace = errors.New("the bundle is of another workspace")
	// ErrBundleCut reports a bundle that ends too early. Everything before is kept, as the summary says.
	ErrBundleCut = errors.New("the bundle is cut short: it was not copied whole")
	// ErrBundleChanged reports a bundle whose bytes are not those that were written. What could be verified is kept.
	ErrBundleChanged = errors.New("the bundle was changed after it was written")
)

// Bundle says what to write, and for whom.
type Bundle struct {
	Workspace journal.WorkspaceID
	To        []seal.ReceiverKey     // who can open it
	Above     journal.Vector         // what who gets it holds already; nil: nothing
	Split     int64                  // a file has at most so many bytes, or one run; 0: one file
	Files     ChunkCopy              // whose chunks go along, after the runs; nil: none do
	Progress  func(done, all uint64) // told how many commits are written; nil: nobody is
}

// BundleSummary is what writing or reading a bundle did.
type BundleSummary struct {
	Runs    int
	Commits uint64 // written, or read and held now
	New     uint64 // of those read: not held before
	Bytes   int64
	Parked  int            // runs that wait for what comes before them
	Faults  []*Fault       // set aside; when writing: left out because this copy cannot read it
	Vector  journal.Vector // up to where the bundle brings each writer's chain
	Files   []string       // written or read, in order
	Chunks  int            // of files, written or read
}

// WriteBundle writes everything beyond Above to a file, or to several that are named FILE.001, FILE.002 and so on. A file
// appears under its name only once it is whole and on the disk.
func WriteBundle(ctx context.Context, path string, b Bundle, c Copy) (sum BundleSummary, err error) {
	v := &volumes{bundle: b, sum: &sum}
	v.create = func(n int) (io.Writer, error) { return v.createFile(path, n) }
	v.close = func(n int, last bool) error { return v.closeFile(path, n, last) }
	if err = v.write(ctx, c); err != nil {
		err = errors.Join(fmt.Errorf("write bundle: %w", err), v.abandonFile())
	}
	return sum, err
}

// WriteBundleTo writes everything beyond Above to one file that somebody else keeps.
func WriteBundleTo(ctx context.Context, to io.Writer, b Bundle, c Copy) (sum BundleSummary, err error) {
	b.Split = 0
	v := &volumes{bundle: b, sum: &sum, create: func(int) (io.Writer, error) { return to, nil }, close: func(int, bool) error { return nil }}
	if err = v.write(ctx, c); err != nil {
		err = fmt.Errorf("write bundle: %w", err)
	}
	return sum, err
}

// volumes writes one bundle.
type volumes struct {
	bundle Bundle
	sum    *BundleSummary
	create func(n int) (io.Writer, error)
	close  func(n int, last bool) error

	set   []byte
	above journal.Vector // what the receiver holds and the volumes so far bring
	file  *os.File       // being written, when they are files

	number int
	sealed io.WriteCloser
	frames *wire.FrameWriter
	digest hash.Hash
	below  *counter
	head   int64 // bytes of the file before its contents
	runs   uint64
	many   uint64 // commits
	chunks uint64
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// endRoom is what ending a volume takes at most.
const endRoom = 256

func (v *volumes) write(ctx context.Context, c Copy) (err error) {
	if v.sum.Vector, err = c.Vector(ctx); err != nil {
		return err
	}
	v.set = make([]byte, 16)
	rand.Read(v.set)
	if v.above = maps.Clone(v.bundle.Above); v.above == nil {
		v.above = journal.Vector{}
	}
	all := wire.Lacking(v.sum.Vector, v.above)
	if err := v.begin(); err != nil {
		return err
	}
	err = c.Runs(ctx, v.bundle.Above, func(run journal.Run) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.run(&run); err != nil {
			return err
		}
		if v.bundle.Progress != nil {
			v.bundle.Progress(v.sum.Commits, max(all, v.sum.Commits))
		}
		return nil
	})
	if v.sum.Faults = wire.FaultsIn(err); err != nil && len(v.sum.Faults) == 0 {
		return err
	}
	if err := v.files(ctx); err != nil {
		return err
	}
	return v.end(false)
}

// files writes the chunks of files that may leave, the newest first.
func (v *volumes) files(ctx context.Context) error {
	if v.bundle.Files == nil {
		return nil
	}
	list, err := v.bundle.Files.Unsent(math.MaxInt32)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, here, err := v.bundle.Files.Read(c.Digest)
		if err != nil {
			return err
		}
		if !here {
			continue
		}
		chunk := wire.Chunk{Place: c.Place, Data: data}
		if err := v.frame(wire.FrameChunk, chunk.Pack()); err != nil {
			return err
		}
		v.chunks++
		v.sum.Chunks++
	}
	return nil
}

func (v *volumes) begin() error {
	v.number++
	to, err := v.create(v.number)
	if err != nil {
		return err
	}
	v.below, v.digest, v.runs, v.many, v.chunks = &counter{w: to}, sha256.New(), 0, 0, 0
	if v.sealed, err = seal.SealFile(v.below, v.bundle.To); err != nil {
		return err
	}
	v.head = v.below.n
	v.frames = wire.NewFrameWriter(io.MultiWriter(v.sealed, v.digest))
	header, err := wire.Marshal(wire.Volume{Version: wire.Version, Workspace: v.bundle.Workspace, Vector: wire.PackVector(v.sum.Vector, nil),
		Above: wire.PackVector(v.above, nil), Set: v.set, Number: uint(v.number)})
	if err != nil {
		return err
	}
	return v.frames.Write(wire.FrameBundle, append([]byte(wire.BundleMagic), header...))
}

// frame writes one, in the next file when there is no room for it in this one.
func (v *volumes) frame(kind byte, payload []byte) error {
	if v.bundle.Split > 0 && v.runs+v.chunks > 0 && seal.SealedLength(v.head, v.frames.Bytes+int64(len(payload))+endRoom) > v.bundle.Split {
		if err := v.end(true); err != nil {
			return err
		}
		if err := v.begin(); err != nil {
			return err
		}
	}
	return v.frames.Write(kind, payload)
}

func (v *volumes) run(run *journal.Run) error {
	if err := v.frame(wire.FrameRun, run.Encode()); err != nil {
		return err
	}
	v.runs++
	v.many += uint64(len(run.Commits))
	v.sum.Runs++
	v.sum.Commits += uint64(len(run.Commits))
	v.above[run.First().Writer] = run.Last().Seq
	return nil
}

func (v *volumes) end(more bool) error {
	if err := v.frames.End(wire.VolumeEnd{Runs: v.runs, Commits: v.many, Digest: v.digest.Sum(nil), More: more, Chunks: v.chunks}); err != nil {
		return err
	}
	if err := v.sealed.Close(); err != nil {
		return err
	}
	v.sum.Bytes += v.below.n
	return v.close(v.number, !more)
}

// volumeName is what the n-th file of a bundle is called.
func volumeName(path string, n int) string { return fmt.Sprintf("%s.%03d", path, n) }

func (v *volumes) createFile(path string, _ int) (_ io.Writer, err error) {
	v.file, err = os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	return v.file, err
}

func (v *volumes) closeFile(path string, n int, last bool) error {
	name := path
	if !last || n > 1 {
		name = volumeName(path, n)
	}
	err := v.file.Sync()
	if err == nil {
		err = v.file.Close()
	}
	if err == nil {
		err = os.Rename(v.file.Name(), name)
	}
	if err != nil {
		return err
	}
	v.file, v.sum.Files = nil, append(v.sum.Files, name)
	return wire.SyncFolder(filepath.Dir(path))
}

// abandonFile leaves nothing of a file that did not become whole. The volumes before it stay: each is whole by itself.
func (v *volumes) abandonFile() error {
	if v.file == nil {
		return nil
	}
	return errors.Join(wire.Closed(v.file.Close()), os.Remove(v.file.Name()))
}
