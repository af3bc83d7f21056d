package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/vault"
)

const exchangeNote = "exchange" // when, and what is remembered of the relay

// lastExchange is what is remembered of the relay; zero before the first exchange, and when what was kept no longer
// reads: then more is sent than needed, and nothing is lost.
func (n *Node) lastExchange() (exchange.Memory, time.Time, error) {
	raw, err := n.journal.ReadNote(exchangeNote)
	if err != nil || len(raw) < 8 {
		return exchange.Memory{}, time.Time{}, err
	}
	memory, err := exchange.ReadMemory(raw[8:])
	if err != nil {
		return exchange.Memory{}, time.Time{}, nil
	}
	at := time.Time{}
	if ms := int64(binary.BigEndian.Uint64(raw)); ms != 0 {
		at = time.UnixMilli(ms).UTC()
	}
	return memory, at, nil
}

func (n *Node) keepExchange(m exchange.Memory, at time.Time) error {
	raw, err := m.Encode()
	if err != nil {
		return err
	}
	ms := uint64(0)
	if !at.IsZero() {
		ms = uint64(at.UnixMilli())
	}
	n.mu.Lock() // a note written beside a running batch would be part of it
	defer n.mu.Unlock()
	return n.journal.Note(exchangeNote, append(binary.BigEndian.AppendUint64(nil, ms), raw...))
}

// Exchange brings this node and a relay in step, and the views up to what arrived. The summary holds as far as it went
// when there is an error too; what arrived whole is kept.
func (s *Session) Exchange(ctx context.Context, url string, progress func(exchange.Progress)) (exchange.Summary, error) {
	if err := s.contact(ctx); err != nil {
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
	sum, err := s.node.exchange(ctx, s.member, url, progress)
	wrote, arrived := s.arrive(ctx)
	if err = errors.Join(err, arrived); err != nil || !wrote {
		return sum, err
	}
	// What followed by itself from what came, keys for somebody new, should not wait for the next time.
	again, err := s.node.exchange(ctx, s.member, url, progress)
	sum.Add(again)
	_, arrived = s.arrive(ctx)
	return sum, errors.Join(err, arrived)
}

// arrive takes what the journal newly holds into the session: grants, and the views. It reports whether something was
// written that followed from it.
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
	return wrote, s.letGo(ctx)
}

// ExchangeAs exchanges for a member who has no keys yet: the first contact after joining brings their grant.
func (n *Node) ExchangeAs(ctx context.Context, name string, passphrase []byte, url string, progress func(exchange.Progress)) (exchange.Summary, error) {
	listed, err := n.keep.Find(name)
	if err != nil {
		return exchange.Summary{}, err
	}
	m, err := n.keep.Unlock(listed.ID, passphrase)
	if err != nil {
		return exchange.Summary{}, err
	}
	defer m.Wipe()
	return n.exchange(ctx, m, url, progress)
}

func (n *Node) exchange(ctx context.Context, m *vault.Member, url string, progress func(exchange.Progress)) (exchange.Summary, error) {
	if url == "" {
		url = n.Relay()
	}
	if url == "" {
		return exchange.Summary{}, record.Refuse("relay", "no_relay")
	}
	memory, before, err := n.lastExchange()
	if err != nil {
		return exchange.Summary{}, err
	}
	if url != n.Relay() { // what another relay holds says nothing of this one
		memory = exchange.Memory{}
		if err := n.SetRelay(url); err != nil {
			return exchange.Summary{}, err
		}
	}
	n.mu.Lock() // arriving commits may start a new writer
	signer, certificate := m.Writer, m.Certificate()
	n.mu.Unlock()
	sum, err := exchange.WithRelay(ctx, exchange.Options{URL: url, Workspace: m.Workspace, Signer: signer, Certificate: certificate,
		Memory: memory, Progress: progress, Now: n.options.Wall}, n.Copy())
	n.undelivered(&sum)
	at := before
	if err == nil {
		at = n.options.Wall()
	}
	if keep := n.keepExchange(sum.Memory, at); keep != nil {
		err = errors.Join(err, fmt.Errorf("remember the exchange: %w", keep))
	}
	return sum, errors.Join(err, n.leaveFork(m, sum))
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
