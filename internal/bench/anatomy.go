package bench

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// anatomy says where the bytes of sealed commits go, as they travel in runs.
type anatomy struct {
	commits, parts, runs                        int
	envelope, signature, seen, salt, headers    int // bytes
	partHeaders, tags, padding, frames, payload int
	random, again, open                         int // within payload: bytes no compression can shrink; the same said twice
	bodies, sealed                              bytes.Buffer
	sizes                                       []float64
	byKind                                      map[uint16]*kindCost
}

type kindCost struct{ commits, parts, bytes, raw int }

// anatomy reads the journal of the folder; the node must be closed.
func (b *bed) anatomy() (*anatomy, error) {
	a := &anatomy{byKind: map[uint16]*kindCost{}}
	err := b.inspect(func(j *store.Journal, m *vault.Member, _ map[record.Compartment]seal.ViewKey) error {
		for w := range j.Heads() {
			for seq := uint64(1); ; {
				run, ok, err := j.NextRun(w, seq, 128<<10)
				if err != nil {
					return err
				}
				if !ok {
					break
				}
				if err := a.run(&run, m.Ring); err != nil {
					return err
				}
				seq = run.Last().Seq + 1
			}
		}
		return nil
	})
	return a, err
}

func uvarint(v uint64) int { return len(binary.AppendUvarint(nil, v)) }

func (a *anatomy) run(run *journal.Run, ring *vault.Ring) error {
	a.sealed.Write(run.Encode())
	first := run.First()
	a.runs++
	a.commits += len(run.Commits)
	a.signature += len(run.Sig)
	a.envelope += 1 + len(first.Workspace) + len(first.Writer) + uvarint(first.Seq) + len(first.Prev) + uvarint(uint64(len(run.Commits)))
	last := journal.Time(0)
	for i := range run.Commits {
		c := &run.Commits[i]
		size := len(binary.AppendVarint(nil, int64(c.Time-last))) + uvarint(uint64(len(c.Seen))) + uvarint(uint64(len(c.Header.Parts)))
		last = c.Time
		a.headers += size
		a.salt += len(c.Salt)
		seen := 0
		for _, s := range c.Seen {
			seen += len(s.Writer) + uvarint(s.Seq) + len(s.Hash)
		}
		a.seen += seen
		size += len(c.Salt) + seen
		var kind *kindCost
		for p, h := range c.Header.Parts {
			head := 1 + uvarint(uint64(h.Epoch)) + 2 + uvarint(uint64(h.Size)) + 1
			a.parts++
			a.partHeaders += head
			size += head + len(c.Parts[p])
			if h.Tag == 0 {
				a.open += len(c.Parts[p])
				continue
			}
			body, err := a.part(c, p, ring)
			if err != nil {
				return err
			}
			raw, err := encoded(body)
			if err != nil {
				return err
			}
			a.bodies.Write(raw)
			if kind == nil && len(body.Facts) > 0 {
				number := body.Facts[0].Kind
				if kind = a.byKind[number]; kind == nil {
					kind = &kindCost{}
					a.byKind[number] = kind
				}
			}
			if kind != nil {
				kind.raw += len(raw)
			}
		}
		if kind != nil {
			kind.commits, kind.parts, kind.bytes = kind.commits+1, kind.parts+len(c.Header.Parts), kind.bytes+size
		}
		a.sizes = append(a.sizes, float64(size))
	}
	return nil
}

// part takes one sealed part to pieces.
func (a *anatomy) part(c *journal.Commit, p int, ring *vault.Ring) (body journal.Body, err error) {
	h := &c.Header
	in, named := ring.Named(h.Parts[p].Tag)
	keys := ring.Keys(in, h.Parts[p].Epoch)
	if !named || len(keys) == 0 {
		return body, nil
	}
	plain, err := seal.OpenPart(keys[0], h.Place(p), c.Parts[p])
	if err != nil {
		return body, err
	}
	if body, err = journal.DecodeBody(plain); err != nil {
		return body, err
	}
	a.tags += seal.PartOverhead
	a.padding += len(c.Parts[p]) - seal.PartOverhead - len(plain)
	frame := frameHead(plain)
	a.frames += frame
	a.payload += len(plain) - frame
	random := len(body.Site) + len(body.Client)
	if p > 0 && h.Parts[p-1].Tag != 0 {
		a.again += len(body.Site) + len(body.Client)
	}
	for _, f := range body.Facts {
		random += len(f.Entity) + len(f.Corrects)
		for _, v := range f.Values {
			if b, ok := v.([]byte); ok {
				random += len(b)
			}
		}
		for _, refs := range f.Replaces {
			for _, ref := range refs {
				random += len(ref)
			}
		}
	}
	a.random += random
	return body, nil
}

// frameHead is how many bytes of a packed body say only how it is packed: the way, zstd's frame header and the header of
// its one block (RFC 8878 §3.1.1).
func frameHead(packed []byte) int {
	if len(packed) < 2 || packed[0] == 0 {
		return 1
	}
	d := packed[1]
	size := []int{1, 2, 4, 8}[d>>6]
	if d>>6 == 0 && d&0x20 == 0 {
		size = 0
	}
	return 1 + 1 + []int{0, 1, 2, 4}[d&3] + size + 3
}

func (a *anatomy) table() Table {
	t := Table{Title: "bytes of a sealed commit, by what they are for (mean)", Columns: []string{"what", "bytes/commit", "part of all", "who can shrink it"}}
	all := float64(a.sealed.Len())
	row := func(what string, n int, whose string) {
		t.Rows = append(t.Rows, []any{what, round(float64(n) / float64(a.commits)), round(float64(n) / all), whose})
	}
	row("run: workspace, writer, first number and hash", a.envelope, "longer runs")
	row("run: signature", a.signature, "longer runs")
	row("commit: time, counts", a.headers, "ours")
	row("commit: salt", a.salt, "ours")
	row("commit: heads seen", a.seen, "ours")
	row("part: tag, epoch, shelf, size, presence", a.partHeaders, "ours")
	row("part: authentication tag", a.tags, "fewer parts")
	row("part: length and padding", a.padding, "the price of hiding lengths")
	row("part: how it is packed", a.frames, "ours")
	row("part: what it says, compressed", a.payload, "dictionary, and what is said")
	row("  of that: ids, names of facts, hashes (do not compress)", a.random, "ours, in part")
	row("  of that: site and client hash said again in a second part", a.again, "ours")
	row("open parts: keys, certificates, grants", a.open, "once a member")
	return t
}

func (a *anatomy) kinds(reg *record.Registry) Table {
	t := Table{Title: "commits by what they say first", Columns: []string{"kind", "commits", "parts", "sealed bytes", "bytes as CBOR"}}
	var numbers []uint16
	for number := range a.byKind {
		numbers = append(numbers, number)
	}
	slices.SortFunc(numbers, func(x, y uint16) int { return cmp.Compare(a.byKind[y].commits, a.byKind[x].commits) })
	for _, number := range numbers {
		k := a.byKind[number]
		n := float64(k.commits)
		t.Rows = append(t.Rows, []any{kindName(reg, number), k.commits, round(float64(k.parts) / n), round(float64(k.bytes) / n), round(float64(k.raw) / n)})
	}
	return t
}
