package bench

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// fleet is a made-up workspace of many writers, for what is measured without reading: its commits have the form and the sizes of
// real ones, and hold noise. One member administers and admitted all the others.
type fleet struct {
	id      journal.WorkspaceID
	draw    *rand.ChaCha8
	key     seal.CompartmentKey
	writers []*writer
}

// writer is a member's device.
type writer struct {
	f    *fleet
	sign seal.Signer
	cert journal.Certificate
	keys journal.MemberKeys
	last journal.Head
	seen journal.Vector
}

// newFleet founds a workspace. The founder's first commits admit everybody.
func newFleet(writers int, seed uint64) (*fleet, journal.Run, error) {
	f := &fleet{}
	var s [32]byte
	binary.BigEndian.PutUint64(s[:], seed)
	f.draw = rand.NewChaCha8(s)
	f.draw.Read(f.id[:])
	f.draw.Read(f.key[:])
	var controls [][2]any
	for n := range writers {
		w := &writer{f: f, seen: journal.Vector{}}
		member, err := f.signer()
		if err != nil {
			return nil, journal.Run{}, err
		}
		if w.sign, err = f.signer(); err != nil {
			return nil, journal.Run{}, err
		}
		w.keys = journal.MemberKeys{Sign: member.Public(), Receiver: f.bytes(1216)} // as long as a hybrid key is
		w.cert = journal.Certify(f.id, w.keys.Member(), member, w.sign.Public())
		if f.writers = append(f.writers, w); n == 0 {
			controls = append(controls, [2]any{journal.ControlFound, journal.Founding{Admin: w.keys, Recovery: [][]byte{f.bytes(32)}}}, [2]any{journal.ControlCertify, w.cert})
		} else {
			controls = append(controls, [2]any{journal.ControlAdmit, w.keys})
		}
	}
	var commits []journal.Commit
	founder := f.writers[0]
	for from := 0; from < len(controls); from += 8 {
		c, err := founder.open(controls[from:min(from+8, len(controls))])
		if err != nil {
			return nil, journal.Run{}, err
		}
		commits = append(commits, c)
	}
	return f, founder.run(commits), nil
}

func (f *fleet) bytes(n int) []byte {
	b := make([]byte, n)
	f.draw.Read(b)
	return b
}

func (f *fleet) signer() (seal.Signer, error) { return seal.SignerFromSeed(f.bytes(32)) }

func (w *writer) id() journal.WriterID { return journal.WriterOf(w.sign.Public()) }

// begins is the run with which a writer shows its certificate.
func (w *writer) begins() (journal.Run, error) {
	c, err := w.open([][2]any{{journal.ControlCertify, w.cert}})
	return w.run([]journal.Commit{c}), err
}

func (w *writer) open(controls [][2]any) (journal.Commit, error) {
	var list []journal.Control
	for _, c := range controls {
		one, err := journal.NewControl(c[0].(journal.ControlKind), c[1])
		if err != nil {
			return journal.Commit{}, err
		}
		list = append(list, one)
	}
	raw, err := journal.EncodeControls(list)
	if err != nil {
		return journal.Commit{}, err
	}
	return w.commit([]uint8{0}, [][]byte{raw})
}

// visits are n commits with the parts of a visit: of three, two say one thing, and one has three parts.
func (w *writer) visits(n int) ([]journal.Run, error) {
	var runs []journal.Run
	var commits []journal.Commit
	for i := range n {
		tags, bodies := []uint8{1}, [][]byte{w.f.bytes(96)}
		if i%3 == 2 {
			tags, bodies = []uint8{1, 2, 6}, [][]byte{w.f.bytes(96), w.f.bytes(120), w.f.bytes(60)}
		}
		c, err := w.commit(tags, bodies)
		if err != nil {
			return nil, err
		}
		if commits = append(commits, c); len(commits) == journal.RunLength {
			runs, commits = append(runs, w.run(commits)), nil
		}
	}
	if len(commits) > 0 {
		runs = append(runs, w.run(commits))
	}
	return runs, nil
}

func (w *writer) commit(tags []uint8, bodies [][]byte) (journal.Commit, error) {
	at := began.Add(time.Duration(w.last.Seq) * time.Minute)
	h := journal.Header{Workspace: w.f.id, Writer: w.id(), Seq: w.last.Seq + 1, Prev: w.last.Hash, Time: journal.TimeOf(at)}
	w.f.draw.Read(h.Salt[:])
	c := journal.Commit{}
	for i, body := range bodies {
		h.Parts = append(h.Parts, journal.PartHeader{Tag: tags[i], Shelf: uint16(w.f.draw.Uint64() % 4096)})
		if tags[i] != 0 {
			var err error
			if body, err = seal.SealPart(w.f.key, h.Place(i), body); err != nil {
				return c, err
			}
		}
		h.Parts[i].Size, h.Parts[i].Digest = uint32(len(body)), journal.Hash(seal.Digest(body))
		c.Parts = append(c.Parts, body)
	}
	c.Header, c.Hash = h, journal.HashOf(h.Encode())
	w.last = journal.Head{Seq: h.Seq, Hash: c.Hash, Time: h.Time}
	return c, nil
}

func (w *writer) run(commits []journal.Commit) journal.Run {
	last := commits[len(commits)-1]
	return journal.Run{Commits: commits, Sig: w.sign.Sign(journal.SignPurpose, last.Hash[:])}
}
