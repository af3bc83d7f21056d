package relay

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// What is brought is taken in batches, however small the frames are in which it comes: each batch stops every other writer of the
// workspace for a moment, and frames cost who sends them next to nothing.
const (
	batchParts = 2048
	batchBytes = 1 << 20
)

// supply takes sealed parts that this relay lacks. Only a writer somebody vouches for brings them: a stranger's would cost a
// look at the database each.
func (q *question) supply(ctx context.Context, payload []byte) error {
	if q.theirs == nil && !q.whole {
		return nil
	}
	if err := wire.EachSupply(payload, func(p journal.Loose) error {
		q.brought, q.size = append(q.brought, p), q.size+len(p.Data)
		return nil
	}); err != nil {
		q.log.Debug("parts that do not read", "workspace", q.workspaceShort(), "writer", q.writerShort(), "err", err)
	} // what came with them counts all the same
	if len(q.brought) < batchParts && q.size < batchBytes {
		return nil
	}
	return q.flush(ctx)
}

// flush makes durable what came whole: commits first, for parts may have come with them.
func (q *question) flush(ctx context.Context) error {
	if err := q.intake.Flush(ctx); err != nil || len(q.brought) == 0 {
		return err
	}
	parts := q.brought
	q.brought, q.size = nil, 0
	n, err := q.copy.Supply(ctx, parts)
	if q.supplied += n; n > 0 {
		q.filled.Store(q.ask.Workspace, q.now().UnixMilli())
	}
	return err
}

// giveParts gives the sealed parts that were asked for, as far as there is room, and says what is missing here.
func (q *question) giveParts(ctx context.Context, out *wire.FrameWriter, end *wire.End, room int64) error {
	full := errors.New("full")
	var frame []byte
	send := func() error {
		if len(frame) == 0 {
			return nil
		}
		err := out.Write(wire.FrameParts, frame)
		frame = frame[:0]
		return err
	}
	err := q.copy.Parts(ctx, q.wants, func(n int, data []byte) error {
		if (out.Bytes+int64(len(frame)) >= room || q.visit.giveWay()) && (out.Bytes > 0 || len(frame) > 0) && n > 0 {
			end.Unread = uint64(len(q.wants) - n)
			return full
		}
		frame = wire.AppendPart(frame, n, data)
		if len(frame) < wire.PartsFrame {
			return nil
		}
		return send()
	})
	if err != nil && !errors.Is(err, full) {
		return err
	}
	if at, brought := q.filled.Load(q.ask.Workspace); brought {
		end.Filled = at.(int64)
	}
	end.Filled = max(end.Filled, filledOf(q.copy))
	if err := send(); err != nil || !q.ask.Help {
		return err
	}
	return q.sayLacks(ctx, end)
}

// filledOf is when parts that were missing last came with their commits, as far as the store says so.
func filledOf(w Workspace) int64 {
	if c, counts := w.(*counted); counts {
		w = c.Workspace
	}
	if says, can := w.(interface{ Filled() int64 }); can {
		return says.Filled()
	}
	return 0
}

// sayLacks names parts that this relay should have and has not. It begins anywhere: some are nowhere to be had, and the others
// must get their turn.
func (q *question) sayLacks(ctx context.Context, end *wire.End) error {
	list, err := q.copy.MissingFrom(ctx, 1, 1)
	if err != nil || len(list) == 0 {
		return err
	}
	if list, err = q.copy.MissingFrom(ctx, list[0].N+rand.Int64N(max(q.now().UnixMicro()-list[0].N, 1)), wire.MostLacks); err != nil {
		return err
	}
	places := make([]journal.PartPlace, len(list))
	for i := range list {
		places[i] = list[i].Place
	}
	slices.SortFunc(places, wire.ComparePlaces)
	end.Lacks = wire.PackPlaces(slices.Compact(places))
	return nil
}
