package people

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"amparo/internal/record"
)

// LinkedTo gives, for each person, the other records that are held to be the same person: sorted, without the person's own, and
// without any that are not shown here. Who has none is not in the map.
//
// A link counts when somebody says "same" and nobody says otherwise. Where links would join two records of whom somebody said
// that they are different, those said first count and the one that would join them does not: it waits to be settled.
func LinkedTo(ctx context.Context, r record.Reader, ids []record.ID) (map[record.ID][]record.ID, error) {
	w, err := webOf(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	out := map[record.ID][]record.ID{}
	for _, id := range ids {
		if others := w.with(id); len(others) > 1 {
			out[id] = slices.DeleteFunc(slices.Clone(others), func(o record.ID) bool { return o == id })
		}
	}
	return out, nil
}

// linkWeb is what is said of some persons and of everybody whom links join to them.
type linkWeb struct {
	said sayings
	root map[record.ID]record.ID   // of each record, the one that stands for its cluster
	set  map[record.ID][]record.ID // by root: the records of the cluster, sorted
	shut []pair                    // said to be the same, and not counted because it would join records said to be different
}

// walkMost is how many records are walked at most from those that are asked for. Sites that link apart from each other make chains
// longer than any of them may, and who walks half a chain shows another person from its one end than from the other.
const walkMost = 1024

// webOf reads it, with everybody whom links join to them, however far.
func webOf(ctx context.Context, r record.Reader, ids []record.ID) (*linkWeb, error) {
	w := &linkWeb{said: sayings{}}
	seen := map[record.ID]bool{}
	next := ids
	for from := len(ids); len(next) > 0 && len(seen) <= from+walkMost; {
		fresh := make([]record.ID, 0, len(next))
		for _, id := range next {
			if !seen[id] {
				seen[id] = true
				fresh = append(fresh, id)
			}
		}
		if err := readSayings(ctx, r, fresh, w.said); err != nil {
			return nil, err
		}
		next = nil
		for p := range w.said {
			if w.said.verdict(p) != Same {
				continue
			}
			for _, id := range []record.ID{p.a, p.b} {
				if !seen[id] {
					next = append(next, id)
				}
			}
		}
		slices.SortFunc(next, compareIDs) // so that every device walks the same way
		next = slices.Compact(next)
	}
	w.join()
	return w, nil
}

func compareIDs(a, b record.ID) int { return bytes.Compare(a[:], b[:]) }

// join makes the clusters of what is said: the oldest links first, and none that would bring records together of whom somebody
// said that they are different. So every device that holds the same sayings shows the same clusters.
func (w *linkWeb) join() {
	w.root, w.set, w.shut = map[record.ID]record.ID{}, map[record.ID][]record.ID{}, nil
	var links []pair
	apart := map[record.ID][]record.ID{} // said to be different
	for p := range w.said {
		switch w.said.verdict(p) {
		case Same:
			links = append(links, p)
		case Different:
			apart[p.a], apart[p.b] = append(apart[p.a], p.b), append(apart[p.b], p.a)
		}
	}
	slices.SortFunc(links, func(x, y pair) int {
		return cmp.Or(cmp.Compare(w.said[x][0].rec, w.said[y][0].rec), compareIDs(x.a, y.a), compareIDs(x.b, y.b))
	})
	for _, p := range links {
		a, b := w.rootOf(p.a), w.rootOf(p.b)
		if a == b {
			continue
		}
		one, two := w.with(p.a), w.with(p.b)
		if w.forbidden(one, b, apart) || len(one)+len(two) > 2*clusterMost {
			w.shut = append(w.shut, p)
			continue
		}
		both := slices.Concat(one, two)
		slices.SortFunc(both, compareIDs)
		for _, id := range both {
			w.root[id] = both[0]
		}
		delete(w.set, a)
		delete(w.set, b)
		w.set[both[0]] = both
	}
}

func (w *linkWeb) forbidden(one []record.ID, other record.ID, apart map[record.ID][]record.ID) bool {
	for _, id := range one {
		for _, not := range apart[id] {
			if w.rootOf(not) == other {
				return true
			}
		}
	}
	return false
}

func (w *linkWeb) rootOf(id record.ID) record.ID {
	if root, joined := w.root[id]; joined {
		return root
	}
	return id
}

// with lists the records of a person's cluster, their own among them, sorted.
func (w *linkWeb) with(id record.ID) []record.ID {
	if set, joined := w.set[w.rootOf(id)]; joined {
		return set
	}
	return []record.ID{id}
}

// apartBetween finds the pairs of whom somebody said that they are different, one in each list, in order.
func (w *linkWeb) apartBetween(one, two []record.ID) (out []pair) {
	for _, a := range one {
		for _, b := range two {
			if p := pairOf(a, b); a != b && w.said.verdict(p) == Different {
				out = append(out, p)
			}
		}
	}
	return out
}

// say takes a verdict as if it stood already, alone: an action asks what would follow.
func (w *linkWeb) say(p pair, verdict string, rec int64) {
	w.said[p] = []Saying{{Verdict: verdict, rec: rec}}
	w.join()
}
