package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/record"
)

// A person with several records said no once, on whichever of them was open. So a no to sharing or to being counted counts for all
// records that are linked, for as long as they are: it is asked when something is about to leave or to be counted, and written
// nowhere. Taken apart, each record follows its own answers again.

// linkedTravel reports whether the records of one person let them all travel. A record that is hidden here because its person took
// sharing back counts too, by what says so of it: what else it holds is not read.
func linkedTravel(ctx context.Context, r record.Reader, cluster []record.ID, now time.Time) (bool, error) {
	return travelBut(ctx, r, cluster, record.ID{}, now)
}

// travelBut asks it of all but one, whose wishes are just being changed.
func travelBut(ctx context.Context, r record.Reader, cluster []record.ID, but record.ID, now time.Time) (bool, error) {
	for _, id := range cluster {
		w, err := WishesOf(ctx, r, id, now)
		if err != nil || !w.MayTravel() {
			return false, err
		}
	}
	hidden := false
	err := inChunks(cluster, func(marks string, args []any) error {
		return r.Select(ctx, "SELECT 1 FROM identity.link AS l JOIN "+hidings[record.Identity].Table()+" AS h ON h.person = l.other WHERE l.person IN ("+marks+
			") AND l.verdict = 'same' AND l._rivals = 0 AND "+isUnshared("h")+" AND l.other IS NOT ? LIMIT 1", append(args, but), func(record.Row) error {
			hidden = true
			return nil
		})
	})
	if err != nil {
		return false, fmt.Errorf("read who of the linked does not share: %w", err)
	}
	return !hidden, nil
}

// linkedRefused reports whether a person said no to a purpose on another of their records.
func linkedRefused(ctx context.Context, r record.Reader, person record.ID, purpose string, now time.Time) (bool, error) {
	linked, err := LinkedTo(ctx, r, []record.ID{person})
	if err != nil {
		return false, err
	}
	for _, id := range linked[person] {
		w, err := WishesOf(ctx, r, id, now)
		if err != nil || slices.Contains(w.Refused, purpose) {
			return err == nil, err
		}
	}
	return false, nil
}

// mayWith reports whether a record travels whose wishes are these from now on.
func mayWith(c *record.Change, person record.ID, now Wishes) (bool, error) {
	if !now.MayTravel() {
		return false, nil
	}
	linked, err := LinkedTo(c.Context, c, []record.ID{person})
	if err != nil {
		return false, err
	}
	return travelBut(c.Context, c, linked[person], person, c.Now)
}

// followLinked lets the other records of a person follow what was just said on one: none of them leaves after a no, and all may
// again when nobody says no any more.
func followLinked(c *record.Change, person record.ID, now Wishes) error {
	linked, err := LinkedTo(c.Context, c, []record.ID{person})
	if err != nil || len(linked[person]) == 0 {
		return err
	}
	may, err := mayWith(c, person, now)
	if err != nil {
		return err
	}
	hold(c, append(linked[person], person), may)
	return nil
}

// holdTogether does so after something was said of two records: for those who belong together now, on both sides.
func (l *link) holdTogether() error {
	done := map[record.ID]bool{}
	for _, id := range []record.ID{l.person, l.other} {
		if root := l.web.rootOf(id); done[root] {
			continue
		} else {
			done[root] = true
		}
		cluster := l.web.with(id)
		may, err := linkedTravel(l.c.Context, l.c, cluster, l.c.Now)
		if err != nil {
			return err
		}
		for _, one := range cluster {
			limits, err := limitsOn(l.c.Context, l.c, record.Identity, one)
			if err != nil {
				return err
			}
			may = may && (limits == nil || len(limits.Why) == 0)
		}
		hold(l.c, cluster, may)
	}
	return nil
}

func hold(c *record.Change, ids []record.ID, may bool) {
	for _, id := range ids {
		if may {
			c.Release(id)
		} else {
			c.Hold(id)
		}
	}
}
