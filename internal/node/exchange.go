package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// Exchange brings this node and another place in step, and the views up to what arrived. Where is a neighbour's link, or
// the address of a relay, which is then the one; empty, the relay that was the one before. The summary holds as far as it
// went when there is an error too; what arrived whole is kept.
func (s *Session) Exchange(ctx context.Context, where string, progress func(exchange.Progress)) (exchange.Summary, error) {
	return s.exchange(ctx, where, progress)
}

func (s *Session) exchange(ctx context.Context, where string, progress func(exchange.Progress), change ...func(*exchange.Options)) (exchange.Summary, error) {
	stood, err := s.contact(ctx)
	if err != nil {
		return exchange.Summary{}, err
	}
	end, err := s.use()
	if err != nil {
		return exchange.Summary{}, err
	}
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	sum, err := s.node.exchange(ctx, s.member, where, progress, change...)
	wrote, arrived := s.arrive(ctx)
	if err = errors.Join(err, arrived); err == nil && stood != nil {
		wrote = s.contactLate(ctx, *stood) || wrote
	}
	if err == nil && wrote { // what followed by itself from what came, keys for somebody new, should not wait for the next time
		var again exchange.Summary
		again, err = s.node.exchange(ctx, s.member, where, progress, change...)
		sum.Add(again)
		_, arrived = s.arrive(ctx)
		err = errors.Join(err, arrived)
	}
	if err == nil {
		sum.Files, err = s.exchangeFiles(ctx, where, sum.WentBack, change...)
	}
	return sum, err
}

// arrive takes what the journal newly holds into the session: grants, and the views. It reports whether something followed
// from it that is worth another exchange.
func (s *Session) arrive(ctx context.Context) (wrote bool, err error) {
	defer s.node.expelLater()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	if s.locked.Load() {
		return false, ErrLocked
	}
	if err := s.keepUp(s.life); err != nil { // what arrived is here, also when nobody waits for it any more
		return false, err
	}
	if wrote, err = s.tend(ctx); err != nil {
		return wrote, err
	}
	// Who was met here lately is followed from now on: what is known of them elsewhere should not wait for the next time.
	more, err := s.rescope(ctx)
	if err != nil {
		return wrote, err
	}
	return wrote || more, errors.Join(s.letGo(ctx), s.noteFiles(s.life))
}

// ExchangeAs exchanges for a member who has no keys yet: the first contact after joining brings their grant.
func (n *Node) ExchangeAs(ctx context.Context, name string, passphrase []byte, where string, progress func(exchange.Progress)) (exchange.Summary, error) {
	listed, err := n.keep.Find(name)
	if err != nil {
		return exchange.Summary{}, err
	}
	m, err := n.keep.Unlock(listed.ID, passphrase)
	if err != nil {
		return exchange.Summary{}, err
	}
	defer m.Wipe()
	// What is sealed can wait until it can be read: who was let in unlocks as soon as the commits are here.
	return n.exchange(ctx, m, where, progress, func(o *exchange.Options) { o.CommitsOnly = true })
}

func (n *Node) exchange(ctx context.Context, m *vault.Member, where string, progress func(exchange.Progress), change ...func(*exchange.Options)) (exchange.Summary, error) {
	p, pin, err := n.place(where)
	if err != nil {
		return exchange.Summary{}, err
	}
	memory, before, err := n.remembered(p)
	if err != nil {
		return exchange.Summary{}, err
	}
	if p.Kind == PlaceRelay && p.Name != n.Relay() {
		if err := n.SetRelay(p.Name); err != nil {
			return exchange.Summary{}, err
		}
	}
	n.mu.Lock() // arriving commits may start a new writer
	signer, certificate := m.Writer, m.Certificate()
	n.mu.Unlock()
	options := exchange.Options{URL: p.url(), Workspace: m.Workspace, Signer: signer, Certificate: certificate, Memory: memory, Progress: progress, Now: n.options.Wall,
		Narrow: n.journal.Scope().Narrow}
	for _, c := range change {
		c(&options)
	}
	if pin != nil {
		options.TLS, options.Attempts = pin.TLS(), neighbourAttempts
		options.Dial = (&net.Dialer{Timeout: neighbourDial}).DialContext
	}
	sum, err := exchange.WithRelay(ctx, options, n.Copy())
	n.undelivered(&sum)
	at := before
	if err == nil {
		at = n.options.Wall()
	}
	var keep error
	answered := !sum.RelayTime.IsZero() // and so holds the key that was pinned
	if answered || pin == nil {
		keep = n.met(p)
	}
	if answered || pin == nil || len(memory.Known) > 0 {
		keep = errors.Join(keep, n.remember(p, sum.Memory, at))
	}
	if keep != nil {
		err = errors.Join(err, fmt.Errorf("remember the exchange: %w", keep))
	}
	if pin != nil {
		err = neighbourError(err)
	}
	return sum, errors.Join(err, n.leaveFork(m, sum))
}

// neighbourAttempts is how often in a row a neighbour is tried: somebody stands beside it, and a relay far away is not
// somewhere else the next moment.
const neighbourAttempts = 2

// neighbourDial is how long somebody on the same network may take to answer at all.
const neighbourDial = 4 * time.Second

// neighbourError says of a neighbour what is otherwise said of a relay.
func neighbourError(err error) error {
	for _, known := range []struct {
		is   error
		code string
	}{{seal.ErrPin, "wrong_key"}, {exchange.ErrUnreachable, "neighbour_unreachable"}, {exchange.ErrProtocol, "not_a_neighbour"}, {exchange.ErrNotAdmitted, "neighbour_does_not_know_you"}} {
		if errors.Is(err, known.is) {
			return record.Refuse("link", known.code).Because(err)
		}
	}
	return err
}

// undelivered takes back what the relay's numbers seem to say of a chain of which it holds another story: from where
// the stories part, what is here is only here, and is offered and named again at each exchange.
func (n *Node) undelivered(sum *exchange.Summary) {
	less := func(w journal.WriterID, seq uint64, code string) {
		if code != wire.FaultForked || sum.Memory.Known[w] < seq {
			return
		}
		if sum.Memory.Known[w] = seq - 1; seq <= 1 {
			delete(sum.Memory.Known, w)
		}
	}
	for _, r := range sum.Refused {
		less(r.Writer, r.Seq, r.Code)
	}
	for _, f := range sum.Faults {
		less(f.Writer, f.Seq, f.Code)
	}
}

// leaveFork starts a new writer when the relay holds another story of this one's chain: the whole machine was put back
// to an earlier state that nothing in the folder shows. What was written since stays here and is named at each
// exchange; what is written from now on travels.
func (n *Node) leaveFork(m *vault.Member, sum exchange.Summary) error {
	forked := func(w journal.WriterID, code string) bool { return w == m.WriterID() && code == wire.FaultForked }
	if !slices.ContainsFunc(sum.Refused, func(r exchange.Refused) bool { return forked(r.Writer, r.Code) }) &&
		!slices.ContainsFunc(sum.Faults, func(f *exchange.Fault) bool { return forked(f.Writer, f.Code) }) {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.newWriter(m)
}
