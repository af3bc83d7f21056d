package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/sample"
)

// townLink is what a phone has in a town: the connection over which another program of this kind took 4 h 51 min for its
// first 129,037 records (opensrp/fhircore issue 3543).
var townLink = link{Rate: 20e6, Delay: 20 * time.Millisecond}

// peerFirst is what that took, in seconds.
const peerFirst = (4*60 + 51) * 60

// usableAim is within how many seconds a new device should find somebody who was registered lately.
const usableAim = 60

// firstTime measures the first exchange of a new device that takes Options.N commits: how long until it is unlocked and
// finds somebody registered lately, how long until everything is there, and what memory the device and the relay hold
// meanwhile. Both are processes of their own when Options.Program says how to start them; then everything is asked for
// over HTTP, as pages do.
func firstTime(ctx context.Context, o Options, r *Report) (err error) {
	p, err := newPopulated(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	over := o.overLink(townLink)
	p.road.turn(over)
	o.tell("first: a new device takes %d commits over %g Mbit/s", p.commits, over.Rate/1e6)
	w := newWatch(p)
	usable, all, err := w.until(ctx)
	if err != nil {
		return err
	}
	c := p.road.carried()
	limit := fmt.Sprintf("the link's own limit: these bytes at %g Mbit/s and one round trip", over.Rate/1e6)
	const theirs = "what a program of this kind took for 129,037 records"
	r.alone("commits taken", float64(p.commits), "commits")
	r.against("until somebody registered lately is found", usable, "s", "the aim", usableAim)
	r.against("until everything is there", all, "s", limit, over.least(c).Seconds())
	r.against("until everything is there, for each 1,000 commits", all/float64(p.commits)*1e3, "s", theirs, peerFirst/129.037)
	r.alone("received", float64(c.Down)/float64(p.commits), "bytes/commit")
	r.alone("sent", float64(c.Up)/float64(p.commits), "bytes/commit")
	w.memory(r)
	return nil
}

// populated is a relay that holds a workspace, and a device that has been let in and has not exchanged yet.
type populated struct {
	o       Options
	hub     *hub
	road    *shaper
	relay   *served // nil: within this process
	device  seat
	commits uint64
	oldest  somebody
	recent  somebody
}

// somebody is a person to be looked for.
type somebody struct {
	name string
	id   record.ID
}

// seat is the new device.
type seat interface {
	// unlock opens it, when it has been let in.
	unlock(ctx context.Context) error
	find(ctx context.Context, q string) ([]record.ID, error)
	// status says how many parts are still to come, and whether an exchange has succeeded.
	status(ctx context.Context) (coming int, exchanged bool, err error)
	close() error
}

func newPopulated(ctx context.Context, o Options) (p *populated, err error) {
	p = &populated{o: o, hub: &hub{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	head, err := found(ctx, o, "coordination", cheap)
	if err != nil {
		return p, err
	}
	s := &storied{o: o, clock: head.clock, head: head}
	store := filepath.Join(o.Dir, "relay.db")
	if s.hub, err = startRelay(ctx, store, s.now); err != nil {
		return p, errors.Join(err, head.close())
	}
	p.hub = s.hub
	fresh, err := p.populate(ctx, s)
	if err := errors.Join(err, head.close()); err != nil {
		return p, err
	}
	at := hostOf(p.hub.url)
	if o.Program != "" {
		if err := p.hub.close(); err != nil {
			return p, err
		}
		if p.relay, _, err = startServing(ctx, o.Program, "/healthz", "relay", "--store", "sqlite:"+store); err != nil {
			return p, err
		}
		at = hostOf(p.relay.url)
	}
	if p.road, err = newShaper(at, link{}, judgedSeed); err != nil {
		return p, errors.Join(err, fresh.close())
	}
	if err := fresh.node.SetRelay(p.road.url()); err != nil {
		return p, errors.Join(err, fresh.close())
	}
	if o.Program == "" {
		p.device = &inside{bed: fresh}
		return p, nil
	}
	if err := fresh.close(); err != nil {
		return p, err
	}
	outside, _, err := fresh.serve(ctx)
	if err != nil {
		return p, err
	}
	p.device = &outer{served: outside, member: newcomerName}
	return p, nil
}

const newcomerName = "newcomer"

// populate plays stories at the head until it has written so many commits, ending about now, because the device's own
// process has no other clock. Somebody is registered at the very beginning and somebody at the very end.
func (p *populated) populate(ctx context.Context, s *storied) (*bed, error) {
	now := time.Now().UTC().Truncate(time.Second)
	lasts := latest(requests(judgedSeed, p.o.N)).Sub(began)
	list := requestsFrom(judgedSeed, p.o.N, now.Add(-lasts-24*time.Hour)) // a story's length varies by hours with where it begins
	s.clock.Store(list[0].At.Add(-time.Hour).Unix())
	var err error
	if p.oldest, err = s.head.registers(ctx, aloneSeed, s.now()); err != nil {
		return nil, err
	}
	p.o.tell("first: %d actions are written", len(list))
	if err := s.head.play(ctx, list); err != nil {
		return nil, err
	}
	s.clock.Store(now.Add(-2 * time.Minute).Unix())
	if p.recent, err = s.head.registers(ctx, aloneSeed+1, s.now()); err != nil {
		return nil, err
	}
	for _, one := range []somebody{p.oldest, p.recent} {
		hits, err := s.head.find(ctx, one.name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(hits, one.id) {
			return nil, fmt.Errorf("%s is not found where they were registered", one.name)
		}
	}
	s.clock.Store(now.Unix())
	p.o.tell("first: a relay takes it")
	fresh, err := s.admit(ctx, newcomerName)
	if err != nil {
		return nil, err
	}
	v, err := s.head.node.Copy().Vector(ctx)
	for _, seq := range v {
		p.commits += seq
	}
	return fresh, err
}

// aloneSeed is beyond those of the stories played: what has the ids of one of theirs would be the same, done again.
var aloneSeed = judgedSeed + 1<<20

// registers registers one person.
func (b *bed) registers(ctx context.Context, seed uint64, at time.Time) (somebody, error) {
	tale := sample.NewStory(seed, 1, at)
	for _, request := range tale.Requests() {
		if request.Action != "site.open" && request.Action != "person.register" {
			continue
		}
		request.At = at
		result := b.session.Apply(ctx, lang.ES, request)
		if !result.OK {
			return somebody{}, fmt.Errorf("%s was refused: %s", request.Action, result.Error.Message)
		}
		if request.Action == "person.register" {
			id, err := resultID(result)
			return somebody{tale.People[0].Name, id}, err
		}
	}
	return somebody{}, errors.New("a story in which nobody is registered")
}

func (p *populated) close() error {
	var err error
	if p.device != nil {
		err = p.device.close()
	}
	if p.road != nil {
		err = errors.Join(err, p.road.close())
	}
	if p.relay != nil {
		err = errors.Join(err, p.relay.stop())
	}
	return errors.Join(err, p.hub.close())
}

// inside is a device within this process.
type inside struct {
	*bed
	open atomic.Pointer[node.Session]
}

func (i *inside) unlock(ctx context.Context) error {
	if _, err := i.node.ExchangeAs(ctx, "", []byte(passphrase), "", nil); err != nil {
		return err
	}
	s, err := i.node.Unlock(ctx, "", []byte(passphrase))
	if err != nil {
		return err
	}
	i.session = s
	i.open.Store(s)
	_, err = s.Exchange(ctx, "", nil)
	return err
}

func (i *inside) find(ctx context.Context, q string) ([]record.ID, error) {
	if i.open.Load() == nil {
		return nil, nil
	}
	hits, err := i.bed.find(ctx, q)
	if refused := (*record.Refusal)(nil); errors.As(err, &refused) && refused.Code == "not_allowed" {
		return nil, nil // what its member may is still to come
	}
	return hits, err
}

func (i *inside) status(context.Context) (int, bool, error) {
	s := i.open.Load()
	if s == nil {
		return 0, false, nil
	}
	p, err := s.Status()
	return p.Coming, !p.Exchanged.IsZero(), err
}

// outer is a device in a process of its own, asked as its pages are.
type outer struct {
	*served
	member string
	token  atomic.Pointer[string]
}

func (o *outer) unlock(ctx context.Context) error {
	var session struct {
		Token string `json:"token"`
	}
	if err := o.ask(ctx, http.MethodPost, "/api/v1/sessions", map[string]string{"member": o.member, "passphrase": passphrase}, "", &session); err != nil {
		return err
	}
	o.token.Store(&session.Token)
	return nil
}

func (o *outer) query(ctx context.Context, query string, into any) (asked bool, err error) {
	token := o.token.Load()
	if token == nil {
		return false, nil
	}
	err = o.ask(ctx, http.MethodGet, "/api/v1/queries/"+query, nil, *token, into)
	if refused := (*unserved)(nil); errors.As(err, &refused) && refused.status == http.StatusForbidden {
		return false, nil // what its member may is still to come
	}
	return true, err
}

func (o *outer) find(ctx context.Context, q string) ([]record.ID, error) {
	var answer struct {
		Hits []struct {
			Person struct {
				ID record.ID `json:"id"`
			} `json:"person"`
		} `json:"hits"`
	}
	if _, err := o.query(ctx, "person.find?limit=10&q="+url.QueryEscape(q), &answer); err != nil {
		return nil, err
	}
	var ids []record.ID
	for _, h := range answer.Hits {
		ids = append(ids, h.Person.ID)
	}
	return ids, nil
}

func (o *outer) status(ctx context.Context) (int, bool, error) {
	var raw json.RawMessage
	if asked, err := o.query(ctx, "pending", &raw); err != nil || !asked {
		return 0, false, err
	}
	var p node.Pending
	err := json.Unmarshal(raw, &p)
	return p.Coming, !p.Exchanged.IsZero(), err
}

func (o *outer) close() error { return o.stop() }
