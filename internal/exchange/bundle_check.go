package exchange

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// FileAbout is what can be said of a file with nothing but the file.
type FileAbout struct {
	Bytes  int64
	Backup bool // of a node, under a passphrase; otherwise a bundle
}

// CheckFile says whether a bundle or a backup is whole and unchanged by accident. It needs no key. It fails with
// ErrNotBundle, ErrBundleCut or ErrBundleChanged.
func CheckFile(from io.Reader) (about FileAbout, err error) {
	start := bufio.NewReaderSize(from, 64<<10)
	begins, err := start.Peek(len(seal.FileMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return about, fmt.Errorf("check file: %w", err)
	}
	if bytes.HasPrefix([]byte(seal.FileMagic), begins) {
		about.Bytes, about.Backup, err = seal.CheckFile(start)
		if errors.Is(err, seal.ErrNotFile) {
			err = ErrNotBundle
		}
		err = bundleError(err)
	} else {
		about.Bytes, err = checkPlain(start)
	}
	if err != nil {
		err = fmt.Errorf("check file: %w", err)
	}
	return about, err
}

// checkPlain reads a bundle of before they were sealed.
func checkPlain(from io.Reader) (int64, error) {
	file := &told{r: from}
	frames, all := wire.NewFrameReader(file), sha256.New()
	v, _, err := readHeader(frames, Reading{}, all)
	if err != nil {
		return 0, err
	}
	_, err = v.runs(context.Background(), frames, all, nil, Reading{}, nil)
	return file.done, err
}

// Trial judges as the copy would, and keeps nothing: what was judged good counts for what comes after it, and is forgotten
// with the trial. It is for one goroutine.
func (c *JournalCopy) Trial() Copy {
	return &trial{JournalCopy: c, roll: c.Journal.Roll(), heads: map[journal.WriterID]journal.Head{}, hashes: map[journal.PartPlace]journal.Hash{}, seen: journal.Vector{}}
}

type trial struct {
	*JournalCopy
	roll   *journal.Roll
	heads  map[journal.WriterID]journal.Head
	hashes map[journal.PartPlace]journal.Hash // of what was judged good; the index is not used
	seen   journal.Vector                     // up to where commits judged good name each chain
}

// Vector is wire.Copy's.
func (t *trial) Vector(ctx context.Context) (journal.Vector, error) {
	v, err := t.JournalCopy.Vector(ctx)
	for w, h := range t.heads {
		v[w] = h.Seq
	}
	return v, err
}

// Take is wire.Copy's; nothing is kept.
func (t *trial) Take(_ context.Context, runs []journal.Run) ([]error, error) {
	verdicts := make([]error, len(runs))
	for i := range runs {
		verdict, err := wire.Judge(t.roll, t, &runs[i])
		var f *wire.Fault
		switch {
		case errors.Is(err, wire.ErrParked):
			continue
		case errors.As(err, &f):
			verdicts[i] = f
			continue
		case err != nil:
			return nil, err
		}
		t.roll = verdict.Roll
		for _, c := range verdict.Fresh {
			t.heads[c.Writer] = journal.Head{Seq: c.Seq, Hash: c.Hash, Time: c.Time}
			t.hashes[journal.PartPlace{Writer: c.Writer, Seq: c.Seq}] = c.Hash
			for _, s := range c.Seen {
				t.seen[s.Writer] = max(t.seen[s.Writer], s.Seq)
			}
		}
	}
	return verdicts, nil
}

// Supply is wire.Copy's; nothing is kept.
func (t *trial) Supply(context.Context, []journal.Loose) (int, error) { return 0, nil }

// Head is wire.Chain's.
func (t *trial) Head(w journal.WriterID) (journal.Head, error) {
	if h, fresh := t.heads[w]; fresh {
		return h, nil
	}
	return t.Journal.Head(w), nil
}

// HashAt is wire.Chain's.
func (t *trial) HashAt(w journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	if h, fresh := t.hashes[journal.PartPlace{Writer: w, Seq: seq}]; fresh {
		return h, true, nil
	}
	return t.Journal.HashAt(w, seq)
}

// Vouched is wire.Chain's. What the trial itself brought vouches whoever said it: a bundle is not refused for what only
// reading it can tell.
func (t *trial) Vouched(w journal.WriterID) (uint64, error) {
	seq, err := t.Journal.Vouched(w)
	return max(seq, t.seen[w]), err
}
