package store

import (
	"fmt"
	"maps"

	"amparo/internal/record"
	"amparo/internal/seal"
)

// What was erased from the journal must go from the views too: from rows, indexes, free pages and the log. So a view that
// has read an erased part is removed and made anew under another key; what a disk may keep of the old file opens with no
// key that is left.

var errNotRenewed = fmt.Errorf("%w: it could not be made anew", ErrViewDamaged)

// DroppedSeen is how many of the journal's erasures all open views have followed.
func (v *Views) DroppedSeen() int64 {
	first, lowest := true, int64(0)
	for c := range v.keys {
		if d := v.dropped[c]; first || d < lowest {
			first, lowest = false, d
		}
	}
	return lowest
}

// Stale reports whether the compartment's view has read a part that was dropped.
func (v *Views) Stale(c record.Compartment, d Dropped) bool {
	return v.Opens(c) && d.N > v.dropped[c] && d.Arrival > 0 && d.Arrival <= v.position[c]
}

// FollowDropped notes that no open view says any more what the first n erased parts said. No batch may be running.
func (v *Views) FollowDropped(n int64) error {
	if v.write == nil {
		return errNotRenewed
	}
	for c := range v.keys {
		if v.dropped[c] == n {
			continue
		}
		if err := v.write.exec(fmt.Sprintf("UPDATE %s._view SET dropped = ?", c), n); err != nil {
			return ofView("forget", err)
		}
		v.dropped[c] = n
	}
	return nil
}

// Renew removes the views of some compartments and makes empty ones under the keys given. Until resume is called nothing is
// read: who asks waits, and does not find half of what there is. With an error given to it nothing can be read any more
// before the views are opened anew. No batch may be running.
func (v *Views) Renew(keys map[record.Compartment]seal.ViewKey) (resume func(error) error, err error) {
	for range readers {
		if r := <-v.read; r != nil {
			r.close() // nothing is lost when it fails: it only read
		}
	}
	fail := func(err error) (func(error) error, error) {
		for range readers {
			v.read <- nil
		}
		return nil, ofView("make views anew", err)
	}
	if v.write != nil {
		if err := v.write.close(); err != nil {
			return fail(err)
		}
		v.write = nil
	}
	next := maps.Clone(v.keys)
	for c, key := range keys {
		if err := v.remove(c); err != nil {
			return fail(err)
		}
		next[c], v.position[c], v.dropped[c] = key, 0, 0
		v.versions[c].Add(1)
	}
	v.keys = next
	waiting, err := v.connectAll()
	if err != nil {
		return fail(err)
	}
	return func(failed error) error {
		for _, r := range waiting {
			if failed != nil {
				r.close()
				r = nil
			}
			v.read <- r
		}
		return failed
	}, nil
}
