package exchangetest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Workspace is a made-up workspace. It is not safe for several goroutines.
type Workspace struct {
	ID      journal.WorkspaceID
	Founder *Device
	tb      testing.TB
	seed    uint64
	drawn   uint64
	clock   time.Time
	key     seal.CompartmentKey
}

// Device is a writer with a copy of its own.
type Device struct {
	*Workspace
	Name   string
	Signer seal.Signer
	Cert   journal.Certificate
	Copy   wire.Copy
	Last   journal.Head
	Keys   journal.MemberKeys
	seen   journal.Vector
	member seal.Signer
}

// Found makes a workspace and the first device, whose founding commit is in its copy. A nil copy stands for one in
// memory.
func Found(tb testing.TB, seed uint64, open func(journal.WorkspaceID) wire.Copy) *Workspace {
	tb.Helper()
	w := &Workspace{tb: tb, seed: seed, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	id := w.draw()
	w.ID = journal.WorkspaceID(id[:16])
	w.key = seal.CompartmentKey(w.draw())
	var c wire.Copy
	if open != nil {
		c = open(w.ID)
	}
	w.Founder = w.device("founder", c)
	w.Founder.control(
		control{journal.ControlFound, journal.Founding{Admin: w.Founder.Keys, Recovery: [][]byte{[]byte("recovery")}}},
		control{journal.ControlCertify, w.Founder.Cert})
	return w
}

// draw gives 32 bytes that follow from the seed and how many were drawn before.
func (w *Workspace) draw() [32]byte {
	w.drawn++
	b := binary.BigEndian.AppendUint64([]byte("exchangetest"), w.seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, w.drawn))
}

func (w *Workspace) signer() seal.Signer {
	seed := w.draw()
	s, err := seal.SignerFromSeed(seed[:])
	if err != nil {
		w.tb.Fatal(err)
	}
	return s
}

func (w *Workspace) device(name string, c wire.Copy) *Device {
	if c == nil {
		c = NewMemory(w.ID)
	}
	d := &Device{Workspace: w, Name: name, Signer: w.signer(), Copy: c, seen: journal.Vector{}, member: w.signer()}
	receiver := w.draw()
	d.Keys = journal.MemberKeys{Sign: d.member.Public(), Receiver: receiver[:]}
	d.Cert = journal.Certify(w.ID, d.Keys.Member(), d.member, d.Signer.Public())
	return d
}

// Join makes a device of a new member. The founder admits the member; the device holds what the founder's copy holds
// then, as after an invitation, and begins its chain. A nil copy stands for one in memory.
func (w *Workspace) Join(name string, c wire.Copy) *Device {
	w.tb.Helper()
	d := w.Stranger(name, c)
	w.Admit(d)
	Carry(w.tb, w.Founder.Copy, d.Copy)
	d.Begin()
	return d
}

// Stranger makes a device of a member whom nobody admitted.
func (w *Workspace) Stranger(name string, c wire.Copy) *Device { return w.device(name, c) }

// Admit lets the founder admit a device's member.
func (w *Workspace) Admit(d *Device) { w.Founder.control(control{journal.ControlAdmit, d.Keys}) }

// Empower lets the device say that another's member administers.
func (d *Device) Empower(other *Device) {
	d.tb.Helper()
	d.control(control{journal.ControlEmpower, journal.Empowerment{Member: other.Keys.Member()}})
}

// Revoking is a signed run of one commit that revokes the member of these devices, of which the first is one, as far as
// this device's copy holds their chains; it is put into no copy.
func (d *Device) Revoking(devices ...*Device) journal.Run {
	d.tb.Helper()
	held := VectorOf(d.tb, d.Copy)
	r := journal.Revocation{Member: devices[0].Keys.Member(), Heads: []journal.WriterHead{}}
	for _, other := range devices {
		if seq := held[other.Writer()]; seq > 0 {
			r.Heads = append(r.Heads, journal.WriterHead{Writer: other.Writer(), Seq: seq})
		}
	}
	return d.Control(journal.ControlRevoke, r)
}

// Revoke writes what Revoking makes.
func (d *Device) Revoke(devices ...*Device) {
	d.tb.Helper()
	d.Keep(d.Revoking(devices...))
}

// Vouch writes a commit that says nothing but what the device has seen.
func (d *Device) Vouch() {
	d.tb.Helper()
	d.Keep(d.run(d.commit(nil)))
}

// Begin writes the device's first commit, which holds its certificate.
func (d *Device) Begin() { d.control(control{journal.ControlCertify, d.Cert}) }

// Another makes one more device of the same member; its first commit is written.
func (d *Device) Another(name string) *Device {
	d.tb.Helper()
	other := d.device(name, nil)
	other.member, other.Keys = d.member, d.Keys
	other.Cert = journal.Certify(d.ID, d.Keys.Member(), d.member, other.Signer.Public())
	Carry(d.tb, d.Copy, other.Copy)
	other.Begin()
	return other
}

// Writer is the device's own id.
func (d *Device) Writer() journal.WriterID { return journal.WriterOf(d.Signer.Public()) }

type control struct {
	kind    journal.ControlKind
	payload any
}

func (d *Device) control(list ...control) {
	d.tb.Helper()
	var all []journal.Control
	for _, c := range list {
		one, err := journal.NewControl(c.kind, c.payload)
		if err != nil {
			d.tb.Fatal(err)
		}
		all = append(all, one)
	}
	raw, err := journal.EncodeControls(all)
	if err != nil {
		d.tb.Fatal(err)
	}
	d.Keep(d.run(d.commit([]part{{data: raw}})))
}

// Control makes a signed run of one commit with open records; it is not put into any copy.
func (d *Device) Control(kind journal.ControlKind, payload any) journal.Run {
	d.tb.Helper()
	one, err := journal.NewControl(kind, payload)
	if err != nil {
		d.tb.Fatal(err)
	}
	raw, err := journal.EncodeControls([]journal.Control{one})
	if err != nil {
		d.tb.Fatal(err)
	}
	return d.run(d.commit([]part{{data: raw}}))
}

type part struct {
	tag  uint8 // 0: open
	data []byte
}

// Tag of the parts Write seals.
const Tag = 7

// commit makes the next commit of the chain; it is in no copy yet.
func (d *Device) commit(parts []part) journal.Commit {
	d.tb.Helper()
	d.clock = d.clock.Add(time.Second)
	salt := d.draw()
	h := journal.Header{Workspace: d.Workspace.ID, Writer: d.Writer(), Seq: d.Last.Seq + 1, Prev: d.Last.Hash, Time: journal.TimeOf(d.clock), Salt: [8]byte(salt[:8])}
	ctx := context.Background()
	held, err := d.Copy.Vector(ctx)
	if err != nil {
		d.tb.Fatal(err)
	}
	for _, w := range writers(held) {
		if w == h.Writer || held[w] <= d.seen[w] {
			continue
		}
		hash, ok, err := d.Copy.Hash(ctx, w, held[w])
		if err != nil || !ok {
			d.tb.Fatalf("commit %d by %s: %v", held[w], w, err)
		}
		h.Seen = append(h.Seen, journal.Seen{Writer: w, Seq: held[w], Hash: [16]byte(hash[:16])})
		d.seen[w] = held[w]
	}
	c := journal.Commit{}
	for i, p := range parts {
		h.Parts = append(h.Parts, journal.PartHeader{Tag: p.tag, Shelf: uint16(i)})
		data := p.data
		if p.tag != 0 {
			if data, err = seal.SealPart(d.key, h.Place(i), p.data); err != nil {
				d.tb.Fatal(err)
			}
		}
		h.Parts[i].Size, h.Parts[i].Digest = uint32(len(data)), journal.Hash(seal.Digest(data))
		c.Parts = append(c.Parts, data)
	}
	c.Header, c.Hash = h, journal.HashOf(h.Encode())
	d.Last = journal.Head{Seq: h.Seq, Hash: c.Hash, Time: h.Time}
	return c
}

func (d *Device) run(commits ...journal.Commit) journal.Run {
	last := commits[len(commits)-1]
	return journal.Run{Commits: commits, Sig: d.Signer.Sign(journal.SignPurpose, last.Hash[:])}
}

// Make makes one signed run of commits with a sealed part each, and puts it into no copy.
func (d *Device) Make(bodies ...[]byte) journal.Run {
	d.tb.Helper()
	var commits []journal.Commit
	for _, body := range bodies {
		commits = append(commits, d.commit([]part{{Tag, body}}))
	}
	return d.run(commits...)
}

// Write writes one commit for each body, each signed, into the device's copy.
func (d *Device) Write(bodies ...[]byte) {
	d.tb.Helper()
	for _, body := range bodies {
		d.Keep(d.Make(body))
	}
}

// Batch writes commits of which only the last is signed, as a node does that makes many durable at once.
func (d *Device) Batch(bodies ...[]byte) {
	d.tb.Helper()
	d.Keep(d.Make(bodies...))
}

// Rewind takes the device's chain back: what it writes next forks it.
func (d *Device) Rewind(to journal.Head) { d.Last = to }

// Keep puts runs into the device's own copy.
func (d *Device) Keep(runs ...journal.Run) {
	d.tb.Helper()
	Take(d.tb, d.Copy, runs...)
}

// Body is n bytes to write that do not compress, the same for the same numbers.
func Body(n int, seed ...uint64) []byte {
	b := []byte("body")
	for _, s := range seed {
		b = binary.BigEndian.AppendUint64(b, s)
	}
	out := make([]byte, 0, n+32)
	for i := uint64(0); len(out) < n; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(b, i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// Bodies are many.
func Bodies(count, size int, seed ...uint64) [][]byte {
	out := make([][]byte, count)
	for i := range out {
		out[i] = Body(size, append(slices.Clone(seed), uint64(i))...)
	}
	return out
}

// Take puts runs into a copy as they would arrive, and fails when one is set aside.
func Take(tb testing.TB, c wire.Copy, runs ...journal.Run) {
	tb.Helper()
	verdicts, err := c.Take(context.Background(), Travelled(tb, runs...))
	if err != nil {
		tb.Fatal(err)
	}
	for i, v := range verdicts {
		if v != nil {
			tb.Fatalf("run %d: %v", i, v)
		}
	}
}

// Travelled encodes and decodes runs: what a copy gets, and nothing that only the sender's memory holds.
func Travelled(tb testing.TB, runs ...journal.Run) []journal.Run {
	tb.Helper()
	out := make([]journal.Run, len(runs))
	for i := range runs {
		var err error
		if out[i], err = journal.DecodeRun(runs[i].Encode()); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

// RunsOf collects what a copy gives beyond above.
func RunsOf(tb testing.TB, c wire.Copy, above journal.Vector) []journal.Run {
	tb.Helper()
	var runs []journal.Run
	if err := c.Runs(context.Background(), above, func(r journal.Run) error {
		runs = append(runs, r)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return runs
}

// Carry brings from one copy to the other all that it lacks, without any protocol.
func Carry(tb testing.TB, from, to wire.Copy) {
	tb.Helper()
	Take(tb, to, RunsOf(tb, from, VectorOf(tb, to))...)
}

// VectorOf is what a copy holds.
func VectorOf(tb testing.TB, c wire.Copy) journal.Vector {
	tb.Helper()
	v, err := c.Vector(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// Same fails unless two copies hold the same commits with the same parts.
func Same(tb testing.TB, a, b wire.Copy) {
	tb.Helper()
	left, right := content(tb, a), content(tb, b)
	for k, v := range left {
		if right[k] != v {
			tb.Errorf("%s differs: %q here, %q there", k, v, right[k])
		}
	}
	for k := range right {
		if _, ok := left[k]; !ok {
			tb.Errorf("%s is only there", k)
		}
	}
}

func content(tb testing.TB, c wire.Copy) map[string]string {
	tb.Helper()
	out := map[string]string{}
	next := journal.Vector{}
	for _, run := range RunsOf(tb, c, nil) {
		for i := range run.Commits {
			commit := &run.Commits[i]
			if commit.Seq != next[commit.Writer]+1 {
				tb.Fatalf("commit %d by %s after commit %d", commit.Seq, commit.Writer, next[commit.Writer])
			}
			next[commit.Writer] = commit.Seq
			k := fmt.Sprintf("commit %d by %s", commit.Seq, commit.Writer)
			for j, data := range commit.Parts {
				state := "withheld"
				if data != nil {
					state = fmt.Sprintf("%d bytes, digest %v", len(data), journal.Hash(seal.Digest(data)) == commit.Header.Parts[j].Digest)
				}
				out[fmt.Sprintf("%s part %d", k, j)] = state
			}
			out[k] = commit.Hash.String()
		}
	}
	if v := VectorOf(tb, c); wire.DigestOf(v) != wire.DigestOf(next) {
		tb.Fatalf("the copy says it holds %v and gives %v", v, next)
	}
	return out
}
