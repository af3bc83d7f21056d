package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/relay"
	"amparo/internal/sample"
)

// carried measures what a commit costs on the wire, all in: a story played at three sites and a coordination that exchange
// through a relay in the evenings, then the whole set brought to a newcomer and to an empty relay. The limit is all that
// the commits say, unsealed, in one zstd stream.
func carried(ctx context.Context, o Options, r *Report) error {
	s, err := playStory(ctx, o, judgedSeed)
	if err != nil {
		return err
	}
	defer s.close()
	commits, err := s.commits()
	if err != nil {
		return err
	}
	n := float64(commits)
	down := float64(s.down)

	o.tell("exchange: a newcomer takes the whole set")
	newcomer, err := s.join(ctx, "newcomer")
	if err != nil {
		return err
	}
	pull := newcomer.first
	o.tell("exchange: an empty relay takes the whole set")
	empty := filepath.Join(o.Dir, "second.db")
	second, err := startRelay(ctx, empty, s.now)
	if err != nil {
		return err
	}
	defer second.close()
	var push exchange.Summary
	pushed, err := spent(func() (err error) { push, err = s.head.session.Exchange(ctx, second.url, nil); return err })
	if err != nil {
		return err
	}
	var idle exchange.Summary
	if idle, err = s.head.session.Exchange(ctx, second.url, nil); err != nil {
		return err
	}

	if err := errors.Join(s.head.close(), second.close()); err != nil {
		return err
	}
	a, err := s.head.anatomy()
	if err != nil {
		return err
	}
	facts, err := zstdSize(a.bodies.Bytes())
	if err != nil {
		return err
	}
	sealed, err := zstdSize(a.sealed.Bytes())
	if err != nil {
		return err
	}
	held := float64(a.commits)
	floor := facts / held
	const what = "all facts, unsealed, in one zstd stream"
	r.against("a commit on the wire, the whole set to a newcomer", float64(pull.BytesIn)/float64(pull.Received), "bytes/commit", what, floor)
	r.against("a commit on the wire, the whole set to an empty relay", float64(push.BytesOut)/held, "bytes/commit", what, floor)
	r.against("a commit on the wire, exchanged in the evenings: up", float64(s.bytesOut)/n, "bytes/commit", what, floor)
	r.against("a commit on the wire, exchanged in the evenings: down, to each", float64(s.bytesIn)/down, "bytes/commit", what, floor)
	r.against("a commit as it is sealed, without carrier", float64(a.sealed.Len())/held, "bytes/commit", "the same in one zstd stream: sealed bytes do not shrink", sealed/held)
	r.against("the middle commit, sealed", median(a.sizes), "bytes", "the aim for a typical commit", aim)
	if err := s.atRest(r, empty, held, floor); err != nil {
		return err
	}
	r.alone("parts a commit", float64(a.parts)/held, "parts")
	r.alone("newcomer takes", float64(pull.Received)/newcomer.seconds, "commits/s")
	r.alone("relay takes", float64(push.Sent)/pushed, "commits/s")
	r.alone("an exchange when nothing is new", float64(idle.BytesOut+idle.BytesIn), "bytes")
	r.alone("an exchange when nothing is new", float64(idle.RoundTrips), "round trips")
	r.Tables = append(r.Tables, a.table(), a.kinds(o.Registry))
	return nil
}

// aim is what engine.md asks of a typical commit on the wire, all in.
const aim = 270

func zstdSize(data []byte) (float64, error) {
	var out bytes.Buffer
	enc, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return 0, err
	}
	if _, err := enc.Write(data); err != nil {
		return 0, err
	}
	if err := enc.Close(); err != nil {
		return 0, err
	}
	return float64(out.Len()), nil
}

// hub is a relay on this machine.
type hub struct {
	url     string
	process *os.Process // nil: it is served within this one
	stop    func() error
}

func (h *hub) close() error {
	if h.stop == nil {
		return nil
	}
	stop := h.stop
	h.stop = nil
	return stop()
}

func startRelay(ctx context.Context, path string, now func() time.Time) (*hub, error) {
	store, err := relay.OpenSQLite(ctx, path)
	if err != nil {
		return nil, err
	}
	return startWith(ctx, store, now)
}

// storied is a workspace in which a story has been played.
type storied struct {
	o        Options
	clock    *atomic.Int64
	hub      *hub
	head     *bed
	sites    []*bed // by the story's nodes
	bytesOut int64
	bytesIn  int64
	down     uint64
}

func (s *storied) now() time.Time { return time.Unix(s.clock.Load(), 0).UTC() }

func (s *storied) close() error {
	var err error
	for _, b := range s.sites {
		if b != nil {
			err = errors.Join(err, b.close())
		}
	}
	return errors.Join(err, s.hub.close())
}

// playStory plays a story of Options.N persons at four nodes. What founding and joining cost is not counted.
func playStory(ctx context.Context, o Options, seed uint64) (*storied, error) {
	head, err := found(ctx, o, "coordination", cheap)
	if err != nil {
		return nil, err
	}
	s := &storied{o: o, clock: head.clock, head: head, hub: &hub{}, sites: make([]*bed, 4)}
	s.sites[sample.Coordination] = head
	if s.hub, err = startRelay(ctx, filepath.Join(o.Dir, "relay.db"), s.now); err != nil {
		return nil, errors.Join(err, head.close())
	}
	if err := s.play(ctx, seed); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *storied) play(ctx context.Context, seed uint64) error {
	tale := sample.NewStory(seed, s.o.N, began)
	for i, site := range tale.Sites {
		if i == sample.Coordination {
			continue
		}
		j, err := s.join(ctx, site.Folder)
		if err != nil {
			return err
		}
		s.sites[i] = j.bed
	}
	s.o.tell("exchange: a story of %d steps is played at four nodes", len(tale.Steps))
	for _, step := range tale.Steps {
		s.clock.Store(step.At.Unix())
		session := s.sites[step.Node].session
		switch step.Kind {
		case sample.Exchange:
			sum, err := session.Exchange(ctx, s.hub.url, nil)
			if err != nil {
				return err
			}
			s.bytesOut, s.bytesIn, s.down = s.bytesOut+sum.BytesOut, s.bytesIn+sum.BytesIn, s.down+sum.Received
		case sample.Do:
			if result := session.Apply(ctx, lang.ES, step.Request); !result.OK {
				return fmt.Errorf("%s was refused: %s", step.Request.Action, result.Error.Message)
			}
		}
	}
	return nil
}

// joined is a newcomer: a node that has taken the whole set.
type joined struct {
	*bed
	first   exchange.Summary
	seconds float64 // of the first exchange; without projecting, when everything came at once
}

func (s *storied) join(ctx context.Context, name string) (*joined, error) {
	b, err := s.admit(ctx, name)
	if err != nil {
		return nil, err
	}
	j := &joined{bed: b}
	if j.seconds, err = spent(func() (err error) {
		j.first, err = b.node.ExchangeAs(ctx, "", []byte(passphrase), s.hub.url, nil)
		return err
	}); err != nil {
		return nil, errors.Join(err, b.close())
	}
	if b.session, err = b.node.Unlock(ctx, "", []byte(passphrase)); err != nil {
		return nil, errors.Join(err, b.close())
	}
	// Where many commits come, what is sealed follows when it can be read.
	p, err := b.session.Status()
	if err == nil && p.Coming > 0 {
		var more exchange.Summary
		var took float64
		took, err = spent(func() (err error) { more, err = b.session.Exchange(ctx, s.hub.url, nil); return err })
		more.Received += j.first.Received
		more.BytesIn += j.first.BytesIn
		more.BytesOut += j.first.BytesOut
		j.first, j.seconds = more, j.seconds+took
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return j, nil
}

// admit lets a newcomer in whose own first exchange is still to come; the relay holds all that the head does.
func (s *storied) admit(ctx context.Context, name string) (*bed, error) {
	if _, err := s.head.session.Exchange(ctx, s.hub.url, nil); err != nil {
		return nil, err
	}
	inv, err := s.head.session.Invite(ctx, node.Invite{Roles: node.Roles()})
	if err != nil {
		return nil, err
	}
	b := &bed{dir: filepath.Join(s.o.Dir, name), o: s.o, cost: cheap, clock: s.clock}
	n, req, err := node.Join(b.dir, s.o.Registry, inv, name, passphrase, b.options())
	if err != nil {
		return nil, err
	}
	b.node = n
	if _, err = s.head.session.Accept(ctx, req); err == nil {
		_, err = s.head.session.Exchange(ctx, s.hub.url, nil)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// commits counts what the story's nodes wrote: what the head holds, for after the last exchange that is everything.
func (s *storied) commits() (n uint64, err error) {
	v, err := s.head.node.Copy().Vector(context.Background())
	for _, seq := range v {
		n += seq
	}
	return n, err
}

// kindName is what a kind is called.
func kindName(reg *record.Registry, number uint16) string {
	if k := reg.Kind(number); k != nil {
		return k.Name
	}
	return fmt.Sprint(number)
}
