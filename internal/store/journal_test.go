package store

import (
	"io"
	"maps"
	"os"
	"path/filepath"
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
	revocation, err := journal.NewControl(journal.ControlRevoke, journal.Revocation{Member: h.Member("C").Member(), Heads: []journal.WriterHead{{Writer: h.Writer("C"), Seq: 2}}})
	must(t, err)
	open, err := journal.EncodeControls([]journal.Control{revocation})
	must(t, err)
	last := h.Commit("A3")
	c := &journal.Commit{Header: journal.Header{Workspace: h.Workspace, Writer: last.Writer, Seq: 4, Prev: last.Hash, Time: last.Time,
		Parts: []journal.PartHeader{{Size: uint32(len(open)), Digest: seal.Digest(open)}}}, Parts: [][]byte{open}}
	c.Hash = journal.HashOf(c.Encode())
	sig := h.WriterSigner("A").Sign(journal.SignPurpose, c.Hash[:])
	must(t, j.Append(c, &sig)) // C is gone, and C's word with it
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
