package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"amparo/internal/lang"
)

// idleAim is what asking may cost when nothing is new, in bytes, from the design of the exchange.
const idleAim = 1000

// nothingNew measures an exchange that has nothing to do, in a workspace in which Options.N devices have written: what a
// phone spends that asks every quarter of an hour. Then one commit comes, so that what each exchange costs beyond its
// commits is seen too.
func nothingNew(ctx context.Context, o Options, r *Report) (err error) {
	s, road, err := crowded(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(), road.close()) }()
	d := &day{storied: s, road: road}
	over := o.overLink(fieldLink)
	road.turn(over)
	idle, err := d.carry(ctx, s.head)
	if err != nil {
		return err
	}
	if idle.sum.Sent+idle.sum.Received > 0 {
		return fmt.Errorf("%d commits went and %d came when nothing was new", idle.sum.Sent, idle.sum.Received)
	}
	one := storyFrom(judgedSeed+uint64(o.N), 1, s.now())[:1]
	if result := s.head.session.Apply(ctx, lang.ES, one[0]); !result.OK {
		return fmt.Errorf("%s was refused: %s", one[0].Action, result.Error.Message)
	}
	first, err := d.carry(ctx, s.head)
	if err != nil {
		return err
	}
	v, err := s.head.node.Copy().Vector(ctx)
	if err != nil {
		return err
	}
	r.against("nothing new, both ways, all in", float64(idle.over.bytes()), "bytes", "the aim", idleAim)
	r.against("nothing new", float64(idle.sum.RoundTrips), "round trips", "the least there is", 1)
	r.against("nothing new", idle.seconds, "s", fmt.Sprintf("one round trip and these bytes over %g kbit/s", over.Rate/1e3), over.least(idle.over).Seconds())
	r.alone("nothing new: sent", float64(idle.over.Up), "bytes")
	r.alone("nothing new: received", float64(idle.over.Down), "bytes")
	r.alone("one commit new: sent and received", float64(first.over.bytes()), "bytes")
	r.alone("one commit new", float64(first.sum.RoundTrips), "round trips")
	r.alone("writers in the workspace", float64(len(v)), "writers")
	return nil
}

// crowded is a workspace in which so many devices have written, and whose coordination holds what all of them wrote.
func crowded(ctx context.Context, o Options) (s *storied, road *shaper, err error) {
	head, err := found(ctx, o, "coordination", cheap)
	if err != nil {
		return nil, nil, err
	}
	s = &storied{o: o, clock: head.clock, head: head, hub: &hub{}, sites: []*bed{head}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
			if road != nil {
				err = errors.Join(err, road.close())
			}
		}
	}()
	if s.hub, err = startRelay(ctx, filepath.Join(o.Dir, "relay.db"), s.now); err != nil {
		return s, nil, err
	}
	if road, err = newShaper(hostOf(s.hub.url), link{}, judgedSeed); err != nil {
		return s, nil, err
	}
	s.hub.url = road.url()
	write := func(b *bed, n int) error {
		return b.play(ctx, storyFrom(judgedSeed+uint64(n), 1, began)[:3])
	}
	if err := write(head, 0); err != nil {
		return s, road, err
	}
	for n := 1; n < o.N; n++ {
		if n%10 == 0 {
			o.tell("nothing: %d of %d devices", n, o.N)
		}
		j, err := s.join(ctx, fmt.Sprintf("device-%d", n))
		if err != nil {
			return s, road, err
		}
		if err = write(j.bed, n); err == nil {
			_, err = j.session.Exchange(ctx, s.hub.url, nil)
		}
		if err := errors.Join(err, j.close()); err != nil {
			return s, road, err
		}
	}
	for range 2 {
		if _, err := head.session.Exchange(ctx, s.hub.url, nil); err != nil {
			return s, road, err
		}
	}
	return s, road, nil
}
