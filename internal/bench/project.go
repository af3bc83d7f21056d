package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// projectRounds is how often views are rebuilt and rows inserted raw, in turn.
const projectRounds = 3

// project measures how fast the journal becomes views (opened, decoded, merged, written), against inserting the very rows
// that result, already made, with the same driver into the same encrypted files with the same tables and indexes, by
// prepared statements in transactions of 5,000. Ratio 1 would mean that everything but writing rows costs no time.
func project(ctx context.Context, o Options, r *Report) error {
	b, err := found(ctx, o, "node", cheap)
	if err != nil {
		return err
	}
	defer b.close()
	list := requests(21, o.N)
	half := len(list) / 2
	o.tell("project: %d commits are written", len(list))
	if err := b.play(ctx, list[:half]); err != nil {
		return err
	}
	if err := b.keepHalf(ctx); err != nil {
		return err
	}
	if err := b.play(ctx, list[half:]); err != nil {
		return err
	}
	caught, err := b.catchUpFromHalf(ctx)
	if err != nil {
		return err
	}
	if err := b.close(); err != nil {
		return err
	}
	rows, err := b.rows()
	if err != nil {
		return err
	}
	if err := b.open(ctx); err != nil {
		return err
	}
	var rebuilt, raw, rebuiltCPU, rawCPU []float64
	for round := range projectRounds {
		o.tell("project: round %d of %d", round+1, projectRounds)
		before := processor()
		t, err := spent(func() error { return b.session.Rebuild(ctx) })
		if err != nil {
			return err
		}
		rebuilt, rebuiltCPU = append(rebuilt, t), append(rebuiltCPU, (processor()-before).Seconds())
		t, work, err := b.insertRaw(rows)
		if err != nil {
			return err
		}
		raw, rawCPU = append(raw, t), append(rawCPU, work)
	}
	n, whole := float64(len(list)), median(rebuilt)
	written := float64(rows.count())
	r.against("rebuild of all views", written/whole, "rows/s", "raw inserts of the same rows", written/median(raw))
	if work := median(rebuiltCPU); work > 0 { // two cores work on a rebuild, one on raw inserts
		r.against("rebuild of all views, by processor time", written/work, "rows/s of one core", "raw inserts of the same rows", written/median(rawCPU))
	}
	r.alone("rebuild of all views", n/whole, "commits/s")
	r.alone("catching up, the second half into views that hold the first", float64(len(list)-half)/caught, "commits/s")
	asked, err := spent(func() error { _, err := b.session.Pending(); return err })
	if err != nil {
		return err
	}
	r.alone("counting what exists only here, when that is everything", asked*1e3, "ms")
	r.alone("rows a commit", written/n, "rows")
	size, err := sizeOf(filepath.Join(b.dir, "views", "*"), "*")
	if err != nil {
		return err
	}
	r.alone("views on disk", float64(size)/n, "bytes/commit")
	if size, err = sizeOf(b.dir, "journal*"); err != nil {
		return err
	}
	r.alone("journal on disk", float64(size)/n, "bytes/commit")
	r.Tables = append(r.Tables, rows.table())
	return nil
}

// keepHalf sets the views aside as they are now.
func (b *bed) keepHalf(ctx context.Context) error {
	if err := b.close(); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(b.dir, "half"), os.DirFS(filepath.Join(b.dir, "views"))); err != nil {
		return err
	}
	return b.open(ctx)
}

// catchUpFromHalf puts them back and times the unlocking, which brings them up to the journal.
func (b *bed) catchUpFromHalf(ctx context.Context) (seconds float64, err error) {
	views := filepath.Join(b.dir, "views")
	if err := errors.Join(b.close(), os.RemoveAll(views), os.Rename(filepath.Join(b.dir, "half"), views)); err != nil {
		return 0, err
	}
	return spent(func() error { return b.open(ctx) })
}
