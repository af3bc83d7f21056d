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
	"strings"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Restored is what a backup brought.
type Restored struct {
	BackupAbout
	Health Health // of the journal, checked without a key
}

// mostEntry bounds the small files of a backup: an archive is not believed.
const mostEntry = 1 << 20

// believable reports an entry that a backup may have, of a size that is in the archive too: what is said to be holes takes no
// room there and all of it on the disk.
func believable(head *tar.Header) bool {
	for key := range head.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return false
		}
	}
	if head.Typeflag != tar.TypeReg || !backupEntry.MatchString(head.Name) {
		return false
	}
	switch folder, _, _ := strings.Cut(head.Name, "/"); {
	case head.Name == "journal", head.Name == "files/list":
		return true
	case folder == "files":
		return head.Size <= seal.MaxSealedChunk
	}
	return head.Size <= mostEntry
}

// Restore makes a folder from a backup: everything is checked before the folder stands under its name, and where something
// is already nothing is written. It fails with ErrThere, ErrNotBackup, ErrBackupCut, ErrBackupChanged, vault.ErrPassphrase,
// journal.ErrNewer, or, when the keys in it have ended or were revoked, with ErrLeaseOver or ErrRevoked.
func Restore(ctx context.Context, from io.Reader, dir string, registry *record.Registry, passphrase []byte, o Options, progress func(commits int)) (out Restored, err error) {
	if err := free(dir); err != nil {
		return out, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return out, fmt.Errorf("restore: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".restoring-")
	if err != nil {
		return out, fmt.Errorf("restore: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("restore: %w", err), os.RemoveAll(temp))
		}
	}()
	if out, err = openBackup(ctx, from, temp, registry, passphrase, o, progress); err != nil {
		return out, err
	}
	if err := free(dir); err != nil {
		return out, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return out, err
	}
	if err := os.Rename(temp, dir); err != nil {
		return out, err
	}
	return out, wire.SyncFolder(filepath.Dir(dir))
}

// CheckBackup does all that restoring does, and leaves nothing.
func CheckBackup(ctx context.Context, from io.Reader, registry *record.Registry, passphrase []byte, o Options, progress func(commits int)) (out Restored, err error) {
	temp, err := os.MkdirTemp("", "amparo-check-") // all that is written there is sealed
	if err != nil {
		return out, fmt.Errorf("check backup: %w", err)
	}
	out, err = openBackup(ctx, from, temp, registry, passphrase, o, progress)
	if err = errors.Join(err, os.RemoveAll(temp)); err != nil {
		err = fmt.Errorf("check backup: %w", err)
	}
	return out, err
}

// free refuses a folder in which there is anything.
func free(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil || len(entries) > 0:
		return errors.Join(fmt.Errorf("%w: %s", ErrThere, dir), err)
	}
	return nil
}

func openBackup(ctx context.Context, from io.Reader, dir string, registry *record.Registry, passphrase []byte, o Options, progress func(commits int)) (out Restored, err error) {
	plain, err := seal.OpenFileUnder(from, passphrase)
	if err != nil {
		return out, backupError(err)
	}
	if out.BackupAbout, err = unpack(during{ctx, plain}, dir); err != nil {
		return out, backupError(err)
	}
	n, err := Open(dir, registry, o)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if n.Workspace().String() != out.Workspace {
		return out, fmt.Errorf("%w: of two workspaces", ErrNotBackup)
	}
	if _, err := n.keep.Find(out.Member); err != nil {
		return out, n.goneOr(out.Member, err)
	}
	out.Health, err = n.Check(ctx, nil, progress)
	return out, err
}

// unpack writes the files of an archive. The whole archive is read, so that it is known to be whole.
func unpack(plain io.Reader, dir string) (about BackupAbout, err error) {
	archive := tar.NewReader(plain)
	wrong := func(err error) (BackupAbout, error) { return about, errors.Join(ErrNotBackup, err) }
	head, err := archive.Next()
	if damaged(err) {
		return about, err
	}
	if err != nil || head.Name != backupAbout || head.Size > mostEntry {
		return wrong(err)
	}
	raw, err := io.ReadAll(archive)
	if err != nil {
		return about, err
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return wrong(err)
	}
	if about.Version > backupVersion {
		return about, fmt.Errorf("%w (backup version %d)", journal.ErrNewer, about.Version)
	}
	seen := map[string]bool{}
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if damaged(err) {
			return about, err
		}
		if err != nil || !believable(head) || seen[head.Name] {
			return wrong(err)
		}
		seen[head.Name] = true
		if err := unpackFile(archive, filepath.Join(dir, filepath.FromSlash(head.Name))); err != nil {
			return about, err
		}
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // what stands behind the archive, and the tail of the file
		return about, err
	}
	if !seen["journal"] || !seen["node.json"] {
		return wrong(errors.New("without a journal or settings"))
	}
	return about, nil
}

// damaged tells a file that is cut or changed from one that is something else.
func damaged(err error) bool {
	return errors.Is(err, seal.ErrFileCut) || errors.Is(err, seal.ErrFileChanged) || errors.Is(err, context.Canceled)
}

func unpackFile(from io.Reader, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close())
}
