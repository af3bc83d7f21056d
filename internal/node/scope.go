package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// A device may follow the persons of its own sites only. Of everybody else it keeps what is needed to find them; whole records
// it fetches when somebody asks for a person, and lets go of again some days later. Which persons it follows it works out by
// itself: whoever was met at its sites. The relay is asked by shelf, one of 4,096, and so for some others with them.

// followedDays is for how long a person who was fetched is kept.
const followedDays = 7

// Narrow reports whether this device follows only the persons of its own sites.
func (n *Node) Narrow() bool {
	n.setMu.Lock()
	defer n.setMu.Unlock()
	return n.settings.Narrow
}

// SetNarrow changes it. What is beyond is let go of as soon as a relay has confirmed that it holds it; what comes back into view
// is fetched at the next exchange. A device of who administers follows everybody, or an erasing could miss parts that
// nobody else who may say so holds: refusal narrow_administers.
func (s *Session) SetNarrow(ctx context.Context, narrow bool) error {
	if narrow && s.node.administered() {
		return record.Refuse("narrow", "narrow_administers")
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	if err := s.node.set(func(n *settings) { n.Narrow = narrow }); err != nil {
		return err
	}
	if err := s.writing(ctx, func() error {
		if _, err := s.rescope(ctx); err != nil {
			return err
		}
		return s.letGo(ctx)
	}); err != nil {
		return err
	}
	return s.refresh(ctx)
}

// administered reports whether somebody who administers works on this device.
func (n *Node) administered() bool {
	listed, err := n.keep.Members()
	roll := n.journal.Roll()
	return err == nil && slices.ContainsFunc(listed, func(m vault.Listed) bool { return roll.Administers(m.ID) })
}

// rescope works out which parts this device wants. Node.mu is held and no batch is running. Who does not see who people are
// changes nothing. It reports whether more is wanted than before.
func (s *Session) rescope(ctx context.Context) (more bool, err error) {
	toList, err := s.toList(ctx)
	if err != nil {
		return false, err
	}
	if !s.node.Narrow() && !s.node.journal.Scope().Narrow && len(toList) == 0 { // everything is wanted, as before
		return false, nil
	}
	scope, err := s.scope(ctx, toList)
	if err == nil && scope.Narrow && s.views.Opens(record.Identity) {
		err = s.withColleagues(scope.Shelves)
	}
	before, _, counted := s.node.journal.Coming()
	if err = errors.Join(err, counted); err == nil {
		err = s.node.journal.SetScope(scope)
	}
	if err == nil {
		err = s.node.journal.WantOn(toList)
	}
	if err != nil {
		return false, err
	}
	coming, _, err := s.node.journal.Coming()
	s.early = s.early || coming > before // some of it may have been carried here already
	return coming > before, err
}

// withColleagues adds the shelves of the others who work on this device, as each found them last, and notes those of this member:
// what one of them follows is not let go of because another, who works at another site, exchanges.
func (s *Session) withColleagues(shelves map[uint16]bool) error {
	raw := []byte{} // a note is never nothing
	for _, shelf := range slices.Sorted(maps.Keys(shelves)) {
		raw = binary.BigEndian.AppendUint16(raw, shelf)
	}
	note := func(m journal.MemberID) string { return "follows " + m.String() }
	before, err := s.node.journal.ReadNote(note(s.member.ID))
	if err == nil && !bytes.Equal(before, raw) {
		err = s.node.journal.Note(note(s.member.ID), raw)
	}
	if err != nil {
		return err
	}
	listed, err := s.node.keep.Members()
	if err != nil {
		return err
	}
	roll := s.node.journal.Roll()
	for _, other := range listed {
		if other.ID == s.member.ID || !roll.Active(other.ID) {
			continue
		}
		raw, err := s.node.journal.ReadNote(note(other.ID))
		if err != nil {
			return err
		}
		for ; len(raw) >= 2; raw = raw[2:] {
			shelves[binary.BigEndian.Uint16(raw)] = true
		}
	}
	return nil
}

// toList are the shelves of persons who are to be erased and of whose parts this member lists some: what is not here must come
// back to be listed, or it would stay everywhere else.
func (s *Session) toList(ctx context.Context) (map[uint16]bool, error) {
	if !s.views.Opens(record.FieldWork) {
		return nil, nil
	}
	all, err := s.erasures(ctx, s.views)
	if err != nil {
		return nil, fmt.Errorf("find who is to be erased: %w", err)
	}
	shelves := map[uint16]bool{}
	for _, e := range all {
		if e.decision != eraseRefused && slices.ContainsFunc(e.in, s.erases) {
			shelves[s.member.Ring.Secret.Shelf(e.person[:])] = true
		}
	}
	return shelves, nil
}

// scope is which parts this device wants, those on some shelves among them.
func (s *Session) scope(ctx context.Context, too map[uint16]bool) (store.Scope, error) {
	if !s.node.Narrow() || s.node.administered() {
		return store.Scope{}, nil
	}
	scope := store.Scope{Narrow: true, Shelves: maps.Clone(too)}
	if scope.Shelves == nil {
		scope.Shelves = map[uint16]bool{}
	}
	if !s.views.Opens(record.Identity) {
		now := s.node.journal.Scope()
		if !now.Narrow {
			return now, nil
		}
		maps.Copy(scope.Shelves, now.Shelves)
		return scope, nil
	}
	shelf := func(person record.ID) { scope.Shelves[s.member.Ring.Secret.Shelf(person[:])] = true }
	sites := s.ownSites()
	if len(sites) > 0 {
		marks := strings.TrimSuffix(strings.Repeat("?,", len(sites)), ",")
		for _, k := range s.node.registry.Kinds() {
			if !k.AboutPersons() || k.Hides || !s.views.Opens(k.In) {
				continue
			}
			who := k.Subject
			if k.IsPerson {
				who = "id"
			}
			if err := s.views.Select(ctx, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE _site IN (%s)", who, store.Rows(k, s.node.registry.Kinds()), marks), sites, func(r record.Row) error {
				shelf(r.ID(0))
				return nil
			}); err != nil {
				return scope, fmt.Errorf("find who was met at this site: %w", err)
			}
		}
	}
	for person := range s.node.followed(s.now()) {
		shelf(person)
	}
	return scope, nil
}

// ownSites are where this device stands and where the member works.
func (s *Session) ownSites() (sites []any) {
	own := map[record.ID]bool{}
	if here := s.node.Site(); !here.IsZero() {
		own[here] = true
	}
	for _, site := range s.sites {
		own[site] = true
	}
	if len(own) == 0 {
		s.homes.mu.Lock()
		maps.Copy(own, s.homes.sites)
		s.homes.mu.Unlock()
	}
	for site := range own {
		if !site.IsZero() {
			sites = append(sites, site)
		}
	}
	return sites
}

// followed are the persons who were fetched, and until when they are kept.
func (n *Node) followed(now time.Time) map[record.ID]time.Time {
	n.setMu.Lock()
	defer n.setMu.Unlock()
	out := map[record.ID]time.Time{}
	for text, until := range n.settings.Followed {
		var person record.ID
		if raw, err := hex.DecodeString(text); err == nil && copy(person[:], raw) == len(person) && until > now.Unix() {
			out[person] = time.Unix(until, 0).UTC()
		}
	}
	return out
}

// Missing is how many sealed parts that may be about a person are not on this device: those of the person's shelf, so some of
// them may be about others.
func (s *Session) Missing(person record.ID) (int, error) {
	list, err := s.node.journal.MissingOn(s.member.Ring.Secret.Shelf(person[:]), mostFetched)
	return len(list), err
}

// mostFetched bounds what is asked for together for one person.
const mostFetched = 4096

// Fetch brings the whole record of one person, in one round trip when nothing else is new, and keeps it for a week. Where is as
// in Exchange.
func (s *Session) Fetch(ctx context.Context, person record.ID, where string, progress func(exchange.Progress)) (exchange.Summary, error) {
	now := s.now()
	kept := map[string]int64{hex.EncodeToString(person[:]): now.AddDate(0, 0, followedDays).Unix()}
	for other, until := range s.node.followed(now) {
		if other != person {
			kept[hex.EncodeToString(other[:])] = until.Unix()
		}
	}
	if err := s.node.set(func(n *settings) { n.Followed = kept }); err != nil {
		return exchange.Summary{}, err
	}
	if err := s.writing(ctx, func() error {
		_, err := s.rescope(ctx)
		return err
	}); err != nil {
		return exchange.Summary{}, err
	}
	var failed error
	sum, err := s.exchange(ctx, where, progress, func(o *exchange.Options) { // each time what is still missing then
		o.First, failed = s.node.journal.MissingOn(s.member.Ring.Secret.Shelf(person[:]), mostFetched)
	})
	return sum, errors.Join(err, failed)
}
