package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
)

// carriedKinds carry, once a person has agreed, what was held back before: the sealed part of an earlier commit, word for
// word, inside a new one. Whoever opens it puts it where its commit has a place for it, and it is as if it had come with it.
var carriedKinds = func() (out []*record.Kind) {
	for i, c := range []record.Compartment{record.Identity, record.Care, record.Mind, record.Survivor, record.Law} {
		out = append(out, &record.Kind{Number: uint16(215 + i), Name: "carried_" + c.String(), In: c, Form: record.Happening, Subject: "person", Brief: c == record.Identity, Fields: []record.Field{
			{Number: 1, Name: "person", Type: record.Ref},
			{Number: 2, Name: "writer", Type: record.Blob},
			{Number: 3, Name: "seq", Type: record.Int},
			{Number: 4, Name: "idx", Type: record.Int},
			{Number: 5, Name: "data", Type: record.Blob},
		}})
	}
	return out
}()

func carriedIn(c record.Compartment) *record.Kind {
	for _, k := range carriedKinds {
		if k.In == c {
			return k
		}
	}
	return nil
}

// holdBack keeps on this machine what a commit says of persons who have not agreed that their record leaves it. It belongs to
// the batch that wrote the commit, whose facts the views show already.
func (s *Session) holdBack(ctx context.Context, d *draft, commit *journal.Commit) error {
	pieces := d.pieces()
	open := len(commit.Parts) - len(pieces)
	for i, p := range pieces {
		if p.person.IsZero() || carriedIn(p.in) == nil || slices.Contains(d.told, p.person) {
			continue
		}
		may, err := s.node.registry.Travels(ctx, s.views.Working(), p.person, s.now())
		if err != nil {
			return err
		}
		if may {
			continue
		}
		place := journal.PartPlace{Writer: commit.Writer, Seq: commit.Seq, Index: uint8(open + i)}
		if err := s.node.journal.Hold(p.person, []journal.PartPlace{place}); err != nil {
			return err
		}
	}
	return nil
}

// holdUnsent keeps here what was written about a person who refuses now and has not left this machine yet, but for the
// refusal itself when other sites must learn of it.
func (s *Session) holdUnsent(ctx context.Context, person record.ID, d *draft, refusal *journal.Commit) error {
	gone, err := s.node.gone()
	if err != nil {
		return err
	}
	for _, k := range carriedKinds {
		if !s.views.Opens(k.In) {
			continue
		}
		about, err := s.views.AboutPerson(ctx, s.views.Working(), k.In, person)
		if err != nil {
			return err
		}
		var unsent []journal.PartPlace
		for _, p := range about {
			itself := p.Writer == refusal.Writer && p.Seq == refusal.Seq
			if p.Seq > gone[p.Writer] && !(itself && slices.Contains(d.told, person)) {
				unsent = append(unsent, p)
				carried, err := s.carriedBy(k, p)
				if err != nil {
					return err
				}
				unsent = append(unsent, carried...)
			}
		}
		if err := s.node.journal.Hold(person, unsent); err != nil {
			return err
		}
	}
	return nil
}

// carriedBy lists the parts that a part of this machine carries: their commits may have left long ago, they have not.
func (s *Session) carriedBy(k *record.Kind, p journal.PartPlace) (list []journal.PartPlace, err error) {
	a, here, err := s.node.journal.Part(p)
	if err != nil || !here {
		return nil, err
	}
	opened, err := openPart(s.member.Ring, &a)
	if err != nil {
		return nil, nil // damaged: check names it
	}
	for _, f := range opened.Body.Facts {
		if place, _, carries := carriedFact(k, &f); carries {
			list = append(list, place)
		}
	}
	return list, nil
}

// carry says again, for everybody, what was held back of a person in the compartments this member may write in, and gives
// what may travel once that is written. The rest waits for who holds the other compartments: their program does it by itself.
//
// room is how many bytes may still be carried; of more the rest waits for the next commit.
func (s *Session) carry(change *record.Change, person record.ID, room *int) (places []journal.PartPlace, err error) {
	held, err := s.node.journal.HeldOf(person)
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		c, named := s.member.Ring.Named(h.Tag)
		if !named || !s.views.Opens(c) || !s.Rights().May(record.Write, c) || carriedIn(c) == nil || len(h.Data) > carriedMost {
			continue // one that fills a commit by itself stays where it was written
		}
		if *room -= len(h.Data); *room < 0 {
			break
		}
		if _, err := change.Happen(carriedIn(c), record.Fields{"person": person, "writer": h.Place.Writer[:], "seq": int64(h.Place.Seq), "idx": int64(h.Place.Index), "data": h.Data}); err != nil {
			return nil, fmt.Errorf("carry: %w", err)
		}
		places = append(places, h.Place)
	}
	return places, nil
}

// carriedTogether is how many parts of persons one commit carries before the rest waits for the next: each person is a part of
// its own in up to five compartments, and what else is due needs room beside them.
const carriedTogether = 5

// carriedMost is how many bytes of held parts one commit carries. There must be room for what a commit says besides.
const carriedMost = journal.MaxPartSize - 1<<20

// carryDue is what a colleague's consent released and this member can say again: of as many persons as one commit holds.
func (s *Session) carryDue(ctx context.Context, change *record.Change) (places []journal.PartPlace, err error) {
	if !s.views.Opens(record.Identity) {
		return nil, nil
	}
	persons, err := s.node.journal.HeldPersons()
	if err != nil {
		return nil, err
	}
	parts, room := map[piece]bool{}, carriedMost
	for _, person := range persons {
		if len(parts) >= carriedTogether || room < 0 {
			break
		}
		may, err := s.node.registry.Travels(ctx, change.Reader, person, s.now())
		if err != nil {
			return nil, err
		}
		if !may {
			continue
		}
		more, err := s.carry(change, person, &room)
		if err != nil {
			return nil, err
		}
		places = append(places, more...)
		for _, f := range change.Facts() {
			if f.Kind == carriedIn(f.Kind.In) {
				parts[piece{in: f.Kind.In, person: personOf(f)}] = true
			}
		}
	}
	return places, nil
}

func personOf(f record.Fact) (id record.ID) {
	raw, _ := f.Values[1].([]byte)
	copy(id[:], raw)
	return id
}

// supply puts carried parts where their commits have a place for them. It reports whether any was missing here. Of one whose
// commit is not here yet it is remembered that it waits.
func (s *Session) supply(parts []store.Opened) (bool, error) {
	any := false
	for _, p := range parts {
		k := carriedIn(p.In)
		if k == nil {
			continue
		}
		for _, f := range p.Body.Facts {
			place, data, carries := carriedFact(k, &f)
			if !carries {
				continue // what names no place is projected, named by nobody, and harmless
			}
			if _, here, err := s.node.journal.HashAt(place.Writer, place.Seq); err != nil || !here {
				if s.early = true; err != nil {
					return any, err
				}
				continue
			}
			if apart, err := s.node.journal.Apart(place); err != nil || apart { // supplyLate takes it when it is wanted
				if err != nil {
					return any, err
				}
				continue
			}
			fresh, err := s.node.journal.Supply(place, data)
			if errors.Is(err, store.ErrDamaged) {
				s.odd = append(s.odd, store.Odd{Writer: p.Writer, Seq: p.Seq, Fact: f.N, Reason: err.Error()})
				continue
			}
			if err != nil {
				return any, err
			}
			any = any || fresh
		}
	}
	return any, nil
}

// carriedFact is the part that a fact carries and the place it belongs to.
func carriedFact(k *record.Kind, f *journal.Fact) (place journal.PartPlace, data []byte, carries bool) {
	if f.Kind != k.Number {
		return place, nil, false
	}
	writer, _ := f.Values[2].([]byte)
	seq, _ := f.Values[3].(int64)
	index, _ := f.Values[4].(int64)
	data, _ = f.Values[5].([]byte)
	place, carries = carriedPlace(writer, seq, index)
	return place, data, carries
}

func carriedPlace(writer []byte, seq, index int64) (place journal.PartPlace, named bool) {
	if len(writer) != len(place.Writer) || seq <= 0 || index < 0 || index >= journal.MaxParts {
		return place, false
	}
	copy(place.Writer[:], writer)
	place.Seq, place.Index = uint64(seq), uint8(index)
	return place, true
}

// supplyLate does so with what was carried here before its commit was, or was read when the machine went off. No batch is running.
func (s *Session) supplyLate(ctx context.Context) error {
	s.early = false
	came := false
	for _, k := range carriedKinds {
		if !s.views.Opens(k.In) {
			continue
		}
		all, waits := store.Rows(k, s.node.registry.Kinds()), map[record.ID]journal.PartPlace{}
		if err := s.views.Select(ctx, "SELECT id, writer, seq, idx FROM "+all, nil, func(row record.Row) error {
			if place, named := carriedPlace(row.Blob(1), row.Int(2), row.Int(3)); named {
				waits[row.ID(0)] = place
			}
			return nil
		}); err != nil {
			return err
		}
		for id, place := range waits {
			_, here, err := s.node.journal.HashAt(place.Writer, place.Seq)
			if err != nil {
				return err
			}
			if !here {
				s.early = true
				continue
			}
			held, err := s.node.journal.Holds(place)
			if err == nil && !held {
				held, err = s.node.journal.Apart(place)
			}
			if err != nil {
				return err
			}
			if held {
				continue
			}
			if err := s.views.Select(ctx, "SELECT data FROM "+all+" WHERE id = ?", []any{id}, func(row record.Row) error {
				fresh, err := s.node.journal.Supply(place, row.Blob(0))
				if came = came || fresh; errors.Is(err, store.ErrDamaged) {
					return nil // said when it arrived
				}
				return err
			}); err != nil {
				return err
			}
		}
	}
	if !came {
		return nil
	}
	if err := s.node.journal.Flush(); err != nil {
		return err
	}
	return s.catchUp(ctx)
}
