package journaltest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/seal"
	"amparo/internal/store"
)

// keys are drawn from the seed of the play and a name.
func drawKey(seed uint64, name string) [32]byte {
	return sha256.Sum256(append(binary.BigEndian.AppendUint64([]byte("journaltest"), seed), name...))
}

func signer(seed uint64, name string) seal.Signer {
	key := drawKey(seed, name)
	s, err := seal.SignerFromSeed(key[:])
	if err != nil {
		panic(err) // it has 32 bytes
	}
	return s
}

// member is somebody who works here.
type member struct {
	name string
	sign seal.Signer
	keys journal.MemberKeys
}

func newMember(seed uint64, name string) *member {
	m := &member{name: name, sign: signer(seed, "member "+name)}
	receiver := drawKey(seed, "receiver "+name)
	m.keys = journal.MemberKeys{Sign: m.sign.Public(), Receiver: receiver[:]}
	return m
}

func (m *member) id() journal.MemberID { return m.keys.Member() }

// device is a machine of a member: a journal on a disk, a clock, and a writer, of which it may have had others before.
type device struct {
	*world
	name    string
	member  *member
	disk    *Disk
	writer  seal.Signer
	writers int // how many it had
	journal *store.Journal
	lock    sync.Mutex
	clock   *journal.Clock
	skew    time.Duration
	draw    *rand.Rand
	saw     journal.Vector
	again   int // how many commits were made, also those that were lost: no salt is drawn twice

	saved    map[journal.WriterID]uint64 // what its owner was told is saved
	kept     journal.Vector              // what it said is durable here
	busy     int                         // exchanges it is in the middle of
	named    map[journal.WriterID]bool   // of whom it was said that they tell two stories
	stranded bool                        // the last relay asked knew nobody who vouches for it
	vouched  journal.Vector              // what it held when it last vouched

	serving   http.Handler // for neighbours
	servingOf *store.Journal

	away   bool // no relay can be reached
	rogue  bool // goes on as before when revoked
	barred bool // the relay withholds what is sealed from it: it passes nothing on
	locked bool // heard that it is revoked, and wiped its keys
}

const journalName = "/journal"

// id is the writer's.
func (d *device) id() journal.WriterID { return journal.WriterOf(d.writer.Public()) }

func (d *device) certificate() journal.Certificate {
	return journal.Certify(d.workspace, d.member.id(), d.member.sign, d.writer.Public())
}

func (d *device) wall() time.Time { return d.now.Add(d.skew) }

// newWriter starts a chain of its own, as a node does whose folder was copied or put back.
func (d *device) newWriter() {
	d.writers++
	if d.named == nil {
		d.named = map[journal.WriterID]bool{}
	}
	d.writer = signer(d.seed, fmt.Sprintf("writer %s %d", d.name, d.writers))
	d.saw = journal.Vector{}
}

// start opens the journal, as when the program is started.
func (d *device) start() error {
	j, err := store.OpenJournalOn(d.disk.Name(), journalName, d.workspace, d.founder.id())
	if err != nil {
		return err
	}
	d.journal = j
	last := journal.Time(0)
	for _, h := range j.Heads() {
		if h.Time > last && h.Time.Wall().Before(d.wall().Add(journal.MaxAhead)) {
			last = h.Time
		}
	}
	d.clock = journal.NewClock(last, d.wall)
	return d.readSeen()
}

// stop ends the program; what it could not write any more is gone.
func (d *device) stop() {
	if d.journal != nil {
		d.journal.Close() // the disk may be dead
		d.journal = nil
	}
}

// fall ends the program when its machine fell over, and reports whether it did.
func (d *device) fall() bool {
	if d.journal != nil && d.disk.Dead() {
		d.stop()
	}
	return d.journal == nil
}

func (d *device) copy() *exchange.JournalCopy {
	return &exchange.JournalCopy{Journal: d.journal, Lock: &d.lock, Wall: d.wall, Stored: func() error {
		d.kept = d.vector()
		return nil
	}, Took: func(fresh []journal.Commit) error {
		for i := range fresh {
			d.clock.Observe(fresh[i].Time)
			if fresh[i].Writer == d.id() { // our own commits come back: this disk was put back to what it was
				d.note("%s meets its own past", d.name)
				d.newWriter()
			}
		}
		return nil
	}}
}

func (d *device) vector() journal.Vector {
	v := journal.Vector{}
	for w, h := range d.journal.Heads() {
		v[w] = h.Seq
	}
	return v
}

// active reports whether the device thinks that it may write.
func (d *device) active() bool { return d.journal.Roll().Active(d.member.id()) }

func (d *device) administers() bool { return d.journal.Roll().Administers(d.member.id()) }

// part is what a commit holds; tag 0 is open.
type part struct {
	tag   uint8
	shelf uint16
	data  []byte
}

// say writes commits in one batch, of which the last is signed, as a node does. What it returns without an error is saved.
func (d *device) say(commits ...[]part) error {
	d.lock.Lock()
	defer d.lock.Unlock()
	err := d.append(commits)
	if err == nil {
		err = d.journal.Flush()
	} else {
		err = errors.Join(err, d.journal.Drop())
	}
	if err != nil {
		return errors.Join(err, d.readSeen())
	}
	d.saved[d.id()] = d.journal.Head(d.id()).Seq
	d.kept = d.vector()
	return nil
}

func (d *device) append(commits [][]part) error {
	for i, parts := range commits {
		if d.journal.Head(d.id()).Seq == 0 { // the certificate comes along
			cert := part{data: controls(journal.ControlCertify, d.certificate())}
			if parts = append([]part{cert}, parts...); len(d.journal.Roll().Members) == 0 { // the founding goes before
				parts[0], parts[1] = parts[1], parts[0]
			}
		}
		c, err := d.commit(parts)
		if err != nil {
			return err
		}
		var sig *seal.Signature
		if i == len(commits)-1 {
			s := d.writer.Sign(journal.SignPurpose, c.Hash[:])
			sig = &s
		}
		if err := d.journal.Append(c, sig); err != nil {
			return err
		}
		if err := d.noteSeen(c.Seen); err != nil {
			return err
		}
	}
	return nil
}

// commit makes the next commit of the chain.
func (d *device) commit(parts []part) (*journal.Commit, error) {
	head := d.journal.Head(d.id())
	d.again++
	salt := drawKey(d.seed, fmt.Sprintf("salt %s %d", d.name, d.again))
	h := journal.Header{Workspace: d.workspace, Writer: d.id(), Seq: head.Seq + 1, Prev: head.Hash, Time: d.clock.Now(), Salt: [8]byte(salt[:])}
	heads := d.journal.Heads()
	for _, w := range writers(d.vector()) {
		if w != h.Writer && d.saw[w] < heads[w].Seq {
			at := heads[w]
			h.Seen = append(h.Seen, journal.Seen{Writer: w, Seq: at.Seq, Hash: [16]byte(at.Hash[:16])})
		}
	}
	c := &journal.Commit{}
	for i, p := range merged(parts) {
		h.Parts = append(h.Parts, journal.PartHeader{Tag: p.tag, Shelf: p.shelf})
		data := p.data
		if p.tag != 0 {
			h.Parts[i].Epoch = 1
			var err error
			if data, err = seal.SealPart(d.key, h.Place(i), data); err != nil {
				return nil, err
			}
		}
		h.Parts[i].Size, h.Parts[i].Digest = uint32(len(data)), journal.Hash(seal.Digest(data))
		c.Parts = append(c.Parts, data)
	}
	c.Header, c.Hash = h, journal.HashOf(h.Encode())
	for i, data := range c.Parts {
		if h.Parts[i].Tag != 0 {
			d.sealed[journal.PartPlace{Writer: h.Writer, Seq: h.Seq, Index: uint8(i)}] = data[:32]
		}
	}
	return c, nil
}

// merged puts the open parts into one: a commit has one of them at most.
func merged(parts []part) []part {
	var open []journal.Control
	var out []part
	for _, p := range parts {
		if p.tag != 0 {
			out = append(out, p)
			continue
		}
		list, err := journal.DecodeControls(p.data)
		if err != nil {
			panic(err) // controls wrote it
		}
		open = append(open, list...)
	}
	if len(open) == 0 {
		return out
	}
	raw, err := journal.EncodeControls(open)
	if err != nil {
		panic(err)
	}
	return append([]part{{data: raw}}, out...)
}

// controls is an open part with one record.
func controls(kind journal.ControlKind, payload any) []byte {
	one, err := journal.NewControl(kind, payload)
	if err != nil {
		panic(err) // of payloads made here
	}
	raw, err := journal.EncodeControls([]journal.Control{one})
	if err != nil {
		panic(err)
	}
	return raw
}

// What was seen and what is remembered of a relay stands in the journal file, as a node's.

const seenNote = "seen "

func (d *device) readSeen() error {
	id := d.id()
	raw, err := d.journal.ReadNote(seenNote + string(id[:]))
	if err != nil {
		return err
	}
	d.saw = journal.Vector{}
	for len(raw) >= 24 {
		d.saw[journal.WriterID(raw[:16])] = binary.BigEndian.Uint64(raw[16:24])
		raw = raw[24:]
	}
	return nil
}

func (d *device) noteSeen(seen []journal.Seen) error {
	if len(seen) == 0 {
		return nil
	}
	for _, s := range seen {
		d.saw[s.Writer] = s.Seq
	}
	var raw []byte
	for _, w := range writers(d.saw) {
		raw = binary.BigEndian.AppendUint64(append(raw, w[:]...), d.saw[w])
	}
	id := d.id()
	return d.journal.Note(seenNote+string(id[:]), raw)
}

// remembered is what is known of a place; nothing when the note does not read.
func (d *device) remembered(place string) (exchange.Memory, error) {
	raw, err := d.journal.ReadNote("place " + place)
	if err != nil || len(raw) == 0 {
		return exchange.Memory{}, err
	}
	return exchange.ReadMemory(raw)
}

func (d *device) remember(place string, m exchange.Memory) error {
	raw, err := m.Encode()
	if err != nil {
		return err
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	return d.journal.Note("place "+place, raw)
}

// cut is up to where a writer's commits stand, as the device knows.
func (d *device) cut(w journal.WriterID) (seq uint64, revoked bool, err error) {
	return d.copy().Cut(context.Background(), w, d.memberOf(w))
}
