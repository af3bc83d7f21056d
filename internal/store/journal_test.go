package store

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
	"amparo/internal/seal"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// oldDrawing is the history in testdata/journal-1.db, which the program of version 1 wrote.
const oldDrawing = "A1 B1(A1) A2(B1) B2(A2) C1(B2) B3 A3(B2,C1) C2(A3,B3)"

// vouches is what the drawing says was seen, the highest of each pair.
var vouches = map[string]uint64{"A by B": 2, "B by A": 2, "B by C": 3, "C by A": 1, "A by C": 3}

func openJournal(t *testing.T, path string, h *journaltest.History) *Journal {
	t.Helper()
	j, err := OpenJournal(path, h.Workspace, h.Member("A").Member())
	must(t, err)
	t.Cleanup(func() { must(t, j.Close()) })
	return j
}

func vouchesIn(t *testing.T, j *Journal, h *journaltest.History) map[string]uint64 {
	t.Helper()
	out := map[string]uint64{}
	letters := map[journal.WriterID]string{}
	for _, letter := range []string{"A", "B", "C"} {
		letters[h.Writer(letter)] = letter
	}
	for pair, seq := range pairs(t, j) {
		out[letters[pair[0]]+" by "+letters[pair[1]]] = seq
	}
	return out
}

// A journal of version 1 is brought up to date as it is opened, and who vouches for whom is read from its headers.
func TestAJournalOfVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	old, err := os.Open("testdata/journal-1.db")
	must(t, err)
	defer old.Close()
	file, err := os.Create(path)
	must(t, err)
	_, err = io.Copy(file, old)
	must(t, err)
	must(t, file.Close())
	h := journaltest.Draw(t, oldDrawing)
	for range 2 { // opened again it is of this version
		j, err := OpenJournal(path, h.Workspace, h.Member("A").Member())
		must(t, err)
		if findings, n, err := j.Verify(nil); err != nil || n != 8 || len(findings) > 0 {
			t.Errorf("%d commits, %v, %v", n, findings, err)
		}
		if note, err := j.ReadNote("a note"); err != nil || string(note) != "kept" {
			t.Errorf("the note says %q, %v", note, err)
		}
		if got := vouchesIn(t, j, h); !maps.Equal(got, vouches) {
			t.Errorf("vouched is %v, not %v", got, vouches)
		}
		must(t, j.Close())
	}
}

func TestWhoVouchesIsNoted(t *testing.T) {
	h := journaltest.Draw(t, oldDrawing)
	j := openJournal(t, filepath.Join(t.TempDir(), "journal.db"), h)
	for _, name := range h.Order {
		sig := h.Sign(name)
		must(t, j.Append(h.Commit(name), &sig))
	}
	must(t, j.Flush())
	if got := vouchesIn(t, j, h); !maps.Equal(got, vouches) {
		t.Errorf("vouched is %v, not %v", got, vouches)
	}
	if seq, err := j.Vouched(h.Writer("B")); err != nil || seq != 3 {
		t.Errorf("B is vouched for up to %d, %v", seq, err)
	}
	revokeC(t, j, h, 2) // C is gone, and C's word with it
	if seq, err := j.Vouched(h.Writer("B")); err != nil || seq != 2 {
		t.Errorf("without C, B is vouched for up to %d, %v", seq, err)
	}
}

func pairs(t *testing.T, j *Journal) map[[2]journal.WriterID]uint64 {
	t.Helper()
	out := map[[2]journal.WriterID]uint64{}
	must(t, j.db.run("SELECT writer, by, seq FROM vouch", nil, func(s *sqlite3.Stmt) error {
		out[[2]journal.WriterID{journal.WriterID(s.ColumnRawBlob(0)), journal.WriterID(s.ColumnRawBlob(1))}] = uint64(s.ColumnInt64(2))
		return nil
	}))
	return out
}

// revokeC lets A say in a fourth commit that C is revoked, whose chain was known that far.
func revokeC(t *testing.T, j *Journal, h *journaltest.History, known uint64) {
	t.Helper()
	revocation, err := journal.NewControl(journal.ControlRevoke, journal.Revocation{Member: h.Member("C").Member(), Heads: []journal.WriterHead{{Writer: h.Writer("C"), Seq: known}}})
	must(t, err)
	open, err := journal.EncodeControls([]journal.Control{revocation})
	must(t, err)
	last := h.Commit("A3")
	c := &journal.Commit{Header: journal.Header{Workspace: h.Workspace, Writer: last.Writer, Seq: 4, Prev: last.Hash, Time: last.Time,
		Parts: []journal.PartHeader{{Size: uint32(len(open)), Digest: seal.Digest(open)}}}, Parts: [][]byte{open}}
	c.Hash = journal.HashOf(c.Encode())
	sig := h.WriterSigner("A").Sign(journal.SignPurpose, c.Hash[:])
	must(t, j.Append(c, &sig))
	must(t, j.Flush())
}

func TestWhatDoesNotStandIsNamed(t *testing.T) {
	h := journaltest.Draw(t, oldDrawing)
	j := openJournal(t, filepath.Join(t.TempDir(), "journal.db"), h)
	for _, name := range h.Order {
		sig := h.Sign(name)
		must(t, j.Append(h.Commit(name), &sig))
	}
	must(t, j.Flush())
	if run, _, err := j.NextRun(h.Writer("C"), 1, 1<<20); err != nil || len(run.Commits) != 2 {
		t.Errorf("a run of %d commits, %v", len(run.Commits), err)
	}
	revokeC(t, j, h, 1)
	findings, _, err := j.Verify(nil)
	if err != nil || len(findings) != 1 || !findings[0].Revoked || findings[0].Writer != h.Writer("C") || findings[0].Seq != 2 {
		t.Errorf("%+v, %v", findings, err)
	}
	if cut, revoked, err := j.Cut(h.Writer("C"), journal.MemberID{}); err != nil || cut != 1 || !revoked {
		t.Errorf("C stands up to %d, %v, %v", cut, revoked, err)
	}
	for seq, want := range map[uint64]int{1: 1, 2: 1} {
		if run, _, err := j.NextRun(h.Writer("C"), seq, 1<<20); err != nil || len(run.Commits) != want || run.First().Seq != seq {
			t.Errorf("from commit %d on a run of %d commits, %v", seq, len(run.Commits), err)
		}
	}
	if said, err := j.VouchedBy(h.Writer("C"), h.Writer("A")); err != nil || said != 1 {
		t.Errorf("A says that C's chain went to %d, %v", said, err)
	}
}

// Of what a revoked member goes on offering one run is kept as evidence, and none once it is taken after all.
func TestEvidenceOfTheRevoked(t *testing.T) {
	h := journaltest.Draw(t, "A1 B1(A1) B2 B3")
	j := openJournal(t, filepath.Join(t.TempDir(), "journal.db"), h)
	aside := func(first, last, reason string) {
		t.Helper()
		must(t, j.SetAside(h.Run(first, last), 1, reason))
	}
	aside("B1", "B1", "commit 1 is set aside (forked): two stories")
	for _, last := range []string{"B1", "B2", "B3"} {
		aside("B1", last, "commit 1 is set aside (revoked): because")
	}
	list, err := j.Asides()
	if err != nil || len(list) != 1+1 || list[0].Revoked == list[1].Revoked {
		t.Fatalf("%+v, %v", list, err)
	}
	must(t, j.Append(h.Commit("A1"), nil))
	roll := h.Roll()
	must(t, roll.Learn(h.Commit("A1")))
	must(t, roll.Learn(h.Commit("B1")))
	run := h.Run("B1", "B3")
	must(t, j.AppendRun(run.Commits, run.Sig, roll))
	must(t, j.Flush())
	if list, err = j.Asides(); err != nil || len(list) != 1 || list[0].Revoked {
		t.Errorf("%+v, %v", list, err)
	}
}

// Strangers may offer what they like: what is kept of it has an end in bytes too.
func TestEvidenceDoesNotFillTheDisk(t *testing.T) {
	c := chained(t, 7)
	path := filepath.Join(t.TempDir(), "journal.db")
	j := openJournal(t, path, c.h)
	for range 10 {
		one := c.commit(nil, c.bytes(5<<20))
		must(t, j.SetAside(&journal.Run{Commits: []journal.Commit{*one}}, 1, "commit 2 is set aside (signature): not theirs"))
	}
	one := c.commit(nil, []byte("small"))
	must(t, j.SetAside(&journal.Run{Commits: []journal.Commit{*one}}, 1, "commit 12 is set aside (forked): two stories"))
	list, err := j.Asides()
	must(t, err)
	if len(list) != 6+1 {
		t.Errorf("%d are kept", len(list))
	}
	must(t, j.Close())
	if info, err := os.Stat(path); err != nil || info.Size() > 40<<20 {
		t.Errorf("they take %d bytes, %v", info.Size(), err)
	}
}

func TestMissingPartsAreFound(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2 A3 A4 B1")
	j := openJournal(t, filepath.Join(t.TempDir(), "journal.db"), h)
	for _, name := range h.Order {
		c, sig := *h.Commit(name), h.Sign(name)
		if c.Parts = slices.Clone(c.Parts); name == "A2" || name == "A4" {
			c.Parts[len(c.Parts)-1] = nil
		}
		must(t, j.Append(&c, &sig))
	}
	must(t, j.Flush())
	wanted := func(want ...uint64) {
		t.Helper()
		list, err := j.Wanted(0, 10)
		must(t, err)
		var got []uint64
		for _, m := range list {
			if m.Place.Writer != h.Writer("A") || m.Digest != h.Commit(fmt.Sprintf("A%d", m.Place.Seq)).Header.Parts[m.Place.Index].Digest {
				t.Errorf("wants %+v", m)
			}
			got = append(got, m.Place.Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("wants %v, not %v", got, want)
		}
	}
	wanted(4, 2) // the newest first
	must(t, j.Fill([]journal.Commit{*h.Commit("A2")}))
	must(t, j.Flush())
	wanted(4)
}
