package store

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
	"amparo/internal/seal"
)

// chainOfA goes on where A1 ends, with sealed parts of any bytes: a journal never opens one.
type chainOfA struct {
	t       testing.TB
	h       *journaltest.History
	last    *journal.Commit
	rand    *rand.Rand
	commits map[uint64]*journal.Commit
}

func chained(t testing.TB, seed int64) *chainOfA {
	h := journaltest.Draw(t, "A1")
	return &chainOfA{t: t, h: h, last: h.Commit("A1"), rand: rand.New(rand.NewSource(seed)), commits: map[uint64]*journal.Commit{1: h.Commit("A1")}}
}

func (c *chainOfA) commit(open []journal.Control, sealed ...[]byte) *journal.Commit {
	c.t.Helper()
	next := &journal.Commit{Header: journal.Header{Workspace: c.h.Workspace, Writer: c.last.Writer, Seq: c.last.Seq + 1, Prev: c.last.Hash, Time: c.last.Time + 1<<16}}
	add := func(p journal.PartHeader, data []byte) {
		p.Size, p.Digest = uint32(len(data)), journal.Hash(seal.Digest(data))
		next.Header.Parts, next.Parts = append(next.Header.Parts, p), append(next.Parts, data)
	}
	if len(open) > 0 {
		data, err := journal.EncodeControls(open)
		must(c.t, err)
		add(journal.PartHeader{}, data)
	}
	for _, data := range sealed {
		add(journal.PartHeader{Tag: c.h.Tag, Epoch: 1}, data)
	}
	next.Hash = journal.HashOf(next.Header.Encode())
	c.last, c.commits[next.Seq] = next, next
	return next
}

func (c *chainOfA) bytes(n int) []byte {
	data := make([]byte, n)
	c.rand.Read(data)
	return data
}

func (c *chainOfA) erasing(places ...journal.PartPlace) *journal.Commit {
	c.t.Helper()
	control, err := journal.NewControl(journal.ControlErase, journal.Erasure{Parts: places})
	must(c.t, err)
	return c.commit([]journal.Control{control})
}

func (c *chainOfA) place(seq uint64, index int) journal.PartPlace {
	return journal.PartPlace{Writer: c.last.Writer, Seq: seq, Index: uint8(index)}
}

func (c *chainOfA) keep(j *Journal, list ...*journal.Commit) {
	c.t.Helper()
	for _, commit := range list {
		sig := c.h.WriterSigner("A").Sign(journal.SignPurpose, commit.Hash[:])
		must(c.t, j.Append(commit, &sig))
	}
	must(c.t, j.Flush())
}

func inFile(t testing.TB, path string, secret []byte) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		raw, err := os.ReadFile(path + suffix)
		if err == nil && bytes.Contains(raw, secret) {
			return true
		}
	}
	return false
}

// G5: what is erased stands in no byte of the file, however the rows lay and whatever was erased before, and the chain
// still verifies. To delete the rows would leave copies behind: this test found them.
func TestErasedBytesAreInNoFile(t *testing.T) {
	for seed := range int64(3) {
		c, path := chained(t, seed), filepath.Join(t.TempDir(), "journal")
		j := openJournal(t, path, c.h)
		c.keep(j, c.h.Commit("A1"))
		type part struct {
			place journal.PartPlace
			data  []byte
		}
		var here, gone []part
		for range 6 {
			for range 12 {
				var batch []*journal.Commit
				for range 60 {
					var sealed [][]byte
					for range 1 + c.rand.Intn(2) {
						size := 60 + c.rand.Intn(400)
						if c.rand.Intn(60) == 0 { // with pages of its own
							size = 4000 + c.rand.Intn(30_000)
						}
						sealed = append(sealed, c.bytes(size))
					}
					batch = append(batch, c.commit(nil, sealed...))
					for i, data := range sealed {
						here = append(here, part{c.place(c.last.Seq, i), data})
					}
				}
				c.keep(j, batch...)
			}
			var places []journal.PartPlace
			from := c.rand.Intn(len(here)) // some all over, and a stretch
			here = slices.DeleteFunc(here, func(p part) bool {
				from--
				if c.rand.Intn(20) > 0 && (from > 0 || from < -150) {
					return false
				}
				places, gone = append(places, p.place), append(gone, p)
				return true
			})
			c.keep(j, c.erasing(places...))
		}
		if len(gone) < 500 {
			t.Fatalf("%d parts were erased: nothing is tried", len(gone))
		}
		var file []byte
		for _, suffix := range []string{"", "-wal"} {
			raw, err := os.ReadFile(path + suffix)
			must(t, err)
			file = append(file, raw...)
		}
		where := func(list []part) (found int) {
			for _, p := range list {
				if bytes.Contains(file, p.data[:32]) || bytes.Contains(file, p.data[len(p.data)-24:]) {
					found++
				}
			}
			return found
		}
		if n := where(gone); n > 0 {
			t.Errorf("seed %d: of %d erased parts %d can be read", seed, len(gone), n)
		}
		sample := here[:40]
		if n := where(sample); n != len(sample) {
			t.Errorf("seed %d: of %d parts that stay only %d are there: the search finds nothing", seed, len(sample), n)
		}
		if findings, n, err := j.Verify(nil); err != nil || len(findings) > 0 || n != int(c.last.Seq) {
			t.Errorf("seed %d: %d commits, %v, %v", seed, n, findings, err)
		}
		must(t, j.Integrity())
	}
}

// Whatever brings an erased part again, and whichever came first, it does not come in.
func TestAnErasedPartNeverComesBack(t *testing.T) {
	c, path := chained(t, 7), filepath.Join(t.TempDir(), "journal")
	secret, kept := c.bytes(300), c.bytes(200)
	said := c.commit(nil, secret, kept)
	lastOf := c.commit(nil, c.bytes(100))
	erasure := c.erasing(c.place(said.Seq, 0), c.place(lastOf.Seq, 0), c.place(99, 3))
	later := c.commit(nil, c.bytes(80))
	whole := func(commit *journal.Commit) *journal.Run {
		return &journal.Run{Commits: []journal.Commit{*commit}, Sig: c.h.WriterSigner("A").Sign(journal.SignPurpose, commit.Hash[:])}
	}
	look := func(when string, j *Journal) {
		t.Helper()
		run, ok, err := j.NextRun(c.last.Writer, 1, 1<<20)
		must(t, err)
		if !ok || run.Commits[1].Hash != said.Hash || run.Commits[1].Parts[0] != nil || !bytes.Equal(run.Commits[1].Parts[1], kept) {
			t.Fatalf("%s: what is given to others: %v, %d commits", when, ok, len(run.Commits))
		}
		again, err := journal.DecodeRun(run.Encode())
		if err != nil || again.Commits[1].Hash != said.Hash {
			t.Errorf("%s: a run without the part: %v", when, err)
		}
		if inFile(t, path, secret) || inFile(t, path, secret[100:140]) {
			t.Errorf("%s: the part can be read in the file", when)
		}
		if findings, _, err := j.Verify(nil); err != nil || len(findings) > 0 {
			t.Errorf("%s: %v, %v", when, findings, err)
		}
		if held, err := j.Holds(c.place(said.Seq, 0)); err != nil || held || !j.Erased(c.place(said.Seq, 0)) {
			t.Errorf("%s: it is held: %v, %v", when, held, err)
		}
		if _, held, err := j.Part(c.place(said.Seq, 0)); err != nil || held {
			t.Errorf("%s: it is given: %v, %v", when, held, err)
		}
		arrived, err := j.Arrivals(0, 100)
		must(t, err)
		for _, a := range arrived {
			if bytes.Equal(a.Data, secret) {
				t.Errorf("%s: it arrives again", when)
			}
		}
	}

	// It was here, set aside twice too: in a run that is good, and in a fork.
	j := openJournal(t, path, c.h)
	c.keep(j, c.h.Commit("A1"), said, lastOf)
	must(t, j.SetAside(whole(said), 1, "as it came"))
	before, err := j.LastArrival()
	must(t, err)
	c.keep(j, erasure)
	look("erased", j)
	dropped, last, err := j.DroppedSince(0)
	if err != nil || last != 3 || len(dropped) != 2 || dropped[0].Arrival == 0 || dropped[0].Tag != c.h.Tag {
		t.Errorf("dropped: %+v of %d, %v", dropped, last, err)
	}
	if again, _, err := j.DroppedSince(last); err != nil || again != nil {
		t.Errorf("dropped since: %v, %v", again, err)
	}
	must(t, j.Fill(whole(said).Commits))
	must(t, j.Flush())
	look("filled", j)
	must(t, j.SetAside(whole(said), 2, "offered again"))
	look("set aside again", j)
	if asides, err := j.Asides(); err != nil || len(asides) != 1 {
		t.Errorf("what was set aside is still known: %v, %v", asides, err)
	}
	c.keep(j, later)
	if after, err := j.LastArrival(); err != nil || after <= before {
		t.Errorf("a place in the order of arrival was given twice: %d after %d, %v", after, before, err)
	}
	must(t, j.Close())
	j, err = OpenJournal(path, c.h.Workspace, c.h.Member("A").Member())
	must(t, err)
	look("opened again", j)
	must(t, j.Close())

	// A copy that hears of the erasure and meets the part in the same batch; in another one, dropped and taken again.
	path = filepath.Join(t.TempDir(), "late")
	j = openJournal(t, path, c.h)
	c.keep(j, c.h.Commit("A1"))
	run := &journal.Run{Commits: []journal.Commit{*said, *lastOf, *erasure}, Sig: c.h.WriterSigner("A").Sign(journal.SignPurpose, erasure.Hash[:])}
	for range 2 {
		roll := j.Roll().Clone()
		must(t, roll.Learn(erasure))
		must(t, j.AppendRun(run.Commits, run.Sig, roll))
		if _, n, err := j.DroppedSince(0); err != nil || n != 3 {
			t.Errorf("%d dropped in the batch, %v", n, err)
		}
		must(t, j.Drop())
		if _, n, err := j.DroppedSince(0); err != nil || n != 0 || len(j.Roll().Erased) != 0 {
			t.Errorf("%d dropped after the batch was given up, %v", n, err)
		}
	}
	roll := j.Roll().Clone()
	must(t, roll.Learn(erasure))
	must(t, j.AppendRun(run.Commits, run.Sig, roll))
	must(t, j.Flush())
	look("in one batch", j)
}

// A journal that an earlier program wrote holds an erasure it did not understand: it is done at the next opening.
func TestAnErasureKeptWithoutBeingUnderstood(t *testing.T) {
	c, path := chained(t, 9), filepath.Join(t.TempDir(), "journal")
	secret := c.bytes(500)
	said := c.commit(nil, secret)
	erasure := c.erasing(c.place(said.Seq, 0))
	j := openJournal(t, path, c.h)
	c.keep(j, c.h.Commit("A1"), said)
	j.roll.Erased, j.erased = nil, map[journal.PartPlace]bool{}
	roll := j.roll
	must(t, j.begin())
	sig := c.h.WriterSigner("A").Sign(journal.SignPurpose, erasure.Hash[:])
	must(t, j.insert(erasure, &sig)) // as the earlier program did
	j.roll = roll
	must(t, j.Flush())
	if !inFile(t, path, secret) {
		t.Fatal("the part is not there: nothing is tried")
	}
	must(t, j.Close())
	for n := range 2 {
		j, err := OpenJournal(path, c.h.Workspace, c.h.Member("A").Member())
		must(t, err)
		if inFile(t, path, secret) || !j.Erased(c.place(said.Seq, 0)) {
			t.Errorf("opening %d: the part is still there", n)
		}
		if _, last, err := j.DroppedSince(0); err != nil || last != 1 {
			t.Errorf("opening %d: %d dropped, %v", n, last, err)
		}
		must(t, j.Close())
	}
}

// Field mode lets go of parts among those that are erased later: neither stands in the file afterwards, what stays is whole, and
// what comes again has a place of its own in the order of arrival.
func TestErasedAmongWhatWasLetGo(t *testing.T) {
	c, path := chained(t, 1), filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, c.h)
	c.keep(j, c.h.Commit("A1"))
	type part struct {
		place journal.PartPlace
		data  []byte
	}
	var here, gone []part
	for range 6 {
		var batch []*journal.Commit
		for range 720 {
			data := c.bytes(60 + c.rand.Intn(400))
			batch = append(batch, c.commit(nil, data))
			here = append(here, part{c.place(c.last.Seq, 0), data})
		}
		c.keep(j, batch...)
		c.rand.Shuffle(len(here), func(a, b int) { here[a], here[b] = here[b], here[a] })
		places := func(n int) (list []journal.PartPlace) {
			for _, p := range here[:n] {
				list = append(list, p.place)
			}
			gone, here = append(gone, here[:n]...), here[n:]
			return list
		}
		third := len(here) / 3
		old := places(third)
		for _, want := range []int{third, 0} { // the second time there is nothing left to let go of
			if n, err := j.LetGo(old); err != nil || n != want {
				t.Fatalf("%d of %d, %v", n, want, err)
			}
		}
		c.keep(j, c.erasing(places(third)...))
	}
	var file []byte
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + suffix)
		must(t, err)
		file = append(file, raw...)
	}
	for _, p := range gone {
		if bytes.Contains(file, p.data[:40]) {
			t.Errorf("part %v can still be read", p.place)
		}
		if held, err := j.Holds(p.place); err != nil || held {
			t.Fatalf("part %v is here: %v", p.place, err)
		}
	}
	for _, p := range here {
		if a, held, err := j.Part(p.place); err != nil || !held || !bytes.Equal(a.Data, p.data) {
			t.Fatalf("part %v: %v, %v", p.place, held, err)
		}
	}
	findings, _, err := j.Verify(nil)
	if err != nil || len(findings) == 0 || slices.ContainsFunc(findings, func(f Finding) bool { return !f.Withheld }) {
		t.Errorf("%d findings, %v", len(findings), err)
	}
	last, err := j.LastArrival()
	must(t, err)
	newest := c.commit(nil, c.bytes(90))
	c.keep(j, newest)
	if n, err := j.LetGo([]journal.PartPlace{c.place(newest.Seq, 0)}); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	must(t, j.Fill([]journal.Commit{*newest}))
	must(t, j.Flush())
	if arrived, err := j.Arrivals(last+1, 9); err != nil || len(arrived) != 1 || !bytes.Equal(arrived[0].Data, newest.Parts[0]) {
		t.Errorf("what came again is not among what arrived: %d, %v", len(arrived), err)
	}
}
