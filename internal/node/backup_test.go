package node

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// backedUp makes a backup and gives its file.
func backedUp(t testing.TB, s *Session) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	if _, err := s.BackUp(t.Context(), []byte(pass), path, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func restored(t testing.TB, path, dir, phrase string) (Restored, error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return Restore(t.Context(), file, dir, forestRegistry(t), []byte(phrase), Options{Cost: cheap}, nil)
}

// A machine is lost. From the backup comes a folder that shows what it showed then, gets the rest from the relay, writes on
// as a new writer, and nobody sees a fork; and if the machine was not lost after all, both go on.
func TestABackupBringsAFolderBack(t *testing.T) {
	url, dir := relayed(t), filepath.Join(t.TempDir(), "node")
	n, ana := founded(t, dir)
	plant(t, ana, "old")
	_, bea := joined(t, ana, url, "Bea")
	inStep(t, url, ana, bea)
	plant(t, ana, "only in the backup")
	then := digestsOf(t, ana)
	path := backedUp(t, ana)
	plant(t, ana, "since")
	inStep(t, url, ana, bea)
	had := writers(n)

	again := filepath.Join(t.TempDir(), "again")
	done, err := restored(t, path, again, pass)
	if err != nil || !done.Health.OK || done.Name != "Ana" || done.Commits == 0 || uint64(done.Health.Commits) != done.Commits {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := os.Stat(filepath.Join(again, "views")); err == nil {
		t.Error("views came out of a backup")
	}
	m, anew := reopen(t, again)
	if got := digestsOf(t, anew); got != then {
		t.Errorf("restored, it shows\n%s\nand showed\n%s", got, then)
	}
	plant(t, anew, "after")
	agree(t, url, []string{"after 0", "old 0", "only in the backup 0", "since 0"}, anew, bea, ana)
	if got := writers(m); len(got) != len(had)+1 {
		t.Errorf("%d chains, there were %d", len(got), len(had))
	}
	plant(t, ana, "not lost after all")
	plant(t, anew, "nor this one")
	agree(t, url, []string{"after 0", "nor this one 0", "not lost after all 0", "old 0", "only in the backup 0", "since 0"}, anew, bea, ana)
}

// People go on working while it is made: what was saved before it began is in it, and the chain in it is whole.
func TestABackupWhileWorkGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	_, ana := founded(t, dir)
	for i := range 40 {
		plant(t, ana, "before "+strconv.Itoa(i))
	}
	path := filepath.Join(t.TempDir(), "backup")
	var wg sync.WaitGroup
	failed := make(chan error, 1)
	wg.Go(func() {
		_, err := ana.BackUp(t.Context(), []byte(pass), path, nil)
		failed <- err
	})
	for i := range 40 {
		plant(t, ana, "meanwhile "+strconv.Itoa(i))
	}
	wg.Wait()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, backupTemp+"*")); err != nil || len(left) > 0 {
		t.Errorf("in the folder is left: %v, %v", left, err)
	}
	again := filepath.Join(t.TempDir(), "again")
	done, err := restored(t, path, again, pass)
	if err != nil || !done.Health.OK {
		t.Fatalf("%+v, %v", done, err)
	}
	_, anew := reopen(t, again)
	got := trees(t, anew)
	for i := range 40 {
		if !slices.Contains(got, "before "+strconv.Itoa(i)+" 0") {
			t.Errorf("before %d is not in the backup", i)
		}
	}
}

// holes stands for what an entry says is in it, and is not in the archive.
const holes = "holes"

// hollow is an entry that says it is so long and has nothing in it (GNU's PAX format 0.1 of files with holes).
func hollow(t *testing.T, name string, size int64) []byte {
	t.Helper()
	records := ""
	for _, r := range []string{"GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.numblocks=0", "GNU.sparse.size=" + strconv.FormatInt(size, 10)} {
		records += strconv.Itoa(len(r)+4) + " " + r + "\n"
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, one := range []string{records, ""} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(one))}); err != nil {
			t.Fatal(err)
		}
		must2(w.Write([]byte(one)))
	}
	must2(0, w.Flush())
	raw := b.Bytes()
	sum := 0 // the checksum of the first header, with another kind in it and blanks where the checksum stands
	raw[156] = tar.TypeXHeader
	copy(raw[148:156], "        ")
	for _, c := range raw[:512] {
		sum += int(c)
	}
	copy(raw[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return raw
}

func TestABackupThatMustNotBeRestored(t *testing.T) {
	_, ana := founded(t, filepath.Join(t.TempDir(), "node"))
	plant(t, ana, "ceiba")
	path := backedUp(t, ana)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "bundle")
	if _, err := ana.WriteBundle(t.Context(), bundle); err != nil {
		t.Fatal(err)
	}
	stick, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 8
	archive := func(entries ...string) []byte {
		var file bytes.Buffer
		sealed, err := seal.SealFileUnder(&file, []byte(pass), cheap)
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(sealed)
		for i := 0; i < len(entries); i += 2 {
			if entries[i+1] == holes {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				must2(sealed.Write(hollow(t, entries[i], 64<<20)))
				continue
			}
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: entries[i], Mode: 0o600, Size: int64(len(entries[i+1]))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(entries[i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), sealed.Close()); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	about := `{"version":1}`
	for name, one := range map[string]struct {
		raw    []byte
		phrase string
		want   error
	}{
		"another passphrase":        {whole, "otra frase muy larga", vault.ErrPassphrase},
		"cut in the middle":         {whole[:len(whole)/2], pass, ErrBackupCut},
		"cut before the end":        {whole[:len(whole)-1], pass, ErrBackupCut},
		"changed":                   {changed, pass, ErrBackupChanged},
		"a bundle":                  {stick, pass, ErrNotBackup},
		"something else":            {[]byte("holiday pictures"), pass, ErrNotBackup},
		"nothing":                   {nil, pass, ErrNotBackup},
		"an archive without a name": {archive("journal", "x"), pass, ErrNotBackup},
		"of a later version":        {archive(backupAbout, `{"version":2}`), pass, journal.ErrNewer},
		"a way out of the folder":   {archive(backupAbout, about, "../../evil", "x"), pass, ErrNotBackup},
		"a file of another kind":    {archive(backupAbout, about, "vault/0123456789abcdef0123456789abcdef.writer", "x"), pass, ErrNotBackup},
		"the same file twice":       {archive(backupAbout, about, "journal", "x", "journal", "y"), pass, ErrNotBackup},
		"a journal of holes":        {archive(backupAbout, about, "node.json", "{}", "journal", holes), pass, ErrNotBackup},
		"settings without end":      {archive(backupAbout, about, "journal", "x", "node.json", strings.Repeat(" ", mostEntry+1)), pass, ErrNotBackup},
		"a piece without end":       {archive(backupAbout, about, "journal", "x", "node.json", "{}", "files/ab/"+strings.Repeat("ab", 32), strings.Repeat(" ", seal.MaxSealedChunk+1)), pass, ErrNotBackup},
		"without a journal":         {archive(backupAbout, about, "node.json", "{}"), pass, ErrNotBackup},
	} {
		t.Run(name, func(t *testing.T) {
			at := t.TempDir()
			file, dir := filepath.Join(at, "file"), filepath.Join(at, "new")
			if err := os.WriteFile(file, one.raw, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := restored(t, file, dir, one.phrase); !errors.Is(err, one.want) {
				t.Errorf("%v; want %v", err, one.want)
			}
			if left, err := os.ReadDir(at); err != nil || len(left) != 1 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// Nothing is ever written over, neither by a backup nor by a restoring.
func TestNothingIsWrittenOver(t *testing.T) {
	_, ana := founded(t, filepath.Join(t.TempDir(), "node"))
	path := backedUp(t, ana)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.BackUp(t.Context(), []byte(pass), path, nil); !errors.Is(err, ErrThere) {
		t.Errorf("over a backup: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the first backup was changed: %v", err)
	}
	if _, err := ana.BackUp(t.Context(), []byte("otra frase muy larga"), path+"2", nil); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("with another passphrase: %v", err)
	}
	if _, err := os.Stat(path + "2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup without the passphrase is there: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a picture"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := restored(t, path, dir, pass); !errors.Is(err, ErrThere) {
		t.Errorf("into a folder with something in it: %v", err)
	}
	if _, err := restored(t, path, ana.Node().Dir(), pass); !errors.Is(err, ErrThere) {
		t.Errorf("over a node: %v", err)
	}
	if _, err := restored(t, path, t.TempDir(), pass); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
}

// What a process that was killed had copied is gone at the next opening.
func TestACopyThatWasCutOff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	n, _ := founded(t, dir)
	closed(t, n)
	left := filepath.Join(dir, backupTemp+"123")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "journal"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// Every file of a folder that was much used is either in its backup or left out for a reason.
func TestWhatABackupHolds(t *testing.T) {
	leftOut := regexp.MustCompile(`^(journal-wal|journal-shm` + // of the journal, which is copied whole
		`|files/list-(wal|shm)` +
		`|views/.*` + // made anew
		`|vault/[0-9a-f]{32}\.(writer|views|passkeys)` + // of this device alone
		`|neighbour\.key)$`)
	url, dir := relayed(t), filepath.Join(t.TempDir(), "node")
	n, ana := founded(t, dir)
	plant(t, ana, "ceiba")
	joined(t, ana, url, "Bea")
	inv, err := ana.Invite(t.Context(), working())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.JoinHere(inv, "Eva", pass); err != nil {
		t.Fatal(err)
	}
	agree(t, url, []string{"ceiba 0"}, ana)
	if _, err := os.Stat(backedUp(t, ana)); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); !backupEntry.MatchString(name) && !leftOut.MatchString(name) {
			t.Errorf("%s is neither in a backup nor left out for a reason", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, err := restored(t, backedUp(t, ana), again, pass); err != nil {
		t.Fatal(err)
	}
	m, err := Open(again, forestRegistry(t), Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if list, err := m.Members(); err != nil || len(list) != 2 {
		t.Errorf("members of the restored device: %v, %v", list, err)
	}
	if m.Relay() != url {
		t.Errorf("its relay is %q", m.Relay())
	}
}

// Keys whose lease ended while the backup lay in a drawer do not come back with it.
func TestABackupOfKeysThatEnded(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	_, ana := clocked(t, t.TempDir(), &now)
	inv, err := ana.Invite(t.Context(), working())
	if err != nil {
		t.Fatal(err)
	}
	wall := func() time.Time { return now }
	b, req, err := Join(filepath.Join(t.TempDir(), "bea"), forestRegistry(t), inv, "Bea", pass, Options{Cost: cheap, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := ana.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	stick := filepath.Join(t.TempDir(), "stick")
	if _, err := ana.WriteBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	if _, err := b.TakeBundleAs(t.Context(), "Bea", []byte(pass), stick, nil); err != nil {
		t.Fatal(err)
	}
	bea, err := b.Unlock(t.Context(), "Bea", []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	path := backedUp(t, bea)
	at := t.TempDir()
	open := func() error {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_, err = Restore(t.Context(), file, filepath.Join(at, "again"), forestRegistry(t), []byte(pass), Options{Cost: cheap, Wall: wall}, nil)
		return err
	}
	now = now.Add((LeaseDays + 2) * 24 * time.Hour)
	if err := open(); !errors.Is(err, ErrLeaseOver) {
		t.Errorf("after the lease: %v", err)
	}
	if left, err := os.ReadDir(at); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	now = now.Add(-30 * 24 * time.Hour)
	if err := open(); err != nil {
		t.Errorf("within the lease: %v", err)
	}
}
