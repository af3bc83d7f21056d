package node

import (
	"context"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// A receipt is the word of another place that it holds a commit. That a place holds it now is remembered of each place (its
// vector); since when, is remembered here, for what was written on this device.

const receiptsNote = "receipts"

// mostReceipts bounds what is remembered: of what left longer ago it is known that it left, and no longer when.
const mostReceipts = 512

// received says that a place confirmed a chain of this device up to a commit.
type received struct {
	_      struct{} `cbor:",toarray"`
	Writer []byte
	Seq    uint64
	At     int64 // unix seconds, by this device's clock
}

func (n *Node) received() ([]received, error) {
	raw, err := n.journal.ReadNote(receiptsNote)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	var list []received
	if err := cbor.Unmarshal(raw, &list); err != nil {
		return nil, nil // since when is forgotten; whether is asked of the places
	}
	return list, nil
}

// noteReceipts remembers what a place confirms that no place had confirmed before.
func (n *Node) noteReceipts(now journal.Vector, at time.Time) error {
	own, err := n.writesHere()
	if err != nil {
		return err
	}
	list, err := n.received()
	if err != nil {
		return err
	}
	had := map[journal.WriterID]uint64{}
	for _, r := range list {
		if len(r.Writer) == len(journal.WriterID{}) {
			had[journal.WriterID(r.Writer)] = max(had[journal.WriterID(r.Writer)], r.Seq)
		}
	}
	var fresh []received
	for w, seq := range now {
		if seq = min(seq, n.journal.Head(w).Seq); own(w) && seq > had[w] { // of more than is here nothing can be said: this folder was put back
			fresh = append(fresh, received{Writer: w[:], Seq: seq, At: at.Unix()})
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	slices.SortFunc(fresh, func(a, b received) int { return slices.Compare(a.Writer, b.Writer) })
	list = append(list, fresh...)
	raw, err := cbor.Marshal(list[max(0, len(list)-mostReceipts):])
	if err != nil {
		return err
	}
	return n.note(receiptsNote, raw)
}

// writesHere tells the writers of this device's members from all others.
func (n *Node) writesHere() (func(journal.WriterID) bool, error) {
	members, err := n.keep.Members()
	if err != nil {
		return nil, err
	}
	roll := n.journal.Roll()
	return func(w journal.WriterID) bool {
		by := roll.MemberOf(w)
		return slices.ContainsFunc(members, func(m vault.Listed) bool { return m.ID == by })
	}, nil
}

// since is when a commit was first confirmed; zero when that was longer ago than is remembered.
func since(list []received, w journal.WriterID, seq uint64) time.Time {
	first := true // of this chain in the list: below it may have been forgotten
	for _, r := range list {
		if !slices.Equal(r.Writer, w[:]) {
			continue
		}
		if r.Seq >= seq {
			if first && len(list) >= mostReceipts {
				return time.Time{}
			}
			return time.Unix(r.At, 0).UTC()
		}
		first = false
	}
	return time.Time{}
}

// receiptKey names what one member wrote in one compartment in one minute: as finely as the views know when something was
// recorded.
type receiptKey struct {
	in       record.Compartment
	by       record.ID
	recorded int64
}

// receipts tells of all that is known of a person where else it is. The views are in use.
func (s *Session) receipts(ctx context.Context, person record.ID) (record.Receipts, error) {
	where, err := s.whereabouts()
	if err != nil {
		return nil, err
	}
	held := map[journal.PartPlace]bool{}
	list, err := s.node.journal.HeldOf(person)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		held[h.Place] = true
	}
	out := map[receiptKey]record.Receipt{}
	for _, c := range record.Compartments() {
		if carriedIn(c) == nil || !s.views.Opens(c) { // in the others nothing is said of persons
			continue
		}
		about, err := s.views.AboutPerson(ctx, s.views, c, person)
		if err != nil {
			return nil, err
		}
		carried, err := s.carriers(ctx, c, person, about)
		if err != nil {
			return nil, err
		}
		for _, p := range about {
			key, known, err := s.keyOf(c, p)
			if err != nil {
				return nil, err
			}
			if !known {
				continue
			}
			travels := p
			if by, was := carried[p]; was { // it left with the commit that says it again
				travels = by
			}
			receipt := where.of(travels)
			if held[p] {
				receipt = record.Receipt{State: record.ReceiptHeld}
			}
			if before, twice := out[key]; !twice || worse(receipt, before) {
				out[key] = receipt
			}
		}
	}
	return func(in record.Compartment, by record.ID, recorded time.Time) (record.Receipt, bool) {
		r, known := out[receiptKey{in, by, recorded.UnixMilli()}]
		return r, known
	}, nil
}

func (s *Session) keyOf(c record.Compartment, p journal.PartPlace) (receiptKey, bool, error) {
	at, err := s.node.journal.TimeAt(p.Writer, p.Seq)
	return receiptKey{c, record.ID(s.node.journal.Roll().MemberOf(p.Writer)), at.Wall().UnixMilli()}, at != 0, err
}

// carriers gives for the parts of a person that were held back once the commits that carried them out.
func (s *Session) carriers(ctx context.Context, c record.Compartment, person record.ID, about []journal.PartPlace) (map[journal.PartPlace]journal.PartPlace, error) {
	k, some := carriedIn(c), false
	if err := s.views.Select(ctx, "SELECT 1 FROM "+k.Table()+" WHERE person = ? LIMIT 1", []any{person}, func(record.Row) error {
		some = true
		return nil
	}); err != nil || !some {
		return nil, err
	}
	by := map[journal.PartPlace]journal.PartPlace{}
	for _, p := range about {
		carried, err := s.carriedBy(k, p)
		if err != nil {
			return nil, err
		}
		for _, part := range carried {
			by[part] = p
		}
	}
	return by, nil
}

// worse orders receipts by how much would be lost with this machine.
func worse(a, b record.Receipt) bool {
	order := []string{record.ReceiptArrived, record.ReceiptExchanged, record.ReceiptHere, record.ReceiptHeld}
	return slices.Index(order, a.State) > slices.Index(order, b.State)
}

// whereabouts is what is known of where commits are, read once for many.
type whereabouts struct {
	places []Place
	list   []received
	own    func(journal.WriterID) bool
}

func (s *Session) whereabouts() (*whereabouts, error) {
	places, err := s.node.Places()
	if err != nil {
		return nil, err
	}
	list, err := s.node.received()
	if err != nil {
		return nil, err
	}
	own, err := s.node.writesHere()
	return &whereabouts{places, list, own}, err
}

// of is the receipt of a commit, as far as it is not held back.
func (w *whereabouts) of(p journal.PartPlace) record.Receipt {
	var names []string
	for _, place := range w.places {
		if place.Known[p.Writer] >= p.Seq {
			names = append(names, place.Name)
		}
	}
	switch {
	case !w.own(p.Writer):
		return record.Receipt{State: record.ReceiptArrived}
	case len(names) == 0:
		return record.Receipt{State: record.ReceiptHere}
	}
	return record.Receipt{State: record.ReceiptExchanged, At: since(w.list, p.Writer, p.Seq), Places: names}
}
