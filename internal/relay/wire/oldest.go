package wire

import (
	"bytes"
	"container/heap"
	"errors"

	"amparo/internal/journal"
)

// OldestFirst gives runs in the order that Copy.Runs promises, for copies that can tell the time of a commit (0: not
// held) and read the next run of one writer from a commit on (false: none that is vouched for). Writers of which next
// fails with a *Fault are left out and the faults returned together at the end: what cannot be read of one must not
// keep the others' from whoever lacks them. Any other error ends it.
func OldestFirst(held, above journal.Vector, timeAt func(w journal.WriterID, seq uint64) (journal.Time, error),
	next func(w journal.WriterID, seq uint64) (journal.Run, bool, error), yield func(journal.Run) error) error {
	var q queue
	for w, seq := range held {
		if seq <= above[w] {
			continue
		}
		t, err := timeAt(w, above[w]+1)
		if err != nil {
			return err
		}
		q = append(q, following{w, above[w] + 1, t})
	}
	heap.Init(&q)
	var faults []error
	for q.Len() > 0 {
		at := &q[0]
		run, ok, err := next(at.writer, at.seq)
		var fault *Fault
		switch {
		case errors.As(err, &fault):
			faults = append(faults, err)
			heap.Pop(&q)
			continue
		case err != nil:
			return err
		case !ok:
			heap.Pop(&q)
			continue
		}
		if err := yield(run); err != nil {
			return err
		}
		if at.seq = run.Last().Seq + 1; at.seq > held[at.writer] {
			heap.Pop(&q)
			continue
		}
		if at.time, err = timeAt(at.writer, at.seq); err != nil {
			return err
		}
		heap.Fix(&q, 0)
	}
	return errors.Join(faults...)
}

// following is a writer and the next commit of it to give.
type following struct {
	writer journal.WriterID
	seq    uint64
	time   journal.Time
}

type queue []following

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(following)) }

func (q queue) Less(i, j int) bool {
	if q[i].time != q[j].time {
		return q[i].time < q[j].time
	}
	return bytes.Compare(q[i].writer[:], q[j].writer[:]) < 0
}

func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
