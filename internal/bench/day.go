package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/record"
)

// fieldLink is what a site by the tracks has on an evening when there is any: a phone at the edge of its network.
var fieldLink = link{Rate: 64_000, Delay: 300 * time.Millisecond, Loss: 0.02}

// earlier is how many actions the site had written and exchanged before the day.
const earlier = 200

// overLink is the link of a benchmark; tests take a quicker one.
func (o Options) overLink(usual link) link {
	if o.link != nil {
		return *o.link
	}
	return usual
}

// siteDay measures what a day of Options.N commits costs in the evening over a bad link: to hand it in, to take it at the
// coordination, and to ask again when nothing is new. Beside it stand what the link needs for our bytes when nothing is
// ever lost or waited for, and CouchDB-protocol replication of the same records over the same link.
func siteDay(ctx context.Context, o Options, r *Report) (err error) {
	over := o.overLink(fieldLink)
	day, err := newDay(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, day.close()) }()
	o.tell("link: %d commits go over %.0f kbit/s, %v there and back, %g %% lost", o.N, over.Rate/1e3, 2*over.Delay, over.Loss*100)
	day.road.turn(over)
	up, err := day.carry(ctx, day.site)
	if err != nil {
		return err
	}
	idle, err := day.carry(ctx, day.site)
	if err != nil {
		return err
	}
	down, err := day.carry(ctx, day.head)
	if err != nil {
		return err
	}
	if int(up.sum.Sent) < o.N*99/100 || down.sum.Received < up.sum.Sent {
		return fmt.Errorf("of %d commits %d were handed in and %d taken", o.N, up.sum.Sent, down.sum.Received)
	}
	limit := fmt.Sprintf("the link's own limit: these bytes at %g kbit/s and one round trip, nothing lost", over.Rate/1e3)
	r.against("the day handed in", up.seconds, "s", limit, over.least(up.over).Seconds())
	r.against("the day taken at the coordination", down.seconds, "s", limit, over.least(down.over).Seconds())
	r.against("nothing new", idle.seconds, "s", limit, over.least(idle.over).Seconds())
	r.alone("commits of the day", float64(up.sum.Sent), "commits")
	r.alone("visits among them", float64(count(day.actions, "visit.open")), "visits")
	r.alone("the day handed in", float64(up.over.bytes())/float64(up.sum.Sent), "bytes/commit")
	r.alone("the day handed in", float64(up.sum.RoundTrips), "round trips")
	r.alone("segments lost of those handed in", float64(up.over.Lost)/float64(up.over.Segments), "part")
	program := o.peer
	if o.Couch != "" {
		program = couchProgram(o.Couch)
	}
	if program == nil {
		return nil
	}
	return day.beside(ctx, program, r, over, up, down, idle)
}

// beside measures the peer with the same records over the same link: as its users mostly run it, in clear, and as it has
// to be where the server must not read them.
func (d *day) beside(ctx context.Context, program []string, r *Report, over link, up, down, idle trip) error {
	docs, err := documents(d.actions)
	if err != nil {
		return err
	}
	hidden, err := unreadable(docs)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		what string
		docs []json.RawMessage
	}{
		{"CouchDB-protocol replication (PouchDB 9) of the same records, in clear", docs},
		{"CouchDB-protocol replication (PouchDB 9) of the same records, each sealed by itself", hidden},
	} {
		d.o.tell("link: %s", one.what)
		if err := d.replicated(ctx, program, r, over, one.what, one.docs, up, down, idle); err != nil {
			return err
		}
	}
	return nil
}

func (d *day) replicated(ctx context.Context, program []string, r *Report, over link, what string, docs []json.RawMessage, up, down, idle trip) (err error) {
	c, err := newCouch(ctx, program, docs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	c.road.turn(over)
	for _, way := range []struct {
		measure, do string
		ours        trip
	}{{"the day handed in", "push", up}, {"nothing new", "push", idle}, {"the day taken at the coordination", "pull", down}} {
		theirs, err := c.replicate(way.do)
		if err != nil {
			return err
		}
		if want := len(docs); way.measure != "nothing new" && theirs.docs != want {
			return fmt.Errorf("the peer carried %d of %d documents", theirs.docs, want)
		}
		r.against(way.measure, float64(way.ours.over.bytes()), "bytes", what, float64(theirs.over.bytes()))
		r.against(way.measure, way.ours.seconds, "s", what, theirs.seconds)
	}
	return nil
}

// day is a site and a coordination before the evening.
type day struct {
	*storied
	site    *bed
	road    *shaper
	actions []record.Request // of the day
}

// newDay plays the day at the site. What was before has been exchanged, over a link without limits.
func newDay(ctx context.Context, o Options) (d *day, err error) {
	head, err := found(ctx, o, "coordination", cheap)
	if err != nil {
		return nil, err
	}
	d = &day{storied: &storied{o: o, clock: head.clock, head: head, hub: &hub{}, sites: []*bed{head}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.hub, err = startRelay(ctx, filepath.Join(o.Dir, "relay.db"), d.now); err != nil {
		return d, err
	}
	if d.road, err = newShaper(hostOf(d.hub.url), link{}, judgedSeed); err != nil {
		return d, err
	}
	d.hub.url = d.road.url()
	j, err := d.join(ctx, "site")
	if err != nil {
		return d, err
	}
	d.site, d.sites = j.bed, append(d.sites, j.bed)
	list := requests(judgedSeed, earlier+o.N)
	if err := d.site.play(ctx, list[:earlier]); err != nil {
		return d, err
	}
	for _, b := range []*bed{d.site, d.head, d.site} {
		if _, err := b.session.Exchange(ctx, d.hub.url, nil); err != nil {
			return d, err
		}
	}
	d.actions = list[earlier:]
	return d, d.site.play(ctx, d.actions)
}

func (d *day) close() error {
	err := d.storied.close()
	if d.road != nil {
		err = errors.Join(err, d.road.close())
	}
	return err
}

// trip is one exchange over the link.
type trip struct {
	seconds float64
	over    carriedOver
	sum     exchange.Summary
	docs    int // of the peer
}

func (d *day) carry(ctx context.Context, b *bed) (t trip, err error) {
	before := d.road.carried()
	t.seconds, err = spent(func() (err error) { t.sum, err = b.session.Exchange(ctx, d.hub.url, nil); return err })
	t.over = d.road.carried().since(before)
	return t, err
}

func count(list []record.Request, action string) (n int) {
	for _, r := range list {
		if r.Action == action {
			n++
		}
	}
	return n
}
