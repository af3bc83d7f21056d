package exchange

import (
	"context"
	"errors"
	"fmt"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Two stories of one chain may have one length: a machine was put back to an earlier state that nothing shows, and wrote as much
// as it had written before. Numbers alone would take the one for a receipt of the other. So each question names the asker's
// newest commit by its hash too, and when the other side holds another one there, the whole chain is offered, without what is
// sealed, until it is known from where on the stories part.

// head is the hash of the newest commit of who asks; nil when there is none.
func (x *session) head(ctx context.Context, mine journal.Vector) ([]byte, error) {
	w := x.writer()
	hash, held, err := x.copy.Hash(ctx, w, mine[w])
	if err != nil || !held {
		return nil, err
	}
	return hash[:16], nil
}

// headDiffers follows a note that the other side holds another newest commit of who asks. It reports whether to ask again.
func (x *session) headDiffers(n wire.Note) bool {
	if n.Writer != x.writer() || x.retold {
		return false
	}
	x.retold, x.retelling = true, true
	return true
}

// retell offers the asker's own chain from its beginning.
func (x *session) retell(ctx context.Context, mine journal.Vector, out *wire.FrameWriter) (runs uint64, err error) {
	if !x.retelling {
		return 0, nil
	}
	x.retelling = false
	only := journal.Vector{}
	for w, seq := range mine {
		if w != x.writer() {
			only[w] = seq
		}
	}
	full := errors.New("full")
	err = x.copy.Bare(ctx, only, func(run journal.Run) error {
		if run.First().Writer != x.writer() { // written meanwhile
			return nil
		}
		if runs > 0 && out.Bytes >= roundBytes {
			return full
		}
		runs++
		return out.Write(wire.FrameRun, run.Encode())
	})
	if err = x.unreadable(err); err != nil && !errors.Is(err, full) {
		return runs, fmt.Errorf("exchange: %w", err)
	}
	return runs, nil
}

// lookBack takes up what commits that are here had seen and that is not here, whichever way they came: a file that was cut off, or
// a neighbour who asked here.
func (w *witness) lookBack(ctx context.Context) error {
	asker, tells := w.copy.(wire.Asker)
	if !tells {
		return nil
	}
	seen, err := asker.Unmet(ctx)
	if err != nil {
		return err
	}
	for _, s := range seen {
		w.add(Expected{Writer: s.Of, Seq: s.Seq, SeenBy: s.By})
	}
	return nil
}
