package node

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"time"

	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// A backup is a tar archive in a sealed file (seal.SealFileUnder), under the passphrase of the member who makes it: so the
// passphrase and the file are all that is needed, on any machine. In it stand, in this order, what it is (backupAbout), the
// settings, the keys of the members of this device, each under their own passphrase, the journal, and the chunks of files.
// Views are left out, for they are made anew, and so is all that belongs to this device alone: its writers, its neighbours'
// key, passkeys. A restored node writes as a new writer.
const (
	backupAbout   = "amparo-backup.json"
	backupVersion = 1
	backupTemp    = ".backup-" // begins the names of copies under way in the folder
)

var (
	// ErrNotBackup reports a file that is not a backup of a node.
	ErrNotBackup = errors.New("the file is not a backup of a node")
	// ErrBackupCut reports a backup that ends too early: it was not copied whole.
	ErrBackupCut = errors.New("the backup is cut short")
	// ErrBackupChanged reports a backup whose bytes are not those that were written.
	ErrBackupChanged = errors.New("the backup was changed after it was written")
	// ErrThere reports a file or a folder with something in it, which is not written over.
	ErrThere = errors.New("there is something there already")
)

// backupEntry says which files of a folder a backup holds, and which a restoring takes from it.
var backupEntry = regexp.MustCompile(`^(node\.json|journal|vault/[0-9a-f]{32}\.(member|gone)|files/list|files/[0-9a-f]{2}/[0-9a-f]{64})$`)

// BackupAbout is what a backup says of itself to who opens it.
type BackupAbout struct {
	Version   int       `json:"version"`
	Workspace string    `json:"workspace"`
	Member    string    `json:"member"` // id of who made it, whose passphrase opens it
	Name      string    `json:"name"`   // the label on this device
	Made      time.Time `json:"made"`
	Commits   uint64    `json:"commits"`
}

// Backed is what making a backup did.
type Backed struct {
	Commits uint64
	Bytes   int64 // of the file
	Chunks  int   // of files
}

// BackUp writes a backup to a new file, while the node is in use. The passphrase must be the member's. The file appears under
// its name once it is on the disk and was read back. It fails with vault.ErrPassphrase or ErrThere.
func (s *Session) BackUp(ctx context.Context, passphrase []byte, path string, progress func(done, all int64)) (out Backed, err error) {
	if _, err := os.Lstat(path); err == nil {
		return out, fmt.Errorf("%w: %s", ErrThere, path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return out, fmt.Errorf("write backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, wire.Closed(file.Close()), os.Remove(file.Name()))
		}
	}()
	out, err = s.backUp(ctx, passphrase, file, progress)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = readBack(file, out.Bytes)
	}
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err == nil {
		err = os.Link(file.Name(), path) // unlike a renaming it does not replace what came there meanwhile
		if err == nil {
			err = os.Remove(file.Name())
		} else if !errors.Is(err, fs.ErrExist) { // a disk without links
			err = os.Rename(file.Name(), path)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w: %s", ErrThere, path)
	}
	if err != nil {
		return out, fmt.Errorf("write backup: %w", err)
	}
	return out, wire.SyncFolder(filepath.Dir(path))
}

// BackUpTo writes a backup to somebody who keeps it.
func (s *Session) BackUpTo(ctx context.Context, passphrase []byte, to io.Writer) (Backed, error) {
	out, err := s.backUp(ctx, passphrase, to, nil)
	if err != nil {
		return Backed{}, fmt.Errorf("write backup: %w", err)
	}
	return out, nil
}

// readBack reads what was written from the disk and compares its digest with the one that was made while writing.
func readBack(file *os.File, wrote int64) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	length, _, err := seal.CheckFile(file)
	if err == nil && length != wrote {
		err = seal.ErrFileCut
	}
	return backupError(err)
}

// during reads as long as nobody ends it.
type during struct {
	ctx context.Context
	r   io.Reader
}

func (d during) Read(b []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	return d.r.Read(b)
}

func backupError(err error) error {
	switch {
	case errors.Is(err, seal.ErrFileCut):
		return fmt.Errorf("%w: %w", ErrBackupCut, err)
	case errors.Is(err, seal.ErrFileChanged):
		return fmt.Errorf("%w: %w", ErrBackupChanged, err)
	case errors.Is(err, seal.ErrNotFile):
		return fmt.Errorf("%w: %w", ErrNotBackup, err)
	case errors.Is(err, seal.ErrSealed):
		return fmt.Errorf("%w: %w", vault.ErrPassphrase, err)
	}
	return err
}

func (s *Session) backUp(ctx context.Context, passphrase []byte, to io.Writer, progress func(done, all int64)) (a Backed, err error) {
	end, err := s.use()
	if err != nil {
		return a, err
	}
	defer end()
	n := s.node
	m, err := n.keep.Unlock(s.member.ID, passphrase)
	if err != nil {
		return a, err
	}
	m.Wipe()
	debug.FreeOSMemory() // of that guess: sealing takes as much again, and twice, on machines that have little
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	temp, err := os.MkdirTemp(n.dir, backupTemp)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	about := BackupAbout{Version: backupVersion, Workspace: n.Workspace().String(), Member: s.member.ID.String(), Name: s.member.Label, Made: n.options.Wall().UTC().Truncate(time.Second)}
	chunks, err := n.files.Stored() // before their list is copied: what is discarded later is in no list without its file
	if err != nil {
		return a, err
	}
	if about.Commits, err = n.copyWhileUsed(ctx, n.journal.BeginBackup, filepath.Join(temp, "journal"), progress); err != nil {
		return a, err
	}
	if _, err := n.copyWhileUsed(ctx, n.files.BeginBackup, filepath.Join(temp, "list"), nil); err != nil {
		return a, err
	}
	files, err := n.backupFiles(temp, chunks)
	if err != nil {
		return a, err
	}
	a.Commits = about.Commits
	below := &countingWriter{w: to}
	sealed, err := seal.SealFileUnder(below, passphrase, n.keep.Cost)
	if err != nil {
		return a, err
	}
	archive := tar.NewWriter(sealed)
	if err := addJSON(archive, backupAbout, about); err != nil {
		return a, err
	}
	n.setMu.Lock()
	kept := n.settings
	n.setMu.Unlock()
	kept.Places, kept.Place = nil, ""
	if err := addJSON(archive, "node.json", kept); err != nil {
		return a, err
	}
	for _, f := range files {
		added, err := addFile(ctx, archive, f)
		if err != nil {
			return a, err
		}
		if added && f.chunk {
			a.Chunks++
		}
	}
	err = errors.Join(archive.Close(), sealed.Close())
	a.Bytes = below.n
	return a, err
}

// copyWhileUsed copies a database piece by piece, so that work goes on beside it, and says how many commits are durable at
// its end.
func (n *Node) copyWhileUsed(ctx context.Context, begin func(path string) (*store.Backup, error), path string, progress func(done, all int64)) (commits uint64, err error) {
	b, err := begin(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n.mu.Lock() // no batch is under way
		if done, err = b.Step(); err == nil && done {
			for _, h := range n.journal.Heads() {
				commits += h.Seq
			}
		}
		n.mu.Unlock()
		if err != nil {
			return 0, err
		}
		if progress != nil {
			progress(b.Progress())
		}
	}
	return commits, nil
}

type backupFile struct {
	name, path string
	chunk      bool
}

// backupFiles lists what is to be archived besides the settings: keys first, and what may be much last.
func (n *Node) backupFiles(temp string, chunks []string) (files []backupFile, err error) {
	keys, err := filepath.Glob(filepath.Join(n.dir, "vault", "*"))
	if err != nil {
		return nil, err
	}
	for _, path := range keys {
		if name := "vault/" + filepath.Base(path); backupEntry.MatchString(name) {
			files = append(files, backupFile{name, path, false})
		}
	}
	files = append(files, backupFile{"journal", filepath.Join(temp, "journal"), false}, backupFile{"files/list", filepath.Join(temp, "list"), false})
	for _, name := range chunks {
		if name = "files/" + name; backupEntry.MatchString(name) {
			files = append(files, backupFile{name, filepath.Join(n.dir, filepath.FromSlash(name)), true})
		}
	}
	return files, nil
}

func addJSON(archive *tar.Writer, name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	raw = append(raw, '\n')
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(raw))}); err != nil {
		return err
	}
	_, err = archive.Write(raw)
	return err
}

// addFile archives a file. One that is gone by now was discarded meanwhile.
func addFile(ctx context.Context, archive *tar.Writer, f backupFile) (added bool, err error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o600, Size: info.Size()}); err != nil {
		return false, err
	}
	_, err = io.Copy(archive, during{ctx, file})
	return true, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// forgetBackups removes copies of the journal that a process left that was cut off. No other process uses the folder now.
func (n *Node) forgetBackups() error {
	left, err := filepath.Glob(filepath.Join(n.dir, backupTemp+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}
