package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// draft is a commit in the making.
type draft struct {
	time     journal.Time
	salt     [8]byte
	at       time.Time // when it happened, in its zone
	site     record.ID
	client   []byte
	facts    []record.Fact
	about    []record.ID // of each fact: the person it is about, zero for nobody; may be left out when all are
	controls []journal.Control
	released []journal.PartPlace           // held parts that it carries: they may travel once it is written
	told     []record.ID                   // persons of whom what is said here must reach the other sites, although their record may not
	given    map[journal.MemberID][]string // which keys it gives whom
	trouble  error                         // met while looking something up
}

// build seals a draft into the next commit of the member's writer.
func (n *Node) build(m *vault.Member, d draft) (*journal.Commit, error) {
	writer := m.WriterID()
	head := n.journal.Head(writer)
	h := journal.Header{Workspace: m.Workspace, Writer: writer, Seq: head.Seq + 1, Prev: head.Hash, Time: d.time, Salt: d.salt, Seen: n.unseen(m)}
	var plain [][]byte
	if len(d.controls) > 0 {
		open, err := journal.EncodeControls(d.controls)
		if err != nil {
			return nil, err
		}
		h.Parts, plain = append(h.Parts, journal.PartHeader{}), append(plain, open)
	}
	keys := []seal.CompartmentKey{}
	for _, p := range d.pieces() {
		epoch, key, ok := m.Ring.Current(p.in)
		if !ok {
			return nil, record.Refuse("", "not_allowed")
		}
		body, shelf := d.body(p)
		packed, err := journal.EncodeBody(body)
		switch {
		case errors.Is(err, journal.ErrTooLarge):
			return nil, record.Refuse("", "too_large").Because(err)
		case errors.Is(err, journal.ErrFormat): // a time, zone or text that no journal holds
			return nil, record.Refuse("", "not_writable").Because(err)
		case err != nil:
			return nil, err
		}
		h.Parts = append(h.Parts, journal.PartHeader{Tag: m.Ring.Tag(p.in), Epoch: epoch, Shelf: m.Ring.Secret.Shelf(shelf[:]) | d.mark(p)})
		plain, keys = append(plain, packed), append(keys, key)
	}
	if len(h.Parts) > journal.MaxParts {
		return nil, record.Refuse("", "too_large")
	}
	commit, whole := &journal.Commit{Parts: plain}, 0
	for i := range h.Parts {
		if h.Parts[i].Tag != 0 {
			sealed, err := seal.SealPart(keys[i-(len(h.Parts)-len(keys))], h.Place(i), plain[i])
			if err != nil {
				return nil, err
			}
			commit.Parts[i] = sealed
		}
		if whole += len(commit.Parts[i]); len(commit.Parts[i]) > journal.MaxPartSize || whole > maxCommit {
			return nil, record.Refuse("", "too_large")
		}
		h.Parts[i].Size, h.Parts[i].Digest = uint32(len(commit.Parts[i])), journal.Hash(seal.Digest(commit.Parts[i]))
	}
	commit.Header, commit.Hash = h, journal.HashOf(h.Encode())
	return commit, nil
}

// maxCommit bounds all parts of a commit together: a run that holds it must fit in one frame.
const maxCommit = journal.MaxFrame / 2

func touched(facts []record.Fact) []record.Compartment {
	var out []record.Compartment
	for _, f := range facts {
		if !slices.Contains(out, f.Kind.In) {
			out = append(out, f.Kind.In)
		}
	}
	slices.Sort(out)
	return out
}

// body is what one part says, and the entity by which it is shelved: the person it is about, or
// the site.
// What nobody reads there is left out: a count line has no where and when but its key, and the client's id names fact 0.
func (d *draft) body(p piece) (journal.Body, record.ID) {
	var b journal.Body
	shelf, placed := d.site, false
	for n, f := range d.facts {
		if f.Kind.In != p.in || d.person(n) != p.person {
			continue
		}
		if len(b.Facts) == 0 {
			if shelf = p.person; shelf.IsZero() {
				shelf = shelfOf(f, d.site)
			}
		}
		if n == 0 {
			b.Client = d.client
		}
		placed = placed || f.Kind.Form != record.Tally
		b.Facts = append(b.Facts, written(n, f))
	}
	if placed {
		_, offset := d.at.Zone()
		b.Ago, b.Zone = d.time.Wall().Unix()-d.at.Unix(), int16(offset/60)
		if !d.site.IsZero() {
			b.Site = d.site[:]
		}
	}
	return b, shelf
}

// mark is the detail mark of a piece that says only what is not needed to find a person.
func (d *draft) mark(p piece) uint16 {
	if p.person.IsZero() {
		return 0
	}
	for n, f := range d.facts {
		if f.Kind.In == p.in && d.person(n) == p.person && !f.Kind.Detail() {
			return 0
		}
	}
	return journal.DetailShelf
}

func shelfOf(f record.Fact, site record.ID) record.ID {
	if f.Kind.Registers() || site.IsZero() {
		return f.Entity
	}
	return site
}

func written(n int, f record.Fact) journal.Fact {
	w := journal.Fact{N: uint32(n), Kind: f.Kind.Number, Creates: f.Creates, Values: f.Values}
	if f.Kind.Form == record.Entity && !f.Creates {
		w.Entity = f.Entity[:]
	}
	for number, refs := range f.Replaces {
		if w.Replaces == nil {
			w.Replaces = map[uint8][][]byte{}
		}
		for _, r := range refs {
			w.Replaces[number] = append(w.Replaces[number], r[:])
		}
	}
	if !f.Corrects.IsZero() {
		w.Corrects = f.Corrects[:]
	}
	return w
}

// unseen lists the heads of other writers that are new since this writer's last commit.
func (n *Node) unseen(m *vault.Member) []journal.Seen {
	var out []journal.Seen
	saw := map[journal.WriterID]uint64{}
	if s := n.sessions[m.ID]; s != nil {
		saw = s.saw
	}
	for w, h := range n.journal.Heads() {
		if w == m.WriterID() || saw[w] >= h.Seq {
			continue
		}
		s := journal.Seen{Writer: w, Seq: h.Seq}
		copy(s.Hash[:], h.Hash[:])
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b journal.Seen) int { return slices.Compare(a.Writer[:], b.Writer[:]) })
	return out[:min(len(out), journal.MaxSeen)]
}

// announce writes a commit that carries control records, outside any session: founding, joining a writer. first come
// before the writer's certificate, then after it.
func (n *Node) announce(m *vault.Member, first, then []journal.Control, say func(*record.Change) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	cert, err := journal.NewControl(journal.ControlCertify, m.Certificate())
	if err != nil {
		return err
	}
	controls := append(slices.Clone(first), cert)
	seq := n.journal.Head(m.WriterID()).Seq + 1
	now, salt := n.clock.Now(), [8]byte(draw(8))
	change := record.NewChange(record.Change{Reader: nothing{}, Context: context.Background(), Now: now.Wall(), At: n.options.Wall(), Member: record.ID(m.ID)},
		func(i int) record.ID { return record.ID(journal.FactID(m.WriterID(), seq, salt, i)) }, func(string) (record.ID, bool) { return record.ID{}, false })
	if say != nil {
		if err := say(change); err != nil {
			return err
		}
	}
	commit, err := n.build(m, draft{time: now, salt: salt, at: n.options.Wall(), facts: change.Facts(), controls: append(controls, then...)})
	if err != nil {
		return err
	}
	return n.save(m, commit)
}

// save appends, signs and makes durable.
func (n *Node) save(m *vault.Member, c *journal.Commit) error {
	sig := m.Writer.Sign(journal.SignPurpose, c.Hash[:])
	if err := n.journal.Append(c, &sig); err != nil {
		return errors.Join(fmt.Errorf("save: %w", err), n.journal.Drop())
	}
	return n.journal.Flush()
}

// nothing is a reader of an empty workspace.
type nothing struct{}

func (nothing) Select(context.Context, string, []any, func(record.Row) error) error { return nil }
func (nothing) Opens(record.Compartment) bool                                       { return true }
