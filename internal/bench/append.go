package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
)

// appendRounds is how often each way is measured, in turn, so that a moment of other work hits both.
const appendRounds = 5

// durable measures commits that survive a power cut when the result is given, against as many fsyncs of as many bytes
// appended to a plain file in the same folder: nothing durable can be faster than the disk says "written".
func durable(ctx context.Context, o Options, r *Report) error {
	b, err := found(ctx, o, "node", cheap)
	if err != nil {
		return err
	}
	defer b.close()
	n := max(o.N/appendRounds, node.Group)
	list := requests(11, 400+2*appendRounds*n)
	if err := b.play(ctx, list[:400]); err != nil {
		return err
	}
	list = list[400:]
	var one, grouped, sync1, sync64, work1, work64 []float64
	for round := range appendRounds {
		o.tell("append: round %d of %d", round+1, appendRounds)
		single, group := list[:n], list[n:2*n]
		list = list[2*n:]
		before, err := sizeOf(b.dir, "journal*")
		if err != nil {
			return err
		}
		cpu := processor()
		t, err := spent(func() error { return b.applySingly(ctx, single) })
		if err != nil {
			return err
		}
		one, work1 = append(one, float64(n)/t), append(work1, float64((processor()-cpu).Microseconds())/float64(n))
		after, err := sizeOf(b.dir, "journal*")
		if err != nil {
			return err
		}
		each := max(int(after-before)/n, 512)
		cpu = processor()
		if t, err = spent(func() error { return b.play(ctx, group) }); err != nil {
			return err
		}
		grouped, work64 = append(grouped, float64(n)/t), append(work64, float64((processor()-cpu).Microseconds())/float64(n))
		if t, err = spent(func() error { return syncs(o.Dir, n, each) }); err != nil {
			return err
		}
		sync1 = append(sync1, float64(n)/t)
		if t, err = spent(func() error { return syncs(o.Dir, (n+node.Group-1)/node.Group, each*node.Group) }); err != nil {
			return err
		}
		sync64 = append(sync64, float64(n)/t)
	}
	r.against("durable commits, one at a time", median(one), "commits/s", "fsyncs of the same bytes appended to a plain file", median(sync1))
	r.against(fmt.Sprintf("durable commits, %d at a time", node.Group), median(grouped), "commits/s", "the same bytes appended to a plain file, one fsync a group", median(sync64))
	if work := median(work1); work > 0 {
		r.alone("processor time of a commit by itself: action, sealing, signature, journal, views", work, "µs")
		r.alone(fmt.Sprintf("processor time of a commit, %d at a time", node.Group), median(work64), "µs")
	}
	return nil
}

func (b *bed) applySingly(ctx context.Context, list []record.Request) error {
	for _, request := range list {
		b.clock.Store(request.At.Unix())
		if result := b.session.Apply(ctx, lang.ES, request); !result.OK && result.Error.Code == "internal" {
			return errors.New(result.Error.Message)
		}
	}
	return ctx.Err()
}

// syncs appends n records to a file and makes each durable before the next.
func syncs(dir string, n, bytes int) error {
	f, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		return err
	}
	record := make([]byte, bytes)
	for i := range record {
		record[i] = byte(i * 131)
	}
	for range n {
		if _, err = f.Write(record); err == nil {
			err = f.Sync()
		}
		if err != nil {
			break
		}
	}
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}
